"""Empirical Bayes: the true effect of each study, shrunk towards the model."""

from __future__ import annotations

from typing import Any

import numpy as np

from needlepoint.arrays import Matrix
from needlepoint.pooling.result import Pooled
from needlepoint.result import Result, record, rows_of
from needlepoint.stats.distributions import normal_quantile, t_quantile

__all__ = ["StudyEffects", "study_effects"]


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


def study_effects(pooled: Pooled, *, with_mean: bool) -> StudyEffects:
    """Random effects of the studies of a pooled model, or (``with_mean``) their true effects."""
    trust = pooled.tau2 / (pooled.tau2 + pooled.vi)
    fitted = pooled.X @ pooled.beta
    uncertain = ((pooled.X @ pooled.vb) * pooled.X).sum(axis=1)
    if with_mean:
        prediction = trust * pooled.yi + (1 - trust) * fitted
        variance = trust * pooled.vi + (1 - trust) ** 2 * uncertain
        return _dressed(pooled, "true effect", prediction, np.sqrt(variance), 1 - trust)
    prediction = trust * (pooled.yi - fitted)
    variance = trust * pooled.vi + trust**2 * uncertain
    return _dressed(pooled, "random effect", prediction, np.sqrt(variance), 1 - trust)


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
