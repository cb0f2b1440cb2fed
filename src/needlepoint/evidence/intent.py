"""What a question wants (safety, dose, time, cost, cure, a choice, or the effect) and whom it is about."""

from __future__ import annotations

import re
import tomllib
from dataclasses import replace
from functools import cache
from pathlib import Path

from needlepoint.result import record

__all__ = ["Intent", "Person", "read_intent"]

_FILE = Path(__file__).parent / "intents.toml"
CARRY = 4  # words; a longer match is claimed at its ends only
ADULT, OLDEST, OLDER = 18, 110, 65  # years
_AGE = re.compile(
    r"\b(?:aged?|im|am|is|hes|shes) (\d{2,3})\b(?! (?:hour|day|week|month|session|time|percent|point)s?)"
    r"|\b(\d{2,3}) ?(?:years? old|year olds?|yrs? old|yo|yrs?|y o|olds?)\b"
    r"|\b(?:my|her|his|our) \w+(?: who is)? (\d{2,3})\b(?! (?:hour|day|week|month)s?)"
    r"|^(\d{2,3}) (?:with|and)\b"
)


@record
class Person:
    """One detail of the person: as said, and the pack's flag for trials of such people."""

    label: str
    flag: str = ""
    condition: bool = False  # may itself be what is asked about: "help people with cancer"
    start: int = 0  # first word
    said: str = ""


@record
class Intent:
    """What is wanted, whom it is about, and which words (by position) that was read from."""

    about: str
    person: tuple[Person, ...]
    claimed: frozenset[int]
    choose: bool  # the words ask for a choice; counts only where no treatment is named


def read_intent(words: list[str]) -> Intent:
    """Read the intent from the words of a question.

    >>> read_intent("how many sessions do i need".split()).about
    'dose'
    >>> [p.label for p in read_intent("yoga for my aunt 72 with osteoporosis".split()).person]
    ['72 years old', 'osteoporosis']
    """
    text = " ".join(words)
    patterns, details = _compiled()
    claimed: set[int] = set()
    about = "effect"
    choose = False
    for name, expressions in patterns.items():
        found = [m for e in expressions for m in e.finditer(text)]
        if found and name == "choose":
            choose = True
        elif found and about == "effect":
            about = name
        for m in found:
            claimed |= _ends(_positions(text, m.start(), m.end()))
    people: list[Person] = []
    age = _AGE.search(text)
    if age:
        years = next(int(g) for g in age.groups() if g)
        if ADULT <= years <= OLDEST:
            people.append(Person(label=f"{years} years old", flag="older-adults" if years >= OLDER else ""))
            claimed |= _positions(text, age.start(), age.end())
    for person, expressions in details:
        for m in (m for e in expressions for m in e.finditer(text)):
            claimed |= _positions(text, m.start(), m.end())
            if person.label not in {p.label for p in people}:
                at = min(_positions(text, m.start(), m.end()))
                people.append(replace(person, start=at, said=m.group()))
    return Intent(about=about, person=tuple(people), claimed=frozenset(claimed), choose=choose)


def _ends(positions: set[int]) -> set[int]:
    """The words that carry a pattern: its ends, since what stands between may name a treatment."""
    order = sorted(positions)
    return positions if len(order) <= CARRY else {*order[:2], order[-1]}


def _positions(text: str, start: int, end: int) -> set[int]:
    first = text.count(" ", 0, start)
    return set(range(first, first + text.count(" ", start, end) + 1))


@cache
def _compiled() -> tuple[dict[str, list[re.Pattern[str]]], list[tuple[Person, list[re.Pattern[str]]]]]:
    table = tomllib.loads(_FILE.read_text(encoding="utf-8"))
    people = table.pop("person")
    patterns = {name: [re.compile(p) for p in entry["patterns"]] for name, entry in table.items()}
    details = [
        (
            Person(label=e["label"], flag=e["flag"], condition=e.get("condition", False)),
            [re.compile(p) for p in e["patterns"]],
        )
        for e in people
    ]
    return patterns, details
