"""Priors of a diary's analysis: the effect from the project's own answer, the course from the pack's facts.

The choices that no source settles stand in ``diary.toml`` of the pack.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping
from dataclasses import fields, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from needlepoint.errors import InputError, PackError
from needlepoint.evidence.schema import Fact, Pack
from needlepoint.person.durations import match_duration
from needlepoint.person.posterior import Noise
from needlepoint.person.rules import pack_file
from needlepoint.person.verdict import Limits
from needlepoint.result import record

if TYPE_CHECKING:
    from needlepoint.answer.result import Answer, Cell, Estimate, Scale

__all__ = ["Course", "Design", "EffectPrior", "Priors", "Words", "as_course", "as_prior", "load_priors"]

Z95 = 1.959963984540054


@record
class EffectPrior:
    """What the trials say the treatment does to pain today (0-10, negative is better), and how people differ."""

    mean: float
    se: float
    person_sd: float
    source: str
    url: str
    certainty: str
    trials: int | None = None

    @property
    def sd(self) -> float:
        """SD for one person: what the trials do not know, and how people differ."""
        return math.hypot(self.se, self.person_sd)


@record
class Course:
    """Change expected without the treatment (0-10, negative is better) once it has run its course."""

    stratum: str
    mean: float
    sd: float
    source: str
    url: str
    label: str  # in plain words


@record
class Design:
    """What the diary asks for, and the shapes over which the model averages."""

    baseline_days: int
    least_baseline: int
    least_after: int
    recent_days: int
    start_window: int
    ramps: tuple[float, ...]
    course_days: float


@record
class Words:
    """What the diary says of the pack's treatment."""

    treatment: str
    apart: str  # what nobody can tell apart without blinding
    lasting: str  # why it does not fit periods on and off
    not_on_and_off: str  # the same as a warning


@record
class Priors:
    """Everything that the analysis takes from outside the diary."""

    pack: str
    version: str
    comparator: str  # of the effect
    effect: EffectPrior
    others: Mapping[str, EffectPrior]  # against other comparators, for the sensitivity strip
    person_sd_other: tuple[float, ...]
    courses: Mapping[str, Course]  # by duration
    noise: Noise
    limits: Limits
    design: Design
    words: Words

    def course(self, duration: str | None) -> Course:
        """The course for a duration; without one, the longest-lasting pain: the smallest expected change.

        Raises
        ------
        InputError
            No such duration.
        """
        if duration is None:
            return min(self.courses.values(), key=lambda course: abs(course.mean))
        return self.courses[self.duration(duration) or ""]

    def duration(self, told: str | None) -> str | None:
        """How long the pain has lasted, as the screen asks it: "2 years" is "more than a year".

        Raises
        ------
        InputError
            No such duration.
        """
        if told is None:
            return None
        found = match_duration(told, list(self.courses))
        if found is None:
            raise InputError(
                "no such duration", field="duration", got=told,
                allowed=f"{', '.join(self.courses)}, or a time such as '8 weeks'",
            )  # fmt: skip
        return found

    def with_effect(self, effect: EffectPrior) -> Priors:
        """The same priors with another effect, for instance from an answer of the user's own evidence."""
        return replace(self, effect=effect)


def as_prior(prior: EffectPrior | tuple[float, float]) -> EffectPrior:
    """A prior of the effect from its mean and its SD for one person, in points of 0-10, negative is better.

    Raises
    ------
    InputError
        Not two numbers, or no positive SD.
    """
    if isinstance(prior, EffectPrior):
        return prior
    mean, sd = _mean_sd(prior, "prior")
    return EffectPrior(mean=mean, se=0.0, person_sd=sd, source="", url="", certainty="")


def as_course(course: tuple[float, float]) -> Course:
    """A course expected without the treatment, from the mean and the SD of the change over months.

    Raises
    ------
    InputError
        Not two numbers, or no positive SD.
    """
    mean, sd = _mean_sd(course, "course")
    return Course(stratum="given", mean=mean, sd=sd, source="", url="", label="pain like yours")


def _mean_sd(given: tuple[float, float], field: str) -> tuple[float, float]:
    try:
        mean, sd = (float(each) for each in given)
    except (TypeError, ValueError):
        mean, sd = math.nan, math.nan
    if not (math.isfinite(mean) and 0 < sd < math.inf):
        raise InputError(
            "a mean and a positive SD are needed", field=field, got=given, mend="write (-1.0, 1.1)"
        )
    return mean, sd


@lru_cache(maxsize=4)
def load_priors(pack: str | Path | None = None) -> Priors:
    """Priors of a pack.

    Raises
    ------
    EvidenceError
        The pack has no ``diary.toml``.
    PackError
        An id in ``diary.toml`` is not in the pack.
    """
    from needlepoint.answer.api import ask
    from needlepoint.evidence.load import load_pack

    path = pack_file(pack, "diary.toml")
    table = tomllib.loads(path.read_text(encoding="utf-8"))
    evidence = load_pack(pack)
    return _Reader(evidence, table, ask(table["effect"]["question"], pack=evidence)).priors()


