"""A forest plot as a table that reads aloud: one row a trial, a small drawing beside its numbers."""

from __future__ import annotations

import math
from collections.abc import Mapping
from html import escape

from needlepoint.answer.result import Cell, Scale, TrialEffect
from needlepoint.answer.scale import show
from needlepoint.answer.words import number
from needlepoint.evidence.schema import Source
from needlepoint.report.interval_svg import HEIGHT, INK, Axis, line, svg, upright
from needlepoint.report.page import link
from needlepoint.stats.distributions import normal_quantile

__all__ = ["forest_html"]


def forest_html(cell: Cell, sources: Mapping[str, Source]) -> str:
    """Trials of a cell with estimate, interval and weight; empty where there are none."""
    if not cell.trials or cell.estimate is None or cell.ci_low is None or cell.ci_high is None:
        return ""
    scale = _own_scale(cell)
    rows = [_shown(t, scale) for t in cell.trials]
    pooled = show(scale, cell.estimate, cell.ci_low, cell.ci_high)
    axis = Axis.around([*rows, (pooled.value, pooled.ci_low, pooled.ci_high)], log=scale.log)
    body = "".join(
        _trial_row(trial, values, axis, sources) for trial, values in zip(cell.trials, rows, strict=True)
    )
    pooled_values = (pooled.value, pooled.ci_low, pooled.ci_high)
    foot = _pooled_row(cell, pooled_values, axis) if cell.k > 1 else ""
    favours = _favours(scale)
    return (
        '<table class="forest"><thead><tr><th scope="col">Trial</th><th scope="col" class="wide">People</th>'
        f'<th scope="col" class="plot">{favours}</th><th scope="col">Difference [95% interval]</th>'
        f'<th scope="col" class="wide">Weight</th></tr></thead><tbody>{body}{foot}</tbody></table>'
        f'<p class="legend">{escape(scale.unit)}; {number(axis.low)} at the left edge, {number(axis.high)} at the '
        "right; the upright line is no difference.</p>"
    )


def _own_scale(cell: Cell) -> Scale:
    """The scale of our own trials, also where a published result leads."""
    assert cell.own_scale is not None
    return cell.own_scale


def _favours(scale: Scale) -> str:
    left, right = ("better", "worse") if scale.better == "lower" else ("worse", "better")
    return f'<span class="axis"><span>← {left}</span><span>{right} →</span></span>'


def _shown(trial: TrialEffect, scale: Scale) -> tuple[float, float, float]:
    half = normal_quantile(0.975) * math.sqrt(trial.vi)
    e = show(scale, trial.yi, trial.yi - half, trial.yi + half)
    return e.value, e.ci_low, e.ci_high


def _text(values: tuple[float, float, float]) -> str:
    return f"{number(values[0])} [{number(values[1])}, {number(values[2])}]"


def _trial_row(
    trial: TrialEffect, values: tuple[float, float, float], axis: Axis, sources: Mapping[str, Source]
) -> str:
    value, low, high = (axis.x(v) for v in values)
    side = 4 + 10 * math.sqrt(trial.weight)
    middle = HEIGHT / 2
    drawing = (
        upright(axis.null)
        + line(low, high)
        + f'<rect x="{value - side / 2:.1f}" y="{middle - side / 2:.1f}" width="{side:.1f}" height="{side:.1f}" '
        f'fill="{INK}"/>'
    )
    source = next((sources[s] for s in trial.sources if s in sources), None)
    name = link(trial.label, source.url) if source else escape(trial.label)
    people = "" if trial.n is None else f"{trial.n:,}"
    kind = f'<br><span class="note">{escape(trial.instrument_label)}, {escape(trial.kind)}</span>'
    return (
        f'<tr><th scope="row">{name}{kind}</th><td class="wide">{people}</td>'
        f'<td class="plot">{svg(drawing, f"{trial.label}: {_text(values)}")}</td>'
        f'<td class="num">{_text(values)}</td><td class="wide">{trial.weight:.0%}</td></tr>'
    )


def _pooled_row(cell: Cell, values: tuple[float, float, float], axis: Axis) -> str:
    value, low, high = (axis.x(v) for v in values)
    middle = HEIGHT / 2
    diamond = f"{low:.1f},{middle:g} {value:.1f},3 {high:.1f},{middle:g} {value:.1f},{HEIGHT - 3:g}"
    drawing = f'{upright(axis.null)}<polygon points="{diamond}" fill="#1b1f24"/>'
    people = "" if cell.n is None else f"{cell.n:,}"
    return (
        f'<tr class="pooled"><th scope="row">All {cell.k} trials</th><td class="wide">{people}</td>'
        f'<td class="plot">{svg(drawing, f"pooled: {_text(values)}")}</td>'
        f'<td class="num">{_text(values)}</td><td class="wide">100%</td></tr>'
    )
