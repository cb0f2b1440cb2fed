"""Look up what a pack holds: one trial, or the rows behind one question."""

from __future__ import annotations

from needlepoint.errors import InputError
from needlepoint.evidence.question import Question
from needlepoint.evidence.schema import Arm, Contrast, Measurement, Pack, Published, RiskOfBias, Source, Trial
from needlepoint.evidence.terms import descendants, in_line
from needlepoint.options import did_you_mean
from needlepoint.result import Result, record

__all__ = ["CellRows", "TrialRecord", "cell_rows", "find_source", "find_trial"]


@record
class TrialRecord(Result):
    """A trial with everything that the pack holds of it."""

    trial: Trial
    arms: tuple[Arm, ...]
    measurements: tuple[Measurement, ...]
    contrasts: tuple[Contrast, ...]
    risk_of_bias: tuple[RiskOfBias, ...]
    sources: tuple[Source, ...]


@record
class CellRows(Result):
    """The rows that bear on a question, used or kept out."""

    question: Question
    measurements: tuple[Measurement, ...]
    contrasts: tuple[Contrast, ...]
    published: tuple[Published, ...]


def find_trial(pack: Pack, trial: str) -> TrialRecord:
    """Everything of one trial; capital letters do not matter.

    Raises
    ------
    InputError
        No such trial; names the closest.
    """
    ids = {t.id.casefold(): t for t in pack.trials}
    found = ids.get(trial.casefold())
    if found is None:
        mend = did_you_mean(trial, (t.id for t in pack.trials), most=3)
        raise InputError("unknown trial", field="trial", got=trial, mend=mend)
    measurements = tuple(m for m in pack.measurements if m.trial == found.id)
    contrasts = tuple(c for c in pack.contrasts if c.trial == found.id)
    judged = tuple(r for r in pack.risk_of_bias if r.trial == found.id)
    used = {r.source for r in (found, *measurements, *contrasts, *judged)}
    return TrialRecord(
        trial=found,
        arms=tuple(a for a in pack.arms if a.trial == found.id),
        measurements=measurements,
        contrasts=contrasts,
        risk_of_bias=judged,
        sources=tuple(s for s in pack.sources if s.id in used),
        notes=tuple(pack.flags[f] for f in found.flags),
    )


def find_source(pack: Pack, source: str) -> Source:
    """One source by its id.

    Raises
    ------
    InputError
        No such source; names the closest.
    """
    ids = {s.id: s for s in pack.sources}
    if source not in ids:
        mend = did_you_mean(source, ids, most=3)
        raise InputError("unknown source", field="source", got=source, mend=mend)
    return ids[source]


def cell_rows(pack: Pack, question: Question) -> CellRows:
    """Every row that bears on a question: narrower terms count, what the question leaves open is not asked."""
    treatments = descendants(pack, question.treatment)
    conditions = descendants(pack, question.condition)
    against = descendants(pack, question.comparator) if question.comparator else None
    arms = {(a.trial, a.id): a.treatment for a in pack.arms}
    trials = {
        t.id
        for t in pack.trials
        if t.condition in conditions and _fits(pack, t.population, question.population)
    }
    groups = {t: {arm for (trial, _), arm in arms.items() if trial == t} for t in trials}

    def bears(row: Measurement | Contrast) -> bool:
        in_trial = row.trial in trials and bool(groups[row.trial] & treatments)
        rest = groups.get(row.trial, set[str]()) - treatments
        versus = bool(rest) if against is None else bool(rest & against)
        return in_trial and versus and _is(row.outcome, question.outcome) and _is(row.window, question.window)

    def side(treatment: str) -> bool:
        return treatment in treatments or against is None or treatment in against

    return CellRows(
        question=question,
        measurements=tuple(m for m in pack.measurements if bears(m) and side(arms[m.trial, m.arm])),
        contrasts=tuple(c for c in pack.contrasts if bears(c) and _sides(c, arms, treatments, against)),
        published=tuple(
            p for p in pack.published if _bears(pack, p, question, treatments, conditions, against)
        ),
    )


def _is(value: str, asked: str | None) -> bool:
    return asked is None or value == asked


def _sides(
    c: Contrast, arms: dict[tuple[str, str], str], treatments: frozenset[str], against: frozenset[str] | None
) -> bool:
    first, second = arms[c.trial, c.arm], arms[c.trial, c.comparator]
    if first in treatments and second not in treatments:
        return against is None or second in against
    return second in treatments and first not in treatments and (against is None or first in against)


def _fits(pack: Pack, population: str, asked: str | None) -> bool:
    return asked is None or not population or in_line(pack, population, asked)


def _bears(
    pack: Pack,
    p: Published,
    question: Question,
    treatments: frozenset[str],
    conditions: frozenset[str],
    against: frozenset[str] | None,
) -> bool:
    return (
        p.treatment in treatments
        and p.condition in conditions
        and (against is None or p.comparator in against)
        and _fits(pack, p.population, question.population)
        and _is(p.outcome, question.outcome)
        and (not p.window or _is(p.window, question.window))
    )
