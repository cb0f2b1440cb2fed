"""Generalised Q statistics: one weighted residual sum of squares with its expectation and variance.

For any weights A and P = A - A X (X'AX)^-1 X'A, E(y'Py) = tr(PV) + tau2 tr(P) and
Var(y'Py) = 2 tr(PVPV) + 4 tau2 tr(PVP) + 2 tau2^2 tr(PP), with V = diag(vi): all moment estimators follow.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from needlepoint.arrays import Matrix
from needlepoint.pooling.kernels.normal import Table, Vector

__all__ = ["Moments", "column_moments", "design_moments", "moments", "q_variance"]


class Moments(NamedTuple):
    """Q and the traces of its mean and variance."""

    q: float
    tr_pv: float
    tr_p: float
    tr_pvpv: float
    tr_pvp: float
    tr_pp: float
    sum_a: float


def column_moments(yi: Vector, vi: Vector, ai: Vector, xi: Vector) -> Moments:
    """Q with weights ``ai`` and one column ``xi``."""
    b = c = sum_a = sum_av = sum_a2 = sum_a2v = sum_a2v2 = 0.0
    c1 = cv = d1 = dv = dvv = 0.0
    for y, v, a, x in zip(yi, vi, ai, xi):  # noqa: B905 (also compiled by numba, which has no strict=)
        axx = a * x * x
        b += axx
        c += a * x * y
        sum_a += a
        sum_av += a * v
        sum_a2 += a * a
        sum_a2v += a * a * v
        sum_a2v2 += a * a * v * v
        c1 += a * axx
        cv += a * v * axx
        d1 += a * a * axx
        dv += a * a * v * axx
        dvv += a * a * v * v * axx
    beta = c / b
    q = 0.0
    for y, a, x in zip(yi, ai, xi):  # noqa: B905 (also compiled by numba, which has no strict=)
        r = y - beta * x
        q += a * r * r
    h1 = c1 / b
    hv = cv / b
    return Moments(
        q,
        sum_av - hv,
        sum_a - h1,
        sum_a2v2 - 2.0 * dvv / b + hv * hv,
        sum_a2v - 2.0 * dv / b + hv * h1,
        sum_a2 - 2.0 * d1 / b + h1 * h1,
        sum_a,
    )


def design_moments(yi: Matrix, vi: Matrix, ai: Matrix, Q: Matrix) -> Moments:
    """Q with weights ``ai`` and an orthonormal design of several columns."""

    def cross(w: Matrix) -> Matrix:
        return inverse @ (Q.T @ (Q * w[:, None]))

    inverse = np.linalg.inv(Q.T @ (Q * ai[:, None]))
    r = yi - Q @ (inverse @ (Q.T @ (ai * yi)))
    a2 = ai * ai
    H1, Hv = cross(a2), cross(a2 * vi)
    return Moments(
        float(ai @ (r * r)),
        float(ai @ vi - np.trace(Hv)),
        float(ai.sum() - np.trace(H1)),
        float(a2 @ (vi * vi) - 2.0 * np.trace(cross(a2 * ai * vi * vi)) + (Hv * Hv.T).sum()),
        float(a2 @ vi - 2.0 * np.trace(cross(a2 * ai * vi)) + (H1 * Hv.T).sum()),
        float(a2.sum() - 2.0 * np.trace(cross(a2 * ai)) + (H1 * H1.T).sum()),
        float(ai.sum()),
    )


def moments(yi: Vector, vi: Vector, ai: Vector, xi: Vector, table: Table | None) -> Moments:
    """Q with weights ``ai``: one column ``xi``, or the design of the table."""
    if table is None:
        return column_moments(yi, vi, ai, xi)
    return design_moments(np.asarray(yi), np.asarray(vi), np.asarray(ai), table.orthonormal)


def q_variance(m: Moments, tau2: float) -> float:
    """Variance of Q at ``tau2``."""
    return 2.0 * m.tr_pvpv + 4.0 * tau2 * m.tr_pvp + 2.0 * tau2 * tau2 * m.tr_pp
