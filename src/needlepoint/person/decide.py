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
from needlepoint.evidence.schema import Pack
from needlepoint.person.answers import as_answers
from needlepoint.person.choices import Choice, read_choices
from needlepoint.person.priors import load_priors
from needlepoint.person.rules import LEVELS, RuleSource, load_rules, pack_file
from needlepoint.person.screen import Screening, clean, evaluate
from needlepoint.result import Result, record

__all__ = ["CoursePoint", "Credential", "Decision", "decide"]

NEEDED = (
    *("decision", "for_whom", "condition", "condition_facts", "update", "funding", "not_done", "reviewed"),
    *("weeks", "instrument", "noticed", "counts_fact", "counts_words"),
    *("options", "values", "steps", "questions", "credentials", "sources"),
)


@record
class CoursePoint:
    """Mean pain (0-10) of people whose pain is new or has lasted, some weeks after they sought care."""

    who: str
    weeks: float
    pain: float
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
    condition: tuple[str, ...]
    condition_sources: tuple[tuple[str, str], ...]
    screening: Screening | None
    choices: tuple[Choice, ...]
    weeks: int  # span of all counts
    noticed: float  # points of change that people notice
    course: tuple[CoursePoint, ...]
    stratum: str
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
        clear = f"clearly less pain ({self.noticed:g} points of 10 or more)"
        head = f"Of 100 people, how many have {clear} after {self.weeks} weeks?"
        return "\n".join([*first, self.decision, "", head, *map(_line, self.choices), *self.notes])


def decide(
    answers: Any = None,
    *,
    duration: str | None = None,
    country: str | None = None,
    pack: str | Path = "low-back-pain",
) -> Decision:
    """Lay out a decision: options, benefits and harms in the same unit, and what to ask.

    Parameters
    ----------
    answers
        Answers to the safety screen, in any shape that :func:`needlepoint.screen` takes; with an emergency among
        them the aid shows that alone.
    duration
        How long the pain has lasted, as the screen asks it; from the answers unless told.
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
    return Decision(
        **{name: table[name] for name in ("decision", "for_whom", "update", "funding", "reviewed", "weeks")},
        condition=tuple(table["condition"]),
        condition_sources=_fact_sources(evidence, table["condition_facts"]),
        screening=screening,
        choices=read_choices(evidence, table, sources, course, priors),
        noticed=priors.limits.noticed_points,
        course=_course(evidence),
        stratum=course.stratum,
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
        notes=_notes(course.stratum),
    )


def _sure(duration: str | None) -> str | None:
    return None if duration == "not sure" else duration


def _table(pack: str | Path) -> dict[str, Any]:
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


def _course(pack: Pack) -> tuple[CoursePoint, ...]:
    """Cohort means without this treatment, from the pack's facts."""
    sources = {source.id: source for source in pack.sources}
    points: list[CoursePoint] = []
    for fact in pack.facts:
        if (
            fact.topic != "natural course"
            or fact.unit != "0-100"
            or None in (fact.value, fact.low, fact.high)
        ):
            continue
        pain, low, high = ((value or 0.0) / 10 for value in (fact.value, fact.low, fact.high))
        who = "new pain" if "acute" in fact.population else "pain for 3 to 12 months"
        points.append(
            CoursePoint(
                who=who,
                weeks=float(fact.id.rsplit("-", 1)[1].rstrip("w")),
                pain=pain,
                low=low,
                high=high,
                source=sources[fact.source].citation,
                url=sources[fact.source].url,
            )
        )
    return tuple(points)


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


def _contents(pack: str | Path) -> tuple[str, ...]:
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


def _notes(stratum: str) -> tuple[str, ...]:
    notes = [
        "The numbers come from trials with different comparisons. They cannot be ranked one against the other."
    ]
    if stratum != "lasting":
        notes.append(
            "Most trials are of pain that has lasted for months. For newer pain the numbers are less sure."
        )
    return tuple(notes)


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
