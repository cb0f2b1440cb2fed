"""Diary figures: pain day by day around the first session; what was known before and after the diary."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from needlepoint.errors import NotEnoughStudies

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from needlepoint.person.nof1 import DiaryAnswer

__all__ = ["diary_days", "prior_posterior"]

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


def prior_posterior(answer: DiaryAnswer) -> Figure:
    """The effect as the trials alone gave it, and as it stands after the diary.

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
    figure, axes = _axes("points of pain beyond the expected course (left is better)", "")
    x = np.linspace(
        min(mean - 3 * sd, mixture.mean - 4 * mixture.sd),
        max(mean + 3 * sd, mixture.mean + 4 * mixture.sd),
        300,
    )
    before = np.exp(-0.5 * ((x - mean) / sd) ** 2) / (sd * np.sqrt(2 * np.pi))
    after = mixture.density(x)
    axes.plot(x, before, color=GREY, linestyle="--", label="trials alone")
    axes.plot(x, after, color=BLUE, linewidth=2, label="with your diary")
    axes.fill_between(x, after, color=BLUE, alpha=0.15)
    axes.axvline(0, color=INK, linewidth=0.8)
    axes.annotate("no effect", (0, after.max()), (3, 2), textcoords="offset points", fontsize=9)
    axes.set_yticks([])
    axes.legend(frameon=False, fontsize=9, loc="upper left")
    axes.set_ylim(0, after.max() * 1.15)
    return figure


def _axes(xlabel: str, ylabel: str) -> tuple[Figure, Any]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=SIZE, layout="constrained")
    axes = figure.subplots()
    axes.set_xlabel(xlabel, color=INK)
    axes.set_ylabel(ylabel, color=INK)
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes
