"""Empirical Bayes: the true effect of each study, shrunk towards the model."""

from __future__ import annotations

from typing import Any

import numpy as np

from needlepoint.arrays import Matrix
from needlepoint.pooling.refit import as_pooled
from needlepoint.pooling.result import Pooled
from needlepoint.result import Result, record, rows_of
from needlepoint.stats.distributions import normal_quantile, t_quantile

__all__ = ["StudyEffects", "blup", "ranef"]


@record
class StudyEffects(Result):
    """Predicted effects of the studies with prediction intervals; ``shrinkage`` is the weight given to the model."""

    kind: str
    level: float
    study: tuple[str, ...]
    prediction: Matrix
    se: Matrix
    pi_low: Matrix
    pi_high: Matrix
    shrinkage: Matrix

    def tidy(self) -> list[dict[str, Any]]:
        """One row a study."""
        return rows_of(self, ("study", "prediction", "se", "pi_low", "pi_high", "shrinkage"))


def blup(effects: Any, vi: Any = None, *, data: Any = None) -> StudyEffects:
    """Best linear unbiased predictions of the studies' true effects (fixed part and random effect).

    References
    ----------
    Raudenbush & Bryk (1985), doi:10.3102/10769986010002075.

    Examples
    --------
    >>> blup([0.0, 1.0], [0.1, 0.1]).prediction.round(3).tolist()
    [0.1, 0.9]
    """
    pooled = as_pooled(effects, vi, data)
    trust = _trust(pooled)
    fitted = pooled.X @ pooled.beta
    prediction = trust * pooled.yi + (1 - trust) * fitted
    variance = trust * pooled.vi + (1 - trust) ** 2 * _fitted_variance(pooled)
    return _dressed(pooled, "blup", prediction, np.sqrt(variance), 1 - trust)


def ranef(effects: Any, vi: Any = None, *, data: Any = None) -> StudyEffects:
    """Predictions of the random effects alone: how far each study lies from its fitted value.

    >>> yi, vi = [0.1, 0.4, 0.3, 0.8, 0.2], [0.02, 0.05, 0.03, 0.04, 0.06]
    >>> ranef(yi, vi).prediction.round(2).tolist()
    [-0.17, 0.02, -0.03, 0.23, -0.06]
    """
    pooled = as_pooled(effects, vi, data)
    trust = _trust(pooled)
    prediction = trust * (pooled.yi - pooled.X @ pooled.beta)
    variance = trust * pooled.vi + trust**2 * _fitted_variance(pooled)
    return _dressed(pooled, "random effect", prediction, np.sqrt(variance), 1 - trust)


def _trust(pooled: Pooled) -> Matrix:
    return pooled.tau2 / (pooled.tau2 + pooled.vi)


def _fitted_variance(pooled: Pooled) -> Matrix:
    return ((pooled.X @ pooled.vb) * pooled.X).sum(axis=1)


def _dressed(pooled: Pooled, kind: str, prediction: Matrix, se: Matrix, shrinkage: Matrix) -> StudyEffects:
    upper = 0.5 + pooled.level / 2
    half = se * (normal_quantile(upper) if pooled.df is None else t_quantile(upper, pooled.df))
    return StudyEffects(
        kind=kind,
        level=pooled.level,
        study=pooled.study,
        prediction=prediction,
        se=se,
        pi_low=prediction - half,
        pi_high=prediction + half,
        shrinkage=shrinkage,
    )
