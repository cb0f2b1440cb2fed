"""From a page's units to cases: which sentences are claims, of what kind, about what."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from needlepoint.claims.facts.case import Case
from needlepoint.claims.facts.fields import Context, Slots, certainty_of, polarity_of, slots_of, speaker_of
from needlepoint.claims.facts.kinds import kind_of
from needlepoint.claims.facts.quantities import counts, quantities_of
from needlepoint.claims.facts.studies import match_study
from needlepoint.claims.model import Proposal
from needlepoint.claims.reading.knowledge import Study
from needlepoint.claims.reading.lexicon import Words
from needlepoint.claims.reading.reading import Unit, read_units
from needlepoint.claims.reading.roles import role_of
from needlepoint.claims.reading.vocabulary import Vocabulary
from needlepoint.options import ClaimKind, Role

__all__ = ["Extraction", "extract"]


@dataclass(slots=True)
class Extraction:
    """Cases in the order of the page, and everything that is no claim."""

    cases: list[Case] = field(default_factory=list[Case])
    others: list[tuple[Unit, Role]] = field(default_factory=list[tuple[Unit, Role]])
    headings: list[Unit] = field(default_factory=list[Unit])
    words: Words = field(default_factory=Words)


def extract(shadow: str, vocabulary: Vocabulary, main: str, proposals: Sequence[Proposal] = ()) -> Extraction:
    """Find the claims of a normalised text; ``main`` is the condition that the pack is about.

    A proposal of a model can only raise a sentence that the rules set aside; it moves no boundary.
    """
    units, words = read_units(shadow, vocabulary)
    found = Extraction(words=words)
    context = _page_context(units, vocabulary, main)
    bodies = {p.id for p in vocabulary.knowledge.positions}
    heading: Unit | None = None
    clauses: dict[int, list[Unit]] = {}
    for unit in units:
        clauses.setdefault(unit.sentence, []).append(unit)
    for unit in units:
        if unit.section != context.section:
            context.enter(unit.section)
            heading, context.heading = None, ()
        if unit.line.kind == "heading":
            heading = unit
            context.heading = _treatments(unit) or context.heading
            found.headings.append(unit)
        context.issuers = frozenset(unit.rows & bodies) or context.issuers
        _open_list(unit, context)
        role = role_of(unit)
        proposal = _proposed(unit, role, proposals) if proposals else None
        if role is not None and proposal is None:
            found.others.append((unit, role))
            continue
        case = _case(unit, heading, context, vocabulary, main, shadow)
        if len(clauses[unit.sentence]) > 1:
            case.siblings = tuple(u for u in clauses[unit.sentence] if u is not unit)
        if proposal is not None:
            case.kind, case.proposed_by = proposal.kind, proposal.by
        found.cases.append(case)
    return found


_RAISABLE = frozenset({"opinion", "other", "heading"})


def _proposed(unit: Unit, role: Role | None, proposals: Sequence[Proposal]) -> Proposal | None:
    """The proposal that covers at least half of a sentence set aside."""
    if role not in _RAISABLE:
        return None
    half = (unit.end - unit.start) / 2
    return next(
        (p for p in proposals if min(unit.end, p.char_end) - max(unit.start, p.char_start) >= half), None
    )


def _treatments(unit: Unit) -> tuple[str, ...]:
    return tuple(dict.fromkeys(m.term for m in unit.mentions if m.kind == "treatment" and not m.part))


def _open_list(unit: Unit, context: Context) -> None:
    """What opens a list gives its items their treatment; other text ends the list."""
    if unit.text.endswith(":"):
        context.opened = _treatments(unit)
        context.treatment = context.opened or context.treatment
    elif unit.line.kind != "item":
        context.opened = ()


def _page_context(units: list[Unit], vocabulary: Vocabulary, main: str) -> Context:
    """What the page is about: the treatment named most often, and the pack's condition where the page has it."""
    treatments: Counter[str] = Counter()
    conditions: Counter[str] = Counter()
    for unit in units:
        if unit.line.kind == "menu":
            continue
        for m in unit.mentions:
            if m.kind == "treatment" and not m.part:
                treatments[m.term] += 1
            elif m.kind == "condition":
                conditions[m.term] += 1
    about = [c for c, _ in conditions.most_common() if main in vocabulary.lineage(c)]
    condition = about[0] if about else next(iter(dict(conditions.most_common(1))), None)
    treatment = treatments.most_common(1)
    return Context(page_treatment=treatment[0][0] if treatment else None, page_condition=condition)


def _case(
    unit: Unit, heading: Unit | None, context: Context, vocabulary: Vocabulary, main: str, shadow: str
) -> Case:
    kind = kind_of(unit, treated=bool(_treatments(unit) or context.opened))
    slots = slots_of(unit, kind, context, vocabulary)
    quantities = quantities_of(shadow, unit.start, unit.end) if counts(unit.text, unit.words) else ()
    case = Case(
        unit=unit,
        kind=kind,
        slots=slots,
        polarity=polarity_of(unit, kind),
        certainty=certainty_of(unit),
        speaker=speaker_of(unit),
        quantities=quantities,
        vocabulary=vocabulary,
        main=main,
        heading=heading,
        told_by=context.issuers,
    )
    _cite(case, kind, slots, context, vocabulary)
    if slots.named:
        context.treatment = slots.treatments
    if slots.conditions and kind != "prevalence":
        context.condition = slots.conditions
    return case


def _cite(case: Case, kind: ClaimKind, slots: Slots, context: Context, vocabulary: Vocabulary) -> None:
    """Match a cited study, in the sentence or told of just before."""
    unit = case.unit
    if kind not in {"citation", "magnitude", "efficacy", "comparison"}:
        return
    text = unit.text.lower()
    study = match_study(vocabulary, unit.rows, case.quantities, slots.treatments, slots.conditions, text)
    if study is not None:
        case.study, case.study_here = study, True
        context.study = study
    elif kind in {"citation", "magnitude"} and _still_told(context.study, case, vocabulary):
        case.study = context.study


def _still_told(study: Study | None, case: Case, vocabulary: Vocabulary) -> bool:
    """The study told of just before, unless the sentence names another treatment or another year."""
    if study is None:
        return False
    line = {t for name in case.slots.treatments for t in vocabulary.lineage(name)}
    years = {int(q.low) for q in case.quantities if q.unit == "year"}
    return bool(line & set(study.treatments)) and (not years or study.year in years)
