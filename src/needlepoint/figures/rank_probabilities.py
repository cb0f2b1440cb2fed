"""Rankogram: the probability of every rank, one small panel a treatment."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from needlepoint.networks.ranking import Rankogram

__all__ = ["rank_probabilities"]


def rank_probabilities(found: Rankogram) -> Figure:
    """Draw the rank probabilities of every treatment, best mean rank first.

    Examples
    --------
    >>> from needlepoint import network, rankogram
    >>> fit = network(study=["1", "2"], treat1=["A", "A"], treat2=["B", "C"], yi=[1.0, 2.0], sei=[0.5, 0.5])
    >>> len(rank_probabilities(rankogram(fit, better="higher")).axes)
    3
    """
    from matplotlib.figure import Figure

    size = len(found.treatments)
    columns = min(5, size)
    lines = math.ceil(size / columns)
    figure = Figure(figsize=(1.9 * columns, 1.6 * lines + 0.3), layout="constrained")
    order = sorted(range(size), key=lambda i: found.mean_rank[i])
    for place, i in enumerate(order):
        axes = figure.add_subplot(lines, columns, place + 1)
        axes.bar(range(1, size + 1), found.probability[i], color="#0072B2", width=0.8)
        axes.set_ylim(0.0, 1.0)
        axes.set_title(f"{found.treatments[i]}\nmean rank {found.mean_rank[i]:.1f}", fontsize=8)
        axes.tick_params(labelsize=7)
        axes.set_xticks(range(1, size + 1, 1 if size <= 6 else 2))
        for side in ("top", "right"):
            axes.spines[side].set_visible(False)
    figure.supxlabel("rank (1 is best)", fontsize=8)
    figure.supylabel("probability", fontsize=8)
    return figure
