"""Fragility index of a meta-analysis: the fewest event changes, one by one, that turn its significance."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from needlepoint.arrays import Floats
from needlepoint.bulk.numbers import group_numbers
from needlepoint.bulk.rows import result_columns
from needlepoint.errors import NeedlepointError

if TYPE_CHECKING:
    from collections.abc import Iterator

    import polars as pl
    from numpy.typing import NDArray

    from needlepoint.bulk.effects import ChunkEffects
    from needlepoint.bulk.plan import Plan

    Indices = NDArray[np.int64]

__all__ = ["fragility"]

_MOST = 500  # changes after which the search is given up
_ROWS = 2_000_000  # of tried groups, held at once
_CHANGES = ((1, 0), (-1, 0), (0, 1), (0, -1))  # of events in the first and in the second arm


def fragility(table: pl.DataFrame, found: ChunkEffects, plan: Plan) -> dict[str, Any]:
    """Changes of one participant's event status until the interval gains or loses zero.

    Every step takes the change, in any arm of any study, that brings the interval nearest to the turn (Atal et al.
    2019, doi:10.1016/j.jclinepi.2019.03.012). For OR, RR and RD; null where more than 500 changes are needed.
    """
    from needlepoint.bulk.effects import numeric_columns

    arrays = numeric_columns(table, plan)
    index = np.full(len(found.starts) - 1, np.nan)
    if {"ai", "n1i", "ci", "n2i"} <= set(arrays):
        cells = np.column_stack([arrays[letter] for letter in ("ai", "n1i", "ci", "n2i")])
        known = np.isfinite(cells).all(axis=1) & np.isfinite(found.yi) & np.isfinite(found.vi)
        for measure in sorted({"OR", "RR", "RD"} & set(found.measures)):
            studies: dict[int, Floats] = {}
            for g in [g for g, m in enumerate(found.measures) if m == measure and g not in found.refusals]:
                rows = slice(int(found.starts[g]), int(found.starts[g + 1]))
                if known[rows].any():
                    studies[g] = cells[rows][known[rows]]
            for groups in _batches(studies):
                index[groups] = _Search([studies[g] for g in groups], measure, plan).changes()
    return {"fragility_index": index}


def _batches(studies: dict[int, Floats]) -> Iterator[list[int]]:
    """Groups whose tried changes fit in memory together."""
    batch: list[int] = []
    held = 0
    for g, cells in studies.items():
        batch.append(g)
        held += len(_CHANGES) * len(cells) ** 2
        if held > _ROWS:
            yield batch
            batch, held = [], 0
    if batch:
        yield batch


class _Search:
    """Many groups, each changed by one event at a time; all that is tried in a step is fitted at once."""

    def __init__(self, studies: list[Floats], measure: str, plan: Plan) -> None:
        self.plan, self.measure = plan, measure
        self.cells = np.concatenate(studies)
        self.k = np.array([len(cells) for cells in studies], dtype=np.int64)
        self.starts = np.append(0, np.cumsum(self.k)).astype(np.int64)
        self.effects = _effects(self.cells, measure)
        self.significant = self._margins(self.effects, self.k) > 0.0

    def changes(self) -> Floats:
        """Steps until the turn, a group; NaN where there is none."""
        found = np.full(len(self.k), np.nan)
        active = np.arange(len(self.k))
        for step in range(1, _MOST + 1):
            if len(active) == 0:
                break
            turned, stuck = self._step(active)
            found[turned] = step
            active = np.setdiff1d(active, np.concatenate([turned, stuck]))
        return found

    def _step(self, active: Indices) -> tuple[Indices, Indices]:
        """Make the best change of every group: groups that turned, and groups where none is possible."""
        row, group, tried = self._candidates(active)
        effects = _effects(tried, self.measure)
        margins = self._tried_margins(row, group, effects)
        bounds = np.searchsorted(group, np.append(active, len(self.k)))
        turned: list[int] = []
        stuck: list[int] = []
        for g, (a, b) in zip(active.tolist(), pairwise(bounds.tolist()), strict=True):
            if np.isnan(margins[a:b]).all():
                stuck.append(g)
                continue
            best = a + int((np.nanargmin if self.significant[g] else np.nanargmax)(margins[a:b]))
            self.cells[row[best]], self.effects[row[best]] = tried[best], effects[best]
            if (margins[best] > 0.0) != self.significant[g]:
                turned.append(g)
        return np.array(turned, dtype=np.int64), np.array(stuck, dtype=np.int64)

    def _candidates(self, active: Indices) -> tuple[Indices, Indices, Floats]:
        """Row, group and new cells of every possible change, in the order of groups."""
        starts = self.starts.tolist()
        rows = np.concatenate([np.arange(starts[g], starts[g + 1]) for g in active.tolist()])
        row = np.repeat(rows, len(_CHANGES))
        tried = self.cells[row]
        tried[:, [0, 2]] += np.tile(_CHANGES, (len(rows), 1))
        events = tried[:, [0, 2]]
        possible = (events >= 0.0).all(axis=1) & (events <= tried[:, [1, 3]]).all(axis=1)
        group = np.repeat(np.repeat(active, self.k[active]), len(_CHANGES))
        return row[possible], group[possible], tried[possible]

    def _tried_margins(self, row: Indices, group: Indices, effects: Floats) -> Floats:
        """Margin of each candidate's group with that one study changed; NaN where an effect is not defined."""
        sizes = self.k[group]
        ends = np.cumsum(sizes)
        inside = np.arange(int(sizes.sum())) - np.repeat(ends - sizes, sizes)
        changed = self.effects[np.repeat(self.starts[group], sizes) + inside]
        changed[ends - sizes + row - self.starts[group]] = effects
        defined = np.logical_and.reduceat(np.isfinite(changed).all(axis=1), ends - sizes)
        return np.where(defined, self._margins(changed, sizes), np.nan)

    def _margins(self, effects: Floats, sizes: Indices) -> Floats:
        """How far each interval is from zero, below zero when it holds it."""
        filled = np.where(np.isfinite(effects), effects, 1.0)
        starts = np.append(0, np.cumsum(sizes)).astype(np.int64)
        yi, vi = np.ascontiguousarray(filled[:, 0]), np.ascontiguousarray(filled[:, 1])
        numbers = group_numbers(yi, vi, starts, self.plan.method, None, engine=self.plan.engine)
        columns = result_columns(numbers, sizes.astype(np.float64), self.plan)
        return np.maximum(columns["ci_low"], -columns["ci_high"])


def _effects(cells: Floats, measure: str) -> Floats:
    from needlepoint.effects.api import effect_sizes

    ai, n1i, ci, n2i = cells.T
    try:
        found = effect_sizes(measure=measure, ai=ai, n1i=n1i, ci=ci, n2i=n2i)
    except NeedlepointError:
        return np.full((len(cells), 2), np.nan)
    return np.column_stack([found.yi, found.vi])
