"""A randomised trial in one person as one self-contained page, its sections tagged with CENT 2015 items."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from html import escape

from needlepoint.person.periods import PeriodsAnswer, period_numbers
from needlepoint.person.verdict import in_percent
from needlepoint.report.page import bullets, items, link, page
from needlepoint.report.person_page import CSS, inline_svg, tagged

__all__ = ["periods_html"]


def periods_html(answer: PeriodsAnswer, settings: Mapping[str, str] | None = None) -> str:
    """The page; needs no network, carries no scripts."""
    return page(
        "Your trial, on and off", "\n".join(part for part in _parts(answer, settings or {}) if part), CSS
    )


def _parts(answer: PeriodsAnswer, settings: Mapping[str, str]) -> Iterable[str]:
    yield "<header><h1>Your trial, on and off</h1>"
    yield f'<p class="headline">{escape(answer.words)}</p><p>{escape(answer.advice)}</p></header><main>'
    yield tagged("The numbers", _numbers(answer), "CENT 17, 18")
    yield tagged("Day by day", _days(answer), "CENT 13, 14")
    yield tagged("What was known, and what your diary adds", _moved(answer), "CENT 12, 17")
    yield tagged("Period by period", _table(answer), "CENT 17")
    yield tagged("A test by lot", _lot(answer), "CENT 8, 9")
    yield tagged("What such a trial cannot show", bullets(answer.cannot), "CENT 20, 21")
    yield tagged("How this was done", _method(answer, settings), "CENT 3, 5, 12")
    yield "</main>"


def _numbers(answer: PeriodsAnswer) -> str:
    return bullets(period_numbers(answer)[:2], 'ol class="three"')


def _days(answer: PeriodsAnswer) -> str:
    from needlepoint.figures.diary import period_days

    alt = (
        f"Pain on {answer.n} days in {answer.periods} periods of {answer.days} days. Mean with the treatment: "
        f"{answer.mean_treated:.1f}. Mean without it: {answer.mean_untreated:.1f}. The table below gives each period."
    )
    return inline_svg(period_days(answer), alt) + bullets(answer.notes)


def _moved(answer: PeriodsAnswer) -> str:
    from needlepoint.figures.diary import prior_posterior

    alt = (
        f"Two curves of the effect. Before: about {answer.prior_mean:.1f}, give or take {answer.prior_sd:.1f}. "
        f"With your diary: about {answer.estimate:.1f}, from {answer.ci_low:.1f} to {answer.ci_high:.1f}."
    )
    moved = f"<p>Your diary removed {in_percent(answer.moved)} of the doubt.</p>"
    return inline_svg(prior_posterior(answer), alt) + moved


def _table(answer: PeriodsAnswer) -> str:
    rows: list[str] = []
    for i, (on, mean) in enumerate(zip(answer.treated, answer.means, strict=True)):
        start = answer.first_day + timedelta(answer.days * i)
        end = start + timedelta(answer.days - 1)
        shown = "no entry" if mean is None else f"{mean:.1f}"
        rows.append(
            f'<tr><th scope="row">{start} to {end}</th><td>{"with it" if on else "without it"}</td>'
            f'<td class="num">{shown}</td></tr>'
        )
    head = '<tr><th scope="col">Period</th><th scope="col">Treatment</th><th scope="col">Mean pain</th></tr>'
    return f"<table><thead>{head}</thead><tbody>{''.join(rows)}</tbody></table>"


def _lot(answer: PeriodsAnswer) -> str:
    return (
        "<p>The order of the periods was drawn by lot. If the treatment did nothing, any order could show the "
        f"largest gain. Yours ranks {answer.rank} of {answer.orders}. This test rests on no other guess.</p>"
    )


def _method(answer: PeriodsAnswer, settings: Mapping[str, str]) -> str:
    treatment = escape(settings.get("treatment", "the treatment"))
    lines = [
        f"{answer.first_day} to {answer.last_day}: {answer.periods} periods of {answer.days} days, with and without "
        f"{treatment}, in pairs, the order in each pair by lot. {answer.n} days have a pain score.",
        "The model allows for a slow trend, for good and bad runs of days, for gaps, and for what is left of the "
        f"treatment on the days after it (here by half in about {answer.half_life:.1f} days).",
        f"What the trials say: {link(*answer.prior_source)}."
        if answer.prior_source[0]
        else "Nothing from other trials was put in: it started from no effect, give or take two points.",
        f"Diary: {escape(answer.digest)}. Nothing left this machine.",
    ]
    return items(lines)
