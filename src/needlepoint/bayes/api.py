"""``posterior``: effect sizes and priors in, one posterior out."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from needlepoint.arrays import Floats
from needlepoint.bayes._fit import Fit, fit
from needlepoint.bayes._normal_normal import Gaussian
from needlepoint.bayes.highest_density import shortest
from needlepoint.bayes.joint_prior import JointPrior, joint_prior
from needlepoint.bayes.moments import MEAN, VARIANCE, tau_tail
from needlepoint.bayes.parse_prior import effect_prior, tau_prior
from needlepoint.bayes.prior_effect import EffectPrior, Flat
from needlepoint.bayes.prior_tau import HalfNormal, Shrinkage, TauPrior
from needlepoint.bayes.result import Posterior, PosteriorCoefficient
from needlepoint.errors import InputError
from needlepoint.options import check, check_fraction
from needlepoint.pooling.inputs import Inputs, read
from needlepoint.pooling.refit import as_effects
from needlepoint.result import digest

__all__ = ["INTERVALS", "UNIT_SCALES", "coefficient", "posterior"]

INTERVALS = ("central", "shortest")
# scales on which a half-normal of 0.5 allows "substantial" heterogeneity: Röver et al. (2021), section 3
UNIT_SCALES = {"SMD", "SMDH", "OR", "RR", "IRR", "HR", "PETO", "ROM", "AS", "COR", "ZCOR"}


def posterior(
    effects: Any = None,
    *,
    yi: Any = None,
    vi: Any = None,
    sei: Any = None,
    data: Any = None,
    study: Any = None,
    prior_effect: EffectPrior | str | None = None,
    prior_tau: TauPrior | str | None = None,
    prior_mods: EffectPrior | str | Sequence[EffectPrior] = "flat",
    prior: Posterior | None = None,
    mods: Any = None,
    intercept: bool = True,
    level: float = 0.95,
    interval: str = "central",
    measure: str | None = None,
) -> Posterior:
    """Bayesian normal-normal model by deterministic quadrature, with or without moderators.

    Given tau the effect is normal, so that its posterior is a mixture of normals over tau, computed to a stated
    error and the same on every run (Röver 2020, doi:10.18637/jss.v093.i06). Effects as for :func:`needlepoint.pool`.

    Parameters
    ----------
    prior_effect
        ``Flat()`` (default), ``Normal(0, 2)``, ``StudentT``, ``Cauchy``, ``NormalMixture``, or as text "normal(0, 2)".
    prior_tau
        ``HalfNormal(0.5)`` by default where yi is a standardised difference or a log ratio, the scale-free uniform
        shrinkage prior elsewhere; any prior of :data:`needlepoint.bayes.prior_tau.TAU_PRIORS`, also as text.
    prior_mods
        Prior of the moderators' coefficients: one for all or one each.
    prior
        An earlier posterior as the prior, in place of the three above: sequential updating.
    level, interval
        Probability of the credible intervals; "central" (equal tails) or "shortest".

    Raises
    ------
    InputError
        A value that cannot be used.
    ConvergenceError
        The posterior does not exist under an improper prior, or its error cannot be brought down.

    Examples
    --------
    >>> result = posterior(yi=[0.1, 0.4, 0.3], vi=[0.02, 0.03, 0.01], prior_tau="half-normal(0.5)")
    >>> round(result.estimate, 4), round(result.tau, 4)
    (0.2631, 0.1511)
    """
    check_fraction(level, field="level")
    check(interval, INTERVALS, field="interval")
    inputs = read(
        as_effects(effects), yi, vi, sei, data, study, mods=mods, intercept=intercept, measure=measure
    )
    notes = list(inputs.notes)
    if prior is not None:
        if prior_effect is not None or prior_tau is not None:
            raise InputError("give prior= or prior_effect= and prior_tau=, not both", field="prior")
        if prior.X.shape[1] != inputs.design.X.shape[1]:
            raise InputError(
                "the earlier posterior has other moderators", field="prior", got=prior.X.shape[1]
            )
        return _posterior(inputs, prior, level, interval, notes)
    tau = _default_tau(inputs, notes) if prior_tau is None else tau_prior(prior_tau)
    effect = Flat() if prior_effect is None else effect_prior(prior_effect)
    others = effect_prior(prior_mods) if isinstance(prior_mods, EffectPrior | str) else tuple(prior_mods)
    joint = joint_prior(tau, effect, others, inputs.design.X.shape[1], inputs.vi)
    return _posterior(inputs, joint, level, interval, notes)


def _default_tau(inputs: Inputs, notes: list[str]) -> TauPrior:
    if inputs.measure in UNIT_SCALES:
        return HalfNormal(0.5)
    notes.append(
        "prior of tau not given: uniform shrinkage, which fits any scale; choose one with prior_tau="
    )
    return Shrinkage()


def _posterior(
    inputs: Inputs, joint: JointPrior | Posterior, level: float, interval: str, notes: list[str]
) -> Posterior:
    yi, vi, X = inputs.yi, inputs.vi, inputs.design.X
    found = _fit(joint, yi, vi, X)
    p = X.shape[1]
    coefficients = tuple(
        coefficient(term, found, j, level, interval) for j, term in enumerate(inputs.design.terms)
    )
    coefficients = _existing(coefficients, joint, yi, vi, notes)
    first = coefficients[0]
    plain = p == 1 and bool(np.all(X == 1.0))
    predictive = found.along(np.ones(1), found.tau**2) if plain else None
    pi = predictive.interval(level, interval) if predictive is not None else (None, None)
    tau, tau_low, tau_high, margin = _heterogeneity(found, level, interval)
    proper = joint.proper if isinstance(joint, JointPrior) else joint.log_evidence is not None
    return Posterior(
        notes=tuple(notes),
        measure=inputs.measure,
        method="Bayes",
        prior_effect=str(joint.coefficients[0]) if isinstance(joint, JointPrior) else "an earlier posterior",
        prior_tau=str(joint.tau) if isinstance(joint, JointPrior) else "an earlier posterior",
        interval=interval,
        level=level,
        k=len(yi),
        estimate=first.estimate,
        se=first.se,
        median=first.median,
        ci_low=first.ci_low,
        ci_high=first.ci_high,
        pi_low=pi[0],
        pi_high=pi[1],
        p_above_zero=first.p_above_zero,
        tau=tau,
        tau2=tau * tau,
        tau_low=tau_low,
        tau_high=tau_high,
        log_evidence=found.log_evidence if proper else None,
        error=found.error,
        coefficients=coefficients,
        input_digest=digest(yi, vi, X, repr(joint), level, interval),
        effect=found.along(np.eye(p)[0]),
        predictive=predictive,
        heterogeneity=margin,
        yi=yi,
        vi=vi,
        X=X,
        study=inputs.study,
        weights=_mean_weights(found, vi, X),
        fit=found,
        joint=joint,
        design=inputs.design,
    )


def _existing(
    coefficients: tuple[PosteriorCoefficient, ...],
    joint: JointPrior | Posterior,
    yi: Floats,
    vi: Floats,
    notes: list[str],
) -> tuple[PosteriorCoefficient, ...]:
    """No mean, and no finite standard deviation, where the posterior has none; the notes say why."""
    tail = tau_tail(joint, len(yi), vi)
    if tail > VARIANCE:
        return coefficients
    base = joint
    while not isinstance(base, JointPrior):
        base = base.joint
    kept: list[PosteriorCoefficient] = []
    for found, prior in zip(coefficients, base.coefficients, strict=True):
        if prior.proper:
            kept.append(found)
            continue
        mean = found.estimate if tail > MEAN else math.nan
        kept.append(replace(found, estimate=mean, se=math.inf))
        lacks = "standard deviation" if tail > MEAN else "mean"
        name = "effect" if len(coefficients) == 1 else found.term
        instead = "its interval stands" if tail > MEAN else "its median is given"
        notes.append(
            f"the posterior {lacks} of {name if name != 'effect' else 'the effect'} does not exist "
            f"(k = {len(yi)}, flat prior, and a prior of tau with a heavy tail): {instead}"
        )
    return tuple(kept)


def _fit(joint: JointPrior | Posterior, yi: Floats, vi: Floats, X: Floats) -> Fit:
    if isinstance(joint, JointPrior):
        return fit(joint, joint.axes, joint.tau_at, yi, vi, X)
    earlier = joint.fit

    def as_prior(*scales: Floats) -> Gaussian:
        state = earlier.state(*scales)
        log_weight = state.log_weight - earlier.log_evidence
        return Gaussian(log_weight, state.mean, state.precision, state.log_norm)

    return fit(as_prior, earlier.axes, earlier.tau_at, yi, vi, X)


def coefficient(term: str, found: Fit, j: int, level: float, interval: str) -> PosteriorCoefficient:
    """Summary of one coefficient."""
    mixture = found.along(np.eye(found.mean.shape[1])[j])
    low, median, high = (float(q) for q in mixture.quantile([(1.0 - level) / 2.0, 0.5, (1.0 + level) / 2.0]))
    if interval == "shortest":
        low, high = mixture.interval(level, interval)
    return PosteriorCoefficient(
        term=term,
        estimate=mixture.mean,
        se=mixture.sd,
        median=median,
        ci_low=low,
        ci_high=high,
        p_above_zero=mixture.probability(low=0.0),
    )


def _heterogeneity(found: Fit, level: float, interval: str) -> tuple[float, float, float, Any]:
    """Median and interval of tau, and its marginal distribution."""
    if found.quadrature is None or bool(np.all(found.tau == found.tau[0])):
        return float(found.tau[0]), float(found.tau[0]), float(found.tau[0]), None
    margin = found.quadrature.marginal(0)
    low, median, high = (float(q) for q in margin.quantile([(1 - level) / 2, 0.5, (1 + level) / 2]))
    if interval == "shortest":
        low, high = shortest(margin.quantile, margin.density, level, floor=0.0)
    return median, low, high, margin


def _mean_weights(found: Fit, vi: Floats, X: Floats) -> Floats:
    """Posterior mean weights of the studies in the estimate, in percent; below 100 in sum under a proper prior."""
    W = 1.0 / (vi + (found.tau**2)[:, None])
    pull = (found.cov[:, 0, :] @ X.T) * W
    return 100.0 * (found.weights @ pull)
