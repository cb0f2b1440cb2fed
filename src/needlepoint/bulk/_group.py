"""One group's synthesis as one row of numbers: the kernels of pooling in the order of :func:`needlepoint.pool`.

Plain loops over sequences: interpreted on lists for a few groups, compiled over ragged arrays for many.
"""

from __future__ import annotations

from collections.abc import Callable
from math import nan
from typing import Any, NamedTuple

from needlepoint.pooling.heterogeneity.tau2 import TAU2, Model, Tau2Fit
from needlepoint.pooling.heterogeneity.tau2 import Tau2Fit as LeastSquares
from needlepoint.pooling.kernels.least_squares import column_fit, ordinary
from needlepoint.pooling.kernels.normal import Vector, column_at
from needlepoint.pooling.kernels.q_profile import solve_q

__all__ = [
    "COLUMNS",
    "Numbers",
    "array_swap",
    "at_zero",
    "equal_weights",
    "estimator_of",
    "fit_of",
    "inverse_weights",
    "one_group",
    "over_groups",
    "synthesise",
    "variance_range",
]


class Numbers(NamedTuple):
    """What tests and intervals are made of."""

    estimate: float
    variance: float  # of the estimate, normal theory
    rss: float  # weighted residual sum of squares at tau2
    tau2: float
    tau2_se: float | None
    iterations: float  # -1: did not settle
    modes: float
    q: float
    tr_p: float  # at tau2 = 0
    logdet_v: float
    logdet_xwx: float
    tau2_low: float
    tau2_high: float
    common: float
    common_variance: float


COLUMNS = len(Numbers._fields)


def at_zero(_m: Model) -> Tau2Fit:
    """Equal-effects model: tau2 is zero (also that of a single study)."""
    return Tau2Fit(0.0, nan, 0, 1)


def estimator(m: Model) -> Tau2Fit:
    """Stands for the estimator of tau2 that is bound in its place."""
    return at_zero(m)


def synthesise(
    yi: Vector, vi: Vector, xi: Vector, scratch: Vector | None, low_target: float, high_target: float
) -> Numbers:
    """All numbers of one group; targets of the Q-profile interval below zero leave it out.

    ``scratch`` is room for the weights of estimators, where lists cannot be made.
    """
    k = len(yi)
    common, common_variance, common_rss = column_fit(yi, vi, xi, 0.0, None)
    tau2, tau2_se, iterations, modes = 0.0, nan, 0.0, 1.0
    if k > 1:
        found = estimator(Model(yi, vi, xi, None, k, 1, ordinary(yi, xi), scratch))
        tau2, tau2_se = found.tau2, found.se
        iterations, modes = float(found.iterations), float(found.modes)
    b, variance, rss = common, common_variance, common_rss
    state = null = column_at(yi, vi, xi, tau2)
    if tau2 > 0.0:
        b, variance, rss = column_fit(yi, vi, xi, tau2, None)
        null = column_at(yi, vi, xi, 0.0)
    low = high = nan
    if k > 1 and low_target >= 0.0:
        low, _ = solve_q(yi, vi, xi, None, low_target, 0.0)
        high, _ = solve_q(yi, vi, xi, None, high_target, low)
    return Numbers(
        b,
        variance,
        rss,
        tau2,
        tau2_se,
        iterations,
        modes,
        null.q,
        null.tr_p,
        state.logdet_v,
        state.logdet_xwx,
        low,
        high,
        common,
        common_variance,
    )


def one_group(
    g: int, yi: Any, vi: Any, ones: Any, scratch: Any, starts: Any, low: Any, high: Any, out: Any
) -> None:
    """Row ``g`` of ``out`` for the studies ``starts[g]:starts[g + 1]``; targets are looked up by their number."""
    a, b = starts[g], starts[g + 1]
    k = b - a
    if k > 0:
        row = synthesise(yi[a:b], vi[a:b], ones[:k], scratch[a:b], low[k], high[k])
        for j in range(len(row)):
            out[g, j] = row[j]


def over_groups(
    yi: Any, vi: Any, ones: Any, scratch: Any, starts: Any, low: Any, high: Any, out: Any
) -> None:
    """Rows of ``out`` for all groups."""
    for g in range(len(starts) - 1):
        one_group(g, yi, vi, ones, scratch, starts, low, high, out)


def fit_of(tau2: float, se: float, iterations: int = 0, modes: int = 1) -> LeastSquares:
    """A fit, compiled: numba knows no defaults of named tuples."""
    return LeastSquares(tau2, se, iterations, modes)


def variance_range(m: Any) -> tuple[float, float]:
    """Smallest and largest sampling variance, without a table."""
    low = high = m.vi[0]
    for v in m.vi:
        low, high = min(low, v), max(high, v)
    return low, high


def inverse_weights(m: Any, tau2: float = 0.0) -> Any:
    """Inverse total variances in the room for weights: what the estimators of tau2 weigh with, compiled."""
    for i in range(m.k):
        m.weights[i] = 1.0 / (m.vi[i] + tau2)
    return m.weights


def equal_weights(m: Any) -> Any:
    """Ones, in the room for weights."""
    for i in range(m.k):
        m.weights[i] = 1.0
    return m.weights


def estimator_of(method: str) -> Callable[..., Any]:
    """The estimator of tau2 that is bound in the place of :func:`estimator`."""
    return at_zero if method in {"EE", "FE"} else TAU2[method]


def array_swap(method: str) -> dict[str, Any]:
    """What stands in for names of the kernels where these run on arrays."""
    return {
        "estimator": estimator_of(method),
        "Tau2Fit": fit_of,
        "_inverse": inverse_weights,
        "_ones": equal_weights,
        "_range": variance_range,
    }
