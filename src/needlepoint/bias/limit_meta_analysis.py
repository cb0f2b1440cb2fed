"""Limit meta-analysis: the effect of a study of infinite precision, under heterogeneity."""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING, Any

import numpy as np

from needlepoint.bias._dispersion import constant, dispersion_fit, refuse_exact_fit
from needlepoint.errors import InputError
from needlepoint.pooling.refit import without_moderators
from needlepoint.result import Result, p_text, record
from needlepoint.stats.distributions import chi2_sf, wald_interval

if TYPE_CHECKING:
    from needlepoint.arrays import Floats


__all__ = ["LimitMetaAnalysis", "limit_meta_analysis"]


@record
class LimitMetaAnalysis(Result):
    """The adjusted effect and the studies' effects shrunken to infinite precision.

    ``bias`` is the intercept of the radial plot. ``q_small`` tests small-study effects (1 degree of freedom),
    ``q_rest`` the heterogeneity beyond them. The standard error takes tau2 as known.
    """

    k: int
    level: float
    estimate: float
    se: float
    ci_low: float
    ci_high: float
    bias: float
    tau2: float
    q: float
    q_small: float
    q_small_p: float
    q_rest: float
    q_rest_df: int
    q_rest_p: float
    study: tuple[str, ...]
    limit_yi: Floats = field(repr=False)

    def summary(self) -> str:
        """The adjusted effect and the two tests."""
        return (
            f"limit meta-analysis (k = {self.k}): {self.estimate:.4g}, {100 * self.level:g}% CI "
            f"[{self.ci_low:.4g}, {self.ci_high:.4g}]\n"
            f"small-study effects: Q(1) = {self.q_small:.3f}, {p_text(self.q_small_p)}; "
            f"remaining heterogeneity: Q({self.q_rest_df}) = {self.q_rest:.3f}, {p_text(self.q_rest_p)}"
        )


def limit_meta_analysis(fit: Any, vi: Any = None, *, data: Any = None) -> LimitMetaAnalysis:
    """Limit meta-analysis: adjustment for small-study effects in the presence of heterogeneity.

    Parameters
    ----------
    fit, vi, data
        A :class:`Pooled` without moderators (its tau2 is used), effect sizes, or k estimates with their variances.

    Raises
    ------
    InputError
        Moderators, or studies of one size.
    NotEnoughStudies
        Fewer than three studies.

    References
    ----------
    Rücker, Schwarzer, Carpenter, Binder & Schumacher (2011), doi:10.1093/biostatistics/kxq046: the expectation limit
    ``beta + tau * alpha`` of the radial regression with total variances ``vi + tau2``.

    Examples
    --------
    >>> limit_meta_analysis([0.9, 0.7, 0.6, 0.3, 0.2], [0.2, 0.1, 0.1, 0.02, 0.01]).estimate < 0.2
    True
    """
    pooled = without_moderators(fit, vi, data, method="limit meta-analysis", needs=3)
    total = np.sqrt(pooled.vi + pooled.tau2)
    if constant(total):
        raise InputError(
            "every study has the same standard error: there is nothing to extrapolate", field="vi"
        )
    tau = pooled.tau2**0.5
    # the radial regression: y / s on 1 / s is y on s with weights 1 / s^2, the slope being the bias
    fit = refuse_exact_fit(
        dispersion_fit(pooled.yi, 1 / total**2, np.column_stack([np.ones(pooled.k), total]))
    )
    centre, bias = float(fit.beta[0]), float(fit.beta[1])
    estimate = centre + tau * bias
    covariance = fit.vb / fit.dispersion
    direction = np.array([1.0, tau])
    se = float(np.sqrt(direction @ covariance @ direction))
    low, high = wald_interval(estimate, se, pooled.level)
    q_small, q_rest = _split_q(pooled.yi, pooled.vi)
    limit = estimate + np.sqrt(pooled.tau2 / (pooled.tau2 + pooled.vi)) * (pooled.yi - centre - bias * total)
    return LimitMetaAnalysis(
        k=pooled.k,
        level=pooled.level,
        estimate=estimate,
        se=se,
        ci_low=low,
        ci_high=high,
        bias=bias,
        tau2=pooled.tau2,
        q=pooled.q,
        q_small=q_small,
        q_small_p=chi2_sf(q_small, 1),
        q_rest=q_rest,
        q_rest_df=pooled.k - 2,
        q_rest_p=chi2_sf(q_rest, pooled.k - 2),
        study=pooled.study,
        limit_yi=limit,
    )


def _split_q(yi: Floats, vi: Floats) -> tuple[float, float]:
    """Cochran's Q into the part of Egger's regression and the rest."""
    sei = np.sqrt(vi)
    centre = float((yi / vi).sum() / (1 / vi).sum())
    q = float(((yi - centre) ** 2 / vi).sum())
    fit = dispersion_fit(yi, 1 / vi, np.column_stack([np.ones(len(yi)), sei]))
    rest = fit.dispersion * fit.df
    return max(0.0, q - rest), rest
