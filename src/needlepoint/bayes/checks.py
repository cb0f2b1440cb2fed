"""Checks of a Bayesian model: predictive p-values of data given the rest, and conflict of prior and data.

All are integrals over the posterior or the prior, computed as such: nothing is simulated.
"""

from __future__ import annotations

import numpy as np

from needlepoint.arrays import Floats
from needlepoint.bayes._fit import fit
from needlepoint.bayes._normal_normal import log_total
from needlepoint.bayes.joint_prior import JointPrior
from needlepoint.bayes.mixture import Mixture
from needlepoint.bayes.prior_tau import Fixed
from needlepoint.bayes.result import Posterior
from needlepoint.errors import InputError, NotEnoughStudies
from needlepoint.result import Result, record
from needlepoint.stats.quadrature import integrate

__all__ = ["PredictiveCheck", "PriorConflict", "StudyCheck", "predictive_check", "prior_conflict"]


@record
class StudyCheck(Result):
    """How the other studies foresee one: predicted mean and sd, log density at what was seen, two-sided p-value."""

    study: str
    yi: float
    predicted: float
    predicted_sd: float
    log_density: float
    p_value: float


@record
class PredictiveCheck(Result):
    """Posterior predictive p-value of the residual chi-squared, and a leave-one-out check a study.

    ``p_value`` near zero: the studies scatter more than the model can; near one: less. ``elpd`` is the expected log
    predictive density of leave-one-out cross-validation (Vehtari et al. 2017, doi:10.1007/s11222-016-9696-4), each
    study truly left out, and ``elpd_se`` its standard error: of two models the one with the larger foresees better.
    """

    p_value: float
    elpd: float
    elpd_se: float
    studies: tuple[StudyCheck, ...]


@record
class PriorConflict(Result):
    """Prior predictive p-values (Box 1980, doi:10.2307/2982063): small where the prior did not foresee the data.

    ``effect_p`` two-sided, of the inverse-variance mean; ``heterogeneity_p`` the chance of a Q at least as large,
    so that values near zero mean more and near one less heterogeneity than foreseen. None where improper.
    """

    effect_p: float | None
    heterogeneity_p: float | None


def predictive_check(posterior: Posterior) -> PredictiveCheck:
    """Posterior predictive checks (Gelman, Meng & Stern 1996) with the coefficients integrated out.

    Overall: given tau the weighted residual sum of squares of replicated studies is chi-squared with k - p degrees
    of freedom, so that the p-value is the posterior mean of its upper tail. Per study: the estimate against its
    distribution given the other studies.

    Raises
    ------
    NotEnoughStudies
        No study can be foreseen from the others.
    """
    k, p = posterior.X.shape
    if k < p + 2:
        raise NotEnoughStudies("a predictive check", needs=p + 2, got=k)
    from scipy.special import gammaincc

    found = posterior.fit
    q = _residual_square(posterior, found.tau)
    overall = float(found.weights @ gammaincc((k - p) / 2.0, q / 2.0))
    studies = tuple(_left_out(posterior, i) for i in range(k))
    each = np.array([study.log_density for study in studies])
    return PredictiveCheck(
        p_value=overall, elpd=float(each.sum()), elpd_se=float(np.sqrt(k * each.var(ddof=1))), studies=studies
    )


def _residual_square(posterior: Posterior, tau: Floats) -> Floats:
    """Generalised Q at each tau, with the coefficients at their weighted least squares."""
    W = 1.0 / (posterior.vi + (tau**2)[:, None])
    X, y = posterior.X, posterior.yi
    p = X.shape[1]
    xwx = (W @ (X[:, :, None] * X[:, None, :]).reshape(len(y), p * p)).reshape(-1, p, p)
    beta = np.linalg.solve(xwx, ((W * y) @ X)[..., None])[..., 0]
    return np.asarray((W * (y - beta @ X.T) ** 2).sum(axis=1))


