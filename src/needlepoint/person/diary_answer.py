"""What one diary shows: three numbers, a verdict, and what it rests on, with the words for them."""

from __future__ import annotations

from dataclasses import field
from datetime import date
from typing import Any

from needlepoint.person.posterior import Mixture
from needlepoint.person.randomised_start import DrawTest
from needlepoint.person.verdict import Verdict, in_percent
from needlepoint.result import Result, record

__all__ = ["DiaryAnswer", "Sensitivity", "Window", "chance", "three_numbers"]


@record
class Sensitivity:
    """The effect under another assumption."""

    assumption: str
    estimate: float
    ci_low: float
    ci_high: float
    p_helps: float


@record
class Window:
    """Mean of the days in a window."""

    label: str
    n: int
    mean: float


@record
class DiaryAnswer(Result):
    """What one diary shows: three numbers, a verdict by the stated rule, and what it rests on.

    Points are on the 0-10 scale of pain; negative is better. Fields of the effect are ``nan``-free: they are None
    when the diary has no baseline or no sessions.
    """

    first_day: date
    last_day: date
    n: int
    sessions: int
    baseline: Window
    recent: Window
    change: float
    change_low: float
    change_high: float
    change_share: float | None  # of the baseline
    effect: float | None = None
    effect_low: float | None = None
    effect_high: float | None = None
    effect_sd: float | None = None
    p_helps: float | None = None  # probability of an improvement of more than the worthwhile effect
    p_worse: float | None = None
    p_needed: float | None = None  # of help, for the rule to speak of it now: more before the review
    expected: float | None = None  # change expected without the treatment by the last weeks
    prior_mean: float | None = None
    prior_sd: float | None = None
    moved: float | None = None  # share of the prior's uncertainty that the diary removed
    bits: float | None = None  # information from the diary (Kullback-Leibler, normal approximation)
    phi: float | None = None
    sigma: float | None = None
    verdict: Verdict
    words: str
    advice: str
    cannot: tuple[str, ...]  # what such a diary cannot show
    days_needed: int | None = None
    mixed: tuple[str, ...] = ()  # treatments started in the window
    control_change: float | None = None
    rmdq_change: float | None = None
    own_judgement: int | None = None  # the last global change, -3 (much worse) to 3 (much better)
    events: tuple[str, ...] = ()  # unwanted events, with their days
    sensitivity: tuple[Sensitivity, ...] = ()
    draw: DrawTest | None = None
    effect_source: tuple[str, str] = ("", "")  # citation and address
    course_source: tuple[str, str] = ("", "")
    priors: str = ""  # pack and version
    digest: str = ""
    mixture: Mixture | None = field(default=None, repr=False)  # posterior of the effect
    days: Any = field(default=None, repr=False)  # (n,) days from the first session (or from the first entry)
    pain: Any = field(default=None, repr=False)

    def summary(self) -> str:
        """Text for people."""
        lines = [self.words, "", *three_numbers(self), *chance(self), "", self.advice]
        return "\n".join([*lines, *(f"Note: {note}" for note in self.notes)])


def three_numbers(answer: DiaryAnswer) -> list[str]:
    """The three numbers in words."""
    direction = "less" if answer.change <= 0 else "more"
    lines = [
        f"1. Your change: {abs(answer.change):.1f} points {direction} pain "
        f"({answer.baseline.label}: {answer.baseline.mean:.1f}; {answer.recent.label}: {answer.recent.mean:.1f}; "
        f"95% interval {answer.change_low:+.1f} to {answer.change_high:+.1f})."
    ]
    if answer.effect is None or answer.moved is None or answer.expected is None:
        return lines
    return [
        *lines,
        f"2. Beyond the course we would expect anyway ({answer.expected:+.1f}): {answer.effect:+.1f} points "
        f"(95% interval {answer.effect_low:+.1f} to {answer.effect_high:+.1f}).",
        f"3. What the diary added: trials alone said {answer.prior_mean:+.1f}; your diary removed "
        f"{answer.moved:.0%} of the doubt."
        + (" It has not told us much yet." if answer.moved < 0.25 else ""),
    ]


def chance(answer: DiaryAnswer) -> list[str]:
    """The probability of help, and the one that the rule asks for; nothing without an effect."""
    if answer.p_helps is None or answer.p_needed is None:
        return []
    return [
        f"The chance that it helps by more than half a point is {in_percent(answer.p_helps)}. "
        f"We say that it helps from {answer.p_needed:.0%} on."
    ]
