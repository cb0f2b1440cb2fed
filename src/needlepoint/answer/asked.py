"""The first sentence where a question is not about the effect: dose, time, cost, cure."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from needlepoint.answer.people import dated, guidelines_of
from needlepoint.evidence.question import Question
from needlepoint.evidence.schema import Pack

__all__ = ["first_words"]

MOST = 3  # facts in the first sentence


def first_words(pack: Pack, asked: Question, effect: str, duration: Sequence[str]) -> str:
    """The sentence that answers what was asked; the effect follows where it helps."""
    say = _SAY.get(asked.about)
    return effect if say is None else say(pack, asked, effect, duration)


def _facts(pack: Pack, asked: Question, topic: str) -> list[str]:
    """Facts of a topic: they are about the pack's main treatment, so only its question gets them."""
    if asked.treatment not in _main_line(pack):
        return []
    return [f.statement for f in pack.facts if f.topic == topic]


def _main_line(pack: Pack) -> set[str]:
    """The treatment with most trials in the pack, and what stands below it."""
    counts: dict[str, int] = {}
    for arm in pack.arms:
        counts[arm.treatment] = counts.get(arm.treatment, 0) + 1
    groups = {t.id for t in pack.terms if t.kind == "treatment"}
    main = max((t for t in counts if t in groups), key=counts.__getitem__, default="")
    return {main, *(t.id for t in pack.terms if t.parent == main)}


def _dose(pack: Pack, asked: Question, effect: str, duration: Sequence[str]) -> str:
    name, known = _plain(pack, asked), _facts(pack, asked, "dose")
    if not known:
        return f"How much {name} is needed is not known from the rows of this pack. Ask who gives it what is usual."
    counted = [f.statement for f in pack.facts if f.topic == "dose" and f.value is not None and f.unit != "p"]
    courses = counted or known
    return f"No trial here sets the right number for {name}. What trials and payers used: {'. '.join(courses[:MOST])}."


def _time(pack: Pack, asked: Question, effect: str, duration: Sequence[str]) -> str:
    if not duration:
        return f"When {_plain(pack, asked)} begins to work, and for how long, is not told by this pack."
    return f"Trials measured at set times, so the first day of an effect is not known. {_ended(duration[0])}"


def _cost(pack: Pack, asked: Question, effect: str, duration: Sequence[str]) -> str:
    name = _plain(pack, asked)
    payers = [
        g
        for g in guidelines_of(pack, asked.treatment, asked.condition)
        if "coverage" in g.strength.casefold()
    ]
    said = [f"{dated(g)}: {_ended(g.statement)}" for g in payers]
    said += [
        _priced(f.statement, f.value, f.unit)
        for f in pack.facts
        if f.topic == "cost" and _facts(pack, asked, "cost")
    ]
    if not said:
        return f"What {name} costs, and who pays, is not in this pack. Ask your insurer and who gives it."
    return " ".join(said[:2])


def _priced(statement: str, value: float | None, unit: str) -> str:
    return _ended(statement if value is None else f"{statement}: {value:g} {unit}".strip())


def _cure(pack: Pack, asked: Question, effect: str, duration: Sequence[str]) -> str:
    return f"No trial here shows that {_plain(pack, asked)} cures {_condition(pack, asked)}. {effect}"


def _ended(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else f"{text}."


def _plain(pack: Pack, asked: Question) -> str:
    return next(t.plain for t in pack.terms if t.id == asked.treatment)


def _condition(pack: Pack, asked: Question) -> str:
    return next(t.plain for t in pack.terms if t.id == asked.condition)


_SAY: dict[str, Callable[[Pack, Question, str, Sequence[str]], str]] = {
    "dose": _dose,
    "time": _time,
    "cost": _cost,
    "cure": _cure,
}
