"""The normal-normal model at a given tau2: every quantity that estimators, tests and intervals are made of.

With W = diag(1 / (vi + tau2)) and P = W - W X (X'WX)^-1 X'W, one pass gives y'Py, y'PPy, y'PPPy, tr P, tr PP and
the determinants. One column is summed with plain loops (interpreted on lists for one problem, compiled from the same
source for many); several columns use an orthonormal design, so that nothing k x k is ever formed.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import log
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Vector = Sequence[float]
Matrix = NDArray[np.float64]
Integers = NDArray[np.intp]
Mask = NDArray[np.bool_]
_SHORT = 60  # above it arrays beat interpreted loops

__all__ = [
    "At",
    "Integers",
    "Mask",
    "Matrix",
    "Vector",
    "at",
    "column_at",
    "design_at",
    "kernel_form",
    "known_mean_at",
]


class At(NamedTuple):
    """The model at one value of tau2."""

    q: float  # y'Py, the weighted residual sum of squares
    pp: float  # y'PPy
    ppp: float  # y'PPPy
    tr_p: float
    tr_pp: float
    sum_w: float
    sum_w2: float
    logdet_v: float  # sum of log(vi + tau2)
    logdet_xwx: float  # of X'WX, or of Q'WQ for an orthonormal design


def column_at(yi: Vector, vi: Vector, xi: Vector, tau2: float) -> At:
    """The model with one column ``xi`` (all ones without moderators)."""
    a1 = a2 = a3 = c1 = sum_w = sum_w2 = logdet = 0.0
    for y, v, x in zip(yi, vi, xi):  # noqa: B905 (also compiled by numba, which has no strict=)
        total = v + tau2
        w = 1.0 / total
        w2 = w * w
        xx = x * x
        a1 += w * xx
        a2 += w2 * xx
        a3 += w2 * w * xx
        c1 += w * x * y
        sum_w += w
        sum_w2 += w2
        logdet += log(total)
    b = c1 / a1
    q = pp = s2 = s3 = 0.0
    for y, v, x in zip(yi, vi, xi):  # noqa: B905 (also compiled by numba, which has no strict=)
        w = 1.0 / (v + tau2)
        r = y - b * x
        wr = w * r
        q += wr * r
        pp += wr * wr
        s2 += w * wr * x
        s3 += w * wr * wr
    ratio = a2 / a1
    return At(
        q,
        pp,
        s3 - s2 * s2 / a1,
        sum_w - ratio,
        sum_w2 - 2.0 * a3 / a1 + ratio * ratio,
        sum_w,
        sum_w2,
        logdet,
        log(a1),
    )


def design_at(yi: Matrix, vi: Matrix, Q: Matrix, tau2: float) -> At:
    """The model with an orthonormal design ``Q`` of several columns."""
    total = vi + tau2
    w = 1.0 / total
    WQ = Q * w.reshape(-1, 1)
    A = Q.T @ WQ
    inverse = np.linalg.inv(A)
    r = yi - Q @ (inverse @ (WQ.T @ yi))
    wr = w * r
    wwr = w * wr
    s2 = WQ.T @ wr
    M2 = inverse @ (WQ.T @ WQ)
    M3 = inverse @ (WQ.T @ (WQ * w.reshape(-1, 1)))
    sum_w = w.sum()
    sum_w2 = w @ w
    return At(
        float(r @ wr),
        float(wr @ wr),
        float(wr @ wwr - s2 @ (inverse @ s2)),
        float(sum_w - np.trace(M2)),
        float(sum_w2 - 2.0 * np.trace(M3) + (M2 * M2.T).sum()),
        float(sum_w),
        float(sum_w2),
        float(np.log(total).sum()),
        float(np.log(np.linalg.det(A))),
    )


def known_mean_at(ri: Vector, vi: Vector, tau2: float) -> At:
    """The model without coefficients: ``ri`` are deviations from a known mean."""
    q = pp = ppp = sum_w = sum_w2 = logdet = 0.0
    for r, v in zip(ri, vi):  # noqa: B905 (also compiled by numba, which has no strict=)
        total = v + tau2
        w = 1.0 / total
        wr = w * r
        q += wr * r
        pp += wr * wr
        ppp += w * wr * wr
        sum_w += w
        sum_w2 += w * w
        logdet += log(total)
    return At(q, pp, ppp, sum_w, sum_w2, sum_w, sum_w2, logdet, 0.0)


def kernel_form(yi: Matrix, vi: Matrix, X: Matrix) -> tuple[Any, Any, Any, Matrix | None, Matrix | None]:
    """yi, vi, the one column, Q and R of X = QR, as the kernels are fastest: lists for one short column."""
    if X.shape[1] == 1 and len(yi) <= _SHORT:
        return yi.tolist(), vi.tolist(), X[:, 0].tolist(), None, None
    Q, R = np.linalg.qr(X)
    return yi, vi, (), Q, R


def at(yi: Vector, vi: Vector, xi: Vector, Q: Matrix | None, tau2: float) -> At:
    """The model at ``tau2``: the orthonormal design ``Q``, else the one column ``xi``, else (empty) no column."""
    if Q is not None:
        return design_at(yi, vi, Q, tau2)  # pyright: ignore[reportArgumentType]
    if len(xi) == 0:
        return known_mean_at(yi, vi, tau2)
    return column_at(yi, vi, xi, tau2)
