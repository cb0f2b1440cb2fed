"""From the rows of a chunk to yi and vi, with the measure and the refusals of every group."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from needlepoint.errors import InputError, NeedlepointError

if TYPE_CHECKING:
    import polars as pl
    from numpy.typing import NDArray

    from needlepoint.arrays import Floats
    from needlepoint.bulk.plan import Plan

    Indices = NDArray[np.int64]

__all__ = ["ChunkEffects", "chunk_effects", "numeric_columns"]

_COUNTS = ("ai", "n1i", "ci", "n2i")
_MEANS = ("m1i", "sd1i", "n1i", "m2i", "sd2i", "n2i")
_LETTERS_OF = {"RR": _COUNTS, "OR": _COUNTS, "RD": _COUNTS, "PETO": _COUNTS, "MD": _MEANS, "SMD": _MEANS}


class ChunkEffects(NamedTuple):
    """Rows of one chunk: estimates, variances (NaN: none), and for each group its measure and refusal."""

    yi: Floats
    vi: Floats
    starts: Indices
    measures: list[str]
    refusals: dict[int, str]
    notes: dict[int, str]


def numeric_columns(table: pl.DataFrame, plan: Plan) -> dict[str, Floats]:
    """The columns of the plan as floats, by letter; NaN where a value is missing, or is no number."""
    return _read_columns(table, plan)[0]


def _read_columns(
    table: pl.DataFrame, plan: Plan
) -> tuple[dict[str, Floats], dict[int, str], dict[int, str]]:
    """The columns by letter; and by row the texts that are no numbers, and those that had to be understood."""
    import polars as pl

    arrays: dict[str, Floats] = {}
    slips: dict[int, str] = {}
    understood: dict[int, str] = {}
    for letter, name in plan.columns:
        column = table.get_column(name)
        kind = column.dtype
        if not (kind.is_numeric() or str(kind) in {"String", "Boolean", "Null"}):
            raise InputError("not a column of numbers", field=name, got=str(kind))
        values = column if kind != pl.String else column.str.strip_chars()
        plain = values.cast(pl.Float64, strict=False)
        numbers = plain.to_numpy()
        if kind == pl.String:
            numbers = numbers.copy()
            for row in (values.is_not_null() & plain.is_null()).arg_true().to_list():
                _understand(values[row], row, name, numbers, slips, understood)
        arrays[letter] = numbers
    return arrays, slips, understood


def _understand(
    text: str, row: int, name: str, numbers: Floats, slips: dict[int, str], understood: dict[int, str]
) -> None:
    """A number as people write it, where it has one reading; otherwise a slip."""
    from needlepoint.tables.cells import MISSING, cell_says

    if text.lower() in MISSING:
        return
    readings = {
        said.numbers[0] for mark in (".", ",") if (said := cell_says(text, mark)) and said.kind == "number"
    }
    if len(readings) == 1:
        numbers[row] = readings.pop()
        understood[row] = f"{name}: {text!r} read as {numbers[row]:.15g}"
    else:
        why = "no number" if not readings else f"either {' or '.join(f'{v:g}' for v in sorted(readings))}"
        slips.setdefault(row, f"{name}: {text[:40]!r} is {why}; correct it or leave the row out")


def chunk_effects(table: pl.DataFrame, starts: Indices, plan: Plan) -> ChunkEffects:
    """Effect sizes of every row; a group whose rows are impossible is refused, with the reason."""
    arrays, slips, understood = _read_columns(table, plan)
    found = _computed(arrays, starts, plan)
    for row, why in slips.items():
        found.refusals.setdefault(_group_of(row, starts), f"row {_place(row, starts)} of the group: {why}")
    for row, what in understood.items():
        g = _group_of(row, starts)
        found.notes[g] = f"{found.notes[g]}; {what}" if g in found.notes else what
    return found


def _group_of(row: int, starts: Indices) -> int:
    return int(np.searchsorted(starts, row, side="right")) - 1


def _place(row: int, starts: Indices) -> int:
    return row - int(starts[_group_of(row, starts)]) + 1


def _computed(arrays: dict[str, Floats], starts: Indices, plan: Plan) -> ChunkEffects:
    groups = len(starts) - 1
    if plan.measure == "GEN":
        yi = arrays["yi"]
        vi = arrays["vi"] if "vi" in arrays else arrays["sei"] ** 2
        return ChunkEffects(yi, vi, starts, ["GEN"] * groups, {}, {})
    if plan.measure != "auto":
        yi, vi, refusals = _of_measure(arrays, starts, plan.measure, set(arrays))
        return ChunkEffects(yi, vi, starts, [plan.measure] * groups, refusals, {})
    return _auto(arrays, starts)


def _auto(arrays: dict[str, Floats], starts: Indices) -> ChunkEffects:
    from needlepoint.bulk.infer import infer_groups

    found = infer_groups(arrays, starts)
    yi, vi = np.full(starts[-1], np.nan), np.full(starts[-1], np.nan)
    refusals: dict[int, str] = {}
    for candidate in sorted(set(found.candidates)):
        chosen = np.flatnonzero(np.array(found.candidates) == candidate)
        rows = np.concatenate([np.arange(starts[g], starts[g + 1]) for g in chosen])
        sizes = np.diff(starts)[chosen]
        some = {letter: values[rows] for letter, values in arrays.items()}
        bounds = np.append(0, np.cumsum(sizes)).astype(np.int64)
        yi[rows], vi[rows], refused = _of_candidate(candidate, some, bounds)
        refusals |= {int(chosen[g]): why for g, why in refused.items()}
    return ChunkEffects(yi, vi, starts, found.measures, refusals, found.notes)


def _of_candidate(
    candidate: str, arrays: dict[str, Floats], starts: Indices
) -> tuple[Floats, Floats, dict[int, str]]:
    if candidate in _LETTERS_OF:
        return _of_measure(arrays, starts, candidate, set(_LETTERS_OF[candidate]))
    with np.errstate(all="ignore"):
        if candidate == "O-E":  # Peto's estimate from observed minus expected events and their variance
            return arrays["oi"] / arrays["vi"], 1.0 / arrays["vi"], {}
        return arrays["yi"], arrays["sei"] ** 2, {}


def _of_measure(
    arrays: dict[str, Floats], starts: Indices, measure: str, letters: set[str]
) -> tuple[Floats, Floats, dict[int, str]]:
    """All rows at once; where that is refused, halves, down to the groups that are to blame."""
    from needlepoint.effects.api import effect_sizes

    yi, vi = np.full(starts[-1], np.nan), np.full(starts[-1], np.nan)
    refusals: dict[int, str] = {}
    open_spans = [(0, len(starts) - 1)]
    while open_spans:
        first, last = open_spans.pop()
        cut = slice(int(starts[first]), int(starts[last]))
        if cut.start == cut.stop:
            continue
        given: dict[str, Any] = {
            letter: values[cut] for letter, values in arrays.items() if letter in letters
        }
        try:
            found = effect_sizes(measure=measure, **given)
        except NeedlepointError as error:
            if last - first == 1:
                refusals[first] = str(error)
            else:
                middle = (first + last) // 2
                open_spans += [(first, middle), (middle, last)]
            continue
        yi[cut], vi[cut] = found.yi, found.vi
    return yi, vi, refusals
