"""Standard deviations of change, and the correlation of two measurements."""

from __future__ import annotations

import math

from needlepoint.effects.recovery.record import Recovered, need_positive
from needlepoint.errors import InputError

__all__ = ["change_sd", "correlation_from_change"]

_SOURCE = "Cochrane Handbook 6.5.2.8 (Higgins et al. 2023)"


def change_sd(sd_before: float, sd_after: float, r: float) -> Recovered:
    """Standard deviation of change scores from those before and after and their correlation.

    >>> round(change_sd(4.0, 5.0, 0.7)["sd"], 4)
    3.6056
    """
    need_positive(sd_before=sd_before, sd_after=sd_after)
    if not -1 <= r <= 1:
        raise InputError("not a correlation", field="r", got=r, allowed="-1 to 1")
    sd = math.sqrt(sd_before**2 + sd_after**2 - 2 * r * sd_before * sd_after)
    note = "a borrowed correlation is an assumption: try 0.5, 0.7 and 0.9"
    return Recovered(
        values={"sd": sd},
        how=f"sd² = before² + after² - 2 × {r:g} × before × after",
        source=_SOURCE,
        notes=(note,),
    )


def correlation_from_change(sd_before: float, sd_after: float, sd_change: float) -> Recovered:
    """Correlation of two measurements from their standard deviations and that of change."""
    need_positive(sd_before=sd_before, sd_after=sd_after, sd_change=sd_change)
    r = (sd_before**2 + sd_after**2 - sd_change**2) / (2 * sd_before * sd_after)
    if not -1 <= r <= 1:
        raise InputError(
            "the three standard deviations fit no correlation",
            field="sd_change",
            got=sd_change,
            allowed=f"{abs(sd_before - sd_after):g} to {sd_before + sd_after:g}",
            mend="look whether one of them is a standard error",
        )
    return Recovered(
        values={"r": r}, how="r = (before² + after² - change²) / (2 × before × after)", source=_SOURCE
    )
