"""The answer at one look: one outcome against every comparison on one axis, beside what people call important."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from needlepoint.answer.result import Answer, Cell
from needlepoint.answer.say import finding
from needlepoint.answer.text import certainty_dots
from needlepoint.answer.words import Finding, number
from needlepoint.report.interval_svg import HEIGHT, INK, Axis, line, svg, upright

__all__ = ["glance_html"]

# the axis is cut at this many important differences, so that one vague trial does not flatten the rest
REACH = 2.0


def glance_html(answer: Answer) -> str:
    """Comparisons of the first outcome that share a unit with a known important difference; empty below two."""
    rows = _rows(answer.cells)
    if len(rows) < 2:
        return ""
    first, mid = rows[0], rows[0].mid
    assert mid is not None
    axis = Axis(
        max(min(-0.4 * mid, *(f.low for f in rows)), -REACH * mid),
        min(max(1.4 * mid, *(f.high for f in rows)), REACH * mid),
    )
    body = "".join(_row(f, axis, mid) for f in rows)
    return (
        f'<table class="forest glance"><caption>{escape(_caption(first))}</caption>'
        '<thead><tr><th scope="col">Compared with</th>'
        '<th scope="col" class="plot"><span class="axis"><span>← worse</span><span>better →</span></span></th>'
        f'<th scope="col">Certainty</th></tr></thead><tbody>{body}</tbody></table>'
        f'<p class="legend">{escape(_legend(first, mid))}</p>'
    )


def _rows(cells: Sequence[Cell]) -> list[Finding]:
    found = [f for f in map(finding, cells) if f is not None and f.mid is not None]
    return [f for f in found if (f.outcome, f.unit) == (found[0].outcome, found[0].unit)]


def _caption(f: Finding) -> str:
    return f"{f.treatment[:1].upper()}{f.treatment[1:]} and {f.outcome}, {f.unit}"


def _legend(f: Finding, mid: float) -> str:
    return (
        f"Block: best estimate; bar: 95% interval. Solid upright line: no difference. Dashed line: {number(mid, 0)} "
        f"{f.unit}, a difference that a person would call important. A bar at the edge goes on beyond it."
    )


def _row(f: Finding, axis: Axis, mid: float) -> str:
    value, low, high = (axis.x(v) for v in (f.benefit, f.low, f.high))
    drawing = (
        upright(axis.null)
        + upright(axis.x(mid), dashed=True)
        + line(low, high)
        + f'<rect x="{value - 4:.1f}" y="{HEIGHT / 2 - 3:g}" width="8" height="6" fill="{INK}"/>'
    )
    numbers = f"{number(f.benefit)} [{number(f.low)}, {number(f.high)}]"
    dots = f'<span class="dots" aria-hidden="true">{certainty_dots(f.certainty)}</span>'
    return (
        f'<tr><th scope="row">{escape(f.comparator)}<br><span class="note">{escape(numbers)} better</span></th>'
        f'<td class="plot">{svg(drawing, f"{f.comparator}: {numbers} {f.unit} better")}</td>'
        f"<td>{dots} {escape(f.certainty)}</td></tr>"
    )
