"""Normal, t, chi-square and F: tail areas and quantiles, without the cost of importing ``scipy.stats``."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache, lru_cache
from statistics import NormalDist
from typing import Any

__all__ = [
    "chi2_cdf",
    "chi2_quantile",
    "chi2_sf",
    "f_sf",
    "normal_cdf",
    "normal_quantile",
    "normal_sf",
    "t_cdf",
    "t_quantile",
    "two_sided_normal",
    "two_sided_t",
    "wald_interval",
]

_STANDARD = NormalDist()


@cache
def _special(name: str) -> Callable[..., Any]:
    """A function of ``scipy.special``, imported when it is first asked for."""
    import scipy.special

    return getattr(scipy.special, name)


def normal_cdf(x: float) -> float:
    """Standard normal distribution function, accurate in the lower tail."""
    return 0.5 * math.erfc(-x / math.sqrt(2.0))


def normal_sf(x: float) -> float:
    """Standard normal upper tail area."""
    return 0.5 * math.erfc(x / math.sqrt(2.0))


@lru_cache(maxsize=256)
def normal_quantile(prob: float) -> float:
    """Standard normal quantile, to full precision (Wichura's AS 241 in the standard library).

    >>> round(normal_quantile(0.975), 6)
    1.959964
    """
    return _STANDARD.inv_cdf(prob)


def two_sided_normal(z: float) -> float:
    """Two-sided p-value of a standard normal statistic."""
    return math.erfc(abs(z) / math.sqrt(2.0))


def t_cdf(x: float, df: float) -> float:
    """Student's t distribution function; ``df`` may be fractional or infinite."""
    if math.isinf(df):
        return normal_cdf(x)
    tail = 0.5 * float(_special("betainc")(0.5 * df, 0.5, df / (df + x * x)))
    return 1.0 - tail if x > 0.0 else tail


@lru_cache(maxsize=1024)
def t_quantile(prob: float, df: float) -> float:
    """Student's t quantile; ``df`` may be fractional or infinite.

    >>> round(t_quantile(0.975, 12), 6)
    2.178813
    """
    if math.isinf(df):
        return normal_quantile(prob)
    if prob == 0.5:
        return 0.0
    if prob > 0.5:
        return -t_quantile(1.0 - prob, df)
    x = float(_special("stdtrit")(df, prob))
    # one Newton step on our own distribution function, so that both agree to rounding
    log_density = (
        math.lgamma(0.5 * (df + 1.0))
        - math.lgamma(0.5 * df)
        - 0.5 * math.log(df * math.pi)
        - 0.5 * (df + 1.0) * math.log1p(x * x / df)
    )
    return x - (t_cdf(x, df) - prob) / math.exp(log_density)


def two_sided_t(t: float, df: float) -> float:
    """Two-sided p-value of a t statistic."""
    return 2.0 * t_cdf(-abs(t), df)


def chi2_cdf(x: float, df: float) -> float:
    """Chi-square distribution function."""
    return float(_special("gammainc")(0.5 * df, 0.5 * max(x, 0.0)))


def chi2_sf(x: float, df: float) -> float:
    """Chi-square upper tail area."""
    return float(_special("gammaincc")(0.5 * df, 0.5 * max(x, 0.0)))


@lru_cache(maxsize=1024)
def chi2_quantile(prob: float, df: float) -> float:
    """Chi-square quantile.

    >>> round(chi2_quantile(0.95, 1), 6)
    3.841459
    """
    return 2.0 * float(_special("gammaincinv")(0.5 * df, prob))


def f_sf(x: float, df1: float, df2: float) -> float:
    """Upper tail area of the F distribution; ``df2`` may be infinite."""
    if math.isinf(df2):
        return chi2_sf(x * df1, df1)
    if x <= 0.0:
        return 1.0
    return float(_special("betainc")(0.5 * df2, 0.5 * df1, df2 / (df2 + df1 * x)))


def wald_interval(estimate: float, se: float, level: float, df: float | None = None) -> tuple[float, float]:
    """Wald's interval of an estimate: normal, or by Student's t with ``df`` degrees of freedom.

    >>> low, high = wald_interval(1.0, 0.5, 0.95)
    >>> round(low, 4), round(high, 4)
    (0.02, 1.98)
    """
    upper = 0.5 + 0.5 * level
    half = se * (normal_quantile(upper) if df is None else t_quantile(upper, df))
    return estimate - half, estimate + half
