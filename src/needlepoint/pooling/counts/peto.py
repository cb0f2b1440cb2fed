"""Peto's one-step method for odds ratios of rare events."""

from __future__ import annotations

from collections.abc import Mapping
from math import sqrt
from typing import Any, Unpack

import numpy as np

from needlepoint.arrays import Vector
from needlepoint.errors import InputError
from needlepoint.options import check_fraction
from needlepoint.pooling.counts.common_effect import CommonEffect, common_effect_fields
from needlepoint.pooling.counts.counts import Counts, read_counts
from needlepoint.result import record

__all__ = ["Peto", "peto"]

# Beyond these the one-step estimate is known to be biased: Brockhaus, Bender & Skipka (2014),
# doi:10.1002/sim.6280, and Higgins et al., Cochrane Handbook, section 10.4.2.
LARGE_LOG_ODDS_RATIO = 1.0
UNEQUAL_GROUPS = 2.0


@record
class Peto(CommonEffect):
    """Peto's pooled log odds ratio, with observed minus expected events and their variance."""

    observed_minus_expected: float
    variance_of_events: float


def peto(
    data: Any = None,
    *,
    study: Any = None,
    level: float = 0.95,
    **columns: Unpack[Counts],
) -> Peto:
    """Peto's one-step log odds ratio from 2x2 tables; it needs no continuity correction and takes none.

    Parameters
    ----------
    data
        A data frame, a mapping, or an ``EffectSizes`` that keeps its counts.
    ai, bi, ci, di, n1i, n2i
        Events, non-events or sizes of the two groups: names of columns, or arrays of shape (k,).
    level
        Confidence level, a fraction.

    Raises
    ------
    InputError
        Impossible counts, or no study with both events and non-events.

    References
    ----------
    Yusuf et al. (1985), doi:10.1016/S0033-0620(85)80003-7.

    Examples
    --------
    >>> res = peto(ai=[4, 6, 3], n1i=[123, 306, 231], ci=[11, 29, 11], n2i=[139, 303, 220])
    >>> round(res.estimate, 4), round(res.se, 4)
    (-1.2373, 0.2566)
    """
    check_fraction(level, field="level")
    counts = read_counts(data, columns, measure="PETO", study=study, method="Peto", add=0.0, to="none")
    informative = np.isfinite(counts.yi) & np.isfinite(counts.vi)
    if not informative.any():
        raise InputError("no study has both events and non-events in two groups", field="ai, ci")
    variance = float((1 / counts.vi[informative]).sum())
    distance = float((counts.yi / counts.vi)[informative].sum())
    estimate = distance / variance
    for warning in _warnings(estimate, counts.cells):
        counts = counts.noted(warning)
    return Peto(
        observed_minus_expected=distance,
        variance_of_events=variance,
        **common_effect_fields(counts, "OR", "Peto", estimate, 1 / sqrt(variance), level),
    )


def _warnings(estimate: float, cells: Mapping[str, Vector]) -> list[str]:
    notes: list[str] = []
    if abs(estimate) > LARGE_LOG_ODDS_RATIO:
        notes.append("Peto's estimate is biased for large effects: compare mantel_haenszel()")
    ratio = (cells["ai"] + cells["bi"]) / (cells["ci"] + cells["di"])
    if np.any(np.maximum(ratio, 1 / ratio) > UNEQUAL_GROUPS):
        notes.append("Peto's estimate is biased for groups of very unequal size: compare mantel_haenszel()")
    return notes
