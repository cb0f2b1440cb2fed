"""A pack's rows, sorted once by what a sentence asks for: the words that stand in it, its treatment, its condition."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Generic, TypeVar

from needlepoint.claims.reading.knowledge import (
    Assertion,
    Definition,
    HarmRate,
    Knowledge,
    Mechanism,
    Position,
    Regulation,
    Standing,
    Study,
    UsualNumber,
)

__all__ = ["Named", "Tables"]

R = TypeVar("R")


class Named(Generic[R]):
    """Rows of one table by the key that their words leave in a sentence."""

    def __init__(self, rows: Iterable[tuple[str, R]]) -> None:
        self._rows = {key: (place, row) for place, (key, row) in enumerate(rows)}
        self._keys = frozenset(self._rows)

    def among(self, keys: AbstractSet[str]) -> list[R]:
        """The rows whose key is here, in the order of the table."""
        if self._keys.isdisjoint(keys):
            return []
        here = self._keys & keys
        if len(here) < 2:
            return [self._rows[key][1] for key in here]
        return [self._rows[key][1] for key in sorted(here, key=lambda key: self._rows[key][0])]


@dataclass(frozen=True, slots=True)
class Tables:
    """Every table of a pack's knowledge, each by its key."""

    standings: dict[tuple[str, str], Standing]  # by treatment and condition
    harm_rates: dict[str, HarmRate]  # by treatment
    studies: dict[str, Study]  # by id
    assertions: Named[Assertion]  # by their first group of words
    mechanisms: Named[Mechanism]
    definitions: Named[Definition]
    positions: Named[Position]
    regulations: Named[Regulation]
    numbers: Named[UsualNumber]

    @classmethod
    def of(cls, knowledge: Knowledge) -> Tables:
        """Sort the rows of a pack."""
        return cls(
            standings={(s.treatment, s.condition): s for s in knowledge.standings},
            harm_rates={h.treatment: h for h in knowledge.harm_rates},
            studies={s.id: s for s in knowledge.studies},
            assertions=Named((f"{a.id}:0", a) for a in knowledge.assertions),
            mechanisms=Named((m.id, m) for m in knowledge.mechanisms),
            definitions=Named((d.id, d) for d in knowledge.definitions),
            positions=Named((p.id, p) for p in knowledge.positions),
            regulations=Named((r.id, r) for r in knowledge.regulations),
            numbers=Named((n.id, n) for n in knowledge.numbers),
        )
