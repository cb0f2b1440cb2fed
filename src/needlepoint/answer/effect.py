"""Rows of one trial -> its effect: arms combined, spreads recovered, each derivation named."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from needlepoint.answer.eligible import Candidate
from needlepoint.answer.result import ArmSummary, TrialEffect
from needlepoint.effects.api import effect_sizes
from needlepoint.effects.recovery.arms import combine_arms
from needlepoint.effects.recovery.standard_deviation import sd_from_p, sd_from_se
from needlepoint.effects.recovery.wald import effect_from_ci, effect_from_p
from needlepoint.evidence.schema import Contrast, Instrument, Measurement, Pack

__all__ = ["CellMeasure", "choose_measure", "contrast_effect", "pool_means", "trial_effect"]

CellMeasure = Literal["MD", "SMD", "RR", "RD"]

# Two reported differences that share one comparison group are correlated; one half is exact for arms of equal
# size and spread: Cochrane Handbook, section 23.3.4
SHARED_CONTROL_CORRELATION = 0.5


def choose_measure(candidates: Sequence[Candidate]) -> CellMeasure:
    """MD where every trial used one instrument, SMD otherwise; RR for counts of people."""
    if any(c.treated and c.treated[0].metric == "events" for c in candidates):
        return "RR"
    if any(row.metric == "RR" for c in candidates for row in c.contrasts):
        return "RR"
    if any(row.metric == "SMD" for c in candidates for row in c.contrasts):
        return "SMD"
    return "MD" if len({c.instrument for c in candidates}) == 1 else "SMD"


def trial_effect(pack: Pack, candidate: Candidate, measure: CellMeasure) -> TrialEffect | None:
    """The effect of one trial on the analysis scale (SMD: lower is better); None where the rows cannot give it."""
    instrument = next(i for i in pack.instruments if i.id == candidate.instrument)
    if candidate.contrasts:
        return _from_contrasts(pack, candidate, measure, instrument)
    if measure in {"RR", "RD"}:
        return _from_events(pack, candidate, measure)
    return _from_means(pack, candidate, measure, instrument)


def _from_events(pack: Pack, candidate: Candidate, measure: CellMeasure) -> TrialEffect | None:
    if any(row.events is None for row in (*candidate.treated, *candidate.control)):
        return None
    treated, control = _pool_events(candidate.treated), _pool_events(candidate.control)
    es = effect_sizes(
        measure=measure, ai=[treated.events], n1i=[treated.n], ci=[control.events], n2i=[control.n]
    )
    yi, vi = float(es.yi[0]), float(es.vi[0])
    if not math.isfinite(yi):
        return None
    return _record(pack, candidate, yi, vi, "events", treated, control, es.derived)


def _pool_events(rows: Sequence[Measurement]) -> ArmSummary:
    return ArmSummary(
        n=sum(r.n or 0 for r in rows),
        events=sum(r.events or 0 for r in rows),
        arms=tuple(r.arm for r in rows),
    )


def _from_means(
    pack: Pack, candidate: Candidate, measure: CellMeasure, instrument: Instrument
) -> TrialEffect | None:
    if candidate.treated[0].metric == "events":
        return None
    treated, how_t = pool_means(candidate.treated)
    control, how_c = pool_means(candidate.control)
    es = effect_sizes(
        measure=measure,
        m1i=[treated.mean],
        sd1i=[treated.sd],
        n1i=[treated.n],
        m2i=[control.mean],
        sd2i=[control.sd],
        n2i=[control.n],
    )
    sign = _orientation(measure, instrument)
    kind = "final value" if candidate.treated[0].metric == "mean" else "change"
    derived = tuple(dict.fromkeys((*how_t, *how_c)))
    effect = _record(
        pack, candidate, sign * float(es.yi[0]), float(es.vi[0]), kind, treated, control, derived
    )
    return replace(effect, orientation=sign)


def _orientation(measure: CellMeasure, instrument: Instrument) -> float:
    """Standardised differences of instruments that run in opposite directions are turned to "lower is better"."""
    return -1.0 if measure == "SMD" and instrument.better == "higher" else 1.0


def pool_means(rows: Sequence[Measurement]) -> tuple[ArmSummary, list[str]]:
    """One side of a trial from its rows of means, arms combined, and what was derived on the way."""
    derived: list[str] = []
    sds: list[float] = []
    for row in rows:
        if row.sd is not None:
            sds.append(row.sd)
        else:
            assert row.se is not None
            assert row.n is not None
            recovered = sd_from_se(row.se, row.n)
            sds.append(recovered["sd"])
            derived.append(f"{row.arm}: {recovered.how}")
    ns = [row.n or 0 for row in rows]
    means = [row.mean or 0.0 for row in rows]
    arms = tuple(row.arm for row in rows)
    if len(rows) == 1:
        return ArmSummary(n=ns[0], mean=means[0], sd=sds[0], arms=arms), derived
    combined = combine_arms(list(zip(ns, means, sds, strict=True)))
    derived.append(f"{' + '.join(arms)}: {combined.how}")
    return ArmSummary(n=int(combined["n"]), mean=combined["mean"], sd=combined["sd"], arms=arms), derived


def _from_contrasts(
    pack: Pack, candidate: Candidate, measure: CellMeasure, instrument: Instrument
) -> TrialEffect | None:
    effects: list[tuple[float, float]] = []
    derived: list[str] = []
    for row in candidate.contrasts:
        found = contrast_effect(row, measure, instrument)
        if found is None:
            return None
        yi, vi, how = found
        effects.append((yi, vi))
        derived.append(how)
    yi, vi = effects[0]
    if len(effects) > 1:
        yi, vi = _average_sharing_control(effects)
        derived.append(f"{len(effects)} differences from one comparison group averaged (correlation 0.5)")
    treated, control = _contrast_arms(candidate.contrasts)
    return _record(pack, candidate, yi, vi, "reported difference", treated, control, tuple(derived))


def _average_sharing_control(effects: Sequence[tuple[float, float]]) -> tuple[float, float]:
    m = len(effects)
    yi = sum(y for y, _ in effects) / m
    var = sum(v for _, v in effects)
    var += sum(
        SHARED_CONTROL_CORRELATION * math.sqrt(v * w)
        for i, (_, v) in enumerate(effects)
        for j, (_, w) in enumerate(effects)
        if i != j
    )
    return yi, var / m**2


def _contrast_arms(contrasts: Sequence[Contrast]) -> tuple[ArmSummary | None, ArmSummary | None]:
    if any(row.n_arm is None or row.n_comparator is None for row in contrasts):
        return None, None
    n_treated = sum(row.n_arm or 0 for row in contrasts)
    return (
        ArmSummary(n=n_treated, arms=tuple(row.arm for row in contrasts)),
        ArmSummary(n=contrasts[0].n_comparator or 0, arms=(contrasts[0].comparator,)),
    )


def contrast_effect(
    row: Contrast, measure: CellMeasure, instrument: Instrument
) -> tuple[float, float, str] | None:
    """Effect, variance and derivation of a reported difference; None where the row cannot give the measure."""
    if measure == "RR" and row.metric == "RR" and row.ci_low and row.ci_high:
        recovered = effect_from_ci(row.estimate, row.ci_low, row.ci_high, ratio=True)
        return recovered["yi"], recovered["vi"], recovered.how
    if row.metric not in {"MD", "SMD"} or measure not in {"MD", "SMD"}:
        return None
    spread = _contrast_se(row)
    if spread is None:
        return None
    se, how = spread
    if row.metric == measure:
        return row.estimate, se**2, how
    if row.metric == "SMD" or row.n_arm is None or row.n_comparator is None:
        return None
    sd = se / math.sqrt(1 / row.n_arm + 1 / row.n_comparator)
    es = effect_sizes(
        measure="SMD",
        m1i=[row.estimate],
        m2i=[0.0],
        sd1i=[sd],
        sd2i=[sd],
        n1i=[row.n_arm],
        n2i=[row.n_comparator],
    )
    sign = _orientation("SMD", instrument)
    return sign * float(es.yi[0]), float(es.vi[0]), f"{how}; sd of both groups from that: {sd:.3g}"


def _contrast_se(row: Contrast) -> tuple[float, str] | None:
    """Standard error of a reported difference and how it was found; None where nothing printed gives one."""
    if row.se is not None:
        return row.se, "standard error as reported"
    if row.ci_low is not None and row.ci_high is not None:
        recovered = effect_from_ci(row.estimate, row.ci_low, row.ci_high)
    elif row.p is None:
        return None
    elif row.n_arm is not None and row.n_comparator is not None:
        recovered = sd_from_p(row.estimate, row.p, row.n_arm, row.n_comparator)
    else:
        recovered = effect_from_p(row.estimate, row.p)
    return recovered["se"], recovered.how


def _record(
    pack: Pack,
    candidate: Candidate,
    yi: float,
    vi: float,
    kind: Literal["final value", "change", "reported difference", "events"],
    treated: ArmSummary | None,
    control: ArmSummary | None,
    derived: Sequence[str],
) -> TrialEffect:
    trial = candidate.trial
    arms = {a.id: a for a in pack.arms if a.trial == trial.id}
    control_ids = [r.arm for r in candidate.control] or [r.comparator for r in candidate.contrasts]
    shams = dict.fromkeys(arms[a].sham_kind for a in control_ids if arms[a].sham_kind)
    n = None if treated is None or control is None else treated.n + control.n
    files = ["contrasts.csv" if isinstance(r, Contrast) else "measurements.csv" for r in candidate.rows]
    return TrialEffect(
        trial=trial.id,
        label=_label(trial.id, trial.year),
        year=trial.year,
        instrument=candidate.instrument,
        instrument_label=next(i.label for i in pack.instruments if i.id == candidate.instrument),
        kind=kind,
        treated=treated,
        control=control,
        n=n,
        yi=yi,
        vi=vi,
        sham_kind=", ".join(shams),
        weeks=candidate.weeks,
        use=candidate.use,
        derived=(*derived, *dict.fromkeys(r.derived for r in candidate.rows if r.derived)),
        sources=tuple(dict.fromkeys([*(r.source for r in candidate.rows), trial.source])),
        rows=tuple(f"{file}:{row.row}" for file, row in zip(files, candidate.rows, strict=True)),
    )


def _label(trial: str, year: int | None) -> str:
    """Trial id as a name: "Brinkhaus2006" -> "Brinkhaus 2006"."""
    if year is not None and str(year) in trial:
        name, _, rest = trial.partition(str(year))
        return f"{name} {year}{rest}".strip().replace("_", " ")
    return trial
