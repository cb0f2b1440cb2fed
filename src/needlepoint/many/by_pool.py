"""The slow way, for what has no compiled kernel: ``pool`` itself, group by group, with moderators if asked."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any

import numpy as np

from needlepoint.errors import NeedlepointError

if TYPE_CHECKING:
    import polars as pl
    from numpy.typing import NDArray

    from needlepoint.many.effects import ChunkEffects
    from needlepoint.many.plan import Plan

__all__ = ["pooled_columns"]

_NUMBERS = (
    *("estimate", "se", "statistic", "df", "p_value", "ci_low", "ci_high", "pi_low", "pi_high"),
    *("tau2", "tau2_se", "tau2_low", "tau2_high", "q", "q_df", "q_p", "i2", "h2", "log_likelihood"),
    *("modes", "common_estimate", "common_se"),
)


def pooled_columns(
    table: pl.DataFrame,
    found: ChunkEffects,
    keep: NDArray[np.bool_],
    starts: NDArray[np.int64],
    plan: Plan,
    refusals: dict[int, str],
) -> dict[str, Any]:
    """Columns of results by ``pool``; refusals are added to ``refusals``. ``k`` counts rows with an effect."""
    groups = len(starts) - 1
    import polars as pl

    columns: dict[str, Any] = {name: np.full(groups, np.nan) for name in _NUMBERS}
    coefficients: list[list[dict[str, Any]] | None] = [None] * groups
    for g in range(groups):
        rows = np.arange(starts[g], starts[g + 1])[keep[starts[g] : starts[g + 1]]]
        if len(rows) == 0:
            continue
        try:
            record, terms = _one(table, found, rows, plan)
        except NeedlepointError as error:
            refusals[g] = str(error)
            continue
        for name, value in record.items():
            if value is not None:
                columns[name][g] = value
        coefficients[g] = terms
    if plan.mods is not None:
        columns["coefficients"] = pl.Series(coefficients, dtype=_coefficient_type())
    return columns


def _one(
    table: pl.DataFrame, found: ChunkEffects, rows: NDArray[np.int64], plan: Plan
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    from needlepoint.pooling.api import pool
    from needlepoint.pooling.heterogeneity_intervals import heterogeneity_intervals

    how: dict[str, Any] = {"level": plan.level, "prediction": plan.prediction}
    if plan.mods is not None:
        how |= {"mods": plan.mods, "data": table[rows]}
    yi, vi = found.yi[rows], found.vi[rows]
    pooled = pool(yi=yi, vi=vi, method=plan.method, test=plan.test, **how)  # type: ignore[arg-type]
    record = {name: getattr(pooled, name, None) for name in _NUMBERS}
    if pooled.q_df > 0:
        interval = heterogeneity_intervals(pooled)
        record |= {"tau2_low": interval.tau2_low, "tau2_high": interval.tau2_high}
    if plan.mods is None:
        common = pool(yi=yi, vi=vi, method="EE", test="z")
        record |= {"common_estimate": common.estimate, "common_se": common.se}
    return record, [term.to_dict() for term in pooled.coefficients]


def _coefficient_type() -> Any:
    """One type in every chunk, also where no group could be fitted."""
    import polars as pl

    from needlepoint.pooling.result import Coefficient

    kinds: dict[str, Any] = {"term": pl.String, "notes": pl.List(pl.String)}
    return pl.List(pl.Struct({f.name: kinds.get(f.name, pl.Float64) for f in fields(Coefficient)}))
