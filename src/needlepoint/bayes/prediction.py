"""Posterior of the mean effect, and of a new study's, at stated moderator values."""

from __future__ import annotations

from dataclasses import field
from typing import Any

import numpy as np

from needlepoint.bayes.mixture import Mixture
from needlepoint.bayes.result import Posterior
from needlepoint.options import chosen_level
from needlepoint.pooling.design import new_rows
from needlepoint.result import Result, record

__all__ = ["PosteriorPrediction", "posterior_predict"]


@record
class PosteriorPrediction(Result):
    """The mean effect at one row of moderator values, and the interval of a new study's true effect there."""

    label: str
    estimate: float
    se: float
    ci_low: float
    ci_high: float
    pi_low: float
    pi_high: float
    p_above_zero: float
    effect: Mixture = field(repr=False)
    predictive: Mixture = field(repr=False)


def posterior_predict(
    posterior: Posterior, newdata: Any = None, *, level: float | None = None
) -> tuple[PosteriorPrediction, ...]:
    """Posterior at new moderator values, or at every study's own; the grammar of :func:`needlepoint.predict`.

    Parameters
    ----------
    newdata
        A data frame or mapping (the formula is applied to it again), or a matrix without the intercept column.

    Raises
    ------
    InputError
        A moderator that is missing, or a level that the fit did not see.

    Examples
    --------
    >>> from needlepoint.bayes.api import posterior
    >>> table = {"yi": [0.1, 0.3, 0.6], "vi": [0.02, 0.03, 0.02], "dose": [0.0, 1.0, 2.0]}
    >>> fitted = posterior(table, mods="~ dose", prior_tau="fixed(0.1)")
    >>> [round(row.estimate, 3) for row in posterior_predict(fitted, {"dose": [1.0, 3.0]})]
    [0.336, 0.836]
    """
    width = chosen_level(level, posterior.level)
    rows = posterior.X if newdata is None else new_rows(posterior.design, newdata)
    labels = posterior.study if newdata is None else [str(i + 1) for i in range(len(rows))]
    return tuple(_at(posterior, np.asarray(x), label, width) for x, label in zip(rows, labels, strict=True))


def _at(posterior: Posterior, x: Any, label: str, level: float) -> PosteriorPrediction:
    effect = posterior.fit.along(x)
    predictive = posterior.fit.along(x, posterior.fit.tau**2)
    (low, high), (pi_low, pi_high) = (d.interval(level, posterior.interval) for d in (effect, predictive))
    return PosteriorPrediction(
        label=label,
        estimate=effect.mean,
        se=effect.sd,
        ci_low=low,
        ci_high=high,
        pi_low=pi_low,
        pi_high=pi_high,
        p_above_zero=effect.probability(low=0.0),
        effect=effect,
        predictive=predictive,
    )
