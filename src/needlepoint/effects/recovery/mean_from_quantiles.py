"""Mean and standard deviation from median, quartiles and range."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import Literal

from needlepoint.effects.recovery.record import Recovered
from needlepoint.errors import InputError
from needlepoint.options import check

__all__ = ["QuantileMethod", "mean_sd_from_quantiles"]

QuantileMethod = Literal["Luo-Shi", "Hozo", "Wan", "QE", "BC"]
"""Ways from quantiles to mean and sd."""

_LUO = "Luo et al. 2018, doi:10.1177/0962280216669183"
_WAN = "Wan et al. 2014, doi:10.1186/1471-2288-14-135"
_SHI = "Shi et al. 2020, doi:10.1002/jrsm.1429"
_HOZO = "Hozo et al. 2005, doi:10.1186/1471-2288-5-13"
_MCGRATH = "McGrath et al. 2020, doi:10.1177/0962280219889080"


@dataclass(frozen=True, slots=True)
class Summary:
    """What is printed of one group; None where it is not."""

    low: float | None
    q1: float | None
    median: float
    q3: float | None
    high: float | None
    n: float

    @property
    def has_range(self) -> bool:
        """Minimum and maximum are known."""
        return self.low is not None and self.high is not None

    @property
    def has_quartiles(self) -> bool:
        """Both quartiles are known."""
        return self.q1 is not None and self.q3 is not None

    @property
    def range(self) -> tuple[float, float]:
        """Minimum and maximum."""
        return float(self.low or 0.0), float(self.high or 0.0)

    @property
    def quartiles(self) -> tuple[float, float]:
        """First and third quartile."""
        return float(self.q1 or 0.0), float(self.q3 or 0.0)

    def points(self) -> list[tuple[float, float]]:
        """The known quantiles as (probability, value), the range at 1/n and 1 - 1/n (McGrath et al. 2020)."""
        found = [(0.5, self.median)]
        if self.has_quartiles:
            q1, q3 = self.quartiles
            found += [(0.25, q1), (0.75, q3)]
        if self.has_range:
            low, high = self.range
            found += [(1 / self.n, low), (1 - 1 / self.n, high)]
        return sorted(found)


def mean_sd_from_quantiles(
    *,
    median: float,
    n: float,
    low: float | None = None,
    q1: float | None = None,
    q3: float | None = None,
    high: float | None = None,
    method: QuantileMethod = "Luo-Shi",
) -> Recovered:
    """Mean and standard deviation from the median with the range, the quartiles, or both.

    "Luo-Shi" (mean Luo et al. 2018; sd Wan et al. 2014, with all five numbers Shi et al. 2020) is for data that
    could be normal: a note tells when Shi's test (2023) finds them skewed. "QE" fits distributions to the
    quantiles and "BC" a Box-Cox transformation (McGrath et al. 2020): take these for skewed data. "Wan" and
    "Hozo" are the older formulas, for comparison with papers that used them.

    Raises
    ------
    InputError
        Neither range nor quartiles, or numbers out of order.

    >>> found = mean_sd_from_quantiles(median=7, q1=5, q3=9, n=30)
    >>> round(found["mean"], 3), round(found["sd"], 3)
    (7.0, 3.114)
    """
    check(method, QuantileMethod, field="method")
    s = Summary(low, q1, median, q3, high, n)
    _check(s)
    mean, sd, how, source = _METHODS[method](s)
    notes = ()
    if method not in ("QE", "BC") and _skewed(s):
        notes = (
            "the quantiles are skewed (Shi et al. 2023, doi:10.1177/09622802231172043): take method='QE' or 'BC'",
        )
    return Recovered(values={"mean": mean, "sd": sd}, how=how, source=source, notes=notes)


def _check(s: Summary) -> None:
    if not s.has_range and not s.has_quartiles:
        raise InputError(
            "a median alone gives no sd", field="q1", allowed="q1 and q3, or low and high, or all"
        )
    values = [v for v in (s.low, s.q1, s.median, s.q3, s.high) if v is not None]
    if any(b < a for a, b in itertools.pairwise(values)) or values[0] == values[-1]:
        raise InputError(
            "quantiles out of order", field="median", got=values, allowed="low <= q1 <= median ..."
        )
    if s.n < 3:
        raise InputError("too few people", field="n", got=s.n, allowed=">= 3")


def _skewed(s: Summary) -> bool:
    """Test of symmetry at about 5 % (Shi et al. 2023, doi:10.1177/09622802231172043)."""
    n, m = s.n, s.median
    outer = inner = 0.0
    if s.has_range:
        a, b = s.range
        outer = abs(a + b - 2 * m) / (b - a)
    if s.has_quartiles:
        q1, q3 = s.quartiles
        inner = abs(q1 + q3 - 2 * m) / (q3 - q1) if q3 > q1 else 0.0
    if s.has_range and s.has_quartiles:
        statistic = max(2.65 * math.log(0.6 * n) / math.sqrt(n) * outer, inner)
        return statistic > 3 / math.sqrt(n) - 40 / n**3
    if s.has_range:
        return outer > 1.01 / math.log(n + 9) + 2.43 / (n + 1)
    return inner > 2.66 / math.sqrt(n) - 5.92 / n**2


def luo_mean(s: Summary) -> float:
    """Optimal mean of normal data (Luo et al. 2018), equations 7, 11 and 15."""
    n, m = s.n, s.median
    if s.has_range and s.has_quartiles:
        (a, b), (q1, q3) = s.range, s.quartiles
        w1 = 2.2 / (2.2 + n**0.75)
        w2 = 0.7 - 0.72 / n**0.55
        return w1 * (a + b) / 2 + w2 * (q1 + q3) / 2 + (1 - w1 - w2) * m
    if s.has_range:
        a, b = s.range
        w = 4 / (4 + n**0.75)
        return w * (a + b) / 2 + (1 - w) * m
    q1, q3 = s.quartiles
    w = 0.7 + 0.39 / n
    return w * (q1 + q3) / 2 + (1 - w) * m


def _expected(n: float) -> tuple[float, float]:
    """Expected extreme and quartile of n standard normal data (Blom's approximation)."""
    from needlepoint.stats.distributions import normal_quantile

    return (
        normal_quantile((n - 0.375) / (n + 0.25)),
        normal_quantile((0.75 * n - 0.125) / (n + 0.25)),
    )


def wan_sd(s: Summary) -> float:
    """Standard deviation from range, quartiles, or the mean of both (Wan et al. 2014)."""
    extreme, quartile = _expected(s.n)
    found: list[float] = []
    if s.has_range:
        a, b = s.range
        found.append((b - a) / (2 * extreme))
    if s.has_quartiles:
        q1, q3 = s.quartiles
        found.append((q3 - q1) / (2 * quartile))
    return sum(found) / len(found)


def shi_sd(s: Summary) -> float:
    """Standard deviation with optimal weights of range and quartiles (Shi et al. 2020)."""
    if not (s.has_range and s.has_quartiles):
        return wan_sd(s)
    extreme, quartile = _expected(s.n)
    (a, b), (q1, q3) = s.range, s.quartiles
    theta1 = (2 + 0.14 * s.n**0.6) * extreme
    theta2 = (2 + 2 / (0.07 * s.n**0.6)) * quartile
    return (b - a) / theta1 + (q3 - q1) / theta2


def _luo_shi(s: Summary) -> tuple[float, float, str, str]:
    both = s.has_range and s.has_quartiles
    return luo_mean(s), shi_sd(s), f"from {_given(s)}, as of normal data", f"{_LUO}; {_SHI if both else _WAN}"


def _wan(s: Summary) -> tuple[float, float, str, str]:
    m = s.median
    if s.has_range and s.has_quartiles:
        mean = (sum(s.range) + 2 * sum(s.quartiles) + 2 * m) / 8
    elif s.has_range:
        mean = (sum(s.range) + 2 * m) / 4
    else:
        mean = (sum(s.quartiles) + m) / 3
    return mean, wan_sd(s), f"from {_given(s)}, as of normal data", _WAN


def _hozo(s: Summary) -> tuple[float, float, str, str]:
    if not s.has_range:
        raise InputError("Hozo's formula needs the range", field="low", allowed="low and high")
    (a, b), m, n = s.range, s.median, s.n
    mean = (a + 2 * m + b) / 4
    sd = (
        math.sqrt(((a - 2 * m + b) ** 2 / 4 + (b - a) ** 2) / 12)
        if n <= 15
        else (b - a) / (4 if n <= 70 else 6)
    )
    return mean, sd, "from median and range", _HOZO


def _quantile_estimation(s: Summary) -> tuple[float, float, str, str]:
    from needlepoint.effects.recovery._distributions import closest_distribution

    name, mean, sd = closest_distribution(s.points())
    return mean, sd, f"{name} distribution closest to {_given(s)}", f"QE, {_MCGRATH}"


def _box_cox(s: Summary) -> tuple[float, float, str, str]:
    from needlepoint.effects.recovery._distributions import box_cox, box_cox_moments, symmetric_power

    if min(v for _, v in s.points()) <= 0:
        raise InputError("Box-Cox needs values above zero", field="low", mend="take method='QE'")
    power = symmetric_power([v for _, v in s.points()])
    values = [None if v is None else box_cox(v, power) for v in (s.low, s.q1, s.median, s.q3, s.high)]
    t = Summary(values[0], values[1], float(values[2] or 0.0), values[3], values[4], s.n)
    mean, sd = box_cox_moments(luo_mean(t), shi_sd(t), power)
    return mean, sd, f"Box-Cox power {power:.3g} makes {_given(s)} symmetrical", f"BC, {_MCGRATH}"


def _given(s: Summary) -> str:
    parts = ["median", *(["quartiles"] if s.has_quartiles else []), *(["range"] if s.has_range else [])]
    return ", ".join(parts)


_METHODS = {
    "Luo-Shi": _luo_shi,
    "Hozo": _hozo,
    "Wan": _wan,
    "QE": _quantile_estimation,
    "BC": _box_cox,
}
