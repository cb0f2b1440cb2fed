"""Pooled results that others published for the same cell, always labelled as theirs."""

from __future__ import annotations

from needlepoint.answer.result import CellKey
from needlepoint.certainty.grade import LADDER, rank
from needlepoint.evidence.schema import Pack, Published
from needlepoint.evidence.terms import ancestors
from needlepoint.options import Certainty

__all__ = ["alternatives", "best_alternatives", "certainty_of", "covers", "leading", "matching"]


def matching(pack: Pack, key: CellKey) -> tuple[Published, ...]:
    """Published rows of the same treatment, comparator, condition and outcome; same time or time not given."""
    rows = [
        p
        for p in pack.published
        if p.treatment == key.treatment
        and p.comparator == key.comparator
        and p.outcome == key.outcome
        and covers(pack, p.condition, key.condition)
        and (not p.population or covers(pack, p.population, key.population))
        and p.window in {"", key.window}
    ]
    return tuple(sorted(rows, key=lambda p: (p.window != key.window, p.role != "lead", -(p.year or 0))))


def covers(pack: Pack, term: str, wanted: str) -> bool:
    """The very term, or a wider one that holds it ("any duration" holds "chronic")."""
    return term == wanted or term in ancestors(pack, wanted)


def leading(rows: tuple[Published, ...], condition: str) -> Published | None:
    """The published row fit to lead: of the very condition, marked so in the pack, certainty stated, newest."""
    fit = [p for p in rows if p.role == "lead" and p.estimate is not None and p.condition == condition]
    fit.sort(key=lambda p: (certainty_of(p) == "not judged", -(p.year or 0)))
    return fit[0] if fit else None


def certainty_of(row: Published) -> Certainty:
    """The certainty that the review printed, in GRADE's words; a range counts as its lower end."""
    text = row.certainty.casefold()
    for level in LADDER:  # "very low" is looked for before "low"
        if level in text:
            return level
    return "not judged"


def alternatives(pack: Pack, treatment: str, condition: str) -> tuple[Published, ...]:
    """What else has published results for the condition, grouped by treatment, strongest certainty first."""
    rows = [
        p
        for p in pack.published
        if treatment not in {p.treatment, p.comparator}
        and p.condition == condition
        and p.estimate is not None
        and p.role != "history"
    ]
    return tuple(sorted(rows, key=lambda p: (-rank(certainty_of(p)), p.treatment, p.outcome)))


def best_alternatives(pack: Pack, rows: tuple[Published, ...]) -> tuple[Published, ...]:
    """One row a treatment: the first outcome of the pack, fit to lead, certainty stated, then newest."""
    outcomes = [t.id for t in pack.terms if t.kind == "outcome"]
    best: dict[str, Published] = {}
    for row in sorted(
        rows,
        key=lambda p: (
            outcomes.index(p.outcome),
            p.role != "lead",
            certainty_of(p) == "not judged",
            p.ci_low is None,
            -(p.year or 0),
        ),
    ):
        best.setdefault(row.treatment, row)
    return tuple(row for row in rows if best[row.treatment] is row)
