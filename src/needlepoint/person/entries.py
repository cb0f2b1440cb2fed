"""One day of a diary: what may be written, checked at the door. Every field but the date may stay empty."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from needlepoint.errors import InputError
from needlepoint.result import record

__all__ = ["FIELDS", "TEXTS", "Entry", "as_day", "diary_day", "entry"]


@record
class Entry:
    """One day. Scales run from 0 (none) to 10 (worst), but for ``rmdq`` (0-24) and ``sleep`` (10 is best)."""

    day: date
    pain: float | None = None  # today, 0-10
    pain_week: float | None = None  # average of the past week, 0-10 (LOINC 75893-8)
    rmdq: int | None = None  # Roland-Morris Disability Questionnaire, 0-24
    session: bool | None = None  # a session of the treatment on this day
    electro: bool | None = None  # with electric stimulation
    medicine: float | None = None  # painkillers, in units of the person's choice
    other: str | None = None  # another treatment on this day
    flare: str | None = None  # what set off a bad day
    sleep: float | None = None
    control: float | None = None  # an unrelated symptom, 0-10: it should not follow the treatment
    event: str | None = None  # an unwanted event
    missing: str | None = None  # why nothing was written
    global_change: int | None = None  # in your own judgement, -3 (much worse) to 3 (much better)
    peg: float | None = None  # mean of the three PEG items, 0-10 (LOINC 91147-9)


FIELDS: tuple[str, ...] = tuple(f.name for f in dataclasses.fields(Entry))
_RANGES: dict[str, tuple[float, float]] = {
    "pain": (0, 10),
    "pain_week": (0, 10),
    "rmdq": (0, 24),
    "medicine": (0, 100),
    "sleep": (0, 10),
    "control": (0, 10),
    "global_change": (-3, 3),
    "peg": (0, 10),
}
TEXTS = frozenset(["other", "flare", "event", "missing"])  # in the person's own words
_WHOLE = {"rmdq", "global_change"}
_FLAGS = {"session", "electro"}
_TRUE, _FALSE = {"1", "yes", "y", "true", "x"}, {"0", "no", "n", "false"}


def entry(values: Mapping[str, Any]) -> Entry:
    """Check one day's values, given as text or as numbers; empty text and ``None`` mean nothing written.

    Raises
    ------
    InputError
        Names the field, what it got and what is allowed.

    >>> entry({"day": "2026-03-01", "pain": "4", "session": "yes"})
    Entry(day=datetime.date(2026, 3, 1), pain=4.0, ... session=True, ...)
    """
    if wrong := {str(name) for name in values} - set(FIELDS):
        raise InputError("no such field in a diary", field=sorted(wrong)[0], allowed=", ".join(FIELDS))
    written = {name: value for name, value in values.items() if not _empty(value)}
    given: dict[str, Any] = {name: _value(name, value) for name, value in written.items()}
    if "day" not in given:
        raise InputError("an entry needs its day", field="day", mend="write it as 2026-03-01")
    return Entry(**given)


def as_day(value: Any) -> date:
    """A day from a date, or from text: 2026-03-01, 1.3.2026, "today" or "yesterday".

    Raises
    ------
    InputError
        Not a date, or one that can be read in two ways (3/1/2026).

    >>> as_day("1.3.2026")
    datetime.date(2026, 3, 1)
    """
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    text = str(value).strip()
    if text.casefold() in _NEAR:
        return date.today() - timedelta(_NEAR[text.casefold()])
    try:
        if dotted := _DOTTED.fullmatch(text):
            day, month, year = (int(part) for part in dotted.groups())
            return date(year, month, day)
        # a time of day may follow the date
        return date.fromisoformat(text[:10]) if len(text) <= 10 else datetime.fromisoformat(text).date()
    except ValueError as error:
        mend = "write it as 2026-03-01"
        if _SLASHED.fullmatch(text):
            mend += ": in 3/1/2026, day and month cannot be told apart"
        raise InputError("not a date", field="day", got=value, mend=mend) from error


_FIRST = date(1900, 1, 1)
_NEAR = {"today": 0, "yesterday": 1}  # days ago
_DOTTED = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})")
_SLASHED = re.compile(r"\d{1,2}/\d{1,2}/\d{2,4}")


def _empty(value: Any) -> bool:
    """Nothing written: None, empty text, or what a data frame puts in a gap."""
    if isinstance(value, str):
        return not value.strip()
    return value is None or str(value) in {"nan", "NaT", "<NA>"}


def _value(name: str, value: Any) -> Any:
    if name == "day":
        return diary_day(value)
    if name in _RANGES:
        return _number(name, value)
    if name in _FLAGS:
        return _flag(name, value)
    return str(value).strip()


def diary_day(value: Any) -> date:
    """A day that a diary can be about: from 1900 to a year from now.

    Raises
    ------
    InputError
        No date, or one out of reach.
    """
    day = as_day(value)
    last = date.today() + timedelta(366)
    if not _FIRST <= day <= last:
        raise InputError("no day of a diary", field="day", got=str(day), allowed=f"{_FIRST} to {last}")
    return day


def _number(name: str, value: Any) -> float | int:
    """A number on the field's scale; text may carry a decimal comma."""
    low, high = _RANGES[name]
    try:
        number = float(value.replace(",", ".") if isinstance(value, str) else value)
    except (TypeError, ValueError):
        number = float("nan")
    if isinstance(value, bool) or not low <= number <= high or (name in _WHOLE and number != int(number)):
        kind = "whole numbers " if name in _WHOLE else ""
        raise InputError("not on the scale", field=name, got=value, allowed=f"{kind}{low:g} to {high:g}")
    return int(number) if name in _WHOLE else number


def _flag(name: str, value: Any) -> bool:
    text = str(value).strip().casefold().removesuffix(".0")  # a data frame writes 1.0 beside a gap
    if text not in _TRUE | _FALSE:
        raise InputError("neither yes nor no", field=name, got=value, allowed="yes, no")
    return text in _TRUE
