"""Prediction interval from the confidence distribution of tau2 (Nagashima, Noma & Furukawa 2019)."""

from __future__ import annotations

import numpy as np

from needlepoint.arrays import Matrix
from needlepoint.pooling.heterogeneity.generalised_q import Distribution
from needlepoint.stats.roots import brent_root

__all__ = ["confidence_distribution_interval"]

_POINTS = 60  # evaluations of the exact distribution of Q
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(120)


def _confidence_distribution(yi: Matrix, vi: Matrix) -> tuple[Matrix, Matrix]:
    """Values of tau2 and their weights: tau2 is drawn so that P(Q > observed) is uniform."""
    law = Distribution(yi, vi, 1.0 / vi, np.ones(len(yi)), None)
    scale = float(vi.min())
    top = scale
    while law.cdf(top) > 1e-5 and top < 1e12 * scale:
        top *= 4.0
    grid = np.concatenate([[0.0], np.geomspace(scale * 1e-4, top, _POINTS)])
    below = 1.0 - np.array([law.cdf(t) for t in grid])  # P(tau2 drawn <= grid)
    u = 0.5 + 0.5 * _NODES
    at_zero = float(below[0])
    u = at_zero + (1.0 - at_zero) * u
    tau2 = np.exp(np.interp(u, below, np.log(grid + scale))) - scale
    return np.append(tau2, 0.0), np.append(0.5 * _WEIGHTS * (1.0 - at_zero), at_zero)


def confidence_distribution_interval(yi: Matrix, vi: Matrix, level: float) -> tuple[float, float]:
    """Limit of the parametric bootstrap of doi:10.1177/0962280218773520 for infinitely many resamples.

    The bootstrap draws tau2 from its confidence distribution (exact for DerSimonian-Laird), a normal deviate for
    the new study and a t deviate for the mean; here the three are integrated by quadrature, so that the same data
    always give the same interval.
    """
    from scipy.special import ndtr, stdtrit

    tau2, weight = _confidence_distribution(yi, vi)
    w = 1.0 / (vi + tau2[:, None])
    total = w.sum(axis=1)
    mean = (w @ yi) / total
    k = len(yi)
    se = np.sqrt((w * (yi - mean[:, None]) ** 2).sum(axis=1) / ((k - 1) * total))
    t = stdtrit(k - 1.0, 0.5 + 0.5 * _NODES)
    spread = np.sqrt(np.maximum(tau2, 1e-12 * float(vi.min())))

    def cdf(x: float) -> float:
        inside = ndtr((x - mean[:, None] + se[:, None] * t) / spread[:, None])
        return float(weight @ (inside @ (0.5 * _WEIGHTS)))

    reach = 50.0 * (float(np.ptp(yi)) + float(np.sqrt(vi.max())))
    ends = float(mean.min()) - reach, float(mean.max()) + reach
    tail = 0.5 - 0.5 * level
    low = brent_root(lambda x: cdf(x) - tail, *ends, rtol=1e-10, atol=1e-10)
    high = brent_root(lambda x: cdf(x) - (1.0 - tail), *ends, rtol=1e-10, atol=1e-10)
    return low, high
