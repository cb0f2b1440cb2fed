"""Distributions fitted to a few quantiles, and Box-Cox powers that make them symmetrical."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

from needlepoint.arrays import Vector

__all__ = ["box_cox", "box_cox_moments", "closest_distribution", "symmetric_power"]

Points = Sequence[tuple[float, float]]


def closest_distribution(points: Points) -> tuple[str, float, float]:
    """The distribution with the least squared distance to the quantiles: its name, mean and sd.

    Normal, and for positive values log-normal, gamma and Weibull; each has one scale, which is linear given
    the shape, so that the search runs over one number.
    """
    from scipy.special import gammaincinv, ndtri

    p = np.array([prob for prob, _ in points])
    q = np.array([value for _, value in points])
    z = ndtri(p)
    best = _normal(z, q)
    if q.min() < 0:
        return best[1:]
    shapes: dict[str, tuple[Callable[[float], Vector], Callable[[float], tuple[float, float]]]] = {
        "log-normal": (lambda s: np.exp(s * z), _lognormal_moments),
        "gamma": (lambda s: gammaincinv(1 / s**2, p) * s**2, lambda s: (1.0, s)),
        "Weibull": (lambda s: (-np.log1p(-p)) ** s, _weibull_moments),
    }
    for name, (quantiles, moments) in shapes.items():
        distance, mean, sd = _scaled(q, quantiles, moments)
        best = min(best, (distance, name, mean, sd))
    return best[1:]


def _normal(z: Vector, q: Vector) -> tuple[float, str, float, float]:
    slope = float(np.sum((z - z.mean()) * (q - q.mean())) / np.sum((z - z.mean()) ** 2))
    mean = float(q.mean() - slope * z.mean())
    return float(np.sum((mean + slope * z - q) ** 2)), "normal", mean, slope


def _scaled(
    q: Vector, quantiles: Callable[[float], Vector], moments: Callable[[float], tuple[float, float]]
) -> tuple[float, float, float]:
    """Distance, mean and sd of the best member of a scale family with one shape."""
    from needlepoint.stats.optimise import brent_minimum

    def fit(log_shape: float) -> tuple[float, float]:
        unit = quantiles(math.exp(log_shape))
        scale = float(np.sum(unit * q) / np.sum(unit * unit))
        return float(np.sum((scale * unit - q) ** 2)), scale

    grid = np.linspace(math.log(0.02), math.log(4.0), 60)
    at = int(np.argmin([fit(float(g))[0] for g in grid]))
    low, high = float(grid[max(at - 1, 0)]), float(grid[min(at + 1, grid.size - 1)])
    log_shape, distance = brent_minimum(lambda x: fit(x)[0], low, high)
    mean, sd = moments(math.exp(log_shape))
    scale = fit(log_shape)[1]
    return distance, scale * mean, scale * sd


def _lognormal_moments(s: float) -> tuple[float, float]:
    mean = math.exp(s**2 / 2)
    return mean, mean * math.sqrt(math.expm1(s**2))


def _weibull_moments(s: float) -> tuple[float, float]:
    mean = math.gamma(1 + s)
    return mean, math.sqrt(math.gamma(1 + 2 * s) - mean**2)


def box_cox(x: float, power: float) -> float:
    """Box-Cox transformation; the logarithm at power 0."""
    return math.log(x) if power == 0 else (x**power - 1) / power


def symmetric_power(values: Sequence[float]) -> float:
    """The Box-Cox power at which the quantiles stand symmetrically around their median.

    Powers below 0 are held at 0 (log-normal): their inverse has no mean.
    """
    from needlepoint.stats.optimise import brent_minimum

    half = len(values) // 2
    # ratios to the median keep powers of large numbers apart from overflow
    scaled = [v / values[half] for v in values]

    def uneven(power: float) -> float:
        t = [box_cox(v, power) for v in scaled]
        return sum((t[-1 - i] + t[i] - 2 * t[half]) ** 2 for i in range(half))

    grid = [i / 20 for i in range(101)]
    at = min(grid, key=uneven)
    power, least = brent_minimum(uneven, max(at - 0.05, 0.0), at + 0.05)
    return power if least < uneven(0.0) else 0.0


def box_cox_moments(mean: float, sd: float, power: float) -> tuple[float, float]:
    """Mean and sd of a variable whose Box-Cox value is normal (cut where the inverse ends)."""
    if power == 0:
        centre = math.exp(mean + sd**2 / 2)
        return centre, centre * math.sqrt(math.expm1(sd**2))
    z = np.linspace(-8, 8, 4001)
    inside = power * (mean + sd * z) + 1
    weight = np.where(inside > 0, np.exp(-(z**2) / 2), 0.0)
    x = np.maximum(inside, 0.0) ** (1 / power)
    centre = float(np.sum(weight * x) / np.sum(weight))
    spread = float(np.sum(weight * (x - centre) ** 2) / np.sum(weight))
    return centre, math.sqrt(spread)
