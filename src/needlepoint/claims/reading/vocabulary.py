"""The words of a field and the cues of the language, in one dictionary, ready to read pages with."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

from needlepoint.claims.facts.tables import Tables
from needlepoint.claims.reading.knowledge import Knowledge, Word
from needlepoint.claims.reading.lexicon import Ending, Lexicon

__all__ = ["Signs", "Vocabulary", "vocabulary_of"]

_CUES = Path(__file__).with_name("cues.toml")


@cache
def _cues() -> tuple[tuple[str, str], ...]:
    """(pattern, cue) for every phrase of ``cues.toml``."""
    tables = tomllib.loads(_CUES.read_text(encoding="utf-8"))
    return tuple((p, cue) for table in tables.values() for cue, phrases in table.items() for p in phrases)


def _phrases(knowledge: Knowledge) -> Iterator[tuple[str, str]]:
    """(pattern, label): "term:id" names a term, "part:id" points to one, "row:id" belongs to another row."""
    for word in knowledge.words:
        for phrase in word.words:
            yield phrase, f"term:{word.id}"
        for phrase in word.parts:
            yield phrase, f"part:{word.id}"
    for mechanism in knowledge.mechanisms:
        for phrase in mechanism.words:
            yield phrase, f"row:{mechanism.id}"
    for assertion in knowledge.assertions:
        for n, group in enumerate(assertion.all):
            for phrase in group:
                yield phrase, f"row:{assertion.id}:{n}"
        for phrase in assertion.none:
            yield phrase, f"row:{assertion.id}:none"
    yield from _row_phrases(knowledge)


def _row_phrases(knowledge: Knowledge) -> Iterator[tuple[str, str]]:
    for row in (*knowledge.definitions, *knowledge.numbers, *knowledge.positions):
        for phrase in row.words:
            yield phrase, f"row:{row.id}"
    for position in knowledge.positions:
        for phrase in position.words:
            yield phrase, "issuer"
    for study in knowledge.studies:
        for phrase in study.people:
            yield phrase, f"row:{study.id}"
    for rule in knowledge.regulations:
        for suffix, phrases in (("", rule.words), (":topic", rule.topic), (":forbids", rule.forbids)):
            for phrase in phrases:
                yield phrase, f"row:{rule.id}{suffix}"


@dataclass(frozen=True, slots=True)
class Signs:
    """What the patterns that end at one word say of the sentence."""

    cues: frozenset[str]
    rows: frozenset[str]  # rows of the pack
    terms: tuple[tuple[str, str, bool], ...]  # id, kind, and whether only a part of its matter is named
    opening: Signs | None = (
        None  # the same where a sentence, an order or a question begins, if that says more
    )

    @classmethod
    def of(cls, endings: Sequence[Ending], words: Mapping[str, Word]) -> Signs:
        """Sort the labels of patterns by what they speak of; ``words`` are the pack's terms."""
        labels = [label for label, anchored in endings if not anchored]
        named = [(label[5:], label[0] == "p") for label in labels if label[:5] in {"term:", "part:"}]
        every = [(label, False) for label, _ in endings]
        return cls(
            cues=frozenset(label for label in labels if ":" not in label),
            rows=frozenset(label[4:] for label in labels if label.startswith("row:")),
            terms=tuple((term, words[term].kind, part) for term, part in named),
            opening=cls.of(every, words) if len(labels) < len(every) else None,
        )


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """A dictionary built once for a pack, the terms it speaks of, and its rows."""

    knowledge: Knowledge
    lexicon: Lexicon[Signs]
    terms: dict[str, Word]
    lines: dict[str, tuple[str, ...]]
    tables: Tables

    def lineage(self, term: str) -> tuple[str, ...]:
        """A term, its parent, its parent's parent ..."""
        return self.lines.get(term) or ((term,) if term else ())

    def plain(self, term: str) -> str:
        """The words for a term in a sentence."""
        word = self.terms.get(term)
        return word.plain if word else term


def _line(term: str, terms: dict[str, Word]) -> tuple[str, ...]:
    line: list[str] = []
    while term and term not in line:
        line.append(term)
        word = terms.get(term)
        term = word.parent if word else ""
    return tuple(line)


def vocabulary_of(knowledge: Knowledge) -> Vocabulary:
    """Build the dictionary of a pack: its words and rows, and the cues of the language."""
    terms = {word.id: word for word in knowledge.words}
    return Vocabulary(
        knowledge=knowledge,
        lexicon=Lexicon([*_cues(), *_phrases(knowledge)], partial(Signs.of, words=terms)),
        terms=terms,
        lines={term: _line(term, terms) for term in terms},
        tables=Tables.of(knowledge),
    )
