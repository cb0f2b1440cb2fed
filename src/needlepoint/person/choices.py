"""The options of a decision: what each involves, and its benefit and harms in one unit, denominator and time span.

Benefits are published differences turned into points on one scale, then into people: of 100 like you, how many have a
change that people notice. ``100 Phi((improvement - noticed) / sd)``, with the improvement expected without treatment
plus the difference, and the scale's own SD: the same formula for every option (Cochrane Handbook 15.5.3).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from needlepoint.errors import PackError
from needlepoint.evidence.schema import Guideline, Harm, Measurement, Pack, Published
from needlepoint.person.priors import Z95, Course, EffectPrior, Priors
from needlepoint.person.rules import RuleSource
from needlepoint.result import record
from needlepoint.stats.distributions import normal_cdf

__all__ = ["Benefit", "Choice", "Count", "named", "read_choices"]

PEOPLE = 100  # the one denominator of all counts


@record
class Benefit:
    """A published difference in points of pain (0-10, positive is better), and in people of 100."""

    points: float
    points_low: float
    points_high: float
    against: str  # the comparison in plain words
    beyond_sham: bool  # compared with a sham or placebo: the rest of the gain comes on top
    people: float  # of 100, with a change that people notice, with the option
    people_low: float
    people_high: float
    without: float  # of 100, without it
    trials: int | None
    certainty: str
    review: str
    url: str


@record
class Count:
    """So many people of 100 with an unwanted event."""

    people: float
    low: float | None
    high: float | None
    what: str
    source: str
    url: str
    tier: str


@record
class Choice:
    """One option; every option has the same fields, and an empty one says so in words."""

    id: str
    label: str
    what: str
    involves: str
    feels: str
    cost: str
    pros: tuple[str, ...]
    cons: tuple[str, ...]
    benefit: Benefit | None
    sham: Benefit | None  # the same treatment against a sham, where that is known
    no_number: str  # why no benefit is drawn
    no_number_source: tuple[str, str] | None  # title, address
    harms: tuple[Count, ...]
    harm_words: str
    guidelines: tuple[tuple[str, str, str, str], ...]  # issuer with year, position, statement, address
    extras: tuple[str, ...]
    extras_source: tuple[str, str] | None
    dose_sources: tuple[tuple[str, str], ...]


def read_choices(
    pack: Pack,
    table: Mapping[str, Any],
    sources: Mapping[str, RuleSource],
    course: Course,
    priors: Priors,
) -> tuple[Choice, ...]:
    """Options of ``decide.toml``, their numbers looked up in the pack.

    Raises
    ------
    PackError
        An option names something that the pack does not hold.
    """
    reader = _Reader(pack, table, sources, course, priors)
    return tuple(reader.choice(row) for row in table["options"])


class _Reader:
    """Looks up what the options name."""

    def __init__(
        self,
        pack: Pack,
        table: Mapping[str, Any],
        sources: Mapping[str, RuleSource],
        course: Course,
        priors: Priors,
    ) -> None:
        self.pack = pack
        self.answered = {priors.comparator: priors.effect, **priors.others}
        self.sources = sources
        self.plain = {term.id: term for term in pack.terms}
        self.scale = named({each.id: each for each in pack.instruments}, table["instrument"], "instrument")
        fact = named({each.id: each for each in pack.facts}, table["noticed"], "fact")
        self.noticed: float = fact.value
        self.improvement = -course.mean * (1 - math.exp(-7 * table["weeks"] / priors.design.course_days))

    def choice(self, row: Mapping[str, Any]) -> Choice:
        source = self._source(row.get("number_source"))
        published = row.get("published", "") if row.get("comparable", True) else ""
        if not source and row.get("published"):
            source = self._published_source(row["published"])
        return Choice(
            **{name: row[name] for name in ("id", "label", "what", "involves", "feels", "cost")},
            pros=tuple(row["pros"]),
            cons=tuple(row["cons"]),
            benefit=self._baseline()
            if row.get("baseline")
            else self._benefit(published) or self._own(row.get("answer")),
            sham=self._own(row.get("sham")),
            no_number=row.get("no_number", ""),
            no_number_source=source,
            harms=tuple(
                [self._rate(name) for name in row.get("harm_ids", ())]
                + [self._count(each) for each in row.get("harms", ())]
            ),
            harm_words=row.get("harm_words", ""),
            guidelines=self._guidelines(row.get("guideline", "")),
            extras=tuple(row.get("extras", ())),
            extras_source=self._source(row.get("extras_source")),
            dose_sources=tuple(self._fact_source(name) for name in row.get("dose", ())),
        )

    def _people(self, points: float) -> float:
        """Of 100 people, those whose improvement reaches what people notice."""
        return PEOPLE * normal_cdf((self.improvement + points - self.noticed) / self.scale.reference_sd)

    def _baseline(self) -> Benefit:
        """What happens without treatment: the course, and nothing on top."""
        people = self._people(0.0)
        return Benefit(points=0.0, points_low=0.0, points_high=0.0, against="", beyond_sham=False, people=people,
                       people_low=people, people_high=people, without=people, trials=None, certainty="", review="",
                       url="")  # fmt: skip

    def _benefit(self, name: str) -> Benefit | None:
        if not name:
            return None
        row: Published = named({each.id: each for each in self.pack.published}, name, "published row")
        width = self.scale.high - self.scale.low
        factors = {"0-100": width / 100, "0-10": width / 10, "SD": self.scale.reference_sd}
        factor = named(factors, row.unit, "conversion of the unit")
        if None in (factor, row.estimate, row.ci_low, row.ci_high) or row.better != self.scale.better:
            raise PackError(f"{name!r} has no usable number", file="decide.toml", mend="name another row")
        points = [-factor * value for value in (row.estimate, row.ci_high, row.ci_low)]
        url = self._published_source(name)[1]
        return self._made(points, row.comparator, row.k, row.certainty, row.review, url)

    def _own(self, comparator: str | None) -> Benefit | None:
        """What the project's own answer says against a comparator."""
        if comparator is None:
            return None
        effect: EffectPrior = named(self.answered, comparator, "answer against")
        points = [-(effect.mean + z * effect.se) for z in (0, Z95, -Z95)]
        return self._made(points, comparator, effect.trials, effect.certainty, effect.source, effect.url)

    def _made(
        self,
        points: Sequence[float],
        comparator: str,
        trials: int | None,
        certainty: str,
        review: str,
        url: str,
    ) -> Benefit:
        """A benefit from points of improvement: the estimate, its low and its high end."""
        people = [self._people(each) for each in points]
        return Benefit(
            points=points[0],
            points_low=points[1],
            points_high=points[2],
            against=self.plain[comparator].plain,
            beyond_sham=self.plain[comparator].group == "sham",
            people=people[0],
            people_low=people[1],
            people_high=people[2],
            without=self._people(0.0),
            trials=trials,
            certainty=certainty,
            review=review,
            url=url,
        )

    def _published_source(self, name: str) -> tuple[str, str]:
        row: Published = named({each.id: each for each in self.pack.published}, name, "published row")
        return row.review, self._pack_url(row.source)

    def _rate(self, name: str) -> Count:
        row: Harm = named({each.id: each for each in self.pack.harms}, name, "harm")
        low, high = (None if value is None else PEOPLE * value for value in (row.ci_low, row.ci_high))
        people = PEOPLE * (row.rate or 0.0)
        return Count(
            people=people,
            low=low,
            high=high,
            what=f"{row.what} in a course",
            source=self._citation(row.source),
            url=self._pack_url(row.source),
            tier=self._kind(row.source),
        )

    def _count(self, row: Mapping[str, Any]) -> Count:
        if "arm" in row:
            found = self._arm(row["arm"])
            size, events = found.n or 1, found.events or 0
            return Count(
                people=PEOPLE * events / size,
                low=None,
                high=None,
                what=f"{row['what']} ({events} of {size})",
                source=self._citation(found.source),
                url=self._pack_url(found.source),
                tier=self._kind(found.source),
            )
        source = named(self.sources, row["source"], "source")
        return Count(people=row["count"], low=row.get("low"), high=row.get("high"), what=row["what"],
                     source=source.title, url=source.url, tier=source.tier)  # fmt: skip

    def _arm(self, name: str) -> Measurement:
        """Adverse events of one arm of one trial: "Cherkin2001/massage"."""
        rows = {f"{m.trial}/{m.arm}": m for m in self.pack.measurements if m.outcome == "adverse events"}
        return named(rows, name, "arm with adverse events")

    def _guidelines(self, treatment: str) -> tuple[tuple[str, str, str, str], ...]:
        return tuple(
            (
                f"{row.issuer} {row.year or ''}".strip(),
                _position(row),
                row.statement,
                self._pack_url(row.source),
            )
            for row in self.pack.guidelines
            if row.treatment == treatment and row.condition == self.pack_condition
        )

    @property
    def pack_condition(self) -> str:
        """The condition that most trials of the pack are about."""
        conditions = [trial.condition for trial in self.pack.trials]
        return max(set(conditions), key=conditions.count)

    def _citation(self, name: str) -> str:
        return next(source.citation for source in self.pack.sources if source.id == name)

    def _pack_url(self, name: str) -> str:
        return next(source.url for source in self.pack.sources if source.id == name)

    def _kind(self, name: str) -> str:
        return next(source.kind for source in self.pack.sources if source.id == name)

    def _fact_source(self, name: str) -> tuple[str, str]:
        fact = named({each.id: each for each in self.pack.facts}, name, "fact")
        return self._citation(fact.source), self._pack_url(fact.source)

    def _source(self, name: str | None) -> tuple[str, str] | None:
        if name is None:
            return None
        source = named(self.sources, name, "source")
        return source.title, source.url


def _position(row: Guideline) -> str:
    """For or against, for whom, and whether it still holds."""
    status = "" if row.status in {"current", "unknown"} else f", {row.status}"
    return f"{row.position} ({row.population}{status})"


def named(rows: Mapping[str, Any], name: str, what: str) -> Any:
    """The row of that name.

    Raises
    ------
    PackError
        There is none.
    """
    if name not in rows:
        raise PackError(
            f"no {what} {name!r}", file="decide.toml", mend="name one of the pack or of this file"
        )
    return rows[name]
