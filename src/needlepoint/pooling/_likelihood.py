"""Maximum likelihood and restricted maximum likelihood for tau2, at the global optimum.

The score is scanned on a grid that provably holds every stationary point; each sign change is polished by a
bracketed Newton iteration and the likelihoods of all local maxima and of the boundary are compared.
"""

from __future__ import annotations

from math import log, nan, sqrt

from needlepoint.pooling._normal import At, Table, Vector, at

__all__ = ["log_likelihood", "maximise", "score_bound"]

_RATIO = 3.0  # grid step on the scale of min(vi) + tau2
_MOST = 24  # grid points at most


def log_likelihood(state: At, restricted: bool) -> float:
    """Log-likelihood up to a constant; ``restricted`` gives REML with log det(X'X) left out."""
    value = -0.5 * (state.logdet_v + state.q)
    if restricted:
        value -= 0.5 * state.logdet_xwx
    return value


def score(state: At, restricted: bool) -> float:
    """Twice the derivative of the log-likelihood with respect to tau2."""
    return state.pp - (state.tr_p if restricted else state.sum_w)


def slope(state: At, restricted: bool) -> float:
    """Twice the second derivative."""
    return (state.tr_pp if restricted else state.sum_w2) - 2.0 * state.ppp


def score_bound(rss: float, df: float, low: float, high: float) -> float:
    """Upper bound of every stationary point.

    ``rss`` is the ordinary least-squares residual sum of squares, ``low`` and ``high`` the extreme ``vi``. As
    y'PPy <= rss / (low + tau2)^2 and the trace is at least df / (high + tau2), the score is negative beyond it.
    """
    s2 = rss / df
    return 0.5 * (s2 + sqrt(s2 * s2 + 4.0 * s2 * (high - low))) - low


def _polish(
    yi: Vector, vi: Vector, xi: Vector, table: Table | None, restricted: bool, low: float, high: float
) -> tuple[float, int]:
    """Root of the score between ``low`` (score > 0) and ``high`` (score < 0), to rounding."""
    tau2 = 0.5 * (low + high)
    for step in range(200):
        state = at(yi, vi, xi, table, tau2)
        value = score(state, restricted)
        if value == 0.0:
            return tau2, step
        if value > 0.0:
            low = tau2
        else:
            high = tau2
        curve = slope(state, restricted)
        guess = tau2 - value / curve if curve < 0.0 else low - 1.0
        if not low < guess < high:
            guess = 0.5 * (low + high)
        if abs(guess - tau2) <= 4e-16 * guess or high - low <= 4e-16 * high:
            return guess, step
        tau2 = guess
    return tau2, -1


def _dip(
    yi: Vector,
    vi: Vector,
    xi: Vector,
    table: Table | None,
    restricted: bool,
    low: float,
    a: float,
    b: float,
    sign: float,
) -> float:
    """A point between ``a`` and ``b`` where the score has the other sign than ``sign``, or -1 when none is found.

    Golden-section search for the smallest scaled score: two roots may hide between grid points of one sign.
    """
    golden = 0.3819660112501051
    left = a + golden * (b - a)
    right = b - golden * (b - a)
    f_left = sign * (low + left) * score(at(yi, vi, xi, table, left), restricted)
    f_right = sign * (low + right) * score(at(yi, vi, xi, table, right), restricted)
    for _ in range(24):
        if f_left < 0.0:
            return left
        if f_right < 0.0:
            return right
        if f_left < f_right:
            b, right, f_right = right, left, f_left
            left = a + golden * (b - a)
            f_left = sign * (low + left) * score(at(yi, vi, xi, table, left), restricted)
        else:
            a, left, f_left = left, right, f_right
            right = b - golden * (b - a)
            f_right = sign * (low + right) * score(at(yi, vi, xi, table, right), restricted)
    return -1.0


def maximise(
    yi: Vector, vi: Vector, xi: Vector, table: Table | None, restricted: bool, bound: float, low: float
) -> tuple[float, int, int]:
    """Global maximum over tau2 >= 0: (tau2, iterations or -1 when the polish did not settle, local maxima seen).

    ``bound`` is :func:`score_bound`, ``low`` the smallest ``vi``.
    """
    if bound <= 0.0:
        return 0.0, 0, 1
    bound *= 1.0 + 1e-9  # past the root itself when all vi are equal
    n = max(2, min(_MOST, 2 + int(log((low + bound) / low) / log(_RATIO))))
    growth = ((low + bound) / low) ** (1.0 / n)
    state = at(yi, vi, xi, table, 0.0)
    value = score(state, restricted)
    best = 0.0
    top = nan  # the likelihood at ``best``, worked out when there is something to compare
    modes = 1 if value <= 0.0 else 0
    iterations = 0
    total = low
    t0 = t1 = 0.0  # the last two grid points and their scaled scores
    g0 = g1 = value * low
    for i in range(1, n + 1):
        total *= growth
        t2 = bound if i == n else total - low
        g2 = (low + t2) * score(at(yi, vi, xi, table, t2), restricted)
        start = end = -1.0
        if g1 > 0.0 >= g2:
            start, end = t1, t2
        elif i > 1 and g0 * g1 > 0.0 and g1 * g2 > 0.0 and abs(g1) <= min(abs(g0), abs(g2)):
            cross = _dip(yi, vi, xi, table, restricted, low, t0, t2, 1.0 if g1 > 0.0 else -1.0)
            if cross >= 0.0:
                start, end = (t0, cross) if g1 > 0.0 else (cross, t2)
        if start >= 0.0:
            tau2, took = _polish(yi, vi, xi, table, restricted, start, end)
            iterations = -1 if took < 0 or iterations < 0 else iterations + took
            if modes == 0:
                best = tau2
            else:
                if modes == 1:
                    top = log_likelihood(at(yi, vi, xi, table, best), restricted)
                peak = log_likelihood(at(yi, vi, xi, table, tau2), restricted)
                if peak > top:
                    top = peak
                    best = tau2
            modes += 1
        t0, g0, t1, g1 = t1, g1, t2, g2
    return best, iterations, modes
