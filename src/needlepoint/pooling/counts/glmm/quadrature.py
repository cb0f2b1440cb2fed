"""Adaptive Gauss-Hermite quadrature of the random effects, all studies at once.

Random effects are L z with z standard normal. Around each study's mode the integrand is nearly Gaussian, so that few
points placed by its curvature integrate it to machine precision: Liu & Pierce (1994), doi:10.1093/biomet/81.3.624.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from needlepoint.arrays import Vector
from needlepoint.pooling.counts.glmm.families import Family

__all__ = ["Integral", "Points", "integrate", "modes", "points"]

MOST_HERMITE = 65
REACH = 24.0  # in standard deviations at the mode: an edge there makes them small beside the whole
MAX_MODE_STEPS = 60
ROUGH_SEAT, FINE_SEAT = 0.1, 1e-6  # how near its mode a study's points sit, in posterior standard deviations
ROUGH = 5  # so many points only say where to start


class Points(NamedTuple):
    """Nodes of shape (Q, d) for the weight function 1, and the logarithms of their weights, (Q,).

    They need to sit no nearer the mode than ``seat`` posterior standard deviations.
    """

    nodes: Vector
    log_weights: Vector
    seat: float


def _hermite(n: int) -> tuple[Vector, Vector]:
    x, w = np.polynomial.hermite.hermgauss(n)
    # weight of the plain integral over z, times the standard normal constant
    return np.sqrt(2.0) * x, np.log(w) + x**2 - 0.5 * np.log(np.pi)


def _trapezium(n: int) -> tuple[Vector, Vector]:
    """For integrands with an edge: far reach and even spacing, exact to exp(-width of the edge / step)."""
    x = np.linspace(-REACH, REACH, n)
    return x, np.full(n, np.log(x[1] - x[0]) - 0.5 * np.log(2.0 * np.pi))


@lru_cache(maxsize=64)
def points(n: int, d: int) -> Points:
    """Product rule of ``n`` points in ``d`` dimensions, for densities in z: Gauss-Hermite, or trapezium if many."""
    if d == 0:
        return Points(np.zeros((1, 0)), np.zeros(1), 0.0)
    seat = ROUGH_SEAT if n <= ROUGH else FINE_SEAT
    one, log_one = _hermite(n) if n <= MOST_HERMITE else _trapezium(n)
    if d == 1:
        return Points(one[:, None], log_one, seat)
    first, second = np.meshgrid(one, one, indexing="ij")
    log_weights = (log_one[:, None] + log_one[None, :]).ravel()
    return Points(np.column_stack([first.ravel(), second.ravel()]), log_weights, seat)


class Integral(NamedTuple):
    """Each study's log-likelihood (k,), and its posterior over the points: z (k, Q, d), weights (k, Q).

    ``residual`` y - mean and ``variance`` have shape (k, J, Q).
    """

    log_likelihood: Vector
    z: Vector
    weights: Vector
    residual: Vector
    variance: Vector


def _joint(family: Family, base: Vector, R: Vector, z: Vector) -> tuple[Vector, Vector, Vector]:
    """Log of the integrand at z (k, Q, d), with residuals and variances (k, J, Q)."""
    eta = base[:, :, None] + R @ z.transpose(0, 2, 1)
    log_partition, mean, variance = family.cumulants(eta)
    y = family.y[:, :, None]
    log_density = (y * eta - log_partition).sum(axis=1) - 0.5 * (z * z).sum(axis=2)
    return log_density, y - mean, variance


def _solved(curvature: Vector, gradient: Vector) -> Vector:
    if curvature.shape[1] == 1:
        return gradient / curvature[:, :, 0]
    a, b, c = curvature[:, 0, 0], curvature[:, 1, 0], curvature[:, 1, 1]
    first, second = gradient.T
    step = np.empty_like(gradient)
    step[:, 0], step[:, 1] = c * first - b * second, a * second - b * first
    step /= (a * c - b * b)[:, None]
    return step


def _spread(curvature: Vector) -> Vector:
    """Cholesky factor of the inverse."""
    if curvature.shape[1] == 1:
        return 1.0 / np.sqrt(curvature)
    a, b, c = curvature[:, 0, 0], curvature[:, 1, 0], curvature[:, 1, 1]
    root = np.sqrt(c / (a * c - b * b))
    factor = np.zeros_like(curvature)
    factor[:, 0, 0], factor[:, 1, 0], factor[:, 1, 1] = root, -root * b / c, 1.0 / np.sqrt(c)
    return factor


def modes(family: Family, base: Vector, R: Vector, start: Vector, seat: float) -> tuple[Vector, Vector]:
    """Mode of each study's random effects (k, d), and the curvature there (k, d, d).

    The integrand is log-concave: Newton's method, halved per study while it does not climb, finds the only mode.
    """
    k, d = start.shape
    outer, unit = (R[:, :, None] * R[:, None, :]).reshape(len(R), d * d), np.eye(d)
    z = start
    log_density, residual, variance = _joint(family, base, R, z[:, None])
    curvature = (variance[:, :, 0] @ outer).reshape(k, d, d) + unit
    for _ in range(MAX_MODE_STEPS):
        gradient = residual[:, :, 0] @ R - z
        step = _solved(curvature, gradient)
        if (step * gradient).sum(axis=1).max(initial=0.0) < seat * seat:
            break
        floor = log_density - 1e-12 * np.abs(log_density)
        z = z + step
        log_density, residual, variance = _joint(family, base, R, z[:, None])
        for _ in range(30):
            lower = log_density < floor
            if not lower.any():
                break
            step = np.where(lower, 0.5 * step, step)
            z = np.where(lower, z - step, z)
            log_density, residual, variance = _joint(family, base, R, z[:, None])
        curvature = (variance[:, :, 0] @ outer).reshape(k, d, d) + unit
    return z, curvature


def integrate(
    family: Family, base: Vector, R: Vector, rule: Points, start: Vector
) -> tuple[Integral, Vector]:
    """Integrate the random effects out of every study.

    Parameters
    ----------
    base
        Linear predictors without random effects, (k, J).
    R
        Effect of z on each arm, (J, d).
    rule
        Quadrature points, placed anew for every study.
    start
        Where to look for the modes, (k, d).

    Returns
    -------
    The integral, and the modes (the next call's start).
    """
    if R.shape[1] == 0:
        z = np.zeros((len(base), 1, 0))
        log_density, residual, variance = _joint(family, base, R, z)
        return Integral(log_density[:, 0], z, np.ones((len(base), 1)), residual, variance), start
    mode, curvature = modes(family, base, R, start, rule.seat)
    spread = _spread(curvature)
    z = mode[:, None, :] + (spread @ rule.nodes.T).transpose(0, 2, 1)
    log_density, residual, variance = _joint(family, base, R, z)
    log_terms = log_density + rule.log_weights
    top = log_terms.max(axis=1)
    weights = np.exp(log_terms - top[:, None])
    total = weights.sum(axis=1)
    log_det = np.log(np.diagonal(spread, axis1=1, axis2=2)).sum(axis=1)
    return Integral(top + np.log(total) + log_det, z, weights / total[:, None], residual, variance), mode
