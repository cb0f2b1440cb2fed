"""Coefficients and their covariance at a given tau2, with model weights or the user's."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from needlepoint.pooling._normal import Matrix, Vector

__all__ = ["Fit", "fit_column", "fit_design"]


class Fit(NamedTuple):
    """Coefficients, their model covariance, and the residual sum of squares with weights 1 / (vi + tau2)."""

    beta: Matrix
    vb: Matrix
    rss: float


def fit_column(yi: Vector, vi: Vector, xi: Vector, tau2: float, weights: Vector | None) -> Fit:
    """One column ``xi``."""
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
    return Fit(np.array([b]), np.array([[variance]]), rss)


def fit_design(yi: Matrix, vi: Matrix, Q: Matrix, R: Matrix, tau2: float, weights: Matrix | None) -> Fit:
    """Several columns, given as X = Q R with orthonormal Q."""
    total = vi + tau2
    a = 1.0 / total if weights is None else weights
    AQ = Q * a[:, None]
    inverse = np.linalg.inv(Q.T @ AQ)
    g = inverse @ (AQ.T @ yi)
    G = inverse if weights is None else inverse @ (AQ.T @ (AQ * total[:, None])) @ inverse
    back = np.linalg.inv(R)
    r = yi - Q @ g
    return Fit(back @ g, back @ G @ back.T, float(r @ (r / total)))
