"""A claim before the rules: its words, its slots, and the rows of the evidence that bear on it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from needlepoint.claims._lazy import lazy
from needlepoint.claims.facts.fields import Slots
from needlepoint.claims.facts.standing import find_standing, is_covered
from needlepoint.claims.reading.knowledge import (
    Assertion,
    Definition,
    HarmRate,
    Mechanism,
    Position,
    Regulation,
    Standing,
    Study,
    UsualNumber,
)
from needlepoint.claims.reading.reading import Unit
from needlepoint.claims.reading.vocabulary import Vocabulary
from needlepoint.claims.result import Quantity
from needlepoint.options import Assurance, ClaimKind, Polarity, Speaker

__all__ = ["Case"]

_WEAKEST_FIRST = ("none", "insufficient", "mixed", "small", "modest")


@dataclass(kw_only=True)
class Case:
    """Everything that a rule may look at; nothing here decides."""

    unit: Unit
    kind: ClaimKind
    slots: Slots
    polarity: Polarity
    certainty: Assurance
    speaker: Speaker
    quantities: tuple[Quantity, ...]
    vocabulary: Vocabulary
    main: str  # the condition that the pack is about
    heading: Unit | None = None
    study: Study | None = None  # the cited study, here or just before
    study_here: bool = False
    told_by: frozenset[str] = frozenset()  # positions of the body that the section tells of
    siblings: tuple[Unit, ...] = ()  # the other clauses of the sentence
    proposed_by: str = "rules"

    def has(self, *cues: str) -> bool:
        """True where a cue of the language stands in the sentence."""
        return not self.unit.cues.isdisjoint(cues)

    @lazy
    def standings(self) -> list[Standing]:
        """One row for each treatment of the claim that has one."""
        found = (
            find_standing(self.vocabulary, t, self.slots.conditions, main=self.main)
            for t in self.slots.treatments
        )
        return [s for s in found if s is not None]

    @lazy
    def standing(self) -> Standing | None:
        """The weakest row: a list of treatments is no better than its weakest member."""
        return min(self.standings, key=lambda s: _WEAKEST_FIRST.index(s.benefit), default=None)

    @property
    def benefit(self) -> str:
        """The standing in one word; "" where there is no row."""
        return self.standing.benefit if self.standing else ""

    @lazy
    def covered(self) -> bool:
        """True where the pack speaks of the treatment and of the condition."""
        treatments = self.slots.treatments
        conditions = self.slots.conditions
        return bool(treatments) and all(
            is_covered(self.vocabulary, t, conditions, main=self.main) for t in treatments
        )

    @property
    def outcome_beside(self) -> bool:
        """True where the claim speaks only of outcomes that the evidence does not measure as benefit."""
        outcomes = set(self.slots.outcomes) - {"adverse events", "surgery avoided", "medication use"}
        shown = {"pain", "function", "quality of life", "response"}
        if self.standing is not None:
            shown.update(self.standing.outcomes)
        return bool(outcomes) and not outcomes & shown

    @property
    def outcome_beyond(self) -> bool:
        """True where the row names its outcomes and the claim names another."""
        allowed = set(self.standing.outcomes) if self.standing else set[str]()
        return bool(allowed) and bool(set(self.slots.outcomes) - allowed - {"adverse events"})

    # ------------------------------------------------------------------ rows of the pack
    def row(self, row_id: str, suffix: str = "") -> bool:
        """True where the words of a row stand in the sentence."""
        return row_id + suffix in self.unit.rows

    @lazy
    def assertion(self) -> Assertion | None:
        """The first statement of fact whose every group of words is here, and whose "none" words are not."""
        return next(
            (a for a in self.vocabulary.tables.assertions.among(self.unit.rows) if self._asserts(a)), None
        )

    def _asserts(self, assertion: Assertion) -> bool:
        if self.kind not in assertion.kinds or self.row(assertion.id, ":none"):
            return False
        if assertion.treatment and not self._is_of(assertion.treatment):
            return False
        return all(self.row(assertion.id, f":{n}") for n in range(len(assertion.all)))

    def _is_of(self, treatment: str) -> bool:
        return any(treatment in self.vocabulary.lineage(t) for t in self.slots.treatments)

    @lazy
    def mechanisms(self) -> dict[str, Mechanism]:
        """Mechanisms named in the sentence, by their standing: what is known of this treatment goes first."""
        named = self.vocabulary.tables.mechanisms.among(self.unit.rows)
        own = [m for m in named if any(self._is_of(t) for t in m.treatments)]
        found: dict[str, Mechanism] = {}
        for mechanism in own or [m for m in named if not m.treatments]:
            found.setdefault(mechanism.standing, mechanism)
        return found

    @property
    def mechanism(self) -> Mechanism | None:
        """The mechanism that decides: a hypothesis before what is not defined, not supported or known."""
        order = ("hypothesis", "undefined", "unsupported", "established")
        return next((self.mechanisms[s] for s in order if s in self.mechanisms), None)

    @lazy
    def definition(self) -> Definition | None:
        """A word explained here that is often explained wrongly."""
        return next(iter(self.vocabulary.tables.definitions.among(self.unit.rows)), None)

    @lazy
    def harm(self) -> HarmRate | None:
        """Known rates of harm of the claim's treatment, or of what it is a kind of."""
        rates = self.vocabulary.tables.harm_rates
        lines = (t for name in self.slots.treatments for t in self.vocabulary.lineage(name))
        return next((rates[t] for t in lines if t in rates), None)

    @lazy
    def position(self) -> Position | None:
        """What the named body says of the claim's treatments; of several, the one on this condition."""
        positions = self.vocabulary.tables.positions
        named = positions.among(self.unit.rows)
        if not named and self.told_by and self.slots.named:
            named = positions.among(self.told_by)
        if not named:
            return None
        treatments = {t for name in self.slots.treatments for t in self.vocabulary.lineage(name)}
        on_topic = [p for p in named if treatments & {*p.treatments, *p.against}]
        about = self.slots.conditions or (self.main,)
        conditions = {c for name in about for c in self.vocabulary.lineage(name)}
        exact = [p for p in on_topic if conditions & set(p.conditions)]
        years = {int(q.low) for q in self.quantities if q.unit == "year"}
        dated = [p for p in exact or on_topic if p.year in years]
        ranked: Iterable[Position] = dated or exact or on_topic
        return max(ranked, key=lambda p: p.year, default=None)

    @lazy
    def against(self) -> bool:
        """True where the named body advises against one of the claim's treatments."""
        p = self.position
        return p is not None and any(
            t in p.against for name in self.slots.treatments for t in self.vocabulary.lineage(name)
        )

    @lazy
    def regulation(self) -> Regulation | None:
        """The rule of law that the sentence is about."""
        rows = self.vocabulary.tables.regulations.among(self.unit.rows)
        return next((r for r in rows if self.row(r.id, ":topic")), None)

    @lazy
    def usual(self) -> tuple[UsualNumber, Quantity] | None:
        """A usual number and the claim's number of the same unit."""
        if not self.quantities:
            return None
        for row in self.vocabulary.tables.numbers.among(self.unit.rows):
            if row.conditions and not set(self.slots.conditions) <= set(row.conditions):
                continue
            for q in self.quantities:
                if q.unit == row.unit or (row.unit == "%" and q.what == "share"):
                    return row, q
        return None

    @property
    def usual_row(self) -> UsualNumber | None:
        """The usual number alone."""
        return self.usual[0] if self.usual else None

    # ------------------------------------------------------------------ numbers
    def amount(self, *whats: str) -> list[Quantity]:
        """Quantities that play one of these parts."""
        return [q for q in self.quantities if q.what in whats]

    @property
    def shares(self) -> list[Quantity]:
        """Percentages and "n in m"."""
        return self.amount("share")

    @property
    def names_sham(self) -> bool:
        """True where the whole sentence tells of sham or placebo."""
        beside = any("sham" in m.term for u in self.siblings for m in u.mentions)
        return (
            beside
            or any("sham" in c for c in self.slots.comparators)
            or self.has("beyond_placebo", "no_difference")
        )

    @property
    def doubted_beside(self) -> bool:
        """True where another clause of the sentence limits this one at once."""
        return any(u.has("rejection", "evidence_mixed", "uncertainty_words") for u in self.siblings)
