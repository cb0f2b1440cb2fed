"""Ragged groups: contiguous runs of rows with the same key."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl
    from numpy.typing import NDArray

    Indices = NDArray[np.int64]

__all__ = ["contiguous", "group_starts", "repeated_key"]


def group_starts(table: pl.DataFrame, by: Sequence[str]) -> Indices:
    """Row at which each group starts, and the number of rows: (groups + 1,)."""
    if table.height == 0:
        return np.zeros(1, dtype=np.int64)
    new = np.zeros(table.height, dtype=bool)
    new[0] = True
    for key in by:
        column = table.get_column(key)
        new |= column.ne_missing(column.shift(1)).to_numpy()
    return np.append(np.flatnonzero(new), table.height).astype(np.int64)


def contiguous(table: pl.DataFrame, by: Sequence[str]) -> pl.DataFrame:
    """Rows with groups together, in the order in which groups first appear; rows keep their order within."""
    import polars as pl

    starts = group_starts(table, by)
    if repeated_key(table.select(by)[starts[:-1]]) is None:
        return table
    rows = pl.Series("__row", np.arange(table.height))
    first = table.select(by).with_columns(rows).select(pl.col("__row").min().over(by)).to_series()
    return table[np.argsort(first.to_numpy(), kind="stable")]


def repeated_key(keys: pl.DataFrame) -> tuple[object, ...] | None:
    """A key that comes more than once in ``keys`` (one row a group), or None."""
    import polars as pl

    hashes = keys.hash_rows(seed=1)
    if hashes.n_unique() == keys.height:
        return None
    twice = keys.filter(pl.struct(keys.columns).is_duplicated())
    return twice.row(0) if twice.height else None
