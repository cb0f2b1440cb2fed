"""Fragility index of a meta-analysis: the fewest event changes, one by one, that turn its significance."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from needlepoint.errors import NeedlepointError
from needlepoint.many.numbers import group_numbers
from needlepoint.many.rows import result_columns

if TYPE_CHECKING:
    import polars as pl
    from numpy.typing import NDArray

    from needlepoint.many.effects import ChunkEffects
    from needlepoint.many.plan import Plan

    Floats = NDArray[np.float64]

__all__ = ["fragility"]

_MOST = 500  # changes after which the search is given up
_CHANGES = ((1, 0), (-1, 0), (0, 1), (0, -1))  # of events in the first and in the second arm


def fragility(table: pl.DataFrame, found: ChunkEffects, plan: Plan) -> dict[str, Any]:
    """Changes of one participant's event status until the interval gains or loses zero.

    Every step takes the change, in any arm of any study, that brings the interval nearest to the turn (Atal et al.
    2019, doi:10.1016/j.jclinepi.2019.03.012). For OR, RR and RD; null where more than 500 changes are needed.
    """
    from needlepoint.many.effects import numeric_columns

    arrays = numeric_columns(table, plan)
    index = np.full(len(found.starts) - 1, np.nan)
    if {"ai", "n1i", "ci", "n2i"} <= set(arrays):
        cells = np.column_stack([arrays[letter] for letter in ("ai", "n1i", "ci", "n2i")])
        known = np.isfinite(cells).all(axis=1) & np.isfinite(found.yi) & np.isfinite(found.vi)
        for g, measure in enumerate(found.measures):
            rows = slice(int(found.starts[g]), int(found.starts[g + 1]))
            if measure in {"OR", "RR", "RD"} and g not in found.refusals and known[rows].any():
                index[g] = _changes(cells[rows][known[rows]], measure, plan)
    return {"fragility_index": index}


def _changes(cells: Floats, measure: str, plan: Plan) -> float:
    effects = _effects(cells, measure)
    margin = float(_margins(effects[None], plan)[0])
    significant = margin > 0.0
    for step in range(1, _MOST + 1):
        tried = np.repeat(cells, len(_CHANGES), axis=0)
        tried[:, [0, 2]] += np.tile(_CHANGES, (len(cells), 1))
        row = np.repeat(np.arange(len(cells)), len(_CHANGES))
        possible = (tried[:, [0, 2]] >= 0.0).all(axis=1) & (tried[:, [0, 2]] <= tried[:, [1, 3]]).all(axis=1)
        tried, row = tried[possible], row[possible]
        changed = np.repeat(effects[None], len(tried), axis=0)
        changed[np.arange(len(tried)), row] = _effects(tried, measure)
        margins = np.where(np.isfinite(changed).all(axis=(1, 2)), _margins(changed, plan), np.nan)
        if np.isnan(margins).all():
            return np.nan
        best = int(np.nanargmin(margins) if significant else np.nanargmax(margins))
        cells[row[best]], effects = tried[best], changed[best]
        if (margins[best] > 0.0) != significant:
            return float(step)
    return np.nan


def _effects(cells: Floats, measure: str) -> Floats:
    from needlepoint.effects.api import effect_sizes

    ai, n1i, ci, n2i = cells.T
    try:
        found = effect_sizes(measure=measure, ai=ai, n1i=n1i, ci=ci, n2i=n2i)
    except NeedlepointError:
        return np.full((len(cells), 2), np.nan)
    return np.column_stack([found.yi, found.vi])


def _margins(effects: Floats, plan: Plan) -> Floats:
    """How far each interval is from zero, below zero when it holds it; ``effects`` is (sets, studies, 2)."""
    sets, k, _ = effects.shape
    filled = np.where(np.isfinite(effects), effects, 1.0)
    yi, vi = filled[:, :, 0].ravel(), filled[:, :, 1].ravel()
    starts = np.arange(0, sets * k + 1, k, dtype=np.int64)
    numbers = group_numbers(yi, vi, starts, plan.method, None, engine=plan.engine)
    columns = result_columns(numbers, np.full(sets, float(k)), plan)
    return np.maximum(columns["ci_low"], -columns["ci_high"])
