"""One model by quadrature: its posterior as weighted Gaussians, and its evidence with its error."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from needlepoint.bayes._normal_normal import Gaussian, Joint, inverse, log_total, update
from needlepoint.bayes.mixture import Mixture
from needlepoint.stats.quadrature import Quadrature, integrate

if TYPE_CHECKING:
    from needlepoint.arrays import Floats
    from needlepoint.stats.quadrature_axes import Axis

    TauAt = Callable[[Sequence[Floats]], Floats]

__all__ = ["Fit", "fit", "posterior_of"]

_NEGLIGIBLE = 1e-17


@dataclass(frozen=True, slots=True)
class Fit:
    """``tau``, ``weights`` (m,), ``mean`` (m, p), ``cov`` (m, p, p): the posterior as m weighted normals.

    ``state`` gives the updated Gaussian at any scales, which makes this posterior the next prior.
    """

    tau: Floats
    weights: Floats
    mean: Floats
    cov: Floats
    log_evidence: float
    error: float
    quadrature: Quadrature | None
    axes: tuple[Axis, ...]
    state: Joint
    tau_at: TauAt

    def along(self, x: Floats, add: Floats | float = 0.0) -> Mixture:
        """Distribution of ``x @ beta`` plus independent noise of variance ``add`` (a number, or one a node)."""
        variance = np.einsum("i,nij,j->n", x, self.cov, x) + add
        return Mixture(self.weights, self.mean @ x, np.sqrt(variance))


def fit(
    prior: Joint,
    axes: tuple[Axis, ...],
    tau_at: TauAt,
    yi: Floats,
    vi: Floats,
    X: Floats,
) -> Fit:
    """Integrate the scales out of the model of studies ``yi``, ``vi``, ``X`` under ``prior``.

    Raises
    ------
    ConvergenceError
        The posterior is improper, or the error stays too large.
    """

    def state(*scales: Floats) -> Gaussian:
        return update(prior(*scales), yi, vi, X, tau_at(scales))

    return posterior_of(state, axes, tau_at)


def posterior_of(state: Joint, axes: tuple[Axis, ...], tau_at: TauAt) -> Fit:
    """Integrate over the scales of ``state``, which already holds prior and data."""
    if not axes:
        at, log_evidence, error, quadrature = state(), 0.0, 0.0, None
        log_evidence = float(log_total(at)[0])
        tau, node_weights = tau_at(()), np.ones(1)
    else:
        quadrature = integrate(lambda *scales: log_total(state(*scales)), axes)
        log_evidence, error = quadrature.log_evidence, quadrature.error
        columns = tuple(quadrature.nodes.T)
        at, tau, node_weights = state(*columns), tau_at(columns), quadrature.weights
    share = np.exp(at.log_weight - log_total(at)[:, None]) * node_weights[:, None]
    keep = share > _NEGLIGIBLE
    c = share.shape[1]
    return Fit(
        tau=np.repeat(tau, c)[keep.ravel()],
        weights=share[keep] / share[keep].sum(),
        mean=at.mean[keep],
        cov=inverse(at.precision[keep]),
        log_evidence=log_evidence,
        error=error,
        quadrature=quadrature,
        axes=axes,
        state=state,
        tau_at=tau_at,
    )
