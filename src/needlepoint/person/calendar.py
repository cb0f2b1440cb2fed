"""The plan of a diary as a calendar file (iCalendar, RFC 5545): made here, sent nowhere."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, time, timedelta

from needlepoint.errors import InputError
from needlepoint.person.priors import load_priors

__all__ = ["plan_calendar"]

AFTER_REVIEW = 28  # days that the diary goes on
PAIN = "Write down your pain, 0 to 10"
WEEKLY = "Once a week: the Roland-Morris form"


def plan_calendar(settings: Mapping[str, str], *, at: str = "20:00") -> str:
    """Reminders each day and week, and the days of the plan: first session and review, or the periods on and off.

    Parameters
    ----------
    settings
        Of the diary.
    at
        Time of day of the reminder, in local time.

    Raises
    ------
    InputError
        The diary has no plan, or ``at`` is no time.
    """
    try:
        clock = time.fromisoformat(at).strftime("%H%M%S")
    except ValueError as error:
        raise InputError("not a time of day", field="at", got=at, mend="write it as 20:00") from error
    if "first_day" not in settings:
        raise InputError(
            "this diary has no plan", field="first_day", mend="make one with `needlepoint diary start`"
        )
    first = date.fromisoformat(settings["first_day"])
    marks = list(_periods(settings, first) if "treated" in settings else _course(settings, first))
    until = max(day for day, _ in marks)
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//needlepoint//diary//EN"]
    alarm = ("BEGIN:VALARM", "ACTION:DISPLAY", f"DESCRIPTION:{_escaped(PAIN)}", "TRIGGER:PT0M", "END:VALARM")
    rule = f"RRULE:FREQ=DAILY;UNTIL={until:%Y%m%d}T235959"
    lines += _event("daily", PAIN, f"DTSTART:{first:%Y%m%d}T{clock}", rule, *alarm)
    if "treated" not in settings:
        lines += _event(
            "weekly", WEEKLY, f"DTSTART;VALUE=DATE:{first:%Y%m%d}", f"RRULE:FREQ=WEEKLY;UNTIL={until:%Y%m%d}"
        )
    for day, what in marks:
        lines += _event(f"{day:%Y%m%d}", what, f"DTSTART;VALUE=DATE:{day:%Y%m%d}")
    return "\r\n".join([*lines, "END:VCALENDAR", ""])


def _course(settings: Mapping[str, str], first: date) -> Iterator[tuple[date, str]]:
    limits = load_priors(settings.get("pack")).limits
    start = date.fromisoformat(settings.get("start_day", first.isoformat()))
    yield start, "First session, as drawn by lot. Run the safety screen before it"
    review = start + timedelta(limits.review_days)
    yield review, f"Review, or at session {limits.review_sessions}: needlepoint diary report"
    yield review + timedelta(AFTER_REVIEW), "Last day of the diary: needlepoint diary report"


def _periods(settings: Mapping[str, str], first: date) -> Iterator[tuple[date, str]]:
    days = int(settings["period_days"])
    for i, on in enumerate(settings["treated"]):
        yield first + timedelta(days * i), "From today: use it" if on == "1" else "From today: leave it out"
    yield first + timedelta(days * len(settings["treated"])), "The periods are over: needlepoint diary report"


def _event(name: str, what: str, *lines: str) -> list[str]:
    stamp = "DTSTAMP:20000101T000000Z"  # the same plan gives the same file
    head = ["BEGIN:VEVENT", f"UID:{name}@needlepoint-diary", stamp, f"SUMMARY:{_escaped(what)}"]
    return [*head, *lines, "END:VEVENT"]


def _escaped(text: str) -> str:
    return text.replace(",", "\\,").replace(";", "\\;")
