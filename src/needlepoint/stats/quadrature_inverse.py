"""Quantiles of a continuous distribution from its distribution function and density."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from needlepoint.arrays import Floats


__all__ = ["inverse_cdf"]

_STEPS = 200  # bisection alone needs about 120 from the widest bracket that occurs
_ROUNDING = 1e-15  # of a distribution function that is a sum of many terms


def inverse_cdf(
    cdf: Callable[[Floats], Floats],
    density: Callable[[Floats], Floats],
    p: Floats,
    low: Floats,
    high: Floats,
    start: Floats,
) -> Floats:
    """Newton's iteration kept inside a shrinking bracket, all probabilities at once.

    ``low`` and ``high`` must hold every quantile between them; arrays have the shape of ``p``.
    """
    low, high, x = low.copy(), high.copy(), start.copy()
    for _ in range(_STEPS):
        gap = cdf(x) - p
        low, high = np.where(gap < 0, x, low), np.where(gap > 0, x, high)
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            trial = x - gap / density(x)
        inside = (trial > low) & (trial < high)
        new = np.where(np.abs(gap) <= _ROUNDING, x, np.where(inside, trial, 0.5 * (low + high)))
        done = (np.abs(new - x) <= 1e-13 * np.abs(x)) | (np.abs(gap) <= _ROUNDING)
        x = new
        if bool(np.all(done)):
            break
    return x
