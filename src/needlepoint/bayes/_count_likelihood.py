"""Counts with random effects: each study's own effect integrated out of its exact likelihood.

The integral over a study's effect is a Gauss-Hermite rule centred where the study's normal approximation and the
normal of the effects meet, which is where the integrand is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from needlepoint.pooling._glmm_families import Binomial, Family, Hypergeometric, Poisson

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = ["CountLikelihood", "family_of"]

_LOG_2PI = float(np.log(2.0 * np.pi))
_CHUNK = 2_000  # columns of linear predictors at a time


def family_of(measure: str, cells: Mapping[str, Floats]) -> tuple[Family, Floats]:
    """Likelihood of one parameter a study, and the offset (k,) of its linear predictor.

    "OR" is conditional on both margins (Fisher's non-central hypergeometric), "IRR" on the total of events
    (binomial): no prior is needed for the control groups.
    """
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

    family: Family
    offset: Floats
    yi: Floats
    vi: Floats
    n: int

    def __call__(self, mu: Floats, tau: Floats) -> Floats:
        """At m values of effect and tau: (m,)."""
        rows = max(1, _CHUNK // self.n)
        parts = [self._block(mu[i : i + rows], tau[i : i + rows]) for i in range(0, len(mu), rows)]
        return np.concatenate(parts)

    def _block(self, mu: Floats, tau: Floats) -> Floats:
        x, w = np.polynomial.hermite.hermgauss(self.n)
        tau2 = tau**2
        variance = self.vi[:, None] * tau2 / (self.vi[:, None] + tau2)  # (k, m)
        centre = (self.yi[:, None] * tau2 + self.vi[:, None] * mu) / (self.vi[:, None] + tau2)
        theta = centre[:, :, None] + np.sqrt(2.0 * variance)[:, :, None] * x  # (k, m, n)
        z = (theta - mu[:, None]) / tau[:, None]
        eta = (theta + self.offset[:, None, None]).reshape(len(self.yi), 1, -1)
        k_of = self.family.cumulants(eta).log_partition.reshape(theta.shape)
        y = self.family.y[:, 0][:, None, None]
        terms = y * eta.reshape(theta.shape) - k_of - 0.5 * z * z + (x * x + np.log(w))
        top = terms.max(axis=2)
        inner = top + np.log(np.exp(terms - top[:, :, None]).sum(axis=2))
        inner += 0.5 * np.log(2.0 * variance) - np.log(tau) - 0.5 * _LOG_2PI
        return np.asarray(inner.sum(axis=0) + self.family.constant(), dtype=np.float64)
