"""A recovery over the rows of a table."""

from __future__ import annotations

import math
from collections.abc import Callable
from inspect import signature
from typing import Any

from needlepoint import columns
from needlepoint.effects.recovery.record import Recovered
from needlepoint.errors import InputError
from needlepoint.result import Result, record

__all__ = ["RecoveredRows", "recover_rows"]


@record
class RecoveredRows(Result):
    """Derived values of many studies: a list a name, None where a study's input is missing or unusable."""

    values: dict[str, list[float | None]]
    how: str
    source: str

    def __getitem__(self, name: str) -> list[float | None]:
        return self.values[name]

    def tidy(self) -> list[dict[str, Any]]:
        """One row a study."""
        return [dict(zip(self.values, row, strict=True)) for row in zip(*self.values.values(), strict=True)]


def recover_rows(
    function: Callable[..., Recovered], data: Any = None, *, study: Any = None, **inputs: Any
) -> RecoveredRows:
    """Apply a recovery to every row: ``inputs`` name columns of ``data``, or are sequences or single values.

    What a study lacks is left out of its call where the recovery can do without (so that studies may report
    different quantiles); a study that lacks what is needed, or that the recovery refuses, gets None and is named
    in the notes with the reason. Options that are not columns go in with ``functools.partial``.

    Raises
    ------
    InputError
        No row can be recovered, or a column is not there.

    >>> from needlepoint.effects import recovery
    >>> table = {"se": [0.5, None, -1.0], "n": [16, 20, 25], "trial": ["Ada", "Bo", "Cy"]}
    >>> found = recovery.recover_rows(recovery.sd_from_se, table, se="se", n="n", study="trial")
    >>> found["sd"]
    [2.0, None, None]
    >>> for note in found.notes:
    ...     print(note)
    Bo: se missing
    Cy: must be above zero; field: se; got: -1.0; allowed: > 0
    """
    table = {name: columns.numbers(data, value, field=name).tolist() for name, value in inputs.items()}
    k = max(len(v) for v in table.values())
    table = {name: v * k if len(v) == 1 else v for name, v in table.items()}
    for name, v in table.items():
        if len(v) != k:
            raise InputError("columns of different lengths", field=name, got=len(v), allowed=k)
    names = columns.labels(data, study, k=k)
    found, notes = _rows(function, table, names)
    first = next((row for row in found if row is not None), None)
    if first is None:
        raise InputError("no row can be recovered", field=next(iter(inputs)), got="; ".join(notes[:3]))
    return RecoveredRows(
        values={key: [None if row is None else row[key] for row in found] for key in first.values},
        how=first.how,
        source=first.source,
        notes=tuple(notes),
    )


def _rows(
    function: Callable[..., Recovered], table: dict[str, list[float]], names: tuple[str, ...]
) -> tuple[list[Recovered | None], list[str]]:
    found: list[Recovered | None] = []
    notes: list[str] = []
    optional = {p.name for p in signature(function).parameters.values() if p.default is not p.empty}
    for i, name in enumerate(names):
        row_of = {key: column[i] for key, column in table.items()}
        given = {key: value for key, value in row_of.items() if not math.isnan(value)}
        missing = [key for key in row_of if key not in given and key not in optional]
        try:
            row = None if missing else function(**given)
        except InputError as error:
            row, missing = None, []
            notes.append(f"{name}: {error}")
        if missing:
            notes.append(f"{name}: {', '.join(missing)} missing")
        found.append(row)
        notes += [f"{name}: {note}" for note in (row.notes if row is not None else ())]
    return found, notes
