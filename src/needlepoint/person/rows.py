"""Rows of a diary: their columns named, each row checked, no day twice."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, cast

from needlepoint.errors import InputError
from needlepoint.person.entries import FIELDS, Entry, entry

__all__ = ["checked", "name_columns"]

ALIASES = {"date": "day", "nrs": "pain"}  # what other programs call them


def name_columns(
    header: Sequence[str], columns: Mapping[str, str] | None = None
) -> tuple[dict[str, str], list[str]]:
    """Field -> column of a table, by what the caller says, else by its name in any case; and the columns left out.

    Raises
    ------
    InputError
        A field or a column that is not there, or two columns for one field.
    """
    told = dict(columns or {})
    if wrong := set(told) - set(FIELDS):
        raise InputError("no such field in a diary", field=sorted(wrong)[0], allowed=", ".join(FIELDS))
    if missing := [name for name in told.values() if name not in header]:
        raise InputError("no such column", field=missing[0], allowed=", ".join(header))
    names = dict(told)
    for name in header:
        plain = name.strip().casefold()
        field = ALIASES.get(plain, plain)
        if field not in FIELDS or field in told or name in told.values():
            continue
        if field in names:
            raise InputError(
                "two columns for one field",
                field=field,
                got=f"{names[field]}, {name}",
                mend="say which one it is, or drop one",
            )
        names[field] = name
    if "day" not in names:
        raise InputError(
            "no column with the day",
            field="day",
            allowed=", ".join(header),
            mend="name it, as in --column day=COLUMN",
        )
    return names, [name for name in header if name not in names.values()]


def checked(rows: Iterable[tuple[int, Any]]) -> list[Entry]:
    """Entries of numbered rows; a day that stands twice is an error, for neither row is better."""
    seen: dict[date, int] = {}
    found: list[Entry] = []
    for number, row in rows:
        each = row if isinstance(row, Entry) else _entry(number, row)
        if each.day in seen:
            raise InputError(
                f"rows {seen[each.day]} and {number} are of the same day",
                field="day",
                got=str(each.day),
                mend="keep one of them, or their mean",
            )
        seen[each.day] = number
        found.append(each)
    return found


def _entry(number: int, row: Any) -> Entry:
    if not isinstance(row, Mapping):
        raise InputError(
            f"row {number}: not the entry of a day", got=row, mend='write {"day": "2026-03-01", "pain": 4}'
        )
    try:
        return entry(cast("Mapping[str, Any]", row))
    except InputError as error:
        raise InputError(f"row {number}: {error}") from error
