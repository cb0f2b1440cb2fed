"""What an answer is made of; every number keeps the way back to its trial, its source and its computation."""

from __future__ import annotations

from dataclasses import field
from typing import Any, Literal

from needlepoint.certainty.grade import Grade
from needlepoint.evidence.emergencies import Emergency
from needlepoint.evidence.question import Question
from needlepoint.evidence.schema import Fact, Guideline, Harm, Published, Source
from needlepoint.options import Certainty
from needlepoint.result import Result, record

__all__ = [
    "Answer",
    "ArmSummary",
    "Cell",
    "CellKey",
    "Estimate",
    "Excluded",
    "Scale",
    "Sensitivity",
    "TrialEffect",
]

Lead = Literal["own", "published", "none"]
POOLED_NUMBERS = ("estimate", "se", "ci_low", "ci_high", "pi_low", "pi_high", "tau2", "i2", "q", "q_p")
"""What a cell carries over from the pooled result of its trials."""


@record
class CellKey:
    """What one pooled number is about: term ids of the pack."""

    treatment: str
    condition: str
    population: str
    comparator: str
    outcome: str
    window: str


@record
class ArmSummary:
    """One side of a trial, arms of the same treatment combined."""

    n: int
    mean: float | None = None
    sd: float | None = None
    events: int | None = None
    arms: tuple[str, ...] = ()


@record
class TrialEffect:
    """What one trial gives to one cell: its numbers, its effect on the analysis scale, where they were read."""

    trial: str
    label: str
    year: int | None
    instrument: str  # id in the pack
    instrument_label: str
    kind: Literal["final value", "change", "reported difference", "events"]
    treated: ArmSummary | None
    control: ArmSummary | None
    n: int | None
    yi: float
    vi: float
    weight: float = 0.0  # share of the pooled estimate
    orientation: float = 1.0  # -1: the instrument runs the other way and was turned
    sham_kind: str = ""
    weeks: float | None = None
    use: str = "main"
    derived: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()  # source ids
    rows: tuple[str, ...] = ()  # "measurements.csv:12"


@record
class Excluded:
    """A row or trial that is not in the main analysis, and why."""

    trial: str
    what: str
    why: str


@record
class Scale:
    """How an estimate is shown: in which unit, and which direction is better."""

    unit: str  # "points of 100", "times as many people", "standard deviations"
    instrument: str = ""  # label of the instrument whose points these are
    better: Literal["lower", "higher"]
    factor: float = 1.0  # shown = factor * analysis value (standard deviations to points)
    log: bool = False  # shown = exp(analysis value)
    mid: float | None = None  # minimal important difference, in the shown unit
    mid_source: str = ""
    how: str = ""  # how the unit was reached, with its number


@record
class Estimate:
    """An estimate with its interval, in the shown unit."""

    value: float
    ci_low: float
    ci_high: float


@record
class Sensitivity:
    """The same cell under another choice."""

    label: str
    k: int
    shown: Estimate
    unit: str
    why: str = ""


@record
class Cell(Result):
    """One comparison, outcome and time: our pooled result beside what others published."""

    key: CellKey
    labels: dict[str, str]  # key field -> words
    group: str  # comparator group: no treatment, usual care, sham, active
    measure: str | None = None  # MD, SMD, RR; None when nothing can be pooled
    k: int = 0
    n: int | None = None
    estimate: float | None = None  # analysis scale (log for ratios)
    se: float | None = None
    ci_low: float | None = None
    ci_high: float | None = None
    pi_low: float | None = None
    pi_high: float | None = None
    tau2: float | None = None
    i2: float | None = None
    q: float | None = None
    q_p: float | None = None
    method: str = ""
    scale: Scale | None = None  # of what is shown
    own_scale: Scale | None = None  # of our own trials, also where a published result leads
    shown: Estimate | None = None
    shown_pi: tuple[float, float] | None = None
    classical: Estimate | None = None  # where the Bayesian interval is shown: the classical one, same unit
    trials: tuple[TrialEffect, ...] = ()
    excluded: tuple[Excluded, ...] = ()
    sensitivity: tuple[Sensitivity, ...] = ()
    p_benefit: float | None = None  # posterior probability of any benefit; None for fewer than two trials
    p_important: float | None = None  # ... of one beyond the minimal important difference
    credible: Estimate | None = (
        None  # posterior median and 95% credible interval of our own trials, in their unit
    )
    influence: str = ""
    small_study: str = ""
    grade: Grade | None = None
    published: tuple[Published, ...] = ()
    lead: Lead = "none"
    lead_why: str = ""
    leading: Published | None = None  # the published result that leads, shown on our scale in ``shown``
    certainty: Certainty = "not judged"
    statement: str = ""  # GRADE informative statement
    of_100: str = ""  # the same as a count of people


@record
class Answer(Result):
    """A question with its pooled results, certainty, harms, guidelines, alternatives and plain words."""

    question: Question
    headline: str  # the one sentence that comes first
    words: tuple[str, ...]  # a short paragraph for people
    cells: tuple[Cell, ...]  # the table, in the order to be read
    more: tuple[Cell, ...]  # other times, outcomes and populations
    duration: tuple[str, ...]
    harms: tuple[Harm, ...]
    harm_words: tuple[str, ...]
    alternatives: tuple[Published, ...]
    alternative_words: tuple[str, ...]
    guidelines: tuple[Guideline, ...]
    guideline_words: str
    facts: tuple[Fact, ...]
    missing: tuple[str, ...]
    sources: dict[str, Source] = field(default_factory=dict[str, Source])
    labels: dict[str, str] = field(default_factory=dict[str, str])
    red_flags: str = ""
    pack: str = ""
    pack_version: str = ""
    pack_digest: str = ""
    pack_statement: str = ""
    searched: str = ""
    input_digest: str = ""
    pack_id: str = ""
    fits: tuple[str, ...] = ()  # how the trials fit the person of the question
    emergency: Emergency | None = None  # then nothing else is answered

    def tidy(self) -> list[dict[str, Any]]:
        """One row a comparison, outcome and time: the table first, then the rest."""
        return [_row(cell, in_table=cell in self.cells) for cell in (*self.cells, *self.more)]

    def summary(self) -> str:
        """The first screen, as the command line prints it."""
        from needlepoint.doors import write_summary

        return write_summary(self)

    def _repr_html_(self) -> str:
        from needlepoint.doors import write_page

        return write_page(self)


def _row(cell: Cell, *, in_table: bool) -> dict[str, Any]:
    key, shown = cell.key, cell.shown
    return {
        "comparator": key.comparator,
        "outcome": key.outcome,
        "window": key.window,
        "population": key.population,
        "in_table": in_table,
        "lead": cell.lead,
        "published_by": None if cell.leading is None else cell.leading.review,
        "certainty": cell.certainty,
        "shown": None if shown is None else shown.value,
        "shown_low": None if shown is None else shown.ci_low,
        "shown_high": None if shown is None else shown.ci_high,
        "unit": None if cell.scale is None else cell.scale.unit,
        "k": cell.k,
        "n": cell.n,
        "measure": cell.measure,
        **{name: getattr(cell, name) for name in (*POOLED_NUMBERS, "p_benefit", "p_important")},
        "credible_low": None if cell.credible is None else cell.credible.ci_low,
        "credible_high": None if cell.credible is None else cell.credible.ci_high,
    }
