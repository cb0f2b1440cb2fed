"""A file as rows of cells, before anything is understood: separators, sheets, blank rows, titles and footers."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import takewhile
from pathlib import Path
from typing import TypeAlias

from needlepoint.errors import InputError

__all__ = ["Cell", "Grid", "from_sheet", "from_text", "separator_of"]

Cell: TypeAlias = str | float | None
"""Text, a number that the file holds as a number, or nothing."""

SEPARATORS = {";": "semicolons", "\t": "tabs", "|": "bars", ",": "commas"}
_HELD = {
    separator: chr(0xE000 + i) for i, separator in enumerate(SEPARATORS)
}  # private use: no text holds them


@dataclass(slots=True)
class Grid:
    """Rows of cells of one length, the line of the file that each came from, and what was noticed."""

    rows: list[list[Cell]]
    lines: list[int]
    notes: list[str] = field(default_factory=list)
    separator: str = ""
    typed: bool = False  # a spreadsheet: its numbers are numbers, whatever the marks in its texts


def from_text(text: str, name: str, separator: str | None = None) -> Grid:
    """The cells of separated text.

    Raises
    ------
    InputError
        A row longer than the header.
    """
    found = separator or separator_of(text)
    read = csv.reader(io.StringIO(_held(text, found), newline=""), delimiter=found)
    rows: list[list[Cell]] = []
    lines: list[int] = []
    before = 0
    for row in _rows(read, name):
        cells: list[Cell] = [_free(cell).strip() or None for cell in row]
        if any(cell is not None for cell in cells):
            rows.append(cells)
            lines.append(before + 1)
        before = read.line_num
    grid = Grid(rows, lines, separator=found)
    if found != "," and separator is None:
        grid.notes.append(f"columns separated by {SEPARATORS[found]}")
    return _squared(grid, name)


def _rows(read: Iterator[list[str]], name: str) -> Iterator[list[str]]:
    try:
        yield from read
    except csv.Error as error:
        raise InputError(
            f"{name} cannot be read: {error}", field="file", mend="save it again as CSV"
        ) from error


def _held(text: str, separator: str) -> str:
    """Separators within brackets put aside: "0.5 (0.3; 0.9)" is one cell."""
    return re.sub(
        r"\([^()\n\"]*\)|\[[^\[\]\n\"]*\]", lambda m: m[0].replace(separator, _HELD[separator]), text
    )


def _free(cell: str) -> str:
    for separator, held in _HELD.items():
        cell = cell.replace(held, separator)
    return cell


def separator_of(text: str) -> str:
    """The character that stands equally often in the most lines, outside quotes and brackets."""
    lines = [line for line in text.splitlines() if line.strip()][:200]
    plain = [re.sub(r'"[^"]*"|\([^()]*\)|\[[^\[\]]*\]', "", line) for line in lines]
    best, most = ",", 0.0
    for candidate in SEPARATORS:
        counts = Counter(line.count(candidate) for line in plain)
        (usual, times), *_ = sorted(counts.items(), key=lambda item: (item[0] == 0, -item[1]))
        share = times / len(plain) if usual else 0.0
        if share > most:
            best, most = candidate, share
    return best


def _squared(grid: Grid, name: str) -> Grid:
    """Rows of one length; a title above and remarks below the table are left out, and said."""
    for where, what in ((0, "above"), (-1, "below")):
        while len(grid.rows) > 2 and _remark(grid, where):
            told = str(next(cell for cell in grid.rows[where] if cell is not None))
            grid.notes.append(f"left out, {what} the table: {told[:60]!r}")
            del grid.rows[where], grid.lines[where]
    header = list(takewhile(lambda row: not _has_digits(row), grid.rows[:4])) or grid.rows[:1]
    width = max((len(row) for row in header), default=0)
    for row, line in zip(grid.rows, grid.lines, strict=True):
        if any(cell is not None for cell in row[width:]):
            raise InputError(
                f"{name}: line {line} has {len(row)} cells, the header {width}",
                field="file",
                mend="put cells that hold the separator in double quotes",
            )
        del row[width:]
        row.extend([None] * (width - len(row)))
    used = [j for j in range(width) if any(row[j] is not None for row in grid.rows)]
    grid.rows = [[row[j] for j in used] for row in grid.rows]
    return grid


def _has_digits(row: list[Cell]) -> bool:
    return any(isinstance(cell, float) or (isinstance(cell, str) and cell[:1].isdigit()) for cell in row[1:])


def _remark(grid: Grid, where: int) -> bool:
    """Whether a row holds one text where its neighbours hold several cells."""
    cells = [cell for cell in grid.rows[where] if cell is not None]
    near = grid.rows[1 if where == 0 else -2]
    return (
        len(cells) == 1
        and isinstance(cells[0], str)
        and grid.rows[where][0] is not None
        and sum(cell is not None for cell in near) > 1
    )


def from_sheet(file: Path, sheet: str | None) -> Grid:
    """The cells of a sheet: the one asked for, or the first.

    Raises
    ------
    InputError
        No such sheet.
    """
    import fastexcel

    book = fastexcel.read_excel(file)
    if sheet is not None and sheet not in book.sheet_names:
        raise InputError("no such sheet", field="sheet", got=sheet, allowed=", ".join(book.sheet_names))
    chosen = sheet or book.sheet_names[0]
    whole = book.load_sheet(chosen, header_row=None, dtypes="string").to_polars()
    texts: list[list[Cell]] = [[_text(cell) for cell in row] for row in whole.rows()]
    for j, first in enumerate(_first_numbers(texts)):  # columns of numbers only, below their header
        if first is not None:
            below = book.load_sheet(chosen, header_row=None, skip_rows=first, use_columns=[j]).to_polars()
            if below.width == 1 and below.height == len(texts) - first and below.dtypes[0].is_numeric():
                for row, value in zip(texts[first:], below[:, 0].to_list(), strict=True):
                    row[j] = None if value is None else float(value)
    kept = [(i + 1, row) for i, row in enumerate(texts) if any(cell is not None for cell in row)]
    grid = Grid([row for _, row in kept], [line for line, _ in kept], typed=True)
    if sheet is None and len(book.sheet_names) > 1:
        others = ", ".join(name for name in book.sheet_names if name != chosen)
        grid.notes.append(f"sheet {chosen!r} read, not {others} (--sheet NAME chooses)")
    return _squared(grid, file.name)


def _text(cell: object) -> Cell:
    return str(cell).strip() or None if cell is not None else None


def _first_numbers(rows: list[list[Cell]]) -> list[int | None]:
    """The row of each column from which on there are only plain numbers and gaps."""
    found: list[int | None] = []
    for j in range(len(rows[0]) if rows else 0):
        first: int | None = None
        for i in range(len(rows) - 1, -1, -1):
            cell = rows[i][j]
            if cell is not None and not _PLAIN.fullmatch(str(cell)):
                break
            if cell is not None:
                first = i
        found.append(first)
    return found


_PLAIN = re.compile(r"[-+]?\d*\.?\d+(?:[eE][-+]?\d+)?")
