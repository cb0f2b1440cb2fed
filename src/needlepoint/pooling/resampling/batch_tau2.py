"""Estimators of tau2 for many data sets at once, one entry a method in :data:`BATCH_TAU2`.

The equations are those of :mod:`needlepoint.pooling.heterogeneity.tau2`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from math import ceil, log

import numpy as np

from needlepoint.arrays import Ints, Matrix
from needlepoint.pooling.resampling.batch_sums import Data, Reduced, q_moments, reduced
from needlepoint.stats.distributions import chi2_quantile

__all__ = ["BATCH_TAU2"]

_FEWEST, _MOST = 12, 24  # points of the likelihood scan
_RATIO = 3.0  # its largest step on the scale of min(vi) + tau2, unless that takes more points
_ROUNDING = 1e-16

Estimator = Callable[[Data, Matrix | None], Matrix]


def _none(d: Data, weights: Matrix | None) -> Matrix:
    del weights
    return np.zeros(d.size)


def _moment(d: Data, A: Matrix) -> Matrix:
    m = q_moments(d, A)
    return np.maximum(0.0, (m.q - m.tr_pv) / m.tr_p)


def _dersimonian_laird(d: Data, weights: Matrix | None) -> Matrix:
    del weights
    return _moment(d, 1.0 / d.V)


def _two_step_dl(d: Data, weights: Matrix | None) -> Matrix:
    return _moment(d, 1.0 / (d.V + _dersimonian_laird(d, weights)))


def _iterated_dl(d: Data, weights: Matrix | None) -> Matrix:
    """Root of Q(tau2) - (k - p) - tau2 tr P(tau2), between zero and Paule and Mandel's estimate."""
    high = _root_of_q(d, weights)
    found = np.zeros(d.size)
    left = np.flatnonzero(high > 0.0)  # data sets that have not settled
    centred, df = d.centred(), len(d.Y) - d.p
    low, high = np.zeros(len(left)), high[left]
    tau2 = 0.5 * high
    for _ in range(200):
        if not left.size:
            break
        state = reduced(centred.some(left), tau2, 3)
        trace = state.trace(1)
        gap = state.q[0] - df - tau2 * trace
        low, high = np.where(gap > 0.0, tau2, low), np.where(gap > 0.0, high, tau2)
        new = tau2 + gap / (state.q[1] + trace - tau2 * state.trace(2))
        new = np.where((low < new) & (new < high), new, 0.5 * (low + high))
        found[left] = new
        going = np.abs(new - tau2) > 4.0 * _ROUNDING * new
        left, low, high, tau2 = left[going], low[going], high[going], new[going]
    return found


def _hedges(d: Data, weights: Matrix | None) -> Matrix:
    del weights
    return _moment(d, np.ones((1, 1)))


def _hunter_schmidt(d: Data, weights: Matrix | None, *, corrected: bool) -> Matrix:
    del weights
    k = len(d.Y)
    factor = k / (k - d.p) if corrected else 1.0
    return np.maximum(0.0, (factor * q_moments(d, 1.0 / d.V).q - k) / (1.0 / d.V).sum(axis=0))


def _sidik_jonkman(d: Data, weights: Matrix | None) -> Matrix:
    del weights
    crude = d.Y.var(axis=0)
    return crude * q_moments(d, 1.0 / (d.V + np.maximum(crude, 1e-300))).q / (len(d.Y) - d.p)


def _root_of_q(d: Data, weights: Matrix | None, prob: float | None = None) -> Matrix:
    """Where Q(tau2) is k - p, or a quantile of chi-square(k - p): Newton's iteration on 1 / Q climbs to it."""
    del weights
    df = float(len(d.Y) - d.p)
    target = df if prob is None else chi2_quantile(prob, df)
    centred, found = d.centred(), np.zeros(d.size)
    left = np.arange(d.size)  # data sets that have not settled
    for _ in range(200):
        q, slope = reduced(centred.some(left), found[left], 2).q
        gain = np.where(q > target, q * (q / target - 1.0) / np.maximum(slope, 1e-300), 0.0)
        found[left] += gain
        left = left[gain > 4.0 * _ROUNDING * found[left]]
        if not left.size:
            break
    return found


def _generalised_q(d: Data, weights: Matrix | None) -> Matrix:
    return _moment(d, _each(d, weights))


def _each(d: Data, weights: Matrix | None) -> Matrix:
    """The user's weights, a column a data set (or one for all)."""
    if weights is None:
        raise ValueError("the generalised Q estimator needs weights")
    return weights


def _generalised_q_median(d: Data, weights: Matrix | None) -> Matrix:
    """Data set by data set: the exact distribution of Q has no form for many."""
    from needlepoint.pooling.heterogeneity.generalised_q import quantile_tau2
    from needlepoint.pooling.kernels.tabulated import Table

    V, A = (np.broadcast_to(x, d.Y.shape) for x in (d.V, _each(d, weights)))
    found = np.empty(d.size)
    for b in range(d.size):
        y, v = d.Y[:, b].copy(), V[:, b].copy()
        table = Table(y, v, d.X if d.X.ndim == 2 else d.X[:, :, b])
        found[b] = quantile_tau2(y, v, A[:, b], (), table, 0.5)
    return found


