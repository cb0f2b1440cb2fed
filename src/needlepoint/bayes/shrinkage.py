"""Shrinkage estimates: the studies' own effects, drawn towards the model by what the others say."""

from __future__ import annotations

from typing import Any

import numpy as np

from needlepoint.bayes.mixture import Mixture
from needlepoint.bayes.result import Posterior
from needlepoint.errors import InputError
from needlepoint.result import Result, record

__all__ = ["StudyEffect", "study_distribution", "study_effects"]


@record
class StudyEffect(Result):
    """The true effect of one study given all of them; ``shrinkage`` is the mean weight of the model in it."""

    study: str
    yi: float
    sei: float
    estimate: float
    se: float
    ci_low: float
    ci_high: float
    p_above_zero: float
    shrinkage: float


def study_distribution(posterior: Posterior, study: str | int) -> Mixture:
    """Posterior distribution of one study's true effect, by label or by position.

    Given tau it is normal about ``B x'beta + (1 - B) yi`` with ``B = vi / (vi + tau^2)``.
    """
    if isinstance(study, str) and study not in posterior.study:
        raise InputError("no such study", field="study", got=study, allowed=", ".join(posterior.study))
    i = posterior.study.index(study) if isinstance(study, str) else study
    found, x, v = posterior.fit, posterior.X[i], posterior.vi[i]
    tau2 = found.tau**2
    pull = v / (v + tau2)
    spread = np.einsum("i,nij,j->n", x, found.cov, x)
    mean = pull * (found.mean @ x) + (1.0 - pull) * posterior.yi[i]
    return Mixture(found.weights, mean, np.sqrt(pull * tau2 + pull**2 * spread))


def study_effects(posterior: Posterior) -> tuple[StudyEffect, ...]:
    """Shrinkage estimates of every study, with intervals of the posterior's level.

    >>> from needlepoint.bayes.api import posterior
    >>> fitted = posterior(yi=[0.1, 0.9, 0.4], vi=[0.02, 0.03, 0.01], prior_tau="half-normal(0.5)")
    >>> [round(s.estimate, 3) for s in study_effects(fitted)]
    [0.156, 0.803, 0.404]
    """
    return tuple(_one(posterior, i) for i in range(posterior.k))


def _one(posterior: Posterior, i: int) -> StudyEffect:
    mixture = study_distribution(posterior, i)
    low, high = mixture.interval(posterior.level, posterior.interval)
    v: Any = posterior.vi[i]
    return StudyEffect(
        study=posterior.study[i],
        yi=float(posterior.yi[i]),
        sei=float(np.sqrt(v)),
        estimate=mixture.mean,
        se=mixture.sd,
        ci_low=low,
        ci_high=high,
        p_above_zero=mixture.probability(low=0.0),
        shrinkage=float(posterior.fit.weights @ (v / (v + posterior.fit.tau**2))),
    )
