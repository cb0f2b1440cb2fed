"""Cited studies, matched by topic, year, design, size and people; and what the citing sentence gets wrong."""

from __future__ import annotations

import math
import re

from needlepoint.claims.reading.knowledge import Study
from needlepoint.claims.reading.vocabulary import Vocabulary
from needlepoint.claims.result import Quantity

__all__ = ["match_study", "matching_responder", "wrong_size"]

_ROUGH = re.compile(r"\b(?:about|around|nearly|almost|roughly|approximately|some|over|more than)\b", re.I)
_TOLERANCE, _ROUGH_TOLERANCE = 0.02, 0.10
_ENOUGH = 3  # points that make a match: one strong sign and the topic, or two signs


def match_study(
    vocabulary: Vocabulary,
    rows: set[str],
    quantities: tuple[Quantity, ...],
    treatments: tuple[str, ...],
    conditions: tuple[str, ...],
    text: str,
) -> Study | None:
    """The registered study that a sentence cites; None where the signs are not enough.

    The topic alone never matches: the same number of trials in another topic or year is another study.
    """
    if not quantities and rows.isdisjoint(vocabulary.tables.studies):
        return None  # a topic and a design make two points at most
    best: tuple[int, Study] | None = None
    line = {t for name in treatments for t in vocabulary.lineage(name)}
    topics = {c for name in conditions for c in vocabulary.lineage(name)}
    years = {int(q.low) for q in quantities if q.unit == "year"}
    for study in vocabulary.tables.studies.values():
        points = _points(study, rows, quantities, years, line, topics, text)
        if points >= _ENOUGH and (best is None or points > best[0]):
            best = (points, study)
    return best[1] if best else None


def _points(
    study: Study,
    rows: set[str],
    quantities: tuple[Quantity, ...],
    years: set[int],
    treatments: set[str],
    topics: set[str],
    text: str,
) -> int:
    if treatments.isdisjoint(study.treatments):
        return 0
    if topics and topics.isdisjoint(study.conditions):
        return 0
    if years and study.year and study.year not in years:
        return 0
    points = 1
    points += 2 * (study.year in years)
    points += 2 * (study.id in rows)
    points += 2 * _near(study.trials, quantities, "trials", 0)
    points += 2 * _near(study.patients, quantities, "participants", _ROUGH_TOLERANCE + 0.05)
    points += 2 * bool(matching_responder(study, quantities))
    return points + int(study.design in text)


def _near(want: int | None, quantities: tuple[Quantity, ...], what: str, tolerance: float) -> bool:
    return want is not None and any(
        abs(q.low - want) <= tolerance * want for q in quantities if q.what == what and math.isfinite(q.low)
    )


def wrong_size(study: Study, quantities: tuple[Quantity, ...], text: str) -> tuple[Quantity, int] | None:
    """A number of patients or trials that is not the study's, and the right one; "about" earns ten per cent."""
    tolerance = _ROUGH_TOLERANCE if _ROUGH.search(text) else _TOLERANCE
    for what, right in (("participants", study.patients), ("trials", study.trials)):
        for q in quantities:
            if right and q.what == what and math.isfinite(q.low) and abs(q.low - right) > tolerance * right:
                return q, right
    return None


def matching_responder(study: Study, quantities: tuple[Quantity, ...]) -> str | None:
    """The arm whose share of responders the sentence prints."""
    for arm, share in study.responders.items():
        if any(q.unit == "%" and abs(q.low - share) <= 1.0 for q in quantities):
            return arm
    return None
