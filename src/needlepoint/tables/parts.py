"""Columns whose cells hold several numbers, taken apart: what stands in the brackets, and how that is known."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple, TypeAlias

from needlepoint.errors import InputError
from needlepoint.tables.cells import Kind, Said, normalised
from needlepoint.tables.words import EFFECT, RATIO, side, squeezed, words

__all__ = ["Brackets", "Part", "taken_apart"]

Brackets: TypeAlias = Literal["sd", "se", "percent", "ci", "iqr"]
Values: TypeAlias = list[float | None]

_WHOLE = 1e-9
_ROUNDED = 0.51  # percentages are printed to the nearest whole number or finer
_HINTS: tuple[tuple[Brackets, str], ...] = (
    ("iqr", r"\biqr\b|median|quartile|\bq1\b|interquart"),
    ("ci", r"\bci\b|\bcri\b|\bki\b|confidence|konfidenz|interval"),
    ("se", r"\bse\b|\bsem\b|standard error|standardfehler|\bs\.e"),
    ("sd", r"\bsd\b|\bstd\b|standard dev|standardabw|\bs\.d|±"),
    ("percent", r"%|percent|prozent"),
)
_TOLD = r"\b(?:mean|sd|se|sem|std|median|iqr|ci|cri|ki|interval|n|no|events?|95|90|percent|standard|error|deviation)\b"


class Part(NamedTuple):
    """One of the columns that a column was taken apart into."""

    name: str
    values: Values


def taken_apart(
    name: str,
    said: Sequence[Said | None],
    lines: Sequence[int],
    whole: Mapping[str, Values],
    told: Brackets | None,
) -> tuple[list[Part], str] | None:
    """The parts of a column and a sentence on what they were taken for; None where it holds something else.

    Parameters
    ----------
    said
        What each cell says; None where there is none.
    whole
        Columns of whole numbers, by name: numbers of people, against which percentages are checked.

    Raises
    ------
    InputError
        The brackets can hold one thing or another and nothing tells which.
    """
    kinds: Counter[Kind] = Counter()
    kinds.update(s.kind for s in said if s is not None)
    kind = _main(kinds)
    if kind == "range":
        return _ends(name, said)
    if kind in {"fraction", "fraction_percent"}:
        return _fractions(name, said, lines)
    if kind == "interval":
        return _intervals(name, said, lines, told)
    if kind == "count_percent":
        return _pairs(name, said, "percent", "a count and its percentage")
    what, why = _in_brackets(name, said, lines, whole, told, kind)
    return _pairs(name, said, what, why)


def _main(kinds: Counter[Kind]) -> Kind:
    for kind in (
        "interval",
        "fraction_percent",
        "fraction",
        "count_percent",
        "plus_minus",
        "brackets",
        "range",
    ):
        if kinds[kind]:
            return kind
    return "number"


def _hint(name: str) -> Brackets | None:
    low = normalised(name).lower()
    return next((what for what, pattern in _HINTS if re.search(pattern, low)), None)


def _stem(name: str) -> str:
    """A name without what tells of statistics: "Acupuncture mean (SD)" -> Acupuncture."""
    plain = re.sub(_TOLD, " ", re.sub(r"[%±\[\](),;]", " ", normalised(name)), flags=re.IGNORECASE)
    return re.sub(r"\s+", " ", plain).strip(" -/:+=")


def _named(name: str, *parts: str) -> list[str]:
    stem = _stem(name)
    return [f"{stem} {part}".strip() for part in parts]


def _column(said: Sequence[Said | None], i: int) -> Values:
    return [s.numbers[i] if s is not None and i < len(s.numbers) else None for s in said]


def _ends(name: str, said: Sequence[Said | None]) -> tuple[list[Part], str] | None:
    hint = _hint(name)
    if hint not in {"ci", "iqr"}:
        return None
    ends = ("q1", "q3") if hint == "iqr" else ("ci_low", "ci_high")
    parts = [Part(n, _column(said, i)) for i, n in enumerate(_named(name, *ends))]
    return parts, "quartiles" if hint == "iqr" else "the ends of an interval"


def _fractions(name: str, said: Sequence[Said | None], lines: Sequence[int]) -> tuple[list[Part], str]:
    for s, line in zip(said, lines, strict=True):
        if s is None or s.kind not in {"fraction", "fraction_percent"}:
            continue
        events, n = s.numbers[:2]
        if events > n or events < 0 or abs(events - round(events)) > _WHOLE:
            raise InputError(
                f"line {line}: {events:g} of {n:g} is no number of events and of people",
                field=name,
                mend="write events/people, as 12/50",
            )
        if len(s.numbers) == 3 and n > 0 and abs(100 * events / n - s.numbers[2]) > 2 * _ROUNDED:
            raise InputError(
                f"line {line}: {events:g} of {n:g} is {100 * events / n:.1f}%, not {s.numbers[2]:g}%",
                field=name,
                mend="correct the count, the number of people or the percentage",
            )
    events, n = _named(name, "events", "n")
    return [Part(events, _column(said, 0)), Part(n, _column(said, 1))], "events of people"


def _pairs(name: str, said: Sequence[Said | None], what: str, why: str) -> tuple[list[Part], str]:
    if what == "percent":
        names = _named(name, "events", "percent")
    elif what == "se" and _is_effect(name):
        names = [_stem(name) or "estimate", "se"]
    else:
        names = _named(name, "mean", what)
    return [Part(n, _column(said, i)) for i, n in enumerate(names)], why


def _is_effect(name: str) -> bool:
    found = squeezed(_stem(name))
    return found in EFFECT or found in RATIO


def _in_brackets(
    name: str,
    said: Sequence[Said | None],
    lines: Sequence[int],
    whole: Mapping[str, Values],
    told: Brackets | None,
    kind: Kind,
) -> tuple[str, str]:
    """What the second number is: as told, as the header says, as the numbers show; otherwise asked."""
    names = {
        "sd": "a mean and its sd",
        "se": "an estimate and its standard error",
        "percent": "a count and its percentage",
    }
    hint = told if told in names else _hint(name)
    if hint in names:
        return hint, names[hint]
    if _is_effect(name):
        return "se", names["se"]
    counts = all(s is None or abs(s.numbers[0] - round(s.numbers[0])) < _WHOLE for s in said)
    if counts and kind == "brackets":
        people = next((n for n, values in whole.items() if _are_percentages(said, values)), None)
        if people is not None:
            return "percent", f"a count and its percentage of {people}"
        if not whole or told == "percent":
            at = next(i for i, s in enumerate(said) if s is not None and len(s.numbers) > 1)
            first, second = (said[at] or said[0]).numbers[:2]  # type: ignore[union-attr]
            raise InputError(
                f"line {lines[at]} can be read in two ways: a mean of {first:g} with sd {second:g}, "
                f"or {first:g} events, {second:g}% of an arm",
                field=name,
                mend="say which: --brackets sd, --brackets se or --brackets percent",
            )
    return "sd", "a mean and its sd (if standard errors: --brackets se)"


def _are_percentages(said: Sequence[Said | None], people: Values) -> bool:
    pairs = [
        (s.numbers, n)
        for s, n in zip(said, people, strict=True)
        if s is not None and len(s.numbers) > 1 and n
    ]
    return bool(pairs) and all(abs(100 * x[0] / n - x[1]) <= _ROUNDED for x, n in pairs)


def _intervals(
    name: str, said: Sequence[Said | None], lines: Sequence[int], told: Brackets | None
) -> tuple[list[Part], str]:
    what = told if told in {"ci", "iqr"} else _hint(name)
    if what not in {"ci", "iqr"}:
        if side(words(name)) is not None:
            at = next(i for i, s in enumerate(said) if s is not None and s.kind == "interval")
            raise InputError(
                f"line {lines[at]} can be read in two ways: a mean with its confidence interval, "
                "or a median with its quartiles",
                field=name,
                mend="say which: --brackets ci or --brackets iqr",
            )
        what = "ci"
    if what == "iqr":
        names, why = _named(name, "median", "q1", "q3"), "a median and its quartiles"
    elif _is_effect(name):
        names, why = [_stem(name), "ci_low", "ci_high"], "an estimate and its interval"
    elif side(words(name)) is not None or "mean" in words(name):
        names, why = _named(name, "mean", "ci_low", "ci_high"), "a mean and its interval"
    else:
        names, why = ["estimate", "ci_low", "ci_high"], "an estimate and its interval"
    for s, line in zip(said, lines, strict=True):
        if s is not None and s.kind == "interval" and not s.numbers[1] <= s.numbers[0] <= s.numbers[2]:
            raise InputError(
                f"line {line}: {s.numbers[0]:g} lies outside its interval",
                field=name,
                got=f"{s.numbers[1]:g} to {s.numbers[2]:g}",
                mend="correct the cell",
            )
    return [Part(n, _column(said, i)) for i, n in enumerate(names)], why
