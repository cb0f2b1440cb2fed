"""Likelihood of the location-scale model, with its gradient and Hessian in the scale coefficients.

tau2_i = exp(z_i'a) or z_i'a. With P as in ``_normal`` and u = Py, the derivative of the restricted log-likelihood with
respect to tau2_i is (u_i^2 - P_ii) / 2, and its second derivative P_ij^2 / 2 - u_i P_ij u_j; P is W minus a matrix of
rank p, so nothing k x k is formed.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from needlepoint.arrays import Matrix

__all__ = ["Scale", "State", "evaluate", "maximise"]


class Scale(NamedTuple):
    """A problem: estimates, variances, orthonormal location design, scale design, and the kind of likelihood."""

    yi: Matrix
    vi: Matrix
    Q: Matrix
    Z: Matrix
    log_link: bool
    restricted: bool


class State(NamedTuple):
    """The model at scale coefficients ``a``."""

    a: Matrix
    tau2: Matrix
    value: float  # log-likelihood without its constants
    gradient: Matrix
    hessian: Matrix


def evaluate(m: Scale, a: Matrix) -> State:
    """Log-likelihood with derivatives at ``a``."""
    eta = m.Z @ a
    tau2 = np.exp(np.clip(eta, -200.0, 200.0)) if m.log_link else eta
    w = 1.0 / (m.vi + tau2)
    WQ = m.Q * w[:, None]
    A = m.Q.T @ WQ
    root = np.linalg.cholesky(A)
    U = np.linalg.solve(root, WQ.T).T  # P = W - UU'
    Wy = w * m.yi
    u = Wy - U @ (U.T @ m.yi)
    value = -0.5 * (float(np.log(m.vi + tau2).sum()) + float(m.yi @ u))
    leverage = (U * U).sum(axis=1)
    trace = w - leverage if m.restricted else w
    score = 0.5 * (u * u - trace)
    D = m.Z * tau2[:, None] if m.log_link else m.Z
    T = D * u[:, None]
    curvature = w * w - 2.0 * w * leverage if m.restricted else w * w
    hessian = 0.5 * D.T @ (D * curvature[:, None]) - T.T @ (T * w[:, None]) + (T.T @ U) @ (U.T @ T)
    if m.restricted:
        value -= float(np.log(root.diagonal()).sum())
        pairs = (U[:, :, None] * U[:, None, :]).reshape(len(U), -1).T @ D
        hessian = hessian + 0.5 * pairs.T @ pairs
    if m.log_link:
        hessian = hessian + D.T @ (m.Z * score[:, None])
    return State(a, tau2, value, D.T @ score, np.asarray(hessian, dtype=np.float64))


def _climb(m: Scale, start: Matrix) -> tuple[State, bool]:
    """Newton's iteration with a ridge that grows until the likelihood rises."""
    state = evaluate(m, start)
    ridge = 0.0
    for _ in range(400):
        size = float(np.abs(state.hessian).max()) + 1e-12
        values, vectors = np.linalg.eigh(-state.hessian)
        damped = np.maximum(np.abs(values), 1e-9 * size) + ridge
        step = vectors @ ((vectors.T @ state.gradient) / damped)
        length = float(np.abs(m.Z @ step).max())
        if length > 4.0:  # at most a factor of e^4 in tau2 at once
            step = step * (4.0 / length)
        gain = float(step @ state.gradient)
        if gain < 1e-13:
            return state, True
        nearby = evaluate(m, state.a + step)
        if np.isfinite(nearby.value) and nearby.value > state.value:
            state = nearby
            ridge *= 0.1
        elif ridge > 1e8 * size:
            return state, gain < 1e-8
        else:
            ridge = max(10.0 * ridge, 1e-3 * size)
    return state, float(np.abs(state.gradient).max()) < 1e-6


def maximise(m: Scale, starts: list[Matrix]) -> tuple[State, bool]:
    """The highest of the maxima reached from several starts, and whether that climb settled."""
    climbs = [_climb(m, start) for start in starts]
    return max(climbs, key=lambda climb: climb[0].value)
