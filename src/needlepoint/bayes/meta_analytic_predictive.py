"""Meta-analytic-predictive priors: what past studies foresee of the next one, and how many patients that is worth.

Neuenschwander et al. (2010, doi:10.1177/1740774509356002); made robust as in Schmidli et al. (2014,
doi:10.1111/biom.12242).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from needlepoint.bayes.mixture import Mixture
from needlepoint.bayes.prior_effect import Normal, NormalMixture
from needlepoint.bayes.result import Posterior
from needlepoint.errors import InputError
from needlepoint.stats.quadrature import integrate
from needlepoint.stats.quadrature_axes import Real

if TYPE_CHECKING:
    from needlepoint.arrays import Floats


__all__ = ["effective_sample_size", "map_prior"]

_NEGLIGIBLE = 1e-12


def map_prior(posterior: Posterior, *, robust: float = 0.0, vague: Normal | None = None) -> NormalMixture:
    """The predictive distribution of a new study's true effect as a prior for its analysis.

    ``robust`` is the weight of a ``vague`` component, by default a normal about the posterior mean with a hundred
    times the predictive variance.

    >>> from needlepoint.bayes.api import posterior
    >>> past = posterior(yi=[0.1, 0.4, 0.3], vi=[0.02, 0.03, 0.01], prior_tau="half-normal(0.5)")
    >>> new = posterior(yi=[0.5], vi=[0.04], prior_effect=map_prior(past, robust=0.2), prior_tau="fixed(0)")
    >>> past.estimate < new.estimate < 0.5
    True
    """
    if posterior.predictive is None:
        raise InputError("with moderators there is no single predictive distribution", field="posterior")
    if not 0.0 <= robust < 1.0:
        raise InputError("the weight of the vague component is a fraction", field="robust", got=robust)
    mixture = posterior.predictive
    keep = mixture.weights > _NEGLIGIBLE
    weights, means, sds = mixture.weights[keep], mixture.means[keep], mixture.sds[keep]
    weights = weights / weights.sum() * (1.0 - robust)
    if robust > 0:
        wide = vague or Normal(mixture.mean, 10.0 * mixture.sd)
        weights, means, sds = np.append(weights, robust), np.append(means, wide.mean), np.append(sds, wide.sd)
    return NormalMixture(tuple(weights.tolist()), tuple(means.tolist()), tuple(sds.tolist()))


def effective_sample_size(
    prior: Normal | NormalMixture | Mixture, unit_sd: float, *, method: Literal["ELIR", "moment"] = "ELIR"
) -> float:
    """Effective sample size of a prior of a normal mean, in observations with standard deviation ``unit_sd``.

    "ELIR", expected local information ratio (Neuenschwander et al. 2020, doi:10.1111/biom.13252): the prior's Fisher
    information times the variance of one observation; "moment": that variance over the prior's.

    >>> effective_sample_size(Normal(0.0, 0.1), 1.0)
    100.0
    """
    if not unit_sd > 0:
        raise InputError(
            "the standard deviation of one observation is positive", field="unit_sd", got=unit_sd
        )
    if isinstance(prior, Normal):
        return (unit_sd / prior.sd) ** 2
    mixture = prior if isinstance(prior, Mixture) else _as_mixture(prior)
    if method == "moment":
        return (unit_sd / mixture.sd) ** 2
    if method != "ELIR":
        raise InputError("unknown method", field="method", got=method, allowed="ELIR, moment")
    low, middle, high = mixture.quantile([0.16, 0.5, 0.84])
    information = integrate(
        lambda x: _log_information(mixture, x), Real(float(middle), float(high - low) / 2.0), rtol=1e-6
    )
    return float(np.exp(information.log_evidence)) * unit_sd**2


def _as_mixture(prior: NormalMixture) -> Mixture:
    return Mixture(np.array(prior.weights), np.array(prior.means), np.array(prior.sds))


def _log_information(mixture: Mixture, x: Floats) -> Floats:
    """Log of p'(x)^2 / p(x): its integral is the mean of minus the second derivative of log p."""
    z = (x[:, None] - mixture.means) / mixture.sds
    log_part = np.log(mixture.weights / mixture.sds) - 0.5 * z * z - 0.5 * np.log(2 * np.pi)
    top = log_part.max(axis=1, keepdims=True)
    part = np.exp(log_part - top)
    density = part.sum(axis=1)
    slope = (part * (-z / mixture.sds)).sum(axis=1)
    with np.errstate(divide="ignore"):
        return top[:, 0] + 2.0 * np.log(np.abs(slope)) - np.log(density)
