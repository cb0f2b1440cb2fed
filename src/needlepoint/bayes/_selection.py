"""The chance of publication integrated out: a product of ratios of functions linear in the weights.

Given effect and tau the likelihood of selected studies is the unselected one times

    prod_i omega[c(i)] / sum_j omega[j] P[i, j],

with c(i) the interval of study i's p-value and P[i, j] the chance of interval j. In the ratios of neighbouring
weights, which are independent beta variables under a cumulative Dirichlet prior, this is a polynomial over a smooth
function, so that Gauss-Jacobi quadrature in the (at most three) ratios converges fast.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache, reduce
from typing import TYPE_CHECKING

import numpy as np

from needlepoint.bayes.publication_bias import WeightFunction

if TYPE_CHECKING:
    from needlepoint.arrays import Floats


__all__ = ["Selection"]

_CHUNK = 100_000  # doubles in one work array: it stays in cache
_FOLD = 30  # factors in a product before it is turned into its logarithm
_LIGHT = -28.0  # log of the share below which a point is light: thousands of them together stay below 1e-8
_SHARE = 1e-7  # nodes lighter than this part of the heaviest do not move the mean weights


@dataclass(frozen=True, slots=True)
class Selection:
    """Weights (m, J) and their log prior masses (m,) as quadrature points, for one set of studies."""

    bias: WeightFunction
    vi: Floats
    cuts: Floats  # (k, J - 1) critical values on the scale of the estimates
    omega: Floats
    log_mass: Floats  # of the point, times the weights of the studies' own intervals
    drops: Floats  # (m, J): the last weight, then the falls from each weight to the next

    @classmethod
    def of(
        cls, bias: WeightFunction, yi: Floats, vi: Floats, cuts: Floats, n: int, power: int = 1
    ) -> Selection:
        """``n`` points a ratio, drawn towards zero by ``power``."""
        omega, mass = _points(bias.concentration, n, power)
        counts = np.bincount(bias.interval_of(yi, cuts), minlength=omega.shape[1]).astype(np.float64)
        log_mass: Floats = np.log(mass) + np.log(omega) @ counts
        drops = np.concatenate([omega[:, -1:], omega[:, :-1] - omega[:, 1:]], axis=1)
        return cls(bias, vi, cuts, omega, log_mass, drops)

    def log_factor(self, mu: Floats, tau: Floats) -> Floats:
        """Log of the selection factor (n,) with the weights integrated out."""
        if not len(mu):
            return np.zeros(0)
        return np.concatenate([self._block(*part)[0] for part in self._blocks(mu, tau)])

    def mean_weights(self, mu: Floats, tau: Floats, weights: Floats) -> Floats:
        """Posterior means (J,) of the chances of publication over nodes with ``weights`` (n,)."""
        keep = weights > _SHARE * weights.max()
        mu, tau, weights = mu[keep], tau[keep], weights[keep] / weights[keep].sum()
        means = np.concatenate([self._block(*part)[1] for part in self._blocks(mu, tau)])
        return weights @ means

    def factor_and_means(self, mu: Floats, tau: Floats) -> tuple[Floats, Floats]:
        """Log factor (n,) and mean weights (n, J)."""
        parts = [self._block(*part) for part in self._blocks(mu, tau)]
        return np.concatenate([factor for factor, _ in parts]), np.concatenate([means for _, means in parts])

    def without_light(self, mu: Floats, tau: Floats) -> Selection:
        """Without the points of weights that carry nothing at any of the places (mu, tau)."""
        log_share = self._log_shares(mu, tau)
        keep = (log_share - log_share.max(axis=1, keepdims=True)).max(axis=0) > _LIGHT
        return replace(self, omega=self.omega[keep], log_mass=self.log_mass[keep], drops=self.drops[keep])

    def _log_shares(self, mu: Floats, tau: Floats) -> Floats:
        """Log of what each point of weights adds to the factor, (n, m)."""
        parts = [self._published(*part) for part in self._blocks(mu, tau)]
        return np.concatenate([self.log_mass - folded - np.log(rest) for folded, rest in parts])

    def _blocks(self, mu: Floats, tau: Floats) -> list[tuple[Floats, Floats]]:
        rows = max(1, _CHUNK // len(self.omega))
        return [(mu[i : i + rows], tau[i : i + rows]) for i in range(0, len(mu), rows)]

    def _block(self, mu: Floats, tau: Floats) -> tuple[Floats, Floats]:
        """Log factor (n,) and the mean weights (n, J) given effect and tau."""
        folded, rest = self._published(mu, tau)
        if len(self.vi) <= _FOLD:  # nothing was folded: one exponential for all effects
            top = np.full(len(mu), float(np.max(self.log_mass)))
            share = np.exp(self.log_mass - top[0]) / rest
        else:
            terms = self.log_mass - folded - np.log(rest)
            top = np.max(terms, axis=1)
            share = np.exp(terms - top[:, None])
        total = share.sum(axis=1)
        means = (share @ self.omega) / total[:, None]
        return np.asarray(top + np.log(total), dtype=np.float64), np.asarray(means, dtype=np.float64)

    def _published(self, mu: Floats, tau: Floats) -> tuple[Floats | float, Floats]:
        """Chance that all studies are seen, (n, m): the logarithm of a product, and the rest of the product."""
        sd = np.sqrt(self.vi + (tau**2)[:, None])
        chance = self.bias.beyond(mu, sd, self.cuts)  # (n, k, J - 1)
        chance = np.concatenate([np.ones((*chance.shape[:2], 1)), chance], axis=2)
        folded: Floats | float = 0.0
        rest = np.ones((len(mu), len(self.omega)))
        for i in range(len(self.vi)):
            rest *= chance[:, i, :] @ self.drops.T
            if i % _FOLD == _FOLD - 1 and i + 1 < len(self.vi):  # before the product underflows
                folded = folded + np.log(rest)
                rest.fill(1.0)
        return folded, rest


@lru_cache(maxsize=128)
def _points(alpha: tuple[float, ...], n: int, power: int) -> tuple[Floats, Floats]:
    """Tensor Gauss-Jacobi points of cumulative Dirichlet weights, falling from one.

    Where significant results are unlikely the integrand has a pole just below zero; with the ratio as a power of the
    integration variable the pole moves away.
    """
    from scipy.special import roots_jacobi

    ratios, masses = [], []
    # the ratio of a weight to the one before is Beta(sum of those below, its own)
    for j in range(len(alpha) - 1, 0, -1):
        a, b = sum(alpha[:j]), alpha[j]
        x, w = roots_jacobi(n, b - 1.0, power * a - 1.0)
        x = (1.0 + np.asarray(x)) / 2.0
        # 1 - x^power is (1 - x) times this, which the rule's own weight leaves out
        rest = np.sum([x**i for i in range(power)], axis=0) ** (b - 1.0)
        ratios.append(x**power)
        masses.append(np.asarray(w) * rest / np.sum(w * rest))
    grids = np.meshgrid(*ratios, indexing="ij")
    mass = reduce(np.multiply.outer, masses)
    steps = np.stack([g.ravel() for g in grids], axis=1)
    falling = np.asarray(np.cumprod(steps, axis=1), dtype=np.float64)
    omega = np.concatenate([np.ones((len(steps), 1)), falling], axis=1)
    return omega, np.asarray(mass, dtype=np.float64).ravel()
