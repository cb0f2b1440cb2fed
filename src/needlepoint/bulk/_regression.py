"""One group's meta-regression as one row of numbers, compiled: the searches of pooling over a few columns.

The design is made orthonormal; its sums are those of :class:`needlepoint.pooling.kernels.tabulated.Table`,
eliminated in the same way on power series, in arrays that are used again and again. Equal to ``pool`` to rounding.
"""

from __future__ import annotations

from math import log, nan, sqrt
from typing import Any

from needlepoint.bulk._group import estimator
from needlepoint.pooling.heterogeneity.tau2 import Model
from needlepoint.pooling.kernels.moments import Moments
from needlepoint.pooling.kernels.q_profile import solve_q
from needlepoint.pooling.kernels.score import Score
from needlepoint.pooling.kernels.sums import At

__all__ = ["FIXED", "SWAP", "regress_groups"]

FIXED = 11  # numbers of a group before its coefficients and their variances
_ALMOST = 1e-6  # share of a column's length below which the rest of it is left to judge to pool()


def _triangle(n: int) -> int:
    return n * (n + 1) // 2


def product(Z: Any, i: int, j: int) -> float:
    """Sum of products of two columns."""
    total = 0.0
    for s in range(len(Z)):
        total += Z[s, i] * Z[s, j]
    return total


def orthonormal(X: Any, Z: Any, R: Any) -> bool:
    """The first columns of ``Z`` and ``R`` become Q and R of X = QR; False where a column is (almost) redundant."""
    for j in range(X.shape[1]):
        Z[:, j] = X[:, j]
        R[:j, j] = 0.0
        length = product(Z, j, j)
        for i in range(2 * j):  # every column before it, twice: that is enough
            dot = product(Z, i % j, j)
            R[i % j, j] += dot
            for s in range(len(Z)):
                Z[s, j] -= dot * Z[s, i % j]
        size = product(Z, j, j)
        if not size > _ALMOST * _ALMOST * length:
            return False
        R[j, j] = sqrt(size)
        for s in range(len(Z)):
            Z[s, j] /= R[j, j]
    return True


def add_up(vi: Any, Z: Any, S: Any, tau2: float) -> tuple[float, float, float]:
    """Sums of w, w^2 and w^3 times the products of columns of ``Z``, in ``S``; sums of w, w^2 and log determinant."""
    n = Z.shape[1]
    for c in range(_triangle(n)):
        S[0, c] = S[1, c] = S[2, c] = 0.0
    sum_w = sum_w2 = logdet = 0.0
    for s in range(len(vi)):
        total = vi[s] + tau2
        w = 1.0 / total
        w2 = w * w
        w3 = w2 * w
        sum_w += w
        sum_w2 += w2
        logdet += log(total)
        c = 0
        for i in range(n):
            for j in range(i, n):
                z = Z[s, i] * Z[s, j]
                S[0, c] += w * z
                S[1, c] += w2 * z
                S[2, c] += w3 * z
                c += 1
    return sum_w, sum_w2, logdet


def eliminate(S: Any, n: int) -> tuple[float, float, float]:
    """All columns but the last, as power series (see ``_tabulated``): log det, and the traces that come off."""
    logdet = first = second = 0.0
    start = 0
    for k in range(n - 1):
        width = n - k
        d0, d1, d2 = S[0, start], S[1, start], S[2, start]
        e1, e2 = d1 / d0, d2 / d0
        logdet += log(d0)
        first += e1
        second += e2 - 0.5 * e1 * e1
        row = start + width
        for i in range(1, width):
            x0, x1, x2 = S[0, start + i], S[1, start + i], S[2, start + i]
            f0 = x0 / d0
            f1 = x1 / d0 - f0 * e1
            f2 = x2 / d0 - f0 * e2 - f1 * e1
            for j in range(i, width):
                y0, y1, y2 = S[0, start + j], S[1, start + j], S[2, start + j]
                S[0, row + j - i] -= f0 * y0
                S[1, row + j - i] -= f0 * y1 + f1 * y0
                S[2, row + j - i] -= f0 * y2 + f1 * y1 + f2 * y0
            row += width - i
        start += width
    return logdet, first, second


def design_at(_yi: Any, vi: Any, room: Any, _table: Any, tau2: float) -> At:
    """The model at ``tau2``; ``room`` holds the columns (Q, r) and the sums."""
    Z, S = room
    sum_w, sum_w2, logdet_v = add_up(vi, Z, S, tau2)
    logdet, first, second = eliminate(S, Z.shape[1])
    c = _triangle(Z.shape[1]) - 1
    return At(
        S[0, c], S[1, c], S[2, c], sum_w - first, sum_w2 - 2.0 * second, sum_w, sum_w2, logdet_v, logdet
    )


def design_score(yi: Any, vi: Any, room: Any, table: Any, restricted: bool, tau2: float) -> Score:
    """The parts of the score and how fast they fall."""
    m = design_at(yi, vi, room, table, tau2)
    if restricted:
        return Score(m.pp, m.tr_p, 2.0 * m.ppp, m.tr_pp)
    return Score(m.pp, m.sum_w, 2.0 * m.ppp, m.sum_w2)


