"""What a pack holds: one frozen record a kind of row. Numbers, citations, addresses; no borrowed sentences.

Every record that states a number carries ``source``, the id of a row in ``sources.csv``.
"""

from __future__ import annotations

from dataclasses import field
from typing import Literal

from needlepoint.result import record

__all__ = [
    "Arm",
    "Contrast",
    "Fact",
    "Guideline",
    "Harm",
    "Instrument",
    "Judgement",
    "Measurement",
    "Pack",
    "Published",
    "RiskOfBias",
    "Source",
    "Term",
    "Trial",
    "Window",
]

SourceKind = Literal[
    "abstract",
    "full text",
    "registry",
    "review table",
    "data set",
    "guideline",
    "authority",
    "secondary",
    "mirror",
]
Direction = Literal["lower", "higher"]  # which end of the scale is better
Metric = Literal["mean", "change", "median", "events", "percent"]
ContrastMetric = Literal["MD", "SMD", "RR", "OR", "RD", "HR", "median difference"]
Use = Literal["main", "sensitivity", "never"]
Group = Literal["no treatment", "usual care", "sham", "active", "mixed"]
ShamKind = Literal["penetrating", "non-penetrating", "mock device", "placebo drug", "hands-on"]


@record
class Source:
    """Where a row was read: citation, address, kind of copy."""

    id: str
    citation: str
    url: str
    kind: SourceKind
    doi: str = ""
    pmid: str = ""
    note: str = ""


@record
class Term:
    """A word of the field: the id used in every other file, the words shown, the words people type."""

    id: str
    kind: Literal["treatment", "condition", "comparator", "outcome", "population"]
    label: str  # as a table shows it
    plain: str  # as a sentence says it
    synonyms: tuple[str, ...] = ()
    parent: str = (
        ""  # "spinal manipulation" has parent "manual therapy"; "sciatica" has parent "low back pain"
    )
    group: Group | Literal[""] = ""  # what it is as a comparator; treatments are "active"
    role: Literal["main", "harms", ""] = ""  # outcomes: "main" ones stand in the answer's table
    more: Literal["good", "bad", ""] = ""  # outcomes: is more of it good ("function") or bad ("pain")?
    implies: str = ""  # conditions: the population that comes with it ("pregnancy")
    heterogeneity: str = ""  # outcomes: its kind in the published tables of heterogeneity ("pain")
    nature: Literal["pharmacological", "non-pharmacological", ""] = ""  # treatments and comparators
    unlike: tuple[str, ...] = ()  # phrases that contain its words and mean something else
    note: str = ""


@record
class Window:
    """A span of follow-up, in weeks from the END of treatment (``after`` exclusive, ``to`` inclusive).

    Both empty: the window is not counted in weeks ("during" treatment), or has no end.
    """

    id: str
    label: str
    plain: str
    order: int
    after: float | None = None
    to: float | None = None
    synonyms: tuple[str, ...] = ()


@record
class Instrument:
    """An outcome scale: range, the better end, and the minimal important change for one person."""

    id: str
    label: str
    outcome: str
    low: float | None  # empty: no fixed range
    high: float | None
    better: Direction
    mic: float | None = None  # minimal important change for an individual, in the instrument's units
    reference_sd: float | None = None  # SD used to show an SMD in these units
    source: str = ""  # of the mic
    sd_source: str = ""
    note: str = ""


@record
class Trial:
    """A randomized trial."""

    id: str
    citation: str
    year: int | None
    country: str
    condition: str  # term id
    population: str  # term id: acute, chronic, pregnancy ...
    n_randomized: int | None
    randomization: Literal["randomized", "quasi-randomized"]
    source: str
    sessions: str = ""
    weeks: str = ""
    needles: str = ""
    flags: tuple[
        str, ...
    ] = ()  # why a reader should be careful, one word each; explained in pack.toml [flags]
    note: str = ""


@record
class Arm:
    """One arm of a trial, as a treatment term with the trial's own words."""

    trial: str
    id: str
    treatment: str  # term id (a treatment or a comparator)
    label: str
    n: int | None
    sham_kind: ShamKind | Literal[""] = ""  # empty: no sham, or the source does not say


@record
class Measurement:
    """One arm's summary of one outcome at one time."""

    trial: str
    arm: str
    outcome: str
    instrument: str
    weeks: float | None
    window: str
    metric: Metric
    n: int | None
    mean: float | None
    sd: float | None
    se: float | None
    events: int | None
    source: str
    use: Use = "main"
    why: str = ""  # why not in the main analysis, or how a value was derived
    derived: str = ""
    row: int = 0  # line of the file, for provenance


