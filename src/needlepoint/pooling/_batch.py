"""Many data sets of the same size fitted together: what permutation, bootstrap and simulation run on.

Rows are data sets, columns are studies. The formulas are those of ``_normal`` and ``_moments``, over the leading axis.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from needlepoint.pooling._normal import Integers, Mask, Matrix
from needlepoint.stats.distributions import chi2_quantile

__all__ = ["BATCH_METHODS", "BatchFit", "fit_batch"]

BATCH_METHODS = frozenset(
    {
        "EE",
        "FE",
        "DL",
        "DL2",
        "HE",
        "HS",
        "HSk",
        "SJ",
        "SJIT",
        "ML",
        "REML",
        "EB",
        "PM",
        "PMM",
        "GENQ",
    }
)
_GRID = 12  # points of the likelihood scan
_CHUNK = 400_000  # numbers held at once in one array


class BatchFit(NamedTuple):
    """One row a data set: tau2 (B,), coefficients (B, p), their model covariance (B, p, p), weighted rss (B,)."""

    tau2: Matrix
    beta: Matrix
    vb: Matrix
    rss: Matrix


class _Data(NamedTuple):
    Y: Matrix  # (B, k)
    V: Matrix  # (B, k)
    X: Matrix  # (k, p) or (B, k, p)
    XX: Matrix  # products of columns, (k, p * p) or (B, k, p * p)

    @property
    def p(self) -> int:
        return self.X.shape[-1]

    def rows(self, which: Integers) -> _Data:
        """Some of the data sets."""
        shared = self.X.ndim == 2
        X, XX = (self.X, self.XX) if shared else (self.X[which], self.XX[which])
        return _Data(self.Y[which], self.V[which], X, XX)

    def sums(self, W: Matrix) -> Matrix:
        """X'WX of every row, (B, p, p)."""
        flat = W @ self.XX if self.XX.ndim == 2 else np.einsum("bk,bkq->bq", W, self.XX)
        return flat.reshape(len(W), self.p, self.p)

    def project(self, WY: Matrix) -> Matrix:
        """X'WY of every row, (B, p)."""
        return WY @ self.X if self.X.ndim == 2 else np.einsum("bk,bkp->bp", WY, self.X)

    def fitted(self, beta: Matrix) -> Matrix:
        return beta @ self.X.T if self.X.ndim == 2 else np.einsum("bkp,bp->bk", self.X, beta)


class _At(NamedTuple):
    q: Matrix
    pp: Matrix
    ppp: Matrix
    tr_p: Matrix
    tr_pp: Matrix
    sum_w: Matrix
    sum_w2: Matrix
    log_likelihood: Matrix  # full, without the restricted term
    logdet_xwx: Matrix


def _inverse(A: Matrix) -> Matrix:
    return np.linalg.inv(A).astype(np.float64, copy=False)


def _trace(A: Matrix, B: Matrix) -> Matrix:
    return np.einsum("bij,bji->b", A, B)


def _apply(A: Matrix, b: Matrix) -> Matrix:
    return np.einsum("bij,bj->bi", A, b)


def _at(d: _Data, tau2: Matrix) -> _At:
    total = d.V + tau2[:, None]
    W = 1.0 / total
    W2 = W * W
    A = d.sums(W)
    inverse = _inverse(A)
    r = d.Y - d.fitted(_apply(inverse, d.project(W * d.Y)))
    wr = W * r
    s2 = d.project(W * wr)
    M2 = inverse @ d.sums(W2)
    sum_w, sum_w2 = W.sum(1), W2.sum(1)
    q = (wr * r).sum(1)
    return _At(
        q,
        (wr * wr).sum(1),
        (W * wr * wr).sum(1) - (s2 * _apply(inverse, s2)).sum(1),
        sum_w - np.trace(M2, axis1=1, axis2=2),
        sum_w2 - 2.0 * _trace(inverse, d.sums(W2 * W)) + _trace(M2, M2),
        sum_w,
        sum_w2,
        -0.5 * (np.log(total).sum(1) + q),
        np.log(np.linalg.det(A)),
    )


def _q_moments(d: _Data, A: Matrix) -> tuple[Matrix, Matrix, Matrix]:
    """Q with weights ``A``, tr(PV), tr(P)."""
    inverse = _inverse(d.sums(A))
    r = d.Y - d.fitted(_apply(inverse, d.project(A * d.Y)))
    A2 = A * A
    return (
        (A * r * r).sum(1),
        (A * d.V).sum(1) - _trace(inverse, d.sums(A2 * d.V)),
        A.sum(1) - _trace(inverse, d.sums(A2)),
    )


