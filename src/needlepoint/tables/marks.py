"""Whether a point or a comma stands before the decimals: what the cells show, column by column, then the table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from needlepoint.errors import InputError
from needlepoint.tables.cells import Decimal, cell_says
from needlepoint.tables.grid import Cell
from needlepoint.tables.words import statistic, words

__all__ = ["DecimalMark", "decimal_marks"]

DecimalMark: TypeAlias = Literal["point", "comma"]
MARKS: dict[str, Decimal] = {"point": ".", "comma": ","}


@dataclass(slots=True)
class _Shown:
    """Places of the cells that can be read with a point only, with a comma only, and with either, differently."""

    point: int | None = None
    comma: int | None = None
    either: int | None = None


def decimal_marks(
    columns: Mapping[str, Sequence[Cell]],
    lines: Sequence[int],
    told: DecimalMark | None,
    *,
    plain_points: bool,
) -> dict[str, Decimal]:
    """The mark of decimals of each column.

    ``plain_points``: where nothing else tells, "1.234" is a number with three decimals, as programs write it.

    Raises
    ------
    InputError
        A cell can be read in two ways and nothing in the table decides.
    """
    if told is not None:
        return dict.fromkeys(columns, MARKS[told])
    shown = {name: _shown(cells) for name, cells in columns.items()}
    own: dict[str, Decimal | None] = {name: _own(name, columns[name], shown[name], lines) for name in columns}
    known: set[Decimal] = {mark for mark in own.values() if mark is not None}
    of_table: Decimal | None = known.pop() if len(known) == 1 else None
    marks: dict[str, Decimal] = {}
    for name, cells in columns.items():
        mark: Decimal | None = own[name] or of_table
        at = shown[name].either
        if mark is None and at is not None:
            text = str(cells[at])
            if not (plain_points and "," not in text):
                raise _two_readings(name, lines[at], text)
        marks[name] = "." if mark is None else mark
    return marks


def _shown(cells: Sequence[Cell]) -> _Shown:
    found = _Shown()
    for i, cell in enumerate(cells):
        if not isinstance(cell, str) or not ("." in cell or "," in cell or "\u00b7" in cell):
            continue
        point, comma = cell_says(cell, "."), cell_says(cell, ",")
        if point is None and comma is None:
            continue
        if comma is None:
            found.point = i if found.point is None else found.point
        elif point is None:
            found.comma = i if found.comma is None else found.comma
        elif point.numbers != comma.numbers and found.either is None:
            found.either = i
    return found


def _own(name: str, cells: Sequence[Cell], shown: _Shown, lines: Sequence[int]) -> Decimal | None:
    """What a column shows by itself; of numbers of people, that they are whole."""
    if shown.point is not None and shown.comma is not None:
        one, other = shown.point, shown.comma
        raise InputError(
            f"a point before the decimals in line {lines[one]}, a comma in line {lines[other]}",
            field=name,
            got=f"{cells[one]} and {cells[other]}",
            mend="write both in one way, or say which it is: --decimal point or --decimal comma",
        )
    if shown.point is not None:
        return "."
    if shown.comma is not None:
        return ","
    if shown.either is not None and statistic(words(name)) in {"n", "events"}:
        said = cell_says(str(cells[shown.either]), ".")
        return "." if said is not None and said.grouped else ","
    return None


def _two_readings(name: str, line: int, text: str) -> InputError:
    point, comma = cell_says(text, "."), cell_says(text, ",")
    one = point.numbers[0] if point else 0.0
    other = comma.numbers[0] if comma else 0.0
    return InputError(
        f"line {line} can be read in two ways: {one:g} (decimals after a point) or {other:g} (after a comma)",
        field=name,
        got=text,
        mend="say which: --decimal point or --decimal comma",
    )
