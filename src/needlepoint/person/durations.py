"""How long a pain has lasted, told in any words, as one of the ranges that a question offers."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

__all__ = ["match_duration"]

DAYS = {"day": 1.0, "week": 7.0, "month": 365.25 / 12, "year": 365.25}
NUMBERS = {
    "a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8,
    "nine": 9, "ten": 10, "twelve": 12,
}  # fmt: skip
_TIME = re.compile(r"(\d+(?:[.,]\d+)?|[a-z]+)\s*(day|week|month|year)s?")


def match_duration(told: str, ranges: Sequence[str]) -> str | None:
    """The first of the ranges, shortest first, whose end a duration does not pass. None where it cannot be read.

    >>> match_duration("2 years", ["2 to 4 weeks", "6 to 12 months", "more than a year"])
    'more than a year'
    >>> match_duration("28 days", ["2 to 4 weeks", "4 to 6 weeks"])
    '2 to 4 weeks'
    """
    plain = " ".join(told.casefold().split())
    if plain in ranges:
        return plain
    time = _TIME.fullmatch(plain.removeprefix("about ").removeprefix("for "))
    days = None if time is None else _days(time[1], time[2])
    if days is None:
        return None
    return next((name for name in ranges if days <= _end(name)), None)


def _days(number: str, unit: str) -> float | None:
    if number in NUMBERS:
        return NUMBERS[number] * DAYS[unit]
    try:
        return float(number.replace(",", ".")) * DAYS[unit]
    except ValueError:
        return None


def _end(name: str) -> float:
    """Upper end of a range in days, from its own words: "2 to 4 weeks", "2 weeks or less", "more than a year"."""
    if name.startswith("more than"):
        return math.inf
    time = _TIME.search(name.rpartition(" to ")[2])
    end = None if time is None else _days(time[1], time[2])
    return -math.inf if end is None else end
