"""Several people's diaries together as one self-contained page."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from needlepoint.person.series import People, people_numbers
from needlepoint.report.page import bullets, items, link, page
from needlepoint.report.person_page import CSS, inline_svg, tagged

__all__ = ["people_html"]


def people_html(people: People) -> str:
    """The page; needs no network, carries no scripts."""
    return page("Diaries of several people", "\n".join(part for part in _parts(people) if part), CSS)


def _parts(people: People) -> Iterable[str]:
    yield "<header><h1>Diaries of several people</h1>"
    yield f'<p class="headline">{escape(people.words)}</p></header><main>'
    yield tagged("The numbers", _numbers(people), "CENT 17, 18")
    yield tagged("What the trials say, and what these people add", _moved(people), "CENT 12, 17")
    yield tagged("Person by person", _table(people), "CENT 17")
    yield tagged("What such a series cannot show", bullets(people.cannot), "CENT 20, 21")
    yield tagged("How this was done", _method(people), "CENT 12")
    yield "</main>"


def _numbers(people: People) -> str:
    return bullets(people_numbers(people), 'ol class="three"') + bullets(people.notes)


def _moved(people: People) -> str:
    from needlepoint.figures.diary import people_posterior

    alt = (
        f"Two curves of the mean effect. Trials: about {people.trials.mean:.1f}. These {people.k} people: about "
        f"{people.estimate:.1f}, from {people.ci_low:.1f} to {people.ci_high:.1f}."
    )
    return inline_svg(people_posterior(people), alt)


def _table(people: People) -> str:
    from needlepoint.figures.forest import forest

    rows = "".join(
        f'<tr><th scope="row">{escape(each.label)}</th><td class="num">{each.n}</td>'
        f'<td class="num">{each.own:+.1f} ({each.own_low:+.1f} to {each.own_high:+.1f})</td>'
        f'<td class="num">{each.shared:+.1f} ({each.shared_low:+.1f} to {each.shared_high:+.1f})</td></tr>'
        for each in people.people
    )
    head = (
        '<tr><th scope="col">Person</th><th scope="col">Days</th><th scope="col">From the diary alone</th>'
        '<th scope="col">Beside the others</th></tr>'
    )
    words = (
        "<p>Points of pain beyond the expected course, with 95% intervals; minus is better. The last column draws "
        "each person towards the others as far as the own diary leaves doubt: it is the better guess.</p>"
    )
    alt = f"Forest plot of {people.k} people; the table gives the same numbers."
    figure = inline_svg(forest(people.pooled, label="points of pain (left is better)"), alt)
    picture = f'<div class="wide">{figure}</div>'  # too fine for a telephone
    table = f'<div class="scroll"><table><thead>{head}</thead><tbody>{rows}</tbody></table></div>'
    return f"{words}{picture}{table}"


def _method(people: People) -> str:
    trials, pooled = people.trials, people.pooled
    lines = [
        "Each diary was read with the same prior, which was taken out again. The people are then the studies of a "
        f"random-effects model ({escape(pooled.method)}, test {escape(pooled.test)}).",
        f"What the trials say: {link(trials.source, trials.url)}.",
        f"Data: {escape(pooled.input_digest)}. Nothing left this machine.",
    ]
    return items(lines)
