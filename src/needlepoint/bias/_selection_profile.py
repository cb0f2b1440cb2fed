"""Profile-likelihood intervals of a selection model: where the likelihood, maximised over the rest, drops too far."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from needlepoint.bias._selection_search import Problem, SelectionFit, climb_from
from needlepoint.stats.distributions import chi2_quantile

if TYPE_CHECKING:
    from needlepoint.arrays import Floats


__all__ = ["profile_interval"]

_ROUNDS = 60
_CLOSE = 1e-6  # of the interval's end, relative


def profile_interval(
    problem: Problem, fit: SelectionFit, index: int, level: float
) -> tuple[float, float | None]:
    """Ends of the interval of ``theta[index]``; a bound of the parameter where the likelihood never drops.

    The upper end is None where it lies beyond the upper bound of delta, or beyond any sensible tau2.
    """
    p = problem.X.shape[1]
    scale = float(np.sqrt(np.median(problem.vi)))
    if index < p:
        floor, ceiling, step = -np.inf, np.inf, 0.5 * scale
    elif index == p:
        floor, ceiling, step = 0.0, np.inf, max(0.3 * float(fit.theta[p]), 0.1 * scale**2)
    else:
        floor, ceiling, step = problem.low, problem.high, max(0.3 * float(fit.theta[index]), 0.02)
    drop = fit.log_likelihood - chi2_quantile(level, 1.0) / 2
    low = _end(problem, fit, index, -step, floor, drop)
    high = _end(problem, fit, index, step, ceiling, drop)
    return floor if low is None else low, high


def _end(
    problem: Problem, fit: SelectionFit, index: int, step: float, bound: float, drop: float
) -> float | None:
    """Walk away from the maximum until the profile is below ``drop``, then halve; None when it never is."""
    inner, theta = float(fit.theta[index]), fit.theta
    outer = inner
    for _ in range(_ROUNDS):
        outer = inner + step
        if (step < 0 and outer <= bound) or (step > 0 and outer >= bound):
            outer = bound
        point, height = _at(problem, theta, index, outer)
        if height < drop:
            break
        if outer == bound:
            return None
        inner, theta, step = outer, point, 1.6 * step
    else:
        return None
    while abs(outer - inner) > _CLOSE * (abs(inner) + 1e-3):
        middle = (inner + outer) / 2
        point, height = _at(problem, theta, index, middle)
        if height < drop:
            outer = middle
        else:
            inner, theta = middle, point
    return inner


def _at(problem: Problem, theta: Floats, index: int, value: float) -> tuple[Floats, float]:
    start = theta.copy()
    start[index] = value
    return climb_from(replace(problem, held=(index, value)), start)
