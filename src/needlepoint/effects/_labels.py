"""Labels of studies that have no names, made when they are read: a million of them cost more than the effects."""

from __future__ import annotations

from collections.abc import Sequence
from typing import overload

__all__ = ["Numbered"]


class Numbered(Sequence[str]):
    """The labels "1" to "k"."""

    __slots__ = ("_rows",)

    def __init__(self, rows: range) -> None:
        self._rows = rows

    def __len__(self) -> int:
        return len(self._rows)

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> Numbered: ...
    def __getitem__(self, index: int | slice) -> str | Numbered:
        if isinstance(index, slice):
            return Numbered(self._rows[index])
        return str(self._rows[index])

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and list(self) == list(other)

    def __hash__(self) -> int:
        return hash(self._rows)

    def __repr__(self) -> str:
        return f"Numbered({self._rows!r})"

    def tolist(self) -> list[str]:
        """All labels, made."""
        return [str(row) for row in self._rows]
