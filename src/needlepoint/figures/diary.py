"""Diary figures: pain day by day; what was known before and after a diary, a trial on and off, or several people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from needlepoint.errors import NotEnoughStudies

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from needlepoint.person.diary_answer import DiaryAnswer
    from needlepoint.person.periods import PeriodsAnswer
    from needlepoint.person.series import People

__all__ = ["diary_days", "people_posterior", "period_days", "prior_posterior"]

BLUE, INK, GREY, ORANGE = "#0072B2", "#1b1f24", "#8a949e", "#D55E00"  # Okabe-Ito
SIZE = (5.6, 2.9)  # inches; readable on a telephone


def diary_days(answer: DiaryAnswer) -> Figure:
    """Pain by day, the first session, and the two means that the change compares."""
    figure, axes = _axes(
        "days from the first session" if answer.sessions else "days of the diary", "pain, 0 to 10"
    )
    days, pain = np.asarray(answer.days), np.asarray(answer.pain)
    axes.plot(days, pain, "o", color=GREY, markersize=3)
    last = days[-1]
    spans = ((days[0], min(-1.0, last) if answer.sessions else days[0] + 6, answer.baseline),
             (max(last - 27, 0.0), last, answer.recent))  # fmt: skip
    for (low, high, window), colour in zip(spans, (INK, BLUE), strict=True):
        axes.plot([low, high], [window.mean, window.mean], color=colour, linewidth=2.5)
        axes.annotate(
            f"{window.mean:.1f}", (high, window.mean), (3, 4), textcoords="offset points", color=colour
        )
    if answer.sessions:
        axes.axvline(-0.5, color=ORANGE, linewidth=1, linestyle="--")
        axes.annotate(
            "first session", (-0.5, 10.2), (3, 0), textcoords="offset points", color=ORANGE, fontsize=9
        )
    axes.set_ylim(-0.4, 10.9)
    axes.set_yticks(range(0, 11, 2))
    return figure


def period_days(answer: PeriodsAnswer) -> Figure:
    """Pain by day, the periods with the treatment shaded, and the mean of each period."""
    figure, axes = _axes("days of the trial", "pain, 0 to 10")
    axes.plot(np.asarray(answer.day), np.asarray(answer.pain), "o", color=GREY, markersize=3)
    for i, (on, mean) in enumerate(zip(answer.treated, answer.means, strict=True)):
        start, end = i * answer.days - 0.5, (i + 1) * answer.days - 0.5
        if on:
            axes.axvspan(start, end, color=BLUE, alpha=0.12, linewidth=0)
        axes.annotate("with" if on else "without", ((start + end) / 2, 10.3), ha="center", fontsize=8,
                      color=BLUE if on else INK)  # fmt: skip
        if mean is not None:
            axes.plot([start, end], [mean, mean], color=BLUE if on else INK, linewidth=2.5)
    axes.set_xlim(-0.5, len(answer.treated) * answer.days - 0.5)
    axes.set_ylim(-0.4, 10.9)
    axes.set_yticks(range(0, 11, 2))
    return figure


def prior_posterior(answer: DiaryAnswer | PeriodsAnswer) -> Figure:
    """The effect as it was known before the diary, and as it stands after it.

    Raises
    ------
    NotEnoughStudies
        The diary has no baseline or no sessions, so there is no effect to show.
    """
    mixture, mean, sd = answer.mixture, answer.prior_mean, answer.prior_sd
    if mixture is None or mean is None or sd is None:
        raise NotEnoughStudies(
            "the figure of prior and posterior (days each side of the start)", needs=7, got=0
        )
    with_trials = getattr(answer, "prior_source", None) != ("", "")  # a diary's prior is always from trials
    words = "beyond the expected course" if hasattr(answer, "sessions") else "on treated days"
    x = _span((mean, sd, 3.0), (mixture.mean, mixture.sd, 4.0))
    return _two_curves(
        x,
        (_normal(x, mean, sd), "trials alone" if with_trials else "before the trial: either way"),
        (mixture.density(x), "with your diary"),
        f"points of pain {words} (left is better)",
    )


def people_posterior(people: People) -> Figure:
    """The mean effect as the trials give it, and as the diaries of several people give it together."""
    trials, own = people.trials, people.pooled
    se = (own.ci_high - own.ci_low) / (2 * 1.959963984540054)
    x = _span((trials.mean, trials.se, 3.5), (own.estimate, se, 3.5))
    return _two_curves(
        x,
        (_normal(x, trials.mean, trials.se), "trials"),
        (_normal(x, own.estimate, se), f"these {own.k} people"),
        "mean effect, points of pain (left is better)",
    )


def _span(*curves: tuple[float, float, float]) -> Any:
    """Places that hold every curve, of a mean and so many SDs either side."""
    low = min(mean - reach * sd for mean, sd, reach in curves)
    high = max(mean + reach * sd for mean, sd, reach in curves)
    return np.linspace(low, high, 300)


def _normal(x: Any, mean: float, sd: float) -> Any:
    return np.exp(-0.5 * ((x - mean) / sd) ** 2) / (sd * np.sqrt(2 * np.pi))


def _two_curves(x: Any, before: tuple[Any, str], after: tuple[Any, str], xlabel: str) -> Figure:
    figure, axes = _axes(xlabel, "")
    top = max(before[0].max(), after[0].max())
    axes.plot(x, before[0], color=GREY, linestyle="--", label=before[1])
    axes.plot(x, after[0], color=BLUE, linewidth=2, label=after[1])
    axes.fill_between(x, after[0], color=BLUE, alpha=0.15)
    axes.axvline(0, color=INK, linewidth=0.8)
    axes.annotate("no effect", (0, top), (3, 2), textcoords="offset points", fontsize=9)
    axes.set_yticks([])
    axes.legend(frameon=False, fontsize=9, loc="upper left")
    axes.set_ylim(0, top * 1.15)
    return figure


def _axes(xlabel: str, ylabel: str) -> tuple[Figure, Any]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=SIZE, layout="constrained")
    axes = figure.subplots()
    axes.set_xlabel(xlabel, color=INK)
    axes.set_ylabel(ylabel, color=INK)
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes
