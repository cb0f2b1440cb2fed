"""Estimates with their variances moved to another measure, unit or scale."""

from __future__ import annotations

import math
from collections.abc import Callable

from needlepoint.effects.recovery.record import Recovered, need_positive

__all__ = [
    "d_to_log_odds",
    "d_to_r",
    "delta_method",
    "log_odds_to_d",
    "r_to_d",
    "rescale_difference",
    "smd_to_units",
]

_BORENSTEIN = "Borenstein et al. 2009, Introduction to Meta-Analysis, chapter 7"
_LOGISTIC = math.pi / math.sqrt(3)


def delta_method(
    yi: float, vi: float, transform: Callable[[float], float], *, derivative: float | None = None
) -> Recovered:
    """An estimate and its variance through any smooth transformation.

    The derivative is taken numerically (Richardson's extrapolation of central differences) unless given.

    >>> found = delta_method(0.5, 0.04, math.exp)
    >>> round(found["yi"], 4), round(found["vi"], 4)
    (1.6487, 0.1087)
    """
    slope = _slope(transform, yi) if derivative is None else derivative
    return Recovered(
        values={"yi": transform(yi), "vi": slope**2 * vi, "se": abs(slope) * math.sqrt(vi)},
        how="delta method: variance × squared slope",
        source="Oehlert 1992, doi:10.1080/00031305.1992.10475842",
    )


def _slope(f: Callable[[float], float], x: float) -> float:
    h = 1e-2 * max(abs(x), 1.0)
    table: list[float] = []
    for _ in range(5):  # halving steps, each row cancelling one more even power of h
        row = [(f(x + h) - f(x - h)) / (2 * h)]
        for j, before in enumerate(table):
            row.append(row[j] + (row[j] - before) / (4 ** (j + 1) - 1))
        table = row
        h /= 2
    return table[-1]


def d_to_log_odds(d: float, v: float) -> Recovered:
    """Log odds ratio of a standardised mean difference, logistic responses."""
    return Recovered(
        values={"yi": d * _LOGISTIC, "vi": v * _LOGISTIC**2},
        how="log odds ratio = d × π/√3",
        source="Hasselblad & Hedges 1995, doi:10.1037/0033-2909.117.1.167",
    )


def log_odds_to_d(log_or: float, v: float) -> Recovered:
    """Standardised mean difference of a log odds ratio, logistic responses."""
    return Recovered(
        values={"yi": log_or / _LOGISTIC, "vi": v / _LOGISTIC**2},
        how="d = log odds ratio × √3/π",
        source="Hasselblad & Hedges 1995, doi:10.1037/0033-2909.117.1.167",
    )


def d_to_r(d: float, v: float, n1: float = 1.0, n2: float = 1.0) -> Recovered:
    """Correlation of a standardised mean difference; ``n1`` and ``n2`` give the groups' shares."""
    need_positive(n1=n1, n2=n2)
    a = (n1 + n2) ** 2 / (n1 * n2)
    return Recovered(
        values={"yi": d / math.sqrt(d**2 + a), "vi": a**2 * v / (d**2 + a) ** 3},
        how="r = d / √(d² + (n1 + n2)²/(n1 n2))",
        source=_BORENSTEIN,
    )


def r_to_d(r: float, v: float) -> Recovered:
    """Standardised mean difference of a correlation, groups of equal size."""
    from needlepoint.errors import InputError

    if not -1 < r < 1:
        raise InputError("not a correlation", field="r", got=r, allowed="between -1 and 1")
    return Recovered(
        values={"yi": 2 * r / math.sqrt(1 - r**2), "vi": 4 * v / (1 - r**2) ** 3},
        how="d = 2r / √(1 - r²)",
        source=_BORENSTEIN,
    )


def smd_to_units(smd: float, se: float, sd: float, *, unit: str = "points") -> Recovered:
    """A standardised mean difference in the units of a known instrument, by that instrument's sd.

    ``sd`` should come from people like the trials' (a large trial's pooled baseline sd), and is taken as known.

    >>> smd_to_units(-0.5, 0.1, 22.0)["yi"]
    -11.0
    """
    need_positive(sd=sd)
    return Recovered(
        values={"yi": smd * sd, "se": se * sd, "vi": (se * sd) ** 2},
        how=f"SMD × {sd:g} {unit}",
        source="Cochrane Handbook 15.5.3.2 (Higgins et al. 2023)",
        notes=(f"hangs on the standard deviation chosen, {sd:g} {unit}",),
    )


def rescale_difference(
    md: float, se: float, *, from_range: tuple[float, float], to_range: tuple[float, float]
) -> Recovered:
    """A mean difference moved from one scale's range to another's; a scale running the other way turns the sign.

    >>> rescale_difference(-1.2, 0.3, from_range=(0, 10), to_range=(0, 100))["yi"]
    -12.0
    """
    width = from_range[1] - from_range[0]
    need_positive(from_range=abs(width))
    factor = (to_range[1] - to_range[0]) / width
    return Recovered(
        values={"yi": md * factor, "se": se * abs(factor), "vi": (se * factor) ** 2},
        how=f"× {factor:g}, from {from_range[0]:g}-{from_range[1]:g} to {to_range[0]:g}-{to_range[1]:g}",
        source="Cochrane Handbook 15.5.3.2 (Higgins et al. 2023)",
        notes=("assumes that both scales measure the same thing, evenly",),
    )
