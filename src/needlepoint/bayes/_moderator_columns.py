"""Moderators as columns on a common footing: covariates standardised, factors by contrasts from the mean of levels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from needlepoint.errors import InputError

if TYPE_CHECKING:
    from needlepoint.arrays import Floats
    from needlepoint.pooling.design import Design


__all__ = ["Moderator", "moderators_of"]


@dataclass(frozen=True, slots=True)
class Moderator:
    """Columns (k, p) that enter together; ``contrasts`` are what to report, a row a term.

    ``per_unit`` is the standard deviation that a covariate was divided by, NaN for the levels of a factor.
    """

    name: str
    columns: Floats
    terms: tuple[str, ...]
    contrasts: Floats
    per_unit: tuple[float, ...]


def moderators_of(design: Design) -> tuple[Moderator, ...]:
    """The moderators of a design with an intercept."""
    return tuple(
        _moderator(name, design.X[:, at], [design.terms[j] for j in at], _levels(design, name))
        for name, at in _groups(design).items()
    )


def _levels(design: Design, name: str) -> tuple[str, ...]:
    """Levels of a factor of a formula."""
    state = design.spec.encoder_state.get(name) if design.spec is not None else None
    contrasts = state[1].get("contrasts") if state else None
    return () if contrasts is None else tuple(str(level) for level in contrasts.levels)


def _groups(design: Design) -> dict[str, list[int]]:
    """Columns by term: those of a factor together."""
    places = list(design.kept or range(design.X.shape[1]))
    if design.spec is None:
        return {t: [j] for j, t in enumerate(design.terms) if t != "intercept"}
    named = {str(term): range(s.start, s.stop) for term, s in design.spec.term_slices.items()}
    groups = {name: [j for j, p in enumerate(places) if p in where] for name, where in named.items()}
    return {name: at for name, at in groups.items() if at and design.terms[at[0]] != "intercept"}


def _moderator(name: str, X: Floats, terms: list[str], levels: tuple[str, ...]) -> Moderator:
    of_levels = all("[T." in term for term in terms)
    if of_levels and bool(np.all((X == 0) | (X == 1))) and bool(np.all(X.sum(axis=1) <= 1)):
        return _factor(name, X, terms, levels)
    spread = X.std(axis=0, ddof=1)
    if not bool(np.all(spread > 0)):
        raise InputError("a moderator that does not vary", field="mods", got=name)
    columns = (X - X.mean(axis=0)) / spread
    return Moderator(name, columns, tuple(terms), np.eye(len(terms)), tuple(spread.tolist()))


def _factor(name: str, X: Floats, terms: list[str], levels: tuple[str, ...]) -> Moderator:
    """Levels from their mean: orthonormal contrasts, scaled so that each level has the variance of the prior."""
    n = X.shape[1] + 1
    indicators = np.column_stack([1.0 - X.sum(axis=1), X])
    basis = np.linalg.svd(np.eye(n) - 1.0 / n)[0][:, : n - 1] * np.sqrt(n / (n - 1.0))
    others = [term.rsplit("[T.", 1)[1][:-1] for term in terms]
    reference = next((level for level in levels if level not in others), "reference")
    named = tuple(f"{name}[{level}]" for level in (reference, *others))
    return Moderator(name, indicators @ basis, named, basis, (float("nan"),) * n)
