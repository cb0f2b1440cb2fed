"""Two arms, a dichotomous outcome: risk ratio, odds ratio, risk difference, arcsine difference, Peto.

The table is ``ai bi / ci di``: events and non-events of arm 1 over those of arm 2.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from needlepoint.arrays import Bools, Vector
from needlepoint.effects._continuity import constants
from needlepoint.effects._family import Columns, Family, Measured, Notebook, Settings, fill

__all__ = [
    "TWO_BY_TWO",
    "Table",
    "arcsine_difference",
    "complete_table",
    "log_odds_ratio",
    "log_risk_ratio",
    "peto_log_odds_ratio",
    "risk_difference",
]


Cells = tuple[Vector, Vector, Vector, Vector]


class Table(NamedTuple):
    """Cells of the 2x2 tables (corrected where due), one entry a study."""

    ai: Vector
    bi: Vector
    ci: Vector
    di: Vector

    @property
    def n1i(self) -> Vector:
        """Size of arm 1."""
        return self.ai + self.bi

    @property
    def n2i(self) -> Vector:
        """Size of arm 2."""
        return self.ci + self.di

    @property
    def ni(self) -> Vector:
        """Size of the study."""
        return self.n1i + self.n2i


def log_risk_ratio(t: Table, vtype: str, how: Settings) -> Measured:
    """Log risk ratio with its delta-method variance (Fleiss & Berlin 2009)."""
    yi = np.log(t.ai / t.n1i * (t.n2i / t.ci))
    if vtype == "AV":
        p1, p2 = _mean_risks(t)
        return Measured(yi, (1 - p1) / (p1 * t.n1i) + (1 - p2) / (p2 * t.n2i))
    return Measured(yi, 1 / t.ai - 1 / t.n1i + 1 / t.ci - 1 / t.n2i)


def log_odds_ratio(t: Table, vtype: str, how: Settings) -> Measured:
    """Log odds ratio with Woolf's variance (Woolf 1955, doi:10.1111/j.1469-1809.1955.tb01348.x)."""
    return Measured(np.log(t.ai / t.bi * (t.di / t.ci)), 1 / t.ai + 1 / t.bi + 1 / t.ci + 1 / t.di)


def risk_difference(t: Table, vtype: str, how: Settings) -> Measured:
    """Risk difference; variances "LS" (binomial), "UB" (unbiased) or "AV" (from the mean risks)."""
    p1, p2 = t.ai / t.n1i, t.ci / t.n2i
    yi = p1 - p2
    if vtype == "UB":
        return Measured(yi, p1 * (1 - p1) / (t.n1i - 1) + p2 * (1 - p2) / (t.n2i - 1))
    if vtype == "AV":
        p1, p2 = _mean_risks(t)
    return Measured(yi, p1 * (1 - p1) / t.n1i + p2 * (1 - p2) / t.n2i)


def _mean_risks(t: Table) -> tuple[float, float]:
    known = np.isfinite(t.ni)
    return (
        float(t.ai[known].sum() / t.n1i[known].sum()),
        float(t.ci[known].sum() / t.n2i[known].sum()),
    )


def arcsine_difference(t: Table, vtype: str, how: Settings) -> Measured:
    """Arcsine difference, half of Cohen's h (Rücker et al. 2009, doi:10.1002/sim.3511)."""
    yi = np.arcsin(np.sqrt(t.ai / t.n1i)) - np.arcsin(np.sqrt(t.ci / t.n2i))
    return Measured(yi, 1 / (4 * t.n1i) + 1 / (4 * t.n2i))


def peto_log_odds_ratio(t: Table, vtype: str, how: Settings) -> Measured:
    """Peto's one-step log odds ratio, (O - E) / V (Yusuf et al. 1985, doi:10.1016/S0033-0620(85)80003-7)."""
    events = t.ai + t.ci
    expected = events * t.n1i / t.ni
    variance = events * (t.bi + t.di) * (t.n1i / t.ni) * (t.n2i / t.ni) / (t.ni - 1)
    return Measured((t.ai - expected) / variance, 1 / variance)


def complete_table(given: dict[str, Vector], notebook: Notebook) -> dict[str, Vector]:
    """Fill the table from row totals where cells were not given, and check the counts."""
    for event, other, size in (("ai", "bi", "n1i"), ("ci", "di", "n2i")):
        if size in given:
            if event in given and other in given:
                off = np.abs(given[event] + given[other] - given[size]) > 1e-8
                notebook.refuse(
                    f"{event} + {other} is not {size}",
                    off,
                    field=size,
                    values=given[size],
                    allowed="their sum",
                )
            if event in given:
                over = given[event] > given[size]
                notebook.refuse(
                    "more events than participants",
                    over,
                    field=event,
                    values=given[event],
                    allowed=f"<= {size}",
                )
                fill(given, other, given[size] - given[event])
            if other in given:
                fill(given, event, given[size] - given[other])
        fill(given, size, given[event] + given[other])
    notebook.require("count", given, "ai", "bi", "ci", "di")
    return {letter: given[letter] for letter in ("ai", "bi", "ci", "di", "n1i", "n2i")}


def _prepare(c: Columns, how: Settings, notebook: Notebook) -> Table:
    cells = _without_empty_arms((c["ai"], c["bi"], c["ci"], c["di"]), notebook)
    one_sided = _one_sided(cells)
    if how.drop00:
        notebook.note("no events, or only events, in both arms: left without a value (drop00)", one_sided)
        cells = _blank(cells, one_sided)
    elif one_sided.any():
        notebook.note("no events, or only events, in both arms", one_sided)
    ai, bi, ci, di = cells
    zero = (ai == 0) | (bi == 0) | (ci == 0) | (di == 0)
    k1, k2 = constants(cells, zero, how, notebook)
    return Table(ai + k1, bi + k1, ci + k2, di + k2)


def _without_empty_arms(cells: Cells, notebook: Notebook) -> Cells:
    """An arm of nobody tells nothing, and a continuity correction must not make it up."""
    ai, bi, ci, di = cells
    empty = (ai + bi == 0) | (ci + di == 0)
    if not empty.any():
        return cells
    notebook.note("an arm without participants: left without a value", empty)
    return _blank(cells, empty)


def _blank(cells: Cells, where: Bools) -> Cells:
    ai, bi, ci, di = (np.where(where, np.nan, cell) for cell in cells)
    return ai, bi, ci, di


def _one_sided(cells: Cells) -> Bools:
    ai, bi, ci, di = cells
    return ((ai == 0) & (ci == 0)) | ((bi == 0) & (di == 0))


TWO_BY_TWO = Family(
    title="two arms, events of participants (2x2 table)",
    accepts=(("ai", "bi", "ci", "di"), ("ai", "n1i", "ci", "n2i")),
    complete=complete_table,
    prepare=_prepare,
    total=lambda c: c["n1i"] + c["n2i"],
    arms=(("ai", "ci"), ("bi", "di"), ("n1i", "n2i")),
    counts=("ai", "bi", "ci", "di"),
)
