"""Intervals for tau2 and, through the typical sampling variance, for I2 and H2."""

from __future__ import annotations

from collections.abc import Callable
from math import exp, inf, log, sqrt
from typing import Any

import numpy as np

from needlepoint.arrays import Matrix
from needlepoint.errors import InputError, NotEnoughStudies
from needlepoint.options import HeterogeneityInterval, check, chosen_level
from needlepoint.pooling.heterogeneity.generalised_q import quantile_tau2
from needlepoint.pooling.kernels.likelihood import log_likelihood
from needlepoint.pooling.kernels.normal import Table, at, kernel_form
from needlepoint.pooling.kernels.q_profile import solve_q
from needlepoint.pooling.result import Pooled
from needlepoint.result import Result, record
from needlepoint.stats.distributions import chi2_quantile, normal_quantile
from needlepoint.stats.roots import brent_root, root_above

__all__ = ["KINDS", "HeterogeneityIntervals", "heterogeneity_intervals"]


@record
class HeterogeneityIntervals(Result):
    """Interval for tau2 and what it implies for tau, I2 (fraction) and H2."""

    kind: str
    level: float
    tau2: float
    tau2_low: float
    tau2_high: float
    tau_low: float
    tau_high: float
    i2: float
    i2_low: float
    i2_high: float
    h2: float
    h2_low: float
    h2_high: float


def _parts(pooled: Pooled) -> tuple[Any, Any, Any, Table | None]:
    return kernel_form(pooled.yi, pooled.vi, pooled.X)


def q_profile(pooled: Pooled, level: float) -> tuple[float, float]:
    """Q-profile interval (Viechtbauer 2007, doi:10.1002/sim.2514)."""
    parts = _parts(pooled)
    df = float(pooled.q_df)
    low, _ = solve_q(*parts, chi2_quantile(0.5 + 0.5 * level, df))
    high, _ = solve_q(*parts, chi2_quantile(0.5 - 0.5 * level, df), low)
    return low, high


def generalised_q(pooled: Pooled, level: float) -> tuple[float, float]:
    """Generalised Q interval with the user's weights, 1 / sei without any (Jackson 2013, doi:10.1002/jrsm.1081)."""
    weights = 1.0 / np.sqrt(pooled.vi) if pooled.user_weights is None else pooled.user_weights
    return _exact(pooled, weights, level)


def biggerstaff_jackson(pooled: Pooled, level: float) -> tuple[float, float]:
    """Biggerstaff & Jackson (2008) interval from the exact distribution of Cochran's Q, doi:10.1002/sim.3428."""
    return _exact(pooled, 1.0 / pooled.vi, level)


def _exact(pooled: Pooled, weights: Matrix, level: float) -> tuple[float, float]:
    yi, vi, xi, table = _parts(pooled)
    return (
        quantile_tau2(yi, vi, weights, xi, table, 0.5 + 0.5 * level),
        quantile_tau2(yi, vi, weights, xi, table, 0.5 - 0.5 * level),
    )


def profile_likelihood(pooled: Pooled, level: float) -> tuple[float, float]:
    """Profile-likelihood interval (Hardy & Thompson 1996; Viechtbauer 2007): for ML and REML fits."""
    if pooled.method not in {"ML", "REML"} or pooled.tau2_fixed:
        raise InputError(
            "profile likelihood needs a likelihood fit", field="kind", got="PL", mend="method='REML'"
        )
    parts = _parts(pooled)
    restricted = pooled.method == "REML"
    floor = log_likelihood(at(*parts, pooled.tau2), restricted) - 0.5 * chi2_quantile(level, 1)

    def below(tau2: float) -> float:
        return floor - log_likelihood(at(*parts, tau2), restricted)

    low = 0.0 if pooled.tau2 == 0.0 or below(0.0) <= 0.0 else brent_root(below, 0.0, pooled.tau2)
    scale = max(pooled.tau2, pooled.typical_variance) * 0.5
    high = root_above(below, pooled.tau2, scale)
    return low, inf if high is None else high


