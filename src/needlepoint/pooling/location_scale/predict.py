"""Mean effect, heterogeneity and prediction interval of a location-scale model at stated moderator values."""

from __future__ import annotations

from typing import Any

import numpy as np

from needlepoint.arrays import Matrix
from needlepoint.options import chosen_level
from needlepoint.pooling.coefficients.predicted import Predicted
from needlepoint.pooling.design import Design, new_rows
from needlepoint.pooling.location_scale.location_scale import LocationScale
from needlepoint.stats.distributions import normal_quantile, t_quantile

__all__ = ["predict_location_scale"]


def _rows(design: Design, newdata: Any) -> Matrix:
    """Rows of one part; a part without moderators has a single row of one."""
    return np.ones((1, 1)) if design.terms == ("intercept",) else new_rows(design, newdata)


def predict_location_scale(
    fit: LocationScale, newdata: Any = None, *, level: float | None = None
) -> Predicted:
    """Mean effect, heterogeneity and prediction interval at ``newdata``, or at every study's own moderators."""
    width = chosen_level(level, fit.level)
    own = newdata is None
    location = fit.design.X if own else _rows(fit.design, newdata)
    scale = fit.scale_design.X if own else _rows(fit.scale_design, newdata)
    n = max(len(location), len(scale))
    X, Z = np.broadcast_to(location, (n, location.shape[1])), np.broadcast_to(scale, (n, scale.shape[1]))
    eta = Z @ np.array([row.estimate for row in fit.scale])
    tau2 = np.exp(eta) if fit.link == "log" else np.maximum(eta, 0.0)
    estimate = X @ np.array([row.estimate for row in fit.coefficients])
    se = np.sqrt(np.einsum("ij,jk,ik->i", X, fit.vb, X))
    df = fit.coefficients[0].df
    upper = 0.5 + 0.5 * width
    quantile = normal_quantile(upper) if df is None else t_quantile(upper, df)
    spread = quantile * np.sqrt(se**2 + tau2)
    return Predicted(
        level=width,
        prediction="z" if df is None else "t",
        label=fit.study if own else tuple(str(i + 1) for i in range(n)),
        estimate=estimate,
        se=se,
        ci_low=estimate - quantile * se,
        ci_high=estimate + quantile * se,
        tau2=tau2,
        pi_low=estimate - spread,
        pi_high=estimate + spread,
    )