def _likelihood(d: _Data, restricted: bool) -> Matrix:
    """ML or REML: a scan of the score, a bracketed Newton iteration at every maximum, the highest one is taken."""
    k = d.Y.shape[1]
    ols, _, _ = _q_moments(d, np.ones_like(d.V))
    low, high = d.V.min(1), d.V.max(1)
    s2 = ols / (k - d.p if restricted else k)
    bound = np.maximum(0.0, 0.5 * (s2 + np.sqrt(s2 * s2 + 4.0 * s2 * (high - low))) - low) * (1.0 + 1e-9)

    def height(state: _At) -> Matrix:
        return state.log_likelihood - (0.5 * state.logdet_xwx if restricted else 0.0)

    peak = height(_at(d, np.zeros(len(low))))
    best = np.zeros(len(low))
    before, rising = np.zeros(len(low)), np.zeros(len(low), dtype=bool)
    for g in range(_GRID + 1):
        here = low * (((low + bound) / low) ** (g / _GRID)) - low
        state = _at(d, here)
        up = state.pp > (state.tr_p if restricted else state.sum_w)
        turn = np.flatnonzero(rising & ~up)
        if turn.size:
            some = d.rows(turn)
            tau2 = _polish(some, restricted, before[turn], here[turn])
            found = height(_at(some, tau2))
            higher = found > peak[turn]
            best[turn[higher]], peak[turn[higher]] = tau2[higher], found[higher]
        before, rising = here, up
    return best


def _polish(d: _Data, restricted: bool, left: Matrix, right: Matrix) -> Matrix:
    tau2 = 0.5 * (left + right)
    for _ in range(60):
        state = _at(d, tau2)
        value = state.pp - (state.tr_p if restricted else state.sum_w)
        slope = (state.tr_pp if restricted else state.sum_w2) - 2.0 * state.ppp
        left, right = np.where(value > 0.0, tau2, left), np.where(value > 0.0, right, tau2)
        with np.errstate(divide="ignore", invalid="ignore"):
            guess = tau2 - value / slope
        inside = (guess > left) & (guess < right) & (slope < 0.0)
        guess = np.where(inside, guess, 0.5 * (left + right))
        settled: Mask = np.abs(guess - tau2) <= 1e-13 * (guess + d.V.min())
        tau2 = guess
        if settled.all():
            break
    return tau2


def _root_of_q(d: _Data, target: float) -> Matrix:
    tau2 = np.zeros(len(d.Y))
    for _ in range(100):
        state = _at(d, tau2)
        gain = np.where(
            state.q > target, state.q * (state.q / target - 1.0) / np.maximum(state.pp, 1e-300), 0.0
        )
        tau2 = tau2 + gain
        if (gain <= 1e-14 * tau2).all():
            break
    return tau2


def _tau2(d: _Data, method: str, weights: Matrix | None) -> Matrix:
    B, k = d.Y.shape
    df = k - d.p
    if method in {"EE", "FE"}:
        return np.zeros(B)
    if method in {"ML", "REML"}:
        return _likelihood(d, method == "REML")
    if method in {"PM", "EB", "SJIT"}:
        return _root_of_q(d, float(df))
    if method == "PMM":
        return _root_of_q(d, chi2_quantile(0.5, float(df)))
    if method == "SJ":
        crude = d.Y.var(axis=1)
        q, _, _ = _q_moments(d, 1.0 / (d.V + np.maximum(crude, 1e-300)[:, None]))
        return crude * q / df
    if method in {"HS", "HSk"}:
        q, _, _ = _q_moments(d, 1.0 / d.V)
        return np.maximum(0.0, ((k / df if method == "HSk" else 1.0) * q - k) / (1.0 / d.V).sum(1))
    a = 1.0 / d.V
    if method == "HE":
        a = np.ones_like(d.V)
    elif method == "GENQ" and weights is not None:
        a = np.broadcast_to(weights, d.V.shape)
    elif method == "DL2":
        a = 1.0 / (d.V + _tau2(d, "DL", None)[:, None])
    q, tr_pv, tr_p = _q_moments(d, a)
    return np.maximum(0.0, (q - tr_pv) / tr_p)


def _fit(d: _Data, method: str, tau2: float | None, weights: Matrix | None) -> BatchFit:
    found = _tau2(d, method, weights) if tau2 is None else np.full(len(d.Y), tau2)
    total = d.V + found[:, None]
    W = 1.0 / total
    A = W if weights is None else np.broadcast_to(weights, d.V.shape)
    inverse = _inverse(d.sums(A))
    beta = _apply(inverse, d.project(A * d.Y))
    vb: Matrix = inverse
    if weights is not None:
        vb = np.asarray(inverse @ d.sums(A * A * total) @ inverse, dtype=np.float64)
    r = d.Y - d.fitted(beta)
    return BatchFit(found, beta, vb, (W * r * r).sum(1))


def fit_batch(
    Y: Matrix, V: Matrix, X: Matrix, method: str, *, tau2: float | None = None, weights: Matrix | None = None
) -> BatchFit:
    """Fit every row of ``Y`` (B, k); ``V`` and ``X`` are shared, or have a leading axis of B too."""
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
    p = X.shape[-1]
    step = max(1, _CHUNK // (k * p * p))
    parts: list[BatchFit] = []
    for start in range(0, B, step):
        cut = slice(start, min(B, start + step))
        y = Y[cut]
        x = X if X.ndim == 2 else X[cut]
        products = (x[..., :, None] * x[..., None, :]).reshape(*x.shape[:-1], p * p)
        v = np.broadcast_to(V, y.shape) if V.ndim == 1 else V[cut]
        w = weights if weights is None or weights.ndim == 1 else weights[cut]
        parts.append(_fit(_Data(y, v, x, products), method, tau2, w))
    return BatchFit(*(np.concatenate(column) for column in zip(*parts, strict=True)))
