"""``posterior_counts``: a Bayesian random-effects model with the exact likelihood of counts, rare events included."""

from __future__ import annotations

from dataclasses import field
from typing import Any, Unpack

import numpy as np

from needlepoint.bayes._count_fit import fit_counts, refuse_uncountable
from needlepoint.bayes.mixture import Mixture
from needlepoint.bayes.parse_prior import effect_prior, tau_prior
from needlepoint.bayes.prior_effect import EffectPrior, Point
from needlepoint.bayes.prior_tau import Fixed, HalfNormal, TauPrior
from needlepoint.errors import InputError
from needlepoint.options import check, check_fraction
from needlepoint.pooling.counts.counts import Counts, CountTables, read_counts
from needlepoint.result import Result, digest, record
from needlepoint.stats.quadrature import Quadrature
from needlepoint.stats.quadrature_marginal import Marginal

__all__ = ["COUNT_MEASURES", "CountPosterior", "posterior_counts"]

COUNT_MEASURES = ("OR", "IRR", "PLO", "IRLN")
_REFINE = 8  # of the effect's lattice under the predictive distribution


@record
class CountPosterior(Result):
    """Posterior from exact likelihoods, on the analysis scale (log or logit); fields as in ``Posterior``.

    ``error`` is the relative error of the marginal likelihood, both integrals together.
    """

    measure: str
    method: str
    prior_effect: str
    prior_tau: str
    level: float
    k: int
    estimate: float
    se: float
    median: float
    ci_low: float
    ci_high: float
    pi_low: float
    pi_high: float
    p_above_zero: float
    tau: float
    tau2: float
    tau_low: float
    tau_high: float
    log_evidence: float | None
    error: float
    input_digest: str
    effect: Marginal = field(repr=False)
    predictive: Mixture = field(repr=False)
    heterogeneity: Marginal = field(repr=False)
    study: tuple[str, ...] = field(repr=False)


def posterior_counts(
    data: Any = None,
    *,
    measure: str = "OR",
    study: Any = None,
    prior_effect: EffectPrior | str = "flat",
    prior_tau: TauPrior | str = HalfNormal(0.5),  # noqa: B008 - frozen value
    level: float = 0.95,
    **columns: Unpack[Counts],
) -> CountPosterior:
    """Bayesian random-effects model of counts with their exact likelihood: no continuity correction.

    "OR" conditions on both margins of each table and "IRR" on each total of events, so that control groups need no
    prior; "PLO" pools logits of proportions, "IRLN" log rates. The effects of the studies are integrated out of their
    likelihoods by Gauss-Hermite rules, effect and tau on a lattice; both errors are stated.

    Parameters
    ----------
    data
        A data frame, a mapping, or an ``EffectSizes`` that keeps its counts.
    columns
        ``ai bi ci di`` or ``ai n1i ci n2i``, ``x1i t1i x2i t2i``, ``xi ni``, ``xi ti``: names of columns, or numbers.

    Raises
    ------
    InputError
        A measure or count that cannot be used.
    ConvergenceError
        The posterior does not exist (no events at all under a flat prior), or its error stays too large.

    Examples
    --------
    >>> got = posterior_counts(ai=[1, 0, 3], n1i=[50, 40, 90], ci=[4, 2, 9], n2i=[50, 45, 88])
    >>> got.ci_high < 0, got.error < 1e-4
    (True, True)
    """
    check(measure, COUNT_MEASURES, field="measure")
    check_fraction(level, field="level")
    counts = read_counts(
        data, columns, measure=measure, study=study, method="a Bayesian model of counts", drop00=False
    )
    refuse_uncountable(counts, measure)
    effect, tau = effect_prior(prior_effect), tau_prior(prior_tau)
    if isinstance(effect, Point) or isinstance(tau, Fixed):
        raise InputError("effect and tau must both be free here", field="prior", got=f"{effect}, {tau}")
    quadrature, error = fit_counts(counts, measure, effect, tau)
    return _dressed(counts, measure, effect, tau, quadrature, error, level)


def _dressed(
    counts: CountTables,
    measure: str,
    effect: EffectPrior,
    tau: TauPrior,
    quadrature: Quadrature,
    error: float,
    level: float,
) -> CountPosterior:
    mu, heterogeneity = quadrature.marginal(0), quadrature.marginal(1)
    predictive = _predictive(quadrature)
    (low, high), (tau_low, tau_high), pi = (d.interval(level) for d in (mu, heterogeneity, predictive))
    middle = float(heterogeneity.quantile(0.5))
    return CountPosterior(
        notes=counts.notes,
        measure=measure,
        method="Bayes, exact likelihood",
        prior_effect=str(effect),
        prior_tau=str(tau),
        level=level,
        k=len(counts.study),
        estimate=mu.mean(),
        se=mu.sd(),
        median=float(mu.quantile(0.5)),
        ci_low=low,
        ci_high=high,
        pi_low=pi[0],
        pi_high=pi[1],
        p_above_zero=mu.probability(low=0.0),
        tau=middle,
        tau2=middle**2,
        tau_low=tau_low,
        tau_high=tau_high,
        log_evidence=quadrature.log_evidence if effect.proper and tau.proper else None,
        error=error,
        input_digest=digest(*counts.cells.values(), measure, effect, tau, level),
        effect=mu,
        predictive=predictive,
        heterogeneity=heterogeneity,
        study=counts.study,
    )


def _predictive(quadrature: Quadrature) -> Mixture:
    """True effect of a new study: normals about the effect, its lattice refined so that small tau leave no gaps."""
    step, stretch = float(quadrature.step[0]), quadrature.stretch[0]
    weights, means, sds = [], [], []
    for level in np.unique(quadrature.index[:, 1]):
        at = quadrature.index[:, 1] == level
        where = quadrature.index[at, 0]
        u = np.arange(where.min() * _REFINE, where.max() * _REFINE + 1) / _REFINE  # in steps
        mass = np.maximum(np.sinc(u[:, None] - where) @ quadrature.weights[at], 0.0) / _REFINE
        mu = stretch.axis.to_x(stretch.to_t(u * step))
        gap = np.gradient(mu) if len(mu) > 1 else np.zeros(1)
        weights.append(mass)
        means.append(mu)
        sds.append(np.maximum(quadrature.nodes[at, 1][0], 0.7 * gap))
    mass, mean, sd = (np.concatenate(part) for part in (weights, means, sds))
    keep = mass > 1e-12
    return Mixture(mass[keep] / mass[keep].sum(), mean[keep], sd[keep])
