"""Shortest credible intervals, which for one mode are those of highest density."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from needlepoint.stats.roots import brent_root

__all__ = ["shortest"]


def shortest(
    quantile: Callable[[Any], Any],
    density: Callable[[Any], Any],
    level: float,
    floor: float | None = None,
) -> tuple[float, float]:
    """Interval whose ends have equal density and that holds probability ``level``.

    ``floor`` is the lower end of the support (zero for tau): where the density falls from there on, the interval
    begins at it.
    """

    def tilt(p: float) -> float:
        low, high = quantile([p, p + level])
        return float(density(low) - density(high))

    edge = 1e-9 * (1.0 - level)
    if tilt(edge) >= 0.0:  # falls from the floor on
        return (float(quantile(edge)) if floor is None else floor), float(quantile(level))
    p = brent_root(tilt, edge, 1.0 - level - edge, rtol=1e-11, atol=1e-12)
    low, high = quantile([p, p + level])
    return float(low), float(high)
