"""One dictionary of phrases, matched in one pass over a page's words.

A pattern is words separated by spaces: ``word`` exact, ``stem*`` any word with that beginning, ``a|b`` either,
``~`` up to four words between. A leading ``^`` binds the pattern to the start of a sentence.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import product

__all__ = ["Hit", "Lexicon", "Words", "words_of"]

_WORD = re.compile(r"\d+(?:[.,]\d+)*|[^\W\d_]+(?:'[^\W\d_]+)*|[%$£€?]")
_GAP = 4
_SHORTEST_STEM, _LONGEST_STEM = 2, 24
_MEMORY = 50_000  # words whose patterns are remembered; junk input must not grow it for ever


@dataclass(slots=True)
class Words:
    """A text as parallel lists: the word in small letters without apostrophes, its start, its end."""

    text: list[str]
    starts: list[int]
    ends: list[int]

    def __len__(self) -> int:
        return len(self.text)


def words_of(shadow: str) -> Words:
    """Split a normalised text into words, numbers and the signs that carry meaning.

    >>> words_of("It's 20,000 people - side-effects?").text
    ['its', '20,000', 'people', 'side', 'effects', '?']
    """
    spans = [match.span() for match in _WORD.finditer(shadow)]
    lower = shadow.lower()
    if len(lower) != len(shadow):  # some capitals of other scripts grow: keep offsets
        lower = "".join(c.lower() if len(c.lower()) == 1 else c for c in shadow)
    text = [lower[start:end].replace("'", "") for start, end in spans]
    return Words(text, [start for start, _ in spans], [end for _, end in spans])


Hit = tuple[str, int, int, bool]
"""A pattern found: its label, first and last word (inclusive), whether it must open a sentence."""


@dataclass(slots=True)
class _Node:
    """A place in the tree of patterns: what may follow, directly or after a gap, and what ends here."""

    next: dict[str, _Node] = field(default_factory=dict[str, "_Node"])
    after_gap: dict[str, _Node] = field(default_factory=dict[str, "_Node"])
    ends: list[tuple[str, bool]] = field(default_factory=list[tuple[str, bool]])


def _expand(pattern: str) -> Iterable[tuple[str, ...]]:
    return product(*(part.split("|") for part in pattern.lstrip("^").split()))


@dataclass(slots=True)
class Lexicon:
    """Patterns with labels; ``hits`` finds all of them in a list of words."""

    root: _Node = field(default_factory=_Node)
    exact: set[str] = field(default_factory=set[str])
    stems: set[str] = field(default_factory=set[str])
    _known: dict[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    _roots: dict[str, tuple[_Node, ...]] = field(default_factory=dict[str, "tuple[_Node, ...]"])

    @classmethod
    def of(cls, phrases: Iterable[tuple[str, str]]) -> Lexicon:
        """Build from (pattern, label) pairs."""
        lexicon = cls()
        for pattern, label in phrases:
            for parts in _expand(pattern):
                lexicon._add(parts, (label, pattern.startswith("^")))
        return lexicon

    def _add(self, parts: tuple[str, ...], end: tuple[str, bool]) -> None:
        node, gap = self.root, False
        for part in parts:
            if part == "~":
                gap = True
                continue
            (self.stems if part.endswith("*") else self.exact).add(part)
            node = (node.after_gap if gap else node.next).setdefault(part, _Node())
            gap = False
        if end not in node.ends:
            node.ends.append(end)

    def _elements(self, word: str) -> tuple[str, ...]:
        """The parts of patterns that a word can stand for; most words stand for none."""
        known = self._known.get(word)
        if known is None:
            stems = (f"{word[:n]}*" for n in range(_SHORTEST_STEM, min(len(word), _LONGEST_STEM) + 1))
            known = (*((word,) if word in self.exact else ()), *(s for s in stems if s in self.stems))
            if len(self._known) > _MEMORY:
                self._known.clear()
            self._known[word] = known
        return known

    def hits(self, words: list[str]) -> list[Hit]:
        """Every pattern found, in the order of the text."""
        elements = [self._elements(word) for word in words]
        found: list[Hit] = []
        roots, top, n = self._roots, self.root.next, len(words)
        for i, word in enumerate(words):
            nodes = roots.get(word)
            if nodes is None:
                nodes = tuple(top[part] for part in elements[i] if part in top)
                if len(roots) > _MEMORY:
                    roots.clear()
                roots[word] = nodes
            for node in nodes:
                _walk(node, elements, i, i, n, found)
        return found


def _walk(
    node: _Node, elements: list[tuple[str, ...]], first: int, at: int, n: int, found: list[Hit]
) -> None:
    """Collect the patterns that continue from a node; the depth is that of the longest pattern."""
    for label, anchored in node.ends:
        found.append((label, first, at, anchored))
    following = node.next
    if following and at + 1 < n:
        for part in elements[at + 1]:
            if part in following:
                _walk(following[part], elements, first, at + 1, n, found)
    following = node.after_gap
    if following:
        for then in range(at + 1, min(at + 2 + _GAP, n)):
            for part in elements[then]:
                if part in following:
                    _walk(following[part], elements, first, then, n, found)
