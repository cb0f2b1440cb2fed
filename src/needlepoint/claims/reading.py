"""A page as units: each sentence or clause with the cues and terms that stand in it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from needlepoint.claims._lexicon import Hit, Words, words_of
from needlepoint.claims.lines import Line, lines_of
from needlepoint.claims.sentences import clauses_of, sentences_of
from needlepoint.claims.vocabulary import Vocabulary

__all__ = ["Mention", "Unit", "read_units"]

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


@dataclass(frozen=True, slots=True)
class Mention:
    """A term in a sentence; ``part`` where only something that belongs to it is named."""

    term: str
    first: int
    last: int
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
    cues: dict[str, int] = field(default_factory=dict[str, int])  # cue -> word where it begins
    rows: set[str] = field(default_factory=set[str])  # rows of the pack whose words stand here
    mentions: list[Mention] = field(default_factory=list[Mention])
    text: str = ""  # shadow of the span

    def has(self, *cues: str) -> bool:
        """True where any of the cues stands in the unit."""
        here = self.cues
        for cue in cues:  # noqa: SIM110  # asked ten thousand times a page: a generator would cost more than the answer
            if cue in here:
                return True
        return False


def read_units(shadow: str, vocabulary: Vocabulary) -> tuple[list[Unit], Words]:
    """Units of a page in order, and its words."""
    words = words_of(shadow)
    units = list(_units(shadow, words))
    _assign(units, vocabulary.lexicon.hits(words.text), words, shadow)
    for unit in units:
        unit.mentions = _longest(unit.mentions)
    return units, words


def _units(shadow: str, words: Words) -> Iterator[Unit]:
    section = -1
    sentence = 0
    at = 0
    for line in lines_of(shadow):
        if line.kind == "heading":
            section += 1
        for start, end in _spans(shadow, line):
            sentence += 1
            for low, high in clauses_of(shadow, start, end):
                while at < len(words) and words.starts[at] < low:
                    at += 1
                last = at
                while last < len(words) and words.starts[last] < high:
                    last += 1
                if last > at:
                    text = shadow[low:high]
                    yield Unit(low, high, at, last - 1, line, section, sentence, text=text)
                    at = last


def _spans(shadow: str, line: Line) -> Iterator[tuple[int, int]]:
    if line.kind in {"menu", "heading"}:
        yield line.start, line.end
        return
    yield from sentences_of(shadow, line.start, line.end)


_NOWHERE: frozenset[int] = frozenset()


def _heads(unit: Unit, words: Words, shadow: str) -> frozenset[int]:
    """Words at which an order or a question may begin."""
    at = unit.first
    if words.text[at] not in _SOFT and words.text[at] not in _CONDITIONS:
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


def _assign(units: list[Unit], hits: list[Hit], words: Words, shadow: str) -> None:
    """Give each hit to the unit that holds it whole."""
    at = 0
    heads: frozenset[int] = frozenset()
    of = -1
    for label, first, last, anchored in hits:
        while at < len(units) and units[at].last < first:
            at += 1
        if at == len(units):
            return
        unit = units[at]
        if first < unit.first or last > unit.last:
            continue
        if anchored and first != unit.first:
            if of != at:
                heads, of = _heads(unit, words, shadow), at
            if first not in heads:
                continue
        if ":" not in label:
            unit.cues.setdefault(label, first)
        elif label.startswith("row:"):
            unit.rows.add(label[4:])
        else:
            unit.mentions.append(Mention(label[5:], first, last, label[0] == "p", words.starts[first]))


def _longest(mentions: list[Mention]) -> list[Mention]:
    """Leave out a mention that lies inside a longer one."""
    if len(mentions) < 2:
        return mentions
    kept: list[Mention] = []
    for m in sorted(mentions, key=lambda m: (m.first, -(m.last - m.first), m.part)):
        inside = any(
            k.first <= m.first and m.last <= k.last and (k.first, k.last) != (m.first, m.last) for k in kept
        )
        if not inside:
            kept.append(m)
    return kept
