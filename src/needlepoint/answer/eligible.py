"""Which rows of the pack answer a cell: one entry a trial, several arms of one treatment counted once.

Choice within a trial, in this order: rows meant for the main analysis; the first instrument of the pack's list;
final values, then changes from baseline, then a reported difference; the time nearest to the end of treatment.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeVar

from needlepoint.answer.result import CellKey, Excluded
from needlepoint.evidence.schema import Contrast, Measurement, Pack, Trial, Use
from needlepoint.evidence.terms import descendants
from needlepoint.result import record

__all__ = ["Candidate", "Selection", "cell_keys", "select"]

_KIND_RANK = {"mean": 0, "change": 1, "events": 0}
Row = TypeVar("Row", Measurement, Contrast)

_USE_RANK = {"main": 0, "sensitivity": 1}


@record
class Candidate:
    """The rows of one trial that can fill one cell: both sides as arms, or reported differences."""

    trial: Trial
    instrument: str
    weeks: float | None
    use: Use
    treated: tuple[Measurement, ...] = ()
    control: tuple[Measurement, ...] = ()
    contrasts: tuple[Contrast, ...] = ()

    @property
    def rows(self) -> tuple[Measurement | Contrast, ...]:
        """All rows, treated first."""
        return (*self.treated, *self.control, *self.contrasts)


@record
class Selection:
    """One candidate a trial, and what was left out and why."""

    chosen: tuple[Candidate, ...]
    excluded: tuple[Excluded, ...]


def cell_keys(pack: Pack, treatment: str, condition: str) -> tuple[CellKey, ...]:
    """Every cell of a treatment and condition that has at least one row, in the pack's own order."""
    treatments = descendants(pack, treatment)
    trials = {t.id: t for t in pack.trials if t.condition == condition}
    arms = {(a.trial, a.id): a.treatment for a in pack.arms}
    opposite: dict[str, list[str]] = {}
    for arm in pack.arms:
        if arm.trial in trials and arm.treatment not in treatments:
            opposite.setdefault(arm.trial, []).append(arm.treatment)
    found: dict[CellKey, None] = {}
    for row in (*pack.measurements, *pack.contrasts):
        trial = trials.get(row.trial)
        if trial is None or row.use == "never":
            continue
        sides = [arms[(row.trial, row.arm)]]
        if isinstance(row, Contrast):
            sides.append(arms[(row.trial, row.comparator)])
        if not treatments.intersection(sides):
            continue
        comparators = (
            [s for s in sides if s not in treatments] if len(sides) == 2 else opposite.get(trial.id, [])
        )
        for comparator in comparators:
            found[
                CellKey(
                    treatment=treatment,
                    condition=condition,
                    population=trial.population,
                    comparator=comparator,
                    outcome=row.outcome,
                    window=row.window,
                )
            ] = None
    return tuple(key for key in found if _has_both_sides(pack, key))


def _has_both_sides(pack: Pack, key: CellKey) -> bool:
    return any(_candidates(rows) for rows in _rows_of(pack, key))


@record
class _TrialRows:
    """The rows of one trial in one cell, with what each arm got."""

    trial: Trial
    key: CellKey
    treatments: frozenset[str]
    arms: dict[str, str]
    measurements: list[Measurement]
    contrasts: list[Contrast]


def _rows_of(pack: Pack, key: CellKey) -> list[_TrialRows]:
    """Rows of the cell's outcome and time, trial by trial, in the pack's order."""
    treatments = descendants(pack, key.treatment)
    found = {
        t.id: _TrialRows(trial=t, key=key, treatments=treatments, arms={}, measurements=[], contrasts=[])
        for t in pack.trials
        if t.condition == key.condition and t.population == key.population
    }
    for row in pack.measurements:
        if row.outcome == key.outcome and row.window == key.window and row.trial in found:
            found[row.trial].measurements.append(row)
    for row in pack.contrasts:
        if row.outcome == key.outcome and row.window == key.window and row.trial in found:
            found[row.trial].contrasts.append(row)
    for arm in pack.arms:
        if arm.trial in found:
            found[arm.trial].arms[arm.id] = arm.treatment
    return [rows for rows in found.values() if rows.measurements or rows.contrasts]


def select(pack: Pack, key: CellKey, uses: Sequence[Use] = ("main",)) -> Selection:
    """Choose one candidate a trial among rows whose ``use`` is allowed; name everything left out."""
    order = {instrument.id: i for i, instrument in enumerate(pack.instruments)}
    chosen: list[Candidate] = []
    excluded: list[Excluded] = []
    for rows in _rows_of(pack, key):
        candidates = _candidates(rows)
        allowed = sorted((c for c in candidates if c.use in uses), key=lambda c: _preference(order, c))
        chosen += allowed[:1]
        for candidate in candidates:
            if candidate.use not in uses:
                excluded += _reasons(candidate, rejected="kept for the sensitivity analysis")
            elif candidate is not allowed[0]:
                kept = f"the same trial is in with {allowed[0].instrument}, {_kind(allowed[0])}"
                excluded.append(Excluded(trial=rows.trial.id, what=_what(candidate), why=kept))
        excluded += _unusable(rows)
    return Selection(chosen=tuple(chosen), excluded=tuple(dict.fromkeys(excluded)))


