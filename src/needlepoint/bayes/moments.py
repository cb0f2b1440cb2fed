"""Which moments a posterior has: the tail of tau decides, once the data have had their say.

Given k studies and q coefficients with flat priors, the likelihood falls as tau^-(k - q) when tau grows. With a prior
that falls as tau^-a the posterior of tau falls as tau^-(a + k - q). A coefficient with a flat prior, whose spread given
tau is proportional to tau, has a mean only where that exponent exceeds two, and a variance where it exceeds three.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from needlepoint.bayes.joint_prior import JointPrior

if TYPE_CHECKING:
    from needlepoint.arrays import Floats
    from needlepoint.bayes.prior_tau import TauPrior
    from needlepoint.bayes.result import Posterior

__all__ = ["prior_tail", "tau_tail"]

_FAR = (1e40, 1e50)  # where a prior shows how it falls, in the unit of the studies
_NEARLY = 1e-6  # priors that fall as a power tell their exponent to this
MEAN, VARIANCE = 2.0 + _NEARLY, 3.0 + _NEARLY
"""Exponents that the tail of tau must exceed."""


def prior_tail(prior: TauPrior, vi: Floats) -> float:
    """The power of tau with which its prior falls; infinity for one that falls faster than any power.

    >>> from needlepoint.bayes.prior_tau import HalfCauchy, HalfNormal
    >>> round(prior_tail(HalfCauchy(1.0), np.ones(3)), 6), prior_tail(HalfNormal(1.0), np.ones(3))
    (2.0, inf)
    """
    if not hasattr(prior, "log_density"):
        return math.inf
    far = np.array(_FAR) * math.sqrt(float(np.median(vi)))
    with np.errstate(all="ignore"):
        low, high = (float(v) for v in prior.log_density(far, vi))
    if not (math.isfinite(low) and math.isfinite(high)):
        return math.inf
    slope = (low - high) / math.log(_FAR[1] / _FAR[0])
    return slope if slope < 30.0 else math.inf


def tau_tail(joint: JointPrior | Posterior, k: int, vi: Floats) -> float:
    """The power of tau with which its posterior falls, after ``k`` more studies."""
    if not isinstance(joint, JointPrior):
        return tau_tail(joint.joint, joint.k + k, vi)
    flat = sum(not prior.proper for prior in joint.coefficients)
    return prior_tail(joint.tau, vi) + k - flat
