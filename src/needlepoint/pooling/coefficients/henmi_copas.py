"""Henmi-Copas interval: the equal-effects estimate with a random-effects interval, robust to small-study bias."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from needlepoint.arrays import Matrix
from needlepoint.stats.roots import brent_root

__all__ = ["HenmiCopas", "henmi_copas"]

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(40)


class HenmiCopas(NamedTuple):
    """Estimate, standard error, DerSimonian-Laird tau2, two-sided p-value and interval."""

    estimate: float
    se: float
    tau2: float
    p_value: float
    ci_low: float
    ci_high: float


class _Pivot:
    """Distribution of (estimate - mean) / estimated se, with Q given the estimate approximated by a gamma."""

    __slots__ = ("k", "sd", "sums", "tau2")

    def __init__(self, k: int, sums: tuple[float, float, float, float], tau2: float) -> None:
        self.k, self.sums, self.tau2 = k, sums, tau2
        self.sd = (1.0 + tau2 * sums[1]) ** 0.5

    def gamma(self, z: Matrix) -> tuple[Matrix, Matrix]:
        """Mean and variance of Q given a standardised estimate ``z``."""
        w1, w2, w3, w4 = self.sums
        t, vr = self.tau2, self.sd**2
        excess = z * z / vr  # r^2 / VR^2 with r = sd z
        spread = t * t * (w3 - w2 * w2)
        skewed = spread + t**3 * (w4 - 2.0 * w2 * w3 + w2**3)
        trace = self.k - 1 + 2.0 * t * (w1 - w2) + t * t * (w1 * w2 - 2.0 * w3 + w2 * w2)
        mean = self.k - 1 + t * (w1 - w2) + spread * (excess - 1.0 / vr)
        inner = 2.0 * (trace - 2.0 * skewed / vr + (spread / vr) ** 2)
        return mean, inner + 4.0 * excess * (skewed - spread * spread / vr)

    def upper_tail(self, u: float) -> float:
        """P(pivot > ``u``), u > 0."""
        from scipy.special import gammainc

        w1, w2 = self.sums[:2]
        low = u / self.sd
        total = 0.0
        for start, stop in ((0.0, 0.5), (0.5, 2.0), (2.0, 5.0), (5.0, 12.0)):
            z = low + 0.5 * (start + stop) + 0.5 * (stop - start) * _NODES
            mean, variance = self.gamma(z)
            q = self.k - 1 + (w1 / w2 - 1.0) * ((z / low) ** 2 - 1.0)
            inside = gammainc(mean * mean / variance, q * mean / variance)
            density = np.exp(-0.5 * z * z) / (2.0 * np.pi) ** 0.5
            total += 0.5 * (stop - start) * float(_WEIGHTS @ (inside * density))
        return total


def henmi_copas(yi: Matrix, vi: Matrix, level: float) -> HenmiCopas:
    """Henmi & Copas (2010), doi:10.1002/sim.4029.

    Raises nothing: two studies are enough.
    """
    w = 1.0 / vi
    w1 = float(w.sum())
    sums = (w1, *(float((w**n).sum()) / w1 for n in (2, 3, 4)))
    estimate = float(w @ yi) / w1
    q = float(w @ (yi - estimate) ** 2)
    k = len(yi)
    tau2 = max(0.0, (q - (k - 1)) / (sums[0] - sums[1]))
    pivot = _Pivot(k, sums, tau2)  # pyright: ignore[reportArgumentType]
    unit = pivot.sd / w1**0.5
    half = 0.5 - 0.5 * level
    high = 4.0
    while pivot.upper_tail(high) > half:
        high *= 2.0
    u = brent_root(lambda x: pivot.upper_tail(x) - half, 1e-3, high, rtol=1e-14)
    observed = abs(estimate) / unit
    p_value = min(1.0, 2.0 * pivot.upper_tail(observed)) if observed > 1e-8 else 1.0
    return HenmiCopas(estimate, unit, tau2, p_value, estimate - u * unit, estimate + u * unit)