def _reasons(candidate: Candidate, rejected: str) -> list[Excluded]:
    whys = dict.fromkeys(row.why for row in candidate.rows if row.use != "main" and row.why)
    return [Excluded(trial=candidate.trial.id, what=_what(candidate), why="; ".join(whys) or rejected)]


def _what(candidate: Candidate) -> str:
    weeks = "" if candidate.weeks is None else f", week {candidate.weeks:g}"
    return f"{candidate.instrument}, {_kind(candidate)}{weeks}"


def _kind(candidate: Candidate) -> str:
    if candidate.contrasts:
        return f"reported {candidate.contrasts[0].metric}"
    return {"mean": "final values", "change": "changes", "events": "events"}[candidate.treated[0].metric]


def _preference(order: dict[str, int], candidate: Candidate) -> tuple[int, int, int, float]:
    kind = 2 if candidate.contrasts else _KIND_RANK[candidate.treated[0].metric]
    weeks = float("inf") if candidate.weeks is None else candidate.weeks
    return _USE_RANK[candidate.use], order.get(candidate.instrument, len(order)), kind, weeks


def _candidates(rows: _TrialRows) -> list[Candidate]:
    return [*_arm_candidates(rows), *_contrast_candidates(rows)]


def _arm_candidates(rows: _TrialRows) -> list[Candidate]:
    groups: dict[tuple[object, ...], list[Measurement]] = {}
    for row in rows.measurements:
        if row.use != "never" and _complete(row):
            groups.setdefault((row.instrument, row.metric, row.weeks), []).append(row)
    found: list[Candidate] = []
    for group in _main_apart(groups.values()):
        treated = tuple(r for r in group if rows.arms[r.arm] in rows.treatments)
        control = tuple(r for r in group if rows.arms[r.arm] == rows.key.comparator)
        if treated and control:
            found.append(
                Candidate(
                    trial=rows.trial,
                    instrument=group[0].instrument,
                    weeks=group[0].weeks,
                    use=_worst((*treated, *control)),
                    treated=treated,
                    control=control,
                )
            )
    return found


def _contrast_candidates(rows: _TrialRows) -> list[Candidate]:
    groups: dict[tuple[object, ...], list[Contrast]] = {}
    for row in rows.contrasts:
        if row.use != "never" and _compares(rows, row) and _poolable(row):
            groups.setdefault((row.instrument, row.metric, row.weeks), []).append(row)
    return [
        Candidate(
            trial=rows.trial,
            instrument=group[0].instrument,
            weeks=group[0].weeks,
            # a risk ratio printed without its counts is adjusted in ways that the other trials are not
            use="sensitivity" if group[0].metric == "RR" else _worst(group),
            contrasts=tuple(group),
        )
        for group in _main_apart(groups.values())
    ]


def _main_apart(groups: Iterable[list[Row]]) -> list[list[Row]]:
    """Rows for the main analysis by themselves, then together with flagged ones."""
    out: list[list[Row]] = []
    for group in groups:
        main = [row for row in group if row.use == "main"]
        out += [main] if main else []
        out += [group] if len(main) < len(group) else []
    return out


def _compares(rows: _TrialRows, row: Contrast) -> bool:
    return rows.arms[row.arm] in rows.treatments and rows.arms[row.comparator] == rows.key.comparator


def _complete(row: Measurement) -> bool:
    if row.n is None:
        return False
    if row.metric == "events":
        return row.events is not None
    return row.metric in _KIND_RANK and row.mean is not None and (row.sd is not None or row.se is not None)


def _poolable(row: Contrast) -> bool:
    """A difference of a kind that can be pooled, with something that tells its spread."""
    spread = row.se is not None or row.p is not None or (row.ci_low is not None and row.ci_high is not None)
    return row.metric in {"MD", "SMD", "RR"} and spread


def _worst(rows: Iterable[Measurement | Contrast]) -> Use:
    return "main" if all(r.use == "main" for r in rows) else "sensitivity"


def _unusable(rows: _TrialRows) -> list[Excluded]:
    """Rows of the cell that can never be pooled: medians, percentages, no spread, marked "never"."""
    out: list[Excluded] = []
    for row in rows.measurements:
        if rows.arms[row.arm] in rows.treatments and (row.use == "never" or not _complete(row)):
            why = row.why or "no spread or number of people given"
            out.append(Excluded(trial=rows.trial.id, what=f"{row.instrument}, {row.metric}", why=why))
    for row in rows.contrasts:
        if _compares(rows, row) and (row.use == "never" or not _poolable(row)):
            why = row.why or f"a {row.metric} is never mixed with mean differences"
            out.append(
                Excluded(trial=rows.trial.id, what=f"{row.instrument}, reported {row.metric}", why=why)
            )
    return out
