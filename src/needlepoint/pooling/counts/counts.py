"""The tables of counts behind effect sizes: complete studies, zero-cell corrections, uninformative studies."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple, TypedDict, cast

import numpy as np

from needlepoint.arrays import Bools, Vector
from needlepoint.effects.api import effect_sizes
from needlepoint.effects.result import EffectSizes
from needlepoint.errors import InputError, NotEnoughStudies
from needlepoint.options import did_you_mean
from needlepoint.pooling.design import Design
from needlepoint.pooling.inputs import Inputs
from needlepoint.pooling.result import Coefficient
from needlepoint.result import digest
from needlepoint.stats.distributions import two_sided_normal, wald_interval

__all__ = [
    "CountTables",
    "Counts",
    "Vector",
    "corrected",
    "empty_studies",
    "named",
    "pair_of_rules",
    "possible_tables",
    "read_counts",
    "refuse_all_empty",
    "refuse_parts",
    "study_note",
    "two_arms",
    "zero_cells",
]

ZeroCellRule = Literal["only0", "all", "if0all", "none"]

CELLS: dict[str, tuple[str, ...]] = {
    "OR": ("ai", "bi", "ci", "di"),
    "RR": ("ai", "bi", "ci", "di"),
    "RD": ("ai", "bi", "ci", "di"),
    "PETO": ("ai", "bi", "ci", "di"),
    "IRR": ("x1i", "t1i", "x2i", "t2i"),
    "IRD": ("x1i", "t1i", "x2i", "t2i"),
    "PLO": ("xi", "ni"),
    "IRLN": ("xi", "ti"),
}
MOST = 1e15  # above it a count of one more is no other number
TIMES = frozenset({"t1i", "t2i", "ti"})
COUNTED = frozenset({"ai", "bi", "ci", "di", "x1i", "x2i", "xi"})  # a correction leaves person-time alone


class Counts(TypedDict, total=False):
    """The letters of tables of counts: each a column of ``data`` by name, or numbers, one a study.

    ``ai bi ci di`` are the events and non-events of arm 1 and arm 2, ``n1i n2i`` their sizes; ``x1i t1i x2i t2i``
    events and person-time of two arms; ``xi ni`` (or ``xi mi``, without events) and ``xi ti`` those of one group.
    """

    ai: Any
    bi: Any
    ci: Any
    di: Any
    n1i: Any
    n2i: Any
    x1i: Any
    t1i: Any
    x2i: Any
    t2i: Any
    xi: Any
    mi: Any
    ni: Any
    ti: Any


class CountTables(NamedTuple):
    """Complete studies: labels, the cells as they were reported, and each study's own effect (NaN if none)."""

    study: tuple[str, ...]
    cells: Mapping[str, Vector]
    yi: Vector
    vi: Vector
    kept: Bools  # of the rows that came in
    notes: tuple[str, ...]

    def rows(self, keep: Bools) -> CountTables:
        """The studies under the mask."""
        return CountTables(
            tuple(named(self.study, keep)),
            {name: values[keep] for name, values in self.cells.items()},
            self.yi[keep],
            self.vi[keep],
            _narrowed(self.kept, keep),
            self.notes,
        )

    def noted(self, note: str) -> CountTables:
        """With one more note."""
        return self._replace(notes=(*self.notes, note))

    def naming(self, problem: str, where: Bools) -> CountTables:
        """With a note on the studies under the mask, if there are any."""
        return self.noted(study_note(problem, named(self.study, where))) if where.any() else self


def _narrowed(kept: Bools, keep: Bools) -> Bools:
    narrowed = kept.copy()
    narrowed[kept] = keep
    return narrowed


def named(study: Sequence[str], where: Bools) -> list[str]:
    """Labels of the studies under the mask."""
    return [s for s, here in zip(study, where.tolist(), strict=True) if here]


def possible_tables(cells: Mapping[str, Vector]) -> float:
    """How many tables the margins allow, summed over studies: what exact methods sum over."""
    if "x1i" in cells:
        return float((cells["x1i"] + cells["x2i"]).sum())
    arms = np.minimum(cells["ai"] + cells["bi"], cells["ci"] + cells["di"])
    return float(np.minimum(arms, cells["ai"] + cells["ci"]).sum())


def study_note(problem: str, study: Sequence[str], most: int = 8) -> str:
    """One note: how many studies, what holds for them, and which."""
    more = f" and {len(study) - most} more" if len(study) > most else ""
    count = f"{len(study)} {'study' if len(study) == 1 else 'studies'}"
    return f"{count} {problem}: {', '.join(study[:most])}{more}"


def read_counts(
    data: Any,
    columns: Counts,
    *,
    measure: str,
    study: Any,
    method: str,
    add: float = 0.5,
    to: str = "only0",
    drop00: bool = True,
) -> CountTables:
    """Read the counts of ``measure`` from data, or take those that an ``EffectSizes`` keeps.

    The zero-cell rules concern the studies' own effects alone. ``method`` is what a refusal calls the caller.

    Raises
    ------
    InputError
        Letters or columns that are not there, impossible counts, an ``EffectSizes`` without counts.
    NotEnoughStudies
        No study with complete counts.
    """
    given = cast("Mapping[str, Any]", columns)
    for letter in given:
        if letter not in Counts.__annotations__:
            allowed = ", ".join(Counts.__annotations__)
            raise InputError(
                "unknown argument",
                field=letter,
                allowed=allowed,
                mend=did_you_mean(letter, Counts.__annotations__),
            )
    if isinstance(data, EffectSizes):
        given, study = _kept_cells(data, measure), data.study
        data = None
    present: dict[str, Any] = {name: values for name, values in given.items() if values is not None}
    es = effect_sizes(data, measure=measure, study=study, add=add, to=to, drop00=drop00, **present)
    counts = _complete(es, CELLS[measure], method)
    _refuse_uncountable(counts)
    return counts


def _refuse_uncountable(counts: CountTables) -> None:
    for name, values in counts.cells.items():
        if values.max(initial=0.0) > MOST:
            i = int(values.argmax())
            raise InputError(
                "no table counts so many",
                field=name,
                study=counts.study[i],
                got=float(values[i]),
                allowed=f"up to {MOST:g}",
            )


def _kept_cells(es: EffectSizes, measure: str) -> Mapping[str, Vector]:
    missing = [name for name in CELLS[measure] if name not in es.raw]
    if missing:
        raise InputError(
            f"these effect sizes ({es.measure}) keep no counts for {measure}",
            field="data",
            got=", ".join(es.raw) or "no counts",
            allowed=", ".join(CELLS[measure]),
        )
    return {name: es.raw[name] for name in CELLS[measure]}


def _complete(es: EffectSizes, cells: tuple[str, ...], method: str) -> CountTables:
    table = {name: es.raw[name] for name in cells}
    counted = np.asarray(np.isfinite(np.stack(list(table.values()))).all(axis=0))
    inhabited = _inhabited(table)
    kept = counted & inhabited
    if not kept.any():
        raise NotEnoughStudies(method, needs=1, got=0, hint="no study has complete counts")
    everyone = CountTables(tuple(es.study), table, es.yi, es.vi, np.ones_like(kept), ())
    everyone = everyone.naming("left out for missing counts", ~counted)
    found = everyone.naming("left out, for a group is empty", counted & ~inhabited).rows(kept)
    found = found.naming("with events that are no whole numbers, taken as given", _broken(found.cells))
    times = Counter(found.study)
    twice = np.array([times[name] > 1 for name in found.study], dtype=bool)
    return found.naming("under a label that occurs more than once, taken as independent", twice)


def _broken(cells: Mapping[str, Vector]) -> Bools:
    """Studies with events in parts."""
    parts = [np.abs(values - np.rint(values)) > 1e-6 for name, values in cells.items() if name in COUNTED]
    return np.asarray(np.any(parts, axis=0))


def _inhabited(cells: Mapping[str, Vector]) -> Bools:
    """Studies with people in every group."""
    if "ai" in cells:
        return (cells["ai"] + cells["bi"] > 0) & (cells["ci"] + cells["di"] > 0)
    size = cells.get("ni")
    return np.ones(len(next(iter(cells.values()))), dtype=bool) if size is None else size > 0


