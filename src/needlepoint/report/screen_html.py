"""A safety screen as one self-contained page, to print or to take to a doctor."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from needlepoint.person.rules import LEVELS
from needlepoint.person.screen import Finding, Screening
from needlepoint.report.page import bullets, link, page, section
from needlepoint.report.person_page import DARK

__all__ = ["screen_html"]

CSS = f"""
.emergency {{ border-left: 6px solid #b00020; background: #fdecee; padding: 1rem 1.2rem; }}
article {{ border: 1px solid var(--line); border-radius: .6rem; padding: .6rem 1.1rem; margin: 1rem 0; }}
article p {{ margin: .4rem 0; }}
@media print {{ article {{ break-inside: avoid; }} }}
{DARK}"""


def screen_html(screening: Screening) -> str:
    """The page; needs no network, carries no scripts. An emergency stands alone."""
    return page("Safety questions", "\n".join(part for part in _parts(screening) if part), CSS)


def _parts(screening: Screening) -> Iterable[str]:
    stopped = screening.level == LEVELS[0]
    kind = ' class="emergency"' if stopped else ""
    yield f'<header><h1>Safety questions</h1><div{kind} role="alert">'
    yield f'<p class="headline">{escape(screening.headline)}</p></div></header><main>'
    yield section("What was found", "".join(_finding(each) for each in screening.findings))
    if not stopped:
        yield section("Are you like the people in the trials?", _populations(screening))
    yield section("What this cannot tell you", bullets([*screening.notes, *screening.always]))
    yield section("Questions without an answer", _unanswered(screening))
    yield (
        f"</main><footer>Rules: {escape(screening.pack)} {escape(screening.version)}, read again on "
        f"{escape(screening.reviewed)}. Nothing was stored or sent.</footer>"
    )


def _finding(finding: Finding) -> str:
    lines = [f"<strong>What to do:</strong> {escape(finding.action)}"]
    if finding.limit:
        lines.append(f"<strong>Limit:</strong> {escape(finding.limit)}.")
    lines += [f"<strong>You answered:</strong> {escape(each)}" for each in finding.because]
    lines += [f"<strong>How common:</strong> {escape(each)}" for each in finding.evidence]
    body = "".join(f"<p>{line}</p>" for line in lines)
    return (
        f'<article><h3>{escape(finding.statement)}</h3><p><span class="tag">{escape(finding.level)}</span></p>{body}'
        f'<p class="note">{link(finding.source, finding.url)} ({escape(finding.tier)})</p></article>'
    )


def _populations(screening: Screening) -> str:
    rows = "".join(
        f'<tr><th scope="row">{link(each.trial, each.url)}</th><td>{escape(each.who)}</td><td>{escape(each.standing)}'
        f"{_why(each.because)}</td></tr>"
        for each in screening.populations
    )
    head = '<tr><th scope="col">Trial</th><th scope="col">Whom it took in</th><th scope="col">You</th></tr>'
    return (
        "<p>A trial speaks best for people like those in it.</p>"
        f"<table><thead>{head}</thead><tbody>{rows}</tbody></table>"
    )


def _why(because: tuple[str, ...]) -> str:
    return f": {escape('; '.join(because))}" if because else ""


def _unanswered(screening: Screening) -> str:
    body = bullets(screening.unanswered)
    return body and f"<details><summary>Show {len(screening.unanswered)} questions</summary>{body}</details>"
