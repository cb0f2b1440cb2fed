"""Counts with random effects: each study's own effect integrated out of its exact likelihood.

The integral over a study's effect is a Gauss-Hermite rule centred where the study's normal approximation and the
normal of the effects meet, which is where the integrand is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from needlepoint.arrays import Floats
from needlepoint.bayes._hypergeometric_table import HypergeometricTable
from needlepoint.pooling.counts.glmm.families import Binomial, Family, Hypergeometric, Poisson

if TYPE_CHECKING:
    from collections.abc import Mapping


__all__ = ["CountLikelihood", "Kernel", "exact_kernel", "kernel_of"]

_LOG_2PI = float(np.log(2.0 * np.pi))
_CHUNK = 20_000  # effects a study at a time
_CHUNK_OF_SUMS = 200  # the same where each is a sum over a study's tables


@dataclass(frozen=True, slots=True)
class Kernel:
    """Log-likelihoods of k studies at their own effects (k, m), up to ``constant``; exact from ``low`` to ``high``."""

    log_likelihood: Callable[[Floats], Floats]
    constant: float
    low: float = -np.inf
    high: float = np.inf
    chunk: int = _CHUNK


def kernel_of(measure: str, cells: Mapping[str, Floats], yi: Floats, vi: Floats) -> Kernel:
    """Likelihood of one parameter a study.

    "OR" is conditional on both margins (Fisher's non-central hypergeometric), tabulated; "IRR" on the total of events
    (binomial): no prior is needed for the control groups.
    """
    if measure != "OR":
        return exact_kernel(measure, cells)
    n1, n2 = cells["ai"] + cells["bi"], cells["ci"] + cells["di"]
    table = HypergeometricTable.of(cells["ai"], n1, n2, cells["ai"] + cells["ci"], yi, vi)
    return Kernel(table, 0.0, table.low, table.high)


def exact_kernel(measure: str, cells: Mapping[str, Floats]) -> Kernel:
    """The same by its formula everywhere."""
    family, offset = _family_of(measure, cells)

    def log_likelihood(theta: Floats) -> Floats:
        eta = (theta + offset[:, None])[:, None, :]
        return (family.y[:, :, None] * eta - family.cumulants(eta).log_partition)[:, 0, :]

    return Kernel(log_likelihood, family.constant(), chunk=_CHUNK_OF_SUMS if measure == "OR" else _CHUNK)


def _family_of(measure: str, cells: Mapping[str, Floats]) -> tuple[Family, Floats]:
    """The family, and the offset (k,) of its linear predictor."""
    if measure == "OR":
        n1, n2 = cells["ai"] + cells["bi"], cells["ci"] + cells["di"]
        return Hypergeometric(cells["ai"], n1, n2, cells["ai"] + cells["ci"]), np.zeros(len(n1))
    if measure == "IRR":
        total = cells["x1i"] + cells["x2i"]
        return Binomial(cells["x1i"][:, None], total[:, None]), np.log(cells["t1i"] / cells["t2i"])
    if measure == "PLO":
        return Binomial(cells["xi"][:, None], cells["ni"][:, None]), np.zeros(len(cells["xi"]))
    return Poisson(cells["xi"][:, None], cells["ti"][:, None]), np.zeros(len(cells["xi"]))


@dataclass(frozen=True, slots=True)
class CountLikelihood:
    """Log-likelihood of effect and tau with ``n`` Hermite points a study; ``yi``, ``vi`` only place the points."""

    kernel: Kernel
    yi: Floats
    vi: Floats
    n: int

    def __call__(self, mu: Floats, tau: Floats) -> Floats:
        """At m values of effect and tau: (m,)."""
        rows = max(1, self.kernel.chunk // self.n)
        parts = [self._block(mu[i : i + rows], tau[i : i + rows]) for i in range(0, len(mu), rows)]
        return np.concatenate(parts)

    def covered(self, mu: Floats, tau: Floats) -> bool:
        """Whether the studies' own effects lie where the kernel is exact."""
        centre, variance = self._about(mu, tau)
        reach = 4.0 * np.sqrt(variance)
        return bool(np.all((centre - reach > self.kernel.low) & (centre + reach < self.kernel.high)))

    def _about(self, mu: Floats, tau: Floats) -> tuple[Floats, Floats]:
        """Centre and variance (k, m) of each study's effect, by its normal approximation."""
        tau2 = tau**2
        total = self.vi[:, None] + tau2
        return (self.yi[:, None] * tau2 + self.vi[:, None] * mu) / total, self.vi[:, None] * tau2 / total

    def _block(self, mu: Floats, tau: Floats) -> Floats:
        x, w = np.polynomial.hermite.hermgauss(self.n)
        centre, variance = self._about(mu, tau)
        theta = centre[:, :, None] + np.sqrt(2.0 * variance)[:, :, None] * x  # (k, m, n)
        z = (theta - mu[:, None]) / tau[:, None]
        flat = theta.reshape(len(self.yi), -1)
        terms = self.kernel.log_likelihood(flat).reshape(theta.shape) - 0.5 * z * z + (x * x + np.log(w))
        top = terms.max(axis=2)
        inner = top + np.log(np.exp(terms - top[:, :, None]).sum(axis=2))
        inner += 0.5 * np.log(2.0 * variance) - np.log(tau) - 0.5 * _LOG_2PI
        return np.asarray(inner.sum(axis=0) + self.kernel.constant, dtype=np.float64)