class _Reader:
    """Looks up in an answer and in its pack what ``diary.toml`` names."""

    def __init__(self, pack: Pack, table: dict[str, Any], answer: Answer) -> None:
        self.pack = pack
        self.table = table
        self.answer = answer
        self.facts = {fact.id: fact for fact in pack.facts}
        self.sources = {source.id: source for source in pack.sources}
        self.scale = self._find(
            {each.id: each for each in pack.instruments}, table["effect"]["instrument"], "instrument"
        )

    def priors(self) -> Priors:
        table, effect = self.table, self.table["effect"]
        prior = self._effect(effect["comparator"])
        courses = {
            duration: course
            for name, row in table["course"]["strata"].items()
            for course in [self._course(name, row, prior)]
            for duration in row["durations"]
        }
        design: dict[str, Any] = {**table["design"], "ramps": tuple(table["design"]["ramps"])}
        return Priors(
            pack=self.pack.id,
            version=str(table["version"]),
            comparator=effect["comparator"],
            effect=prior,
            others={name: self._effect(name) for name in effect["others"]},
            person_sd_other=tuple(effect["person_sd_other"]),
            courses=courses,
            noise=Noise(sigma0=self._value(table["noise"]["fact"])),
            limits=self._limits(table["verdict"]),
            design=Design(**design, course_days=float(table["course"]["days"])),
            words=self._words(table.get("words", {})),
        )

    def _words(self, row: Mapping[str, Any]) -> Words:
        if wrong := {each.name for each in fields(Words)} ^ set(row):
            raise PackError(
                f"[words] lacks or has too much: {', '.join(sorted(wrong))}",
                file="diary.toml",
                mend="correct it",
            )
        return Words(**row)

    def _find(self, rows: Mapping[str, Any], name: str, what: str) -> Any:
        if name not in rows:
            raise PackError(
                f"no {what} {name!r} in the pack", file="diary.toml", mend="name an id of the pack"
            )
        return rows[name]

    def _fact(self, name: str) -> Fact:
        return self._find(self.facts, name, "fact")

    def _value(self, name: str) -> float:
        value = self._fact(name).value
        if value is None:
            raise PackError(
                f"the fact {name!r} has no value", file="diary.toml", mend="name a fact with a value"
            )
        return value

    def _effect(self, comparator: str) -> EffectPrior:
        """The answer's first number against a comparator, in points of the diary's scale."""
        effect = self.table["effect"]
        cells = [
            cell
            for cell in (*self.answer.cells, *self.answer.more)
            if (cell.key.comparator, cell.key.outcome) == (comparator, effect["outcome"])
            and cell.shown is not None
        ]
        if not cells:
            raise PackError(
                f"the answer has no number against {comparator!r}",
                file="diary.toml",
                mend="name another comparator",
            )
        cell = cells[0]
        shown, factor = cast("Estimate", cell.shown), self._factor(cell)
        leading = cell.leading
        return EffectPrior(
            mean=shown.value * factor,
            se=(shown.ci_high - shown.ci_low) * abs(factor) / (2 * Z95),
            person_sd=effect["person_sd"],
            source="our own pooling" if leading is None else leading.review,
            url="" if leading is None else self.sources[leading.source].url,
            certainty=cell.certainty,
            trials=cell.k if leading is None else leading.k,
        )

    def _factor(self, cell: Cell) -> float:
        """From the answer's points ("points of 100") to those of the diary, lower always better."""
        scale = cast("Scale", cell.scale)
        width = scale.unit.removeprefix("points of ")
        if not width.isdigit():
            raise PackError(
                f"the answer is in {scale.unit!r}", file="diary.toml", mend="take an outcome in points"
            )
        sign = 1.0 if scale.better == self.scale.better else -1.0
        return sign * (self.scale.high - self.scale.low) / float(width)

    def _course(self, stratum: str, row: dict[str, Any], effect: EffectPrior) -> Course:
        course = self.table["course"]
        if "share" in row:
            fact = self._fact(row["share"])
            share = self._value(row["share"]) / 100
            mean = effect.mean * share / (1 - share)
        else:
            fact = self._fact(row["baseline"])
            start = self._value(row["baseline"])
            reached = {float(w): 1 - math.exp(-7 * float(w) / course["days"]) for w in row["facts"]}
            changes = {float(w): (self._value(name) - start) / 10 for w, name in row["facts"].items()}
            mean = sum(reached[w] * changes[w] for w in reached) / sum(g * g for g in reached.values())
        return Course(
            stratum=stratum,
            mean=mean,
            sd=max(course["least_sd"], abs(mean) / 2),
            source=self.sources[fact.source].citation,
            url=self.sources[fact.source].url,
            label=row.get("label", stratum),
        )

    def _limits(self, row: dict[str, Any]) -> Limits:
        return Limits(
            worthwhile=row["worthwhile"],
            sure=row["sure"],
            sure_early=row["sure_early"],
            noticed_points=self._value(row["noticed_points"]),
            noticed_share=self._value(row["noticed_share"]) / 100,
            review_sessions=int(self._value(row["review_sessions"])),
            review_days=row["review_days"],
        )