def wald(pooled: Pooled, level: float) -> tuple[float, float]:
    """Wald interval from the standard error of tau2, cut at zero."""
    if pooled.tau2_se is None:
        raise InputError(
            "this estimator has no standard error of tau2", field="kind", got="Wald", mend="kind='QP'"
        )
    half = normal_quantile(0.5 + 0.5 * level) * pooled.tau2_se
    return max(0.0, pooled.tau2 - half), pooled.tau2 + half


def higgins_thompson(pooled: Pooled, level: float) -> tuple[float, float]:
    """Test-based interval for H of Higgins & Thompson (2002), doi:10.1002/sim.1186."""
    q, df = pooled.q, pooled.q_df
    if df < 2:
        raise NotEnoughStudies("the test-based interval", needs=3, got=pooled.k)
    if q > df + 1:
        se = 0.5 * (log(q) - log(df)) / (sqrt(2.0 * q) - sqrt(2.0 * df - 1.0))
    else:
        se = sqrt((1.0 - 1.0 / (3.0 * (df - 1) ** 2)) / (2.0 * (df - 1)))
    half = normal_quantile(0.5 + 0.5 * level) * se
    centre = 0.5 * log(max(1.0, q / df))
    low, high = exp(2.0 * (centre - half)), exp(2.0 * (centre + half))
    return max(0.0, low - 1.0) * pooled.typical_variance, max(0.0, high - 1.0) * pooled.typical_variance


KINDS: dict[str, Callable[[Pooled, float], tuple[float, float]]] = {
    "QP": q_profile,
    "GENQ": generalised_q,
    "BJ": biggerstaff_jackson,
    "PL": profile_likelihood,
    "Wald": wald,
    "HT": higgins_thompson,
}


def heterogeneity_intervals(
    pooled: Pooled, *, kind: HeterogeneityInterval = "QP", level: float | None = None
) -> HeterogeneityIntervals:
    """Interval for tau2, tau, I2 and H2.

    Parameters
    ----------
    kind
        "QP" (Q-profile), "GENQ" (generalised Q), "BJ" (Biggerstaff-Jackson), "PL" (profile likelihood), "Wald",
        "HT" (Higgins-Thompson test-based).
    level
        The pooled result's own when not given.

    Raises
    ------
    InputError
        The kind does not fit the estimator.
    NotEnoughStudies
        No degrees of freedom for heterogeneity.

    Examples
    --------
    >>> from needlepoint import pool
    >>> fit = pool(yi=[0.1, 0.9, 0.4, -0.3], vi=[0.02, 0.05, 0.04, 0.03])
    >>> round(heterogeneity_intervals(fit).tau2_low, 3)
    0.042
    """
    check(kind, HeterogeneityInterval, field="kind")
    if pooled.q_df < 1:
        raise NotEnoughStudies("an interval for tau2", needs=pooled.p + 1, got=pooled.k)
    width = chosen_level(level, pooled.level)
    low, high = KINDS[kind](pooled, width)
    notes: tuple[str, ...] = ()
    if not low <= pooled.tau2 <= high:
        notes = (f"the {kind} interval does not hold the {pooled.method} estimate of tau2",)
    s2 = pooled.typical_variance
    return HeterogeneityIntervals(
        notes=notes,
        kind=kind,
        level=width,
        tau2=pooled.tau2,
        tau2_low=low,
        tau2_high=high,
        tau_low=sqrt(low),
        tau_high=sqrt(high),
        i2=pooled.tau2 / (pooled.tau2 + s2),
        i2_low=low / (low + s2),
        i2_high=1.0 if high == inf else high / (high + s2),
        h2=pooled.tau2 / s2 + 1.0,
        h2_low=low / s2 + 1.0,
        h2_high=high / s2 + 1.0,
    )
