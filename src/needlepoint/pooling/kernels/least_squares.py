"""Coefficients and their covariance at a given tau2, with model weights or the user's."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from needlepoint.arrays import Matrix
from needlepoint.pooling.kernels.normal import Vector

__all__ = ["LeastSquares", "column_fit", "fit_column", "fit_design", "ordinary", "pivots"]


class LeastSquares(NamedTuple):
    """Coefficients, their model covariance, and the residual sum of squares with weights 1 / (vi + tau2)."""

    beta: Matrix
    vb: Matrix
    rss: float


def pivots(A: list[list[float]]) -> list[float]:
    """Pivots of a symmetric matrix, eliminated row by row, up to the first zero; the others are given as zero.

    The last one is what the rows before it leave of the last entry.
    """
    rows, found = [row[:] for row in A], [0.0] * len(A)
    for k, row in enumerate(rows):
        found[k] = row[k]
        if row[k] == 0.0:
            break
        for below in rows[k + 1 :]:
            factor = below[k] / row[k]
            for j in range(k, len(row)):
                below[j] -= factor * row[j]
    return found


def ordinary(yi: Vector, xi: Vector) -> tuple[float, float]:
    """Residual sum of squares of ordinary least squares on one column, and total sum of squares about the mean."""
    n = total = sxx = sxy = 0.0
    for y, x in zip(yi, xi):  # noqa: B905 (as in the kernels)
        n += 1.0
        total += y
        sxx += x * x
        sxy += x * y
    mean = total / n
    b = sxy / sxx
    rss = tss = 0.0
    for y, x in zip(yi, xi):  # noqa: B905 (as in the kernels)
        r = y - b * x
        d = y - mean
        rss += r * r
        tss += d * d
    return rss, tss


def column_fit(
    yi: Vector, vi: Vector, xi: Vector, tau2: float, weights: Vector | None
) -> tuple[float, float, float]:
    """One column ``xi``: its coefficient, the variance of that, and the weighted residual sum of squares."""
    a = c = m = 0.0
    if weights is None:
        for y, v, x in zip(yi, vi, xi):  # noqa: B905 (as in the kernels)
            w = x / (v + tau2)
            a += w * x
            c += w * y
        variance = 1.0 / a
    else:
        for y, v, x, w in zip(yi, vi, xi, weights):  # noqa: B905 (as in the kernels)
            a += w * x * x
            c += w * x * y
            m += w * w * x * x * (v + tau2)
        variance = m / (a * a)
    b = c / a
    rss = 0.0
    for y, v, x in zip(yi, vi, xi):  # noqa: B905 (as in the kernels)
        r = y - b * x
        rss += r * r / (v + tau2)
    return b, variance, rss


def fit_column(yi: Vector, vi: Vector, xi: Vector, tau2: float, weights: Vector | None) -> LeastSquares:
    """One column ``xi``."""
    b, variance, rss = column_fit(yi, vi, xi, tau2, weights)
    return LeastSquares(np.array([b]), np.array([[variance]]), rss)


def fit_design(
    yi: Matrix, vi: Matrix, Q: Matrix, R: Matrix, tau2: float, weights: Matrix | None
) -> LeastSquares:
    """Several columns, given as X = Q R with orthonormal Q."""
    total = vi + tau2
    a = 1.0 / total if weights is None else weights
    AQ = Q * a[:, None]
    inverse = np.linalg.inv(Q.T @ AQ)
    g = inverse @ (AQ.T @ yi)
    G = inverse if weights is None else inverse @ (AQ.T @ (AQ * total[:, None])) @ inverse
    back = np.linalg.inv(R)
    r = yi - Q @ g
    return LeastSquares(back @ g, back @ G @ back.T, float(r @ (r / total)))
