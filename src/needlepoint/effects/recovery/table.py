"""2x2 tables from their margins and a printed measure of association."""

from __future__ import annotations

import math

from needlepoint.effects.recovery.record import Recovered, need_positive
from needlepoint.errors import InputError

__all__ = ["table_from_odds_ratio", "table_from_phi"]


def table_from_odds_ratio(odds_ratio: float, n: float, n1: float, events: float) -> Recovered:
    """Cells ``ai bi ci di`` from the odds ratio, the total, the size of arm 1 and the events of both arms.

    The first cell solves a quadratic; cells are rounded to whole numbers, and a note tells the odds ratio of
    the rounded table where it differs in print.

    >>> found = table_from_odds_ratio(5, n=50, n1=20, events=15)
    >>> [found[c] for c in ("ai", "bi", "ci", "di")]
    [10.0, 10.0, 5.0, 25.0]
    """
    need_positive(odds_ratio=odds_ratio, n=n, n1=n1, events=events)
    low, high = _bounds(n, n1, events)
    if odds_ratio == 1:
        ai = n1 * events / n
    else:  # Plackett (1965), doi:10.1080/01621459.1965.10480807
        root = math.sqrt(_discriminant(odds_ratio, n, n1, events))
        linear = (odds_ratio - 1) * (n1 + events) + n
        ai = (linear - root) / (2 * (odds_ratio - 1))
    return _rounded(min(max(ai, low), high), n, n1, events, f"odds ratio {odds_ratio:g}")


def table_from_phi(phi: float, n: float, n1: float, events: float) -> Recovered:
    """Cells ``ai bi ci di`` from phi, the total, the size of arm 1 and the events of both arms."""
    need_positive(n=n, n1=n1, events=events)
    low, high = _bounds(n, n1, events)
    ai = (n1 * events + phi * math.sqrt(n1 * (n - n1) * events * (n - events))) / n
    if not low - 0.5 <= ai <= high + 0.5:
        raise InputError("phi does not fit the margins", field="phi", got=phi, mend="check the margins")
    return _rounded(min(max(ai, low), high), n, n1, events, f"phi {phi:g}")


def _discriminant(odds_ratio: float, n: float, n1: float, events: float) -> float:
    linear = (odds_ratio - 1) * (n1 + events) + n
    return linear**2 - 4 * odds_ratio * (odds_ratio - 1) * n1 * events


def _bounds(n: float, n1: float, events: float) -> tuple[float, float]:
    for field, value in (("n1", n1), ("events", events)):
        if value >= n:
            raise InputError("a margin must be below the total", field=field, got=value, allowed=f"< {n:g}")
    return max(0.0, n1 + events - n), min(n1, events)


def _rounded(ai: float, n: float, n1: float, events: float, given: str) -> Recovered:
    a = float(round(ai))
    cells = {"ai": a, "bi": n1 - a, "ci": events - a, "di": n - n1 - events + a}
    notes = ()
    if abs(ai - a) > 0.1:
        notes = (f"the first cell came out at {ai:.2f}: margins or association are rounded or wrong",)
    return Recovered(
        values=cells,
        how=f"the table with these margins and {given}, rounded to whole people",
        source="Plackett 1965, doi:10.1080/01621459.1965.10480807",
        notes=notes,
    )
