"""Baujat plot: which studies make the heterogeneity, and which move the result."""

from __future__ import annotations

from typing import Any

import numpy as np

from needlepoint.arrays import Matrix
from needlepoint.pooling.diagnostics.residuals import inseparable, without_each
from needlepoint.pooling.refit import as_pooled
from needlepoint.result import Result, record, rows_of

__all__ = ["Baujat", "baujat"]


@record
class Baujat(Result):
    """``heterogeneity``: squared Pearson residuals; ``influence``: squared standardized change of the fitted value."""

    k: int
    study: tuple[str, ...]
    heterogeneity: Matrix
    influence: Matrix

    def tidy(self) -> list[dict[str, Any]]:
        """One row a study."""
        return rows_of(self, ("study", "heterogeneity", "influence"))


def baujat(fit: Any, vi: Any = None, *, data: Any = None) -> Baujat:
    """Coordinates of the Baujat plot.

    Raises
    ------
    NotEnoughStudies
        Too few studies to leave one out.

    References
    ----------
    Baujat et al. (2002), doi:10.1002/sim.1221.

    Examples
    --------
    >>> int(baujat([0.1, 0.2, 0.1, 2.0], [0.04, 0.04, 0.04, 0.04]).influence.argmax())
    3
    """
    pooled = as_pooled(fit, vi, data)
    residual = pooled.yi - pooled.X @ pooled.beta
    moved = np.empty(pooled.k)
    lost: list[int] = []
    for i, rest in without_each(pooled):
        if rest is None:
            lost.append(i)
            moved[i] = np.nan
            continue
        x = pooled.X[i]
        moved[i] = float(x @ (pooled.beta - rest.beta)) ** 2 / float(x @ rest.vb @ x)
    return Baujat(
        notes=inseparable(pooled, lost),
        k=pooled.k,
        study=pooled.study,
        heterogeneity=residual**2 / (pooled.vi + pooled.tau2),
        influence=moved,
    )
