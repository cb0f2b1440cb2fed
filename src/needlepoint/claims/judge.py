"""A case, judged by the rule table: verdict, issues, one sentence why, the right numbers, a careful sentence."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from needlepoint.claims.facts.case import Case
from needlepoint.claims.facts.pooled import Headlines
from needlepoint.claims.facts.standing import published_text
from needlepoint.claims.reading.vocabulary import Vocabulary
from needlepoint.claims.result import Claim, Judged, Support
from needlepoint.claims.rules.effects import rule_for
from needlepoint.claims.rules.parts import Parts, agrees_with, parts_of
from needlepoint.claims.rules.rule import EFFECT, Rule
from needlepoint.evidence.schema import Fact, Pack, Published, Source

__all__ = ["Rows", "judge"]


_Subject = tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]
"""Treatments, conditions and outcomes of a claim."""


@dataclass(frozen=True, slots=True)
class Rows:
    """A pack's published results by treatment, its sources by id, and what was found for claims on one subject."""

    published: dict[str, list[Published]]
    sources: dict[str, Source]
    headlines: Headlines
    facts: tuple[Fact, ...] = ()
    nearest: dict[_Subject, tuple[Support, ...]] = field(default_factory=dict[_Subject, tuple[Support, ...]])

    @classmethod
    def of(cls, pack: Pack, main: str) -> Rows:
        """Sort the rows once for a pack; rows without a number support nothing."""
        published: dict[str, list[Published]] = {}
        for row in pack.published:
            if row.estimate is not None:
                published.setdefault(row.treatment, []).append(row)
        facts = tuple(f for f in pack.facts if f.topic in _TOPICS and f.value is not None)
        return cls(published, {s.id: s for s in pack.sources}, Headlines(pack, main), facts)


_AGREES = frozenset({"supported", "supported_in_part"})  # verdicts that need every part to be met
_FINE = frozenset({"supported", "not_checkable", "not_in_evidence_base"})
_MOST_ROWS = 3
_MEMORY = 10_000  # subjects that are remembered


def judge(case: Case, claim_id: str, text: str, section: str, rows: Rows) -> Judged:
    """Apply the first rule that holds."""
    rule = rule_for(case)
    row = getattr(case, rule.basis) if rule.basis else None
    parts = parts_of(case, rule, row) if rule.verdict in _AGREES else Parts((), ())
    fact = _fact(case, rows) if parts.unknown else None
    if fact is not None:
        why = f"{fact.text}"
        claim = _claim(case, claim_id, text, section)
        return Judged(
            claim=claim,
            verdict="supported",
            rule="fact-number",
            issues=(),
            why=why,
            careful="",
            support=(fact,),
        )
    if parts.unknown:
        return _unchecked(case, rule, row, parts, _claim(case, claim_id, text, section), rows)
    return Judged(
        met=parts.met,
        claim=_claim(case, claim_id, text, section),
        verdict=rule.verdict,
        rule=rule.id,
        issues=_issues(case, rule, row),
        why=_why(case, rule, row),
        careful="" if rule.verdict in _FINE else _careful(case, row),
        support=(*_support(case, row, rows), *_pooled(case, rule, rows)),
    )


_TOPICS = frozenset({"prevalence", "natural course", "harm"})


def _fact(case: Case, rows: Rows) -> Support | None:
    """The sourced number that a sentence repeats: every number of it agrees, and it speaks of the same thing."""
    asked = [q for q in case.quantities if q.what not in {"year", "publications"}]
    if not asked or case.certainty == "absolute":
        return None
    words = _content(case.unit.text)
    named = [_content(case.vocabulary.plain(t)) for t in case.slots.treatments]
    for fact in rows.facts:
        if any(not name & _content(fact.statement) for name in named):
            continue  # how common a thing is says nothing of what a treatment does
        low = fact.value if fact.low is None else fact.low
        high = fact.value if fact.high is None else fact.high
        if low is None or high is None or len(words & _content(fact.statement)) < _ENOUGH:
            continue
        if all(agrees_with(q, low, high, fact.unit) for q in asked):
            source = rows.sources.get(fact.source)
            said = f"{fact.statement}: {fact.value:,g} {fact.unit}."
            return Support(row=fact.id, text=said, url=source.url if source else "", citation=fact.population)
    return None


_ENOUGH = 3  # words in common


def _content(text: str) -> set[str]:
    return {w for w in re.findall(r"[a-z]+|\d{4}", text.casefold()) if w not in _SMALL}


_SMALL = frozenset(
    [
        "a",
        "an",
        "the",
        "of",
        "in",
        "on",
        "at",
        "to",
        "and",
        "or",
        "with",
        "for",
        "who",
        "have",
        "has",
        "had",
        "is",
        "are",
        "was",
        "were",
        "be",
        "by",
        "as",
        "that",
    ]
)


def _unchecked(case: Case, rule: Rule, row: Any, parts: Parts, claim: Claim, rows: Rows) -> Judged:
    """Not supported: a part of the claim is met by no row."""
    known = str(getattr(row, "text", "") or "")
    why = f"Not checked: no row of the evidence speaks of {listed(list(parts.unknown))}."
    return Judged(
        claim=claim,
        verdict="not_checkable",
        rule=rule.id,
        issues=tuple(issue for issue in _issues(case, rule, row) if issue not in {"unsourced"}),
        why=f"{why} What is known: {known}" if known else why,
        careful="",
        support=tuple(_support(case, row, rows)),
        met=parts.met,
        unknown=parts.unknown,
    )


