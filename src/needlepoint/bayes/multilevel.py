"""``posterior_multilevel``: effects nested in clusters (studies, laboratories), by quadrature over two scales."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field
from typing import Any

import numpy as np

from needlepoint.arrays import Floats
from needlepoint.bayes._fit import posterior_of
from needlepoint.bayes._normal_normal import Gaussian, update_clustered
from needlepoint.bayes.api import coefficient
from needlepoint.bayes.joint_prior import joint_prior
from needlepoint.bayes.mixture import Mixture
from needlepoint.bayes.parse_prior import effect_prior, tau_prior
from needlepoint.bayes.prior_effect import EffectPrior
from needlepoint.bayes.prior_tau import Fixed, HalfNormal, TauPrior
from needlepoint.bayes.result import PosteriorCoefficient
from needlepoint.columns import groups
from needlepoint.errors import InputError, NotEnoughStudies
from needlepoint.options import check_fraction
from needlepoint.pooling.inputs import read
from needlepoint.result import Result, digest, record
from needlepoint.stats.quadrature_marginal import Marginal

__all__ = ["MultilevelPosterior", "posterior_multilevel"]


@record
class MultilevelPosterior(Result):
    """Posterior of a three-level model; ``between`` and ``within`` are medians of the clusters' and effects' sd.

    The prediction interval is that of a new effect in a new cluster (None with moderators).
    """

    measure: str
    method: str
    prior_effect: str
    prior_between: str
    prior_within: str
    level: float
    k: int
    clusters: int
    estimate: float
    se: float
    median: float
    ci_low: float
    ci_high: float
    pi_low: float | None
    pi_high: float | None
    p_above_zero: float
    between: float
    between_low: float
    between_high: float
    within: float
    within_low: float
    within_high: float
    log_evidence: float | None
    error: float
    coefficients: tuple[PosteriorCoefficient, ...]
    input_digest: str
    effect: Mixture = field(repr=False)
    predictive: Mixture | None = field(repr=False)
    between_heterogeneity: Marginal = field(repr=False)
    within_heterogeneity: Marginal = field(repr=False)


def posterior_multilevel(
    effects: Any = None,
    *,
    cluster: Any,
    yi: Any = None,
    vi: Any = None,
    sei: Any = None,
    data: Any = None,
    study: Any = None,
    prior_effect: EffectPrior | str = "flat",
    prior_between: TauPrior | str = HalfNormal(0.5),  # noqa: B008 - frozen value
    prior_within: TauPrior | str = HalfNormal(0.5),  # noqa: B008 - frozen value
    prior_mods: EffectPrior | str | Sequence[EffectPrior] = "flat",
    mods: Any = None,
    intercept: bool = True,
    level: float = 0.95,
    measure: str | None = None,
) -> MultilevelPosterior:
    """Bayesian three-level model: sampling error, effects within a cluster, clusters.

    Given the two standard deviations the coefficients are normal, so that their posterior is a mixture over a plane,
    integrated to a stated error. ``cluster`` says which effects belong together; the rest is as for
    :func:`needlepoint.bayes.api.bayes`.

    Raises
    ------
    InputError
        A value that cannot be used.
    NotEnoughStudies
        Fewer than two clusters.
    ConvergenceError
        The posterior does not exist, or its error stays too large.

    Examples
    --------
    >>> got = posterior_multilevel(
    ...     yi=[0.1, 0.2, 0.6, 0.7, 0.4], vi=[0.02, 0.03, 0.02, 0.04, 0.03], cluster=["a", "a", "b", "b", "c"]
    ... )
    >>> got.clusters, got.within < got.between
    (3, True)
    """
    check_fraction(level, field="level")
    inputs = read(effects, yi, vi, sei, data, study, mods=mods, intercept=intercept, measure=measure)
    member, names = _members(effects if data is None else data, cluster, inputs.rows)
    between, within = tau_prior(prior_between), tau_prior(prior_within)
    if isinstance(between, Fixed) or isinstance(within, Fixed):
        raise InputError(
            "both standard deviations must be free here", field="prior_between", mend="or use posterior()"
        )
    X, y, v = inputs.design.X, inputs.yi, inputs.vi
    effect = effect_prior(prior_effect)
    others = effect_prior(prior_mods) if isinstance(prior_mods, EffectPrior | str) else tuple(prior_mods)
    joint = joint_prior(between, effect, others, X.shape[1], v)

    def state(*scales: Floats) -> Gaussian:
        b, w, *mixing = scales
        g = update_clustered(joint(b, *mixing), y, v, X, member, b, w)
        log_weight = g.log_weight + within.log_density(w, v)[:, None]
        return Gaussian(log_weight, g.mean, g.precision, g.log_norm)

    axes = (joint.axes[0], within.axis(v), *joint.axes[1:])
    found = posterior_of(state, axes, lambda scales: np.hypot(scales[0], scales[1]))
    assert found.quadrature is not None
    rows = tuple(coefficient(term, found, j, level, "central") for j, term in enumerate(inputs.design.terms))
    plain = X.shape[1] == 1 and bool(np.all(X == 1.0))
    predictive = found.along(np.ones(1), found.tau**2) if plain else None
    pi = (None, None) if predictive is None else predictive.interval(level)
    margins = [found.quadrature.marginal(j) for j in (0, 1)]
    spans = [m.interval(level) for m in margins]
    proper = joint.proper and within.proper
    first = rows[0]
    return MultilevelPosterior(
        notes=inputs.notes,
        measure=inputs.measure,
        method="Bayes, three levels",
        prior_effect=str(effect),
        prior_between=str(between),
        prior_within=str(within),
        level=level,
        k=len(y),
        clusters=len(names),
        estimate=first.estimate,
        se=first.se,
        median=first.median,
        ci_low=first.ci_low,
        ci_high=first.ci_high,
        pi_low=pi[0],
        pi_high=pi[1],
        p_above_zero=first.p_above_zero,
        between=float(margins[0].quantile(0.5)),
        between_low=spans[0][0],
        between_high=spans[0][1],
        within=float(margins[1].quantile(0.5)),
        within_low=spans[1][0],
        within_high=spans[1][1],
        log_evidence=found.log_evidence if proper else None,
        error=found.error,
        coefficients=rows,
        input_digest=digest(y, v, X, member, str(joint), str(within), level),
        effect=found.along(np.eye(X.shape[1])[0]),
        predictive=predictive,
        between_heterogeneity=margins[0],
        within_heterogeneity=margins[1],
    )


def _members(data: Any, cluster: Any, rows: Any) -> tuple[Floats, list[str]]:
    """Membership (k, C) of the rows kept, and the clusters' names."""
    given = [str(value) for value in groups(data, cluster, field="cluster").tolist()]
    if len(given) <= int(np.max(rows)):
        raise InputError("one cluster an effect is needed", field="cluster", got=len(given))
    kept = [given[i] for i in np.asarray(rows).tolist()]
    names = sorted(set(kept))
    if len(names) < 2:
        raise NotEnoughStudies("a multilevel model", needs=2, got=len(names), hint="clusters are meant")
    return np.array([[float(name == own) for name in names] for own in kept]), names
