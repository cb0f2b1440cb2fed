"""A diary in whatever shape a caller holds it: entries, mappings, a data frame, the path of a file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from numbers import Real
from pathlib import Path
from typing import Any, cast

from needlepoint.columns import column, column_names
from needlepoint.errors import InputError
from needlepoint.person.entries import Entry
from needlepoint.person.exchange import read_diary
from needlepoint.person.rows import checked, name_columns

__all__ = ["as_entries", "numbered_day"]

DAY_ZERO = date(2000, 1, 1)  # for days that are only numbered
CENTURY = 36525  # days


def as_entries(data: Any) -> tuple[list[Entry], list[str]]:
    """Entries of a diary, in order of their days, and notes on what was left out.

    Parameters
    ----------
    data
        Entries or mappings, one a day; a data frame or a mapping of columns; or the path of a CSV, JSON or FHIR file.
        Days may be plain numbers.

    Raises
    ------
    InputError
        A value that is not on its scale, or a day that stands twice: names the row.

    >>> as_entries({"day": ["2026-03-02", "2026-03-01"], "pain": [4, None]})[0][0].day
    datetime.date(2026, 3, 1)
    """
    notes: list[str] = []
    if isinstance(data, str | Path):
        entries, notes = read_diary(data)
    elif isinstance(data, Iterable) and not isinstance(data, Mapping) and not _is_frame(data):
        entries = checked(_numbered(cast("Iterable[Any]", data), notes))
    else:
        entries = checked(_numbered(_of_columns(data, notes), notes))
    return sorted(entries, key=lambda each: each.day), notes


def _is_frame(data: Any) -> bool:
    return hasattr(data, "columns") or hasattr(data, "column_names")


def _of_columns(data: Any, notes: list[str]) -> list[dict[str, Any]]:
    """One mapping a row."""
    names, left = name_columns(column_names(data))
    if left:
        notes.append(f"columns left out: {', '.join(left)}")
    values = {field: list(column(data, name, field=field)) for field, name in names.items()}
    lengths = {len(each) for each in values.values()}
    if len(lengths) > 1:
        raise InputError("the columns differ in length", field="data", got=sorted(lengths))
    return [dict(zip(values, row, strict=True)) for row in zip(*values.values(), strict=True)]


def _numbered(rows: Iterable[Any], notes: list[str]) -> list[tuple[int, Any]]:
    """Rows with their numbers; days that are only numbered become dates."""
    listed = list(rows)
    if listed and all(isinstance(row, Mapping) and _is_number(row.get("day")) for row in listed):
        notes.append(f"The days are numbers: day 0 stands as {DAY_ZERO}.")
        listed = [{**row, "day": numbered_day(row["day"])} for row in listed]
    return list(enumerate(listed, start=1))


def numbered_day(number: float) -> date:
    """The date that stands for a day known by its number.

    Raises
    ------
    InputError
        Not a whole number, or farther than a century from day 0.
    """
    if not abs(number) < CENTURY or number != int(number):
        raise InputError("not the number of a day", field="day", got=number, mend="write dates as 2026-03-01")
    return DAY_ZERO + timedelta(int(number))


def _is_number(value: Any) -> bool:
    return isinstance(value, Real)