def _claim(case: Case, claim_id: str, text: str, section: str) -> Claim:
    unit, slots = case.unit, case.slots

    def said(terms: tuple[str, ...]) -> str | None:
        return "; ".join(map(case.vocabulary.plain, terms)) if terms else None

    return Claim(
        id=claim_id,
        char_start=unit.start,
        char_end=unit.end,
        quote=text[unit.start : unit.end],
        section=section,
        kind=case.kind,
        treatment=said(slots.treatments) or slots.stranger,
        condition=said(slots.conditions),
        comparator=said(slots.comparators),
        outcome=said(slots.outcomes),
        population=slots.population,
        time=slots.time,
        polarity=case.polarity,
        certainty=case.certainty,
        speaker=case.speaker,
        quantities=case.quantities,
        proposed_by=case.proposed_by,
    )


def _issues(case: Case, rule: Rule, row: Any) -> tuple[str, ...]:
    issues = list(getattr(row, "issues", ())) + list(rule.issues)
    if case.slots.comparators and "comparator_omitted" in issues and rule.id != "study-hides-sham":
        issues.remove("comparator_omitted")
    if rule.verdict not in _FINE and case.speaker == "page" and case.kind != "procedure":
        issues.append("unsourced")
    if case.has("vague_source"):
        issues.append("vague_attribution")
    if case.unit.line.kind == "heading":
        issues.append("headline")
    if case.certainty == "absolute" and rule.verdict in {"overstated", "contradicted"}:
        issues.append("absolute_wording")
    return tuple(dict.fromkeys(issues))


def listed(names: list[str]) -> str:
    """Names in a sentence: "a", "a and b", "a, b and c"."""
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def _why(case: Case, rule: Rule, row: Any) -> str:
    plain = case.vocabulary.plain
    treatment = listed([plain(t) for t in case.slots.treatments]) or case.slots.stranger or "this"
    condition = listed([plain(c) for c in case.slots.conditions or (case.main,)])
    sentence = rule.why.format(row=getattr(row, "text", ""), treatment=treatment, condition=condition)
    other = getattr(row, "others", "")
    return f"{sentence} {other}".strip()


_PLAINLY = {
    "mechanism": "How relief comes about is not settled.",
    "safety": "Like every treatment it can have unwanted effects; how often is not known here.",
    "procedure": "How much of it is needed has not been tested.",
}
"""What may be said with care where no row says it better."""


def _careful(case: Case, row: Any) -> str:
    careful = getattr(row, "careful", "")
    if careful:
        return careful
    if case.kind in _PLAINLY:
        return _PLAINLY[case.kind]
    if case.kind in {"citation", "magnitude", "guideline"} and row is not None:
        return row.text
    return case.standing.careful if case.standing else ""


def _support(case: Case, row: Any, rows: Rows) -> Iterator[Support]:
    """The row that decided, then published results on the same treatment, condition and outcome."""
    seen: set[str] = set()
    if row is not None and row.text and (row.url or getattr(row, "citation", "")):
        seen.add(row.text)
        yield Support(
            row=row.id,
            text=row.text,
            url=row.url,
            citation=getattr(row, "citation", "") or getattr(row, "issuer", ""),
        )
    if case.kind not in {"efficacy", "magnitude", "comparison", "citation"}:
        return
    subject = (case.slots.treatments, case.slots.conditions or (case.main,), case.slots.outcomes)
    if subject not in rows.nearest:
        if len(rows.nearest) > _MEMORY:
            rows.nearest.clear()
        rows.nearest[subject] = tuple(_published(subject, case.vocabulary, rows))
    yield from rows.nearest[subject]


def _pooled(case: Case, rule: Rule, rows: Rows) -> Iterator[Support]:
    """Beside a problem with a benefit: what the pack's own trials give when pooled."""
    if rule.verdict in _FINE or case.kind not in EFFECT or not case.covered or not rule.basis:
        return
    for name in case.slots.treatments[:1]:
        for treatment in case.vocabulary.lineage(name):
            headline = rows.headlines.of(treatment)
            if headline:
                yield Support(
                    row=f"pooled:{treatment}", text=headline, url="", citation="pooled here from trials"
                )
                return


def _published(subject: _Subject, vocabulary: Vocabulary, rows: Rows) -> Iterator[Support]:
    """Published results on a subject, nearest first."""
    treatments, conditions, outcomes = subject
    lines = dict.fromkeys(t for name in treatments for t in vocabulary.lineage(name))
    wider = {c for name in conditions for c in vocabulary.lineage(name)}
    found = [
        r
        for t in lines
        for r in rows.published.get(t, ())
        if r.condition in wider and r.outcome in (outcomes or ("pain",))
    ]
    found.sort(key=lambda r: (r.role != "lead", "sham" not in r.comparator, -(r.year or 0), r.id))
    for row in found[: _MOST_ROWS - 1]:
        source = rows.sources.get(row.source)
        url = source.url if source else ""
        yield Support(row=row.id, text=published_text(row), url=url, citation=row.review)
