"""What a person needs beside the effect: harms, how long it lasts, what guidelines say, what is missing."""

from __future__ import annotations

import re
from collections.abc import Sequence

from needlepoint.answer.published import certainty_of, covers
from needlepoint.answer.result import Cell
from needlepoint.answer.scale import benefit, published_estimate
from needlepoint.answer.words import joined, number
from needlepoint.evidence.schema import Fact, Guideline, Harm, Pack, Published

__all__ = [
    "alternative_sentence",
    "dated",
    "duration",
    "facts_of",
    "guideline_sentence",
    "guidelines_of",
    "harm_sentence",
    "harms_headline",
    "harms_of",
    "missing",
]

HEADLINE_HARMS = 3  # rates in a first sentence where the pack marks none to lead


def harms_of(pack: Pack, treatment: str) -> tuple[Harm, ...]:
    """Unwanted events of a treatment: those marked to lead first, serious before the rest."""
    rows = [h for h in pack.harms if h.treatment == treatment]
    return tuple(sorted(rows, key=lambda h: (not h.lead, not h.serious)))


def harm_sentence(harm: Harm) -> str:
    """A rate in the denominator that gives a number people can picture.

    >>> harm_sentence(Harm(id="x", treatment="t", what="any unwanted effect", serious=False, events=9,
    ...     denominator=100, per="patients", rate=0.09, ci_low=0.05, ci_high=0.15, design="", source="s"))
    'any unwanted effect: about 9 of 100 patients (95% interval 5 to 15)'
    """
    if harm.rate is None:
        return f"{harm.what}: no rate given"
    base = next((b for b in (100, 1_000, 10_000, 100_000, 1_000_000) if harm.rate * b >= 1), 1_000_000)
    if harm.rate == 0:
        seen = f" (none among {harm.denominator:,} {harm.per})" if harm.denominator else ""
        return f"{harm.what}: none seen{seen}"
    text = f"{harm.what}: about {_count(harm.rate * base)} of {base:,} {harm.per}"
    if harm.ci_low is not None and harm.ci_high is not None:
        text += f" (95% interval {_count(harm.ci_low * base)} to {_count(harm.ci_high * base)})"
    return text


def harms_headline(treatment: str, harms: Sequence[Harm]) -> str:
    """The first sentence of a question about safety: the rates that lead, not a comparison of groups."""
    known = [h for h in harms if h.rate is not None]
    first = [h for h in known if h.lead] or known[:HEADLINE_HARMS]
    if not first:
        return f"No rate of an unwanted effect of {treatment} is in the pack; that does not mean that there is none."
    rates = "; ".join(harm_sentence(h) for h in first)
    return f"Unwanted effects of {treatment}. {rates[:1].upper()}{rates[1:]}."


def _count(value: float) -> str:
    return f"{value:.0f}" if value >= 4.95 or abs(value - round(value)) < 0.05 else number(value, 1)


def alternative_sentence(pack: Pack, row: Published) -> str:
    """One published result of another treatment, as a benefit in known points where its unit allows."""
    plain = {t.id: t.plain for t in pack.terms}
    what = f"{plain[row.treatment]}, against {plain[row.comparator]}: {plain[row.outcome]}"
    certainty = certainty_of(row)
    who = f"{row.review}; {'certainty not stated' if certainty == 'not judged' else certainty + ' certainty'}"
    converted = published_estimate(pack, row, None)
    if converted is None:
        return f"{what} {row.metric} {row.estimate:g}{f' on {row.unit}' if row.unit else ''} ({who})"
    shown, scale = converted
    better = benefit(scale, shown)
    interval = f"[{number(better.ci_low)}, {number(better.ci_high)}]"
    return f"{what} {number(better.value)} {scale.unit} better {interval} ({who})"


def guidelines_of(pack: Pack, treatment: str, condition: str) -> tuple[Guideline, ...]:
    """Positions of guideline makers on the condition or a wider one, newest first."""
    rows = [g for g in pack.guidelines if g.treatment == treatment and covers(pack, g.condition, condition)]
    return tuple(sorted(rows, key=lambda g: -(g.year or 0)))


def guideline_sentence(guidelines: Sequence[Guideline]) -> str:
    """Who is for and who is against, side by side."""
    current = [g for g in guidelines if g.status != "superseded"]
    in_favour = list(dict.fromkeys(_issuer(g) for g in current if g.position in {"for", "conditional"}))
    against = list(dict.fromkeys(_issuer(g) for g in current if g.position == "against"))
    if not in_favour and not against:
        return "No guideline position is in the pack."
    parts: list[str] = []
    if in_favour:
        parts.append(f"For, or for some people: {joined(in_favour)}.")
    if against:
        parts.append(f"Against: {joined(against)}.")
    return " ".join(parts)


def _issuer(g: Guideline) -> str:
    return f"{dated(g)}{' (lapsed)' if g.status == 'lapsed' else ''}"


def dated(g: Guideline) -> str:
    """Issuer with the year, unless the name holds one."""
    return g.issuer if g.year is None or re.search(r"\b(19|20)\d\d\b", g.issuer) else f"{g.issuer} {g.year}"


def duration(pack: Pack, cells: Sequence[Cell], table: Sequence[Cell]) -> tuple[str, ...]:
    """How long it lasts: one line a comparison, the times side by side, then the pack's facts on durability."""
    windows = {w.id: w for w in pack.windows}
    lines: list[str] = []
    seen: set[tuple[str, str]] = set()
    for lead in table:
        comparison = (lead.key.comparator, lead.key.outcome)
        if comparison in seen or lead.group == "active" or (lead.scale is not None and lead.scale.log):
            continue
        seen.add(comparison)
        same = [
            c
            for c in cells
            if (c.key.comparator, c.key.outcome, c.key.population) == (*comparison, lead.key.population)
            and c.key.window in windows
            and c.shown is not None
            and c.scale is not None
        ]
        same.sort(key=lambda c: windows[c.key.window].order)
        if len(same) > 1:
            times = "; ".join(_at(c) for c in same)
            lines.append(f"{lead.labels['outcome']}, against {lead.labels['comparator']}: {times}")
    lines += [f.statement for f in pack.facts if f.topic == "durability"]
    return tuple(lines)


def _at(cell: Cell) -> str:
    assert cell.shown is not None
    assert cell.scale is not None
    better = benefit(cell.scale, cell.shown)
    who = cell.leading.review if cell.leading is not None else f"{cell.k} trial{'s' if cell.k > 1 else ''}"
    when = cell.labels["window_label"].lower()
    return f"{when} {number(better.value)} better [{number(better.ci_low)}, {number(better.ci_high)}] ({who})"


def facts_of(pack: Pack) -> tuple[Fact, ...]:
    """Sourced facts on the natural course and on what a course of treatment involves."""
    return tuple(f for f in pack.facts if f.topic in {"natural course", "durability", "dose", "cost"})


def missing(pack: Pack, table: Sequence[Cell]) -> tuple[str, ...]:
    """What a reader might expect and will not find here."""
    found = {c.group for c in table}
    gaps = [f"no usable result against {g}" for g in ("no treatment", "usual care", "sham") if g not in found]
    few = [c for c in table if c.k == 1]
    if few:
        gaps.append(f"{len(few)} of {len(table)} rows of the table rest on a single trial of ours")
    return (*gaps, *pack.missing)
