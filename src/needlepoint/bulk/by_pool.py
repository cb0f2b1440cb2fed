"""The slow way, for what has no compiled kernel: ``pool`` itself, group by group, with moderators if asked."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any

import numpy as np

from needlepoint.errors import NeedlepointError

if TYPE_CHECKING:
    import polars as pl
    from numpy.typing import NDArray

    from needlepoint.arrays import Bools
    from needlepoint.bulk.effects import ChunkEffects
    from needlepoint.bulk.plan import Plan
    from needlepoint.bulk.regression import Regressions

__all__ = ["pooled_columns"]

_NUMBERS = (
    *("estimate", "se", "statistic", "df", "p_value", "ci_low", "ci_high", "pi_low", "pi_high"),
    *("tau2", "tau2_se", "tau2_low", "tau2_high", "q", "q_df", "q_p", "i2", "h2", "log_likelihood"),
    *("modes", "common_estimate", "common_se"),
)


def pooled_columns(
    table: pl.DataFrame,
    found: ChunkEffects,
    keep: Bools,
    starts: NDArray[np.int64],
    plan: Plan,
    refusals: dict[int, str],
) -> dict[str, Any]:
    """Columns of results by ``pool``; refusals are added to ``refusals``. ``k`` counts rows with an effect."""
    groups = len(starts) - 1
    columns: dict[str, Any] = {name: np.full(groups, np.nan) for name in _NUMBERS}
    coefficients: list[list[dict[str, Any]] | None] = [None] * groups
    fast = _compiled(table, found, keep, starts, plan)
    left = set(range(groups))
    if fast is not None:
        left -= set(fast.groups.tolist())
        for name, values in fast.columns.items():
            columns[name][fast.groups] = values
    for g in sorted(left):
        first, last = int(starts[g]), int(starts[g + 1])
        rows = np.arange(first, last)[keep[first:last]]
        if len(rows) == 0:
            continue
        try:
            record, terms, said = _one(table, found, rows, plan)
        except NeedlepointError as error:
            refusals[g] = str(error)
            continue
        if said:
            found.notes[g] = "; ".join([found.notes[g], *said] if g in found.notes else said)
        for name, value in record.items():
            if value is not None:
                columns[name][g] = value
        coefficients[g] = terms
    if plan.mods is not None:
        columns["coefficients"] = _coefficients(coefficients, fast)
    return columns


def _compiled(
    table: pl.DataFrame,
    found: ChunkEffects,
    keep: Bools,
    starts: NDArray[np.int64],
    plan: Plan,
) -> Regressions | None:
    """Groups with a few numeric moderators, where compiled code serves them."""
    from needlepoint.bulk.regression import numeric_terms, regressions

    names = numeric_terms(plan, table)
    if not names:
        return None
    rows = np.flatnonzero(keep)
    kept = np.append(0, np.cumsum(keep))[starts].astype(np.int64)
    return regressions(table, rows, found.yi[rows], found.vi[rows], kept, names, plan)


def _coefficients(slow: list[list[dict[str, Any]] | None], fast: Regressions | None) -> pl.Series:
    """Coefficients of every group: those of the compiled fits put in their places."""
    import polars as pl

    kind = _coefficient_type()
    series = pl.Series(slow, dtype=kind)
    if fast is None or len(fast.groups) == 0:
        return series
    p = len(fast.terms)
    fields = {name: pl.Series(values.ravel()).fill_nan(None) for name, values in fast.coefficients.items()}
    flat = pl.DataFrame(
        {"group": np.repeat(fast.groups, p), "term": list(fast.terms) * len(fast.groups)} | fields
    )
    record = pl.struct(pl.lit([], dtype=pl.List(pl.String)).alias("notes"), pl.exclude("group", "notes"))
    lists = flat.select("group", record.alias("record")).group_by("group", maintain_order=True).agg("record")
    places = pl.DataFrame({"group": np.arange(len(slow)), "slow": series})
    whole = places.join(lists, on="group", how="left", maintain_order="left")
    return whole.select(pl.coalesce(pl.col("record").cast(kind), "slow")).to_series()


def _one(
    table: pl.DataFrame, found: ChunkEffects, rows: NDArray[np.int64], plan: Plan
) -> tuple[dict[str, Any], list[dict[str, Any]], list[str]]:
    from needlepoint.pooling.api import pool
    from needlepoint.pooling.heterogeneity.heterogeneity_intervals import heterogeneity_intervals

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
    said = [note for note in pooled.notes if "left out" in note or "local maxima" in note]
    return record, [term.to_dict() for term in pooled.coefficients], said


def _coefficient_type() -> Any:
    """One type in every chunk, also where no group could be fitted."""
    import polars as pl

    from needlepoint.pooling.result import Coefficient

    kinds: dict[str, Any] = {"term": pl.String, "notes": pl.List(pl.String)}
    return pl.List(pl.Struct({f.name: kinds.get(f.name, pl.Float64) for f in fields(Coefficient)}))
