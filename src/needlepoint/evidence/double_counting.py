"""One result a cell: a trial enters a cell (trial, arms, outcome, window) once in the main analysis."""

from __future__ import annotations

from collections.abc import Iterator

from needlepoint.errors import PackError
from needlepoint.evidence.read import Row, Rows
from needlepoint.evidence.schema import Arm, Contrast, Measurement

__all__ = ["check_double_counting"]

ArmCell = tuple[str, str, str, str]  # trial, arm, outcome, window


def check_double_counting(
    measurements: Rows, contrasts: Rows, arms: dict[tuple[str, str], Arm]
) -> Iterator[PackError]:
    """Name every row that would count a patient twice: two main rows of one arm, a contrast beside its arms."""
    cells: dict[ArmCell, Row] = {}
    for row in measurements.rows:
        m: Measurement = row.record
        if m.use == "main":
            other = cells.setdefault((m.trial, m.arm, m.outcome, m.window), row)
            if other is not row:
                yield _twice(row, other, measurements.table.file)
    pairs: dict[tuple[str, ...], Row] = {}
    for row in contrasts.rows:
        c: Contrast = row.record
        if c.use != "main":
            continue
        beside = [cells.get((c.trial, arm, c.outcome, c.window)) for arm in (c.arm, c.comparator)]
        if all(beside):
            yield PackError(
                f"the cell is also given by the arms of {measurements.table.file}",
                file=contrasts.table.file,
                row=row.line,
                column="use",
                mend='enter it once: set use to "never" in one place and say why',
            )
        treatments = sorted(
            arms[c.trial, a].treatment if (c.trial, a) in arms else a for a in (c.arm, c.comparator)
        )
        other = pairs.setdefault((c.trial, *treatments, c.outcome, c.window), row)
        if other is not row:
            yield _twice(row, other, contrasts.table.file)


def _twice(row: Row, other: Row, file: str) -> PackError:
    return PackError(
        f"the cell already has a main row (row {other.line})",
        file=file,
        row=row.line,
        column="use",
        mend='keep one row as main; set the other to "sensitivity" or "never" and say why',
    )
