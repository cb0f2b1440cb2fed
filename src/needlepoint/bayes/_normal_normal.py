"""The normal-normal model given its scales: a Gaussian that studies update and that stays Gaussian.

Given tau (and, for a t prior, the mixing precision) the coefficients are normal before and after the data, so that
the posterior of one analysis is the prior of the next by the same type.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from needlepoint.arrays import Floats


__all__ = ["Gaussian", "Joint", "inverse", "log_total", "update", "update_clustered"]

_LOG_2PI = math.log(2.0 * math.pi)
_CHUNK = 4_000_000  # doubles in one work array


@dataclass(frozen=True, slots=True)
class Gaussian:
    """Coefficients at n values of the scales: C weighted normals each (C is one but for mixture priors).

    ``log_weight`` (n, C) is the log of prior density of the scales times what the data say of them so far; ``mean``
    (n, C, p); ``precision`` (n, C, p, p); ``log_norm`` (n, C) the log of the normal's constant, zero for flat.
    """

    log_weight: Floats
    mean: Floats
    precision: Floats
    log_norm: Floats


Joint = Callable[..., Gaussian]
"""Scales, one (n,) array each with tau first, to the coefficients given them."""


def log_total(state: Gaussian) -> Floats:
    """Log weight of each node, its components summed."""
    if state.log_weight.shape[1] == 1:
        return state.log_weight[:, 0]
    return np.logaddexp.reduce(state.log_weight, axis=1)


def update(prior: Gaussian, yi: Floats, vi: Floats, X: Floats, tau: Floats) -> Gaussian:
    """Bring in studies ``yi`` (k,) with variances ``vi`` and design ``X`` (k, p) at each ``tau`` (n,).

    ``yi`` may also be (n, k): estimates that a further scale has shifted.

    The evidence is taken at the updated mean, as a sum of squares, so that nothing cancels.
    """
    k = len(vi)
    rows = max(1, _CHUNK // max(1, k * prior.mean.shape[1]))
    if len(tau) > rows:
        parts = [
            update(_slice(prior, s), yi if yi.ndim == 1 else yi[s], vi, X, tau[s])
            for s in (slice(i, i + rows) for i in range(0, len(tau), rows))
        ]
        return _join(parts)
    p = X.shape[1]
    W = 1.0 / (vi + (tau**2)[:, None])
    xwx = (W @ (X[:, :, None] * X[:, None, :]).reshape(k, p * p)).reshape(len(tau), p, p)
    log_scatter = 0.5 * (np.log(W).sum(axis=1) - k * _LOG_2PI)

    def square(mean: Floats) -> Floats:
        residual = (yi if yi.ndim == 1 else yi[:, None, :]) - mean @ X.T
        return np.einsum("nck,nk->nc", residual**2, W)

    return _updated(prior, xwx, (W * yi) @ X, square, log_scatter)


def _updated(
    prior: Gaussian,
    xwx: Floats,
    xwy: Floats,
    square: Callable[[Floats], Floats],
    log_scatter: Floats,
) -> Gaussian:
    """Combine a prior with the normal equations; ``square`` gives the weighted residual sum of squares at a mean."""
    precision = prior.precision + xwx[:, None]
    pulled = np.einsum("ncij,ncj->nci", prior.precision, prior.mean) + xwy[:, None, :]
    mean, log_det = _solve(precision, pulled)
    away = mean - prior.mean
    quadratic = square(mean) + np.einsum("nci,ncij,ncj->nc", away, prior.precision, away)
    log_norm = 0.5 * (log_det - mean.shape[-1] * _LOG_2PI)
    log_weight = prior.log_weight + log_scatter[:, None] - 0.5 * quadratic + prior.log_norm - log_norm
    return Gaussian(log_weight, mean, precision, log_norm)


def update_clustered(
    prior: Gaussian, yi: Floats, vi: Floats, X: Floats, member: Floats, between: Floats, within: Floats
) -> Gaussian:
    """Bring in effects nested in clusters; ``member`` (k, C) is one where an effect belongs to a cluster.

    Effects of a cluster share a deviation with standard deviation ``between`` (n,) and have their own with ``within``
    (n,): each block is a diagonal plus a constant, inverted by the Sherman-Morrison formula.
    """
    rows = max(1, _CHUNK // max(1, len(vi) * X.shape[1]))
    if len(between) > rows:
        slices = [slice(i, i + rows) for i in range(0, len(between), rows)]
        return _join(
            [update_clustered(_slice(prior, s), yi, vi, X, member, between[s], within[s]) for s in slices]
        )
    own = np.argmax(member, axis=1)  # cluster of each effect
    W = 1.0 / (vi + (within**2)[:, None])
    mass = W @ member
    # within clusters by deviations from their means, between them by the means: nothing cancels
    x_mean = np.stack([(W * X[:, j]) @ member for j in range(X.shape[1])], axis=-1) / mass[:, :, None]
    y_mean = (W * yi) @ member / mass
    x_own, y_own = X - x_mean[:, own], yi - y_mean[:, own]
    shared = 1.0 / (1.0 / mass + (between**2)[:, None])
    xwx = np.einsum("nki,nk,nkj->nij", x_own, W, x_own) + np.einsum("nci,nc,ncj->nij", x_mean, shared, x_mean)
    xwy = np.einsum("nki,nk->ni", x_own, W * y_own) + np.einsum("nci,nc->ni", x_mean, shared * y_mean)
    log_det = np.log(W).sum(axis=1) - np.log1p((between**2)[:, None] * mass).sum(axis=1)

    def square(mean: Floats) -> Floats:
        inner = y_own[:, None] - np.einsum("nki,nmi->nmk", x_own, mean)
        outer = y_mean[:, None] - np.einsum("nci,nmi->nmc", x_mean, mean)
        return np.einsum("nmk,nk->nm", inner**2, W) + np.einsum("nmc,nc->nm", outer**2, shared)

    return _updated(prior, xwx, xwy, square, 0.5 * (log_det - len(vi) * _LOG_2PI))


def _solve(precision: Floats, pulled: Floats) -> tuple[Floats, Floats]:
    if precision.shape[-1] == 1:
        a = precision[..., 0, 0]
        return pulled / a[..., None], np.log(a)
    sign, log_det = np.linalg.slogdet(precision)
    lost = sign <= 0  # scales so extreme that doubles no longer tell the coefficients apart
    if lost.any():
        precision = np.where(lost[..., None, None], np.eye(precision.shape[-1]), precision)
        log_det = np.where(lost, np.nan, log_det)
    mean = np.asarray(np.linalg.solve(precision, pulled[..., None]), dtype=np.float64)[..., 0]
    return mean, np.asarray(log_det, dtype=np.float64)


def inverse(precision: Floats) -> Floats:
    """Covariances of a stack of precision matrices."""
    if precision.shape[-1] == 1:
        return 1.0 / precision
    return np.asarray(np.linalg.inv(precision), dtype=np.float64)


def _slice(state: Gaussian, s: slice) -> Gaussian:
    return Gaussian(state.log_weight[s], state.mean[s], state.precision[s], state.log_norm[s])


def _join(parts: list[Gaussian]) -> Gaussian:
    return Gaussian(
        np.concatenate([q.log_weight for q in parts]),
        np.concatenate([q.mean for q in parts]),
        np.concatenate([q.precision for q in parts]),
        np.concatenate([q.log_norm for q in parts]),
    )
