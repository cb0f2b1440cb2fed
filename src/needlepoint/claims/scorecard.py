"""The page as a whole: published criteria of good health information, each with the sentence that earns or loses it.

Items follow DISCERN (Charnock 1999, doi:10.1136/jech.53.2.105) and the review criteria of HealthNewsReview.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from needlepoint.claims.facts.case import Case
from needlepoint.claims.facts.extract import Extraction
from needlepoint.claims.page.page import Page
from needlepoint.claims.reading.reading import Unit
from needlepoint.claims.result import Criterion, Judged, Notice

__all__ = ["CRITERIA", "missing_of", "notices_of", "score_card_of"]


_ET_AL = re.compile(r"\bet al\b")


@dataclass(frozen=True, slots=True)
class Item:
    """A criterion: what earns it, what loses it, what to say when nothing does either."""

    id: str
    question: str
    after: str
    earned: Callable[[View], Iterable[Unit]]
    lost: Callable[[View], Iterable[Unit]]
    yes: str
    no: str
    absent: str


@dataclass(frozen=True, slots=True)
class View:
    """What the criteria look at."""

    cases: Sequence[Case]
    judged: Sequence[Judged]
    units: Sequence[Unit]  # every sentence, claims first
    cues: set[str]  # all that stand on the page

    def with_cue(self, *cues: str) -> Iterator[Unit]:
        """Sentences with one of the cues."""
        if not self.cues.isdisjoint(cues):
            yield from (u for u in self.units if not u.cues.isdisjoint(cues) and u.line.kind != "menu")

    def claims(self, *kinds: str) -> list[Case]:
        """Claims of these kinds."""
        return [c for c in self.cases if c.kind in kinds]


def _nothing(view: View) -> list[Unit]:
    return []


def _benefit_numbers(view: View) -> list[Unit]:
    return [
        c.unit for c in view.claims("magnitude", "citation", "efficacy") if c.shares or c.amount("points")
    ]


def _with_comparator(view: View) -> list[Unit]:
    return [
        c.unit for c in view.claims("efficacy", "magnitude", "citation", "comparison") if c.slots.comparators
    ]


def _bare_effects(view: View) -> list[Unit]:
    return [
        c.unit
        for c in view.claims("efficacy", "magnitude")
        if not c.slots.comparators and c.polarity == "positive"
    ]


def _harms(view: View) -> list[Unit]:
    return [
        c.unit for c in view.claims("safety") if c.has("harm_present", "harm_considerable", "eligibility")
    ]


def _harm_numbers(view: View) -> list[Unit]:
    return [c.unit for c in view.claims("safety") if c.shares or c.amount("participants")]


def _denied(view: View) -> list[Unit]:
    return [c.unit for c in view.claims("safety") if c.has("harm_denied", "harm_denied_serious")]


def _sources(view: View) -> Iterator[Unit]:
    return (u for u in view.units if u.line.kind == "reference" or _can_be_found(u.text.lower()))


def _can_be_found(lower: str) -> bool:
    if "doi" in lower or "http://" in lower or "https://" in lower:
        return True
    return "et al" in lower and bool(_ET_AL.search(lower))


def _mechanisms(view: View) -> list[Unit]:
    return [
        c.unit
        for c, j in zip(view.cases, view.judged, strict=True)
        if c.kind == "mechanism" and j.verdict == "overstated"
    ]


DISCERN, REVIEW = "DISCERN", "HealthNewsReview"
CRITERIA: tuple[Item, ...] = (
    Item(
        "comparator",
        "Does it say what the treatment was compared with?",
        REVIEW,
        _with_comparator,
        _bare_effects,
        "Names what the treatment was compared with.",
        "Tells of a benefit without saying compared with what.",
        "Tells of no benefit.",
    ),
    Item(
        "size_of_benefit",
        "Does it say how large the benefit is, in numbers?",
        REVIEW,
        _benefit_numbers,
        _bare_effects,
        "Gives a number for the benefit.",
        "Tells of a benefit without a number.",
        "Tells of no benefit.",
    ),
    Item(
        "harms",
        "Does it describe the risks?",
        DISCERN + " 11",
        _harms,
        _denied,
        "Describes risks.",
        "Denies risks that are known.",
        "Says nothing on risks.",
    ),
    Item(
        "rate_of_harms",
        "Does it say how often harm happens?",
        REVIEW,
        _harm_numbers,
        _nothing,
        "Gives a rate.",
        "",
        "Gives no rate of harm.",
    ),
    Item(
        "red_flags",
        "Does it say when to see a doctor at once?",
        "needlepoint",
        lambda v: v.with_cue("red_flag_advice"),
        _nothing,
        "Says when to seek care.",
        "",
        "Does not say which signs need a doctor at once.",
    ),
    Item(
        "no_treatment",
        "Does it say what happens without treatment?",
        DISCERN + " 12",
        lambda v: v.with_cue("natural_history"),
        _nothing,
        "Tells the natural course.",
        "",
        "Does not say that most episodes get better by themselves.",
    ),
    Item(
        "alternatives",
        "Does it name other choices?",
        DISCERN + " 14",
        lambda v: v.with_cue("alternatives_words"),
        _nothing,
        "Names other choices.",
        "",
        "Names no other choice.",
    ),
    Item(
        "uncertainty",
        "Does it say what is not known?",
        DISCERN + " 8",
        lambda v: v.with_cue("uncertainty_words", "evidence_mixed"),
        _mechanisms,
        "Says what is uncertain.",
        "Tells theories as facts.",
        "Mentions no uncertainty.",
    ),
    Item(
        "sources",
        "Does it show where its statements come from?",
        DISCERN + " 4",
        _sources,
        lambda v: v.with_cue("vague_source"),
        "Names a source that can be found.",
        "Speaks of studies that cannot be found.",
        "Names no source.",
    ),
    Item(
        "cost",
        "Does it speak of the cost?",
        REVIEW,
        lambda v: v.with_cue("cost_words"),
        _nothing,
        "Speaks of cost.",
        "",
        "Says nothing on cost.",
    ),
    Item(
        "who_paid",
        "Is it free of selling, or does it say who paid?",
        REVIEW,
        lambda v: v.with_cue("funding_words"),
        lambda v: v.with_cue("advert_hard"),
        "Says who paid.",
        "Sells what it describes.",
        "Does not say who paid for it.",
    ),
    Item(
        "shared_decision",
        "Does it support a decision made together?",
        DISCERN + " 15",
        lambda v: v.with_cue("shared_decision"),
        _nothing,
        "Advises to talk it over with a professional.",
        "",
        "Does not advise to talk it over.",
    ),
    Item(
        "right_numbers",
        "Are its numbers and cited studies right?",
        "needlepoint",
        _nothing,
        lambda v: [c.unit for c, j in zip(v.cases, v.judged, strict=True) if "wrong_number" in j.issues],
        "",
        "Gets a number or a study wrong.",
        "No number was found wrong.",
    ),
)
"""The criteria; add one by adding a row."""

_ABSENT_IS_GOOD = frozenset({"right_numbers"})
_ABSENT_IS_OPEN = frozenset({"who_paid"})


def score_card_of(found: Extraction, judged: Sequence[Judged], page: Page) -> tuple[Criterion, ...]:
    """Each criterion with its answer and the first sentence that decided it; none where there is no claim."""
    if not found.cases:
        return ()
    units = [*(c.unit for c in found.cases), *(u for u, _ in found.others)]
    view = View(found.cases, judged, units, set[str]().union(*(u.cues for u in units)))
    return tuple(_answer(item, view) for item in CRITERIA)


def _answer(item: Item, view: View) -> Criterion:
    earned, lost = next(iter(item.earned(view)), None), next(iter(item.lost(view)), None)
    if earned:
        met, why, unit = ("partly" if lost else "yes"), item.yes, earned
    elif lost:
        met, why, unit = "no", item.no, lost
    else:
        good = "yes" if item.id in _ABSENT_IS_GOOD else "no"
        met, why, unit = ("not applicable" if item.id in _ABSENT_IS_OPEN else good), item.absent, None
    return Criterion(
        id=item.id,
        question=item.question,
        met=met,
        why=why,
        char_start=unit.start if unit else None,
        char_end=unit.end if unit else None,
        after=item.after,
    )


def missing_of(card: Sequence[Criterion]) -> tuple[str, ...]:
    """What the page leaves out that a reader needs."""
    return tuple(c.why for c in card if c.met == "no")


def notices_of(judged: Sequence[Judged]) -> tuple[Notice, ...]:
    """Warnings to be read first: signs of danger told as if they were harmless, harm denied, care put off."""
    found = [
        Notice(text=j.careful or j.why, url=_url(j), claim=j.claim.id)
        for j in judged
        if j.verdict == "contradicted" and "red_flag_without_warning" in j.issues
    ]
    for j in judged:
        if (
            j.verdict == "contradicted"
            and j.claim.kind == "safety"
            and "red_flag_without_warning" not in j.issues
        ):
            found.append(Notice(text=f"The page denies known harm. {j.why}", url=_url(j), claim=j.claim.id))
            break
    return tuple(found)


def _url(j: Judged) -> str:
    return j.support[0].url if j.support else ""
