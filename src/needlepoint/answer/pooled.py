"""Trials of one cell -> one pooled result, with the scale it is shown on."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from needlepoint.answer.effect import CellMeasure, trial_effect
from needlepoint.answer.eligible import Candidate
from needlepoint.answer.result import POOLED_NUMBERS, Excluded, Scale, TrialEffect
from needlepoint.answer.scale import instrument_scale, show, standardised_scale
from needlepoint.evidence.schema import Pack
from needlepoint.pooling.api import pool
from needlepoint.stats.distributions import wald_interval

__all__ = ["METHOD", "effects_of", "pool_trials", "scale_of", "shown_prediction"]

LEVEL = 0.95
METHOD = "REML, Hartung-Knapp-Sidik-Jonkman interval never narrower than Wald's"


def effects_of(
    pack: Pack, candidates: Sequence[Candidate], measure: CellMeasure | None
) -> tuple[tuple[TrialEffect, ...], tuple[Excluded, ...]]:
    """Effects of the chosen trials; those whose rows cannot give the measure are named."""
    trials: list[TrialEffect] = []
    lost: list[Excluded] = []
    for candidate in candidates:
        effect = None if measure is None else trial_effect(pack, candidate, measure)
        if effect is None:
            what = f"{candidate.instrument}, week {candidate.weeks}"
            why = f"its rows cannot give a {measure}"
            lost.append(Excluded(trial=candidate.trial.id, what=what, why=why))
        else:
            trials.append(effect)
    return tuple(trials), tuple(lost)


def pool_trials(trials: Sequence[TrialEffect]) -> dict[str, Any]:
    """The pooled numbers of a cell; one trial keeps its own interval, and says so."""
    if len(trials) == 1:
        yi, se = trials[0].yi, math.sqrt(trials[0].vi)
        low, high = wald_interval(yi, se, LEVEL)
        note = "one trial: its own interval, nothing is pooled"
        return {
            "k": 1,
            "estimate": yi,
            "se": se,
            "ci_low": low,
            "ci_high": high,
            "tau2": 0.0,
            "method": "one trial",
            "notes": (note,),
        }
    pooled = pool(
        yi=[t.yi for t in trials], vi=[t.vi for t in trials], study=[t.label for t in trials], method="REML"
    )
    fit = {name: getattr(pooled, name) for name in ("k", *POOLED_NUMBERS, "notes")} | {"method": METHOD}
    if len(trials) == 2:
        fit["notes"] = (
            *pooled.notes,
            "two trials say little about how far trials differ: the interval is very wide",
        )
    return fit


def scale_of(pack: Pack, outcome: str, trials: Sequence[TrialEffect], measure: CellMeasure) -> Scale:
    """The unit in which a measure is shown."""
    instrument = next(i for i in pack.instruments if i.id == trials[0].instrument)
    if measure == "RR":
        return Scale(unit="times as many people", better=instrument.better, log=True, how="risk ratio")
    if measure == "MD":
        return instrument_scale(instrument)
    return standardised_scale(pack, outcome, trials)


def shown_prediction(scale: Scale, fit: dict[str, Any]) -> tuple[float, float] | None:
    """The prediction interval in the shown unit; None where there is none."""
    if fit.get("pi_low") is None:
        return None
    shown = show(scale, fit["estimate"], fit["pi_low"], fit["pi_high"])
    return shown.ci_low, shown.ci_high
