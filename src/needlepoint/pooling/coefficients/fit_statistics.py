"""Log-likelihood and information criteria of a fitted model."""

from __future__ import annotations

from math import log, pi

from needlepoint.pooling.kernels.normal import At
from needlepoint.pooling.result import Likelihood

__all__ = ["criteria", "fit_statistics"]


def fit_statistics(
    state: At, rss: float, logdet_xx: float, k: int, p: int, parameters: int, restricted: bool
) -> Likelihood:
    """Log-likelihood, AIC, BIC, AICc.

    ``parameters`` counts the coefficients and, when estimated, tau2. The restricted likelihood keeps the constant
    log det(X'X) / 2 (``logdet_xx``), so that it does not depend on the units of the moderators; its sample size
    is k - p.
    """
    n = k - p if restricted else k
    value = -0.5 * (n * log(2.0 * pi) + state.logdet_v + rss)
    if restricted:
        value += 0.5 * (logdet_xx - state.logdet_xwx)
    return criteria(value, parameters, n)


def criteria(log_likelihood: float, parameters: int, n: int) -> Likelihood:
    """AIC, BIC and AICc of a log-likelihood with ``n`` observations."""
    deviance, m = -2.0 * log_likelihood, max(n, parameters + 2)
    return Likelihood(
        log_likelihood,
        2.0 * parameters + deviance,
        parameters * log(n) + deviance if n > 0 else float("nan"),
        2.0 * parameters * m / (m - parameters - 1) + deviance,
        parameters,
    )
