"""League table as a heat map: every treatment (row) against every other (column)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from needlepoint.effects.measures import LOGARITHMS
from needlepoint.networks.ranking import Better, p_scores
from needlepoint.networks.result import Network, only_networks, relative_effects

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["league_table"]


def league_table(fit: Network, *, better: Better) -> Figure:
    """Draw the league table, by P-score; a cell is the row's treatment against the column's, bold where separated.

    Blue cells favour the row, orange ones the column; the deeper, the clearer.

    Examples
    --------
    >>> from needlepoint import network
    >>> fit = network(study=["1", "2"], treat1=["A", "A"], treat2=["B", "C"], yi=[1.0, 2.0], sei=[0.5, 0.5])
    >>> len(league_table(fit, better="higher").axes)
    1
    """
    from matplotlib.figure import Figure

    only_networks(fit, "a league table")
    found, ranking = relative_effects(fit), p_scores(fit, better=better)
    order = [fit.position(t) for t in ranking.order]
    size = len(order)
    sign = 1.0 if better == "higher" else -1.0
    shown = math.exp if fit.measure in LOGARITHMS else float
    clear = np.clip(sign * found.statistic[np.ix_(order, order)], -4.0, 4.0)
    figure = Figure(figsize=(1.6 + 1.05 * size, 1.3 + 0.55 * size), layout="constrained")
    axes: Any = figure.add_subplot()
    axes.imshow(clear, cmap=_colours(), vmin=-6.0, vmax=6.0, aspect="auto")
    separated = set(ranking.separated)
    for r, i in enumerate(order):
        for c, j in enumerate(order):
            if i == j:
                continue
            low, high = shown(float(found.ci_low[i, j])), shown(float(found.ci_high[i, j]))
            pair = (fit.treatments[i], fit.treatments[j])
            bold = pair in separated or pair[::-1] in separated
            text = f"{shown(float(found.estimate[i, j])):.2f}\n[{low:.2f}, {high:.2f}]"
            axes.text(
                c, r, text, ha="center", va="center", fontsize=7, fontweight="bold" if bold else "normal"
            )
    names = [fit.treatments[i] for i in order]
    axes.set_xticks(range(size), names, fontsize=8, rotation=30, ha="left")
    axes.set_yticks(range(size), names, fontsize=8)
    axes.xaxis.tick_top()
    axes.set_xlabel(
        f"{fit.measure}: the row's treatment against the column's; bold: the interval holds no 'equal'",
        fontsize=8,
    )
    return figure


def _colours() -> Any:
    from matplotlib.colors import LinearSegmentedColormap

    return LinearSegmentedColormap.from_list("favours", ["#D55E00", "#ffffff", "#0072B2"])
