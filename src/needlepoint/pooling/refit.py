"""Fit the model of a pooled result again: to some of its studies, to other numbers, or with other moderators."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from needlepoint.arrays import Matrix
from needlepoint.effects.result import EffectSizes
from needlepoint.errors import InputError, NotEnoughStudies
from needlepoint.pooling.api import fit_inputs, pool
from needlepoint.pooling.inputs import Inputs
from needlepoint.pooling.kinds import MADE_BY
from needlepoint.pooling.result import Fit, Pooled
from needlepoint.result import Result

__all__ = ["as_effects", "as_pooled", "inputs_of", "kept_rows", "refit", "subset", "without_moderators"]


def as_pooled(effects: Any, vi: Any = None, data: Any = None, **options: Any) -> Pooled:
    """The pooled result itself, or what :func:`needlepoint.pool` makes of effect sizes or of ``yi, vi``.

    Raises
    ------
    InputError
        Another kind of fit: a pooled model in its place would answer for another model.
    """
    if isinstance(effects, Pooled):
        return effects
    if isinstance(effects, Result) and not isinstance(effects, EffectSizes):
        raise InputError(
            "this is defined for a pooled model",
            field="fit",
            got=MADE_BY.get(type(effects).__name__, type(effects).__name__),
            allowed="pool(), effect sizes",
            mend="predict(), influence(fit, by=), random_effects() and robust() know multilevel models",
        )
    if vi is None and data is None:
        return pool(effects, **options)
    return pool(yi=effects, vi=vi, data=data, **options)


def as_effects(effects: Any) -> Any:
    """The studies of a pooled model as effect sizes; anything else as it is."""
    if not isinstance(effects, Pooled):
        return effects
    ni = np.full(effects.k, np.nan) if effects.ni is None else effects.ni
    return EffectSizes(measure=effects.measure, yi=effects.yi, vi=effects.vi, study=effects.study, ni=ni)


def without_moderators(effects: Any, vi: Any, data: Any, *, method: str, needs: int = 1) -> Pooled:
    """The pooled model, which must have no moderators and ``needs`` studies; ``method`` is what refusals name.

    Raises
    ------
    InputError
        A model with moderators.
    NotEnoughStudies
        Fewer studies.
    """
    pooled = as_pooled(effects, vi, data)
    if pooled.p != 1:
        raise InputError(
            f"{method} needs a model without moderators",
            field="mods",
            got=[c.term for c in pooled.coefficients],
            mend="pool without mods=",
        )
    if pooled.k < needs:
        raise NotEnoughStudies(method, needs=needs, got=pooled.k)
    return pooled


def inputs_of(fit: Fit) -> Inputs:
    """The rows that ``fit`` was fitted to, without the notes on how they came about."""
    return replace(fit.studies, notes=())


def kept_rows(values: Any, fit: Fit, *, field: str) -> Any:
    """One value a study of ``fit``, from values for these studies or for all rows of the data it came from.

    Raises
    ------
    InputError
        Another length.
    """
    if len(values) == fit.k:
        return values
    if len(values) != fit.studies.given:
        raise InputError("one value a study is needed", field=field, got=len(values), allowed=fit.k)
    return values[fit.rows]


def subset(inputs: Inputs, keep: Any) -> Inputs:
    """The studies at positions (or where the mask) ``keep``."""

    def some(values: Matrix | None) -> Matrix | None:
        return None if values is None else values[keep]

    return replace(
        inputs,
        yi=inputs.yi[keep],
        vi=inputs.vi[keep],
        study=tuple(np.asarray(inputs.study, dtype=object)[keep]),
        design=replace(inputs.design, X=inputs.design.X[keep]),
        weights=some(inputs.weights),
        ni=some(inputs.ni),
        rows=inputs.rows[keep],
    )


def refit(result: Pooled, inputs: Inputs, *, method: str | None = None, test: str | None = None) -> Pooled:
    """Fit ``inputs`` with the method, test and level of ``result`` (a fixed tau2 stays fixed)."""
    return fit_inputs(
        inputs,
        method=method or result.method,
        test=test or result.test,
        level=result.level,
        tau2=result.tau2 if result.tau2_fixed and method is None else None,
        prediction=None,
    )