@record
class Contrast:
    """A reported difference between two arms (first minus second, in the instrument's units)."""

    trial: str
    arm: str
    comparator: str  # arm id
    outcome: str
    instrument: str
    weeks: float | None
    window: str
    metric: ContrastMetric
    estimate: float
    ci_low: float | None
    ci_high: float | None
    se: float | None
    p: float | None
    n_arm: int | None
    n_comparator: int | None
    source: str
    use: Use = "main"
    why: str = ""
    derived: str = ""
    row: int = 0


@record
class Published:
    """A pooled result that others published; always shown as theirs."""

    id: str
    review: str  # e.g. "Cochrane 2020"
    year: int | None
    kind: Literal["systematic review", "ipd meta-analysis", "network meta-analysis", "health agency", "trial"]
    treatment: str
    comparator: str
    condition: str
    population: str
    outcome: str
    window: str
    timepoint: str  # the review's own words for the time
    k: int | None
    n: int | None
    metric: str  # MD, SMD, RR, OR, RD, percent, narrative
    unit: str  # "0-100", "0-10", "RMDQ 0-24", ""
    better: Direction | Literal[""]
    estimate: float | None
    ci_low: float | None
    ci_high: float | None
    i2: float | None
    certainty: str
    source: str
    role: Literal["lead", "support", "history", "check"] = (
        "support"  # may it lead an answer that we cannot pool?
    )
    statement: str = ""  # our own words, for narrative rows
    note: str = ""


@record
class Harm:
    """A rate of unwanted events, with its denominator."""

    id: str
    treatment: str
    what: str
    serious: bool
    events: int | None
    denominator: int | None
    per: Literal["patients", "treatments", "reports"]
    rate: float | None  # a fraction of the denominator
    ci_low: float | None
    ci_high: float | None
    design: str
    source: str
    lead: bool = False  # shown first
    note: str = ""


@record
class Guideline:
    """What a body recommends, when, and why bodies differ."""

    id: str
    issuer: str
    country: str
    year: int | None
    treatment: str
    condition: str
    population: str
    position: Literal["for", "against", "conditional", "no position"]
    strength: str
    statement: str  # our own words
    reason: str
    source: str
    status: Literal["current", "superseded", "lapsed", "unknown"] = "unknown"
    superseded_by: str = ""


@record
class RiskOfBias:
    """A judgement that a review printed for one domain of one trial."""

    trial: str
    domain: str
    judgement: Literal["low", "some concerns", "unclear", "high"]
    source: str
    judged_by: str
    note: str = ""


@record
class Fact:
    """A sourced number that is no pooled result: natural course, prevalence, cost, dose, minimal change."""

    id: str
    topic: str
    statement: str  # our own words
    value: float | None
    low: float | None
    high: float | None
    unit: str
    population: str
    source: str
    note: str = ""


@record
class Judgement:
    """A certainty domain that a human judged for one cell; beats the rule."""

    treatment: str
    comparator: str
    population: str
    outcome: str
    window: str
    domain: Literal["risk of bias", "inconsistency", "indirectness", "imprecision", "publication bias"]
    levels: int  # 0, 1 or 2 levels down
    reason: str
    judged_by: str


@record
class Pack:
    """All the data of one field, validated."""

    id: str
    title: str
    version: str
    date: str  # ISO date of the last change
    searched: str  # ISO date of the last search
    statement: str  # how the rows were made, to be shown with every answer
    first: str  # what a reader must know before anything else: urgent signs
    digest: str
    condition: str  # the condition meant when a question names none
    flags: dict[str, str]  # trial flag -> what it means
    terms: tuple[Term, ...]
    windows: tuple[Window, ...]
    sources: tuple[Source, ...]
    instruments: tuple[Instrument, ...]
    trials: tuple[Trial, ...]
    arms: tuple[Arm, ...]
    measurements: tuple[Measurement, ...]
    contrasts: tuple[Contrast, ...]
    published: tuple[Published, ...]
    harms: tuple[Harm, ...]
    guidelines: tuple[Guideline, ...]
    risk_of_bias: tuple[RiskOfBias, ...]
    facts: tuple[Fact, ...]
    judgements: tuple[Judgement, ...] = ()
    missing: tuple[str, ...] = field(default=())  # what was looked for and not found, in our own words
