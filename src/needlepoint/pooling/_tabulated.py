"""A design of several columns (or many studies), tabulated so that any tau2 costs one small matrix product.

With orthonormal Q and residuals r of the equal-effects fit, all sums over studies are w, w^2 and w^3 times the columns
1, r^2, Q r and the products of Q: nothing k x k is formed. Residuals instead of the estimates keep the digits.
"""

from __future__ import annotations

from math import log

import numpy as np
from numpy.typing import NDArray

from needlepoint.pooling._at import At

Matrix = NDArray[np.float64]

__all__ = ["Table"]

FEW = 5  # up to so many columns plain loops beat calls of linear algebra
Rows = list[list[float]]


class Table:
    """The sums of one problem; ``orthonormal`` and ``triangle`` are Q and R of X = QR."""

    __slots__ = ("_columns", "_powers", "_square", "_vi", "orthonormal", "triangle")

    def __init__(self, yi: Matrix, vi: Matrix, X: Matrix) -> None:
        Q, R = np.linalg.qr(X)
        p = Q.shape[1]
        WQ = Q / vi[:, None]
        r = yi - Q @ np.linalg.solve(Q.T @ WQ, WQ.T @ yi)
        rows, columns = np.triu_indices(p)
        self.orthonormal, self.triangle, self._vi = Q, R, vi
        self._columns = np.column_stack([np.ones(len(yi)), r * r, Q * r[:, None], Q[:, rows] * Q[:, columns]])
        self._powers = np.empty((3, len(yi)))
        square = np.empty((p, p), dtype=np.intp)
        square[rows, columns] = square[columns, rows] = np.arange(len(rows)) + p + 2
        self._square = square

    def at(self, tau2: float) -> At:
        """The model at ``tau2``."""
        total = self._vi + tau2
        W = self._powers
        np.divide(1.0, total, out=W[0])
        np.multiply(W[0], W[0], out=W[1])
        np.multiply(W[1], W[0], out=W[2])
        sums = W @ self._columns
        logdet_v = float(np.log(total).sum())
        p = len(self._square)
        if p == 1:
            return _one_column(sums.tolist(), logdet_v)
        if p == 2:
            return _two_columns(sums.tolist(), logdet_v)
        return _few_columns(sums.tolist(), logdet_v, p) if p <= FEW else self._several(sums, logdet_v)

    def _several(self, sums: Matrix, logdet_v: float) -> At:
        (n1, s1), (n2, s2), (_, s3) = sums[:, :2].tolist()
        c1, c2, c3 = sums[:, 2 : 2 + len(self._square)]
        A1, A2, A3 = sums[:, self._square]
        inverse = np.linalg.inv(A1)
        b = inverse @ c1
        A2b = A2 @ b
        d = c2 - A2b
        M2 = inverse @ A2
        return At(
            s1 - float(c1 @ b),
            s2 + float(b @ (A2b - 2.0 * c2)),
            s3 + float(b @ (A3 @ b - 2.0 * c3)) - float(d @ (inverse @ d)),
            n1 - float(M2.trace()),
            n2 - 2.0 * float((inverse * A3).sum()) + float((M2 * M2.T).sum()),
            n1,
            n2,
            logdet_v,
            log(float(np.linalg.det(A1))),
        )


def _one_column(sums: list[list[float]], logdet_v: float) -> At:
    (n1, s1, c1, a1), (n2, s2, c2, a2), (_, s3, c3, a3) = sums
    b = c1 / a1
    d = c2 - a2 * b
    ratio = a2 / a1
    return At(
        s1 - c1 * b,
        s2 + b * (a2 * b - 2.0 * c2),
        s3 + b * (a3 * b - 2.0 * c3) - d * d / a1,
        n1 - ratio,
        n2 - 2.0 * a3 / a1 + ratio * ratio,
        n1,
        n2,
        logdet_v,
        log(a1),
    )


