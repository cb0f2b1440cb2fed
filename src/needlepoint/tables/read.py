"""A user's own table from a file or a frame: numbers as people write them, and what was understood of them."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from needlepoint.errors import InputError
from needlepoint.options import check
from needlepoint.tables.cells import MISSING, Decimal, Said, cell_says, normalised
from needlepoint.tables.encoding import decoded
from needlepoint.tables.grid import Cell, Grid, from_sheet, from_text
from needlepoint.tables.headers import take_header
from needlepoint.tables.marks import DecimalMark, decimal_marks
from needlepoint.tables.parts import Brackets, Values, taken_apart
from needlepoint.tables.words import STUDY, squeezed, statistic, words

if TYPE_CHECKING:
    import polars as pl

__all__ = ["ENDINGS", "UserTable", "read_table"]

_TEXT = (".csv", ".tsv", ".txt")
_SHEETS = (".xlsx", ".xls", ".ods")
ENDINGS = (*_TEXT, *_SHEETS, ".parquet", ".json")
_TOTALS = frozenset(["total", "totals", "overall", "subtotal", "pooled", "summary", "gesamt", "summe", "sum"])
_MOSTLY = 2 / 3  # share of cells that make a column one of numbers, so that another cell is a slip


Column: TypeAlias = "list[Cell] | pl.Series"


@dataclass(frozen=True, slots=True, kw_only=True)
class UserTable:
    """A table with numbers in its number columns, and what was understood where that was not plain."""

    data: pl.DataFrame
    understood: tuple[str, ...] = ()


def read_table(
    source: Any,
    *,
    decimal: DecimalMark | None = None,
    brackets: Brackets | None = None,
    sheet: str | None = None,
) -> UserTable:
    """Read a table as people make them; what is understood is said, what has two readings is asked.

    Semicolons, tabs or commas between columns; a point or a comma before decimals; separated thousands; percent
    signs and units; every minus, dash and space; several header rows with merged cells; titles above and remarks
    below; UTF-8, UTF-16 and Latin-1. Cells of several numbers are taken apart: ``12.1 (3.4)``, ``12/50``,
    ``45/120 (38%)``, ``0.50 (0.30-0.90)``, ``1.2 [0.8, 1.9]``.

    Parameters
    ----------
    source
        A path (CSV, TSV, Excel, OpenDocument, Parquet, JSON), "-" for standard input, or a data frame whose texts are
        to be read as numbers.
    decimal
        "point" or "comma" before the decimals, where the table does not show it.
    brackets
        What stands in brackets: "sd", "se" or "percent" ("12 (3.4)"); "ci" or "iqr" ("12 (9, 15)").
    sheet
        Name of a spreadsheet's sheet; the first unless told.

    Raises
    ------
    InputError
        No such file, an ending that is not known, content that is not what the ending says, or a cell with two
        readings: both are named, and the option that decides.

    >>> import polars as pl
    >>> table = read_table(pl.DataFrame({"study": ["A", "B"], "OR (95% CI)": ["0,50 (0,30-0,90)", "1,2 (0,8-1,9)"]}))
    >>> table.data.columns, table.data["OR"].to_list()
    (['study', 'OR', 'ci_low', 'ci_high'], [0.5, 1.2])
    >>> table.understood
    ('a comma before the decimals', 'OR (95% CI): an estimate and its interval')
    """
    if decimal is not None:
        check(decimal, DecimalMark, field="decimal")
    if brackets is not None:
        check(brackets, Brackets, field="brackets")
    if not isinstance(source, str | Path):
        return _read_frame(_frame(source), decimal, brackets, "data")
    if str(source) == "-":
        return _understood(_pasted(sys.stdin.buffer.read()), "standard input", decimal, brackets)
    file = Path(source)
    ending = file.suffix.lower()
    if not file.exists():
        raise InputError(f"there is no file {file}", field="file", mend="check the path")
    if ending not in ENDINGS:
        raise InputError(
            f"cannot tell what kind of table {file.name} is",
            got=ending or "no ending",
            allowed=", ".join(ENDINGS),
        )
    try:
        if ending in {".parquet", ".json"}:
            return _read_frame(_columnar(file, ending), decimal, brackets, file.name)
        grid = from_sheet(file, sheet) if ending in _SHEETS else _text_grid(file, ending)
    except InputError:
        raise
    except Exception as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise InputError(
            f"{file.name} cannot be read as {ending}: {reason}",
            mend="save it again as CSV in UTF-8, one row a study, names in the first row",
        ) from error
    return _understood(grid, file.name, decimal, brackets)


def _text_grid(file: Path, ending: str) -> Grid:
    text, encoding = decoded(file.read_bytes(), file.name)
    if not text.strip():
        raise InputError(
            f"{file.name} cannot be read as {ending}: it is empty",
            field="file",
            mend="one row a study, names in the first row",
        )
    grid = from_text(text, file.name, "\t" if ending == ".tsv" else None)
    if encoding is not None:
        grid.notes.insert(0, f"read as {encoding}")
    return grid


def _pasted(content: bytes) -> Grid:
    text, encoding = decoded(content, "standard input")
    if not text.strip():
        raise InputError(
            "standard input is empty", field="file", mend="pipe a table in: ... | needlepoint pool -"
        )
    grid = from_text(text, "standard input")
    if encoding is not None:
        grid.notes.insert(0, f"read as {encoding}")
    return grid


def _columnar(file: Path, ending: str) -> pl.DataFrame:
    import polars as pl

    return pl.read_parquet(file) if ending == ".parquet" else pl.read_json(file)


def _frame(data: Any) -> pl.DataFrame:
    import polars as pl

    if isinstance(data, pl.DataFrame):
        return data
    if isinstance(data, dict):
        try:
            return pl.DataFrame(data, strict=False)  # pyright: ignore[reportUnknownArgumentType]
        except pl.exceptions.ShapeError as error:
            raise InputError("columns of different lengths", field="source", got=str(error)) from error
    import narwhals as nw

    try:
        return nw.from_native(data, eager_only=True).to_polars()
    except TypeError as error:
        raise InputError(
            "a table is a path, a data frame or a mapping of columns", field="source", got=type(data).__name__
        ) from error


def _understood(grid: Grid, name: str, decimal: DecimalMark | None, brackets: Brackets | None) -> UserTable:
    names = take_header(grid, name)
    _drop_totals(grid, names)
    if len(names) < 2 or not grid.rows:
        raise InputError(
            f"{name} has {len(grid.rows)} rows and {len(names)} columns",
            field="file",
            mend="one row a study, names in the first row, columns separated by commas",
        )
    columns: dict[str, Column] = {n: [row[j] for row in grid.rows] for j, n in enumerate(names)}
    how = _How(decimal, brackets, grid.lines, plain_points=grid.separator != ";")
    return _table(columns, how, grid.notes)


def _drop_totals(grid: Grid, names: list[str]) -> None:
    """Rows that sum up the others are no studies."""
    at = _study_at(names)
    for i in range(len(grid.rows) - 1, -1, -1):
        cell = grid.rows[i][at]
        if _is_total(cell) and len(grid.rows) > 1:
            grid.notes.append(_left_out(grid.lines[i], cell))
            del grid.rows[i], grid.lines[i]


def _study_at(names: list[str]) -> int:
    return next((j for j, name in enumerate(names) if squeezed(name) in STUDY), 0)


def _is_total(cell: object) -> bool:
    return cell is not None and squeezed(str(cell).split("(")[0]) in _TOTALS


def _left_out(line: int, cell: object) -> str:
    return f"line {line} left out: {str(cell)!r} is no study"


def _read_frame(
    table: pl.DataFrame, decimal: DecimalMark | None, brackets: Brackets | None, name: str
) -> UserTable:
    """A frame: its number columns as they are, its texts read."""
    import polars as pl

    table = table.rename({column: column.strip() for column in table.columns})
    if table.width < 2 or table.height == 0:
        raise InputError(
            f"{name} has {table.height} rows and {table.width} columns", field="file", mend="one row a study"
        )
    first = table[:, _study_at(table.columns)].to_list()
    kept = [i for i, cell in enumerate(first) if not _is_total(cell)] or list(range(table.height))
    notes = [_left_out(i + 1, first[i]) for i in range(table.height) if i not in set(kept)]
    table = table[kept]
    columns: dict[str, Column] = {
        c: table[c].to_list() if table[c].dtype == pl.String else table[c] for c in table.columns
    }
    return _table(columns, _How(decimal, brackets, [i + 1 for i in kept], plain_points=True), notes)


def _table(columns: dict[str, Column], how: _How, notes: list[str]) -> UserTable:
    """Every column read, those that hold several numbers taken apart."""
    import polars as pl

    texts = {name: cells for name, cells in columns.items() if isinstance(cells, list)}
    marks = decimal_marks(texts, how.lines, how.decimal, plain_points=how.plain_points)
    found = {name: _read_column(name, cells, marks[name], how) for name, cells in texts.items()}
    whole = {name: read.values for name, read in found.items() if read.whole} | {
        name: cells.cast(pl.Float64).to_list()
        for name, cells in columns.items()
        if isinstance(cells, pl.Series) and cells.dtype.is_integer()
    }
    if any(read.used_comma for read in found.values()):
        notes.append("a comma before the decimals")
    out: dict[str, pl.Series] = {}
    for name, cells in columns.items():
        made = (
            {name: cells} if isinstance(cells, pl.Series) else _series(name, found[name], whole, how, notes)
        )
        for part, series in made.items():
            free = part if part not in out and (part == name or part not in columns) else f"{name} {part}"
            out[free] = series.alias(free)
    return UserTable(data=pl.DataFrame(list(out.values())), understood=tuple(notes))


def _read_column(name: str, cells: list[Cell], mark: Decimal, how: _How) -> _Read:
    """What the cells of a column say; a column that is not mostly of numbers stays text.

    Raises
    ------
    InputError
        A slip among cells of several numbers.
    """
    said: list[Said | None] = []
    odd: list[int] = []
    for i, cell in enumerate(cells):
        if cell is None or (isinstance(cell, str) and normalised(cell).lower() in MISSING):
            said.append(None)
            continue
        found = Said("number", (cell,)) if isinstance(cell, float) else cell_says(cell, mark)
        said.append(found)
        if found is None:
            odd.append(i)
    read = _Read(cells, said, mark)
    numbers = sum(s is not None for s in said)
    if not numbers or squeezed(name) in STUDY:
        read.text = True
    elif odd:
        read.text = True
        several = any(s is not None and s.kind not in {"number", "range"} for s in said)
        if several and numbers >= _MOSTLY * (numbers + len(odd)):
            like = next(str(c) for c, s in zip(cells, said, strict=True) if s is not None)
            raise InputError(
                f"line {how.lines[odd[0]]} cannot be read as the other cells of its column",
                field=name,
                got=str(cells[odd[0]]),
                allowed=f"like {like}",
                mend="correct the cell, or write NA where there is no value",
            )
    return read


def _series(
    name: str, read: _Read, whole: dict[str, Values], how: _How, notes: list[str]
) -> dict[str, pl.Series]:
    """The columns that one column becomes, with what was understood added to ``notes``."""
    import polars as pl

    if not read.text and read.several:
        people = {n: values for n, values in whole.items() if n != name}
        apart = taken_apart(name, read.said, how.lines, people, how.brackets)
        if apart is not None:
            parts, why = apart
            notes.append(f"{name}: {why}")
            return {part.name: _numeric(part.values) for part in parts}
        read.text = True
    if read.text:
        return {name: _text(read.cells)}
    units = {s.unit for s in read.said if s is not None}
    if len(units) > 1 and ("%" in units or len(units - {""}) > 1):
        shown = ", ".join(sorted(unit or "none" for unit in units))
        notes.append(f"{name} left as text: its cells have different units ({shown})")
        return {name: _text(read.cells)}
    unit = next(iter(units - {""}), "")
    if unit:
        notes.append(f"{name} in {unit}" if unit != "%" else f"{name} in percent: 38% is 38")
    if any(s is not None and s.grouped for s in read.said):
        at = next(i for i, s in enumerate(read.said) if s is not None and s.grouped)
        notes.append(f"{name}: thousands separated, {str(read.cells[at])!r} is {read.values[at]:.15g}")
    series = _numeric(read.values)
    if series.dtype == pl.Float64 and all(_plainly_whole(cell) for cell in read.cells):
        series = series.cast(pl.Int64, strict=False)
    if unit == "%" and statistic(words(name)) == "events":
        return {f"{name} percent": series}
    return {name: series}


def _plainly_whole(cell: Cell) -> bool:
    return cell is None or (
        (isinstance(cell, str) and (cell.lstrip("+-").isdigit() or normalised(cell).lower() in MISSING))
        or (isinstance(cell, float) and cell.is_integer())
    )


def _numeric(values: Values) -> pl.Series:
    import polars as pl

    return pl.Series("", values, dtype=pl.Float64)


def _text(cells: list[Cell]) -> pl.Series:
    """Texts as they stand (true and false as such); what people write for "no value" is none."""
    import polars as pl

    texts = [None if c is None or normalised(str(c)).lower() in MISSING else _shown(c) for c in cells]
    logical = {"true": True, "false": False}
    if any(texts) and all(t is None or t.lower() in logical for t in texts):
        return pl.Series("", [None if t is None else logical[t.lower()] for t in texts])
    return pl.Series("", texts, dtype=pl.String)


def _shown(cell: str | float) -> str:
    return cell if isinstance(cell, str) else f"{cell:.15g}"


@dataclass(frozen=True, slots=True)
class _How:
    """What the user said, and the lines of the file that the rows came from."""

    decimal: DecimalMark | None
    brackets: Brackets | None
    lines: Sequence[int]
    plain_points: bool


@dataclass(slots=True)
class _Read:
    """A column's cells and what they say."""

    cells: list[Cell]
    said: list[Said | None]
    mark: Decimal
    text: bool = False

    @property
    def several(self) -> bool:
        """Some cell holds more than one number."""
        return any(s is not None and s.kind != "number" for s in self.said)

    @property
    def values(self) -> Values:
        """The first number of every cell."""
        return [None if s is None else s.numbers[0] for s in self.said]

    @property
    def whole(self) -> bool:
        """A column of whole numbers."""
        found = [s.numbers[0] for s in self.said if s is not None]
        return not self.text and not self.several and bool(found) and all(v.is_integer() for v in found)

    @property
    def used_comma(self) -> bool:
        """Commas stand before decimals here."""
        return self.mark == "," and not self.text and any(isinstance(c, str) and "," in c for c in self.cells)
