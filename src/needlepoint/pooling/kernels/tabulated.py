"""A design of several columns (or many studies), tabulated so that any tau2 costs one small matrix product.

With orthonormal Q and residuals r of the equal-effects fit, all sums over studies are w, w^2 and w^3 times the columns
1 and the products of (Q, r): nothing k x k is formed. Residuals instead of the estimates keep the digits.
"""

from __future__ import annotations

from functools import lru_cache
from math import isqrt, log, nan

import numpy as np

from needlepoint.arrays import Ints, Matrix
from needlepoint.pooling.kernels.sums import At

__all__ = ["Table"]

_FEW = 4  # up to so many columns plain loops beat calls of linear algebra
_BLOCK = 50_000  # numbers held at once in a scan


class Table:
    """The sums of one problem.

    ``orthonormal`` and ``triangle`` are Q and R of X = QR; ``low`` and ``high`` the extreme ``vi``.
    """

    __slots__ = (
        *("_columns", "_last", "_powers", "_scanned", "_square", "_vi"),
        *("high", "low", "orthonormal", "triangle"),
    )

    def __init__(self, yi: Matrix, vi: Matrix, X: Matrix) -> None:
        Q, R = _orthonormal(X)
        WQ = Q / vi[:, None]
        Z = np.empty((len(yi), Q.shape[1] + 1))
        Z[:, :-1] = Q
        Z[:, -1] = yi - Q @ _solved(Q.T @ WQ, WQ.T @ yi)
        rows, columns, square = _layout(Z.shape[1])
        sums = np.empty((len(yi), len(rows) + 1))
        sums[:, 0] = 1.0
        np.multiply(Z.take(rows, axis=1), Z.take(columns, axis=1), out=sums[:, 1:])
        self.orthonormal, self.triangle, self._vi = Q, R, vi
        self.low, self.high = float(np.minimum.reduce(vi)), float(np.maximum.reduce(vi))
        self._last = nan, At(*[nan] * 9)  # the tau2 scored last, and the sums there
        self._columns, self._powers, self._square = sums, np.empty((3, len(yi))), square
        self._scanned: dict[float, tuple[float, float, float]] = {}

    def at(self, tau2: float) -> At:
        """The model at ``tau2``."""
        total = self._vi + tau2
        sums = self._last[1] if tau2 == self._last[0] else self._sums(total)
        return sums._replace(logdet_v=float(np.log(total).sum()))

    def score(self, tau2: float, restricted: bool) -> tuple[float, float, float, float]:
        """The parts of the score, y'PPy and the trace of P (restricted) or W, and how fast each falls."""
        m = self._sums(self._vi + tau2)
        self._last = tau2, m
        if restricted:
            return m.pp, m.tr_p, 2.0 * m.ppp, m.tr_pp
        return m.pp, m.sum_w, 2.0 * m.ppp, m.sum_w2

    def scan(self, grid: list[float]) -> None:
        """Work out the parts of the score at every point of ``grid`` at one blow, for :meth:`parts`."""
        step = max(1, _BLOCK // len(self._vi))
        for start in range(0, len(grid), step):
            some = grid[start : start + step]
            W = 1.0 / (np.array(some)[:, None] + self._vi)
            found = _parts(W @ self._columns, (W * W) @ self._columns, self._square)
            self._scanned.update(zip(some, zip(*(x.tolist() for x in found), strict=True), strict=True))

    def cochran(self) -> tuple[float, float]:
        """Cochran's Q and the trace of P at tau2 = 0."""
        if 0.0 not in self._scanned:
            self.scan([0.0])
        return float(self._columns[:, -1] @ (1.0 / self._vi)), self._scanned[0.0][1]

    def parts(self, tau2: float, restricted: bool) -> tuple[float, float]:
        """The parts of the score at a point that was scanned."""
        pp, tr_p, sum_w = self._scanned[tau2]
        return pp, tr_p if restricted else sum_w

    def _sums(self, total: Matrix) -> At:
        """The model with total variances ``total``, all but their determinant."""
        W = self._powers
        np.divide(1.0, total, out=W[0])
        np.multiply(W[0], W[0], out=W[1])
        np.multiply(W[1], W[0], out=W[2])
        sums = W.dot(self._columns)
        if len(self._square) - 1 <= _FEW:
            return _by_elimination(sums.tolist())
        return _by_algebra(sums, self._square)


@lru_cache(maxsize=64)
def _layout(n: int) -> tuple[Ints, Ints, Ints]:
    """Rows and columns of the upper triangle of an n x n matrix, and where each entry of it stands among the sums."""
    rows, columns = np.triu_indices(n)
    square = np.empty((n, n), dtype=np.intp)
    square[rows, columns] = square[columns, rows] = np.arange(1, len(rows) + 1)
    return rows, columns, square


def _orthonormal(X: Matrix) -> tuple[Matrix, Matrix]:
    if X.shape[1] > 1:
        return np.linalg.qr(X)
    length = np.sqrt(X.T @ X)
    return X / length, length


def _solved(A: Matrix, b: Matrix) -> Matrix:
    return np.asarray(np.linalg.solve(A, b) if len(b) > 1 else b / A[0], dtype=np.float64)


def _parts(S1: Matrix, S2: Matrix, square: Ints) -> tuple[Matrix, Matrix, Matrix]:
    """y'PPy, tr P and the sum of W of many rows of sums of w and w^2."""
    if len(square) == 2:
        (n, a1, c1, _), (_, a2, c2, s2) = S1.T, S2.T
        b = c1 / a1
        return s2 + b * (a2 * b - 2.0 * c2), n - a2 / a1, n
    A1, A2 = S1[:, square], S2[:, square]
    both = np.linalg.solve(A1[:, :-1, :-1], np.concatenate([A2[:, :-1, :-1], A1[:, :-1, -1:]], axis=2))
    b = np.concatenate([-both[:, :, -1], np.ones((len(S1), 1))], axis=1)  # residuals are (Q, r) b
    pp = np.einsum("gi,gij,gj->g", b, A2, b)
    return pp, S1[:, 0] - np.trace(both[:, :, :-1], axis1=1, axis2=2), S1[:, 0]


def _by_algebra(sums: Matrix, square: Ints) -> At:
    """The design eliminated by linear algebra."""
    A1, A2, A3 = sums[:, square]
    inverse = np.linalg.inv(A1[:-1, :-1])
    b = np.append(-inverse @ A1[:-1, -1], 1.0)  # residuals are (Q, r) b
    A2b = A2 @ b
    d = A2b[:-1]
    M2 = inverse @ A2[:-1, :-1]
    return At(
        float(A1[-1] @ b),
        float(b @ A2b),
        float(b @ A3 @ b - d @ inverse @ d),
        float(sums[0, 0] - M2.trace()),
        float(sums[1, 0] - 2.0 * (inverse * A3[:-1, :-1]).sum() + (M2 * M2.T).sum()),
        float(sums[0, 0]),
        float(sums[1, 0]),
        nan,
        log(float(np.linalg.det(A1[:-1, :-1]))),
    )


def _by_elimination(sums: list[list[float]]) -> At:
    """The design eliminated column by column, on power series.

    The sums of w, w^2 and w^3 are the terms of a sum of 1 / (vi + tau2 - x) as a series in x. Elimination of such
    series leaves that of y'Py, whose terms are y'Py, y'PPy and y'PPPy, and pivots whose logarithms add up to that of
    det X'WX, whose terms give the traces.
    """
    rows = list(
        zip(*sums, strict=True)
    )  # after the sums of w, the upper triangle of (Q, r)'W(Q, r) row by row
    n1, n2, _ = rows[0]
    logdet = first = second = 0.0
    at = 1
    for n in range(isqrt(2 * len(rows) - 2), 1, -1):  # columns that are left
        d0, d1, d2 = rows[at]
        e1, e2 = d1 / d0, d2 / d0
        logdet += log(d0)
        first += e1
        second += e2 - 0.5 * e1 * e1
        pivots = rows[at + 1 : at + n]
        at = below = at + n
        for i, (x0, x1, x2) in enumerate(pivots):
            f0 = x0 / d0
            f1 = x1 / d0 - f0 * e1
            f2 = x2 / d0 - f0 * e2 - f1 * e1
            for y0, y1, y2 in pivots[i:]:
                z0, z1, z2 = rows[below]
                rows[below] = z0 - f0 * y0, z1 - f0 * y1 - f1 * y0, z2 - f0 * y2 - f1 * y1 - f2 * y0
                below += 1
    q, pp, ppp = rows[-1]
    return At(q, pp, ppp, n1 - first, n2 - 2.0 * second, n1, n2, nan, logdet)
