"""Mean effect, heterogeneity and prediction interval of a location-scale model at stated moderator values."""

from __future__ import annotations

from typing import Any

import numpy as np

from needlepoint.arrays import Matrix
from needlepoint.options import chosen_level
from needlepoint.pooling.design import Design, new_rows
from needlepoint.pooling.location_scale.location_scale import LocationScale
from needlepoint.result import Result, record, rows_of
from needlepoint.stats.distributions import normal_quantile, t_quantile

__all__ = ["ScaledPrediction", "predict_location_scale"]


@record
class ScaledPrediction(Result):
    """Arrays over rows of moderator values; the prediction interval uses the row's own ``tau2``."""

    level: float
    label: tuple[str, ...]
    estimate: Matrix
    se: Matrix
    ci_low: Matrix
    ci_high: Matrix
    tau2: Matrix
    pi_low: Matrix
    pi_high: Matrix

    def tidy(self) -> list[dict[str, Any]]:
        """One row a prediction."""
        names = ("label", "estimate", "se", "ci_low", "ci_high", "tau2", "pi_low", "pi_high")
        return rows_of(self, names)


def _rows(design: Design, newdata: Any) -> Matrix:
    """Rows of one part; a part without moderators has a single row of one."""
    return np.ones((1, 1)) if design.terms == ("intercept",) else new_rows(design, newdata)


def predict_location_scale(
    fit: LocationScale, newdata: Any = None, *, level: float | None = None
) -> ScaledPrediction:
    """Predictions of a location-scale model at new moderator values, or at every study's own.

    Raises
    ------
    InputError
        A moderator of the mean or of the heterogeneity is missing.

    Examples
    --------
    >>> from needlepoint import location_scale
    >>> trials = {"yi": [0.1, 0.4, 0.3, 0.8, 0.2, 0.6], "vi": [0.02, 0.05, 0.03, 0.04, 0.06, 0.03],
    ...           "weeks": [4, 8, 6, 12, 4, 10]}
    >>> early, late = predict_location_scale(location_scale(trials, scale="~ weeks"), {"weeks": [4, 12]}).tau2
    >>> bool(early < late)
    True
    """
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
    return ScaledPrediction(
        level=width,
        label=fit.study if own else tuple(str(i + 1) for i in range(n)),
        estimate=estimate,
        se=se,
        ci_low=estimate - quantile * se,
        ci_high=estimate + quantile * se,
        tau2=tau2,
        pi_low=estimate - spread,
        pi_high=estimate + spread,
    )
