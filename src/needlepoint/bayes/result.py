"""The posterior of a pairwise model or a meta-regression."""

from __future__ import annotations

import math
from dataclasses import field
from typing import TYPE_CHECKING, Any

from needlepoint.arrays import Floats
from needlepoint.bayes._fit import Fit
from needlepoint.bayes.joint_prior import JointPrior
from needlepoint.bayes.mixture import Mixture
from needlepoint.result import Result, jsonable, record, without_notes

if TYPE_CHECKING:
    from needlepoint.bayes.prior_effect import EffectPrior
    from needlepoint.bayes.prior_tau import TauPrior

__all__ = ["Posterior", "PosteriorCoefficient"]


@record
class PosteriorCoefficient(Result):
    """One coefficient: posterior mean, standard deviation, median, credible interval and P(above zero).

    ``estimate`` is NaN, and the posterior's notes say why, where the mean does not exist: the median always does.
    """

    term: str
    estimate: float
    se: float
    median: float
    ci_low: float
    ci_high: float
    p_above_zero: float


@record
class Posterior(Result):
    """What the studies and the priors say together, on the analysis scale (log for ratios).

    ``estimate`` and ``se`` are the posterior mean and standard deviation of the effect (the first coefficient, with
    moderators), ``ci`` its credible interval, ``pi`` that of the true effect of a new study (None with moderators),
    ``tau`` the posterior median of the heterogeneity and ``tau2`` its square. ``log_evidence`` is the log marginal
    likelihood, known to ``error``, and None under an improper prior, where it means nothing.

    ``effect`` and ``predictive`` are distributions: ``density``, ``cdf``, ``quantile``, ``interval``,
    ``probability``, ``draw``; ``heterogeneity`` likewise (None when tau is fixed).
    """

    measure: str
    method: str
    prior_effect: str
    prior_tau: str
    interval: str
    level: float
    k: int
    estimate: float
    se: float
    median: float
    ci_low: float
    ci_high: float
    pi_low: float | None
    pi_high: float | None
    p_above_zero: float
    tau: float
    tau2: float
    tau_low: float
    tau_high: float
    log_evidence: float | None
    error: float
    coefficients: tuple[PosteriorCoefficient, ...]
    input_digest: str
    effect: Mixture = field(repr=False)
    predictive: Mixture | None = field(repr=False)
    heterogeneity: Any = field(repr=False)
    yi: Floats = field(repr=False)
    vi: Floats = field(repr=False)
    X: Floats = field(repr=False)
    study: tuple[str, ...] = field(repr=False)
    weights: Floats = field(repr=False)
    fit: Fit = field(repr=False)
    joint: JointPrior | Posterior = field(repr=False)
    design: Any = field(repr=False)

    @property
    def effect_prior(self) -> EffectPrior | None:
        """The effect's prior; None when it was an earlier posterior."""
        return self.joint.coefficients[0] if isinstance(self.joint, JointPrior) else None

    @property
    def tau_prior(self) -> TauPrior | None:
        """The heterogeneity's prior; None when it was an earlier posterior."""
        return self.joint.tau if isinstance(self.joint, JointPrior) else None

    def probability(self, low: float = float("-inf"), high: float = float("inf")) -> float:
        """Posterior probability that the effect lies between ``low`` and ``high``.

        >>> from needlepoint.bayes.api import posterior
        >>> round(posterior(yi=[0.2, 0.5], vi=[0.04, 0.04], prior_tau="fixed(0)").probability(low=0.0), 4)
        0.9933
        """
        return self.effect.probability(low, high)

    def draw(self, n: int, *, seed: int = 0) -> dict[str, Floats]:
        """Independent joint draws of tau and of every coefficient, by term."""
        from needlepoint.bayes.draws import draw_jointly

        tau, beta = draw_jointly(self.fit, n, seed)
        return {"tau": tau} | {c.term: beta[:, j] for j, c in enumerate(self.coefficients)}

    def tidy(self) -> list[dict[str, Any]]:
        """One row a coefficient, each with the heterogeneity of the model."""
        names = ("measure", "method", "level", "k", "pi_low", "pi_high", "tau", "tau2", "tau_low", "tau_high")
        shared = {name: jsonable(getattr(self, name)) for name in names}
        return [row | shared for row in without_notes(self.coefficients)]

    def summary(self) -> str:
        """Text for people."""
        percent = f"{100 * self.level:g}%"
        lines = [
            f"Bayesian {'meta-regression' if len(self.coefficients) > 1 else 'random-effects model'}, "
            f"k = {self.k}, {self.measure}",
            f"prior of the effect: {self.prior_effect}; of tau: {self.prior_tau}",
            "",
        ]
        names = ["effect"] if len(self.coefficients) == 1 else [c.term for c in self.coefficients]
        width = max(len(name) for name in names)
        for name, c in zip(names, self.coefficients, strict=True):
            exists = not math.isnan(c.estimate)
            middle = f"{c.estimate:8.4f}  sd {c.se:.4f}" if exists else f"{c.median:8.4f}  (median)"
            lines.append(
                f"{name:<{width}}  {middle}  {percent} [{c.ci_low:.4f}, {c.ci_high:.4f}]"
                f"  P(>0) {c.p_above_zero:.4f}"
            )
        lines.append(
            f"{'tau':<{width}}  {self.tau:8.4f}  {percent} [{self.tau_low:.4f}, {self.tau_high:.4f}]"
        )
        if self.pi_low is not None and self.pi_high is not None:
            lines.append(f"true effect of a new study  {percent} [{self.pi_low:.4f}, {self.pi_high:.4f}]")
        if self.log_evidence is not None:
            lines.append(f"log marginal likelihood {self.log_evidence:.6f} (error {self.error:.0e})")
        return "\n".join([*lines, *self.notes])
