"""Distribution of a sum of weighted chi-squares, each with one degree of freedom.

The moment generating function is inverted along a parabola through its saddlepoint that follows the path of steepest
descent (Daniels 1987, doi:10.2307/1403269), where the trapezoidal rule converges geometrically.
"""

from __future__ import annotations

import numpy as np

from needlepoint.arrays import Floats

__all__ = ["chi2_mixture_cdf"]

_STEPS = 10  # nodes in one standard unit of the path


def _saddlepoint(q: float, twice: Floats) -> float:
    """Root of q - sum(l / (1 + 2 l z)) - 1 / z: right of the pole at zero below the mean, left of it above."""
    mean = 0.5 * float(twice.sum())
    low, high = (
        (1e-3 / (q + mean), (1.0 + 0.5 * len(twice)) / q)
        if q <= mean
        else (-1.0 / float(twice.max()), -1e-300)
    )
    z = 1.0 / q if q <= mean else 0.5 * low
    for _ in range(200):
        shrunk = twice / (1.0 + twice * z)
        value = q - 0.5 * float(shrunk.sum()) - 1.0 / z
        low, high = (low, z) if value > 0.0 else (z, high)
        guess = z - value / (0.5 * float((shrunk * shrunk).sum()) + 1.0 / (z * z))
        guess = guess if low < guess < high else 0.5 * (low + high)
        if abs(guess - z) < 1e-6 * abs(z):
            return guess
        z = guess
    return z


def chi2_mixture_cdf(q: float, weights: Floats) -> float:
    """P(sum of ``weights[j]`` times chi-square(1) <= ``q``), weights not negative; absolute error about 1e-13.

    >>> round(chi2_mixture_cdf(3.841458820694124, np.array([1.0])), 10)
    0.95
    """
    twice = 2.0 * weights[weights > 0.0]
    if q <= 0.0 or not twice.size:
        return float(q >= 0.0 and not twice.size)
    z = _saddlepoint(q, twice)
    shrunk = twice / (1.0 + twice * z)
    second = 0.5 * float((shrunk**2).sum())
    bend = float((shrunk**3).sum()) / (6.0 * second)  # steepest descent of the generating function itself
    unit = (second + 1.0 / z**2) ** -0.5
    nodes = _STEPS * 12
    total = 0.0
    for block in range(40):
        y = unit * (np.arange(nodes) + 0.5 + block * nodes) / _STEPS
        path = z + 1j * y - bend * y * y
        log_value = q * path - 0.5 * np.log1p(np.outer(path, twice)).sum(axis=1)
        terms = (np.exp(log_value) / path * (1.0 + 2.0j * bend * y)).real
        total += float(terms.sum())
        if abs(float(terms[-1])) * unit < 1e-17:
            break
    area = total * unit / (_STEPS * np.pi)  # the pole at zero adds one on its left
    return min(1.0, max(0.0, area if z > 0.0 else 1.0 + area))
