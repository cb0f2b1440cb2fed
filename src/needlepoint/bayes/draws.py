"""Independent draws from a posterior: tau by inverting its distribution function, coefficients given tau."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from needlepoint.bayes._fit import Fit
from needlepoint.bayes._normal_normal import inverse, log_total

if TYPE_CHECKING:
    from needlepoint.arrays import Floats


__all__ = ["draw_jointly"]

_TABLE = 4001  # points of the inverse distribution function between which draws are interpolated
_BLOCK = 200_000


def draw_jointly(fit: Fit, n: int, seed: int) -> tuple[Floats, Floats]:
    """``n`` draws of tau (n,) and of the coefficients (n, p)."""
    rng = np.random.default_rng(seed)
    if fit.quadrature is None or len(fit.axes) > 1:
        at = rng.choice(len(fit.weights), size=n, p=fit.weights)
        tau, mean, cov = fit.tau[at], fit.mean[at], fit.cov[at]
        if fit.quadrature is not None and len(np.unique(fit.tau)) > 1:
            return _off_the_lattice(fit, n, rng)
        return tau, _normal(mean, cov, rng)
    tau = _draw_tau(fit, n, rng)
    return tau, _given(fit, (tau,), rng)


def _draw_tau(fit: Fit, n: int, rng: np.random.Generator) -> Floats:
    assert fit.quadrature is not None
    margin = fit.quadrature.marginal(0)
    u = np.linspace(margin.u[0] - margin.step, margin.u[-1] + margin.step, _TABLE)
    tau = margin.stretch.axis.to_x(margin.stretch.to_t(u))
    return np.interp(rng.random(n), np.maximum.accumulate(margin.cdf(tau)), tau)


def _off_the_lattice(fit: Fit, n: int, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Tau continuous; the other scales, which only weigh the normals, from their lattice given tau."""
    assert fit.quadrature is not None
    tau = _draw_tau(fit, n, rng)
    others = np.unique(fit.quadrature.index[:, 1:], axis=0, return_index=True)[1]
    nodes = fit.quadrature.nodes[others, 1:]
    u = fit.quadrature.index[others, 1:] * fit.quadrature.step[1:]
    log_width = np.zeros(len(nodes))
    for j, stretch in enumerate(fit.quadrature.stretch[1:]):
        t = stretch.to_t(u[:, j])
        log_width += stretch.log_jacobian(u[:, j]) + stretch.axis.log_jacobian(t)
    chosen = np.empty((n, nodes.shape[1]))
    rows = max(1, _BLOCK // len(nodes))
    for i in range(0, n, rows):
        part = tau[i : i + rows]
        grid = (np.repeat(part, len(nodes)), *np.tile(nodes, (len(part), 1)).T)
        log_w = log_total(fit.state(*grid)).reshape(len(part), -1) + log_width
        gumbel = rng.gumbel(size=log_w.shape)  # the largest of log weight plus Gumbel noise is a draw
        chosen[i : i + rows] = nodes[np.argmax(log_w + gumbel, axis=1)]
    return tau, _given(fit, (tau, *chosen.T), rng)


def _given(fit: Fit, scales: tuple[Floats, ...], rng: np.random.Generator) -> Floats:
    state = fit.state(*scales)
    gumbel = rng.gumbel(size=state.log_weight.shape)
    c = np.argmax(state.log_weight + gumbel, axis=1)
    rows = np.arange(len(c))
    return _normal(state.mean[rows, c], inverse(state.precision[rows, c]), rng)


def _normal(mean: Floats, cov: Floats, rng: np.random.Generator) -> Floats:
    root = np.linalg.cholesky(cov)
    return mean + np.einsum("nij,nj->ni", root, rng.standard_normal(mean.shape))
