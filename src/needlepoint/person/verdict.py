"""Verdict of a diary: a pure function of the posterior, and the words for it.

The rule is stated once, in :func:`decide_verdict`; its limits come from the pack. No p-value is involved, and no
verdict promises anything.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

from needlepoint.result import record

__all__ = [
    "DURATION_NOT_TOLD",
    "LITTLE_ROOM",
    "OR_A_TREND",
    "Limits",
    "Verdict",
    "advice",
    "course_words",
    "decide_verdict",
    "diary_cannot",
    "gaps_words",
    "in_percent",
    "mixed_words",
    "people_cannot",
    "people_words",
    "period_advice",
    "period_words",
    "periods_cannot",
    "review_due",
    "too_few_words",
    "words",
]

Verdict = Literal[
    "likely helping you",
    "some help, less than most people call worthwhile",
    "no worthwhile help",
    "cannot tell yet",
    "change only",
]


@record
class Limits:
    """What counts: points on the 0-10 scale (lower is better), probabilities, a course of sessions."""

    worthwhile: float  # the smallest effect that is worth sessions, in points of improvement
    sure: float  # probability at which the rule speaks
    sure_early: float  # ... at which it speaks of help before the review, for early looks are many
    noticed_points: float  # change for one person that people notice
    noticed_share: float  # the same as a share of the baseline
    review_sessions: int  # review after so many sessions
    review_days: int  # ... or so many days


def decide_verdict(
    *,
    below: float | None,
    worse: float | None,
    change: float,
    baseline: float,
    mixed: bool,
    due: bool,
    limits: Limits,
) -> Verdict:
    """The stated rule.

    Parameters
    ----------
    below
        Posterior probability that the effect is an improvement of more than ``limits.worthwhile``; None without
        a baseline or without sessions.
    worse
        Posterior probability that the effect is a worsening; None likewise.
    change, baseline
        Mean change (negative is better) and mean before.
    mixed
        Another treatment was started in the window: nobody can tell the two apart.
    due
        The review has been reached: see :func:`review_due`.
    """
    if below is None or worse is None:
        return "change only"
    if mixed:
        return "cannot tell yet"
    if below >= (limits.sure if due else limits.sure_early):
        noticed = -change >= limits.noticed_points or -change >= limits.noticed_share * baseline > 0
        return "likely helping you" if noticed else "some help, less than most people call worthwhile"
    if 1 - below >= limits.sure or worse >= limits.sure:
        return "no worthwhile help"
    return "cannot tell yet"


def review_due(*, sessions: int, days_since: int | None, limits: Limits) -> bool:
    """Whether the course has reached its review: enough sessions, or enough days since the first."""
    return sessions >= limits.review_sessions or (days_since is not None and days_since >= limits.review_days)


def words(verdict: Verdict, *, mixed: bool, days_needed: int | None) -> str:
    """The verdict in plain words."""
    if verdict == "likely helping you":
        return "The treatment is likely helping you, and the change is one that most people would notice."
    if verdict == "some help, less than most people call worthwhile":
        return "The treatment probably helps you a little, but less than most people call worthwhile."
    if verdict == "no worthwhile help":
        return "The treatment is probably not giving you help that is worth the sessions."
    if verdict == "change only":
        return (
            "This diary can show how your pain changed, but not why. "
            "To say more, it needs days from before the first session and days after it."
        )
    if mixed:
        return "We cannot tell, because you started another treatment in the same weeks. More days will not settle it."
    if days_needed is None:
        return (
            "We cannot tell yet. More days alone will likely not settle it. A second course later on could."
        )
    return f"We cannot tell yet. If things stay as they are, about {days_needed} more days should settle it."


def advice(verdict: Verdict, *, due: bool, limits: Limits) -> str:
    """What to do next; a course that brings no gain is not continued past its review."""
    if verdict == "no worthwhile help":
        return "Stopping is reasonable. Talk it over, and look at the other options."
    if verdict == "likely helping you":
        if due:
            return (
                "You have reached the review. Ask if you still need sessions: the gain may last without them."
            )
        return "You can finish the course. Review it then."
    if due:
        return "You have reached the review without a clear gain. Stopping is reasonable."
    if verdict == "change only":
        return "Keep the diary going, and note each session."
    return f"Go on with the diary. Review at session {limits.review_sessions}, and stop then if there is no clear gain."


LITTLE_ROOM = "Your pain was low before the first session, so there was little room to get better."
DURATION_NOT_TOLD = (
    "You did not say how long you have had the pain, so we took it for long-lasting. "
    "Newer pain mostly gets better without treatment, and then this answer is too kind to it."
)
OR_A_TREND = "If your pain was on a steady way down of its own, this diary cannot tell that from help."


def too_few_words(before: int, after: int, *, least_before: int, least_after: int) -> str:
    """Why no effect is given."""
    return (
        f"The diary has {before} days before the first session and {after} after it; "
        f"at least {least_before} and {least_after} are needed."
    )


def gaps_words(missing: int, span: int) -> str:
    """Days without an entry."""
    return f"{missing} of {span} days have no entry. Gaps are normal and are allowed for."


def course_words(label: str, change: float) -> str:
    """The course expected without the treatment."""
    return f"Without the treatment we would expect {label} to change by {change:+.1f} points over months."


def mixed_words(treatments: Sequence[str]) -> str:
    """Other treatments that nobody can tell apart from this one."""
    return f"Started in the same weeks: {', '.join(treatments)}."


def period_words(verdict: Verdict) -> str:
    """The verdict of a trial with periods on and off, in plain words."""
    if verdict == "likely helping you":
        return (
            "It likely helps you on the days you use it, and the gain is one that most people would notice."
        )
    if verdict == "some help, less than most people call worthwhile":
        return "It probably helps you a little on the days you use it, but less than most people call worthwhile."
    if verdict == "no worthwhile help":
        return "It probably does not give you help that is worth the trouble."
    return "We cannot tell yet if it helps you on the days you use it."


def period_advice(verdict: Verdict, *, over: bool) -> str:
    """What to do next with a treatment that was tried on and off."""
    if not over:
        return "Go on to the last period, and look again then. Do not stop early because of a good or a bad week."
    if verdict == "no worthwhile help":
        return "Leaving it out is reasonable. Look at the other options."
    if verdict == "cannot tell yet":
        return "More pairs of periods could settle it. If it costs you little, you may go on as you like."
    return "Going on is reasonable, if it is worth the trouble to you. Try again some months later to see if it lasts."


def people_words(low: float, high: float, *, worthwhile: float) -> str:
    """What the interval of the mean effect on several people says, in plain words."""
    if high <= -worthwhile:
        return "On average the treatment likely helped these people."
    if low >= -worthwhile:
        return "On average the treatment likely gave these people no help that is worth the sessions."
    return "We cannot tell yet if the treatment helped these people on average."


def diary_cannot(apart: str) -> tuple[str, ...]:
    """What one diary cannot show; ``apart``: the pack's words for what nobody can tell apart."""
    return (
        "It can often not tell a small effect from none. For most people the honest answer will be: cannot tell.",
        apart,
        "It cannot make you better. In a trial, people with such a diary did not have less pain than others.",
    )


def periods_cannot(lasting: str) -> tuple[str, ...]:
    """What a trial with periods on and off cannot show; ``lasting``: the pack's words for what it does not fit."""
    return (
        "It speaks of the days on which you used the treatment, and of you alone.",
        "You knew when you used it. Hope and habit may be part of what it shows.",
        lasting,
    )


def people_cannot(apart: str) -> tuple[str, ...]:
    """What several diaries together cannot show; ``apart`` as for :func:`diary_cannot`."""
    return (
        "People chose to start and to write. Others may fare otherwise.",
        "There is no group without the treatment here: the course without it is a guess from other people.",
        f"Nobody was blinded. {apart}",
    )


def in_percent(p: float) -> str:
    """A probability in percent, never more sure than it is, so that it does not seem to reach a limit of the rule.

    >>> in_percent(0.8996), in_percent(0.1004), in_percent(1.0)
    ('89%', '11%', 'more than 99%')
    """
    if p < 0.01:
        return "less than 1%"
    if p > 0.99:
        return "more than 99%"
    percent = round(100 * p, 6)
    return f"{math.floor(percent) if p > 0.5 else math.ceil(percent)}%"
