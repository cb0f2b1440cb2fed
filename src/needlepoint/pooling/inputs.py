"""What ``pool`` was given, checked once: estimates, variances, labels, moderators, weights."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from needlepoint.arrays import Bools, Ints, Matrix
from needlepoint.columns import column_names, labels, numbers
from needlepoint.effects.result import EffectSizes
from needlepoint.errors import InputError
from needlepoint.pooling.design import Design, build, constant_factors, full_rank
from needlepoint.result import Result

__all__ = ["Inputs", "read"]


_LARGEST = 1e90  # cubes of weights stay finite
_FARTHEST = 1e70  # fourth powers of estimates stay finite
_WIDEST = 1e10  # how much smaller than all others a variance may be for sums to keep six digits of the others' share


@dataclass(frozen=True, slots=True)
class Inputs:
    """Rows that can be pooled."""

    yi: Matrix
    vi: Matrix
    study: tuple[str, ...]
    design: Design
    weights: Matrix | None
    ni: Matrix | None
    rows: Ints
    measure: str
    notes: tuple[str, ...]
    data: Any = field(compare=False)
    scale: Design | None = None  # moderators of the heterogeneity
    given: int = 0  # rows of the input, those left out included

    @property
    def X(self) -> Matrix:  # noqa: N802  the field's letter
        """Design, (k, p)."""
        return self.design.X


def _is_frame(value: Any) -> bool:
    return isinstance(value, Mapping) or hasattr(value, "columns")


def _variances(data: Any, vi: Any, sei: Any, k: int) -> Matrix:
    if vi is None and sei is None:
        raise InputError("sampling variances are missing", field="vi", mend="give vi= or sei=")
    if vi is not None and sei is not None:
        raise InputError("give vi= or sei=, not both", field="vi")
    variances = numbers(data, vi, field="vi") if vi is not None else numbers(data, sei, field="sei") ** 2
    if len(variances) != k:
        raise InputError(
            "one sampling variance a study is needed",
            field="vi",
            got=len(variances),
            allowed=k,
            mend=f"repeat it: [v] * {k}" if len(variances) == 1 else None,
        )
    return variances


def _refuse(bad: Bools, values: Matrix, study: tuple[str, ...], field: str, problem: str, mend: str) -> None:
    where = np.flatnonzero(bad)
    if where.size:
        i = int(where[0])
        raise InputError(problem, field=field, study=study[i], got=float(values[i]), mend=mend)


def _harmless(yi: Matrix, vi: Matrix) -> bool:
    """Whether no number is missing or out of range; at one glance, so that few are asked one by one."""
    most = _LARGEST * _LARGEST
    return bool(
        np.vdot(yi, yi) <= _FARTHEST * _FARTHEST
        and np.vdot(vi, vi) <= most
        and np.minimum.reduce(vi, initial=1.0) >= 1.0 / _LARGEST
        and _comparable(vi)
    )


def _comparable(vi: Matrix) -> bool:
    """Whether no study has all the weight, to the last digits."""
    if len(vi) < 2:
        return True
    least, next_to_least = np.partition(vi, 1)[:2]
    return bool(next_to_least <= _WIDEST * least)


def _check(yi: Matrix, vi: Matrix, study: tuple[str, ...]) -> None:
    _refuse(np.isinf(yi), yi, study, "yi", "an estimate is infinite", "leave the study out or correct it")
    _refuse(np.isinf(vi), vi, study, "vi", "a sampling variance is infinite", "leave the study out")
    problem, unit = "too large or too small to compute with", "state the effects in another unit"
    _refuse(np.abs(yi) > _FARTHEST, yi, study, "yi", problem, unit)
    _refuse((vi > _LARGEST) | ((vi > 0.0) & (vi < 1.0 / _LARGEST)), vi, study, "vi", problem, unit)
    mend = "a study without sampling error has no place in the model: correct the variance or leave the study out"
    _refuse(vi <= 0.0, vi, study, "vi", "a sampling variance must be above zero", mend)
    told = vi[np.isfinite(vi)]
    if not _comparable(told):
        problem = f"this sampling variance is more than {_WIDEST:.0e} times smaller than all others"
        mend = "no study is that much more precise: correct the variance or leave the study out"
        _refuse(vi == told.min(), vi, study, "vi", problem, mend)


def _with_effects(data: Any, yi: Matrix, vi: Matrix) -> Any:
    """The data a formula sees: its own columns and yi, vi, sei."""
    own = {"yi": yi, "vi": vi, "sei": np.sqrt(np.abs(vi))}
    if data is None:
        return own
    names = column_names(data)
    if isinstance(data, Mapping):
        return own | {str(name): data[name] for name in names}
    import narwhals as nw

    frame = nw.from_native(data, eager_only=True)
    return own | {name: frame[name].to_native() for name in names}


def _omissions(study: tuple[str, ...], keep: Bools, effects: Bools) -> list[str]:
    notes: list[str] = []
    for mask, why in (
        (~effects, "no estimate or variance"),
        (effects & ~keep, "a moderator or weight is missing"),
    ):
        names = [study[i] for i in np.flatnonzero(mask)]
        if names:
            shown = ", ".join(names[:10]) + (f" and {len(names) - 10} more" if len(names) > 10 else "")
            notes.append(f"{len(names)} left out ({why}): {shown}")
    return notes


def read(
    effects: Any,
    yi: Any = None,
    vi: Any = None,
    sei: Any = None,
    data: Any = None,
    study: Any = None,
    *,
    mods: Any = None,
    weights: Any = None,
    intercept: bool = True,
    measure: str | None = None,
    ni: Any = None,
    scale: Any = None,
) -> Inputs:
    """Resolve the arguments of ``pool`` into rows that can be pooled, with notes on those that cannot.

    Raises
    ------
    InputError
        Names the field and the study.
    """
    notes: tuple[str, ...] = ()
    if effects is not None and _is_frame(effects):
        data = effects
        yi = "yi" if yi is None else yi
        if vi is None and sei is None:
            vi = "vi" if "vi" in column_names(data) else "sei"
            vi, sei = (vi, None) if vi == "vi" else (None, "sei")
    elif isinstance(effects, EffectSizes):
        yi, vi, study = effects.yi, effects.vi, effects.study if study is None else study
        measure = effects.measure if measure is None else measure
        ni = effects.ni if ni is None else ni
        data = effects.data if data is None else data
        notes = effects.notes
    elif isinstance(effects, Result):
        raise InputError(
            "a fitted model is not a set of effect sizes",
            field="effects",
            got=type(effects).__name__,
            mend="give the effect sizes that it was fitted to",
        )
    elif effects is not None:
        yi = effects
    if yi is None:
        raise InputError(
            "estimates are missing", field="yi", mend="give effect sizes, or yi= with vi= or sei="
        )
    y = numbers(data, yi, field="yi")
    v = _variances(data, vi, sei, len(y))
    names = labels(data, study, k=len(y))
    w = None if weights is None else _weights(data, weights, len(y), names)
    harmless = _harmless(y, v)
    if not harmless:
        _check(y, v, names)
    return _keep(y, v, names, w, ni, mods, intercept, data, measure or "GEN", notes, scale)


def _weights(data: Any, weights: Any, k: int, names: tuple[str, ...]) -> Matrix:
    if isinstance(weights, str) and weights == "equal":
        return np.ones(k)
    w = numbers(data, weights, field="weights")
    if len(w) != k:
        raise InputError("one weight a study is needed", field="weights", got=len(w), allowed=k)
    _refuse(
        (w < 0.0) | np.isinf(w), w, names, "weights", "a weight must be finite and not negative", "correct it"
    )
    return w


def _independent(design: Design, rows: Ints, *, checked: bool) -> tuple[Design, tuple[str, ...]]:
    """The design on ``rows`` without redundant columns, and the names of those."""
    if not checked and len(rows) == len(design.X):
        return design, ()
    whole, terms = design.X[rows], design.terms
    kept, dropped = full_rank(whole, terms) if checked else ((0,), ())
    if dropped:
        whole = whole[:, list(kept)]
    return Design(whole, tuple(terms[j] for j in kept), design.spec, design.intercept, kept, terms), dropped


def _keep(
    y: Matrix,
    v: Matrix,
    names: tuple[str, ...],
    w: Matrix | None,
    ni: Any,
    mods: Any,
    intercept: bool,
    data: Any,
    measure: str,
    notes: tuple[str, ...],
    scale: Any,
) -> Inputs:
    present = np.isfinite(y) & np.isfinite(v)
    keep = present if w is None else present & np.isfinite(w)
    seen = data if mods is None and scale is None else _with_effects(data, y, v)
    design = build(mods, seen, k=len(y), intercept=intercept)
    if mods is not None:
        keep = keep & np.isfinite(design.X).all(axis=1)
    spread = None if scale is None else build(scale, seen, k=len(y), intercept=True, field="scale")
    if spread is not None:
        keep = keep & np.isfinite(spread.X).all(axis=1)
    rows = keep.nonzero()[0]
    if not len(rows):
        raise InputError("no study has an estimate, a variance and its moderators", field="yi")
    added = [] if len(rows) == len(y) else _omissions(names, keep, present)
    design, dropped = _independent(design, rows, checked=mods is not None)
    if spread is not None:
        spread, dropped_scale = _independent(spread, rows, checked=True)
        dropped = (*dropped, *dropped_scale)
    constant = constant_factors(mods, data, rows)
    if constant:
        added.append(f"one level only, so that it explains nothing: {', '.join(constant)}")
    if dropped:
        added.append(f"redundant moderators left out: {', '.join(dropped)}")
    if w is not None and np.linalg.matrix_rank(design.X[w[rows] > 0.0]) < design.X.shape[1]:
        raise InputError("too few studies have a weight above zero", field="weights")
    return Inputs(
        yi=y[rows],
        vi=v[rows],
        study=names if len(rows) == len(names) else tuple(names[i] for i in rows),
        design=design,
        weights=None if w is None else w[rows],
        ni=None if ni is None else numbers(data, ni, field="ni")[rows],
        rows=rows,
        measure=measure,
        notes=(*notes, *added),
        data=seen,
        scale=spread,
        given=len(y),
    )
