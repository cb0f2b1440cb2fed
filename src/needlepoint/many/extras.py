"""What may be asked for beside the synthesis, one entry a name in :data:`EXTRA_COLUMNS`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    import polars as pl
    from numpy.typing import NDArray

    from needlepoint.many.effects import ChunkEffects
    from needlepoint.many.plan import Plan

    Floats = NDArray[np.float64]

__all__ = ["EXTRA_COLUMNS", "extra_columns"]

EXTRA_COLUMNS: dict[str, Callable[..., dict[str, Any]]] = {}


def extra_columns(
    plan: Plan,
    table: pl.DataFrame,
    found: ChunkEffects,
    keep: NDArray[np.bool_],
    yi: Floats,
    vi: Floats,
    starts: NDArray[np.int64],
    numbers: Floats,
) -> dict[str, Any]:
    """Columns of the extras that the plan asks for."""
    columns: dict[str, Any] = {}
    for name in plan.extras:
        columns |= EXTRA_COLUMNS[name](plan, table, found, keep, yi, vi, starts, numbers)
    return columns
