"""Log-likelihood of a selection model, with its gradient.

The density of a study's estimate is ``w(y) N(y; mu, s2) / A`` with ``A`` the mean of the weight under the normal:
closed form for steps and truncation, Gauss-Legendre panels on the z-scale for smooth weights (breaks where the
weight has a kink, so that the rule converges to machine precision).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Protocol

import numpy as np

from needlepoint.bias._selection_weights import SMOOTH, PValues, p_values, z_cut

if TYPE_CHECKING:
    from needlepoint.arrays import Bools, Floats, Ints


__all__ = [
    "ConditionalSelection",
    "Selection",
    "SmoothSelection",
    "StepSelection",
    "TruncationSelection",
    "log_likelihood",
]

_LOG_2PI = float(np.log(2 * np.pi))
_PANEL = 1.0  # width of a quadrature panel in z; 12 nodes on it integrate every weight here to about 1e-14
_WIDE = 3.0  # of a panel far from the centre, where only the normal density bends
_FINE = 5  # how much narrower the panels are that check, and where need be replace, the first
_NEAREST = 1e-7  # two-sided, where the first of the ever wider panels begins
_CENTRE = 8.5
_NODES = 12


class Selection(Protocol):
    """Observed log-weights and the normalising constants, with derivatives in delta, m and s.

    ``m`` and ``s`` are the mean and standard deviation of a study's z-value (``mu / se``, ``sd / se``).
    """

    def observed(self, delta: Floats) -> tuple[Floats, Floats]:
        """Log-weights (k,) and their derivatives (k, d)."""
        ...

    def constants(self, delta: Floats, m: Floats, s: Floats) -> tuple[Floats, Floats, Floats, Floats]:
        """Constants A (k,), dA/dm (k,), dA/ds (k,), dA/ddelta (k, d)."""
        ...


def log_likelihood(
    yi: Floats, vi: Floats, X: Floats, selection: Selection, beta: Floats, tau2: float, delta: Floats
) -> tuple[float, Floats]:
    """Log-likelihood and its gradient in (beta, tau2, delta)."""
    sei = np.sqrt(vi)
    mu, total = X @ beta, vi + tau2
    m, s = mu / sei, np.sqrt(total) / sei
    log_w, dlog_w = selection.observed(delta)
    a, da_m, da_s, da_delta = selection.constants(delta, m, s)
    if not (np.all(a > 0) and np.all(np.isfinite(log_w))):
        return -np.inf, np.zeros(X.shape[1] + 1 + len(delta))
    residual = yi - mu
    terms = log_w - 0.5 * (_LOG_2PI + np.log(total) + residual**2 / total) - np.log(a)
    to_mu = residual / total - da_m / (a * sei)
    to_tau2 = 0.5 * (residual**2 / total - 1) / total - da_s / (a * 2 * s * vi)
    to_delta = (dlog_w - da_delta / a[:, None]).sum(axis=0)
    return float(terms.sum()), np.concatenate([X.T @ to_mu, [to_tau2.sum()], to_delta])


def _phi(z: Floats) -> Floats:
    return np.exp(-0.5 * z * z - 0.5 * _LOG_2PI)


@dataclass(frozen=True, slots=True)
class StepSelection:
    """Weights constant between cut points of p: ``delta[0]`` for the smallest p-values, ``delta[j]`` onwards.

    Vevea and Hedges (1995), doi:10.1007/BF02294384.
    """

    group: Ints  # (k,) interval of each observed p-value
    edges: Floats  # z-values of the inner cut points, from the most to the least significant
    sign: float  # +1 greater, -1 less, 0 two-sided

    @classmethod
    def of(cls, ui: Floats, steps: Floats, alternative: str) -> StepSelection:
        """Build from observed z-values and increasing cut points of p that end in 1."""
        p = p_values(ui, alternative, floor=0.0, step=0.0).p
        edges = np.array([abs(z_cut(q, alternative)) if alternative == "two.sided" else z_cut(q, alternative)
                          for q in steps[:-1]])  # fmt: skip
        sign = {"greater": 1.0, "less": -1.0, "two.sided": 0.0}[alternative]
        return cls(np.minimum(np.searchsorted(steps, p, side="left"), len(steps) - 1), edges, sign)

    def observed(self, delta: Floats) -> tuple[Floats, Floats]:
        """Log-weights and their derivatives."""
        slope = np.zeros((len(self.group), len(delta)))
        with np.errstate(divide="ignore"):
            slope[np.arange(len(self.group)), self.group] = 1 / delta[self.group]
            return np.log(delta[self.group]), slope

    def constants(self, delta: Floats, m: Floats, s: Floats) -> tuple[Floats, Floats, Floats, Floats]:
        """Sum of the weights times the probabilities of the intervals."""
        tail, tail_m, tail_s = self._more_significant(m, s)
        ones, zeros = np.ones((len(m), 1)), np.zeros((len(m), 1))
        share = np.diff(np.hstack([zeros, tail, ones]))
        share_m = np.diff(np.hstack([zeros, tail_m, zeros]))
        share_s = np.diff(np.hstack([zeros, tail_s, zeros]))
        return share @ delta, share_m @ delta, share_s @ delta, share

    def _more_significant(self, m: Floats, s: Floats) -> tuple[Floats, Floats, Floats]:
        """Probability of a p-value below each cut point, (k, steps), with derivatives."""
        if self.sign != 0:
            return _upper(self.edges, self.sign, m, s)
        above, below = _upper(self.edges, 1.0, m, s), _upper(-self.edges, -1.0, m, s)
        return above[0] + below[0], above[1] + below[1], above[2] + below[2]


def _upper(edges: Floats, sign: float, m: Floats, s: Floats) -> tuple[Floats, Floats, Floats]:
    from scipy.special import ndtr

    z = sign * (m[:, None] - edges) / s[:, None]
    density = _phi(z) / s[:, None]
    return ndtr(z), sign * density, -z * density


@dataclass(frozen=True, slots=True)
class TruncationSelection:
    """Weight one on the favoured side of a cut point on the scale of the effect, ``delta[0]`` on the other."""

    beyond: Bools  # (k,) on the side that is less likely to be seen
    cut: Floats  # (k,) the cut point as a z-value of each study
    sign: float

    def observed(self, delta: Floats) -> tuple[Floats, Floats]:
        """Log-weights and their derivatives."""
        with np.errstate(divide="ignore"):
            log_w = np.where(self.beyond, np.log(delta[0]), 0.0)
            return log_w, np.where(self.beyond, 1 / delta[0], 0.0)[:, None]

    def constants(self, delta: Floats, m: Floats, s: Floats) -> tuple[Floats, Floats, Floats, Floats]:
        """Share on the favoured side plus delta times the rest."""
        from scipy.special import ndtr

        z = self.sign * (m - self.cut) / s
        favoured, density, rest = ndtr(z), _phi(z) / s, 1 - delta[0]
        return (
            favoured + delta[0] * ndtr(-z),
            rest * self.sign * density,
            -rest * z * density,
            ndtr(-z)[:, None],
        )


@dataclass(frozen=True, slots=True)
class ConditionalSelection:
    """Every study given that it falls on its own side of the significance threshold: nothing to estimate."""

    significant: Bools
    cut: float  # z-value of the threshold
    sign: float

    def observed(self, delta: Floats) -> tuple[Floats, Floats]:
        """No weights: the side is given."""
        k = len(self.significant)
        return np.zeros(k), np.zeros((k, 0))

    def constants(self, delta: Floats, m: Floats, s: Floats) -> tuple[Floats, Floats, Floats, Floats]:
        """Probability of the side a study fell on."""
        from scipy.special import ndtr

        side = np.where(self.significant, self.sign, -self.sign)
        z = side * (m - self.cut) / s
        density = _phi(z) / s
        return ndtr(z), side * density, -z * density, np.zeros((len(m), 0))


@dataclass(frozen=True, slots=True)
class SmoothSelection:
    """Weights that vary smoothly with p, integrated on shared nodes of the z-scale."""

    kind: str
    at_studies: PValues
    at_nodes: PValues
    nodes: Floats
    quadrature: Floats
    at_ends: PValues
    ends: Floats
    prec: Floats  # (k, 1)

    @classmethod
    def of(
        cls,
        kind: str,
        ui: Floats,
        alternative: str,
        *,
        step: float,
        prec: Floats | None,
        fine: bool = False,
    ) -> SmoothSelection:
        """Build from observed z-values, an optional threshold below which the weight is one, and precisions.

        ``fine`` panels resolve weights that change as fast as a jump.
        """
        weight = SMOOTH[kind]
        reach = weight.reach or abs(z_cut(weight.floor, alternative))
        nodes, quadrature = _panels(
            _breaks(reach, alternative, step, weight.floor, fine=fine), _FINE if fine else 1
        )
        ends = np.array([-reach, reach])

        def p_of(u: Floats) -> PValues:
            return p_values(u, alternative, floor=weight.floor, step=step)

        scale = np.ones((len(ui), 1)) if prec is None else prec[:, None]
        return cls(kind, p_of(ui), p_of(nodes), nodes, quadrature, p_of(ends), ends, scale)

    def observed(self, delta: Floats) -> tuple[Floats, Floats]:
        """Log-weights and their derivatives."""
        log_w, slopes = SMOOTH[self.kind].log_weight(self.at_studies, delta, self.prec[:, 0])
        return log_w, np.column_stack(slopes)

    def constants(self, delta: Floats, m: Floats, s: Floats) -> tuple[Floats, Floats, Floats, Floats]:
        """Quadrature between the ends, exact tails beyond them."""
        from scipy.special import ndtr

        log_weight = SMOOTH[self.kind].log_weight
        prec = self.prec if np.any(self.prec != 1) else 1.0
        log_w, slopes = log_weight(self.at_nodes, delta, prec)
        m, s = m[:, None], s[:, None]
        z = (self.nodes - m) / s
        mass = self.quadrature * np.exp(log_w) * _phi(z) / s
        log_end, slopes_end = log_weight(self.at_ends, delta, prec)
        side = np.array([1.0, -1.0])
        z_end = side * (self.ends - m) / s
        w_end = np.exp(log_end)
        tail, density = w_end * ndtr(z_end), w_end * _phi(z_end) / s
        return (
            mass.sum(axis=1) + tail.sum(axis=1),
            (mass * z / s).sum(axis=1) - (density * side).sum(axis=1),
            (mass * (z * z - 1) / s).sum(axis=1) - (density * z_end).sum(axis=1),
            np.column_stack(
                [
                    (mass * d).sum(axis=1) + (tail * e).sum(axis=1)
                    for d, e in zip(slopes, slopes_end, strict=True)
                ]
            ),
        )


def _breaks(reach: float, alternative: str, step: float, floor: float, *, fine: bool) -> Floats:
    """Ends and kinks; two-sided, p nears one like a power of |u|: panels shrink towards zero."""
    kinks = {-reach, reach}
    if reach > _CENTRE:  # beyond, p is below 1e-17 and its powers change slowly
        kinks |= {-_CENTRE, _CENTRE}
    if step > 0:
        cut = z_cut(step, alternative)
        kinks |= {cut, -cut} if alternative == "two.sided" else {cut}
    if alternative == "two.sided":
        kinks.add(0.0)
        if floor > 0:
            near = z_cut(1 - floor, alternative) * 3.0 ** np.arange(11)
            kinks |= {*near.tolist(), *(-near).tolist()}
        elif fine:
            near = _NEAREST * 2.0 ** np.arange(24)
            kinks |= {*near.tolist(), *(-near).tolist()}
    return np.array(sorted(kinks))


def _panels(breaks: Floats, narrower: int) -> tuple[Floats, Floats]:
    x, w = np.polynomial.legendre.leggauss(_NODES)
    edges = np.concatenate([np.linspace(a, b, _count(a, b, narrower) + 1)[:-1] for a, b in pairwise(breaks)])
    edges = np.append(edges, breaks[-1])
    half, centre = np.diff(edges) / 2, (edges[1:] + edges[:-1]) / 2
    return (centre[:, None] + half[:, None] * x).ravel(), (half[:, None] * w).ravel()


def _count(a: float, b: float, narrower: int) -> int:
    """Panels between two breaks."""
    width = (_PANEL if abs(a + b) <= 2 * _CENTRE else _WIDE) / narrower
    return max(1, int(np.ceil((b - a) / width)))
