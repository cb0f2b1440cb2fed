"""A series of people pooled: each diary gives its own likelihood of the effect, and the people are the studies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from needlepoint.errors import InputError
from needlepoint.person.nof1 import DiaryAnswer

if TYPE_CHECKING:
    from needlepoint.pooling.result import Pooled

__all__ = ["pool_people", "without_prior"]


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

    names = [f"person {i + 1}" for i in range(len(answers))] if labels is None else list(labels)
    if len(names) != len(answers):
        raise InputError(
            "as many labels as diaries are needed", field="labels", got=len(names), allowed=len(answers)
        )
    pairs = [(name, without_prior(answer)) for name, answer in zip(names, answers, strict=True)]
    found = [(name, *own) for name, own in pairs if own is not None]
    silent = [name for name, own in pairs if own is None]
    pooled = pool(yi=[row[1] for row in found], vi=[row[2] for row in found], study=[row[0] for row in found])
    if silent:
        pooled = replace(
            pooled, notes=(*pooled.notes, f"left out, the diary added nothing: {', '.join(silent)}")
        )
    return pooled
