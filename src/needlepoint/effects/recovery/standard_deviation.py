"""Standard deviations from standard errors, intervals, test statistics and spreads."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

from needlepoint.effects.recovery.record import Recovered, need_positive, need_probability
from needlepoint.errors import InputError
from needlepoint.options import check

__all__ = [
    "Reference",
    "critical_value",
    "sd_from_ci",
    "sd_from_f",
    "sd_from_iqr",
    "sd_from_mean_difference_ci",
    "sd_from_others",
    "sd_from_p",
    "sd_from_range",
    "sd_from_se",
    "sd_from_t",
]

Reference = Literal["t", "z"]
"""Distribution behind an interval."""

_HANDBOOK = "Cochrane Handbook 6.5.2 (Higgins et al. 2023)"
_WAN = "Wan et al. 2014, doi:10.1186/1471-2288-14-135"


def critical_value(level: float, df: float, reference: Reference) -> float:
    """Two-sided critical value of an interval at ``level`` (a fraction)."""
    from needlepoint.stats.distributions import normal_quantile, t_quantile

    check(reference, Reference, field="reference")
    need_probability(level=level)
    prob = 0.5 + level / 2
    return normal_quantile(prob) if reference == "z" else t_quantile(prob, df)


def sd_from_se(se: float, n: float) -> Recovered:
    """Standard deviation from the standard error of a mean.

    >>> sd_from_se(1.2, 25)["sd"]
    6.0
    """
    need_positive(se=se, n=n)
    return Recovered(values={"sd": se * math.sqrt(n)}, how="sd = se × √n", source=_HANDBOOK)


def sd_from_ci(
    low: float, high: float, n: float, *, level: float = 0.95, reference: Reference = "t"
) -> Recovered:
    """Standard deviation from the confidence interval of one group's mean.

    Small samples have intervals from t; take ``reference="z"`` only where the paper did.

    >>> round(sd_from_ci(30.0, 34.2, 25)["sd"], 3)
    5.087
    """
    need_positive(n=n - 1, width=high - low)
    sd = math.sqrt(n) * (high - low) / (2 * critical_value(level, n - 1, reference))
    how = f"sd = √n × width of the {level:.0%} interval / (2 × {reference} quantile)"
    return Recovered(values={"sd": sd}, how=how, source=_HANDBOOK)


def sd_from_mean_difference_ci(
    low: float, high: float, n1: float, n2: float, *, level: float = 0.95, reference: Reference = "t"
) -> Recovered:
    """Common standard deviation of two arms from the confidence interval of their mean difference."""
    need_positive(n1=n1, n2=n2, width=high - low)
    se = (high - low) / (2 * critical_value(level, n1 + n2 - 2, reference))
    how = f"se from the width of the {level:.0%} interval ({reference}); sd = se / √(1/n1 + 1/n2)"
    return Recovered(values={"sd": se / math.sqrt(1 / n1 + 1 / n2), "se": se}, how=how, source=_HANDBOOK)


def sd_from_t(difference: float, t: float, n1: float, n2: float) -> Recovered:
    """Common standard deviation of two arms from their mean difference and its t statistic."""
    need_positive(n1=n1, n2=n2)
    if t == 0 or difference == 0:
        raise InputError(
            "no standard deviation follows from no difference", field="t", got=t, allowed="not 0"
        )
    se = abs(difference / t)
    return Recovered(
        values={"sd": se / math.sqrt(1 / n1 + 1 / n2), "se": se},
        how="se = |difference / t|; sd = se / √(1/n1 + 1/n2)",
        source=_HANDBOOK,
    )


def sd_from_f(difference: float, f: float, n1: float, n2: float) -> Recovered:
    """Common standard deviation of two arms from their mean difference and the F of their comparison."""
    need_positive(f=f)
    found = sd_from_t(difference, math.sqrt(f), n1, n2)
    return Recovered(values=found.values, how=f"t = √F; {found.how}", source=_HANDBOOK)


def sd_from_p(difference: float, p: float, n1: float, n2: float) -> Recovered:
    """Common standard deviation of two arms from their mean difference and its two-sided t-test's p."""
    from needlepoint.stats.distributions import t_quantile

    need_probability(p=p)
    found = sd_from_t(difference, t_quantile(1 - p / 2, n1 + n2 - 2), n1, n2)
    note = "a p given only as a bound (p < 0.05) gives a bound: the sd is at most this"
    return Recovered(
        values=found.values, how=f"t from the two-sided p; {found.how}", source=_HANDBOOK, notes=(note,)
    )


def sd_from_iqr(q1: float, q3: float, n: float | None = None) -> Recovered:
    """Standard deviation from the quartiles, as of normal data; with ``n``, Wan's small-sample divisor.

    >>> round(sd_from_iqr(4, 9, 40)["sd"], 3)
    3.845
    """
    from needlepoint.stats.distributions import normal_quantile

    need_positive(iqr=q3 - q1)
    prob = 0.75 if n is None else (0.75 * n - 0.125) / (n + 0.25)
    sd = (q3 - q1) / (2 * normal_quantile(prob))
    return Recovered(
        values={"sd": sd},
        how="sd = interquartile range over that of normal data",
        source=_HANDBOOK if n is None else _WAN,
        notes=("only as good as the data are symmetrical",),
    )


def sd_from_range(low: float, high: float, n: float) -> Recovered:
    """Standard deviation from the range, as of normal data (Wan et al. 2014)."""
    from needlepoint.stats.distributions import normal_quantile

    need_positive(n=n - 1, range=high - low)
    sd = (high - low) / (2 * normal_quantile((n - 0.375) / (n + 0.25)))
    return Recovered(
        values={"sd": sd},
        how="sd = range over the expected range of n normal data",
        source=_WAN,
        notes=("ranges hang on two people: use anything else that is printed",),
    )


def sd_from_others(sds: Sequence[float], ns: Sequence[float]) -> Recovered:
    """A standard deviation borrowed from other studies with the same instrument: their pooled one.

    Furukawa et al. (2006), doi:10.1016/j.jclinepi.2005.06.006: borrowing is better than leaving the study out.

    >>> round(sd_from_others([10.0, 12.0], [50, 30])["sd"], 3)
    10.787
    """
    if len(sds) != len(ns) or not sds:
        raise InputError("one size a standard deviation is needed", field="ns", got=len(ns), allowed=len(sds))
    for sd, n in zip(sds, ns, strict=True):
        need_positive(sd=sd, n=n - 1)
    df = math.fsum(n - 1 for n in ns)
    pooled = math.sqrt(math.fsum((n - 1) * sd**2 for sd, n in zip(sds, ns, strict=True)) / df)
    return Recovered(
        values={"sd": pooled},
        how=f"pooled standard deviation of {len(sds)} other groups",
        source="Furukawa et al. 2006, doi:10.1016/j.jclinepi.2005.06.006",
        notes=("borrowed: see whether the answer holds without this study",),
    )
