"""Arms joined into one, and a shared arm split between comparisons."""

from __future__ import annotations

import math
from collections.abc import Sequence

from needlepoint.effects.recovery.record import Recovered, need_positive
from needlepoint.errors import InputError

__all__ = ["combine_arms", "split_events", "split_shared_arm"]

_HANDBOOK = "Cochrane Handbook, table 6.5.a (Higgins et al. 2023)"
_SHARED = "Cochrane Handbook 23.3.4 (Higgins et al. 2023)"


def combine_arms(arms: Sequence[tuple[float, float, float]]) -> Recovered:
    """Size, mean and standard deviation of several arms as one; each arm is ``(n, mean, sd)``.

    Exact: what the joined raw data would give, in any order.

    >>> found = combine_arms([(10, 5.0, 2.0), (20, 8.0, 3.0)])
    >>> found["n"], found["mean"], round(found["sd"], 4)
    (30.0, 7.0, 3.0343)
    """
    if len(arms) < 2:
        raise InputError("combining needs two arms", field="arms", got=len(arms), allowed=">= 2")
    for n, _, sd in arms:
        need_positive(n=n)
        if sd < 0:
            raise InputError("a negative sd", field="sd", got=sd, allowed=">= 0")
    total = math.fsum(n for n, _, _ in arms)
    mean = math.fsum(n * m for n, m, _ in arms) / total
    squares = math.fsum((n - 1) * sd**2 + n * (m - mean) ** 2 for n, m, sd in arms)
    return Recovered(
        values={"n": float(total), "mean": mean, "sd": math.sqrt(squares / (total - 1))},
        how=f"{len(arms)} arms joined: within and between sums of squares",
        source=_HANDBOOK,
    )


def split_shared_arm(n: float, mean: float, sd: float, parts: int) -> Recovered:
    """A control arm that serves several comparisons: size divided, mean and standard deviation kept.

    It keeps people from being counted twice; it does not undo the correlation of the comparisons.
    """
    _need_parts(parts)
    need_positive(n=n)
    return Recovered(
        values={"n": n / parts, "mean": mean, "sd": sd},
        how=f"size divided by {parts} comparisons",
        source=_SHARED,
        notes=("the comparisons stay correlated: a multivariate or network model is better",),
    )


def split_events(events: float, n: float, parts: int) -> Recovered:
    """A control arm's events and size divided between several comparisons (not rounded)."""
    _need_parts(parts)
    need_positive(n=n)
    if not 0 <= events <= n:
        raise InputError("more events than participants", field="events", got=events, allowed=f"0 to {n:g}")
    return Recovered(
        values={"events": events / parts, "n": n / parts},
        how=f"events and size divided by {parts} comparisons",
        source=_SHARED,
        notes=("the comparisons stay correlated: a multivariate or network model is better",),
    )


def _need_parts(parts: int) -> None:
    if parts < 2:
        raise InputError("splitting needs two comparisons", field="parts", got=parts, allowed=">= 2")
