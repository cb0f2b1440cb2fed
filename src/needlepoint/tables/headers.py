"""The names of the columns: from one header row or several, with cells that were merged."""

from __future__ import annotations

from collections import Counter

from needlepoint.errors import InputError
from needlepoint.tables.cells import MISSING, cell_says, normalised
from needlepoint.tables.grid import Cell, Grid

__all__ = ["take_header"]

_MOST = 4  # header rows


def take_header(grid: Grid, name: str) -> list[str]:
    """Remove the header rows from ``grid`` and return one name a column.

    Raises
    ------
    InputError
        There are no names, only numbers.
    """
    if not grid.rows:
        raise InputError(
            f"{name} cannot be read as .csv: it is empty" if name.endswith(".csv") else f"{name} is empty",
            field="file",
            mend="one row a study, names in the first row",
        )
    first = grid.rows[0]
    if len(first) > 1 and all(cell is None or _is_number(cell) for cell in first[1:]) and any(first[1:]):
        raise InputError(
            f"{name}: the first row holds numbers, not names",
            field="file",
            got=", ".join(str(cell) for cell in first[:6]),
            mend="put the names of the columns in the first row",
        )
    rows = _count(grid)
    named = [_name(grid.rows[:rows], j) for j in range(len(first))]
    if rows > 1:
        grid.notes.append(
            f"{rows} header rows read as {', '.join(named[:4])}{' ...' if len(named) > 4 else ''}"
        )
    del grid.rows[:rows], grid.lines[:rows]
    return _unique(named, grid)


def _is_number(cell: Cell) -> bool:
    return isinstance(cell, float) or (
        cell is not None and (cell_says(cell, ".") is not None or cell_says(cell, ",") is not None)
    )


def _count(grid: Grid) -> int:
    """How many rows hold names: those without a number below a first one that has gaps or repeats itself."""
    first = [cell for cell in grid.rows[0] if cell is not None]
    if len(first) == len(grid.rows[0]) and len(set(first)) == len(first) and not _units(grid):
        return 1
    count = 1
    while count < min(_MOST, len(grid.rows) - 1):
        row = grid.rows[count]
        if any(
            cell is not None and (_is_number(cell) or normalised(str(cell)).lower() in MISSING)
            for cell in row
        ):
            return count
        count += 1
    return count if any(_is_number(cell) for row in grid.rows[count:] for cell in row) else 1


def _units(grid: Grid) -> bool:
    """Whether the second row is one of units: "(mm)", "[kg]"."""
    second = [str(cell) for cell in grid.rows[1] if cell is not None] if len(grid.rows) > 2 else []
    return bool(second) and all(
        cell[:1] in "([" and cell[-1:] in ")]" and not _is_number(cell) for cell in second
    )


def _name(rows: list[list[Cell]], j: int) -> str:
    """The names above a column, from the top; a merged cell reaches to the right as far as names stand below."""
    parts: list[str] = []
    for i, row in enumerate(rows):
        cell = row[j]
        below = any(later[j] is not None for later in rows[i + 1 :])
        if cell is None and below and i < len(rows) - 1:
            cell = next(
                (
                    row[left]
                    for left in range(j, -1, -1)
                    if row[left] is not None and _reaches(rows, i, left, j)
                ),
                None,
            )
        if cell is not None and str(cell) not in parts:
            parts.append(normalised(str(cell)))
    return " ".join(parts)


def _reaches(rows: list[list[Cell]], i: int, left: int, j: int) -> bool:
    """Whether every column from a merged cell to ``j`` has a name of its own below."""
    return all(any(later[column] is not None for later in rows[i + 1 :]) for column in range(left, j + 1))


def _unique(named: list[str], grid: Grid) -> list[str]:
    """Columns without a name numbered; names that occur twice get the number of their block."""
    counts = Counter(named)
    twice = [name for name, times in counts.items() if times > 1 and name]
    seen: Counter[str] = Counter()
    out: list[str] = []
    for j, name in enumerate(named):
        seen[name] += 1
        out.append(
            name
            if counts[name] == 1 and name
            else f"{name} {seen[name]}".strip()
            if name
            else f"column {j + 1}"
        )
    if twice:
        grid.notes.append(f"columns named twice are numbered from the left: {', '.join(twice)}")
    return out
