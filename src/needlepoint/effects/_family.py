"""What the measures of one kind of data share: the columns they take, how these are completed and checked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from needlepoint.arrays import Bools, Vector
from needlepoint.errors import InputError

__all__ = ["Columns", "Family", "MeasureSpec", "Measured", "Notebook", "Settings", "Vector", "fill"]

Columns = Mapping[str, Vector]


class Range(NamedTuple):
    """Where a kind of number can lie: what to say of one outside, which those are, and what is allowed."""

    problem: str
    outside: Callable[[Vector], Bools]
    allowed: str


RANGES = {
    "count": Range("a count below zero", lambda v: v < 0, ">= 0"),
    "size": Range("not a sample size", lambda v: v <= 0, "> 0"),
    "person-time": Range("not a person-time", lambda v: v <= 0, "> 0"),
    "sd": Range("a negative sd", lambda v: v < 0, ">= 0"),
    "correlation": Range("not a correlation", lambda v: np.abs(v) > 1, "-1 to 1"),
    "signed p-value": Range("not a p-value", lambda v: np.abs(v) > 1, "-1 to 1"),
    "p-value": Range("not a p-value", lambda v: (v < 0) | (v > 1), "0 to 1"),
    "probability": Range("not a probability", lambda v: (v < 0) | (v > 1), "0 to 1"),
    "R squared": Range("not an R squared", lambda v: (v < 0) | (v > 1), "0 to 1"),
}


class Measured(NamedTuple):
    """What a kernel returns: estimates and sampling variances, one a study."""

    yi: Vector
    vi: Vector


@dataclass(frozen=True, slots=True)
class Settings:
    """The options of one call that kernels read."""

    add: float | str = 0.5
    to: str = "only0"
    drop00: bool = False
    correct: bool = True
    cutoff: float = 2.0


@dataclass(slots=True)
class Notebook:
    """Collects what a reader must know: which studies were corrected, derived or left without a value."""

    study: Callable[[int], str]
    lenient: bool = False  # impossible values become gaps with a note, instead of errors
    notes: list[str] = field(default_factory=list[str])
    derived: list[str] = field(default_factory=list[str])

    def names(self, where: Bools, limit: int = 8) -> str:
        """Labels of the studies that ``where`` selects; a long list is cut with its length told."""
        rows = np.flatnonzero(where)
        shown = ", ".join(self.study(int(i)) for i in rows[:limit])
        return shown if rows.size <= limit else f"{shown} and {rows.size - limit} more"

    def note(self, text: str, where: Bools) -> None:
        """Note ``text`` with the studies it concerns; nothing is noted when it concerns none."""
        if where.any():
            self.notes.append(f"{text}: {self.names(where)}")

    def derive(self, text: str, where: Bools) -> None:
        """Record that a number was derived, how, and for which studies."""
        if where.any():
            self.derived.append(f"{text}: {self.names(where)}")

    def require(self, kind: str, given: Columns, *letters: str) -> None:
        """Refuse values of the columns ``letters`` (where they were given) that no number of the kind can have.

        Raises
        ------
        InputError
            Names the study, the field and the value.
        """
        problem, outside, allowed = RANGES[kind]
        for letter in letters:
            if letter in given:
                values = given[letter]
                self.refuse(problem, outside(values), field=letter, values=values, allowed=allowed)

    def refuse(self, problem: str, where: Bools, *, field: str, values: Vector, allowed: str) -> None:
        """Raise for the first study that ``where`` selects; when lenient, blank its value and note it.

        Raises
        ------
        InputError
            Names the study, the field and the value.
        """
        if self.lenient:
            self.note(f"{field} left out, {problem} (allowed: {allowed})", where)
            values[where] = np.nan
        elif where.any():
            row = int(np.flatnonzero(where)[0])
            raise InputError(
                problem, field=field, study=self.study(row), got=float(values[row]), allowed=allowed
            )


@dataclass(frozen=True, slots=True)
class Family:
    """Measures that read the same data.

    ``accepts`` holds the alternatives as tuples of letters, each sufficient alone; studies may mix them.
    ``complete`` fills what follows from what was given (``bi`` from ``n1i``), checks ranges, and returns
    the uncorrected columns that results keep. ``prepare`` turns these into what the kernels take.
    ``total`` gives the study's size. ``arms`` pairs the columns of the two arms, to swap them. ``counts`` are the
    letters of events, which come in whole numbers.
    """

    title: str
    accepts: tuple[tuple[str, ...], ...]
    complete: Callable[[dict[str, Vector], Notebook], dict[str, Vector]]
    prepare: Callable[[Columns, Settings, Notebook], Any]
    total: Callable[[Columns], Vector | None]
    arms: tuple[tuple[str, str], ...] = ()
    counts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MeasureSpec:
    """One effect size: its family, its kernel, the sampling variances it offers and the way back."""

    label: str
    family: Family
    kernel: Callable[[Any, str, Settings], Measured]
    vtypes: tuple[str, ...] = ("LS",)  # the first is the default
    back: str | None = None  # name of the transformation to the reading scale
    add: float = 0.5  # what is added to zero cells unless told
    accepts: tuple[tuple[str, ...], ...] | None = None  # where the measure takes more or less than its family
    flips: bool = True  # swapping the groups changes the sign
    review: Callable[[Columns, Measured, Settings, Notebook], None] | None = (
        None  # notes what is possible but unlikely
    )

    @property
    def alternatives(self) -> tuple[tuple[str, ...], ...]:
        """The combinations of columns that this measure can be computed from."""
        return self.accepts or self.family.accepts


def fill(given: dict[str, Vector], letter: str, value: Vector) -> Bools:
    """Fill the gaps of a column from ``value``; says where something was filled."""
    present = given.get(letter)
    if present is None:
        given[letter] = value
        return np.isfinite(value)
    gaps = np.isnan(present) & np.isfinite(value)
    if gaps.any():
        given[letter] = np.where(gaps, value, present)
    return gaps
