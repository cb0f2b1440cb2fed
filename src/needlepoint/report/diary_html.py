"""A diary's answer as one self-contained page, its sections tagged with the CENT 2015 items that they report."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html import escape

from needlepoint.person.diary_answer import DiaryAnswer, chance, three_numbers
from needlepoint.person.verdict import in_percent
from needlepoint.report.page import bullets, items, link, page
from needlepoint.report.person_page import CSS, inline_svg, tagged

__all__ = ["diary_html"]

FIRST = "Before each session, run the safety screen again. A new emergency sign ends the plan."


def diary_html(answer: DiaryAnswer, settings: Mapping[str, str] | None = None) -> str:
    """The page; needs no network, carries no scripts."""
    return page("Your diary", "\n".join(part for part in _parts(answer, settings or {}) if part), CSS)


def _parts(answer: DiaryAnswer, settings: Mapping[str, str]) -> Iterable[str]:
    yield f'<header><h1>Your diary</h1><p class="first" role="note">{FIRST}</p>'
    yield f'<p class="headline">{escape(answer.words)}</p><p>{escape(answer.advice)}</p></header><main>'
    yield tagged("The three numbers", _numbers(answer), "CENT 17, 18")
    yield tagged("Day by day", _days(answer), "CENT 13, 14")
    yield tagged("What was known, and what your diary adds", _moved(answer), "CENT 12, 17")
    yield tagged("If other things were true", _sensitivity(answer), "CENT 12b, 18")
    yield tagged("A test by lot", _draw(answer), "CENT 8, 9")
    yield tagged("Side checks", _side(answer), "CENT 6, 19")
    yield tagged("What one diary cannot show", bullets(answer.cannot), "CENT 20, 21")
    yield tagged("How this was done", _method(answer, settings), "CENT 3, 5, 12")
    yield "</main>"


def _numbers(answer: DiaryAnswer) -> str:
    return bullets((line.split(". ", 1)[1] for line in three_numbers(answer)), 'ol class="three"')


def _days(answer: DiaryAnswer) -> str:
    from needlepoint.figures.diary import diary_days

    alt = (
        f"Pain on {answer.n} days. Mean {answer.baseline.label}: {answer.baseline.mean:.1f}. "
        f"Mean of the {answer.recent.label}: {answer.recent.mean:.1f}."
    )
    return inline_svg(diary_days(answer), alt) + bullets(answer.notes)


def _moved(answer: DiaryAnswer) -> str:
    if answer.effect is None or answer.p_helps is None:
        return ""
    from needlepoint.figures.diary import prior_posterior

    alt = (
        f"Two curves of the effect. Trials alone: about {answer.prior_mean:.1f}. "
        f"With your diary: about {answer.effect:.1f}, from {answer.effect_low:.1f} to {answer.effect_high:.1f}."
    )
    return inline_svg(prior_posterior(answer), alt) + f"<p>{' '.join(chance(answer))}</p>"


def _sensitivity(answer: DiaryAnswer) -> str:
    if not answer.sensitivity:
        return ""
    rows = "".join(
        f'<tr><th scope="row">{escape(row.assumption)}</th><td class="num">{row.estimate:+.1f}</td>'
        f'<td class="num">{row.ci_low:+.1f} to {row.ci_high:+.1f}</td>'
        f'<td class="num">{in_percent(row.p_helps)}</td></tr>'
        for row in answer.sensitivity
    )
    head = "<tr><th>Assumption</th><th>Points</th><th>95% interval</th><th>Chance of help</th></tr>"
    note = "<p>If these rows differ much, the answer rests on what we assumed, and less on your diary.</p>"
    return f"{note}<table><thead>{head}</thead><tbody>{rows}</tbody></table>"


def _draw(answer: DiaryAnswer) -> str:
    if answer.draw is None:
        return ""
    draw = answer.draw
    return (
        f"<p>The day of your first session was drawn by lot among {draw.days} days. If the treatment did nothing, any "
        f"of them could show the clearest gain. Yours ranks {draw.rank} of {draw.days}.</p>"
    )


def _side(answer: DiaryAnswer) -> str:
    lines: list[str] = []
    if answer.rmdq_change is not None:
        lines.append(
            f"Function (Roland-Morris, 0 to 24): changed by {answer.rmdq_change:+.1f}. Lower is better."
        )
    if answer.control_change is not None:
        lines.append(
            f"The unrelated symptom changed by {answer.control_change:+.1f}. "
            "If it changed as much as your pain, something other than the treatment may be at work."
        )
    if answer.own_judgement is not None:
        lines.append(_own_judgement(answer.own_judgement, answer.change))
    lines += [f"Unwanted event, {event}." for event in answer.events]
    lines += [f"You started {name} in the same weeks." for name in answer.mixed]
    return bullets(lines)


JUDGEMENTS = {
    -3: "much worse",
    -2: "worse",
    -1: "a little worse",
    0: "the same",
    1: "a little better",
    2: "better",
    3: "much better",
}


def _own_judgement(judgement: int, change: float) -> str:
    """The person's own word, and whether the numbers say otherwise."""
    line = f"In your own judgement you are {JUDGEMENTS[judgement]}."
    if judgement * change > 0:  # less pain is a negative change
        line += " Your pain numbers say the other thing. Both count: talk about it."
    return line


def _method(answer: DiaryAnswer, settings: Mapping[str, str]) -> str:
    lines = [
        f"{escape(answer.first_day.isoformat())} to {escape(answer.last_day.isoformat())}: {answer.n} days with pain, "
        f"{answer.sessions} sessions of {escape(settings.get('treatment', 'the treatment'))}.",
        "One person, one change from no treatment to treatment, nobody blinded. "
        "The model allows for good and bad runs of days, for gaps, and for the course without treatment.",
    ]
    for name, source in (("What the trials say", answer.effect_source), ("Course", answer.course_source)):
        if source[0]:
            lines.append(f"{name}: {link(*source)}.")
    lines.append(
        f"Evidence: {escape(answer.priors)}. Diary: {escape(answer.digest)}. Nothing left this machine."
    )
    return items(lines)
