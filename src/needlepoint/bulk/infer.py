"""The measure of every group, inferred from the effects printed beside its arm data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from needlepoint.effects import infer as one
from needlepoint.errors import InputError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from needlepoint.arrays import Floats

    Indices = NDArray[np.int64]

__all__ = ["InferredGroups", "infer_groups"]

_DECIMALS = 6
_LEVEL = 0.95


class InferredGroups(NamedTuple):
    """One entry a group: the convention that explains its printed effects, its measure, a note where needed."""

    candidates: list[str]
    measures: list[str]
    notes: dict[int, str]


def infer_groups(arrays: dict[str, Floats], starts: Indices) -> InferredGroups:
    """As :func:`needlepoint.infer_measure`, for all groups in one pass.

    Raises
    ------
    InputError
        No measure can be computed from the columns.
    """
    possible = [name for name, (_, _, needs) in one._CANDIDATES.items() if all(n in arrays for n in needs)]
    if not possible:
        raise InputError(
            "no measure can be computed from these columns", field="measure", got=" ".join(sorted(arrays))
        )
    groups = len(starts) - 1
    printed = np.isfinite(arrays["estimate"]) if "estimate" in arrays else np.zeros(starts[-1], dtype=bool)
    of = np.add.reduceat(printed.astype(np.int64), starts[:-1])
    hits = np.zeros((len(possible), groups), dtype=np.int64)
    if printed.any():
        for i, name in enumerate(possible):
            hit = one._reproduced(name, arrays, _LEVEL, _DECIMALS) & printed
            hits[i] = np.add.reduceat(hit.astype(np.int64), starts[:-1])
    best = hits.argmax(axis=0)
    candidates = [possible[i] for i in best]
    measures = ["GEN" if one._CANDIDATES[name][0] in {"GIV", "OEV"} else name for name in candidates]
    notes: dict[int, str] = {}
    for g in np.flatnonzero((of == 0) | (hits.max(axis=0) < of)).tolist():  # not fully explained: one by one
        rows = slice(int(starts[g]), int(starts[g + 1]))
        given: dict[str, Any] = {a: values[rows] for a, values in arrays.items() if a in one._READ}
        found = one.infer_measure(**given)
        candidates[g], measures[g], notes[g] = found.candidate, found.measure, "; ".join(found.notes)
    return InferredGroups(candidates, measures, notes)
