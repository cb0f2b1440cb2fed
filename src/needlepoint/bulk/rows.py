"""Rows of results: tests, intervals and measures of inconsistency from the kernels' numbers, column by column."""

from __future__ import annotations

from math import log, pi
from typing import TYPE_CHECKING, Any

import numpy as np

from needlepoint.arrays import Floats
from needlepoint.bulk._group import Numbers
from needlepoint.bulk._tails import chi2_upper, two_sided
from needlepoint.stats.distributions import normal_quantile, t_quantile

if TYPE_CHECKING:
    from collections.abc import Callable

    from needlepoint.bulk.plan import Plan


__all__ = ["quantiles", "result_columns"]


def _by_size(k: Floats, value: Callable[[float], float]) -> Floats:
    """A number that depends on the size of a group only."""
    sizes, which = np.unique(k, return_inverse=True)
    return np.array([value(size) for size in sizes.tolist()], dtype=np.float64)[which]


def quantiles(upper: float, df: Floats) -> Floats:
    """Normal where ``df`` is NaN."""
    known = np.where(np.isnan(df), -1.0, df)
    return _by_size(known, lambda d: normal_quantile(upper) if d <= 0.0 else t_quantile(upper, d))


def result_columns(numbers: Floats, k: Floats, plan: Plan) -> dict[str, Floats]:
    """Columns of results with the formulas, and the bits, of :func:`needlepoint.pool`; NaN: not defined."""
    n: Any = Numbers(*numbers.T)
    with np.errstate(all="ignore"):
        df, scale = _test(n, k, plan.test)
        variance = n.variance * scale
        se = np.sqrt(variance)
        statistic = n.estimate / se
        half = se * quantiles(0.5 + 0.5 * plan.level, df)
        pi_low, pi_high = _prediction(n, k, se, plan)
        q_df = k - 1.0
        i2, h2 = _inconsistency(n, q_df, equal=plan.method in {"EE", "FE"})
        return {
            "estimate": n.estimate,
            "se": se,
            "statistic": statistic,
            "df": df,
            "p_value": two_sided(statistic, df),
            "ci_low": n.estimate - half,
            "ci_high": n.estimate + half,
            "pi_low": pi_low,
            "pi_high": pi_high,
            "tau2": n.tau2,
            "tau2_se": n.tau2_se,
            "tau2_low": n.tau2_low,
            "tau2_high": n.tau2_high,
            "q": n.q,
            "q_df": q_df,
            "q_p": chi2_upper(n.q, q_df),
            "i2": i2,
            "h2": h2,
            "log_likelihood": _log_likelihood(n, k, plan.method),
            "modes": n.modes,
            "common_estimate": n.common,
            "common_se": np.sqrt(n.common_variance),
        }


def _test(n: Any, k: Floats, test: str) -> tuple[Floats, Floats]:
    """Degrees of freedom (NaN: normal) and the factor of the variance; one study gives its normal interval."""
    several = k > 1.0
    none = np.full(len(k), np.nan)
    if test == "z":
        return none, np.ones(len(k))
    df = np.where(several, k - 1.0, np.nan)
    if test == "t":
        return df, np.ones(len(k))
    scale = np.where(several, n.rss / (k - 1.0), 1.0)
    return df, np.maximum(1.0, scale) if test == "HKSJ-adhoc" else scale


def _prediction(n: Any, k: Floats, se: Floats, plan: Plan) -> tuple[Floats, Floats]:
    """Kinds as in :func:`needlepoint.pooling.coefficients.prediction.prediction_interval`; from three studies on."""
    kind = plan.prediction
    none = np.full(len(k), np.nan)
    if kind is None or plan.method in {"EE", "FE"}:
        return none, none
    if kind in {"HTS", "V"}:
        se = np.sqrt(n.variance)
    elif kind in {"HK", "HK-PR"}:
        se = np.sqrt(n.variance * n.rss / (k - 1.0))
    df = k - 2.0 if kind in {"HTS", "Riley", "HK-PR"} else k - 1.0
    df = none if kind == "z" else np.where(k >= 3.0, df, np.nan)
    half = np.where(k >= 3.0, quantiles(0.5 + 0.5 * plan.level, df) * np.sqrt(n.tau2 + se * se), np.nan)
    return n.estimate - half, n.estimate + half


def _inconsistency(n: Any, q_df: Floats, *, equal: bool) -> tuple[Floats, Floats]:
    if equal:
        h2 = np.where(q_df > 0.0, n.q / q_df, 1.0)
        return np.where(h2 > 0.0, np.maximum(0.0, 1.0 - 1.0 / h2), 0.0), h2
    typical = q_df / n.tr_p
    i2, h2 = n.tau2 / (typical + n.tau2), n.tau2 / typical + 1.0
    return np.where(q_df > 0.0, i2, 0.0), np.where(q_df > 0.0, h2, 1.0)


def _log_likelihood(n: Any, k: Floats, method: str) -> Floats:
    """Restricted for REML, full likelihood for every other method (and for one study)."""
    restricted = (k > 1.0) & (method == "REML")
    value = -0.5 * (np.where(restricted, k - 1.0, k) * log(2.0 * pi) + n.logdet_v + n.rss)
    logdet_xx = _by_size(k, lambda size: log(size) if size > 0.0 else 0.0)
    return np.where(restricted, value + 0.5 * (logdet_xx - n.logdet_xwx), value)
