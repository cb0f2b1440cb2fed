"""Log hazard ratios from what survival papers print (Parmar et al. 1998, Tierney et al. 2007)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

from needlepoint.effects.recovery.record import Recovered, need_positive, need_probability
from needlepoint.effects.recovery.wald import effect_from_ci
from needlepoint.errors import InputError

__all__ = [
    "hazard_ratio_from_ci",
    "hazard_ratio_from_curves",
    "hazard_ratio_from_logrank",
    "hazard_ratio_from_p",
]

_TIERNEY = "Tierney et al. 2007, doi:10.1186/1745-6215-8-16"
_PARMAR = "Parmar et al. 1998, doi:10.1002/(SICI)1097-0258(19981230)17:24<2815::AID-SIM110>3.0.CO;2-8"


def hazard_ratio_from_logrank(observed: float, expected: float, variance: float) -> Recovered:
    """Log hazard ratio from the log-rank test's observed and expected events in arm 1 and its variance.

    >>> found = hazard_ratio_from_logrank(40, 52.0, 24.0)
    >>> round(found["yi"], 4), round(found["vi"], 4)
    (-0.5, 0.0417)
    """
    need_positive(variance=variance)
    return Recovered(
        values={"yi": (observed - expected) / variance, "vi": 1 / variance, "se": 1 / math.sqrt(variance)},
        how="log HR = (O - E) / V, variance 1 / V",
        source=_TIERNEY,
    )


def hazard_ratio_from_ci(
    hazard_ratio: float | None, low: float, high: float, *, level: float = 0.95
) -> Recovered:
    """Log hazard ratio from a printed hazard ratio and its confidence interval."""
    return effect_from_ci(hazard_ratio, low, high, level=level, ratio=True)


def hazard_ratio_from_p(
    p: float,
    *,
    favours: int,
    events: float | None = None,
    n1: float = 1.0,
    n2: float = 1.0,
    events1: float | None = None,
    events2: float | None = None,
) -> Recovered:
    """Log hazard ratio from the two-sided log-rank p and the numbers of events.

    ``favours`` is 1 or 2, the arm with the lower hazard. V is O1 O2 / (O1 + O2) from each arm's events, or the
    total ``events`` times the arms' shares, from their sizes.

    >>> round(hazard_ratio_from_p(0.02, favours=1, events=80)["yi"], 4)
    -0.5202
    """
    from needlepoint.stats.distributions import normal_quantile

    need_probability(p=p)
    if favours not in (1, 2):
        raise InputError("which arm is favoured?", field="favours", got=favours, allowed="1 or 2")
    if events1 is not None and events2 is not None:
        need_positive(events1=events1, events2=events2)
        variance, how = events1 * events2 / (events1 + events2), "V = O1 × O2 / (O1 + O2)"
    elif events is not None:
        need_positive(events=events, n1=n1, n2=n2)
        variance, how = events * n1 * n2 / (n1 + n2) ** 2, "V = O × n1 × n2 / (n1 + n2)²"
    else:
        raise InputError(
            "the numbers of events are needed", field="events", allowed="events, or events1 and events2"
        )
    size = normal_quantile(1 - p / 2) / math.sqrt(variance)
    return Recovered(
        values={"yi": -size if favours == 1 else size, "vi": 1 / variance, "se": 1 / math.sqrt(variance)},
        how=f"|log HR| = z / √V, z from the two-sided p, {how}",
        source=_TIERNEY,
        notes=("a p given only as a bound (p < 0.05) gives a bound",),
    )


def hazard_ratio_from_curves(
    times: Sequence[float],
    survival1: Sequence[float],
    survival2: Sequence[float],
    *,
    at_risk1: Sequence[float],
    at_risk2: Sequence[float],
    follow_up: tuple[float, float] | None = None,
) -> Recovered:
    """Log hazard ratio from two survival curves read at ``times``.

    With the numbers at risk at every time (one a time), events and censoring of each interval follow from
    them (Williamson et al. 2002, doi:10.1002/sim.1303). With only those at the start (one number an arm),
    censoring is even between the shortest and the longest ``follow_up`` (Parmar et al. 1998): half of those
    censored in an interval count as at risk in it, and all leave before the next. Intervals are
    pooled by inverse variance; ``survival`` are fractions, the first time usually 0 with survival 1.
    """
    _check_curves(times, survival1, survival2, at_risk1, at_risk2)
    arm1 = _intervals(times, survival1, at_risk1, follow_up)
    arm2 = _intervals(times, survival2, at_risk2, follow_up)
    weight = total = 0.0
    for (d1, r1), (d2, r2) in zip(arm1, arm2, strict=True):
        if min(r1, r2) <= 0 or d1 + d2 <= _FEW:
            continue
        variance = 1 / d1 - 1 / r1 + 1 / d2 - 1 / r2
        weight += 1 / variance
        total += math.log(d1 / r1 * (r2 / d2)) / variance
    if weight == 0:
        raise InputError("the curves show no events", field="survival1")
    full = len(at_risk1) > 1
    return Recovered(
        values={
            "yi": total / weight,
            "vi": 1 / weight,
            "se": 1 / math.sqrt(weight),
            "events1": math.fsum(d for d, _ in arm1),
            "events2": math.fsum(d for d, _ in arm2),
        },
        how="log HR pooled over the curves' intervals, " + ("numbers at risk" if full else "even censoring"),
        source="Williamson et al. 2002, doi:10.1002/sim.1303" if full else _PARMAR,
        notes=("read from curves: repeat with a second reader",),
    )


_FEW = 1e-5
_NO_EVENT = 1e-6  # stands for no events in an interval, as in Tierney et al. (2007)


def _intervals(
    times: Sequence[float],
    survival: Sequence[float],
    at_risk: Sequence[float],
    follow_up: tuple[float, float] | None,
) -> list[tuple[float, float]]:
    """Events and people at risk during each interval."""
    if len(at_risk) > 1:
        steps = zip(pairwise(survival), pairwise(at_risk), strict=True)
        found = [((r0 + r1) * s0 / (s0 + s1), s0, s1) for (s0, s1), (r0, r1) in steps]
        return [(max(r * (s0 - s1) / s0, _NO_EVENT), r) for r, s0, s1 in found]
    left = float(at_risk[0])
    out: list[tuple[float, float]] = []
    for (t0, t1), (s0, s1) in zip(pairwise(times), pairwise(survival), strict=True):
        during = left - left * _censored(t0, t1, follow_up) / 2
        events = max(during * (s0 - s1) / s0, _NO_EVENT)
        out.append((events, during))
        left = left - left * _censored(t0, t1, follow_up) - events
    return out


def _censored(t0: float, t1: float, follow_up: tuple[float, float] | None) -> float:
    """Share of those at risk at ``t0`` whose follow-up ends evenly by ``t1``."""
    if follow_up is None:
        return 0.0
    shortest, longest = follow_up
    if t1 <= shortest or t0 >= longest:
        return 0.0
    start = max(t0, shortest)
    return (min(t1, longest) - start) / (longest - start)


def _check_curves(
    times: Sequence[float],
    survival1: Sequence[float],
    survival2: Sequence[float],
    at_risk1: Sequence[float],
    at_risk2: Sequence[float],
) -> None:
    if len(times) < 2 or any(b <= a for a, b in pairwise(times)):
        raise InputError("times must grow", field="times", got=list(times), allowed="two or more, increasing")
    for field, s in (("survival1", survival1), ("survival2", survival2)):
        if len(s) != len(times):
            raise InputError("one value a time is needed", field=field, got=len(s), allowed=len(times))
        if any(not 0 < v <= 1 for v in s) or any(b > a for a, b in pairwise(s)):
            raise InputError("not a survival curve", field=field, got=list(s), allowed="0 to 1, falling")
    for field, r in (("at_risk1", at_risk1), ("at_risk2", at_risk2)):
        if len(r) not in (1, len(times)) or len(r) != len(at_risk1):
            raise InputError(
                "numbers at risk: one at the start, or one a time",
                field=field,
                got=len(r),
                allowed=len(times),
            )
