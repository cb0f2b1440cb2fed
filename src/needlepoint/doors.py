"""The figure, the page and the text of each kind of result, loaded when asked for."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from needlepoint.errors import InputError

__all__ = ["FIGURES", "PAGES", "SUMMARIES", "draw", "write_page", "write_summary"]

# kind of result -> the function that draws it
FIGURES: dict[str, str] = {
    "needlepoint.pooling.result.Pooled": "needlepoint.figures.forest.forest",
    "needlepoint.pooling.multilevel.multilevel.Multilevel": "needlepoint.figures.forest.forest",
    "needlepoint.effects.result.EffectSizes": "needlepoint.figures.forest.forest",
    "needlepoint.bayes.result.Posterior": "needlepoint.figures.prior_posterior.prior_posterior",
    "needlepoint.person.diary_answer.DiaryAnswer": "needlepoint.figures.diary.diary_days",
    "needlepoint.person.periods.PeriodsAnswer": "needlepoint.figures.diary.period_days",
    "needlepoint.person.series.People": "needlepoint.figures.diary.people_posterior",
}

# kind of result -> the function that writes its page of HTML
PAGES: dict[str, str] = {
    "needlepoint.answer.result.Answer": "needlepoint.report.answer_html.answer_html",
    "needlepoint.claims.result.Check": "needlepoint.report.check_html.check_html",
    "needlepoint.person.decide.Decision": "needlepoint.report.decide_html.decide_html",
    "needlepoint.person.diary_answer.DiaryAnswer": "needlepoint.report.diary_html.diary_html",
    "needlepoint.person.periods.PeriodsAnswer": "needlepoint.report.periods_html.periods_html",
    "needlepoint.person.series.People": "needlepoint.report.people_html.people_html",
    "needlepoint.person.screen.Screening": "needlepoint.report.screen_html.screen_html",
}

# kind of result -> the function that writes its text, where that is more than its rows
SUMMARIES: dict[str, str] = {
    "needlepoint.answer.result.Answer": "needlepoint.answer.first_screen.first_screen",
}


def draw(result: object, **options: Any) -> Any:
    """The matplotlib figure of a result.

    Raises
    ------
    InputError
        A kind of result that has no figure.
    """
    return _open(FIGURES, result, "figure")(result, **options)


def write_page(result: object, **options: Any) -> str:
    """The page of a result: one self-contained file of HTML, as text.

    Raises
    ------
    InputError
        A kind of result that has no page.
    """
    return _open(PAGES, result, "page")(result, **options)


def write_summary(result: object) -> str:
    """The text of a result for people.

    Raises
    ------
    InputError
        A kind of result that has no text of its own.
    """
    return _open(SUMMARIES, result, "text")(result)


def _open(doors: dict[str, str], result: object, what: str) -> Any:
    for kind in type(result).__mro__:
        door = doors.get(f"{kind.__module__}.{kind.__qualname__}")
        if door is not None:
            module, _, name = door.rpartition(".")
            return getattr(import_module(module), name)
    allowed = ", ".join(kind.rpartition(".")[2] for kind in doors)
    raise InputError(f"this kind of result has no {what}", got=type(result).__name__, allowed=allowed)
