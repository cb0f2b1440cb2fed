"""Forest plot: every study with its interval and weight, the pooled estimate, the prediction interval."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from needlepoint.effects.measures import LOGARITHMS
from needlepoint.stats.distributions import normal_quantile

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from needlepoint.pooling.result import Pooled

__all__ = ["forest"]

BLUE, INK, GREY, ORANGE = (
    "#0072B2",
    "#1b1f24",
    "#8a949e",
    "#D55E00",
)  # Okabe-Ito: safe for colour-blind readers
ROW_INCHES = 0.27
MAX_ROWS = 400


def forest(
    pooled: Pooled,
    *,
    title: str | None = None,
    label: str | None = None,
    exponentiate: bool | None = None,
) -> Figure:
    """Forest plot of a pooled result.

    Parameters
    ----------
    pooled
        What :func:`needlepoint.pool` gives, without moderators or with them (then the studies only).
    title, label
        Heading, and the words under the axis; the measure when not given.
    exponentiate
        Show ratios instead of their logarithms, on a logarithmic axis; by default where the analysis scale is one.

    Returns
    -------
    matplotlib Figure, sized to the number of studies; ``figure.savefig("forest.svg")`` writes it.

    Raises
    ------
    InputError
        More than 400 studies: nobody can read that forest.
    """
    from matplotlib.figure import Figure

    from needlepoint.errors import InputError

    if pooled.k > MAX_ROWS:
        raise InputError(
            "too many studies for a forest plot", field="k", got=pooled.k, allowed=f"up to {MAX_ROWS}"
        )
    ratio = pooled.measure in LOGARITHMS if exponentiate is None else exponentiate
    shown: Callable[[float], float] = math.exp if ratio else float
    has_pooled = pooled.p == 1
    rows = pooled.k + (2 if has_pooled else 0)
    figure = Figure(figsize=(8.6, 1.5 + ROW_INCHES * (rows + 1)), layout="constrained")
    axes = figure.add_subplot()
    _studies(axes, pooled, shown)
    if has_pooled:
        _pooled_row(axes, pooled, shown)
    _frame(axes, pooled, ratio=ratio, rows=rows)
    axes.set_xlabel(label or (f"{pooled.measure} ({pooled.level:.0%} interval)"))
    if title:
        figure.suptitle(title, x=0.01, ha="left", fontsize=11, fontweight="bold")
    return figure


def _studies(axes: Axes, pooled: Pooled, shown: Callable[[float], float]) -> None:
    z = normal_quantile(0.5 + pooled.level / 2)
    heaviest = max(float(w) for w in pooled.weights)
    for row, (y, v, w) in enumerate(zip(pooled.yi, pooled.vi, pooled.weights, strict=True)):
        half = z * math.sqrt(float(v))
        low, mid, high = shown(float(y) - half), shown(float(y)), shown(float(y) + half)
        axes.plot([low, high], [row, row], color=BLUE, linewidth=1.3, solid_capstyle="butt")
        size = 3 + 7 * math.sqrt(float(w) / heaviest)
        axes.plot([mid], [row], marker="s", markersize=size, color=BLUE)
        _annotate(axes, row, pooled.study[row], f"{_figures(mid, low, high)}   {float(w):5.1f}%", INK)


def _pooled_row(axes: Axes, pooled: Pooled, shown: Callable[[float], float]) -> None:
    row = pooled.k + 0.6
    low, mid, high = shown(pooled.ci_low), shown(pooled.estimate), shown(pooled.ci_high)
    axes.fill([low, mid, high, mid], [row, row - 0.32, row, row + 0.32], color=INK, linewidth=0)
    axes.axhline(pooled.k - 0.2, color=INK, linewidth=0.8)
    name = "Common effect" if pooled.method in {"EE", "FE"} else f"Random effects ({pooled.method})"
    _annotate(axes, row, name, f"{_figures(mid, low, high)}  100.0%", INK, weight="bold")
    if pooled.pi_low is None or pooled.pi_high is None:
        return
    row += 1
    low, high = shown(pooled.pi_low), shown(pooled.pi_high)
    axes.plot([low, high], [row, row], color=ORANGE, linewidth=3, solid_capstyle="butt")
    _annotate(axes, row, "Prediction interval", f"{'':>7} [{_figure(low):>6}, {_figure(high):>6}]", INK)


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


def _frame(axes: Axes, pooled: Pooled, *, ratio: bool, rows: int) -> None:
    axes.axvline(1.0 if ratio else 0.0, color=GREY, linewidth=1, zorder=0)
    if ratio:
        axes.set_xscale("log")
        _plain_ticks(axes)
    axes.set_ylim(rows + 0.4, -0.8)
    axes.set_yticks([])
    for side in ("left", "right", "top"):
        axes.spines[side].set_visible(False)
    axes.tick_params(axis="x", labelsize=9)
    spread = f"I² = {pooled.i2:.0%}, τ² = {pooled.tau2:.3g}"
    heterogeneity = f"Q({pooled.q_df}) = {pooled.q:.2f}, p = {pooled.q_p:.3g}"
    axes.set_title(f"k = {pooled.k}, {spread}, {heterogeneity}", fontsize=9, color="#5a6572", loc="left")


def _plain_ticks(axes: Axes) -> None:
    from matplotlib.ticker import LogLocator, NullFormatter, StrMethodFormatter

    axes.xaxis.set_major_locator(LogLocator(base=10, subs=(1.0, 2.0, 5.0)))
    axes.xaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    axes.xaxis.set_minor_formatter(NullFormatter())
