"""Residuals of a pooled model: raw, internally and externally standardized, and the hat matrix."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from needlepoint.arrays import Matrix
from needlepoint.errors import NotEnoughStudies
from needlepoint.pooling.design import full_rank
from needlepoint.pooling.kinds import choose
from needlepoint.pooling.refit import as_pooled, inputs_of, refit, subset
from needlepoint.pooling.result import Pooled
from needlepoint.result import Result, record, rows_of

__all__ = [
    "Residuals",
    "hat_matrix",
    "residuals",
    "standardized_residuals",
    "studentized_residuals",
    "without_each",
]


@record
class Residuals(Result):
    """Residuals with their standard errors, one a study; ``z`` is their ratio.

    NaN where the model cannot be fitted without the study (``notes`` name them).
    """

    kind: str
    study: tuple[str, ...]
    residual: Matrix
    se: Matrix
    z: Matrix

    def tidy(self) -> list[dict[str, Any]]:
        """One row a study."""
        return rows_of(self, ("study", "residual", "se", "z"))


def hat_matrix(fit: Pooled) -> Matrix:
    """The matrix H that turns estimates into fitted values; its diagonal are the hat values.

    >>> from needlepoint import pool
    >>> float(hat_matrix(pool(yi=[0.1, 0.4], vi=[0.1, 0.1])).trace().round(9))
    1.0
    """
    choose({Pooled: None}, fit, verb="hat_matrix")
    weights = 1 / (fit.vi + fit.tau2) if fit.user_weights is None else fit.user_weights
    XW = fit.X.T * weights
    return np.asarray(fit.X @ np.linalg.solve(XW @ fit.X, XW), dtype=np.float64)


def residuals(fit: Any, vi: Any = None, *, data: Any = None) -> Matrix:
    """Observed minus fitted effects.

    >>> yi, vi = [0.1, 0.4, 0.3, 0.8, 0.2], [0.02, 0.05, 0.03, 0.04, 0.06]
    >>> residuals(yi, vi).round(2).tolist()
    [-0.25, 0.05, -0.05, 0.45, -0.15]
    """
    pooled = as_pooled(fit, vi, data)
    return pooled.yi - pooled.X @ pooled.beta


def standardized_residuals(fit: Any, vi: Any = None, *, data: Any = None) -> Residuals:
    """Internally standardized residuals: each by its own standard error under the fitted model.

    Hedges & Olkin (1985), Statistical methods for meta-analysis.

    >>> yi, vi = [0.1, 0.4, 0.3, 0.8, 0.2], [0.02, 0.05, 0.03, 0.04, 0.06]
    >>> standardized_residuals(yi, vi).z.round(2).tolist()
    [-1.16, 0.19, -0.2, 1.77, -0.5]
    """
    pooled = as_pooled(fit, vi, data)
    rest = np.eye(pooled.k) - hat_matrix(pooled)
    residual = pooled.yi - pooled.X @ pooled.beta
    variance = ((rest * rest) * (pooled.vi + pooled.tau2)).sum(axis=1)
    se = np.sqrt(np.maximum(variance, 0.0))
    return Residuals(
        kind="internally standardized",
        study=pooled.study,
        residual=residual,
        se=se,
        z=np.divide(residual, se, out=np.zeros_like(se), where=se > 0),
    )


def studentized_residuals(fit: Any, vi: Any = None, *, data: Any = None) -> Residuals:
    """Externally standardized (deleted, studentized) residuals: each study against the model of the others.

    Viechtbauer & Cheung (2010), doi:10.1002/jrsm.11.

    Raises
    ------
    NotEnoughStudies
        Too few studies to leave one out.

    Examples
    --------
    >>> yi, vi = [0.1, 0.4, 0.3, 0.8, 0.2], [0.02, 0.05, 0.03, 0.04, 0.06]
    >>> studentized_residuals(yi, vi).z.round(2).tolist()
    [-1.3, 0.16, -0.19, 2.64, -0.48]
    """
    pooled = as_pooled(fit, vi, data)
    residual, se = np.empty(pooled.k), np.empty(pooled.k)
    lost: list[int] = []
    for i, rest in without_each(pooled):
        if rest is None:
            lost.append(i)
            residual[i] = se[i] = np.nan
        else:
            residual[i], se[i] = deleted_residual(pooled, i, rest)
    return Residuals(
        notes=inseparable(pooled, lost),
        kind="externally standardized",
        study=pooled.study,
        residual=residual,
        se=se,
        z=residual / se,
    )


def deleted_residual(pooled: Pooled, i: int, rest: Pooled) -> tuple[float, float]:
    """Residual of study ``i`` from the model without it, and its standard error."""
    x = pooled.X[i]
    variance = pooled.vi[i] + rest.tau2 + x @ rest.vb @ x
    return float(pooled.yi[i] - x @ rest.beta), float(np.sqrt(variance))


def without_each(pooled: Pooled) -> Iterator[tuple[int, Pooled | None]]:
    """The model without each study in turn; None where a coefficient rests on that study alone.

    Raises
    ------
    NotEnoughStudies
        Fewer than two studies more than coefficients.
    """
    if pooled.k <= pooled.p + (pooled.p > 1):
        raise NotEnoughStudies("leaving one study out", needs=pooled.p + 1 + (pooled.p > 1), got=pooled.k)
    inputs = inputs_of(pooled)
    everyone = np.arange(pooled.k)
    for i in range(pooled.k):
        rest = everyone[everyone != i]
        alone = pooled.p > 1 and len(full_rank(pooled.X[rest], pooled.terms)[0]) < pooled.p
        yield i, None if alone else refit(pooled, subset(inputs, rest))


def inseparable(pooled: Pooled, lost: Sequence[int]) -> tuple[str, ...]:
    """A note on the studies that alone carry a coefficient, so that the model cannot be fitted without them."""
    if not lost:
        return ()
    names = ", ".join(pooled.study[i] for i in lost)
    return (f"cannot be estimated without: {names} (a coefficient rests on that study alone)",)
