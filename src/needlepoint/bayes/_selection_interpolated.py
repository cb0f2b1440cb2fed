"""The selection factor as a smooth function of effect and tau, from a few values of it.

Its logarithm, and the mean weights, are analytic in both parameters: a hundred evaluations of the rule for the weights
tell them wherever the posterior lies, and the lattice of the outer integral need not pay for the rule itself. How well
that holds is judged by the caller, with a finer rule still.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from needlepoint.stats.chebyshev import Box, Interpolant

if TYPE_CHECKING:
    from needlepoint.arrays import Bools, Floats
    from needlepoint.bayes._selection import Selection

__all__ = ["InterpolatedSelection"]

_LOOKS = 4  # places a free parameter at which points of weights are looked at before the light ones go
_MARGIN = 0.02  # of its width, by which the box is wider than where the coarse posterior lies


@dataclass(frozen=True, slots=True)
class InterpolatedSelection:
    """What :class:`Selection` gives, interpolated."""

    unit: float  # of tau: half-way between where it acts linearly and where logarithmically
    free: tuple[bool, bool]  # whether effect, and tau, vary
    known: Interpolant  # log factor, then mean weights

    @classmethod
    def of(
        cls, fine: Selection, mu: Floats, tau: Floats, free: tuple[bool, bool], n: int
    ) -> InterpolatedSelection:
        """From the region that the points (mu, tau) span, with ``n`` points a free parameter."""
        unit = float(np.median(np.sqrt(fine.vi)))
        place = _place(mu, tau, unit, free)
        low, high = place.min(axis=0), place.max(axis=0)
        wider = _MARGIN * (high - low) + 1e-9
        low, high = low - wider, high + wider
        if free[1]:
            low[-1] = max(low[-1], 0.0)
        box, few = Box(low, high, n), Box(low, high, _LOOKS)
        at_mu, at_tau = _parameters(box.points(), mu, tau, unit, free)
        fine = fine.without_light(*_parameters(few.points(), mu, tau, unit, free))
        factor, means = fine.factor_and_means(at_mu, at_tau)
        return cls(unit, free, Interpolant(box, np.column_stack([factor, means])))

    def log_factor(self, mu: Floats, tau: Floats) -> Floats:
        """Log of the selection factor (n,) with the weights integrated out."""
        return self.known(_place(mu, tau, self.unit, self.free))[:, 0]

    def mean_weights(self, mu: Floats, tau: Floats, weights: Floats) -> Floats:
        """Posterior means (J,) of the chances of publication over nodes with ``weights`` (n,)."""
        means = self.known(_place(mu, tau, self.unit, self.free))[:, 1:]
        return weights @ means / weights.sum()

    def covers(self, mu: Floats, tau: Floats) -> Bools:
        """Which points (n,) lie where the factor was looked at."""
        return self.known.box.holds(_place(mu, tau, self.unit, self.free))


def _place(mu: Floats, tau: Floats, unit: float, free: tuple[bool, bool]) -> Floats:
    """Points (n, d) in the coordinates of the box: tau on a scale that is linear near zero and logarithmic beyond."""
    return np.stack(
        [x for x, is_free in zip((mu, np.arcsinh(tau / unit)), free, strict=True) if is_free], axis=1
    )


def _parameters(
    points: Floats, mu: Floats, tau: Floats, unit: float, free: tuple[bool, bool]
) -> tuple[Floats, Floats]:
    """Effect and tau at points of the box; a parameter that is not free keeps its value."""
    at_mu = points[:, 0] if free[0] else np.full(len(points), mu[0])
    at_tau = np.maximum(np.sinh(points[:, -1]) * unit, 0.0) if free[1] else np.full(len(points), tau[0])
    return at_mu, at_tau
