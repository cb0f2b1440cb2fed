"""Predictions of a count model: the mean at stated moderator values, and where a new study would fall."""

from __future__ import annotations

from typing import Any

import numpy as np

from needlepoint.options import chosen_level
from needlepoint.pooling.coefficients.predicted import Predicted
from needlepoint.pooling.counts.glmm.glmm import Glmm
from needlepoint.pooling.design import new_rows
from needlepoint.stats.distributions import normal_quantile, t_quantile

__all__ = ["predict_glmm"]


def predict_glmm(fit: Glmm, newdata: Any = None, *, level: float | None = None) -> Predicted:
    """Estimates of a count model at ``newdata``, or at every study's own moderators, on the log or logit scale."""
    own = newdata is None
    plain = own and fit.p == 1 and bool((fit.X == 1.0).all())
    rows = fit.X[:1] if plain else fit.X if own else new_rows(fit.design, newdata)
    width = chosen_level(level, fit.level)
    upper = 0.5 + width / 2.0
    quantile = normal_quantile(upper) if fit.df is None else t_quantile(upper, fit.df)
    estimate = rows @ fit.beta
    se = np.sqrt(np.einsum("ij,jk,ik->i", rows, fit.vb, rows))
    spread = quantile * np.sqrt(se**2 + fit.tau2)
    return Predicted(
        level=width,
        prediction=fit.test,
        label=("mean",) if plain else fit.study if own else tuple(str(i + 1) for i in range(len(rows))),
        estimate=estimate,
        se=se,
        ci_low=estimate - quantile * se,
        ci_high=estimate + quantile * se,
        pi_low=estimate - spread,
        pi_high=estimate + spread,
    )
