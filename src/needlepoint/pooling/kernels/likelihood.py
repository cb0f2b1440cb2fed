"""Maximum likelihood and restricted maximum likelihood for tau2, at the global optimum.

The score is scanned on a grid that provably holds every stationary point; each sign change is polished by a
bracketed Newton iteration and the likelihoods of all local maxima and of the boundary are compared.
"""

from __future__ import annotations

from math import log, sqrt

from needlepoint.pooling.kernels.normal import At, Table, Vector, at
from needlepoint.pooling.kernels.score import parts_at, score_at

__all__ = ["log_likelihood", "maximise", "score_bound"]

_RATIO = 3.0  # grid step on the scale of min(vi) + tau2
_MOST = 24  # grid points at most
_NOTHING = 1e-16  # of a total variance


def log_likelihood(state: At, restricted: bool) -> float:
    """Log-likelihood up to a constant; ``restricted`` gives REML with log det(X'X) left out."""
    value = -0.5 * (state.logdet_v + state.q)
    if restricted:
        value -= 0.5 * state.logdet_xwx
    return value


def score_bound(rss: float, df: float, low: float, high: float) -> float:
    """Upper bound of every stationary point.

    ``rss`` is the ordinary least-squares residual sum of squares, ``low`` and ``high`` the extreme ``vi``. As
    y'PPy <= rss / (low + tau2)^2 and the trace is at least df / (high + tau2), the score is negative beyond it.
    """
    s2 = rss / df
    return 0.5 * (s2 + sqrt(s2 * s2 + 4.0 * s2 * (high - low))) - low


def _between(left: tuple[float, float], right: tuple[float, float]) -> float:
    """Where, from 0 to 1, the score is zero between points with parts ``left`` and ``right``: see :func:`_polish`."""
    ahead = left[0] - left[1]
    rise = left[0] * right[1] - left[1] * right[0]
    return ahead * right[0] / rise if rise > 0.0 else 0.5


def _polish(
    yi: Vector,
    vi: Vector,
    xi: Vector,
    table: Table | None,
    restricted: bool,
    low: float,
    high: float,
    start: float,
    smallest: float,
) -> tuple[float, int]:
    """Root of the score between ``low`` (score > 0) and ``high`` (score < 0), to rounding.

    Newton's iteration on trace / y'PPy = 1, whose left side is a straight line in tau2 when the variances are equal.
    It ends when the next step, as the last two foretell it, is next to nothing beside the total variances, of which
    ``smallest`` is that of the most precise study at tau2 = 0.
    """
    tau2 = start if low < start < high else 0.5 * (low + high)
    before = high - low
    for step in range(200):
        pp, trace, pp_fall, trace_fall = score_at(yi, vi, xi, table, restricted, tau2)
        value = pp - trace
        if value == 0.0:
            return tau2, step
        if value > 0.0:
            low = tau2
        else:
            high = tau2
        rise = pp_fall * trace - trace_fall * pp
        guess = tau2 + value * pp / rise if rise > 0.0 else low - 1.0
        if not low <= guess <= high:
            guess = 0.5 * (low + high)
        change = abs(guess - tau2)
        total = guess + smallest
        if change * change * change <= _NOTHING * total * before * before or high - low <= 4e-16 * total:
            return guess, step
        before = change
        tau2 = guess
    return tau2, -1


def _scaled_at(
    yi: Vector, vi: Vector, xi: Vector, table: Table | None, restricted: bool, low: float, tau2: float
) -> float:
    """The score times the smallest total variance: of one size all along the grid."""
    parts = score_at(yi, vi, xi, table, restricted, tau2)
    return (low + tau2) * (parts.pp - parts.trace)


def _nears(
    yi: Vector, vi: Vector, xi: Vector, table: Table | None, restricted: bool, low: float, value: float
) -> bool:
    """Whether the scaled score, ``value`` at tau2 = 0, sets out towards zero there."""
    score = score_at(yi, vi, xi, table, restricted, 0.0)
    return value * (score.pp - score.trace + low * (score.trace_fall - score.pp_fall)) < 0.0


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
    f_left = sign * _scaled_at(yi, vi, xi, table, restricted, low, left)
    f_right = sign * _scaled_at(yi, vi, xi, table, restricted, low, right)
    for _ in range(24):
        if f_left < 0.0:
            return left
        if f_right < 0.0:
            return right
        if f_left < f_right:
            b, right, f_right = right, left, f_left
            left = a + golden * (b - a)
            f_left = sign * _scaled_at(yi, vi, xi, table, restricted, low, left)
        else:
            a, left, f_left = left, right, f_right
            right = b - golden * (b - a)
            f_right = sign * _scaled_at(yi, vi, xi, table, restricted, low, right)
    return -1.0


def _safe(parts: tuple[float, float], total: float) -> float:
    """Total variance of the most precise study, now ``total``, up to which the score keeps its sign if above zero.

    y'PPy falls no faster than the square of that variance grows, and the trace falls.
    """
    return total * sqrt(parts[0] / parts[1]) if parts[0] > parts[1] > 0.0 else 0.0


def _gain(
    yi: Vector, vi: Vector, xi: Vector, table: Table | None, restricted: bool, old: float, new: float
) -> float:
    """By how much the log-likelihood at ``new`` exceeds that at ``old``."""
    before = log_likelihood(at(yi, vi, xi, table, old), restricted)
    return log_likelihood(at(yi, vi, xi, table, new), restricted) - before


def _grid(low: float, bound: float, growth: float, n: int) -> list[float]:
    """The whole grid of :func:`maximise`, for tables: they scan it at one blow."""
    grid, total = [0.0], low
    for _ in range(1, n):
        total *= growth
        grid.append(total - low)
    return [*grid, bound]


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
    if table is not None:
        table.scan(_grid(low, bound, growth, n))
    best = 0.0
    iterations = 0
    total = low
    t0 = t1 = 0.0  # the last two points that were looked at, their scores and the parts of the last
    parts = parts_at(yi, vi, xi, table, restricted, 0.0)
    safe = _safe(parts, low)
    g0 = g1 = low * (parts[0] - parts[1])
    modes = 1 if g1 <= 0.0 else 0
    for i in range(1, n + 1):
        total *= growth
        if total <= safe and i < n:
            continue
        t2 = bound if i == n else total - low
        ahead = parts_at(yi, vi, xi, table, restricted, t2)
        g2 = (low + t2) * (ahead[0] - ahead[1])
        start = end = guess = -1.0
        if g1 > 0.0 >= g2:
            start, end = t1, t2
            guess = start + (end - start) * _between(parts, ahead)
        elif (
            g0 * g1 > 0.0
            and g1 * g2 > 0.0
            and abs(g1) <= min(abs(g0), abs(g2))
            and (t1 > 0.0 or _nears(yi, vi, xi, table, restricted, low, g1))
        ):
            cross = _dip(yi, vi, xi, table, restricted, low, t0, t2, 1.0 if g1 > 0.0 else -1.0)
            if cross >= 0.0:
                start, end = (t0, cross) if g1 > 0.0 else (cross, t2)
        if start >= 0.0:
            tau2, took = _polish(yi, vi, xi, table, restricted, start, end, guess, low)
            iterations = -1 if took < 0 or iterations < 0 else iterations + took
            if modes == 0 or _gain(yi, vi, xi, table, restricted, best, tau2) > 0.0:
                best = tau2
            modes += 1
        t0, g0, t1, g1, parts = t1, g1, t2, g2, ahead
        safe = _safe(parts, low + t2)
    return best, iterations, modes
