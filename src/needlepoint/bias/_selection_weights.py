"""Weight functions of selection models: how likely a study is to be seen, given its p-value.

Each function works on the z-scale (``u = y / se``), where every weight is smooth, and gives the logarithm of the
weight with its derivatives in the selection parameters delta.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from needlepoint.arrays import Floats


__all__ = ["SMOOTH", "PValues", "SmoothWeight", "p_values", "z_cut"]


@dataclass(frozen=True, slots=True)
class PValues:
    """What the weight functions need of p at each point: p, log p and log(1 - p), and where weights are free.

    ``free`` is 0 where p is at or below the step (there the weight is one) and 1 elsewhere.
    """

    p: Floats
    log_p: Floats
    log_1mp: Floats
    free: Floats
    step: float


def p_values(u: Floats, alternative: str, *, floor: float, step: float) -> PValues:
    """One- or two-sided p-values of z-values ``u``, censored to [floor, 1 - floor]."""
    from scipy.special import log_ndtr, ndtr

    if alternative == "two.sided":
        log_p = np.log(2.0) + log_ndtr(-np.abs(u))
        p = np.minimum(np.exp(log_p), 1.0)
        with np.errstate(divide="ignore"):
            log_1mp = np.log1p(-p)
    else:
        signed = -u if alternative == "greater" else u
        p, log_p, log_1mp = ndtr(signed), log_ndtr(signed), log_ndtr(-signed)
    if floor > 0:
        low, high = np.log(floor), np.log1p(-floor)
        p, log_p, log_1mp = (
            np.clip(p, floor, 1 - floor),
            np.clip(log_p, low, high),
            np.clip(log_1mp, low, high),
        )
    free = np.where(p <= step, 0.0, 1.0) if step > 0 else np.ones_like(p)
    return PValues(p, log_p, log_1mp, free, step)


def z_cut(p: float, alternative: str) -> float:
    """The z-value whose p-value is ``p`` (its absolute value when two-sided)."""
    from scipy.special import ndtri

    if alternative == "two.sided":
        return float(-ndtri(p / 2))
    return float(-ndtri(p)) if alternative == "greater" else float(ndtri(p))


def _beta(v: PValues, delta: Floats, prec: Any) -> tuple[Floats, list[Floats]]:
    return (delta[0] - 1) * v.log_p + (delta[1] - 1) * v.log_1mp, [v.log_p, v.log_1mp]


def _exponential(
    shape: Floats, at_step: float, v: PValues, delta: Floats, prec: Any
) -> tuple[Floats, list[Floats]]:
    slope = -prec * v.free * (shape - at_step)
    return delta[0] * slope, [slope]


def _halfnorm(v: PValues, delta: Floats, prec: Any) -> tuple[Floats, list[Floats]]:
    return _exponential(v.p**2, v.step**2, v, delta, prec)


def _negexp(v: PValues, delta: Floats, prec: Any) -> tuple[Floats, list[Floats]]:
    return _exponential(v.p, v.step, v, delta, prec)


def _power(v: PValues, delta: Floats, prec: Any) -> tuple[Floats, list[Floats]]:
    return _exponential(-v.log_1mp, -float(np.log1p(-v.step)), v, delta, prec)


def _logistic(v: PValues, delta: Floats, prec: Any) -> tuple[Floats, list[Floats]]:
    def half(p: Any) -> tuple[Any, Any]:
        x = delta[0] * prec * p
        softplus = np.logaddexp(0.0, x)  # -log of exp(-x) / (1 + exp(-x))
        return np.log(2.0) - softplus, -prec * p * np.exp(x - softplus)

    (at_p, slope_p), (at_step, slope_step) = half(v.p), half(v.step)
    return v.free * (at_p - at_step), [v.free * (slope_p - slope_step)]


def _negexppow(v: PValues, delta: Floats, prec: Any) -> tuple[Floats, list[Floats]]:
    def powered(log_p: Any) -> tuple[Any, Any]:
        if delta[1] <= 0:
            return np.where(log_p < 0, 0.0, 1.0), np.zeros_like(log_p)
        q = np.exp(log_p / delta[1])
        with np.errstate(invalid="ignore"):
            return q, np.where(q > 0, -q * log_p / delta[1] ** 2, 0.0)

    q, dq = powered(v.log_p)
    if v.step > 0:
        q_step, dq_step = powered(np.log(v.step))
        q, dq = v.free * (q - q_step), v.free * (dq - dq_step)
    return -delta[0] * prec * q, [-prec * q, -delta[0] * prec * dq]


@dataclass(frozen=True, slots=True)
class SmoothWeight:
    """A weight function on p, the value of delta that means no selection, its range, and the censoring of p."""

    log_weight: Callable[[PValues, Floats, Any], tuple[Floats, list[Floats]]]
    null: tuple[float, ...]
    low: float
    floor: float
    reach: float  # beyond this |u| the weight no longer changes; 0: where p is censored
    soft: tuple[float, ...] = ()  # deltas are searched as log(delta + soft): small where they act near zero
    small: tuple[tuple[float, ...], ...] = ()  # deltas of nearly a jump, from which the search starts too


SMOOTH: dict[str, SmoothWeight] = {
    "beta": SmoothWeight(_beta, (1.0, 1.0), 1e-5, 1e-5, 0.0),
    "halfnorm": SmoothWeight(_halfnorm, (0.0,), 0.0, 0.0, 8.5),
    "negexp": SmoothWeight(_negexp, (0.0,), 0.0, 0.0, 8.5),
    "logistic": SmoothWeight(_logistic, (0.0,), 0.0, 0.0, 8.5),
    "power": SmoothWeight(_power, (0.0,), 0.0, 1e-5, 0.0),
    "negexppow": SmoothWeight(
        _negexppow,
        (0.0, 1.0),
        0.0,
        0.0,
        37.0,
        soft=(0.01, 1e-4),
        small=((0.3, 1e-3), (3.0, 0.01), (30.0, 1e-3), (0.5, 3e-5)),
    ),
}
"""Beta: Citkowicz and Vevea (2017), doi:10.1037/met0000119. Half-normal, negative exponential and logistic: Preston
et al. (2004), doi:10.1111/j.1365-2753.2003.00457.x; with power and a threshold as metafor extends them. Negative
exponential power: Begg and Mazumdar (1994), doi:10.2307/2533446."""
