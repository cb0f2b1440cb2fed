"""A series of people pooled: each diary gives its own likelihood of the effect, and the people are the studies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field, replace
from math import sqrt
from typing import TYPE_CHECKING

from needlepoint.errors import InputError
from needlepoint.person.diary_answer import DiaryAnswer
from needlepoint.person.priors import Z95, EffectPrior, load_priors
from needlepoint.person.verdict import people_cannot, people_words
from needlepoint.result import Result, record

if TYPE_CHECKING:
    from needlepoint.pooling.result import Pooled

__all__ = ["People", "Person", "describe_people", "people_numbers", "pool_people", "without_prior"]

COMMON_ERROR = (
    "All diaries share one guess of the course without treatment. If it is off, it is off for all of them, and the "
    "interval does not show it."
)


@record
class Person:
    """One person of a series: what the diary alone says, and what it says beside the others."""

    label: str
    n: int  # days with pain
    own: float
    own_low: float
    own_high: float
    shared: float  # drawn towards the others as far as the diary leaves doubt
    shared_low: float
    shared_high: float


@record
class People(Result):
    """Diaries of several people together; points of pain beyond the expected course, negative is better."""

    k: int
    estimate: float
    ci_low: float
    ci_high: float
    person_sd: float  # how people differ
    pi_low: float | None  # the next person
    pi_high: float | None
    words: str
    cannot: tuple[str, ...]  # what such a series cannot show
    people: tuple[Person, ...]
    left_out: tuple[str, ...]
    trials: EffectPrior
    pooled: Pooled = field(repr=False)

    def summary(self) -> str:
        """Text for people."""
        rows = [
            f"  {each.label}: {each.own:+.1f} ({each.own_low:+.1f} to {each.own_high:+.1f}); "
            f"beside the others {each.shared:+.1f}"
            for each in self.people
        ]
        return "\n".join([self.words, "", *people_numbers(self), *rows, *self.notes])


def people_numbers(people: People) -> list[str]:
    """The numbers in words."""
    direction = "less" if people.estimate <= 0 else "more"
    lines = [
        f"On average these {people.k} people had {abs(people.estimate):.1f} points {direction} pain than we would "
        f"expect anyway (95% interval {people.ci_low:+.1f} to {people.ci_high:+.1f}).",
        f"People differ by about {people.person_sd:.1f} points (SD) in how much it helps.",
    ]
    if people.pi_low is not None and people.pi_high is not None:
        lines.append(
            f"For the next person we would expect from {people.pi_low:+.1f} to {people.pi_high:+.1f}."
        )
    return [*lines, f"The trials say {people.trials.mean:+.1f} on average."]


def without_prior(answer: DiaryAnswer) -> tuple[float, float] | None:
    """Estimate and variance of the effect from the diary alone: the posterior with the prior divided out.

    In the normal approximation of the posterior; None where the diary added nothing.

    Raises
    ------
    InputError
        The diary has no effect.
    """
    if (
        answer.effect is None
        or answer.effect_sd is None
        or answer.prior_mean is None
        or answer.prior_sd is None
    ):
        raise InputError("a diary without a baseline or without sessions has no effect", study=answer.digest)
    added = 1 / answer.effect_sd**2 - 1 / answer.prior_sd**2
    if added <= 0:
        return None
    estimate = (answer.effect / answer.effect_sd**2 - answer.prior_mean / answer.prior_sd**2) / added
    return estimate, 1 / added


def pool_people(answers: Sequence[DiaryAnswer], *, labels: Sequence[str] | None = None) -> Pooled:
    """Pool the effects of a series of people by a random-effects model; tau2 is how people differ.

    Parameters
    ----------
    answers
        One diary a person, each analysed with the same prior, which is divided out again.
    labels
        Names of the people; their numbers unless given.

    Raises
    ------
    InputError
        A diary has no effect, or labels are missing.
    NotEnoughStudies
        Fewer than two diaries say anything.

    References
    ----------
    Zucker et al. (1997), combining single patient trials, doi:10.1016/S0895-4356(96)00429-5.
    """
    from needlepoint.pooling.api import pool

    names = _names(answers, labels)
    pairs = [(name, without_prior(answer)) for name, answer in zip(names, answers, strict=True)]
    found = [(name, *own) for name, own in pairs if own is not None]
    silent = [name for name, own in pairs if own is None]
    pooled = pool(yi=[row[1] for row in found], vi=[row[2] for row in found], study=[row[0] for row in found])
    if silent:
        pooled = replace(
            pooled, notes=(*pooled.notes, f"left out, the diary added nothing: {', '.join(silent)}")
        )
    return pooled


def describe_people(
    answers: Sequence[DiaryAnswer], *, labels: Sequence[str] | None = None, trials: EffectPrior | None = None
) -> People:
    """Several people's diaries together: the mean effect, how people differ, and each person beside the others.

    Parameters
    ----------
    answers, labels
        As for :func:`pool_people`; diaries without an effect are named and left out.
    trials
        What trials say, to stand beside it: the pack's own answer unless given.

    Raises
    ------
    InputError
        Fewer than two diaries have an effect, a label stands twice, or labels are missing.
    """
    names = _names(answers, labels)
    priors = load_priors()
    kept = {name: a for name, a in zip(names, answers, strict=True) if a.effect is not None}
    if len(kept) < 2:
        raise InputError(
            "the diaries of two people or more are needed, with days before and after the first session",
            field="answers", got=len(kept),
        )  # fmt: skip
    pooled = pool_people(list(kept.values()), labels=list(kept))
    notes = [COMMON_ERROR, *pooled.notes]
    if without := [name for name in names if name not in kept]:
        notes.append(
            f"Left out, for want of days before the first session or after it: {', '.join(without)}."
        )
    return People(
        k=pooled.k,
        estimate=pooled.estimate,
        ci_low=pooled.ci_low,
        ci_high=pooled.ci_high,
        person_sd=sqrt(pooled.tau2),
        pi_low=pooled.pi_low,
        pi_high=pooled.pi_high,
        words=people_words(pooled.ci_low, pooled.ci_high, worthwhile=priors.limits.worthwhile),
        cannot=people_cannot(priors.words.apart),
        people=_people(pooled, {name: answer.n for name, answer in kept.items()}),
        left_out=tuple(name for name in names if name not in pooled.study),
        trials=trials or priors.effect,
        pooled=pooled,
        notes=tuple(notes),
    )


def _people(pooled: Pooled, days: Mapping[str, int]) -> tuple[Person, ...]:
    from needlepoint.pooling.random_effects import random_effects

    beside = random_effects(pooled, with_mean=True)
    found: list[Person] = []
    for i, name in enumerate(pooled.study):
        own, reach = float(pooled.yi[i]), Z95 * sqrt(float(pooled.vi[i]))
        found.append(
            Person(
                label=name,
                n=days[name],
                own=own,
                own_low=own - reach,
                own_high=own + reach,
                shared=float(beside.prediction[i]),
                shared_low=float(beside.pi_low[i]),
                shared_high=float(beside.pi_high[i]),
            )
        )
    return tuple(found)


def _names(answers: Sequence[DiaryAnswer], labels: Sequence[str] | None) -> list[str]:
    names = [f"person {i + 1}" for i in range(len(answers))] if labels is None else list(labels)
    if len(names) != len(answers):
        raise InputError(
            "as many labels as diaries are needed", field="labels", got=len(names), allowed=len(answers)
        )
    if len(set(names)) < len(names):
        raise InputError("each person needs a name of their own", field="labels", got=names)
    return names
