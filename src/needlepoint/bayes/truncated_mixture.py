"""A mixture of normals cut to an interval: the posterior of an effect whose prior is cut."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from needlepoint.bayes.mixture import sum_of_parts
from needlepoint.stats.quadrature_inverse import inverse_cdf

if TYPE_CHECKING:
    from needlepoint.arrays import Floats


__all__ = ["TruncatedMixture", "log_between"]

_LOG_2PI = math.log(2.0 * math.pi)


def log_between(low: Floats, high: Floats) -> Floats:
    """Log probability of a standard normal between ``low`` and ``high``, far tails included."""
    from scipy.special import log_ndtr

    turn = low > 0  # in the upper tail: by symmetry, where the logarithms are accurate
    below, above = np.where(turn, -high, low), np.where(turn, -low, high)
    top = log_ndtr(above)
    with np.errstate(divide="ignore", invalid="ignore"):
        gap = -np.expm1(log_ndtr(below) - top)
        return np.asarray(np.where(above > below, top + np.log(gap), -np.inf), dtype=np.float64)


@dataclass(frozen=True, slots=True, repr=False)
class TruncatedMixture:
    """Weighted normals, each cut to ``low`` to ``high``; ``weights`` are those after the cut and sum to one."""

    weights: Floats
    means: Floats
    sds: Floats
    low: float
    high: float

    def __repr__(self) -> str:
        low, middle, high = self.quantile([0.025, 0.5, 0.975])
        return f"TruncatedMixture(median {middle:.4g}, 95% {low:.4g} to {high:.4g})"

    def _ends(self) -> tuple[Floats, Floats, Floats]:
        """Standardised ends, and the log probability between them."""
        a, b = (self.low - self.means) / self.sds, (self.high - self.means) / self.sds
        return a, b, log_between(a, b)

    def density(self, x: Any) -> Any:
        """Probability density; zero outside."""
        x = np.asarray(x, dtype=np.float64)
        inside, total = (x >= self.low) & (x <= self.high), self._ends()[2]
        constant = np.log(self.weights / self.sds) - 0.5 * _LOG_2PI - total
        heights = sum_of_parts(x, self.means, self.sds, lambda z: np.exp(constant - 0.5 * z * z))
        return np.where(inside, heights, 0.0)[()]

    def cdf(self, x: Any) -> Any:
        """Probability at or below ``x``."""
        x = np.clip(np.asarray(x, dtype=np.float64), self.low, self.high)
        a, _, total = self._ends()

        def below(z: Floats) -> Floats:
            return self.weights * np.exp(log_between(np.broadcast_to(a, z.shape), z) - total)

        return sum_of_parts(x, self.means, self.sds, below)

    def quantile(self, p: Any) -> Any:
        """Value below which lies probability ``p``."""
        p = np.asarray(p, dtype=np.float64)
        flat = p.reshape(-1)
        far = 40.0 * self.sds
        low = np.full(flat.shape, max(self.low, float(np.min(self.means - far))))
        high = np.full(flat.shape, min(self.high, float(np.max(np.maximum(self.means, self.low) + far))))
        start = np.clip(np.full(flat.shape, self.mean), low, high)
        return inverse_cdf(self.cdf, self.density, flat, low, high, start).reshape(p.shape)[()]

    def _moments(self) -> tuple[Floats, Floats]:
        """Mean and variance of each part."""
        a, b, total = self._ends()
        at_low, at_high = (np.exp(-0.5 * z * z - 0.5 * _LOG_2PI - total) for z in (a, b))
        first = at_low - at_high
        with np.errstate(invalid="ignore"):
            second = np.where(np.isfinite(a), a * at_low, 0.0) - np.where(np.isfinite(b), b * at_high, 0.0)
        spread = np.maximum(1.0 + second - first**2, 0.0)
        return self.means + self.sds * first, self.sds**2 * spread

    @property
    def mean(self) -> float:
        """Expectation."""
        return float(self.weights @ self._moments()[0])

    @property
    def mean_square(self) -> float:
        """Expectation of the square."""
        mean, variance = self._moments()
        return float(self.weights @ (mean**2 + variance))

    @property
    def sd(self) -> float:
        """Standard deviation."""
        return math.sqrt(max(0.0, self.mean_square - self.mean**2))

    def interval(self, level: float = 0.95) -> tuple[float, float]:
        """Equal-tailed credible interval."""
        low, high = self.quantile([(1 - level) / 2, (1 + level) / 2])
        return float(low), float(high)
