"""One chunk of a long table to rows of results, one a group: what a thread, or a worker of a cluster, does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from needlepoint.bulk.effects import ChunkEffects, chunk_effects
from needlepoint.bulk.extras import extra_columns
from needlepoint.bulk.groups import group_starts
from needlepoint.bulk.numbers import group_numbers
from needlepoint.bulk.rows import result_columns

if TYPE_CHECKING:
    import polars as pl
    from numpy.typing import NDArray

    from needlepoint.arrays import Bools, Floats
    from needlepoint.bulk.plan import Plan

    Indices = NDArray[np.int64]

__all__ = ["WHOLE", "chunk_rows"]

WHOLE = (
    "k",
    "left_out",
    "q_df",
    "modes",
    "perm_flips",
    "gosh_subsets",
    "fragility_index",
)  # columns of whole numbers


def chunk_rows(table: pl.DataFrame, plan: Plan) -> pl.DataFrame:
    """Results of the groups of ``table`` (groups contiguous): keys, measure, numbers, status and notes."""
    import polars as pl

    starts = group_starts(table, plan.by)
    found = chunk_effects(table, starts, plan)
    keys = table.select(plan.by)[starts[:-1]]
    keep, bad = _usable(found)
    refusals = found.refusals | bad
    for g in refusals:
        keep[starts[g] : starts[g + 1]] = False
    before = np.append(0, np.cumsum(keep))
    kept = before[starts].astype(np.int64)
    sizes = np.diff(kept)
    if plan.route == "kernel":
        yi, vi = np.ascontiguousarray(found.yi[keep]), np.ascontiguousarray(found.vi[keep])
        numbers = group_numbers(yi, vi, kept, plan.method, plan.level, engine=plan.engine)
        columns: dict[str, Any] = dict(result_columns(numbers, sizes.astype(np.float64), plan))
        columns |= extra_columns(plan, table, keys, found, (yi, vi, kept), numbers)
        _refuse_unsettled(numbers, sizes, refusals)
    else:
        from needlepoint.bulk.by_pool import pooled_columns

        columns = pooled_columns(table, found, keep, starts, plan, refusals)
    notes = _notes(found, plan, starts, sizes, refusals, columns["modes"])
    status = _status(sizes, refusals)
    silent = np.array([s not in {"ok", "one study"} for s in status])
    data = {name: _series(name, values, silent) for name, values in columns.items()}
    head = {"measure": found.measures, "k": sizes, "left_out": np.diff(starts) - sizes}
    if plan.measure == "GEN":
        del head["measure"]
    tail = {"status": status, "notes": pl.Series(notes, dtype=pl.String)}
    return keys.hstack(pl.DataFrame(head | data | tail))


def _usable(found: ChunkEffects) -> tuple[Bools, dict[int, str]]:
    """Rows with an estimate and a variance; groups with a number that the model cannot take."""
    yi, vi = found.yi, found.vi
    keep = np.isfinite(yi) & np.isfinite(vi)
    wrong = np.isinf(yi) | np.isinf(vi) | (vi <= 0.0)
    bad: dict[int, str] = {}
    for row in np.flatnonzero(wrong).tolist():
        g = int(np.searchsorted(found.starts, row, side="right")) - 1
        place = row - int(found.starts[g]) + 1
        what = f"yi = {yi[row]:g}" if np.isinf(yi[row]) else f"vi = {vi[row]:g}"
        bad.setdefault(g, f"row {place} of the group cannot be pooled: {what}; correct it or leave it out")
    return keep, bad


def _refuse_unsettled(numbers: Floats, sizes: Indices, refusals: dict[int, str]) -> None:
    from needlepoint.bulk._group import Numbers

    n = Numbers(*numbers.T)
    lost = (sizes > 0) & ~((n.iterations >= 0.0) & np.isfinite(n.estimate) & np.isfinite(n.variance))
    for g in np.flatnonzero(lost).tolist():
        refusals.setdefault(g, "the estimate of tau2 did not settle; try method='DL' or 'PM'")


def _status(sizes: Indices, refusals: dict[int, str]) -> list[str]:
    status = np.where(sizes == 0, "no study", np.where(sizes == 1, "one study", "ok")).tolist()
    for g in refusals:
        status[g] = "refused"
    return status


def _notes(
    found: ChunkEffects, plan: Plan, starts: Indices, sizes: Indices, refusals: dict[int, str], modes: Any
) -> list[str | None]:
    """What a reader must know of a group; None where there is nothing."""
    notes: list[str | None] = [None] * len(sizes)

    def add(g: int, text: str) -> None:
        notes[g] = text if notes[g] is None else f"{notes[g]}; {text}"

    for g, text in found.notes.items():
        add(g, text)
    missing = np.diff(starts) - sizes
    for g in np.flatnonzero(missing).tolist():
        if g not in refusals:
            add(g, f"{missing[g]} left out (no estimate or variance)")
    for g in np.flatnonzero(np.asarray(modes, dtype=np.float64) > 1.0).tolist():
        add(
            g,
            f"the {plan.method} likelihood has {modes[g]:.0f} local maxima in tau2; the highest is reported",
        )
    for g, text in refusals.items():
        add(g, text)
    return notes


def _series(name: str, values: Any, silent: Bools) -> pl.Series:
    """Null, never NaN, where a number is not defined or the group is refused."""
    import polars as pl

    if not isinstance(values, np.ndarray):
        return pl.Series(name, values)  # of a type of its own
    numbers = np.where(silent, np.nan, values) if silent.any() else values
    series = pl.Series(name, numbers).fill_nan(None)
    return series.cast(pl.Int64) if name in WHOLE else series
