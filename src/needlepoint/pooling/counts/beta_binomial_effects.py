"""Effects of two groups' mean risks, and the way back from an effect to the risks (for profile likelihoods)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import exp, log1p
from typing import Any

import numpy as np

from needlepoint.arrays import Vector
from needlepoint.pooling.counts.beta_binomial_likelihood import Parameters

__all__ = ["EFFECTS", "Effect", "by_logits"]


@dataclass(frozen=True, slots=True)
class Effect:
    """One measure as a function of the groups' logits, and the way back from it to the risk of group 1."""

    value: Callable[[Vector], float]
    gradient: Callable[[Vector], Vector]
    place: Callable[[float, Vector], Parameters | None]  # the effect and the free logits to the risks


def _expit(eta: Any) -> tuple[Any, Any, Any]:
    """Probability and its first two derivatives in the logit."""
    p = 1.0 / (1.0 + np.exp(-eta))
    slope = p * (1.0 - p)
    return p, slope, slope * (1.0 - 2.0 * p)


def by_logits(eta: Vector) -> Parameters:
    """Risks as functions of their logits."""
    p, slope, bend = _expit(eta)
    return Parameters(p, np.diag(slope), np.diag(bend))


def _pair(first: tuple[Any, Any, Any], second: tuple[Any, Any, Any]) -> Parameters | None:
    """Both groups' risks as functions of group 2's logit; None if group 1's is no risk."""
    if not 0.0 < first[0] < 1.0:
        return None
    mu, jacobian, curvature = (np.array([a, b]) for a, b in zip(first, second, strict=True))
    return Parameters(mu, jacobian[:, None], curvature[:, None])


def _place_ratio_of_odds(value: float, eta: Vector) -> Parameters | None:
    return _pair(_expit(eta[0] + value), _expit(eta[0]))


def _place_ratio_of_risks(value: float, eta: Vector) -> Parameters | None:
    p, slope, bend = _expit(eta[0])
    ratio = exp(value)
    return _pair((ratio * p, ratio * slope, ratio * bend), (p, slope, bend))


def _place_difference(value: float, eta: Vector) -> Parameters | None:
    p, slope, bend = _expit(eta[0])
    return _pair((p + value, slope, bend), (p, slope, bend))


def _place_logit(value: float, eta: Vector) -> Parameters:
    p, _, _ = _expit(np.array([value]))
    return Parameters(p, np.zeros((1, 0)), np.zeros((1, 0)))


def _log_risk(eta: float) -> float:
    return -log1p(exp(-eta))


EFFECTS: dict[str, Effect] = {
    "OR": Effect(lambda e: float(e[0] - e[1]), lambda e: np.array([1.0, -1.0]), _place_ratio_of_odds),
    "RR": Effect(
        lambda e: _log_risk(e[0]) - _log_risk(e[1]),
        lambda e: np.array([1.0, -1.0]) * (1.0 - _expit(e)[0]),
        _place_ratio_of_risks,
    ),
    "RD": Effect(
        lambda e: float(_expit(e[0])[0] - _expit(e[1])[0]),
        lambda e: np.array([1.0, -1.0]) * _expit(e)[1],
        _place_difference,
    ),
    "PLO": Effect(lambda e: float(e[0]), lambda e: np.ones(1), _place_logit),
}
