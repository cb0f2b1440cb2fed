"""Mantel-Haenszel pooling of two groups' counts: odds, risk and rate ratios, risk and rate differences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import exp, inf, isfinite, sqrt
from typing import Any, Literal, Unpack

import numpy as np

from needlepoint.arrays import Vector
from needlepoint.errors import InputError
from needlepoint.options import check, check_fraction
from needlepoint.pooling.counts import mantel_haenszel_sums as kernel
from needlepoint.pooling.counts.common_effect import CommonEffect, common_effect_fields
from needlepoint.pooling.counts.counts import (
    Counts,
    CountTables,
    ZeroCellRule,
    corrected,
    empty_studies,
    pair_of_rules,
    read_counts,
    zero_cells,
)
from needlepoint.result import p_text, record
from needlepoint.stats.distributions import chi2_sf

__all__ = ["CountMeasure", "MantelHaenszel", "mantel_haenszel"]

CountMeasure = Literal["OR", "RR", "RD", "IRR", "IRD"]


@record
class MantelHaenszel(CommonEffect):
    """A Mantel-Haenszel estimate.

    ``cmh`` is the Cochran-Mantel-Haenszel chi-square (odds and rate ratios); ``breslow_day`` and ``tarone`` test
    a common odds ratio on ``homogeneity_df`` degrees of freedom. Tests that a measure does not have are None.
    """

    cmh: float | None = None
    cmh_p: float | None = None
    breslow_day: float | None = None
    breslow_day_p: float | None = None
    tarone: float | None = None
    tarone_p: float | None = None
    homogeneity_df: int | None = None

    def tests(self) -> list[str]:
        """Lines on the tests of no effect and of homogeneity."""
        lines: list[str] = []
        if self.cmh is not None and self.cmh_p is not None:
            lines.append(f"Cochran-Mantel-Haenszel test: {self.cmh:.3f}, {p_text(self.cmh_p)}")
        if self.tarone is not None and self.tarone_p is not None:
            lines.append(f"Tarone's test for heterogeneity: {self.tarone:.3f}, {p_text(self.tarone_p)}")
        return lines


def mantel_haenszel(
    data: Any = None,
    *,
    measure: CountMeasure = "OR",
    study: Any = None,
    add: float | Sequence[float] = 0.5,
    to: ZeroCellRule | Sequence[ZeroCellRule] = "only0",
    drop00: bool | Sequence[bool] = True,
    correct: bool = True,
    level: float = 0.95,
    **columns: Unpack[Counts],
) -> MantelHaenszel:
    """Mantel-Haenszel common effect from the counts of two groups.

    Parameters
    ----------
    data
        A data frame, a mapping, or an ``EffectSizes`` that keeps its counts.
    measure
        "OR", "RR", "RD" from ``ai bi ci di`` (or ``ai n1i ci n2i``); "IRR", "IRD" from ``x1i t1i x2i t2i``.
    add, to, drop00
        Zero-cell rules. One value concerns the single studies' effects (for Q) and leaves the pooled estimate
        uncorrected, as it should be; a pair gives the second to the pooled estimate.
    correct
        Continuity correction of the Cochran-Mantel-Haenszel test.
    level
        Confidence level, a fraction.

    Returns
    -------
    MantelHaenszel
        On the log scale for ratios.

    Raises
    ------
    InputError
        Impossible counts, or an estimate that is not finite (a group without any events).

    References
    ----------
    Mantel & Haenszel (1959), doi:10.1093/jnci/22.4.719; Robins, Breslow & Greenland (1986); Greenland & Robins
    (1985); Sato, Greenland & Robins (1989).

    Examples
    --------
    >>> res = mantel_haenszel(ai=[4, 6, 3], n1i=[123, 306, 231], ci=[11, 29, 11], n2i=[139, 303, 220])
    >>> round(res.estimate, 4), round(res.se, 4)
    (-1.4135, 0.3155)
    """
    check(measure, CountMeasure, field="measure")
    check_fraction(level, field="level")
    adds, rules = pair_of_rules(add, 0.0, field="add"), pair_of_rules(to, "none", field="to")
    for rule in rules:
        check(rule, ZeroCellRule, field="to")
    drops = pair_of_rules(drop00, False, field="drop00")
    counts = read_counts(
        data,
        columns,
        measure=measure,
        study=study,
        method="Mantel-Haenszel",
        add=adds[0],
        to=rules[0],
        drop00=drops[0],
    )
    return _pooled(counts, measure, adds[1], rules[1], drop_empty=drops[1], correct=correct, level=level)


def _pooled(
    counts: CountTables, measure: str, add: float, to: str, *, drop_empty: bool, correct: bool, level: float
) -> MantelHaenszel:
    empty = empty_studies(counts.cells)
    cells = {name: values[~empty] for name, values in counts.cells.items()} if drop_empty else counts.cells
    cells = corrected(cells, add, to)
    with np.errstate(divide="ignore", invalid="ignore"):
        estimate, variance = kernel.POOLED[measure](cells)
    _refuse_infinite(estimate, variance, measure)
    counts = counts.naming(_what_empty_studies_say(measure, drop_empty=drop_empty), empty)
    says = "with a zero count (used as reported; a correction serves only the own effect, for Q)"
    if add and to != "none":
        says = "with a zero count (the correction is added, also for the estimate)"
    counts = counts.naming(says, zero_cells(counts.cells) & ~empty)
    return MantelHaenszel(
        **common_effect_fields(counts, measure, "MH", estimate, sqrt(variance), level)
        | {"k": len(counts.study) - int(empty.sum()) * drop_empty},
        **_tests(cells, measure, estimate, correct=correct),
    )


def _what_empty_studies_say(measure: str, *, drop_empty: bool) -> str:
    if drop_empty:
        return "with no events, or only events, in both groups left out"
    if measure in {"RD", "IRD"}:
        return "with no events, or only events, in both groups pull the difference towards zero"
    if measure == "RR":
        return (
            "with no events (silent on the ratio), or only events (which pull it towards one), in both groups"
        )
    return "with no events, or only events, in both groups say nothing on the ratio"


def _refuse_infinite(estimate: float, variance: float, measure: str) -> None:
    if isfinite(estimate) and 0 < variance < inf:
        return
    if measure in {"RD", "IRD"}:
        raise InputError("no study has any events: the difference is zero, its error unknown", field="events")
    raise InputError(
        f"the Mantel-Haenszel {measure} is not finite: one group has no events (or nothing but events)",
        field="ai, ci",
        mend="use penalised_logistic(), beta_binomial(), or a correction: add=(0.5, 0.5), to=('only0', 'only0')",
    )


def _tests(cells: Mapping[str, Vector], measure: str, estimate: float, *, correct: bool) -> dict[str, Any]:
    if measure == "IRR":
        chi2 = kernel.person_time_chi2(cells, correct=correct)
        return {"cmh": chi2, "cmh_p": chi2_sf(chi2, 1)}
    if measure != "OR":
        return {}
    chi2 = kernel.cochran_mantel_haenszel(cells, correct=correct)
    fields: dict[str, Any] = {"cmh": chi2, "cmh_p": chi2_sf(chi2, 1)}
    same = kernel.breslow_day(cells, exp(estimate))
    df = same.tables - 1
    if df > 0:
        fields |= {
            "breslow_day": same.breslow_day,
            "breslow_day_p": chi2_sf(same.breslow_day, df),
            "tarone": same.tarone,
            "tarone_p": chi2_sf(same.tarone, df),
            "homogeneity_df": df,
        }
    return fields
