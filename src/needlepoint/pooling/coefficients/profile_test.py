"""Profile-likelihood inference for the pooled effect: tau2 is maximised out at every value of the mean."""

from __future__ import annotations

from typing import NamedTuple

from needlepoint.arrays import Matrix
from needlepoint.pooling.kernels.likelihood import log_likelihood, maximise, score_bound
from needlepoint.pooling.kernels.normal import at
from needlepoint.stats.distributions import chi2_quantile, chi2_sf
from needlepoint.stats.roots import root_above

__all__ = ["ProfileLikelihood", "profile_likelihood"]


class ProfileLikelihood(NamedTuple):
    """Signed root of the likelihood-ratio statistic for a mean of zero, its p-value, and the interval."""

    statistic: float
    p_value: float
    ci_low: float
    ci_high: float


def profile_likelihood(
    yi: Matrix, vi: Matrix, estimate: float, tau2: float, level: float
) -> ProfileLikelihood:
    """Hardy & Thompson (1996) interval around a maximum-likelihood fit.

    doi:10.1002/(SICI)1097-0258(19960330)15:6<619::AID-SIM188>3.0.CO;2-A
    """
    variances = vi.tolist()
    low, high = min(variances), max(variances)

    def profiled(mean: float, fixed: float | None = None) -> float:
        deviations = (yi - mean).tolist()
        if fixed is None:
            rss = float((yi - mean) @ (yi - mean))
            bound = score_bound(rss, float(len(variances)), low, high)
            fixed, _, _ = maximise(deviations, variances, (), None, False, bound, low)
        return log_likelihood(at(deviations, variances, (), None, fixed), False)

    top = profiled(estimate, tau2)
    cut = 0.5 * chi2_quantile(level, 1)
    se = float((1.0 / (vi + tau2)).sum()) ** -0.5
    up = root_above(lambda d: top - cut - profiled(estimate + d), 0.0, se) or float("inf")
    down = root_above(lambda d: top - cut - profiled(estimate - d), 0.0, se) or float("inf")
    ratio = max(0.0, 2.0 * (top - profiled(0.0)))
    sign = 1.0 if estimate >= 0.0 else -1.0
    return ProfileLikelihood(sign * ratio**0.5, chi2_sf(ratio, 1), estimate - down, estimate + up)
