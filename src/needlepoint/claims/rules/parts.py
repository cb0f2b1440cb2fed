"""Which parts of a claim a row of the evidence meets: nothing is supported by a part that was not looked up.

A rule finds a row that agrees with a claim in direction. Here the rest of the claim is held against that row: its
numbers, the comparison, the condition, how strongly it is worded, and what it says besides. A part that the row does
not speak of leaves the claim "not checked", and is named.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from needlepoint.claims.facts.case import Case
from needlepoint.claims.result import Quantity
from needlepoint.claims.rules.rule import Rule

__all__ = ["Parts", "agrees_with", "parts_of"]

_CHECKED_ELSEWHERE = frozenset(
    {"study", "usual_row"}
)  # rules on these rows have compared the numbers themselves
_NO_NUMBER = frozenset({"year", "publications", "practitioners", "dose", "frequency", "angle", "load"})
_SHARE, _PLAIN = 0.12, 0.02  # how far a rounded share, and any other number, may lie from the row's
_NUMBER = re.compile(
    r"(\d[\d,]*(?:\.\d+)?)(?:\s*(%|per\s?cent))?(?:\s+(?:in|of|out of|per)\s+(\d[\d,]*))?", re.I
)
_DENIALS = ("cause_denied", "no_difference", "evidence_mixed")
_EFFECT_WORDS = ("efficacy_core", "cure", "magnitude", "success_rate", "very_positive")
_ALONE = ("best_of_all", "safest_of_all")


@dataclass(frozen=True, slots=True)
class Parts:
    """Parts of a claim that a row meets, and those that no row speaks of."""

    met: tuple[str, ...]
    unknown: tuple[str, ...]


def parts_of(case: Case, rule: Rule, row: Any) -> Parts:
    """The load-bearing parts of a claim that ``rule`` calls supported by ``row``."""
    text = str(getattr(row, "text", "") or "")
    if row is None or not text:
        return Parts((), ("what it says",))
    unknown = list(dict.fromkeys(_unknown(case, rule, row, text)))
    return Parts(("what it says, in its direction",), tuple(unknown))


def _unknown(case: Case, rule: Rule, row: Any, text: str) -> Iterator[str]:
    if rule.basis == "assertion":  # the words of the statement itself were looked up
        yield from _numbers(case, rule, text)
        return
    yield from _numbers(case, rule, text)
    yield from _comparison(case, rule, text)
    yield from _condition(case, rule, row)
    if case.certainty == "absolute" and not case.has("harm_denial_denied", *_DENIALS):
        yield "how certain it sounds"
    if case.has(*_ALONE):
        yield "that nothing else does as well"
    if case.kind == "safety" and case.has(*_EFFECT_WORDS):
        yield "that it works"
    if rule.basis == "standing":
        yield from _said_by(case, rule)
        yield from _outcome(case)


def _numbers(case: Case, rule: Rule, text: str) -> Iterator[str]:
    if rule.basis in _CHECKED_ELSEWHERE:
        return
    known = list(_shares_and_numbers(text))
    for quantity in case.quantities:
        if quantity.what in _NO_NUMBER or quantity.low != quantity.low:
            continue
        if not any(_agrees(quantity, share, number) for share, number in known):
            unit = "" if quantity.unit in quantity.value else f" {quantity.unit}"
            yield f"the number {quantity.value}{unit}"


def _shares_and_numbers(text: str) -> Iterator[tuple[float | None, float]]:
    """Numbers of a text, each also as a share where it is one ("9.3%", "1 in 10,000", "11 of 100")."""
    for m in _NUMBER.finditer(text):
        number = float(m[1].replace(",", ""))
        if m[2]:
            yield number / 100, number
        elif m[3] and float(m[3].replace(",", "")) > 0:
            yield number / float(m[3].replace(",", "")), number
        else:
            yield None, number


def _agrees(quantity: Quantity, share: float | None, number: float) -> bool:
    asked = _as_share(quantity)
    if asked is not None and share is not None:
        return any(abs(end - share) <= _SHARE * share for end in asked)
    if asked is not None and share is None and quantity.unit != "%":
        return False
    low, high = min(quantity.low, quantity.high), max(quantity.low, quantity.high)
    return low - _PLAIN * abs(low) <= number <= high + _PLAIN * abs(high)


def agrees_with(quantity: Quantity, low: float, high: float, unit: str) -> bool:
    """Whether a number of a page lies at a sourced number from ``low`` to ``high`` in percent or in people."""
    asked = _as_share(quantity)
    if unit == "percent":
        return asked is not None and (
            asked[0] * 100 >= low * (1 - _SHARE) and asked[1] * 100 <= high * (1 + _SHARE)
        )
    return (
        asked is None
        and quantity.low >= low * (1 - _PLAIN)
        and quantity.high <= high * (1 + _PLAIN)
        and quantity.what == "participants"
    )


def _as_share(quantity: Quantity) -> tuple[float, float] | None:
    if quantity.unit == "%":
        return quantity.low / 100, quantity.high / 100
    if quantity.denominator and quantity.high <= 1:
        return quantity.low, quantity.high
    return None


def _comparison(case: Case, rule: Rule, text: str) -> Iterator[str]:
    if rule.basis != "standing":
        return
    said = set(re.findall(r"[a-z]+", text.casefold()))
    for name in case.slots.comparators:
        words = set(case.vocabulary.plain(name).casefold().split())
        if not words & said:
            yield f"the comparison with {case.vocabulary.plain(name)}"


def _said_by(case: Case, rule: Rule) -> Iterator[str]:
    """Somebody's view, or one study's result, is not met by what all trials say together."""
    if rule.id == "study-fits":
        yield "the study, which is not in the registry"
    elif case.speaker in {"expert", "guideline"} or rule.id == "expert-view":
        yield "who says so"
    elif case.speaker == "study" and case.has("study_setup"):
        yield "the study that it cites"


def _outcome(case: Case) -> Iterator[str]:
    """An effect without an outcome or condition that the evidence knows, and without a plain word of helping."""
    if (
        not case.slots.outcomes
        and not case.slots.conditions
        and not case.has("efficacy_core", "evidence_mixed")
    ):
        yield "what it is said to change"


def _condition(case: Case, rule: Rule, row: Any) -> Iterator[str]:
    about = getattr(row, "condition", "")
    if not about or about == "*":
        return
    for name in case.slots.conditions:
        lineage = case.vocabulary.lineage(name)
        if about not in lineage and name not in case.vocabulary.lineage(about):
            yield f"{case.vocabulary.plain(name)}"
