"""The same cell under other choices: only those that change something."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from needlepoint.answer import words
from needlepoint.answer.effect import CellMeasure, choose_measure
from needlepoint.answer.eligible import select
from needlepoint.answer.pooled import effects_of, pool_trials, scale_of
from needlepoint.answer.result import Cell, Scale, Sensitivity, TrialEffect
from needlepoint.answer.scale import instrument_scale, show
from needlepoint.evidence.schema import Pack
from needlepoint.options import IntervalTest, Tau2Method
from needlepoint.pooling.api import pool

__all__ = ["sensitivity_of"]


def sensitivity_of(pack: Pack, cell: Cell, measure: CellMeasure) -> tuple[Sensitivity, ...]:
    """The same cell under other choices; only those that change something."""
    trials = cell.trials
    lines: list[Sensitivity] = []
    if len(trials) > 1:
        lines.append(_refit(cell, "common effect instead of random effects", method="EE", test="z"))
        lines.append(_refit(cell, "interval without the guard", method="REML", test="HKSJ"))
    lines += _with_flagged(pack, cell)
    if measure == "SMD":
        lines += _one_instrument(pack, cell)
    if any(t.kind != "final value" for t in trials) and any(t.kind == "final value" for t in trials):
        finals = [t for t in trials if t.kind == "final value"]
        lines.append(_subset(cell, finals, "final values only"))
    lines += _by_sham(cell)
    if measure == "RR":
        lines += _risk_difference(pack, cell)
    return tuple(lines)


def _refit(cell: Cell, label: str, *, method: Tau2Method, test: IntervalTest) -> Sensitivity:
    pooled = pool(yi=[t.yi for t in cell.trials], vi=[t.vi for t in cell.trials], method=method, test=test)
    return _line(cell, label, {"k": pooled.k, **_ends(pooled)})


def _ends(pooled: Any) -> dict[str, float]:
    return {name: getattr(pooled, name) for name in ("estimate", "ci_low", "ci_high")}


def _line(
    cell: Cell, label: str, fit: dict[str, Any], scale: Scale | None = None, why: str = ""
) -> Sensitivity:
    used = scale or cell.scale
    assert used is not None
    shown = show(used, fit["estimate"], fit["ci_low"], fit["ci_high"])
    return Sensitivity(label=label, k=fit["k"], shown=shown, unit=used.unit, why=why)


def _subset(cell: Cell, trials: Sequence[TrialEffect], label: str) -> Sensitivity:
    return _line(cell, label, pool_trials(trials))


def _with_flagged(pack: Pack, cell: Cell) -> list[Sensitivity]:
    wider = select(pack, cell.key, uses=("main", "sensitivity")).chosen
    if {c.trial.id for c in wider} == {t.trial for t in cell.trials}:
        return []
    measure = choose_measure(wider)
    trials, _ = effects_of(pack, wider, measure)
    if len(trials) <= len(cell.trials):
        return []
    scale = scale_of(pack, cell.key.outcome, trials, measure)
    added = sorted({t.label for t in trials if t.use == "sensitivity"})
    why = f"adds rows kept out of the main analysis: {words.joined(added)}"
    return [_line(cell, "with flagged rows", pool_trials(trials), scale, why)]


def _one_instrument(pack: Pack, cell: Cell) -> list[Sensitivity]:
    counts: dict[str, int] = {}
    for trial in cell.trials:
        counts[trial.instrument] = counts.get(trial.instrument, 0) + 1
    instrument_id = max(counts, key=lambda i: counts[i])
    chosen = [c for c in select(pack, cell.key).chosen if c.instrument == instrument_id]
    if len(counts) < 2 or counts[instrument_id] < 2:
        return []
    trials, _ = effects_of(pack, chosen, "MD")
    instrument = next(i for i in pack.instruments if i.id == instrument_id)
    if len(trials) < 2:
        return []
    label = f"mean difference, {instrument.label} only"
    return [_line(cell, label, pool_trials(trials), instrument_scale(instrument))]


def _by_sham(cell: Cell) -> list[Sensitivity]:
    kinds = dict.fromkeys(t.sham_kind for t in cell.trials if t.sham_kind)
    if len(kinds) < 2:
        return []
    return [_subset(cell, [t for t in cell.trials if t.sham_kind == kind], f"sham: {kind}") for kind in kinds]


def _risk_difference(pack: Pack, cell: Cell) -> list[Sensitivity]:
    chosen = [c for c in select(pack, cell.key).chosen if c.treated]
    trials, _ = effects_of(pack, chosen, "RD")
    if not trials:
        return []
    per_100 = Scale(
        unit="more people of 100", better=cell.scale.better if cell.scale else "higher", factor=100
    )
    return [_line(cell, "risk difference", pool_trials(trials), per_100)]