def _likelihood(d: Data, weights: Matrix | None, *, restricted: bool) -> Matrix:
    """ML or REML: a scan of the score, a polish at every maximum, and the highest one is taken."""
    del weights
    grid, centred = _grid(d, restricted), d.centred()
    pp, trace = np.array([_parts(reduced(centred, tau2, 2), restricted) for tau2 in grid]).swapaxes(0, 1)
    rising = pp > trace
    turn, at = np.nonzero(rising[:-1] & ~rising[1:])
    left, right = (turn, at), (turn + 1, at)
    start = _between(grid[left], grid[right], pp[left], pp[right], trace[left], trace[right])
    roots = _polish(centred.some(at), restricted, grid[left], grid[right], start)
    zero = np.flatnonzero(~rising[0])  # a maximum too
    return _highest(centred, restricted, np.append(zero, at), np.append(np.zeros(len(zero)), roots))


def _grid(d: Data, restricted: bool) -> Matrix:
    """Points from zero to beyond every root (:func:`needlepoint.pooling.kernels.likelihood.score_bound`), (n, B)."""
    k = len(d.Y)
    s2 = q_moments(d, np.ones((1, 1))).q / (k - d.p if restricted else k)
    low, high = np.broadcast_to([d.V.min(axis=0), d.V.max(axis=0)], (2, d.size))
    bound = np.maximum(0.0, 0.5 * (s2 + np.sqrt(s2 * s2 + 4.0 * s2 * (high - low))) - low) * (1.0 + 1e-9)
    reach = (low + bound) / low
    n = min(_MOST, max(_FEWEST, ceil(log(float(reach.max())) / log(_RATIO))))
    return low * reach ** (np.arange(n + 1)[:, None] / n) - low


def _parts(state: Reduced, restricted: bool) -> tuple[Matrix, Matrix]:
    """Parts of the score."""
    return state.q[1], state.trace(1, restricted)


def _between(a: Matrix, b: Matrix, pp_a: Matrix, pp_b: Matrix, trace_a: Matrix, trace_b: Matrix) -> Matrix:
    """Where the score is zero between ``a`` and ``b``: see :func:`needlepoint.pooling.kernels.likelihood._between`."""
    rise = pp_a * trace_b - trace_a * pp_b
    share = np.divide((pp_a - trace_a) * pp_b, rise, out=np.full(len(a), 0.5), where=rise > 0.0)
    return a + share * (b - a)


def _polish(d: Data, restricted: bool, low: Matrix, high: Matrix, start: Matrix) -> Matrix:
    """Roots of the score between ``low`` and ``high``: see :func:`needlepoint.pooling.kernels.likelihood._polish`."""
    tau2 = np.where((low < start) & (start < high), start, 0.5 * (low + high))
    found, smallest = tau2.copy(), np.broadcast_to(d.V.min(axis=0), d.size)
    left, before = np.arange(d.size), high - low  # data sets that have not settled, and their last steps
    for _ in range(100):
        if not left.size:
            break
        state = reduced(d.some(left), tau2, 3)
        pp, trace = _parts(state, restricted)
        low, high = np.where(pp > trace, tau2, low), np.where(pp > trace, high, tau2)
        rise = 2.0 * state.q[2] * trace - state.trace(2, restricted) * pp
        with np.errstate(all="ignore"):  # what is not finite falls back to halving
            guess = tau2 + (pp - trace) * pp / rise
        guess = np.where((rise > 0.0) & (low <= guess) & (guess <= high), guess, 0.5 * (low + high))
        found[left] = guess
        change = np.abs(guess - tau2)
        blur = _ROUNDING * (guess + smallest[left])
        with np.errstate(over="ignore"):
            going = (change**3 > blur * before**2) & (high - low > 4.0 * blur)
        left, tau2, before, low, high = left[going], guess[going], change[going], low[going], high[going]
    return found


def _highest(d: Data, restricted: bool, which: Ints, tau2: Matrix) -> Matrix:
    """The maximum with the highest likelihood of every data set, from maxima ``tau2`` of data sets ``which``."""
    best = np.zeros(d.size)
    best[which] = tau2
    several = np.flatnonzero(np.bincount(which, minlength=d.size)[which] > 1)
    if several.size:
        which, tau2 = which[several], tau2[several]
        some = d.some(which)
        state = reduced(some, tau2, 1)
        height = -np.log(some.V + tau2).sum(axis=0) - state.q[0] - (state.logdet[0] if restricted else 0.0)
        order = np.argsort(height, kind="stable")
        best[which[order]] = tau2[order]  # the last one written stays
    return best


BATCH_TAU2: dict[str, Estimator] = {
    "EE": _none,
    "FE": _none,
    "DL": _dersimonian_laird,
    "DL2": _two_step_dl,
    "DLIT": _iterated_dl,
    "HE": _hedges,
    "HS": partial(_hunter_schmidt, corrected=False),
    "HSk": partial(_hunter_schmidt, corrected=True),
    "SJ": _sidik_jonkman,
    "SJIT": _root_of_q,
    "ML": partial(_likelihood, restricted=False),
    "REML": partial(_likelihood, restricted=True),
    "EB": _root_of_q,
    "PM": _root_of_q,
    "PMM": partial(_root_of_q, prob=0.5),
    "GENQ": _generalised_q,
    "GENQM": _generalised_q_median,
}
