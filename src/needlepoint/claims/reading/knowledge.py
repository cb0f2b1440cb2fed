"""What a pack knows for reading pages: its ``claims.toml``, joined with its terms, results, harms and positions.

Everything treatment-specific is data; a pack without ``claims.toml`` is read with its own tables alone.
"""

from __future__ import annotations

import dataclasses
import tomllib
from collections.abc import Mapping
from dataclasses import field
from pathlib import Path
from typing import Any, Literal, TypeVar

from needlepoint.errors import PackError
from needlepoint.result import record

__all__ = [
    "Assertion",
    "Definition",
    "HarmRate",
    "Knowledge",
    "Mechanism",
    "Position",
    "Regulation",
    "Standing",
    "Study",
    "UsualNumber",
    "Word",
    "read_knowledge",
]

Benefit = Literal["modest", "small", "mixed", "none", "insufficient"]
_FILE = "claims.toml"


@record
class Word:
    """A term of the field: the words that name it, and the words that only point to it (``parts``)."""

    id: str
    kind: Literal["treatment", "condition", "comparator", "outcome", "population"]
    plain: str
    words: tuple[str, ...]
    parts: tuple[str, ...] = ()
    parent: str = ""


@record
class Standing:
    """What is settled about a treatment for a condition, in one word and one sentence."""

    id: str
    treatment: str
    condition: str
    benefit: Benefit
    text: str
    careful: str
    url: str
    citation: str
    durable: bool = False
    outcomes: tuple[str, ...] = ()


@record
class Mechanism:
    """How a treatment is said to work, and how sure that is."""

    id: str
    words: tuple[str, ...]
    standing: Literal["established", "hypothesis", "unsupported", "undefined"]
    text: str
    url: str = ""
    citation: str = ""
    treatments: tuple[str, ...] = ()  # speaks of these alone, and before what is said of all


@record
class Assertion:
    """A statement that pages make, known by groups of words, and whether it is true."""

    id: str
    kinds: tuple[str, ...]
    all: tuple[tuple[str, ...], ...]
    stance: Literal["true", "false", "exaggerated", "unproven"]
    issues: tuple[str, ...]
    text: str
    careful: str
    none: tuple[str, ...] = ()
    treatment: str = ""
    url: str = ""
    citation: str = ""


@record
class Definition:
    """A word that is often explained wrongly; ``right`` and ``wrong`` name language cues."""

    id: str
    words: tuple[str, ...]
    right: str
    wrong: str
    text: str
    careful: str
    url: str
    citation: str


@record
class UsualNumber:
    """The range in which a number of this unit is right when these words stand beside it."""

    id: str
    words: tuple[str, ...]
    unit: str
    topic: str
    low: float
    high: float
    text: str
    url: str
    citation: str
    conditions: tuple[str, ...] = ()  # a claim that names others is about another number


@record
class Study:
    """A study that pages cite: its size, year, people, results, and what citing pages get wrong."""

    id: str
    citation: str
    year: int
    design: str
    treatments: tuple[str, ...]
    conditions: tuple[str, ...]
    text: str
    url: str
    people: tuple[str, ...] = ()
    patients: int | None = None
    trials: int | None = None
    responders: Mapping[str, float] = field(default_factory=dict[str, float])
    sham: str = ""
    others: str = ""


@record
class Position:
    """What a body recommends."""

    id: str
    issuer: str
    words: tuple[str, ...]
    year: int
    treatments: tuple[str, ...]
    against: tuple[str, ...]
    conditions: tuple[str, ...]
    position: Literal["for", "against", "conditional", "no position"]
    status: Literal["current", "superseded", "lapsed", "unknown"]
    populations: str
    text: str
    url: str
    only: str = ""  # "superseded" where "only for ..." is no longer true


@record
class HarmRate:
    """How often a treatment does harm, as fractions of its patients."""

    id: str
    treatment: str
    text: str
    careful: str
    url: str
    citation: str
    any: float | None = None
    serious: float | None = None
    known: bool = False  # harm is known, its rate is not
    mild: bool = False  # and no serious one


@record
class Regulation:
    """What the law says of a device or of payment."""

    id: str
    words: tuple[str, ...]
    topic: tuple[str, ...]
    text: str
    url: str
    citation: str
    forbids: tuple[str, ...] = ()


