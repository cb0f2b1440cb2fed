"""Conditional likelihood of 2x2 tables as a function of the log odds ratio, tabulated once a study.

Fisher's non-central hypergeometric likelihood is a sum over all tables with the same margins: thousands of terms where
there are thousands of events. As a function of the log odds ratio it is smooth, for its generating function, a Jacobi
polynomial, has real roots only, so that it is one of independent coin tosses: the sixth derivative of its logarithm is
at most a quarter a toss. Quintic Hermite interpolation between exact values, slopes and
curvatures on a grid of step h therefore errs by no more than h^6 / 46080 times a quarter of the tosses.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from needlepoint.arrays import Floats


__all__ = ["HypergeometricTable"]

_ERROR = 1e-8  # of the log-likelihood of all studies together
_REACH = 12.0  # standard errors either side that the grid covers
_DEPTH = 45.0  # terms this far below the largest, in logarithms, are left out
_BLOCK = 2_000_000  # doubles in one work array


@dataclass(frozen=True, slots=True)
class HypergeometricTable:
    """Log-likelihoods of k studies on a shared grid: ``pieces`` (k, cells, 6), polynomials in the place in the cell."""

    low: float
    step: float
    pieces: Floats

    @classmethod
    def of(
        cls, ai: Floats, n1i: Floats, n2i: Floats, events: Floats, yi: Floats, vi: Floats
    ) -> HypergeometricTable:
        """``yi`` and ``vi`` only say where the likelihoods are."""
        se = np.sqrt(vi)
        low, high = float(np.min(yi - _REACH * se)), float(np.max(yi + _REACH * se))
        tosses = float(np.sum(np.minimum(n1i, events) - np.maximum(0.0, events - n2i)))
        step = float((46080.0 * 4.0 * _ERROR / max(tosses, 1.0)) ** (1.0 / 6.0))
        cells = int(np.ceil((high - low) / step))
        grid = low + step * np.arange(cells + 1, dtype=np.float64)
        rows = [_exact(*study, grid) for study in zip(ai, n1i, n2i, events, strict=True)]
        return cls(low, step, np.stack([_quintic(*row, step) for row in rows]))

    @property
    def high(self) -> float:
        """Upper end of the grid; beyond its ends the logarithm goes on in a straight line."""
        return self.low + self.step * self.pieces.shape[1]

    def __call__(self, theta: Floats) -> Floats:
        """At log odds ratios (k, m)."""
        inside = np.clip(theta, self.low, self.high)
        place = (inside - self.low) / self.step
        cell = np.minimum(place.astype(np.int64), self.pieces.shape[1] - 1)
        place -= cell
        value = np.empty_like(place)
        for i, pieces in enumerate(self.pieces):
            c = pieces[cell[i]]
            u, v = place[i], c[:, 5]
            for j in (4, 3, 2, 1, 0):
                v = v * u + c[:, j]
            value[i] = v
        beyond = theta - inside
        if np.any(beyond):
            slope = np.where(beyond < 0, self.pieces[:, :1, 1], self.pieces[:, -1:].dot(np.arange(6.0)))
            value = value + beyond * slope / self.step
        return value


def _exact(ai: float, n1: float, n2: float, events: float, grid: Floats) -> tuple[Floats, Floats, Floats]:
    """Log-likelihood of one table and its two derivatives on the grid, by the terms about the largest."""
    from scipy.special import gammaln

    u = np.arange(max(0.0, events - n2), min(n1, events) + 1.0)
    margins = np.stack([u, n1 - u, events - u, n2 - events + u])
    log_term = -np.asarray(gammaln(margins + 1.0), dtype=np.float64).sum(axis=0)
    log_term -= log_term[int(ai - u[0])]
    away = u - ai
    mode = np.searchsorted(-np.diff(log_term), grid)  # log-concave: rises while the difference exceeds -theta
    width = _width(log_term, mode, grid, away)
    parts = []
    rows = max(1, _BLOCK // (2 * width + 1))
    for i in range(0, len(grid), rows):
        at = mode[i : i + rows, None] + np.arange(-width, width + 1)
        within = (at >= 0) & (at < len(u))
        at = np.clip(at, 0, len(u) - 1)
        terms = np.where(within, log_term[at] + away[at] * grid[i : i + rows, None], -np.inf)
        top = terms.max(axis=1, keepdims=True)
        mass = np.exp(terms - top)
        total = mass.sum(axis=1)
        first = (mass * away[at]).sum(axis=1) / total
        second = (mass * (away[at] - first[:, None]) ** 2).sum(axis=1) / total
        parts.append((-top[:, 0] - np.log(total), -first, -second))
    value, slope, curvature = (np.concatenate(column) for column in zip(*parts, strict=True))
    return value, slope, curvature


def _width(log_term: Floats, mode: NDArray[np.int64], grid: Floats, away: Floats) -> int:
    """Terms either side of the largest beyond which none matters, anywhere on the grid."""
    last = len(log_term) - 1
    width = 16
    while width < last:
        top = log_term[mode] + away[mode] * grid
        ends = [np.clip(mode + side * width, 0, last) for side in (-1, 1)]
        fallen = [
            (log_term[e] + away[e] * grid < top - _DEPTH) | (e == edge)
            for e, edge in zip(ends, (0, last), strict=True)
        ]
        if all(f.all() for f in fallen):
            break
        width *= 2
    return min(width, last)


def _quintic(value: Floats, slope: Floats, curvature: Floats, step: float) -> Floats:
    """Coefficients (cells, 6) of the polynomials that meet values and two derivatives at both ends of each cell."""
    d, s = step * slope, 0.5 * step * step * curvature
    gap = value[1:] - value[:-1] - d[:-1] - s[:-1]
    rise = d[1:] - d[:-1] - 2.0 * s[:-1]
    bend = s[1:] - s[:-1]
    c3 = 10.0 * gap - 4.0 * rise + bend
    c4 = -15.0 * gap + 7.0 * rise - 2.0 * bend
    c5 = 6.0 * gap - 3.0 * rise + bend
    return np.stack([value[:-1], d[:-1], s[:-1], c3, c4, c5], axis=1)
