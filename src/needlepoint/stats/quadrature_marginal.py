"""One parameter's marginal from the quadrature lattice, made continuous by sinc interpolation.

On the lattice of step h an analytic density g is its cardinal series, so its integral up to u is
``h * sum_j g_j (1/2 + Si(pi (u - u_j) / h) / pi)`` with geometric accuracy (Stenger 1981, doi:10.1137/1023037).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from needlepoint.stats.quadrature_inverse import inverse_cdf

if TYPE_CHECKING:
    from needlepoint.arrays import Floats
    from needlepoint.stats.quadrature_axes import Stretch


__all__ = ["Marginal", "marginal"]


@dataclass(frozen=True, slots=True)
class Marginal:
    """A continuous distribution given by its masses on a lattice of the stretched coordinate."""

    u: Floats
    mass: Floats
    step: float
    stretch: Stretch

    def density(self, x: Any) -> Any:
        """Probability density at ``x``, on the parameter's own scale."""
        x = np.asarray(x, dtype=np.float64)
        t = self.stretch.axis.to_t(x)
        u = self.stretch.to_u(t)
        return self._density_u(u) * np.exp(-self.stretch.log_jacobian(u) - self.stretch.axis.log_jacobian(t))

    def _density_u(self, u: Floats) -> Floats:
        return np.maximum(np.sinc((u[..., None] - self.u) / self.step) @ self.mass / self.step, 0.0)

    def cdf(self, x: Any) -> Any:
        """Probability of a value at or below ``x``."""
        x = np.asarray(x, dtype=np.float64)
        return self._cdf_u(self.stretch.to_u(self.stretch.axis.to_t(x)))

    def _cdf_u(self, u: Floats) -> Floats:
        from scipy.special import sici

        si = sici(np.pi * (u[..., None] - self.u) / self.step)[0]
        return np.clip((0.5 + si / np.pi) @ self.mass, 0.0, 1.0)

    def quantile(self, p: Any) -> Any:
        """Value below which lies probability ``p``; Newton steps kept inside a bracket."""
        p = np.asarray(p, dtype=np.float64)
        low, high = np.full(p.shape, self.u[0] - self.step), np.full(p.shape, self.u[-1] + self.step)
        start = np.interp(p, np.cumsum(self.mass) - self.mass / 2, self.u)
        u = inverse_cdf(self._cdf_u, self._density_u, p, low, high, start)
        return self.stretch.axis.to_x(self.stretch.to_t(u))

    def _nodes(self) -> Floats:
        return self.stretch.axis.to_x(self.stretch.to_t(self.u))

    def mean(self) -> float:
        """Expectation."""
        return float(self.mass @ self._nodes())

    def sd(self) -> float:
        """Standard deviation."""
        return float(np.sqrt(self.mass @ (self._nodes() - self.mean()) ** 2))

    def interval(self, level: float = 0.95) -> tuple[float, float]:
        """Equal-tailed interval."""
        low, high = self.quantile([(1 - level) / 2, (1 + level) / 2])
        return float(low), float(high)

    def probability(self, low: float = -np.inf, high: float = np.inf) -> float:
        """Probability of a value between ``low`` and ``high``."""
        upper = 1.0 if high == np.inf else float(self.cdf(high))
        return upper - (0.0 if low == -np.inf else float(self.cdf(low)))


def marginal(index: Any, weights: Floats, step: float, stretch: Stretch) -> Marginal:
    """Collect the lattice's masses along one axis."""
    where, inverse = np.unique(index, return_inverse=True)
    mass = np.bincount(inverse, weights=weights).astype(np.float64)
    return Marginal(where * step, mass, step, stretch)
