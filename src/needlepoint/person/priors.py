"""Priors of a diary's analysis, from the pack's published rows and facts; the choices stand in ``diary.toml``."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from needlepoint.errors import PackError
from needlepoint.evidence.schema import Fact, Pack
from needlepoint.person.posterior import Noise
from needlepoint.person.rules import pack_file
from needlepoint.person.verdict import Limits

__all__ = ["Course", "Design", "EffectPrior", "Priors", "load_priors"]

Z95 = 1.959963984540054


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectPrior:
    """What the trials say the treatment does to pain today (0-10, negative is better), and how people differ."""

    mean: float
    se: float
    person_sd: float
    source: str
    url: str
    certainty: str

    @property
    def sd(self) -> float:
        """SD for one person: what the trials do not know, and how people differ."""
        return math.hypot(self.se, self.person_sd)


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """Change expected without the treatment (0-10, negative is better) once it has run its course."""

    stratum: str
    mean: float
    sd: float
    source: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Design:
    """What the diary asks for, and the shapes over which the model averages."""

    baseline_days: int
    least_baseline: int
    least_after: int
    recent_days: int
    start_window: int
    ramps: tuple[float, ...]
    course_days: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Priors:
    """Everything that the analysis takes from outside the diary."""

    pack: str
    version: str
    effect: EffectPrior
    sham: EffectPrior
    person_sd_other: tuple[float, ...]
    courses: Mapping[str, Course]  # by duration
    noise: Noise
    limits: Limits
    design: Design

    def course(self, duration: str | None) -> Course:
        """The course for a duration; without one, the longest-lasting pain: the smallest expected change."""
        known = self.courses.get(duration or "")
        return known if known is not None else min(self.courses.values(), key=lambda course: abs(course.mean))

    def with_effect(self, effect: EffectPrior) -> Priors:
        """The same priors with another effect, for instance from an answer of the user's own evidence."""
        return replace(self, effect=effect)


@lru_cache(maxsize=4)
def load_priors(pack: str | Path = "low-back-pain") -> Priors:
    """Priors of a pack.

    Raises
    ------
    EvidenceError
        The pack has no ``diary.toml``.
    PackError
        An id in ``diary.toml`` is not in the pack.
    """
    from needlepoint.evidence.load import load_pack

    path = pack_file(pack, "diary.toml")
    return _Reader(load_pack(pack), tomllib.loads(path.read_text(encoding="utf-8"))).priors()


class _Reader:
    """Looks up in a pack what ``diary.toml`` names."""

    def __init__(self, pack: Pack, table: dict[str, Any]) -> None:
        self.pack = pack
        self.table = table
        self.facts = {fact.id: fact for fact in pack.facts}
        self.published = {row.id: row for row in pack.published}
        self.sources = {source.id: source for source in pack.sources}
        self.scale = self._find(
            {each.id: each for each in pack.instruments}, table["effect"]["instrument"], "instrument"
        )

    def priors(self) -> Priors:
        table, effect = self.table, self.table["effect"]
        prior = self._effect(effect["published"], effect["person_sd"])
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
            effect=prior,
            sham=self._effect(effect["sham"], effect["person_sd"]),
            person_sd_other=tuple(effect["person_sd_other"]),
            courses=courses,
            noise=Noise(sigma0=self._value(table["noise"]["fact"])),
            limits=self._limits(table["verdict"]),
            design=Design(**design, course_days=float(table["course"]["days"])),
        )

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

    def _effect(self, name: str, person_sd: float) -> EffectPrior:
        """A published mean difference in units of the diary's scale."""
        row = self._find(self.published, name, "published row")
        width = self.scale.high - self.scale.low
        units = {"0-100": width / 100, "0-10": width / 10, "SD": self.scale.reference_sd}
        factor = self._find(units, row.unit, "conversion of the unit")
        if None in (factor, row.estimate, row.ci_low, row.ci_high) or row.better != self.scale.better:
            raise PackError(f"{name!r} has no usable number", file="diary.toml", mend="name another row")
        return EffectPrior(
            mean=row.estimate * factor,
            se=(row.ci_high - row.ci_low) * factor / (2 * Z95),
            person_sd=person_sd,
            source=row.review,
            url=self.sources[row.source].url,
            certainty=row.certainty,
        )

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
        )

    def _limits(self, row: dict[str, Any]) -> Limits:
        return Limits(
            worthwhile=row["worthwhile"],
            sure=row["sure"],
            noticed_points=self._value(row["noticed_points"]),
            noticed_share=self._value(row["noticed_share"]) / 100,
            review_sessions=int(self._value(row["review_sessions"])),
            review_days=row["review_days"],
        )