def _two_columns(sums: list[list[float]], logdet_v: float) -> At:
    """The usual meta-regression, with the 2 x 2 algebra written out: three times as fast as through arrays."""
    (n1, s1, c1, d1, a1, e1, g1), (n2, s2, c2, d2, a2, e2, g2), (_, s3, c3, d3, a3, e3, g3) = sums
    det = a1 * g1 - e1 * e1
    i, j, k = g1 / det, -e1 / det, a1 / det  # the inverse of X'WX
    b0, b1 = i * c1 + j * d1, j * c1 + k * d1
    u0, u1 = a2 * b0 + e2 * b1, e2 * b0 + g2 * b1
    r0, r1 = c2 - u0, d2 - u1
    t0, t1 = a3 * b0 + e3 * b1 - 2.0 * c3, e3 * b0 + g3 * b1 - 2.0 * d3
    trace = i * a2 + 2.0 * j * e2 + k * g2
    return At(
        s1 - c1 * b0 - d1 * b1,
        s2 + b0 * (u0 - 2.0 * c2) + b1 * (u1 - 2.0 * d2),
        s3 + b0 * t0 + b1 * t1 - (i * r0 * r0 + 2.0 * j * r0 * r1 + k * r1 * r1),
        n1 - trace,
        n2 - 2.0 * (i * a3 + 2.0 * j * e3 + k * g3) + trace * trace - 2.0 * (a2 * g2 - e2 * e2) / det,
        n1,
        n2,
        logdet_v,
        log(det),
    )


def _few_columns(sums: Rows, logdet_v: float, p: int) -> At:
    """A few columns in plain loops."""
    (n1, s1), (n2, s2), (_, s3) = sums[0][:2], sums[1][:2], sums[2][:2]
    c1, c2, c3 = sums[0][2 : 2 + p], sums[1][2 : 2 + p], sums[2][2 : 2 + p]
    A1, A2, A3 = _square(sums[0], p), _square(sums[1], p), _square(sums[2], p)
    inverse, logdet = _inverse(A1, p)
    b = _times(inverse, c1)
    u = _times(A2, b)
    t = _times(A3, b)
    M2 = [_times(A2, row) for row in inverse]  # A2 is symmetric: row i of the inverse times A2
    d = [c2[i] - u[i] for i in range(p)]
    e = _times(inverse, d)
    trace = trace2 = trace3 = 0.0
    for i in range(p):
        s1 -= c1[i] * b[i]
        s2 += b[i] * (u[i] - 2.0 * c2[i])
        s3 += b[i] * (t[i] - 2.0 * c3[i]) - d[i] * e[i]
        trace += M2[i][i]
        for j in range(p):
            trace2 += M2[i][j] * M2[j][i]
            trace3 += inverse[i][j] * A3[i][j]
    return At(s1, s2, s3, n1 - trace, n2 - 2.0 * trace3 + trace2, n1, n2, logdet_v, logdet)


def _times(A: Rows, b: list[float]) -> list[float]:
    out: list[float] = []
    for row in A:
        total = 0.0
        for x, y in zip(row, b):  # noqa: B905 (the inner loop of every fit: no time for a check)
            total += x * y
        out.append(total)
    return out


def _square(row: list[float], p: int) -> Rows:
    """The symmetric matrix whose upper triangle stands, row by row, after the first p + 2 sums."""
    A = [[0.0] * p for _ in range(p)]
    at = p + 2
    for i in range(p):
        for j in range(i, p):
            A[i][j] = A[j][i] = row[at]
            at += 1
    return A


def _inverse(A: Rows, p: int) -> tuple[Rows, float]:
    """Inverse and log determinant of a positive definite matrix, by Gauss-Jordan on the diagonal."""
    B = A
    det = 1.0
    for k in range(p):
        row = B[k]
        pivot = row[k]
        det *= pivot
        row[k] = 1.0
        row = B[k] = [x / pivot for x in row]
        for i in range(p):
            if i != k:
                other = B[i]
                factor = other[k]
                other[k] = 0.0
                B[i] = [x - factor * y for x, y in zip(other, row)]  # noqa: B905 (as above)
    return B, log(det)
