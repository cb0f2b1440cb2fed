"""Bayes factors for an effect and for heterogeneity, as ratios of evidence."""

from __future__ import annotations

import math

import numpy as np

from needlepoint.bayes._fit import Fit, fit
from needlepoint.bayes.joint_prior import JointPrior
from needlepoint.bayes.prior_tau import Fixed
from needlepoint.bayes.result import Posterior
from needlepoint.errors import InputError
from needlepoint.result import Result, record

__all__ = ["BayesFactor", "bayes_factor"]


@record
class BayesFactor(Result):
    """Evidence for a free parameter (1) over its null value (0); ``error`` is that of ``log_bf10``.

    ``bf10`` and ``bf01`` are infinite beyond the range of doubles, where ``log_bf10`` still tells.
    """

    of: str
    side: str
    null: float
    bf10: float
    bf01: float
    log_bf10: float
    error: float


def bayes_factor(
    posterior: Posterior, *, of: str = "effect", null: float = 0.0, side: str = "both"
) -> BayesFactor:
    """Bayes factor of an "effect" other than ``null``, or of "heterogeneity" (tau above zero).

    The parameter tested needs a proper prior; the rest may be improper, as it is common to both models. ``side``
    "above" or "below" tests an effect on that side of ``null`` only, its prior cut there: the two-sided factor times
    posterior over prior probability of the side (Klugkist et al. 2005, doi:10.1037/1082-989X.10.4.477).

    Raises
    ------
    InputError
        An improper prior of what is tested, or an earlier posterior as the prior.

    >>> from needlepoint.bayes.api import posterior
    >>> fitted = posterior(yi=[0.2, 0.5], vi=[0.04, 0.04], prior_effect="normal(0, 1)", prior_tau="fixed(0)")
    >>> round(bayes_factor(fitted).bf10, 4)
    2.8194
    """
    if side not in {"both", "above", "below"} or (side != "both" and of != "effect"):
        raise InputError(
            "unknown side", field="side", got=side, allowed="both; of an effect also above, below"
        )
    joint = posterior.joint
    if not isinstance(joint, JointPrior):
        raise InputError("Bayes factors need the priors themselves, not an earlier posterior", field="prior")
    if of == "effect":
        if not joint.coefficients[0].proper:
            raise InputError(
                "a Bayes factor of the effect needs a proper prior of it",
                field="prior_effect",
                got=joint.coefficients[0],
                mend='for example prior_effect="normal(0, 1)"',
            )
        without = _without_effect(posterior, joint, null)
    elif of == "heterogeneity":
        if isinstance(joint.tau, Fixed) or not joint.tau.proper:
            raise InputError(
                "a Bayes factor of heterogeneity needs a proper prior of tau",
                field="prior_tau",
                got=joint.tau,
            )
        null = 0.0
        simpler = JointPrior(Fixed(0.0), joint.coefficients, joint.vi)
        without = _evidence(simpler, posterior, posterior.yi, posterior.X)
    else:
        raise InputError("unknown hypothesis", field="of", got=of, allowed="effect, heterogeneity")
    log_bf = posterior.fit.log_evidence - without.log_evidence + _log_side(posterior, joint, null, side)
    return BayesFactor(
        of=of,
        side=side,
        null=null,
        bf10=_exp(log_bf),
        bf01=_exp(-log_bf),
        log_bf10=log_bf,
        error=posterior.error + without.error,
    )


def _exp(x: float) -> float:
    """Infinity beyond the range of doubles."""
    return math.exp(x) if x < 709.0 else math.inf


def _log_side(posterior: Posterior, joint: JointPrior, null: float, side: str) -> float:
    """Log of posterior over prior probability of one side."""
    if side == "both":
        return 0.0
    after, before = float(posterior.effect.cdf(null)), joint.coefficients[0].cdf(null)
    if side == "above":
        after, before = 1.0 - after, 1.0 - before
    return math.log(max(after, 1e-300) / before)


def _without_effect(posterior: Posterior, joint: JointPrior, null: float) -> Fit:
    simpler = JointPrior(joint.tau, joint.coefficients[1:], joint.vi)
    return _evidence(simpler, posterior, posterior.yi - null * posterior.X[:, 0], posterior.X[:, 1:])


def _evidence(joint: JointPrior, posterior: Posterior, yi: np.ndarray, X: np.ndarray) -> Fit:
    return fit(joint, joint.axes, joint.tau_at, yi, posterior.vi, X)
