"""What may be asked for beside the synthesis: :data:`needlepoint.bulk.plan.EXTRAS`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from needlepoint.bulk.asymmetry import egger, rank
from needlepoint.bulk.counts import mantel_haenszel, peto
from needlepoint.bulk.derived import DERIVED, Ragged
from needlepoint.bulk.fragility import fragility

if TYPE_CHECKING:
    import polars as pl

    from needlepoint.bulk.effects import ChunkEffects
    from needlepoint.bulk.plan import Plan

__all__ = ["extra_columns"]


def extra_columns(
    plan: Plan,
    table: pl.DataFrame,
    keys: pl.DataFrame,
    found: ChunkEffects,
    usable: tuple[Any, Any, Any],
    numbers: Any,
) -> dict[str, Any]:
    """Columns of the extras that the plan asks for; ``usable`` are yi, vi and starts of what can be pooled."""
    columns: dict[str, Any] = {}
    for name in plan.extras:
        if name == "egger":
            columns |= egger(*usable)
        elif name == "rank":
            columns |= rank(*usable)
        elif name == "mantel_haenszel":
            columns |= mantel_haenszel(table, found, plan)
        elif name == "peto":
            columns |= peto(table, found, plan)
        elif name == "fragility":
            columns |= fragility(table, found, plan)
        else:
            seeds = keys.hash_rows(seed=plan.seed).to_numpy()
            columns |= DERIVED[name](Ragged(*usable, seeds, numbers), plan)
    return columns
