"""Files of a pack -> rows of typed values; every problem is named, none is passed over."""

from __future__ import annotations

import csv
import re
import tomllib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from needlepoint.errors import PackError
from needlepoint.evidence._cells import CellError, empty, parsers
from needlepoint.evidence.tables import Table

__all__ = ["Row", "Rows", "read_bytes", "read_table", "read_text", "read_toml"]

Report = Callable[[PackError], None]
# also what is not seen: line separators, byte order marks, marks that turn the reading direction
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u200b\u2028-\u202e\u2066-\u2069\ufeff\ufffd]")


@dataclass(slots=True)
class Row:
    """A record with the line that it came from."""

    line: int
    record: Any


@dataclass(slots=True)
class Rows:
    """The rows of one table; ``names`` holds every key seen, also of rows that could not be read."""

    table: Table
    rows: list[Row] = field(default_factory=list[Row])
    names: set[tuple[str, ...]] = field(default_factory=set[tuple[str, ...]])


def read_bytes(folder: Path, file: str) -> bytes:
    """The bytes of one file of the pack.

    Raises
    ------
    PackError
        The file is missing or cannot be opened.
    """
    try:
        return (folder / file).read_bytes()
    except FileNotFoundError:
        raise PackError(
            "the file is missing", file=file, mend="put it back; a table without rows keeps its header"
        ) from None
    except OSError as error:
        raise PackError(f"the file cannot be opened ({error.strerror})", file=file, mend="check it") from None


def read_text(data: bytes, file: str) -> str:
    """Text of a file: UTF-8, lines ended by LF or CR LF, no control characters.

    Raises
    ------
    PackError
        Wrong encoding, or a control character.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        row = data.count(b"\n", 0, error.start) + 1
        raise PackError("the file is not UTF-8", file=file, row=row, mend="save it as UTF-8") from None
    text = text.replace("\r\n", "\n")
    bad = _CONTROL.search(text) or re.search("\r", text)
    if bad:
        row = text.count("\n", 0, bad.start()) + 1
        raise PackError(
            f"control character {bad.group()!r}",
            file=file,
            row=row,
            mend="remove it, or save the file as UTF-8",
        )
    return text


def read_toml(text: str, file: str) -> dict[str, Any]:
    """Parse a TOML file.

    Raises
    ------
    PackError
        The text is no TOML; says the line.
    """
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        line = re.search(r"at line (\d+)", str(error))
        raise PackError(
            f"no valid TOML: {error}", file=file, row=int(line.group(1)) if line else None, mend="correct it"
        ) from None


def read_table(text: str, table: Table, report: Report) -> Rows:
    """Rows of one CSV table; each problem goes to ``report`` and the row is left out."""
    found = Rows(table)
    try:
        lines = csv.reader(text.split("\n"), strict=True)
        header = [name.strip() for name in next(lines, [])]
        if not _header_ok(header, table, report):
            return found
        line = lines.line_num
        for cells in lines:
            if lines.line_num != line + 1:
                problem = f"a cell runs on to line {lines.line_num}"
                report(PackError(problem, file=table.file, row=line + 1, mend="check the quotation marks"))
            elif cells:
                _read_row([c.strip() for c in cells], header, lines.line_num, found, report)
            line = lines.line_num
    except csv.Error as error:
        report(PackError(f"no valid CSV: {error}", file=table.file, mend="check the quotation marks"))
    return found


def _header_ok(header: list[str], table: Table, report: Report) -> bool:
    problems: list[tuple[str, str, str]] = []
    for name in dict.fromkeys(header):
        if name not in table.columns:
            problems.append((name, "unknown column", f"use only: {', '.join(table.columns)}"))
        elif header.count(name) > 1:
            problems.append((name, "the column stands twice", "keep one"))
    problems += [(n, "the column is missing", "add it") for n in table.required if n not in header]
    for column, problem, mend in problems:
        report(PackError(problem, file=table.file, row=1, column=column, mend=mend))
    return not problems


def _read_row(cells: list[str], header: list[str], line: int, found: Rows, report: Report) -> None:
    table = found.table
    if len(cells) != len(header):
        short = "few" if len(cells) < len(header) else "many"
        problem = f"too {short} fields: {len(cells)}, the header has {len(header)}"
        mend = "complete the row; put text with commas in quotation marks"
        report(PackError(problem, file=table.file, row=line, mend=mend))
        return
    raw = dict(zip(header, cells, strict=True))
    _claim(tuple(raw.get(k, "") for k in table.key), line, found, report)
    values = _values(raw, line, table, report)
    if values is not None:
        if "row" in parsers(table.record):
            values["row"] = line
        found.rows.append(Row(line, table.record(**values)))


def _claim(key: tuple[str, ...], line: int, found: Rows, report: Report) -> None:
    """Note the key of a row; a key may stand once."""
    table = found.table
    if key in found.names:
        shown = ", ".join(k for k in key if k)
        report(
            PackError(
                f"{shown!r} stands twice",
                file=table.file,
                row=line,
                column=table.key[-1],
                mend="keep one row",
            )
        )
    found.names.add(key)


def _values(raw: dict[str, str], line: int, table: Table, report: Report) -> dict[str, Any] | None:
    """Typed values of a row, or None when a cell cannot be read."""
    parse = parsers(table.record)
    values: dict[str, Any] = {}
    for name, cell in raw.items():
        try:
            values[name] = parse[name](cell) if cell or name not in table.filled else empty(cell)
        except CellError as error:
            report(PackError(error.problem, file=table.file, row=line, column=name, mend=error.mend))
    return values if len(values) == len(raw) else None
