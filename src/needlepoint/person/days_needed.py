"""How many more days of diary would settle a verdict, if things stay as they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from needlepoint.person._ar1_noise import whiten
from needlepoint.person.posterior import Mixture, Posterior
from needlepoint.person.priors import Priors

if TYPE_CHECKING:
    from needlepoint.arrays import Floats


__all__ = ["days_needed"]

HORIZON = 182  # beyond half a year a forecast of this kind means nothing
STEP = 7  # answers are in weeks of days


def days_needed(t: Floats, posterior: Posterior, effect: Mixture, priors: Priors) -> int | None:
    """Days of daily entries after which the rule would speak, the effect staying where it is; None beyond half a year.

    The effect's SD is scaled by the design's own precision at the posterior mean of the noise: one pass of the
    filter over the days that there are and the days to come.
    """
    from needlepoint.stats.distributions import normal_cdf

    sds = _future_sds(t, posterior, priors)
    limits = priors.limits
    for more in range(STEP, HORIZON + 1, STEP):
        sd = effect.sd * sds[more] / sds[0]
        below = normal_cdf((-limits.worthwhile - effect.mean) / sd)
        worse = normal_cdf(effect.mean / sd)
        due = t[-1] + more >= limits.review_days
        if below >= (limits.sure if due else limits.sure_early) or max(1 - below, worse) >= limits.sure:
            return more
    return None


def _future_sds(t: Floats, posterior: Posterior, priors: Priors) -> Floats:
    """SD of the treatment's coefficient now and after 1 ... HORIZON more days, (HORIZON + 1,)."""
    phi, sigma = posterior.mean_of(posterior.phi), posterior.mean_of(posterior.sigma)
    w = float(posterior.weights.sum(axis=(0, 2)) @ posterior.w)
    ramp = priors.design.ramps[int(np.argmax(posterior.weights.sum(axis=(0, 1))))]
    days = np.concatenate([t, t[-1] + 1 + np.arange(HORIZON)])
    natural = 1 - np.exp(-(days - days[0]) / priors.design.course_days)
    treated = np.where(days >= 0, 1 - np.exp(-(np.maximum(days, 0) + 1) / ramp), 0.0)
    columns = np.column_stack([np.ones_like(days), natural, treated])
    rows = whiten(days, columns, np.array([phi]), np.array([w]))[0][:, 0, 0] / sigma
    information = np.cumsum(rows[:, :, None] * rows[:, None, :], axis=0)[len(t) - 1 :]
    prior = np.diag(posterior.prior_sd[[0, 1, -1]] ** -2)
    return np.sqrt(np.linalg.inv(information + prior)[:, 2, 2])
