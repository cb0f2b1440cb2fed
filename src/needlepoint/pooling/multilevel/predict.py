"""Predictions of a multilevel model: the mean at stated moderator values, and where a new effect would fall."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from needlepoint.arrays import Matrix
from needlepoint.errors import InputError
from needlepoint.options import chosen_level
from needlepoint.pooling.coefficients.predicted import Predicted
from needlepoint.pooling.design import new_rows
from needlepoint.pooling.multilevel.multilevel import Multilevel, RandomTerm
from needlepoint.stats.distributions import normal_quantile, t_quantile

__all__ = ["predict_multilevel"]


def predict_multilevel(
    fit: Multilevel,
    newdata: Any = None,
    *,
    within: str | Sequence[str] | None = None,
    level: float | None = None,
) -> Predicted:
    """Estimates of a multilevel model at ``newdata``, or at every estimate's own moderators.

    ``within`` names the level whose variance a prediction interval takes, where a term has a variance a level.
    """
    own = newdata is None
    plain = own and fit.p == 1 and bool((fit.X == 1.0).all())
    rows = fit.X[:1] if plain else fit.X if own else new_rows(fit.design, newdata)
    width = chosen_level(level, fit.level)
    estimate = rows @ fit.beta
    se = np.sqrt(np.einsum("ij,jk,ik->i", rows, fit.vb, rows))
    quantile = np.array([_quantile(fit, row, 0.5 + width / 2.0) for row in rows])
    between = _between(fit.random, within, len(rows))
    half = quantile * se
    spread = None if between is None else quantile * np.sqrt(se**2 + between)
    return Predicted(
        level=width,
        prediction=None if between is None else fit.test,
        label=("mean",) if plain else fit.study if own else tuple(str(i + 1) for i in range(len(rows))),
        estimate=estimate,
        se=se,
        ci_low=estimate - half,
        ci_high=estimate + half,
        pi_low=None if spread is None else estimate - spread,
        pi_high=None if spread is None else estimate + spread,
    )


def _quantile(fit: Multilevel, row: Matrix, upper: float) -> float:
    """Of the normal, or of the t with the fewest degrees of freedom among the coefficients that take part."""
    df = [c.df for c, x in zip(fit.coefficients, row.tolist(), strict=True) if x != 0.0 and c.df is not None]
    return t_quantile(upper, min(df)) if df else normal_quantile(upper)


def _between(random: tuple[RandomTerm, ...], within: str | Sequence[str] | None, n: int) -> Matrix | None:
    """Variance of a new effect in each row; None where it depends on a level that was not given."""
    if within is None and any(len(term.variances) > 1 for term in random):
        return None
    names = [within] * n if isinstance(within, str) or within is None else list(within)
    if len(names) != n:
        raise InputError("one level a row is needed", field="within", got=len(names), allowed=n)
    return np.array([sum(_variance(term, name) for term in random) for name in names], dtype=float)


def _variance(term: RandomTerm, name: str | None) -> float:
    if len(term.variances) == 1 or name is None:
        return term.variances[0]
    if name not in term.levels:
        raise InputError("no such level", field="within", got=name, allowed=", ".join(term.levels))
    return term.variances[term.levels.index(name)]
