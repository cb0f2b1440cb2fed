"""One cell of the answer: select, pool, look for weak points, grade, and say it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from needlepoint.answer import words
from needlepoint.answer.effect import CellMeasure, choose_measure
from needlepoint.answer.eligible import select
from needlepoint.answer.judge import grade_cell
from needlepoint.answer.pooled import effects_of, pool_trials, scale_of, shown_prediction
from needlepoint.answer.probability import with_probabilities
from needlepoint.answer.published import certainty_of, leading, matching
from needlepoint.answer.result import Cell, CellKey, Excluded, TrialEffect
from needlepoint.answer.say import with_words
from needlepoint.answer.scale import benefit, published_estimate, show
from needlepoint.answer.sensitivity import sensitivity_of
from needlepoint.evidence.schema import Pack
from needlepoint.pooling.api import pool

__all__ = ["build_cell"]

# a published result leads where fewer trials than this can be pooled here
MIN_TRIALS_TO_LEAD = 3


def build_cell(pack: Pack, key: CellKey) -> Cell:
    """Walk the chain for one cell; a cell without poolable trials still shows what others published."""
    selection = select(pack, key)
    measure = choose_measure(selection.chosen) if selection.chosen else None
    trials, lost = effects_of(pack, selection.chosen, measure)
    cell = _frame(pack, key, excluded=(*selection.excluded, *lost))
    if measure is not None and trials:
        cell = _pooled_cell(pack, cell, trials, measure)
    return with_words(_with_lead(pack, cell))


def _frame(pack: Pack, key: CellKey, excluded: tuple[Excluded, ...]) -> Cell:
    terms = {t.id: t for t in pack.terms}
    windows = {w.id: w for w in pack.windows}
    labels = {
        name: terms[getattr(key, name)].plain if getattr(key, name) in terms else getattr(key, name)
        for name in ("treatment", "condition", "population", "comparator", "outcome")
    }
    window = windows.get(key.window)
    labels["window"] = window.plain.partition(" (")[0] if window else ""
    labels["window_label"] = window.label if window else ""
    labels["comparator_label"] = terms[key.comparator].label
    labels["outcome_label"] = terms[key.outcome].label
    labels["more"] = terms[key.outcome].more
    return Cell(
        key=key,
        labels=labels,
        group=terms[key.comparator].group or "active",
        excluded=excluded,
        published=matching(pack, key),
    )


def _pooled_cell(pack: Pack, cell: Cell, trials: tuple[TrialEffect, ...], measure: CellMeasure) -> Cell:
    scale = scale_of(pack, cell.key.outcome, trials, measure)
    fit = pool_trials(trials)
    total = sum(1 / (t.vi + fit["tau2"]) for t in trials)
    weighted = tuple(replace(t, weight=1 / (t.vi + fit["tau2"]) / total) for t in trials)
    people = None if any(t.n is None for t in trials) else sum(t.n or 0 for t in trials)
    result = replace(
        cell,
        measure=measure,
        n=people,
        trials=weighted,
        scale=scale,
        own_scale=scale,
        shown=show(scale, fit["estimate"], fit["ci_low"], fit["ci_high"]),
        shown_pi=shown_prediction(scale, fit),
        **fit,
    )
    result = with_probabilities(pack, replace(result, lead="own"))
    result = replace(result, grade=grade_cell(pack, result))
    return replace(
        result, sensitivity=sensitivity_of(pack, result, measure), **_checks(weighted, scale.factor)
    )


def _checks(trials: Sequence[TrialEffect], factor: float) -> dict[str, str]:
    """One line each on influence and small-study effects in the shown unit, where there are trials enough."""
    if len(trials) < 3:
        return {}
    from needlepoint.bias.report_line import small_study_line
    from needlepoint.pooling.influence import influence_line

    yi, vi = [factor * t.yi for t in trials], [factor**2 * t.vi for t in trials]
    pooled = pool(yi=yi, vi=vi, study=[t.label for t in trials])
    return {"influence": influence_line(pooled), "small_study": small_study_line(pooled)}


def _with_lead(pack: Pack, cell: Cell) -> Cell:
    """Who leads: our own pooling with two trials or more, else a published result, else the one trial."""
    row = leading(cell.published, cell.key.condition)
    own = cell.k >= MIN_TRIALS_TO_LEAD
    if own or row is None:
        lead = "own" if cell.k else "none"
        certainty = cell.grade.certainty if cell.grade else "not judged"
        return replace(cell, lead=lead, certainty=certainty)
    sd = cell.scale.factor if cell.scale is not None and cell.measure == "SMD" else None
    converted = published_estimate(pack, row, sd)
    if converted is None:
        return replace(cell, lead="own" if cell.k else "none")
    why = (
        f"only {cell.k} of our own trials can be pooled here, so the published result leads"
        if cell.k
        else "no trial in the pack can be used here, so the published result leads"
    )
    shown, scale = converted
    own_note = _own_note(cell)
    return replace(
        cell,
        lead="published",
        lead_why=why,
        leading=row,
        shown=shown,
        shown_pi=None,
        scale=scale,
        certainty=certainty_of(row),
        notes=(*cell.notes, *own_note),
    )


def _own_note(cell: Cell) -> tuple[str, ...]:
    if cell.shown is None or cell.scale is None:
        return ()
    better = benefit(cell.scale, cell.shown)
    names = words.joined([t.label for t in cell.trials])
    ours = "our one trial" if cell.k == 1 else f"our {cell.k} trials"
    interval = f"[{words.number(better.ci_low)}, {words.number(better.ci_high)}]"
    return (f"{ours} ({names}): {words.number(better.value)} {interval} {cell.scale.unit} better",)
