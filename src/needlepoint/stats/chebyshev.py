"""Chebyshev interpolation of smooth functions on a box of one or two dimensions.

Interpolants through Chebyshev points converge geometrically for analytic functions (Trefethen 2013, Approximation
Theory and Approximation Practice, chapter 8); evaluated by the barycentric formula (Berrut & Trefethen 2004,
doi:10.1137/S0036144502417715).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from needlepoint.arrays import Bools, Floats

__all__ = ["Box", "Interpolant"]


@dataclass(frozen=True, slots=True)
class Box:
    """Ends (d,) of a box, and ``n`` Chebyshev points a dimension."""

    low: Floats
    high: Floats
    n: int

    def points(self) -> Floats:
        """The (n**d, d) points, the last dimension running fastest."""
        lines = np.meshgrid(
            *(a + (b - a) * _unit(self.n) for a, b in zip(self.low, self.high, strict=True)), indexing="ij"
        )
        return np.stack([line.ravel() for line in lines], axis=1)

    def holds(self, x: Floats) -> Bools:
        """Which of the points (m, d) lie inside."""
        return np.all((x >= self.low) & (x <= self.high), axis=1)


@dataclass(frozen=True, slots=True)
class Interpolant:
    """Functions known at the points of a box: ``values`` (n**d, c).

    >>> box = Box(np.array([0.0]), np.array([1.0]), 12)
    >>> wave = Interpolant(box, np.sin(box.points()))
    >>> bool(abs(wave(np.array([[0.3]]))[0, 0] - np.sin(0.3)) < 1e-12)
    True
    """

    box: Box
    values: Floats

    def __call__(self, x: Floats) -> Floats:
        """Values (m, c) at points (m, d); outside the box those of its nearest point."""
        inside = np.clip(x, self.box.low, self.box.high)
        bases = [
            _basis((inside[:, j] - a) / (b - a), self.box.n)
            for j, (a, b) in enumerate(zip(self.box.low, self.box.high, strict=True))
        ]
        whole = reduce(lambda one, two: (one[:, :, None] * two[:, None, :]).reshape(len(x), -1), bases)
        return whole @ self.values


def _unit(n: int) -> Floats:
    """Chebyshev points of the second kind on [0, 1]."""
    return 0.5 - 0.5 * np.cos(np.pi * np.arange(n) / (n - 1))


def _basis(x: Floats, n: int) -> Floats:
    """The (m, n) weights of the points in the interpolant at ``x`` in [0, 1]."""
    points = _unit(n)
    weights = (-1.0) ** np.arange(n)
    weights[[0, -1]] *= 0.5
    gaps = x[:, None] - points
    on = gaps == 0.0
    raw = weights / np.where(on, 1.0, gaps)
    raw = np.where(on.any(axis=1)[:, None], on.astype(np.float64), raw)
    return raw / raw.sum(axis=1, keepdims=True)