def _left_out(posterior: Posterior, i: int) -> StudyCheck:
    joint = posterior.joint
    if not isinstance(joint, JointPrior):
        raise InputError(
            "leave-one-out checks need the priors themselves, not an earlier posterior", field="prior"
        )
    keep = np.arange(posterior.k) != i
    rest = fit(joint, joint.axes, joint.tau_at, posterior.yi[keep], posterior.vi[keep], posterior.X[keep])
    seen = rest.along(posterior.X[i], rest.tau**2 + posterior.vi[i])
    below = float(seen.cdf(posterior.yi[i]))
    return StudyCheck(
        study=posterior.study[i],
        yi=float(posterior.yi[i]),
        predicted=seen.mean,
        predicted_sd=seen.sd,
        log_density=float(np.log(seen.density(posterior.yi[i]))),
        p_value=2.0 * min(below, 1.0 - below),
    )


def prior_conflict(posterior: Posterior) -> PriorConflict:
    """Does the prior conflict with the data? Prior predictive p-values of their mean and of their spread.

    Raises
    ------
    InputError
        Moderators, or an earlier posterior as the prior.
    """
    joint = posterior.joint
    if not isinstance(joint, JointPrior) or posterior.X.shape[1] > 1:
        raise InputError("a check for conflict needs one effect with its own prior", field="posterior")
    if not joint.tau.proper:
        return PriorConflict(effect_p=None, heterogeneity_p=None)
    tau, weights = _prior_tau(joint)
    w = 1.0 / posterior.vi
    share = w / w.sum()
    mean = float(share @ posterior.yi)
    effect_p = None
    if joint.proper:
        seen = _prior_mean(joint, tau, weights, 1.0 / float(w.sum()), float(share @ share))
        below = float(seen.cdf(mean))
        effect_p = 2.0 * min(below, 1.0 - below)
    q = float(w @ (posterior.yi - mean) ** 2)
    return PriorConflict(effect_p=effect_p, heterogeneity_p=_q_tail(posterior.vi, tau, weights, q))


def _prior_tau(joint: JointPrior) -> tuple[Floats, Floats]:
    if isinstance(joint.tau, Fixed):
        return np.array([joint.tau.tau]), np.ones(1)
    found = integrate(lambda t: joint.tau.log_density(t, joint.vi), joint.tau.axis(joint.vi), rtol=1e-6)
    return found.nodes[:, 0], found.weights


def _prior_mean(joint: JointPrior, tau: Floats, weights: Floats, variance: float, spread: float) -> Mixture:
    """Prior predictive distribution of the inverse-variance mean."""
    effect = JointPrior(Fixed(0.0), joint.coefficients, joint.vi)
    if effect.axes:
        quadrature = integrate(lambda h: log_total(effect(h)), effect.axes, rtol=1e-6)
        state, outer = effect(quadrature.nodes[:, 0]), quadrature.weights
    else:
        state, outer = effect(), np.ones(1)
    share = np.exp(state.log_weight - log_total(state)[:, None]) * outer[:, None]
    means = state.mean[..., 0].ravel()
    variances = 1.0 / state.precision[..., 0, 0].ravel()
    total = np.add.outer(variances, variance + spread * tau**2)
    both = np.multiply.outer(share.ravel(), weights)
    keep = both.ravel() > 1e-12
    at = np.repeat(means, len(tau))
    return Mixture(both.ravel()[keep] / both.ravel()[keep].sum(), at[keep], np.sqrt(total.ravel()[keep]))


def _q_tail(vi: Floats, tau: Floats, weights: Floats, q: float) -> float:
    """Prior predictive chance of a larger Q: given tau it is a mixture of chi-squares, known exactly."""
    from needlepoint.stats.quadratic_form import chi2_mixture_cdf

    if len(vi) < 2:
        return 1.0
    root = np.sqrt(1.0 / vi)
    unit = root / np.linalg.norm(root)
    residual_maker = np.eye(len(vi)) - np.outer(unit, unit)
    keep = weights > 1e-9
    tail = 0.0
    for t, w in zip(tau[keep], weights[keep], strict=True):
        scale = np.sqrt(1.0 + t * t / vi)
        roots = np.linalg.eigvalsh(scale[:, None] * residual_maker * scale)
        tail += float(w) * (1.0 - chi2_mixture_cdf(q, np.maximum(roots, 0.0)))
    return tail / float(weights[keep].sum())
