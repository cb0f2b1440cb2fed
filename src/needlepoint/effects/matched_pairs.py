"""Matched pairs, or one group twice, a dichotomous outcome.

The paired table is ``ai bi / ci di``: both times, only under treatment 1, only under treatment 2, never.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from needlepoint.arrays import Vector
from needlepoint.effects._continuity import constants
from needlepoint.effects._family import Columns, Family, Measured, Notebook, Settings, fill
from needlepoint.effects.two_by_two import complete_table

__all__ = [
    "MARGINAL",
    "MATCHED_PAIRS",
    "Marginal",
    "Pairs",
    "conditional_log_odds_ratio",
    "conditional_peto",
    "log_odds_ratio_of_margins",
    "marginal_log_odds_ratio",
    "marginal_log_risk_ratio",
    "marginal_risk_difference",
]


class Pairs(NamedTuple):
    """Cells of the paired table, one entry a study."""

    ai: Vector
    bi: Vector
    ci: Vector
    di: Vector

    @property
    def ni(self) -> Vector:
        """Number of pairs."""
        return self.ai + self.bi + self.ci + self.di


class Marginal(NamedTuple):
    """Cells of the marginal table and the correlation (phi) of the pairs behind it."""

    ai: Vector
    bi: Vector
    ci: Vector
    di: Vector
    ri: Vector


def marginal_risk_difference(t: Pairs, vtype: str, how: Settings) -> Measured:
    """Difference of the marginal risks (Newcombe 1998)."""
    yi = (t.bi - t.ci) / t.ni
    return Measured(yi, (t.bi + t.ci) / t.ni**2 - (t.bi - t.ci) ** 2 / t.ni**3)


def marginal_log_risk_ratio(t: Pairs, vtype: str, how: Settings) -> Measured:
    """Log ratio of the marginal risks (Zou 2007, doi:10.1177/1740774506075667)."""
    first, second = t.ai + t.bi, t.ai + t.ci
    return Measured(np.log(first / second), (t.bi + t.ci) / (first * second))


def marginal_log_odds_ratio(t: Pairs, vtype: str, how: Settings) -> Measured:
    """Log ratio of the marginal odds (Becker & Balagtas 1993, doi:10.2307/2532242)."""
    e1, o1, e2, o2 = t.ai + t.bi, t.ci + t.di, t.ai + t.ci, t.bi + t.di
    shared = 2 * (t.ai / t.ni - e1 / t.ni * (e2 / t.ni)) / (e1 / t.ni * (o1 / t.ni) * e2 * (o2 / t.ni))
    return Measured(np.log(e1 / o1 * (o2 / e2)), 1 / e1 + 1 / o1 + 1 / e2 + 1 / o2 - shared)


def conditional_log_odds_ratio(t: Pairs, vtype: str, how: Settings) -> Measured:
    """Conditional log odds ratio, from the discordant pairs (McNemar)."""
    return Measured(np.log(t.bi / t.ci), 1 / t.bi + 1 / t.ci)


def conditional_peto(t: Pairs, vtype: str, how: Settings) -> Measured:
    """Conditional log odds ratio by Peto's method (Curtin et al. 2002, doi:10.1002/sim.1206)."""
    discordant = t.bi + t.ci
    return Measured(2 * (t.bi - t.ci) / discordant, 4 / discordant)


def log_odds_ratio_of_margins(t: Marginal, vtype: str, how: Settings) -> Measured:
    """Log odds ratio of marginal tables, the pairs' correlation given (Curtin et al. 2002).

    The margins of one set of pairs have one total; where they differ, their mean, rounded, stands for the pairs.
    A correlation that the margins do not allow gives no variance.
    """
    n1, n2 = t.ai + t.bi, t.ci + t.di
    p1, p2 = t.ai / n1, t.ci / n2
    root = np.sqrt(p1 * (1 - p1) * p2 * (1 - p2))
    both = t.ri * root + p1 * p2
    slack = 1e-12
    allowed = (both >= np.maximum(0, p1 + p2 - 1) - slack) & (both <= np.minimum(p1, p2) + slack)
    shared = 2 * t.ri * np.rint((n1 + n2) / 2) / (n1 * n2 * root)
    vi = 1 / t.ai + 1 / t.bi + 1 / t.ci + 1 / t.di - shared
    yi = np.log(t.ai / t.bi * (t.di / t.ci))
    return Measured(yi, np.where(allowed | (n1 != n2), vi, np.nan))


def _complete(given: dict[str, Vector], notebook: Notebook) -> dict[str, Vector]:
    notebook.require("count", given, "ai", "bi", "ci", "di")
    return given


def _prepare(c: Columns, how: Settings, notebook: Notebook) -> Pairs:
    cells = (c["ai"], c["bi"], c["ci"], c["di"])
    zero = (cells[0] == 0) | (cells[1] == 0) | (cells[2] == 0) | (cells[3] == 0)
    k1, k2 = constants(cells, zero, how, notebook)
    return Pairs(cells[0] + k1, cells[1] + k1, cells[2] + k2, cells[3] + k2)


def _complete_marginal(given: dict[str, Vector], notebook: Notebook) -> dict[str, Vector]:
    table = complete_table(given, notebook)
    if "pi" in given:
        p1, p2 = table["ai"] / table["n1i"], table["ci"] / table["n2i"]
        both = given["pi"]
        made = fill(given, "ri", (both - p1 * p2) / np.sqrt(p1 * (1 - p1) * p2 * (1 - p2)))
        notebook.derive("correlation of the pairs from the share with both events", made)
    notebook.require("correlation", given, "ri")
    notebook.note("the margins' totals differ: not one set of pairs", table["n1i"] != table["n2i"])
    return {**table, "ri": given["ri"]}


def _prepare_marginal(c: Columns, how: Settings, notebook: Notebook) -> Marginal:
    return Marginal(*_prepare(c, how, notebook), c["ri"])


MATCHED_PAIRS = Family(
    title="pairs by their two outcomes (paired 2x2 table)",
    accepts=(("ai", "bi", "ci", "di"),),
    complete=_complete,
    prepare=_prepare,
    total=lambda c: c["ai"] + c["bi"] + c["ci"] + c["di"],
    counts=("ai", "bi", "ci", "di"),
)

MARGINAL = Family(
    title="the marginal table of pairs and their correlation",
    accepts=(
        ("ai", "bi", "ci", "di", "ri"),
        ("ai", "n1i", "ci", "n2i", "ri"),
        ("ai", "bi", "ci", "di", "pi"),
        ("ai", "n1i", "ci", "n2i", "pi"),
    ),
    complete=_complete_marginal,
    prepare=_prepare_marginal,
    total=lambda c: c["n1i"],
)
