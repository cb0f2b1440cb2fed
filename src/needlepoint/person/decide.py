"""Decision aid after IPDAS: the decision, the options in equal detail, what matters to you; it never decides.

Elwyn et al. (2006), doi:10.1136/bmj.38926.629329.AE; Joseph-Williams et al. (2014), doi:10.1177/0272989X13501721.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from needlepoint.errors import InputError, PackError
from needlepoint.evidence.load import load_pack
from needlepoint.evidence.schema import Fact, Instrument, Pack
from needlepoint.person.answers import as_answers
from needlepoint.person.choices import Choice, named, read_choices
from needlepoint.person.priors import load_priors
from needlepoint.person.rules import LEVELS, RuleSource, load_rules, pack_file
from needlepoint.person.screen import Screening, clean, evaluate
from needlepoint.result import Result, record

__all__ = ["CoursePoint", "Credential", "Decision", "decide"]

NEEDED = (
    *("decision", "for_whom", "condition", "condition_facts", "update", "funding", "not_done", "reviewed"),
    *("weeks", "instrument", "noticed", "counts_fact", "counts_words"),
    *("emergencies", "condition_title", "gain", "course", "course_words", "scale_words"),
    *("guidelines_of", "why_guidelines_disagree", "less_sure"),
    *("options", "values", "steps", "questions", "credentials", "sources"),
)


@record
class CoursePoint:
    """Mean on the pack's scale of people in cohorts, some weeks after they sought care."""

    who: str
    weeks: float
    mean: float
    low: float
    high: float
    source: str
    url: str


@record
class Credential:
    """How to check a practitioner in one country."""

    country: str
    check: str
    statement: str
    source: str
    url: str
    tier: str


@record
class Decision(Result):
    """Everything on the page of a decision aid. Nothing in it adds up what matters to the person."""

    decision: str
    for_whom: str
    emergencies: str  # what comes before any decision, in general
    condition_title: str
    condition: tuple[str, ...]
    condition_sources: tuple[tuple[str, str], ...]
    screening: Screening | None
    choices: tuple[Choice, ...]
    weeks: int  # span of all counts
    gain: str  # what is counted: "clearly less pain"
    scale_words: str  # the scale of the gain: "the scale from 0 to 10"
    top: float  # of the scale
    noticed: float  # points of change that people notice
    course: tuple[CoursePoint, ...]
    course_words: str
    stratum: str
    stratum_label: str
    guidelines: tuple[tuple[str, str, str, str], ...]  # of the option that the decision is about
    why_guidelines_disagree: str
    trial_counts: tuple[tuple[str, float], ...]  # label, people of 100, as one trial counted them
    trial_counts_words: str
    trial_counts_source: tuple[str, str]
    contents: tuple[str, ...]  # who the trials enrolled and left out
    values: tuple[str, ...]
    steps: tuple[str, ...]
    questions: dict[str, tuple[str, ...]]
    credentials: tuple[Credential, ...]
    reviewed: str
    searched: str
    update: str
    funding: str
    not_done: tuple[str, ...]
    pack: str
    pack_version: str

    @property
    def stopped(self) -> bool:
        """Whether the screen found an emergency: then there is nothing to decide now."""
        return self.screening is not None and self.screening.level == LEVELS[0]

    def summary(self) -> str:
        """Text for people: the options side by side in one unit."""
        if self.stopped and self.screening is not None:
            return self.screening.summary()
        first = [self.screening.headline, ""] if self.screening is not None else []
        clear = f"{self.gain} ({self.noticed:g} points of {self.top:g} or more)"
        head = f"Of 100 people, how many have {clear} after {self.weeks} weeks?"
        return "\n".join([*first, self.decision, "", head, *map(_line, self.choices), *self.notes])


def decide(
    answers: Any = None,
    *,
    duration: str | None = None,
    country: str | None = None,
    pack: str | Path | None = None,
) -> Decision:
    """Lay out a decision: options, benefits and harms in the same unit, and what to ask.

    Parameters
    ----------
    answers
        Answers to the safety screen, in any shape that :func:`needlepoint.screen` takes; with an emergency among
        them the aid shows that alone.
    duration
        How long it has lasted, as the screen asks it; from the answers unless told.
    country
        Show how to check a practitioner in this country only.
    pack
        Id or folder of a pack with ``decide.toml``.

    Raises
    ------
    InputError
        Unknown country or duration, or a wrong answer to the screen.
    """
    table = _table(pack)
    sources = {row["id"]: RuleSource(**row) for row in table["sources"]}
    evidence, priors = load_pack(pack), load_priors(pack)
    screening = None
    if answers is not None:
        book = load_rules(pack)
        told = clean(book, as_answers(answers))
        screening = evaluate(book, told)
        duration = duration or _sure(told.get("duration"))
    course = priors.course(duration)
    choices = read_choices(evidence, table, sources, course, priors)
    return Decision(
        **{name: table[name] for name in _AS_WRITTEN},
        condition=tuple(table["condition"]),
        condition_sources=_fact_sources(evidence, table["condition_facts"]),
        screening=screening,
        choices=choices,
        top=_width(evidence, table),
        noticed=priors.limits.noticed_points,
        course=_course(evidence, table),
        stratum=course.stratum,
        stratum_label=course.label,
        guidelines=_option(choices, table["guidelines_of"]).guidelines,
        **_trial_counts(evidence, table),
        contents=_contents(pack),
        values=tuple(row["ask"] for row in table["values"]),
        steps=tuple(table["steps"]["list"]),
        questions={who: tuple(table["questions"][who]) for who in ("practitioner", "doctor")},
        credentials=_credentials(table, sources, country),
        searched=evidence.searched,
        not_done=tuple(table["not_done"]),
        pack=evidence.id,
        pack_version=evidence.version,
        notes=_notes(table, course.stratum),
    )


