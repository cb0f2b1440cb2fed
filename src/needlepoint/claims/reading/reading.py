"""A page as units: each sentence or clause with the cues and terms that stand in it."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from needlepoint.claims.reading.lexicon import Words, words_of
from needlepoint.claims.reading.lines import Line, lines_of
from needlepoint.claims.reading.sentences import JOINTS, clauses_of, sentences_of
from needlepoint.claims.reading.vocabulary import Signs, Vocabulary

__all__ = ["Mention", "Unit", "cues", "read_units"]

# words that may stand before the verb of an order or the opening of a question
_SOFT = frozenset(
    [
        "also",
        "and",
        "but",
        "then",
        "so",
        "please",
        "first",
        "second",
        "next",
        "finally",
        "however",
        "again",
        "yet",
        "now",
        "thus",
        "or",
        "well",
    ]
)
_CONDITIONS = frozenset(
    ["if", "when", "before", "after", "once", "for", "while", "until", "whenever", "unless"]
)


@dataclass(slots=True)
class Mention:
    """A term in a sentence; ``part`` where only something that belongs to it is named."""

    term: str
    kind: str  # treatment, condition ...
    part: bool
    start: int  # offset in the page


@dataclass(slots=True)
class Unit:
    """A sentence or clause under reading."""

    start: int
    end: int
    first: int  # first word
    last: int  # last word (inclusive)
    line: Line
    section: int
    sentence: int  # units of one sentence share it
    text: str  # shadow of the span
    words: list[str]
    cues: set[str]
    rows: set[str]  # rows of the pack whose words stand here
    mentions: list[Mention]

    def has(self, *cues: str) -> bool:
        """True where any of the cues stands in the unit."""
        return not self.cues.isdisjoint(cues)


def cues(*names: str) -> frozenset[str]:
    """What a table of rules asks for first: cues of which one must stand in the unit; none for any unit."""
    return frozenset(names)


def read_units(shadow: str, vocabulary: Vocabulary) -> tuple[list[Unit], Words]:
    """Units of a page in order, and its words."""
    words = words_of(shadow)
    units = list(_units(shadow, words))
    lexicon = vocabulary.lexicon
    letters = lexicon.letters(words.text)
    for unit in units:
        _read(unit, lexicon.hits(letters, unit.first, unit.last), words, shadow)
    return units, words


def _units(shadow: str, words: Words) -> Iterator[Unit]:
    section = -1
    sentence = 0
    first = 0
    for line in lines_of(shadow):
        if line.kind == "heading":
            section += 1
        for span in _spans(shadow, line):
            sentence += 1
            for start, end in _clauses(shadow, span, words, first):
                first = bisect_left(words.starts, start, first)
                behind = bisect_left(words.starts, end, first)
                if behind > first:
                    text, said = shadow[start:end], words.text[first:behind]
                    yield Unit(
                        start, end, first, behind - 1, line, section, sentence, text, said, set(), set(), []
                    )
                    first = behind


def _spans(shadow: str, line: Line) -> list[tuple[int, int]]:
    if line.kind in {"menu", "heading"}:
        return [(line.start, line.end)]
    return sentences_of(shadow, line.start, line.end)


def _clauses(shadow: str, span: tuple[int, int], words: Words, first: int) -> list[tuple[int, int]]:
    """Clauses of a sentence; only a word that can join two makes it worth a closer look."""
    behind = bisect_left(words.starts, span[1], first)
    return [span] if JOINTS.isdisjoint(words.text[first:behind]) else clauses_of(shadow, *span)


_NOWHERE: frozenset[int] = frozenset()


def _heads(unit: Unit, words: Words, shadow: str) -> frozenset[int]:
    """Words at which an order or a question may begin."""
    at = unit.first
    if unit.words[0] not in _SOFT and unit.words[0] not in _CONDITIONS:
        return _NOWHERE
    heads = [at]
    while at < unit.last and words.text[at] in _SOFT:
        at += 1
        heads.append(at)
    if words.text[at] in _CONDITIONS:
        comma = shadow.find(",", words.ends[at], unit.end)
        while comma >= 0:
            after = next((i for i in range(at, unit.last + 1) if words.starts[i] > comma), None)
            if after is not None:
                heads.append(after)
            comma = shadow.find(",", comma + 1, unit.end)
    return frozenset(heads)


_Named = tuple[int, int, bool, int, str, str]
"""A term found, in the order in which terms are kept: first word, last (negative), part, number; term and kind."""


def _read(unit: Unit, hits: Iterable[tuple[Signs, int, int]], words: Words, shadow: str) -> None:
    """Note in a unit what its words say."""
    here, rows = unit.cues, unit.rows
    named: list[_Named] = []
    for found, first, last in hits:
        signs = found
        if found.opening is not None and (first == unit.first or first in _heads(unit, words, shadow)):
            signs = found.opening
        here |= signs.cues
        if signs.rows:
            rows |= signs.rows
        for term, kind, part in signs.terms:
            named.append((first, -last, part, len(named), term, kind))
    if named:
        starts = words.starts
        unit.mentions = [
            Mention(term, kind, part, starts[first]) for first, _, part, _, term, kind in _longest(named)
        ]


def _longest(named: list[_Named]) -> list[_Named]:
    """Leave out a term that lies inside a longer one."""
    if len(named) < 2:
        return named
    kept: list[_Named] = []
    reach = (-1, 1)  # of the terms kept, the one that ends last
    for term in sorted(named):
        if term[1] < reach[1] or term[:2] == reach:
            reach = term[:2]
            kept.append(term)
    return kept