@record
class Knowledge:
    """All that is known for reading pages on one field."""

    pack: str
    version: str
    words: tuple[Word, ...] = ()
    standings: tuple[Standing, ...] = ()
    mechanisms: tuple[Mechanism, ...] = ()
    assertions: tuple[Assertion, ...] = ()
    definitions: tuple[Definition, ...] = ()
    numbers: tuple[UsualNumber, ...] = ()
    studies: tuple[Study, ...] = ()
    positions: tuple[Position, ...] = ()
    harm_rates: tuple[HarmRate, ...] = ()
    regulations: tuple[Regulation, ...] = ()
    covers: tuple[str, ...] = ()  # conditions that the pack has rows on
    ignore: tuple[str, ...] = ()  # words of the pack's terms that mean something else in running text


# table of the file -> (field of Knowledge, record)
_TABLES: dict[str, tuple[str, type]] = {
    "terms": ("words", Word),
    "standings": ("standings", Standing),
    "mechanisms": ("mechanisms", Mechanism),
    "assertions": ("assertions", Assertion),
    "definitions": ("definitions", Definition),
    "numbers": ("numbers", UsualNumber),
    "studies": ("studies", Study),
    "positions": ("positions", Position),
    "harm_rates": ("harm_rates", HarmRate),
    "regulations": ("regulations", Regulation),
}
T = TypeVar("T")


def read_knowledge(folder: Path, *, pack: str, version: str) -> Knowledge:
    """Read and validate ``claims.toml`` of a pack's folder; an absent file is an empty one.

    Raises
    ------
    PackError
        Names the table, the entry and what is wrong with it.
    """
    path = folder / _FILE
    if not path.exists():
        return Knowledge(pack=pack, version=version)
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise PackError(str(error), file=_FILE, mend="write valid TOML in UTF-8") from error
    fields: dict[str, Any] = {}
    for table, rows in data.items():
        if table == "ignore":
            fields[table] = _frozen(rows)
            continue
        if table not in _TABLES:
            raise PackError(f"no table {table!r}", file=_FILE, mend=f"use one of {', '.join(_TABLES)}")
        name, record = _TABLES[table]
        fields[name] = tuple(_row(record, row, table, i) for i, row in enumerate(rows, 1))
    knowledge = Knowledge(pack=pack, version=version, **fields)
    _check_links(knowledge)
    return knowledge


def _frozen(value: Any) -> Any:
    return tuple(_frozen(v) for v in value) if isinstance(value, list) else value


def _row(record: type[T], row: Mapping[str, Any], table: str, number: int) -> T:
    names = {f.name for f in dataclasses.fields(record)}  # pyright: ignore[reportArgumentType]  # every record is a dataclass
    where = f"[[{table}]] {row.get('id', f'entry {number}')}"
    unknown = sorted(set(row) - names)
    if unknown:
        raise PackError(
            f"{where}: unknown key {unknown[0]!r}", file=_FILE, mend=f"use {', '.join(sorted(names))}"
        )
    try:
        return record(**{key: _frozen(value) for key, value in row.items()})
    except TypeError as error:
        raise PackError(
            f"{where}: {error}", file=_FILE, mend="give every key that the table needs"
        ) from error


def _check_links(knowledge: Knowledge) -> None:
    """Every treatment and condition that a row names must be a term; ids must be unique in their table."""
    terms = {w.id for w in knowledge.words}
    named = [
        *((s.id, s.treatment) for s in knowledge.standings),
        *((s.id, s.condition) for s in knowledge.standings),
        *((h.id, h.treatment) for h in knowledge.harm_rates),
        *((m.id, t) for m in knowledge.mechanisms for t in m.treatments),
        *((n.id, c) for n in knowledge.numbers for c in n.conditions),
        *((s.id, t) for s in knowledge.studies for t in (*s.treatments, *s.conditions)),
        *((p.id, t) for p in knowledge.positions for t in (*p.treatments, *p.against, *p.conditions)),
        *((w.id, w.parent) for w in knowledge.words if w.parent),
    ]
    for row, term in named:
        if term not in terms and term != "*":
            raise PackError(
                f"{row}: no term {term!r}", file=_FILE, mend="add it to [[terms]] or mend the name"
            )
    for name, _ in _TABLES.values():
        ids = [row.id for row in getattr(knowledge, name)]
        twice = sorted({i for i in ids if ids.count(i) > 1})
        if twice:
            raise PackError(f"id {twice[0]!r} stands twice", file=_FILE, mend="give every row its own id")