_AS_WRITTEN = (
    *("decision", "for_whom", "update", "funding", "reviewed", "weeks"),
    *("emergencies", "condition_title", "gain", "scale_words", "course_words", "why_guidelines_disagree"),
)


def _option(choices: Sequence[Choice], name: str) -> Choice:
    return named({each.id: each for each in choices}, name, "option")


def _width(pack: Pack, table: Mapping[str, Any]) -> float:
    """Points of the scale of the counts."""
    scale: Instrument = named({each.id: each for each in pack.instruments}, table["instrument"], "instrument")
    if scale.low != 0 or scale.high is None:
        raise PackError(
            f"the instrument {scale.id!r} has no scale from 0", file="decide.toml", mend="name another"
        )
    return scale.high


def _sure(duration: str | None) -> str | None:
    return None if duration == "not sure" else duration


def _table(pack: str | Path | None) -> dict[str, Any]:
    path = pack_file(pack, "decide.toml")
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise PackError(f"not valid TOML ({error})", file=path.name, mend="correct the file") from error
    for name in NEEDED:
        if name not in table:
            raise PackError(f"no {name!r}", file=path.name, mend="a decision aid needs it: fill it in")
    return table


def _fact_sources(pack: Pack, names: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """Citation and address of the facts' sources, each once."""
    wanted = dict.fromkeys(fact.source for name in names for fact in pack.facts if fact.id == name)
    sources = {source.id: source for source in pack.sources}
    return tuple((sources[name].citation, sources[name].url) for name in wanted)


def _course(pack: Pack, table: Mapping[str, Any]) -> tuple[CoursePoint, ...]:
    """Cohort means without this treatment, from the facts that ``[[course]]`` names for each number of weeks."""
    sources = {source.id: source for source in pack.sources}
    facts = {fact.id: fact for fact in pack.facts}
    width = _width(pack, table)
    points: list[CoursePoint] = []
    for row in table["course"]:
        for weeks, name in row["facts"].items():
            fact: Fact = named(facts, name, "fact")
            mean, low, high = (value * _factor(fact, width) for value in _interval(fact))
            source = sources[fact.source]
            points.append(
                CoursePoint(
                    who=row["who"],
                    weeks=float(weeks),
                    mean=mean,
                    low=low,
                    high=high,
                    source=source.citation,
                    url=source.url,
                )
            )
    return tuple(points)


def _interval(fact: Fact) -> tuple[float, float, float]:
    if fact.value is None or fact.low is None or fact.high is None:
        raise PackError(
            f"the fact {fact.id!r} has no value with its interval", file="decide.toml", mend="name another"
        )
    return fact.value, fact.low, fact.high


def _factor(fact: Fact, width: float) -> float:
    """From a fact's own scale ("0-100") to that of the counts."""
    low, _, high = fact.unit.partition("-")
    if low != "0" or not high.isdigit() or int(high) == 0:
        raise PackError(
            f"the fact {fact.id!r} is in {fact.unit!r}",
            file="decide.toml",
            mend="name one on a scale such as 0-100",
        )
    return width / int(high)


def _trial_counts(pack: Pack, table: Mapping[str, Any]) -> dict[str, Any]:
    """People of 100 who responded, as one trial counted them: a check on the computed counts."""
    facts = {fact.id: fact for fact in pack.facts}
    rows = [facts[name] for name in table["counts_fact"]]
    source = next(each for each in pack.sources if each.id == rows[0].source)
    return {
        "trial_counts": tuple((row.statement.rsplit(" with ", 1)[-1], row.value or 0.0) for row in rows),
        "trial_counts_words": table["counts_words"],
        "trial_counts_source": (source.citation, source.url),
    }


def _contents(pack: str | Path | None) -> tuple[str, ...]:
    return tuple(f"{each.trial}: {each.who}" for each in load_rules(pack).populations)


def _credentials(
    table: Mapping[str, Any], sources: Mapping[str, RuleSource], country: str | None
) -> tuple[Credential, ...]:
    known = [row["country"] for row in table["credentials"]]
    if country is not None and country.casefold() not in {name.casefold() for name in known}:
        raise InputError("we do not know how to check a practitioner there", field="country", got=country,
                         allowed=", ".join(known), mend="ask the ministry of health or your insurer")  # fmt: skip
    return tuple(
        Credential(
            country=row["country"],
            check=row["check"],
            statement=row["statement"],
            source=sources[row["source"]].title,
            url=sources[row["source"]].url,
            tier=sources[row["source"]].tier,
        )
        for row in table["credentials"]
        if country is None or row["country"].casefold() == country.casefold()
    )


def _notes(table: Mapping[str, Any], stratum: str) -> tuple[str, ...]:
    first = "The numbers come from trials with different comparisons. They cannot be ranked one against the other."
    return (first, table["less_sure"][stratum]) if stratum in table["less_sure"] else (first,)


def _line(choice: Choice) -> str:
    if choice.benefit is None:
        return f"  {choice.label}: {choice.no_number}"
    benefit = choice.benefit
    if not benefit.review:
        return (
            f"  {choice.label}: about {benefit.people:.0f} of 100 (and {100 - round(benefit.people)} do not)"
        )
    kind = ", beyond a sham" if benefit.beyond_sham else ""
    span = f"{benefit.people_low:.0f} to {benefit.people_high:.0f}{kind}; certainty: {benefit.certainty}"
    return f"  {choice.label}: about {benefit.people:.0f} of 100 ({span})"
