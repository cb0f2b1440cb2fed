"""Mantel-Haenszel and Peto beside the synthesis, for groups of events in two arms."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from needlepoint.errors import NeedlepointError

if TYPE_CHECKING:
    import polars as pl

    from needlepoint.bulk.effects import ChunkEffects
    from needlepoint.bulk.plan import Plan

__all__ = ["mantel_haenszel", "peto"]

_FIELDS = ("estimate", "se", "ci_low", "ci_high", "p_value")


def mantel_haenszel(table: pl.DataFrame, found: ChunkEffects, plan: Plan) -> dict[str, Any]:
    """Mantel-Haenszel on the group's own scale (OR, RR or RD); nothing for other measures."""
    from needlepoint.pooling.counts.mantel_haenszel import mantel_haenszel as one

    def fit(measure: str, cells: dict[str, Any]) -> Any:
        if measure not in {"OR", "RR", "RD"}:
            return None
        return one(measure=measure, level=plan.level, **cells)  # type: ignore[arg-type]

    return _by_group("mh", fit, table, found, plan)


def peto(table: pl.DataFrame, found: ChunkEffects, plan: Plan) -> dict[str, Any]:
    """Peto's log odds ratio, for every group of events in two arms."""
    from needlepoint.pooling.counts.peto import peto as one

    def fit(measure: str, cells: dict[str, Any]) -> Any:
        return one(level=plan.level, **cells) if measure in {"OR", "RR", "RD", "PETO"} else None

    return _by_group("peto", fit, table, found, plan)


def _by_group(name: str, fit: Any, table: pl.DataFrame, found: ChunkEffects, plan: Plan) -> dict[str, Any]:
    from needlepoint.bulk.effects import numeric_columns

    letters = {"ai", "bi", "ci", "di", "n1i", "n2i"}
    arrays = {letter: v for letter, v in numeric_columns(table, plan).items() if letter in letters}
    groups = len(found.starts) - 1
    out = {f"{name}_{field}": np.full(groups, np.nan) for field in _FIELDS}
    if not {"ai", "ci"} <= set(arrays):
        return out
    known = np.all([np.isfinite(v) for v in arrays.values()], axis=0)
    for g in range(groups):
        rows = np.arange(found.starts[g], found.starts[g + 1])
        rows = rows[known[rows]]
        if len(rows) == 0 or g in found.refusals:
            continue
        try:
            result = fit(found.measures[g], {letter: v[rows] for letter, v in arrays.items()})
        except NeedlepointError:  # no events in an arm: the columns stay empty
            continue
        if result is not None:
            for field in _FIELDS:
                out[f"{name}_{field}"][g] = getattr(result, field)
    return out
