"""Forest plot: every study with its interval and weight, the pooled estimate, the prediction interval."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from needlepoint.arrays import Matrix
from needlepoint.effects.measures import LOGARITHMS
from needlepoint.effects.result import EffectSizes
from needlepoint.errors import InputError
from needlepoint.options import chosen_level
from needlepoint.pooling.kinds import choose
from needlepoint.pooling.multilevel.multilevel import Multilevel
from needlepoint.pooling.result import Fit, Pooled
from needlepoint.stats.distributions import normal_quantile

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["forest"]

BLUE, INK, GREY, ORANGE = (
    "#0072B2",
    "#1b1f24",
    "#8a949e",
    "#D55E00",
)  # Okabe-Ito: safe for colour-blind readers
ROW_INCHES = 0.27
MAX_ROWS = 400
LARGEST_LOGARITHM = 200.0  # beyond it an axis of ratios cannot be drawn


class _Studies(NamedTuple):
    """What the rows show; ``share`` are the weights in percent, None where the model gives no study one weight."""

    label: tuple[str, ...]
    yi: Matrix
    vi: Matrix
    share: Matrix | None


def forest(
    fit: Pooled | Multilevel | EffectSizes,
    *,
    title: str | None = None,
    label: str | None = None,
    exponentiate: bool | None = None,
    level: float | None = None,
) -> Figure:
    """Forest plot of the studies, and of their pooled effect where there is one.

    Parameters
    ----------
    fit
        What :func:`needlepoint.pool` or :func:`needlepoint.multilevel` gave (with moderators: the studies only), or
        effect sizes.
    title, label
        Heading, and the words under the axis; the measure when not given.
    exponentiate
        Show ratios instead of their logarithms, on a logarithmic axis; by default where the analysis scale is one.
    level
        Of the studies' intervals; that of the fit unless told.

    Returns
    -------
    matplotlib Figure, sized to the number of studies; ``figure.savefig("forest.svg")`` writes it.

    Raises
    ------
    InputError
        Another kind of fit, or more than 400 studies: nobody can read that forest.

    Examples
    --------
    >>> from needlepoint import pool
    >>> len(forest(pool(yi=[0.1, 0.4, 0.3], vi=[0.02, 0.05, 0.03])).axes)
    1
    """
    from matplotlib.figure import Figure

    choose({Pooled: None, Multilevel: None, EffectSizes: None}, fit, verb="a forest plot")
    studies = _studies_of(fit)
    if len(studies.yi) > MAX_ROWS:
        raise InputError(
            "too many studies for a forest plot", field="k", got=fit.k, allowed=f"up to {MAX_ROWS}"
        )
    ratio = fit.measure in LOGARITHMS if exponentiate is None else exponentiate
    if ratio and float(np.abs(studies.yi).max()) > LARGEST_LOGARITHM:
        raise InputError(
            "no ratio is that large: are these logarithms?", field="yi", mend="exponentiate=False"
        )
    shown: Callable[[float], float] = _ratio if ratio else float
    pooled = fit if isinstance(fit, Fit) and fit.p == 1 else None
    width = chosen_level(level, 0.95 if isinstance(fit, EffectSizes) else fit.level)
    rows = len(studies.yi) + (2 if pooled is not None else 0)
    figure = Figure(figsize=(8.6, 1.5 + ROW_INCHES * (rows + 1)), layout="constrained")
    axes = figure.add_subplot()
    _study_rows(axes, studies, width, shown)
    if pooled is not None:
        _pooled_rows(axes, pooled, shown)
    _frame(axes, ratio=ratio, rows=rows)
    axes.set_title(_heterogeneity(fit), fontsize=9, color="#5a6572", loc="left")
    axes.set_xlabel(label or (f"{fit.measure} ({width:.0%} interval)"))
    if title:
        figure.suptitle(title, x=0.01, ha="left", fontsize=11, fontweight="bold")
    return figure


def _ratio(logarithm: float) -> float:
    return math.exp(min(max(logarithm, -LARGEST_LOGARITHM), LARGEST_LOGARITHM))


def _studies_of(fit: Pooled | Multilevel | EffectSizes) -> _Studies:
    if not isinstance(fit, EffectSizes):
        return _Studies(fit.study, fit.yi, fit.vi, fit.weights if isinstance(fit, Pooled) else None)
    known = np.flatnonzero(np.isfinite(fit.yi) & np.isfinite(fit.vi))
    if not known.size:
        raise InputError("no study has an estimate and a variance", field="yi")
    return _Studies(tuple(fit.study[int(i)] for i in known), fit.yi[known], fit.vi[known], None)


def _study_rows(axes: Axes, studies: _Studies, level: float, shown: Callable[[float], float]) -> None:
    z = normal_quantile(0.5 + level / 2)
    size = studies.share if studies.share is not None else 1.0 / studies.vi
    heaviest = float(size.max())
    for row, (y, v, w) in enumerate(zip(studies.yi, studies.vi, size, strict=True)):
        half = z * math.sqrt(float(v))
        low, mid, high = shown(float(y) - half), shown(float(y)), shown(float(y) + half)
        axes.plot([low, high], [row, row], color=BLUE, linewidth=1.3, solid_capstyle="butt")
        axes.plot([mid], [row], marker="s", markersize=3 + 7 * math.sqrt(float(w) / heaviest), color=BLUE)
        percent = "" if studies.share is None else f"   {float(w):5.1f}%"
        _annotate(axes, row, studies.label[row], _figures(mid, low, high) + percent, INK)


def _pooled_rows(axes: Axes, fit: Fit, shown: Callable[[float], float]) -> None:
    row = fit.k + 0.6
    low, mid, high = shown(fit.ci_low), shown(fit.estimate), shown(fit.ci_high)
    axes.fill([low, mid, high, mid], [row, row - 0.32, row, row + 0.32], color=INK, linewidth=0)
    axes.axhline(fit.k - 0.2, color=INK, linewidth=0.8)
    name, percent = f"Multilevel ({fit.method})", ""
    if isinstance(fit, Pooled):
        common = fit.method in {"EE", "FE"}
        name, percent = "Common effect" if common else f"Random effects ({fit.method})", "  100.0%"
    _annotate(axes, row, name, _figures(mid, low, high) + percent, INK, weight="bold")
    if not isinstance(fit, Pooled) or fit.pi_low is None or fit.pi_high is None:
        return
    row += 1
    low, high = shown(fit.pi_low), shown(fit.pi_high)
    axes.plot([low, high], [row, row], color=ORANGE, linewidth=3, solid_capstyle="butt")
    _annotate(axes, row, "Prediction interval", f"{'':>7} [{_figure(low):>6}, {_figure(high):>6}]", INK)


def _heterogeneity(fit: Pooled | Multilevel | EffectSizes) -> str:
    if not isinstance(fit, Pooled):
        return f"k = {fit.k}"
    spread = f"I² = {fit.i2:.0%}, τ² = {fit.tau2:.3g}"
    return f"k = {fit.k}, {spread}, Q({fit.q_df}) = {fit.q:.2f}, p = {fit.q_p:.3g}"


def _annotate(axes: Axes, row: float, name: str, numbers: str, colour: str, weight: str = "normal") -> None:
    common: dict[str, Any] = {"va": "center", "fontsize": 9, "color": colour, "fontweight": weight}
    across = axes.get_yaxis_transform()
    axes.text(-0.02, row, name, ha="right", transform=across, **common)
    spaced = numbers.replace(" ", "\u00a0")  # SVG viewers collapse ordinary spaces
    axes.text(1.02, row, spaced, ha="left", transform=across, family="monospace", **common)


def _figures(mid: float, low: float, high: float) -> str:
    return f"{_figure(mid):>7} [{_figure(low):>6}, {_figure(high):>6}]"


def _figure(value: float) -> str:
    if value != 0 and not 0.001 <= abs(value) < 1e5:
        return f"{value:.1e}"
    return f"{value:.2f}" if abs(value) < 100 else f"{value:.0f}"


def _frame(axes: Axes, *, ratio: bool, rows: int) -> None:
    axes.axvline(1.0 if ratio else 0.0, color=GREY, linewidth=1, zorder=0)
    if ratio:
        axes.set_xscale("log")
        _plain_ticks(axes)
    axes.set_ylim(rows + 0.4, -0.8)
    axes.set_yticks([])
    for side in ("left", "right", "top"):
        axes.spines[side].set_visible(False)
    axes.tick_params(axis="x", labelsize=9)


def _plain_ticks(axes: Axes) -> None:
    from matplotlib.ticker import LogLocator, NullFormatter, StrMethodFormatter

    axes.xaxis.set_major_locator(LogLocator(base=10, subs=(1.0, 2.0, 5.0)))
    axes.xaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    axes.xaxis.set_minor_formatter(NullFormatter())
