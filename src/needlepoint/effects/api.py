"""The door: trial results in, effect sizes out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from needlepoint import columns
from needlepoint.arrays import Bools, Ints, Vector
from needlepoint.effects._family import Columns, Measured, MeasureSpec, Notebook, Settings
from needlepoint.effects._labels import Numbered
from needlepoint.effects.measures import MEASURES
from needlepoint.effects.result import EffectSizes
from needlepoint.errors import InputError
from needlepoint.options import Addition, Impossible, Measure, check

__all__ = ["effect_sizes"]


def effect_sizes(
    data: Any = None,
    *,
    measure: Measure | str,
    ai: Any = None,
    bi: Any = None,
    ci: Any = None,
    di: Any = None,
    n1i: Any = None,
    n2i: Any = None,
    x1i: Any = None,
    x2i: Any = None,
    t1i: Any = None,
    t2i: Any = None,
    m1i: Any = None,
    m2i: Any = None,
    sd1i: Any = None,
    sd2i: Any = None,
    xi: Any = None,
    mi: Any = None,
    ri: Any = None,
    ti: Any = None,
    fi: Any = None,
    pi: Any = None,
    sdi: Any = None,
    r2i: Any = None,
    ni: Any = None,
    yi: Any = None,
    vi: Any = None,
    sei: Any = None,
    study: Any = None,
    subset: Any = None,
    flip: Any = None,
    vtype: str | Sequence[str] | None = None,
    add: float | str | None = None,
    to: str = "only0",
    drop00: bool = False,
    correct: bool = True,
    cutoff: float = 2.0,
    impossible: Impossible = "raise",
) -> EffectSizes:
    """Effect sizes and their sampling variances, one a study.

    Parameters
    ----------
    data
        A data frame or a mapping of columns; the other arguments then name its columns. Without it they are
        sequences of numbers (a scalar is repeated).
    measure
        One of :data:`~needlepoint.effects.measures.MEASURES`: "MD", "SMD", "RR", "OR", "RD", "ZCOR", ...
    study
        Labels of the studies; numbered when there are none.
    subset
        A mask, or row numbers counted from 0, of the rows to keep.
    flip
        A mask of the studies whose sign is turned (their arms, or their scale, run the other way); ``raw`` has
        their arms swapped.
    vtype
        Kind of sampling variance, one for all or one a study; ``MEASURES[measure].vtypes`` are on offer.
    add, to, drop00
        The constant for zero cells (a number, "treatment-arm" or "empirical"; 0.5, or 0 where a measure does
        not need it), to which studies it goes ("only0", "all", "if0all", "none"), and whether studies without
        any events, or with nothing but events, go without a value.
    correct
        Small-sample corrections of the estimate (Hedges' factor and its kin).
    cutoff
        Standardised differences beyond this size are noted as probable slips.
    impossible
        What to do with impossible numbers (more events than participants, a negative sd): "raise", or "note",
        which leaves them out and names the studies.

    Raises
    ------
    InputError
        Columns that are not there or do not suffice, and impossible numbers, with the study's label.

    >>> es = effect_sizes(measure="OR", ai=[4], n1i=[123], ci=[11], n2i=[139])
    >>> es.yi.round(4).tolist(), es.vi.round(4).tolist()
    ([-0.9387], [0.3571])
    """
    letters = {
        "ai": ai,
        "bi": bi,
        "ci": ci,
        "di": di,
        "n1i": n1i,
        "n2i": n2i,
        "x1i": x1i,
        "x2i": x2i,
        "t1i": t1i,
        "t2i": t2i,
        "m1i": m1i,
        "m2i": m2i,
        "sd1i": sd1i,
        "sd2i": sd2i,
        "xi": xi,
        "mi": mi,
        "ri": ri,
        "ti": ti,
        "fi": fi,
        "pi": pi,
        "sdi": sdi,
        "r2i": r2i,
        "ni": ni,
        "yi": yi,
        "vi": vi,
        "sei": sei,
    }
    given = {letter: value for letter, value in letters.items() if value is not None}
    check(measure, Measure, field="measure")
    check(to, Addition, field="to")
    check(impossible, Impossible, field="impossible")
    spec = MEASURES[measure]
    arrays, names = _resolve(data, given, study)
    kept = columns.column(data, subset, field="subset")
    rows = None if kept is None else _rows(kept, len(names))
    arrays, names, flips = _keep(arrays, names, rows, columns.column(data, flip, field="flip"))
    table = data if rows is None or data is None else columns.take(data, rows)
    notebook = Notebook(study=names.__getitem__, lenient=impossible == "note")
    if notebook.lenient:
        arrays = {letter: array.copy() for letter, array in arrays.items()}
    _refuse_endless(arrays, notebook)
    how = Settings(_constant(spec, add), to, drop00, correct, cutoff)
    if "yi" in arrays:
        spec = _as_given(spec)
    with np.errstate(all="ignore"):  # what has no value is named below
        raw = spec.family.complete(_select(measure, spec, arrays), notebook)
        _note_broken_counts(raw, spec.family.counts, notebook)
        prepared = spec.family.prepare(raw, how, notebook)
        found = _compute(spec, prepared, _vtypes(spec, vtype, table, len(names)), how)
    yi_, vi_ = _clean(found, arrays, notebook)
    if spec.review is not None:
        spec.review(raw, Measured(yi_, vi_), how, notebook)
    if flips is not None:
        yi_ = np.where(flips, -yi_, yi_)
        raw = _swapped(raw, spec.family.arms, flips)
        notebook.note("sign turned (flip)", flips)
    total = spec.family.total(raw)
    return EffectSizes(
        measure=measure,
        yi=yi_,
        vi=vi_,
        study=names,
        ni=total if total is not None else np.full(len(names), np.nan),
        notes=tuple(notebook.notes),
        derived=tuple(notebook.derived),
        raw=raw,
        data=table,
        library=columns.library_of(data),
    )


def _note_broken_counts(raw: Columns, letters: tuple[str, ...], notebook: Notebook) -> None:
    """Events that are no whole numbers are taken as they are, but not without a word."""
    given = [raw[letter] for letter in letters if letter in raw]
    with np.errstate(invalid="ignore"):
        if any(bool((np.abs(column - np.rint(column)) > _WHOLE).any()) for column in given):
            broken = np.any([np.abs(column - np.rint(column)) > _WHOLE for column in given], axis=0)
            notebook.note("events that are no whole numbers, taken as given", broken)


_WHOLE = 1e-6  # recovered counts are whole to rounding

_LARGEST = 1e90  # cubes of what is read stay finite


def _refuse_endless(arrays: dict[str, Vector], notebook: Notebook) -> None:
    """Refuse numbers that are infinite, or beyond what can be computed with."""
    for letter, values in arrays.items():
        if letter in {"yi", "vi", "sei"} or not (np.abs(values) > _LARGEST).any():
            continue  # given effects are judged where they are used
        notebook.refuse("an infinite number", np.isinf(values), field=letter, values=values, allowed="finite")
        limit = f"up to {_LARGEST:g}, in another unit"
        large = np.abs(values) > _LARGEST
        notebook.refuse("too large to compute with", large, field=letter, values=values, allowed=limit)


def _as_given(spec: MeasureSpec) -> MeasureSpec:
    """The same measure, its estimates already computed."""
    given = MEASURES["GEN"]
    return replace(spec, family=given.family, kernel=given.kernel, accepts=None, vtypes=given.vtypes)


def _resolve(data: Any, given: dict[str, Any], study: Any) -> tuple[dict[str, Vector], Sequence[str]]:
    arrays = {letter: columns.numbers(data, value, field=letter) for letter, value in given.items()}
    k = max((len(a) for a in arrays.values()), default=0)
    for letter, array in arrays.items():
        if len(array) == 1 and k > 1 and np.ndim(given[letter]) == 0:
            arrays[letter] = np.repeat(array, k)
        elif len(array) != k:
            raise InputError("columns of different lengths", field=letter, got=len(array), allowed=k)
    if study is None and k > _MANY:
        return arrays, Numbered(range(1, k + 1))
    return arrays, columns.labels(data, study, k=k)


_MANY = 10_000  # studies without names above which labels are made only when read


def _keep(
    arrays: dict[str, Vector], names: Sequence[str], rows: Ints | None, flip: Any
) -> tuple[dict[str, Vector], Sequence[str], Bools | None]:
    flips = None if flip is None else np.atleast_1d(np.asarray(flip, dtype=bool))
    if flips is not None and len(flips) != len(names):
        raise InputError("one entry a study is needed", field="flip", got=len(flips), allowed=len(names))
    if rows is None:
        return arrays, names, flips
    kept = tuple(names[int(i)] for i in rows)
    return {a: v[rows] for a, v in arrays.items()}, kept, None if flips is None else flips[rows]


def _rows(subset: Any, k: int) -> Ints:
    rows = np.asarray(subset)
    if rows.dtype == bool:
        if rows.shape != (k,):
            raise InputError("one entry a study is needed", field="subset", got=rows.shape, allowed=k)
        return np.flatnonzero(rows)
    if rows.dtype.kind not in "iu" or rows.ndim != 1 or (rows.size and not 0 <= rows.min() <= rows.max() < k):
        raise InputError(
            "no such rows", field="subset", got=subset, allowed=f"a mask, or numbers 0 to {k - 1}"
        )
    return rows.astype(np.intp)


def _select(measure: str, spec: MeasureSpec, arrays: dict[str, Vector]) -> dict[str, Vector]:
    """The columns that this measure reads; refuses a set of columns that suffices for no alternative."""
    wanted = {letter for alternative in spec.alternatives for letter in alternative}
    if not any(all(letter in arrays for letter in alternative) for alternative in spec.alternatives):
        raise InputError(
            f"the columns given do not suffice for {measure} ({spec.label})",
            field="measure",
            got=" ".join(sorted(arrays)) or "no columns",
            allowed=" or ".join(" ".join(alternative) for alternative in spec.alternatives),
        )
    wanted |= {letter for alternative in spec.family.accepts for letter in alternative}
    extra = sorted(set(arrays) - wanted - {"ni", "n1i", "n2i"})
    if extra:
        raise InputError(
            f"{measure} ({spec.label}) does not read {' '.join(extra)}",
            field=extra[0],
            allowed=" or ".join(" ".join(alternative) for alternative in spec.alternatives),
        )
    return dict(arrays)


def _swapped(raw: dict[str, Vector], arms: tuple[tuple[str, str], ...], flips: Bools) -> dict[str, Vector]:
    """The columns with the arms swapped where signs are turned, so that tables tell the same story."""
    out = dict(raw)
    for one, two in arms:
        if one in raw and two in raw:
            out[one] = np.where(flips, raw[two], raw[one])
            out[two] = np.where(flips, raw[one], raw[two])
    return out


def _constant(spec: MeasureSpec, add: float | str | None) -> float | str:
    if add is None:
        return spec.add
    if isinstance(add, str):
        if add not in ("treatment-arm", "empirical"):
            raise InputError("unknown continuity correction", field="add", got=add, allowed=_ADDS)
        return add
    if not add >= 0:
        raise InputError("a continuity correction below zero", field="add", got=add, allowed=_ADDS)
    return float(add)


_ADDS = "a number >= 0, 'treatment-arm' or 'empirical'"


def _vtypes(spec: MeasureSpec, vtype: Any, data: Any, k: int) -> tuple[str, ...]:
    """One kind of variance for all studies, or one a study; checked against what the measure offers."""
    if vtype is None:
        return (spec.vtypes[0],)
    if isinstance(vtype, str):
        names = columns.column_names(data)
        asked = tuple(columns.column(data, vtype, field="vtype")) if vtype in names else (vtype,)
    else:
        asked = tuple(vtype)
    for v in asked:
        if v not in spec.vtypes:
            raise InputError(
                f"unknown vtype for {spec.label}", field="vtype", got=v, allowed=", ".join(spec.vtypes)
            )
    if len(asked) not in (1, k):
        raise InputError("one vtype, or one a study", field="vtype", got=len(asked), allowed=k)
    return asked


def _compute(spec: MeasureSpec, prepared: Any, vtypes: tuple[str, ...], how: Settings) -> Measured:
    found = spec.kernel(prepared, vtypes[0], how)
    for kind in sorted(set(vtypes) - {vtypes[0]}):
        other = spec.kernel(prepared, kind, how)
        rows = np.array([v == kind for v in vtypes])
        found = Measured(np.where(rows, other.yi, found.yi), np.where(rows, other.vi, found.vi))
    return found


def _clean(found: Measured, given: Columns, notebook: Notebook) -> Measured:
    """NaN, with a note, where there is no finite estimate or no usable variance."""
    yi, vi = found
    sound = np.isfinite(yi) & (vi >= 0.0) & (vi < np.inf)
    if sound.all():
        return found
    no_value = ~np.isfinite(yi)
    gaps = {letter: no_value & np.isnan(column) for letter, column in given.items()}
    missing = np.any(list(gaps.values()), axis=0)
    letters = ", ".join(letter for letter, gap in gaps.items() if gap.any())
    notebook.note(f"no effect size, values missing ({letters})", no_value & missing)
    notebook.note("no effect size, undefined for these values", no_value & ~missing)
    notebook.note("no sampling variance", ~no_value & ~sound)
    return Measured(np.where(no_value, np.nan, yi), np.where(sound, vi, np.nan))
