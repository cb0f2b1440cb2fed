"""How likely is any benefit, an important one, and between what limits: a Bayesian random-effects model of the cell.

Flat prior on the effect; half-normal prior on the spread between trials with scale one half standard deviation
(Röver et al. 2021, doi:10.1002/jrsm.1475, weakly informative), so that the trials speak for themselves.
"""

from __future__ import annotations

from dataclasses import replace

from needlepoint.answer.result import Cell
from needlepoint.answer.say import display_sd
from needlepoint.answer.scale import show
from needlepoint.bayes.api import posterior
from needlepoint.bayes.prior_tau import HalfNormal
from needlepoint.bayes.result import Posterior

__all__ = ["PRIOR", "with_probabilities"]

PRIOR = "flat prior on the effect, half-normal prior (half a standard deviation) on the spread between trials"
HALF = 0.5


def with_probabilities(cell: Cell) -> Cell:
    """Add the credible interval and the probabilities of a benefit; cells of one trial stay as they are."""
    scale = cell.own_scale
    if cell.k < 2 or scale is None:
        return cell
    spread = HALF if cell.measure in {"SMD", "RR"} else HALF * (display_sd(cell) or 0.0)
    if spread == 0.0:
        return cell
    fitted = posterior(
        yi=[t.yi for t in cell.trials],
        vi=[t.vi for t in cell.trials],
        prior_effect="flat",
        prior_tau=HalfNormal(spread),
    )
    any_benefit = _beyond(fitted, 0.0, better=scale.better)
    important = None
    if scale.mid is not None:
        important = _beyond(fitted, scale.mid / scale.factor, better=scale.better)
    credible = show(scale, fitted.median, fitted.ci_low, fitted.ci_high)
    return replace(cell, p_benefit=any_benefit, p_important=important, credible=credible)


def _beyond(posterior: Posterior, distance: float, *, better: str) -> float:
    if better == "lower":
        return posterior.probability(high=-distance)
    return posterior.probability(low=distance)
