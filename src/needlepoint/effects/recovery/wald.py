"""Estimates with their standard errors from printed intervals and p-values."""

from __future__ import annotations

import math

from needlepoint.effects.recovery.record import Recovered, need_positive, need_probability
from needlepoint.errors import InputError

__all__ = ["effect_from_ci", "effect_from_p"]

_SOURCE = "Cochrane Handbook 6.3 (Higgins et al. 2023)"


def effect_from_ci(
    estimate: float | None, low: float, high: float, *, level: float = 0.95, ratio: bool = False
) -> Recovered:
    """Estimate and standard error on the analysis scale from a Wald interval.

    With ``ratio`` the three are ratios and the result is on the log scale. The standard error comes from the
    interval's width; a note tells when the printed estimate is not in its middle, as rounding or another kind
    of interval makes it. Without an estimate the middle is taken.

    >>> found = effect_from_ci(1.5, 1.1, 2.0, ratio=True)
    >>> round(found["yi"], 4), round(found["vi"], 4)
    (0.4055, 0.0233)
    """
    from needlepoint.stats.distributions import normal_quantile

    need_probability(level=level)
    need_positive(width=high - low)
    if ratio:
        need_positive(low=low, **({} if estimate is None else {"estimate": estimate}))
        low, high = math.log(low), math.log(high)
    middle = (low + high) / 2
    yi = middle if estimate is None else math.log(estimate) if ratio else estimate
    if not low <= yi <= high:
        raise InputError("the estimate lies outside its interval", field="estimate", got=estimate)
    half = (high - low) / 2
    se = half / normal_quantile(0.5 + level / 2)
    notes = ()
    if abs(yi - middle) > 0.1 * half:
        notes = (f"the estimate is {abs(yi - middle) / half:.0%} of the half-width off the middle",)
    how = f"se = width of the {level:.0%} interval{' of logs' if ratio else ''} / (2 × normal quantile)"
    return Recovered(values={"yi": yi, "vi": se**2, "se": se}, how=how, source=_SOURCE, notes=notes)


def effect_from_p(estimate: float, p: float, *, ratio: bool = False, null: float | None = None) -> Recovered:
    """Estimate and standard error on the analysis scale from a two-sided p-value of a Wald test.

    >>> round(effect_from_p(1.5, 0.01, ratio=True)["se"], 4)
    0.1574
    """
    from needlepoint.stats.distributions import normal_quantile

    need_probability(p=p)
    if ratio:
        need_positive(estimate=estimate)
    yi = math.log(estimate) if ratio else estimate
    at = (1.0 if ratio else 0.0) if null is None else null
    distance = yi - (math.log(at) if ratio else at)
    if distance == 0:
        raise InputError("no standard error follows from no effect", field="estimate", got=estimate)
    se = abs(distance) / normal_quantile(1 - p / 2)
    note = "a p given only as a bound (p < 0.05) gives a bound: the standard error is at most this"
    return Recovered(
        values={"yi": yi, "vi": se**2, "se": se},
        how="se = |estimate / z|, z from the two-sided p",
        source=_SOURCE,
        notes=(note,),
    )