def empty_studies(cells: Mapping[str, Vector]) -> Bools:
    """Studies with no events, or nothing but events, in both groups."""
    if "x1i" in cells:
        return (cells["x1i"] == 0) & (cells["x2i"] == 0)
    return ((cells["ai"] == 0) & (cells["ci"] == 0)) | ((cells["bi"] == 0) & (cells["di"] == 0))


def refuse_all_empty(cells: Mapping[str, Vector]) -> None:
    """Refuse tables of which none can inform on a ratio.

    Raises
    ------
    InputError
        No study has events (and, of people, non-events).
    """
    if empty_studies(cells).all():
        if "x1i" in cells:
            raise InputError("no study has any events", field="x1i, x2i")
        raise InputError("no study has both events and non-events", field="ai, ci")


def refuse_parts(counts: CountTables, method: str) -> None:
    """Refuse parts of a person or an event, which have no exact probability.

    Raises
    ------
    InputError
        Names the column and the study.
    """
    for name, values in counts.cells.items():
        parts = values != np.round(values)
        if name not in TIMES and parts.any():
            i = int(parts.argmax())
            raise InputError(
                f"{method} needs whole numbers", field=name, study=counts.study[i], got=float(values[i])
            )


def two_arms(cells: Mapping[str, Vector]) -> tuple[tuple[Vector, Vector], tuple[Vector, Vector]]:
    """Events and sizes of each of the two groups."""
    return (cells["ai"], cells["ai"] + cells["bi"]), (cells["ci"], cells["ci"] + cells["di"])


def zero_cells(cells: Mapping[str, Vector]) -> Bools:
    """Studies with a count of zero."""
    return np.asarray(np.stack([cells[name] == 0 for name in cells if name in COUNTED]).any(axis=0))


def corrected(cells: Mapping[str, Vector], add: float, to: str) -> Mapping[str, Vector]:
    """Add ``add`` to the counts of studies with a zero count ("only0"), of all, of all if any has one, or none."""
    zero = zero_cells(cells)
    if to == "all" or (to == "if0all" and zero.any()):
        zero = np.ones_like(zero)
    elif to != "only0":
        return cells
    return {
        name: np.where(zero, values + add, values) if name in COUNTED else values
        for name, values in cells.items()
    }


def pair_of_rules(value: Any, second: Any, *, field: str) -> tuple[Any, Any]:
    """Two settings: for the single studies' effects, and for the pooling itself (``second`` if unsaid)."""
    if isinstance(value, list | tuple):
        pair: list[Any] = list(value)
        if len(pair) != 2:
            raise InputError("give one value, or two", field=field, got=value)
        return pair[0], pair[1]
    return value, second


def studies_of(counts: CountTables, design: Design, measure: str, data: Any = None) -> Inputs:
    """The studies of a model of counts, as every fitted model holds them."""
    return Inputs(
        yi=counts.yi,
        vi=counts.vi,
        study=counts.study,
        design=design,
        weights=None,
        ni=None,
        rows=np.flatnonzero(counts.kept),
        measure=measure,
        notes=counts.notes,
        data=data,
        given=len(counts.kept),
    )


def fit_fields(
    counts: CountTables, measure: str, method: str, coefficient: Coefficient, level: float
) -> dict[str, Any]:
    """The fields that every one-coefficient model of counts has."""
    k = len(counts.study)
    return {
        "notes": counts.notes,
        "measure": measure,
        "method": method,
        "level": level,
        "k": k,
        "coefficients": (coefficient,),
        "studies": studies_of(counts, Design(np.ones((k, 1)), (coefficient.term,)), measure),
        "input_digest": digest(*counts.cells.values(), measure, method, level),
    }


def wald_coefficient(estimate: float, se: float, level: float) -> Coefficient:
    """The one coefficient of a model, with its normal test and interval."""
    low, high = wald_interval(estimate, se, level)
    return only_coefficient(estimate, se, estimate / se, low, high)


def only_coefficient(estimate: float, se: float, statistic: float, low: float, high: float) -> Coefficient:
    """The one coefficient of a model whose ``statistic`` is normal without an effect."""
    return Coefficient(
        term="intercept",
        estimate=estimate,
        se=se,
        statistic=statistic,
        df=None,
        p_value=two_sided_normal(statistic),
        ci_low=low,
        ci_high=high,
    )
