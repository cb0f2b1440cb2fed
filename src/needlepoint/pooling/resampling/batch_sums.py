"""Sums over studies of many data sets of the same size, studies along the first axis and data sets along the last."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from needlepoint.arrays import Ints, Matrix

__all__ = ["Data", "Moments", "Reduced", "q_moments", "read", "reduced"]


class Data(NamedTuple):
    """``B`` data sets of ``k`` studies and ``p`` columns; a design that all share has no last axis."""

    Y: Matrix  # (k, B)
    V: Matrix  # (k, B), or (k, 1) when all share it
    X: Matrix  # (k, p) or (k, p, B)
    products: Matrix  # of columns, the upper triangle row by row: (m, k) or (m, k, B)

    @property
    def p(self) -> int:
        """Columns of the design."""
        return self.X.shape[1]

    @property
    def size(self) -> int:
        """Data sets in the batch."""
        return self.Y.shape[1]

    def some(self, which: Ints) -> Data:
        """Some of the data sets."""
        V = self.V if self.V.shape[1] == 1 else self.V[:, which]
        if self.X.ndim == 2:
            return Data(self.Y[:, which], V, self.X, self.products)
        return Data(self.Y[:, which], V, self.X[:, :, which], self.products[:, :, which])

    def sums(self, W: Matrix) -> Matrix:
        """The upper triangle of X'WX, (m, B)."""
        return self.products @ W if self.X.ndim == 2 else np.einsum("mkb,kb->mb", self.products, W)

    def project(self, WY: Matrix) -> Matrix:
        """X'WY, (p, B)."""
        return self.X.T @ WY if self.X.ndim == 2 else np.einsum("kpb,kb->pb", self.X, WY)

    def fitted(self, beta: Matrix) -> Matrix:
        """X beta, (k, B)."""
        return self.X @ beta if self.X.ndim == 2 else np.einsum("kpb,pb->kb", self.X, beta)

    def inverse(self, W: Matrix) -> Matrix:
        """Inverse of X'WX, (B, p, p)."""
        return np.linalg.inv(self.square(W)).astype(np.float64, copy=False)

    def square(self, W: Matrix) -> Matrix:
        """X'WX, (B, p, p)."""
        return self.sums(W)[_places(self.p)].transpose(2, 0, 1)

    def least_squares(self, W: Matrix) -> Matrix:
        """Coefficients with weights ``W``, (p, B)."""
        return np.einsum("bij,jb->ib", self.inverse(W), self.project(W * self.Y))

    def centred(self) -> Data:
        """With the residuals of the equal-effects fit in place of the estimates: sums of them keep the digits."""
        W = np.broadcast_to(1.0 / self.V, self.Y.shape)
        return self._replace(Y=self.Y - self.fitted(self.least_squares(W)))


@lru_cache(maxsize=64)
def _places(p: int) -> Ints:
    """Where each entry of a symmetric matrix stands in its upper triangle."""
    rows, columns = np.triu_indices(p)
    square = np.empty((p, p), dtype=np.intp)
    square[rows, columns] = square[columns, rows] = np.arange(len(rows))
    return square


def read(Y: Matrix, V: Matrix, X: Matrix) -> Data:
    """Data sets in rows: ``Y`` (B, k), ``V`` (k,) or (B, k), ``X`` (k, p) or (B, k, p)."""
    x = X if X.ndim == 2 else np.ascontiguousarray(X.transpose(1, 2, 0))
    rows, columns = np.triu_indices(x.shape[1])
    products = np.ascontiguousarray((x[:, rows] * x[:, columns]).swapaxes(0, 1))
    v = V[:, None] if V.ndim == 1 else np.ascontiguousarray(V.T)
    return Data(np.ascontiguousarray(Y.T), v, x, products)


class Reduced(NamedTuple):
    """The model at one tau2 a data set, as power series of as many terms as were asked for.

    ``q``: y'Py, y'PPy, y'PPPy. ``sum_w``: of w and of w^2. ``logdet`` of X'WX, and what P lacks of those sums.
    """

    q: list[Matrix]
    logdet: list[Matrix]
    sum_w: list[Matrix]

    def trace(self, power: int, restricted: bool = True) -> Matrix:
        """Trace of P (restricted) or of W, to the first or second power."""
        total = self.sum_w[power - 1]
        return total - self.logdet[power] if restricted else total


def reduced(d: Data, tau2: Matrix, terms: int) -> Reduced:
    """Eliminate the design of centred data on power series: see :mod:`needlepoint.pooling.kernels.tabulated`."""
    W = 1.0 / (d.V + tau2)
    power, moved = W, W * d.Y
    sum_w: list[Matrix] = []
    rows: list[list[Matrix]] = [[] for _ in range(d.p + 1)]  # of the augmented matrix, one array a term
    for term in range(terms):
        if term:
            power, moved = power * W, moved * W
        sum_w.append(power.sum(axis=0))
        triangle, side = d.sums(power), d.project(moved)
        at = 0
        for i in range(d.p):
            n = d.p - i
            rows[i].append(np.concatenate([triangle[at : at + n], side[i : i + 1]]))
            at += n
        rows[-1].append(np.einsum("kb,kb->b", moved, d.Y)[None])
    return Reduced(*_eliminated(rows), sum_w)


def _eliminated(rows: list[list[Matrix]]) -> tuple[list[Matrix], list[Matrix]]:
    """Series of what is left of the last entry, and of the logarithm of the determinant."""
    terms = range(len(rows[-1]))
    logdet = [np.zeros(rows[-1][0].shape[1]) for _ in terms]
    for k, pivots in enumerate(rows[:-1]):
        d = [x[0] for x in pivots]
        f: list[Matrix] = []  # the other entries over the pivot
        e: list[Matrix] = []  # the pivot over its first term
        for m in terms:
            rest = pivots[m][1:]
            for j in range(m):
                rest = rest - f[j] * d[m - j]
            f.append(rest / d[0])
            e.append(d[m] / d[0])
        logdet[0] += np.log(d[0])
        for m in terms[1:]:
            logdet[m] += m * e[m] - (e[1] * e[1] if m == 2 else 0.0)
        for i, row in enumerate(rows[k + 1 :]):
            for m in terms:
                for j in range(m + 1):
                    row[m] -= f[j][i] * pivots[m - j][i + 1 :]
    return [x[0] for x in rows[-1]], logdet


class Moments(NamedTuple):
    """Q with given weights, and the traces that make its mean: tr(PV) + tau2 tr(P)."""

    q: Matrix
    tr_pv: Matrix
    tr_p: Matrix


def q_moments(d: Data, A: Matrix) -> Moments:
    """Generalised Q with weights ``A``."""
    W = np.broadcast_to(A, d.Y.shape)
    inverse = d.inverse(W)
    r = d.Y - d.fitted(np.einsum("bij,jb->ib", inverse, d.project(W * d.Y)))
    W2 = W * W

    def trace(B: Matrix) -> Matrix:
        return np.einsum("bij,bij->b", inverse, d.square(B))

    return Moments(
        np.einsum("kb,kb,kb->b", W, r, r),
        (W * d.V).sum(axis=0) - trace(W2 * d.V),
        W.sum(axis=0) - trace(W2),
    )
