"""Many data sets of the same size fitted together: what permutation, bootstrap and simulation run on."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from needlepoint.arrays import Matrix
from needlepoint.pooling.resampling.batch_sums import Data, read
from needlepoint.pooling.resampling.batch_tau2 import BATCH_TAU2

__all__ = ["BatchFit", "fit_batch"]

_CHUNK = 400_000  # numbers held at once in one array


class BatchFit(NamedTuple):
    """One row a data set: tau2 (B,), coefficients (B, p), their model covariance (B, p, p), weighted rss (B,)."""

    tau2: Matrix
    beta: Matrix
    vb: Matrix
    rss: Matrix


def _fit(d: Data, method: str, tau2: float | None, weights: Matrix | None) -> BatchFit:
    found = BATCH_TAU2[method](d, weights) if tau2 is None else np.full(d.size, tau2)
    total = d.V + found
    A = 1.0 / total if weights is None else np.broadcast_to(weights, total.shape)
    vb = d.inverse(A)
    beta = np.einsum("bij,jb->ib", vb, d.project(A * d.Y))
    if weights is not None:
        vb = np.asarray(vb @ d.square(A * A * total) @ vb, dtype=np.float64)
    r = d.Y - d.fitted(beta)
    return BatchFit(found, beta.T, vb, np.einsum("kb,kb->b", r, r / total))


def fit_batch(
    Y: Matrix, V: Matrix, X: Matrix, method: str, *, tau2: float | None = None, weights: Matrix | None = None
) -> BatchFit:
    """Fit every row of ``Y`` (B, k); ``V``, ``X`` and ``weights`` are shared, or have a leading axis of B too."""
    if X.ndim == 2 and X.shape[1] > 1:  # an orthonormal design keeps every digit
        q, r = np.linalg.qr(X)
        back = np.linalg.inv(r)
        fit = _in_chunks(Y, V, q, method, tau2, weights)
        return fit._replace(beta=fit.beta @ back.T, vb=back @ fit.vb @ back.T)
    return _in_chunks(Y, V, X, method, tau2, weights)


def _in_chunks(
    Y: Matrix, V: Matrix, X: Matrix, method: str, tau2: float | None, weights: Matrix | None
) -> BatchFit:
    B, k = Y.shape
    step = max(1, _CHUNK // (k * X.shape[-1] ** 2))
    parts: list[BatchFit] = []
    for start in range(0, B, step):
        cut = slice(start, min(B, start + step))
        d = read(Y[cut], V if V.ndim == 1 else V[cut], X if X.ndim == 2 else X[cut])
        w = None if weights is None else (weights[:, None] if weights.ndim == 1 else weights[cut].T)
        parts.append(_fit(d, method, tau2, w))
    return BatchFit(*(np.concatenate(column) for column in zip(*parts, strict=True)))
