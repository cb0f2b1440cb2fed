"""One dictionary of phrases, matched in one pass over a page's words.

A pattern is words separated by spaces: ``word`` exact, ``stem*`` any word with that beginning, ``a|b`` either,
``~`` up to four words between. A leading ``^`` binds the pattern to the start of a sentence.

The patterns form a tree. Reading walks an automaton over it that is built as pages need it: words that stand for the
same parts of patterns are one letter, and a state is every place of the tree that the letters read so far lead to.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import accumulate, product
from typing import Generic, TypeVar

__all__ = ["Ending", "Lexicon", "Words", "words_of"]

# the first alternative is what most words are: a set of small letters is tested quicker than a class of Unicode
_WORD = re.compile(
    r"((?=[\w%$£€?])(?:[a-z]++[^\W\d_]*+(?:'[^\W\d_]++)*+|\d++(?:[.,]\d++)*+|[^\W\d_]++(?:'[^\W\d_]++)*+|[%$£€?]))"
)
_GAP = 4
_SHORTEST_STEM, _LONGEST_STEM = 2, 24
_MEMORY = 100_000  # words and steps that are remembered; junk input must not grow them for ever


@dataclass(slots=True)
class Words:
    """A text as parallel lists: the word in small letters without apostrophes, its start, its end."""

    text: list[str] = field(default_factory=list[str])
    starts: list[int] = field(default_factory=list[int])
    ends: list[int] = field(default_factory=list[int])

    def __len__(self) -> int:
        return len(self.text)


def words_of(shadow: str) -> Words:
    """Split a normalised text into words, numbers and the signs that carry meaning.

    >>> words_of("It's 20,000 people - side-effects?").text
    ['its', '20,000', 'people', 'side', 'effects', '?']
    """
    lower = shadow.lower()
    if len(lower) != len(shadow):  # one capital grows, and offsets must stay
        lower = "İ".join(part.lower() for part in shadow.split("İ"))
    parts = _WORD.split(lower)  # what stands between words, and words, in turn
    bounds = list(accumulate(map(len, parts)))
    text = [word.replace("'", "") if "'" in word else word for word in parts[1::2]]
    return Words(text, bounds[:-1:2], bounds[1::2])


Ending = tuple[str, bool]
"""A pattern that is complete: its label, and whether it must open a sentence."""
T = TypeVar("T")


@dataclass(slots=True, eq=False)
class _Node:
    """A place in the tree of patterns: what may follow, directly or after a gap, and what ends here."""

    next: dict[str, _Node] = field(default_factory=dict[str, "_Node"])
    after_gap: dict[str, _Node] = field(default_factory=dict[str, "_Node"])
    ends: list[Ending] = field(default_factory=list[Ending])


_Places = tuple[tuple[_Node, int], ...]
"""Nodes, each with the number of words let pass since it was reached."""


class _State(dict[int, "_State[T] | None"], Generic[T]):
    """Where a row of words leads: as a dict, letter -> the next state, None where no pattern goes on."""

    __slots__ = ("_lexicon", "places", "told")

    def __init__(self, lexicon: Lexicon[T], places: _Places) -> None:
        ends = tuple(end for node, passed in places if not passed for end in node.ends)
        self.told = lexicon.told(ends) if ends else None
        self.places = tuple(place for place in places if place[0].next or place[0].after_gap)
        self._lexicon = lexicon

    def __missing__(self, letter: int) -> _State[T] | None:
        self[letter] = found = self._lexicon.step(self.places, letter)
        return found


class _Letters(dict[str, int]):
    """Word -> the number of its letter: words that stand for the same parts of patterns share one; 0 is no part."""

    def __init__(self, known: set[str]) -> None:
        super().__init__()
        self._known = known
        self._numbers: dict[tuple[str, ...], int] = {(): 0}
        self.parts: list[tuple[str, ...]] = [()]  # by number

    def __missing__(self, word: str) -> int:
        stems = (f"{word[:n]}*" for n in range(_SHORTEST_STEM, min(len(word), _LONGEST_STEM) + 1))
        parts = tuple(part for part in (word, *stems) if part in self._known)
        number = self._numbers.setdefault(parts, len(self.parts))
        if number == len(self.parts):
            self.parts.append(parts)
        self[word] = number
        return number


class Lexicon(Generic[T]):
    """Patterns with labels; ``hits`` finds all of them in a stretch of a text.

    ``told`` makes of the patterns that end at one word what the reader wants to know; each state asks it once.
    """

    def __init__(self, phrases: Iterable[tuple[str, str]], told: Callable[[tuple[Ending, ...]], T]) -> None:
        self.told = told
        self._root = _Node()
        parts = {part for pattern, label in phrases for part in self._add(pattern, label)}
        self._letters = _Letters(parts)
        self._forget()

    def _add(self, pattern: str, label: str) -> Iterator[str]:
        """Grow the tree by a pattern; gives the parts that it is made of."""
        end = (label, pattern.startswith("^"))
        for parts in product(*(part.split("|") for part in pattern.lstrip("^").split())):
            node, gap = self._root, False
            for part in parts:
                if part != "~":
                    yield part
                    node = (node.after_gap if gap else node.next).setdefault(part, _Node())
                gap = part == "~"
            if end not in node.ends:
                node.ends.append(end)

    def _forget(self) -> None:
        self._states: dict[_Places, _State[T]] = {}
        self._start = _State(self, ((self._root, 0),))
        self._steps = 0

    def letters(self, words: Sequence[str]) -> list[int]:
        """The letter of each word."""
        if len(self._letters) > _MEMORY:
            self._letters.clear()
        if self._steps > _MEMORY:
            self._forget()
        return list(map(self._letters.__getitem__, words))

    def hits(self, letters: Sequence[int], first: int, last: int) -> list[tuple[T, int, int]]:
        """What is told between two words (inclusive), each with its first and last word, in the text's order."""
        found: list[tuple[T, int, int]] = []
        start = self._start
        for begin in range(first, last + 1):
            at, state = begin, start[letters[begin]]
            while state is not None:
                if state.told is not None:
                    found.append((state.told, begin, at))
                at += 1
                state = state[letters[at]] if at <= last and state.places else None
        return found

    def step(self, places: _Places, letter: int) -> _State[T] | None:
        """The state behind one more word: what follows at once, what follows after a gap, and gaps left open."""
        self._steps += 1
        parts = self._letters.parts[letter]
        reached: list[tuple[_Node, int]] = []
        for node, passed in places:
            ways = (node.after_gap,) if passed else (node.next, node.after_gap)
            reached += [(way[part], 0) for way in ways for part in parts if part in way]
            if node.after_gap and passed < _GAP:
                reached.append((node, passed + 1))
        if not reached:
            return None
        key = tuple(reached)
        state = self._states.get(key)
        if state is None:
            state = self._states[key] = _State(self, key)
        return state
