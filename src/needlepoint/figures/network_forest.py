"""Forest of a network: every treatment against one reference."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from needlepoint.effects.measures import LOGARITHMS
from needlepoint.networks.result import Network, only_networks, relative_effects

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["network_forest"]


def network_forest(fit: Network, *, reference: str | None = None, label: str | None = None) -> Figure:
    """Draw every treatment against ``reference``, with interval (thick) and prediction interval (thin).

    Raises
    ------
    InputError
        A reference that is not in the network.

    Examples
    --------
    >>> from needlepoint import network
    >>> fit = network(study=["1", "2"], treat1=["A", "A"], treat2=["B", "C"], yi=[1.0, 2.0], sei=[0.5, 0.5])
    >>> len(network_forest(fit, reference="A").axes)
    1
    """
    from matplotlib.figure import Figure

    only_networks(fit, "a forest of a network")
    found = relative_effects(fit)
    against = fit.reference if reference is None else reference
    fit.position(against)
    rows = [found.between(t, against) for t in fit.treatments if t != against]
    rows.sort(key=lambda r: r.estimate)
    ratio = fit.measure in LOGARITHMS
    shown = math.exp if ratio else float
    figure = Figure(figsize=(7.6, 1.2 + 0.3 * len(rows)), layout="constrained")
    axes = figure.add_subplot()
    for y, r in enumerate(reversed(rows)):
        if r.pi_low is not None and r.pi_high is not None:
            axes.plot([shown(r.pi_low), shown(r.pi_high)], [y, y], color="#8a949e", linewidth=1.0, zorder=1)
        axes.plot([shown(r.ci_low), shown(r.ci_high)], [y, y], color="#0072B2", linewidth=2.6, zorder=2)
        axes.plot([shown(r.estimate)], [y], "s", color="#0072B2", markersize=6, zorder=3)
        numbers = f"{shown(r.estimate):.2f} [{shown(r.ci_low):.2f}, {shown(r.ci_high):.2f}]"
        axes.annotate(
            numbers, (1.01, y), xycoords=("axes fraction", "data"), fontsize=8, va="center", ha="left"
        )
    axes.axvline(1.0 if ratio else 0.0, color="#1b1f24", linewidth=0.8)
    if ratio:
        axes.set_xscale("log")
    axes.set_yticks(range(len(rows)), [r.treatment for r in reversed(rows)], fontsize=9)
    axes.set_ylim(-0.7, len(rows) - 0.3)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.tick_params(axis="y", length=0)
    axes.set_xlabel(
        label or f"{fit.measure}, each treatment against {against} ({fit.level:.0%} interval)", fontsize=9
    )
    return figure
