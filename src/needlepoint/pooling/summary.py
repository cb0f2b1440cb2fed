"""A pooled result in words: plain text and a small HTML table."""

from __future__ import annotations

from collections.abc import Callable
from html import escape

import numpy as np

from needlepoint.pooling.result import Coefficient, Pooled
from needlepoint.result import p_text

__all__ = ["as_html", "as_text"]


def _interval(low: float, high: float) -> str:
    return f"[{low:.4g}, {high:.4g}]"


def _head(r: Pooled) -> str:
    name = f" ({r.measure})" if r.measure != "GEN" else ""
    kind = {"EE": "equal effects", "FE": "fixed effects"}.get(r.method, "random effects")
    return f"{r.k} {'study' if r.k == 1 else 'studies'} pooled{name}: {kind}, {r.method}, test {r.test}"


def _heterogeneity(r: Pooled) -> str:
    se = f" (SE {r.tau2_se:.4g})" if r.tau2_se is not None and r.method not in {"EE", "FE"} else ""
    return f"τ² = {r.tau2:.4g}{se}, I² = {r.i2:.1%}, Q({r.q_df}) = {r.q:.2f}, {p_text(r.q_p)}"


def _line(r: Coefficient, width: int = 0) -> str:
    numbers = f"{r.estimate:>9.4g}  {r.se:>8.4g}  {p_text(r.p_value):>10}"
    return f"{r.term:<{width}}  {numbers}  {_interval(r.ci_low, r.ci_high)}"


def _moderators(r: Pooled) -> str:
    name = f"F({r.qm_df}, {r.qm_df2:.4g})" if r.qm_df2 is not None else f"QM({r.qm_df})"
    explained = f", R² = {r.r2:.1%}" if r.r2 is not None else ""
    return f"moderators: {name} = {r.qm:.3f}, {p_text(r.qm_p)}{explained}"


def _estimate(r: Pooled) -> str:
    """A ratio as a ratio, a correlation as a correlation, with the estimate on the scale of the analysis beside it."""
    percent = f"{100 * r.level:g}%"
    reading = _reading(r)
    if reading is None:
        return (
            f"estimate {r.estimate:.4g}, {percent} CI {_interval(r.ci_low, r.ci_high)}, {p_text(r.p_value)}"
        )
    name, scale, back = reading
    analysed = f"{scale} {r.estimate:.4g} {_interval(r.ci_low, r.ci_high)}"
    read = _interval(back(r.ci_low), back(r.ci_high))
    return f"{name} {back(r.estimate):.4g}, {percent} CI {read}, {p_text(r.p_value)} ({analysed})"


def _read_off(r: Pooled, low: float, high: float) -> str:
    """An interval on the reading scale, with that of the analysis beside it where they differ."""
    reading = _reading(r)
    if reading is None:
        return _interval(low, high)
    _, scale, back = reading
    return f"{_interval(back(low), back(high))} ({scale} {_interval(low, high)})"


def _reading(r: Pooled) -> tuple[str, str, Callable[[float], float]] | None:
    """What a mean is read as, the name of its analysis scale, and the way back; None where they are one."""
    from needlepoint.effects.measures import MEASURES
    from needlepoint.effects.transforms import BACK

    spec = MEASURES.get(r.measure) if r.coefficients[0].term == "intercept" and r.p == 1 else None
    scale = _SCALES.get(spec.back or "") if spec is not None else None
    if spec is None or scale is None:
        return None
    function = BACK[str(spec.back)]
    name = {"expit": "proportion", "z_to_r": "correlation"}.get(
        str(spec.back), spec.label.removeprefix("log ")
    )

    def back(value: float) -> float:
        with np.errstate(over="ignore"):
            return float(function(value))

    return name, scale, back


_SCALES = {"exp": "log", "expit": "logit", "z_to_r": "z"}


def as_text(r: Pooled) -> str:
    """The result as a few lines of text."""
    lines = [_head(r)]
    percent = f"{100 * r.level:g}%"
    if r.p == 1:
        lines.append(_estimate(r))
    else:
        width = max(len(c.term) for c in r.coefficients)
        lines.extend(_line(c, width) for c in r.coefficients)
        lines.append(_moderators(r))
    if r.pi_low is not None and r.pi_high is not None:
        lines.append(f"{percent} prediction interval {_read_off(r, r.pi_low, r.pi_high)}")
    lines.append(_heterogeneity(r))
    lines.extend(f"note: {note}" for note in r.notes)
    return "\n".join(lines)


def as_html(r: Pooled) -> str:
    """The result as a caption, a table of coefficients and its notes, for notebooks."""
    cells = "".join(
        f"<tr><th scope='row'>{escape(c.term)}</th><td>{c.estimate:.4g}</td><td>{c.se:.4g}</td>"
        f"<td>{_interval(c.ci_low, c.ci_high)}</td><td>{p_text(c.p_value)}</td></tr>"
        for c in r.coefficients
    )
    after = [_heterogeneity(r), *r.notes]
    if r.pi_low is not None and r.pi_high is not None:
        after.insert(0, f"{100 * r.level:g}% prediction interval {_read_off(r, r.pi_low, r.pi_high)}")
    if _reading(r) is not None:
        after.insert(0, _estimate(r))
    if r.p > 1:
        after.insert(0, _moderators(r))
    tail = "".join(f"<p>{escape(line)}</p>" for line in after)
    return (
        f"<div class='needlepoint'><table><caption>{escape(_head(r))}</caption><thead><tr><th scope='col'>term</th>"
        f"<th scope='col'>estimate</th><th scope='col'>SE</th><th scope='col'>{100 * r.level:g}% CI</th>"
        f"<th scope='col'>p</th></tr></thead><tbody>{cells}</tbody></table>{tail}</div>"
    )
