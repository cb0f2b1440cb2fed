"""Times in a question -> weeks -> the window of a pack."""

from __future__ import annotations

from dataclasses import dataclass

from needlepoint.evidence.schema import Window

__all__ = ["Duration", "find_duration", "window_at"]

WEEKS = {"hour": 1 / 168, "day": 1 / 7, "week": 1.0, "month": 52 / 12, "year": 52.0}
_NUMBERS = (
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
)
NUMBERS = {word: float(n) for n, word in enumerate(_NUMBERS)} | {"a": 1.0, "an": 1.0, "half": 0.5}
HISTORY = ("for", "since", "past", "last")  # "back pain for 6 months" tells how long it has hurt


@dataclass(frozen=True, slots=True)
class Duration:
    """A time in the text; ``history`` if it tells of the past rather than of follow-up."""

    weeks: float
    start: int
    end: int
    history: bool


def find_duration(words: list[str]) -> Duration | None:
    """The first time named in the text, such as "6 months" or "half a year"."""
    for at, word in enumerate(words):
        unit = word.removesuffix("s")
        if unit not in WEEKS or at == 0:
            continue
        start = at - 1
        number = _number(words[start])
        if number is None:
            continue
        if start > 0 and words[start] in ("a", "an") and words[start - 1] == "half":
            start, number = start - 1, 0.5
        return Duration(number * WEEKS[unit], start, at + 1, start > 0 and words[start - 1] in HISTORY)
    return None


def _number(word: str) -> float | None:
    if word.isascii() and word.isdigit() and len(word) <= 4:
        return float(word)
    return NUMBERS.get(word)


def window_at(weeks: float, windows: tuple[Window, ...]) -> Window | None:
    """The window that holds a time, in weeks after the end of treatment."""
    for w in windows:
        if w.after is None and w.to is None:
            continue
        if (w.after is None or weeks > w.after) and (w.to is None or weeks <= w.to):
            return w
    return None
