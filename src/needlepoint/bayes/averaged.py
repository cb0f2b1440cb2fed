"""A distribution averaged over models: some say a number, some a density."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from needlepoint.stats.quadrature_inverse import inverse_cdf
from needlepoint.stats.quadrature_marginal import Marginal

if TYPE_CHECKING:
    from needlepoint.arrays import Floats


__all__ = ["Averaged"]

_NEGLIGIBLE = 1e-10  # weight of a model below which it does not move a quantile


@dataclass(frozen=True, slots=True, repr=False)
class Averaged:
    """Weighted parts, each a number (a spike) or a distribution with ``cdf``, ``density`` and ``mean``."""

    weights: Floats
    parts: tuple[Any, ...]

    def __repr__(self) -> str:
        return f"Averaged({len(self.parts)} models, mean {self.mean:.4g})"

    def spike(self, value: float = 0.0) -> float:
        """Probability of exactly ``value``."""
        return float(sum(w for w, part in self._all() if isinstance(part, float) and part == value))

    def _all(self) -> list[tuple[float, Any]]:
        return [
            (w, part) for w, part in zip(self.weights.tolist(), self.parts, strict=True) if w > _NEGLIGIBLE
        ]

    def cdf(self, x: Any) -> Any:
        """Probability at or below ``x``."""
        x = np.asarray(x, dtype=np.float64)
        total = np.zeros(x.shape)
        for w, part in self._all():
            total = total + w * ((x >= part) if isinstance(part, float) else part.cdf(x))
        return total[()]

    def density(self, x: Any) -> Any:
        """Density of the continuous part, which holds the probability that the spikes leave."""
        x = np.asarray(x, dtype=np.float64)
        total = np.zeros(x.shape)
        for w, part in self._all():
            if not isinstance(part, float):
                total = total + w * part.density(x)
        return total[()]

    @property
    def mean(self) -> float:
        """Expectation."""
        means = [part if isinstance(part, float) else _mean(part) for _, part in self._all()]
        return float(np.dot([w for w, _ in self._all()], means))

    @property
    def sd(self) -> float:
        """Standard deviation."""
        squares = [part * part if isinstance(part, float) else _mean_square(part) for _, part in self._all()]
        second = float(np.dot([w for w, _ in self._all()], squares))
        return math.sqrt(max(0.0, second - self.mean**2))

    def quantile(self, p: Any) -> Any:
        """Value below which lies probability ``p``; at a spike, the spike."""
        p = np.asarray(p, dtype=np.float64)
        flat = p.reshape(-1)
        each = [
            np.full(flat.shape, part) if isinstance(part, float) else part.quantile(flat)
            for _, part in self._all()
        ]
        low, high = np.min(each, axis=0), np.max(each, axis=0)  # the average lies among its parts
        found = np.full(flat.shape, np.nan)
        for value in {part for _, part in self._all() if isinstance(part, float)}:
            upper = self.cdf(value)
            found[(flat > upper - self.spike(value)) & (flat <= upper)] = value
        free = np.isnan(found)
        if free.any():
            start = 0.5 * (low + high)
            found[free] = inverse_cdf(self.cdf, self.density, flat[free], low[free], high[free], start[free])
        return found.reshape(p.shape)[()]

    def interval(self, level: float = 0.95) -> tuple[float, float]:
        """Equal-tailed credible interval."""
        low, high = self.quantile([(1 - level) / 2, (1 + level) / 2])
        return float(low), float(high)

    def probability(self, low: float = -math.inf, high: float = math.inf) -> float:
        """Probability of a value above ``low`` and at most ``high``."""
        return (1.0 if high == math.inf else float(self.cdf(high))) - (
            0.0 if low == -math.inf else float(self.cdf(low))
        )


def _mean(part: Any) -> float:
    return float(part.mean() if isinstance(part, Marginal) else part.mean)


def _mean_square(part: Any) -> float:
    if isinstance(part, Marginal):
        return float(part.mass @ part.stretch.axis.to_x(part.stretch.to_t(part.u)) ** 2)
    return float(part.mean_square)
