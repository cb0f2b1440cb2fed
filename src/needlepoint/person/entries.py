"""One day of a diary: what may be written, checked at the door. Every field but the date may stay empty."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from needlepoint.errors import InputError

__all__ = ["FIELDS", "Entry", "entry"]


@dataclass(frozen=True, slots=True, kw_only=True)
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


FIELDS: tuple[str, ...] = tuple(f.name for f in dataclasses.fields(Entry))
_RANGES: dict[str, tuple[float, float]] = {
    "pain": (0, 10),
    "pain_week": (0, 10),
    "rmdq": (0, 24),
    "medicine": (0, 100),
    "sleep": (0, 10),
    "control": (0, 10),
    "global_change": (-3, 3),
}
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
    if wrong := set(values) - set(FIELDS):
        raise InputError("no such field in a diary", field=sorted(wrong)[0], allowed=", ".join(FIELDS))
    written = {name: value for name, value in values.items() if value is not None and value != ""}
    given: dict[str, Any] = {name: _value(name, value) for name, value in written.items()}
    if "day" not in given:
        raise InputError("an entry needs its day", field="day", mend="write it as 2026-03-01")
    return Entry(**given)


def _value(name: str, value: Any) -> Any:
    if name == "day":
        return _day(value)
    if name in _RANGES:
        return _number(name, value)
    if name in _FLAGS:
        return _flag(name, value)
    return str(value).strip()


def _day(value: Any) -> date:
    try:
        return value if isinstance(value, date) else date.fromisoformat(str(value).strip()[:10])
    except ValueError as error:
        raise InputError("not a date", field="day", got=value, mend="write it as 2026-03-01") from error


def _number(name: str, value: Any) -> float | int:
    low, high = _RANGES[name]
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = float("nan")
    if not low <= number <= high or (name in _WHOLE and number != int(number)):
        kind = "whole numbers " if name in _WHOLE else ""
        raise InputError("not on the scale", field=name, got=value, allowed=f"{kind}{low:g} to {high:g}")
    return int(number) if name in _WHOLE else number


def _flag(name: str, value: Any) -> bool:
    text = str(value).strip().casefold()
    if text not in _TRUE | _FALSE:
        raise InputError("neither yes nor no", field=name, got=value, allowed="yes, no")
    return text in _TRUE
