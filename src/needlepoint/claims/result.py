"""What a check gives: the page's claims with their verdicts, its contradictions, its score card."""

from __future__ import annotations

import dataclasses
from collections import Counter
from functools import cache
from operator import attrgetter
from typing import Any

from needlepoint.options import Assurance, ClaimKind, Polarity, Role, Speaker, Verdict
from needlepoint.result import Result, jsonable, record

__all__ = [
    "Check",
    "Claim",
    "Contradiction",
    "Criterion",
    "Damage",
    "Judged",
    "Notice",
    "Quantity",
    "Section",
    "Segment",
    "Support",
]


_LEAVES = frozenset({str, int, bool, type(None)})


@cache
def _shape(record: type) -> tuple[tuple[str, ...], attrgetter[Any]]:
    names = tuple(f.name for f in dataclasses.fields(record) if f.repr)
    return names, attrgetter(*names)


def _plain(record: Any) -> dict[str, Any]:
    """What ``jsonable`` makes of a record, quicker: a page has thousands of values, and nearly all are plain."""
    names, values = _shape(type(record))
    pairs = zip(names, values(record), strict=True)
    return {name: value if type(value) in _LEAVES else _listed(value) for name, value in pairs}


def _listed(value: Any) -> Any:
    if isinstance(value, tuple):
        items: tuple[Any, ...] = value
        return [item if type(item) in _LEAVES else _plain(item) for item in items]
    return _plain(value) if dataclasses.is_dataclass(value) else jsonable(value)


def _side_by_side(judged: dict[str, Any]) -> dict[str, Any]:
    return judged.pop("claim") | judged


@record
class Damage:
    """A trace of broken extraction."""

    kind: str
    char_start: int
    char_end: int


@record
class Section:
    """A heading and the span of text under it."""

    title: str
    char_start: int
    char_end: int


@record
class Quantity:
    """A number with its unit and its part in the sentence."""

    value: str  # as a plain number, or "low-high", or "1 in 10"
    unit: str
    what: str  # participants, trials, year, share, duration, sessions ...
    low: float
    high: float
    denominator: str
    char_start: int
    char_end: int


@record
class Segment:
    """A sentence that makes no checkable claim, and what it is instead."""

    char_start: int
    char_end: int
    quote: str
    role: Role
    section: str


@record
class Claim:
    """One checkable statement of a page, as a record."""

    id: str
    char_start: int
    char_end: int
    quote: str
    section: str
    kind: ClaimKind
    treatment: str | None
    condition: str | None
    comparator: str | None
    outcome: str | None
    population: str | None
    time: str | None
    polarity: Polarity
    certainty: Assurance
    speaker: Speaker
    quantities: tuple[Quantity, ...] = ()
    proposed_by: str = "rules"


@record
class Support:
    """A row of the evidence that a verdict rests on."""

    row: str  # id in the pack
    text: str  # the numbers, in our words
    url: str
    citation: str


@record
class Judged(Result):
    """A claim and what the evidence says of it."""

    claim: Claim
    verdict: Verdict
    rule: str  # name of the row of the rule table that decided
    issues: tuple[str, ...]
    why: str
    careful: str  # a sentence to put in its place; empty where the sentence can stand
    support: tuple[Support, ...]
    met: tuple[str, ...] = ()  # parts of the claim that a row meets
    unknown: tuple[str, ...] = ()  # parts that no row speaks of: why it is not checked

    def to_dict(self) -> dict[str, Any]:
        """The claim's fields and the verdict's, side by side."""
        return _side_by_side(_plain(self))


@record
class Contradiction:
    """Two claims of one page that cannot both hold, or that pull against each other."""

    a: str  # claim ids, in the order of the page
    b: str
    strength: str  # "direct" | "tension"
    slot: str
    why: str


@record
class Criterion:
    """One published criterion of good health information, and the sentence that earns or loses it."""

    id: str
    question: str
    met: str  # "yes" | "partly" | "no" | "not applicable"
    why: str
    char_start: int | None
    char_end: int | None
    after: str  # the instrument it follows


@record
class Notice:
    """A warning that a reader must see first."""

    text: str
    url: str
    claim: str | None


@record
class Check(Result):
    """A page, checked: every claim with its verdict, what contradicts what, what is missing."""

    title: str
    address: str
    language: str
    date: str | None
    pack: str
    pack_version: str
    inputs: str  # digest of the page's text and of the pack
    summary_text: str
    notices: tuple[Notice, ...]
    claims: tuple[Judged, ...]
    contradictions: tuple[Contradiction, ...]
    missing: tuple[str, ...]
    score_card: tuple[Criterion, ...]
    damage: tuple[Damage, ...]
    sections: tuple[Section, ...]
    others: tuple[Segment, ...]
    text: str = dataclasses.field(repr=False)

    @property
    def counts(self) -> dict[str, int]:
        """How many claims have each verdict."""
        return dict(Counter(j.verdict for j in self.claims))

    def to_dict(self) -> dict[str, Any]:
        """Every field but the page's text as plain JSON types; claims carry their verdicts."""
        plain = _plain(self)
        return plain | {"claims": [_side_by_side(j) for j in plain["claims"]], "counts": self.counts}

    def tidy(self) -> list[dict[str, Any]]:
        """One row a claim."""
        return [j.to_dict() for j in self.claims]

    def summary(self) -> str:
        """The paragraph, then one line a claim."""
        lines = [self.summary_text, *(f"! {n.text}" for n in self.notices)]
        for judged in self.claims:
            lines.append(f"[{judged.verdict.replace('_', ' ')}] {judged.claim.quote}")
            lines.append(f"    {judged.why}")
        return "\n".join([*lines, *self.notes])

    def claim_review(self) -> dict[str, Any]:
        """The verdicts as schema.org ClaimReview items (a view: it has no place for rows or certainty)."""
        from needlepoint.claims.claimreview import claim_review

        return claim_review(self)
