"""Plan of a diary: how long to write before the first session, which day to start, what it can and cannot show."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path

from needlepoint.errors import InputError
from needlepoint.person.entries import Entry
from needlepoint.person.priors import load_priors
from needlepoint.person.verdict import diary_cannot
from needlepoint.result import Result, record

__all__ = ["CAN", "Plan", "candidates", "next_step", "plan"]

MOST_DAYS = 365  # before the first session, and in the draw
CAN = (
    "It can show how much your pain changed, with its ups and downs taken into account.",
    "It can show if you changed more than people mostly do without this treatment.",
    "It can find a large effect, of about two points or more on the scale from 0 to 10.",
)


@record
class Plan(Result):
    """What to do from the first day of the diary to the review."""

    first_day: date
    baseline_days: int
    start_days: tuple[date, ...]  # the days that were in the draw
    start_day: date  # the day drawn for the first session
    review_sessions: tuple[int, ...]
    review_days: int
    can: tuple[str, ...] = CAN
    cannot: tuple[str, ...]

    def summary(self) -> str:
        """Text for people."""
        first, last = self.review_sessions
        return "\n".join(
            [
                f"Write down your pain today (0 to 10) once a day, from {self.first_day} on. Gaps are normal.",
                f"Have your first session on {self.start_day}. The day was drawn by lot among "
                f"{len(self.start_days)} days: that keeps a bad week from choosing it.",
                f"Review at session {first} and at session {last}, or after {self.review_days} days. "
                "Keep the diary for four more weeks.",
                "Do not start another treatment in these weeks if you can help it. If you do, note it.",
                "",
                *(f"+ {line}" for line in self.can),
                *(f"- {line}" for line in self.cannot),
                *self.notes,
            ]
        )


def plan(
    first_day: date,
    *,
    baseline_days: int | None = None,
    window_days: int | None = None,
    seed: int | None = None,
    pack: str | Path | None = None,
) -> Plan:
    """Plan a diary and draw the day of the first session.

    Parameters
    ----------
    first_day
        First day of the diary.
    baseline_days
        Days before the first possible session: 28 unless told, 7 to 365.
    window_days
        How many days are in the draw: 20 unless told; 1 means no draw.
    seed
        For a repeatable draw.

    Raises
    ------
    InputError
        Too short or too long a baseline or draw.
    """
    priors = load_priors(pack)
    design, limits = priors.design, priors.limits
    baseline = design.baseline_days if baseline_days is None else baseline_days
    window = design.start_window if window_days is None else window_days
    if not design.least_baseline <= baseline <= MOST_DAYS:
        allowed = f"{design.least_baseline} to {MOST_DAYS}"
        raise InputError(
            "not a length for the baseline", field="baseline_days", got=baseline, allowed=allowed
        )
    if not 1 <= window <= MOST_DAYS:
        raise InputError(
            "the draw needs a day or more", field="window_days", got=window, allowed=f"1 to {MOST_DAYS}"
        )
    days = tuple(first_day + timedelta(baseline + shift) for shift in range(window))
    chooser = random.Random(seed) if seed is not None else random.SystemRandom()
    notes = (
        ()
        if window >= design.start_window
        else ("With fewer than 20 days in the draw, the lot says little.",)
    )
    return Plan(
        first_day=first_day,
        baseline_days=baseline,
        start_days=days,
        start_day=chooser.choice(days),
        review_sessions=(limits.review_sessions // 2, limits.review_sessions),
        review_days=limits.review_days,
        cannot=diary_cannot(priors.words.apart),
        notes=notes,
    )


def candidates(settings: Mapping[str, str]) -> tuple[date, ...]:
    """The days that were in the draw, from a diary's settings; empty when nothing was drawn."""
    if not {"start_day", "window_days", "baseline_days", "first_day"} <= set(settings):
        return ()
    first = date.fromisoformat(settings["first_day"]) + timedelta(int(settings["baseline_days"]))
    return tuple(first + timedelta(shift) for shift in range(int(settings["window_days"])))


def next_step(settings: Mapping[str, str], entries: Sequence[Entry], today: date) -> str:
    """What comes next in the plan, in one sentence; empty where there is no plan."""
    sessions = [each.day for each in entries if each.session]
    if "treated" in settings:
        first = date.fromisoformat(settings["first_day"])
        now = (today - first).days // int(settings["period_days"])
        if not 0 <= now < len(settings["treated"]):
            return (
                "The periods are over: see the report." if now > 0 else f"The first period starts on {first}."
            )
        return "Today: use it." if settings["treated"][now] == "1" else "Today: leave it out."
    if "start_day" not in settings:
        return ""
    if not sessions:
        return f"Your first session was drawn for {settings['start_day']}. Run the safety screen again before it."
    limits = load_priors(settings.get("pack")).limits
    review = sessions[0] + timedelta(limits.review_days)
    return f"{len(sessions)} sessions so far. Review at session {limits.review_sessions}, or on {review}."
