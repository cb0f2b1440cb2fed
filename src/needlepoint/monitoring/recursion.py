"""The score process of accumulating information between boundaries, by recursive integration (kernel).

With information fractions t, B(t) has independent normal increments of mean ``drift * dt`` and variance ``dt``;
Z(t) = B(t) / sqrt(t). Armitage, McPherson & Rowe (1969), doi:10.2307/2343787; the integrals by composite
Gauss-Legendre rules whose panels are narrower than the increments' standard deviation, so that an analytic integrand
is integrated to about 1e-12.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

import numpy as np

from needlepoint.arrays import Floats

__all__ = ["Process", "start"]

Region = tuple[tuple[float, float], ...]  # intervals of B in which the process goes on

_X, _W = np.polynomial.legendre.leggauss(12)
_REACH = 9.0  # standard deviations beyond which a normal density counts as zero (1e-18)
_ROOT_2PI = sqrt(2 * np.pi)


@dataclass(frozen=True, slots=True)
class Process:
    """The process at information ``t``, on its way: nodes of B and the probability that each stands for, (n,)."""

    t: float
    drift: float
    nodes: Floats
    mass: Floats

    def above(self, t: float, z: float) -> float:
        """Probability of going on until now and standing at Z > ``z`` at ``t``."""
        return self._beyond(t, z, sign=1.0)

    def below(self, t: float, z: float) -> float:
        """Probability of going on until now and standing at Z < ``z`` at ``t``."""
        return self._beyond(t, z, sign=-1.0)

    def _beyond(self, t: float, z: float, sign: float) -> float:
        from scipy.special import ndtr

        dt = t - self.t
        distance = self.nodes + self.drift * dt - z * sqrt(t)
        return float(self.mass @ ndtr(sign * distance / sqrt(dt)))

    def go_on(self, t: float, region: Region) -> Process:
        """The process at ``t``, where it goes on only within ``region`` (in Z)."""
        dt = t - self.t
        sd = sqrt(dt)
        low = self.nodes[0] + self.drift * dt - _REACH * sd
        high = self.nodes[-1] + self.drift * dt + _REACH * sd
        # nothing lies further out than the unstopped process does
        low = max(low, self.drift * t - _REACH * sqrt(t))
        high = min(high, self.drift * t + _REACH * sqrt(t))
        nodes, weights = _rule([(max(a * sqrt(t), low), min(b * sqrt(t), high)) for a, b in region], 1.5 * sd)
        steps = (nodes[:, None] - self.nodes[None, :] - self.drift * dt) / sd
        density = np.exp(-0.5 * steps**2) @ self.mass / (sd * _ROOT_2PI)
        return Process(t, self.drift, nodes, density * weights)


def start(drift: float) -> Process:
    """The process before any information."""
    return Process(0.0, drift, np.zeros(1), np.ones(1))


def _rule(intervals: list[tuple[float, float]], width: float) -> tuple[Floats, Floats]:
    """Nodes and weights of a composite rule over ``intervals`` with panels no wider than ``width``."""
    nodes, weights = [np.zeros(0)], [np.zeros(0)]
    for a, b in intervals:
        if b <= a:
            continue
        edges = np.linspace(a, b, max(1, int(np.ceil((b - a) / width))) + 1)
        half = np.diff(edges) / 2
        nodes.append((edges[:-1, None] + half[:, None] * (1 + _X)).ravel())
        weights.append((half[:, None] * _W).ravel())
    found = np.concatenate(nodes)
    return (found, np.concatenate(weights)) if found.size else (np.zeros(1), np.zeros(1))