def design_parts(
    yi: Any, vi: Any, room: Any, table: Any, restricted: bool, tau2: float
) -> tuple[float, float]:
    """The parts of the score."""
    m = design_at(yi, vi, room, table, tau2)
    return m.pp, m.tr_p if restricted else m.sum_w


def weights_at(_m: Any, tau2: float = 0.0) -> float:
    """Stands for the weights 1 / (vi + tau2)."""
    return tau2


def design_moments(m: Any, t: float) -> Moments:
    """Moments of Q with weights 1 / (vi + t): as P (V + tI) P = P, all traces follow from those of P and PP."""
    s = design_at(m.yi, m.vi, m.xi, m.table, t)
    df = float(m.k - m.p)
    return Moments(
        s.q,
        df - t * s.tr_p,
        s.tr_p,
        df - 2.0 * t * s.tr_p + t * t * s.tr_pp,
        s.tr_p - t * s.tr_pp,
        s.tr_pp,
        s.sum_w,
    )


def solve(vi: Any, Z: Any, S: Any, g: Any, tau2: float) -> None:
    """``g`` becomes the weighted regression of the last column of ``Z`` on the others at ``tau2``."""
    n = Z.shape[1]
    add_up(vi, Z, S, tau2)
    eliminate(S, n)
    for i in range(n - 2, -1, -1):
        start = i * n - _triangle(i - 1)
        value = S[0, start + n - 1 - i]
        for j in range(i + 1, n - 1):
            value -= S[0, start + j - i] * g[j]
        g[i] = value / S[0, start]


def variances(S: Any, R: Any, p: int, out: Any) -> None:
    """``out`` becomes the diagonal of the inverse of X'WX = R' (U' D^-1 U) R; ``S`` as :func:`solve` leaves it."""
    n = p + 1
    out[:p] = 0.0
    for row in range(p):  # columns of (U R)^-1 scaled: back substitution of unit vectors
        R[p, :] = 0.0
        start = row * n - _triangle(row - 1)
        R[p, row] = sqrt(S[0, start])  # D^(1/2) e
        for i in range(row, -1, -1):  # U x = that
            place = i * n - _triangle(i - 1)
            value = R[p, i]
            for j in range(i + 1, row + 1):
                value -= S[0, place + j - i] * R[p + 1, j]
            R[p + 1, i] = value / S[0, place]
        for i in range(row, -1, -1):  # R b = x
            value = R[p + 1, i]
            for j in range(i + 1, row + 1):
                value -= R[i, j] * R[p, j]
            R[p, i] = value / R[i, i]
            out[i] += R[p, i] * R[p, i]


def residuals(yi: Any, Z: Any, g: Any) -> tuple[float, float]:
    """The last column of ``Z`` becomes r in y = Q g + r; sums of squares of r, and of y about its mean.

    Residuals instead of the estimates keep the digits.
    """
    p = Z.shape[1] - 1
    mean = 0.0
    for s in range(len(yi)):
        Z[s, p] = yi[s]
        mean += yi[s] / len(yi)
    tss = 0.0
    for y in yi:
        tss += (y - mean) * (y - mean)
    for i in range(p):
        g[i] = product(Z, i, p)
        for s in range(len(yi)):
            Z[s, p] -= g[i] * Z[s, i]
    return product(Z, p, p), tss


def regress(yi: Any, vi: Any, X: Any, Z: Any, room: Any, low: float, high: float, out: Any) -> None:
    """All numbers of one group, in ``out``; untouched where ``pool`` must judge the rank."""
    k, p = X.shape
    S, R, g = room
    if not orthonormal(X, Z, R):
        return
    ols = residuals(yi, Z, g[p:])
    columns = (Z, S)
    found = estimator(Model(yi, vi, columns, None, k, p, ols, None))
    null = design_at(yi, vi, columns, None, 0.0)
    out[8] = out[9] = nan
    if low >= 0.0:
        out[8], _ = solve_q(yi, vi, columns, None, low, 0.0)
        out[9], _ = solve_q(yi, vi, columns, None, high, out[8])
    state = design_at(yi, vi, columns, None, found.tau2)
    solve(vi, Z, S, g, found.tau2)
    variances(S, R, p, out[FIXED + p :])
    for i in range(p - 1, -1, -1):  # R beta = g
        value = g[i] + g[p + i]
        for j in range(i + 1, p):
            value -= R[i, j] * out[FIXED + j]
        out[FIXED + i] = value / R[i, i]
    out[0], out[1], out[2], out[3] = found.tau2, found.se, found.iterations, found.modes
    out[4], out[5], out[6], out[7] = null.q, null.tr_p, state.logdet_v, state.logdet_xwx
    out[10] = state.q


def regress_groups(
    yi: Any, vi: Any, X: Any, Z: Any, room: Any, starts: Any, low: Any, high: Any, out: Any
) -> None:
    """Rows of ``out`` for the groups ``starts[g]:starts[g + 1]`` that have more studies than coefficients."""
    p = X.shape[1]
    for g in range(len(starts) - 1):
        a, b = starts[g], starts[g + 1]
        if b - a > p:
            regress(yi[a:b], vi[a:b], X[a:b], Z[a:b], room, low[b - a], high[b - a], out[g])


SWAP: dict[str, Any] = {
    "at": design_at,
    "score_at": design_score,
    "parts_at": design_parts,
    "_inverse": weights_at,
    "_moments": design_moments,
}
