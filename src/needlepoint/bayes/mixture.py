"""A mixture of normals as a distribution: what the posterior of an effect is, exactly."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from needlepoint.arrays import Floats
from needlepoint.bayes.highest_density import shortest
from needlepoint.stats.quadrature_inverse import inverse_cdf

if TYPE_CHECKING:
    from collections.abc import Callable


__all__ = ["Mixture", "sum_of_parts"]

_BLOCK = 4_000_000  # doubles in one work array


def sum_of_parts(x: Any, means: Floats, sds: Floats, each: Callable[[Floats], Floats]) -> Any:
    """``each`` of ``x`` standardised by every part of a mixture, summed over the parts, a bounded block at a time."""
    x = np.asarray(x, dtype=np.float64)
    flat = x.reshape(-1)
    rows = max(1, _BLOCK // len(means))
    parts = [each((flat[i : i + rows, None] - means) / sds).sum(axis=1) for i in range(0, len(flat), rows)]
    return np.concatenate(parts).reshape(x.shape)[()]


@dataclass(frozen=True, slots=True, repr=False)
class Mixture:
    """Weighted normals: ``weights`` (n,) summing to one, ``means`` (n,), ``sds`` (n,)."""

    weights: Floats
    means: Floats
    sds: Floats

    def __repr__(self) -> str:
        low, middle, high = self.quantile([0.025, 0.5, 0.975])
        return f"Mixture(median {middle:.4g}, 95% {low:.4g} to {high:.4g})"

    def density(self, x: Any) -> Any:
        """Probability density."""
        heights = self.weights / self.sds / math.sqrt(2 * math.pi)
        return sum_of_parts(x, self.means, self.sds, lambda z: np.exp(-0.5 * z * z) * heights)

    def cdf(self, x: Any) -> Any:
        """Probability at or below ``x``."""
        from scipy.special import ndtr

        return sum_of_parts(x, self.means, self.sds, lambda z: ndtr(z) * self.weights)

    def quantile(self, p: Any) -> Any:
        """Value below which lies probability ``p``."""
        from scipy.special import ndtri

        p = np.asarray(p, dtype=np.float64)
        flat = p.reshape(-1)
        reach = 40.0 * self.sds
        low = np.full(flat.shape, float(np.min(self.means - reach)))
        high = np.full(flat.shape, float(np.max(self.means + reach)))
        spread = float(self.weights @ self.sds) + float(self.weights @ np.abs(self.means - self.mean))
        start = self.mean + spread * ndtri(np.clip(flat, 1e-12, 1.0 - 1e-12))
        return inverse_cdf(self.cdf, self.density, flat, low, high, start).reshape(p.shape)[()]

    @property
    def mean(self) -> float:
        """Expectation."""
        return float(self.weights @ self.means)

    @property
    def mean_square(self) -> float:
        """Expectation of the square."""
        return float(self.weights @ (self.means**2 + self.sds**2))

    @property
    def sd(self) -> float:
        """Standard deviation; infinite when the spread is carried by the last sliver of weight."""
        share = self.weights * (self.sds**2 + (self.means - self.mean) ** 2)
        total = float(share.sum())
        tail = float(share[self.weights < 1e-12].sum())
        return math.inf if tail > 1e-3 * total else math.sqrt(total)

    @property
    def mode(self) -> float:
        """Highest point of the density."""
        low, high = self.quantile([0.005, 0.995])
        for _ in range(6):
            grid = np.linspace(low, high, 101)
            best = int(np.argmax(self.density(grid)))
            low, high = grid[max(best - 1, 0)], grid[min(best + 1, 100)]
        return float((low + high) / 2)

    def interval(self, level: float = 0.95, kind: str = "central") -> tuple[float, float]:
        """Credible interval: "central" (equal tails) or "shortest" (highest density)."""
        if kind == "shortest":
            return shortest(self.quantile, self.density, level)
        low, high = self.quantile([(1 - level) / 2, (1 + level) / 2])
        return float(low), float(high)

    def probability(self, low: float = -math.inf, high: float = math.inf) -> float:
        """Probability of the interval from ``low`` to ``high``."""
        upper = 1.0 if high == math.inf else float(self.cdf(high))
        return upper - (0.0 if low == -math.inf else float(self.cdf(low)))

    def draw(self, n: int, *, seed: int = 0) -> Floats:
        """Independent draws."""
        rng = np.random.default_rng(seed)
        at = rng.choice(len(self.weights), size=n, p=self.weights)
        return rng.normal(self.means[at], self.sds[at])
