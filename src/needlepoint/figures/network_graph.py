"""Network graph: who was compared with whom, by how many trials and people."""

from __future__ import annotations

import math
from collections import Counter
from itertools import combinations
from typing import TYPE_CHECKING

from needlepoint.networks.result import Network, only_networks

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["network_graph"]

NODE, EDGE, INK = "#0072B2", "#8a949e", "#1b1f24"


def network_graph(fit: Network, *, title: str | None = None) -> Figure:
    """Draw the network: area of a node by its people (or trials), width of a line by trials, their number on it.

    Treatments stand on a circle, those compared with each other side by side where possible; names are written
    outwards, so that forty can be read.

    Returns
    -------
    matplotlib Figure.

    Examples
    --------
    >>> from needlepoint import network
    >>> fit = network(study=["1", "2"], treat1=["A", "A"], treat2=["B", "C"], yi=[1.0, 2.0], sei=[0.5, 0.5])
    >>> len(network_graph(fit).axes)
    1
    """
    from matplotlib.figure import Figure

    only_networks(fit, "a network graph")
    order = _around(fit)
    size = len(order)
    at = {t: 2.0 * math.pi * i / size + math.pi / 2.0 for i, t in enumerate(order)}
    inches = 4.6 + 0.09 * size
    figure = Figure(figsize=(inches + 2.4, inches), layout="constrained")
    axes = figure.add_subplot()
    axes.set_aspect("equal")
    axes.axis("off")
    _edges(axes, fit, at)
    _nodes(axes, fit, at)
    reach = 1.75
    axes.set_xlim(-reach - 0.35, reach + 0.35)
    axes.set_ylim(-1.35, 1.35)
    if title:
        figure.suptitle(title, x=0.01, ha="left", fontsize=11, fontweight="bold")
    return figure


def _weights(fit: Network) -> dict[int, float]:
    """People in each treatment's arms where the arms are known, else trials."""
    found: dict[int, float] = {i: 0.0 for i in range(len(fit.treatments))}
    arms = fit.given.arms
    if arms is not None and "ni" in arms.columns:
        for name, n in zip(arms.treatment, arms.columns["ni"].tolist(), strict=True):
            if name in fit.treatments:
                found[fit.treatments.index(name)] += n
        return found
    for trial in fit.trials.trials:
        for arm in trial.arms:
            found[arm] += 1.0
    return found


def _around(fit: Network) -> list[int]:
    """An order on the circle that puts neighbours beside each other: greedy, from the best connected on."""
    weight: Counter[tuple[int, int]] = Counter()
    for trial in fit.trials.trials:
        for i, j in combinations(trial.arms, 2):
            weight[i, j] += 1
            weight[j, i] += 1
    size = len(fit.treatments)
    degree = [sum(weight[i, j] for j in range(size)) for i in range(size)]
    order = [max(range(size), key=lambda i: degree[i])]
    left = set(range(size)) - set(order)
    while left:
        last = order[-1]
        nearest = max(left, key=lambda i: (weight[last, i], -degree[i], -i))
        order.append(nearest)
        left.remove(nearest)
    return order


def _edges(axes: Axes, fit: Network, at: dict[int, float]) -> None:
    trials: Counter[tuple[int, int]] = Counter()
    for trial in fit.trials.trials:
        for pair in combinations(trial.arms, 2):
            trials[pair] += 1
    most = max(trials.values())
    crowded = len(trials) > 60
    for (i, j), k in sorted(trials.items(), key=lambda item: item[1]):
        xs, ys = zip(*((math.cos(at[t]), math.sin(at[t])) for t in (i, j)), strict=True)
        axes.plot(
            xs,
            ys,
            color=EDGE,
            linewidth=0.6 + min(7.0 * k / most, 1.2 * k),
            alpha=0.75,
            zorder=1,
            solid_capstyle="round",
        )
        if not crowded and k > 1:
            x, y = 0.58 * xs[0] + 0.42 * xs[1], 0.58 * ys[0] + 0.42 * ys[1]
            axes.text(
                x, y, str(k), fontsize=7, ha="center", va="center", zorder=2,
                bbox={"boxstyle": "round,pad=0.15", "facecolor": "white", "edgecolor": "none", "alpha": 0.85},
            )  # fmt: skip


def _nodes(axes: Axes, fit: Network, at: dict[int, float]) -> None:
    weights = _weights(fit)
    most = max(weights.values())
    small = 9.0 if len(at) <= 20 else 7.5
    for t, angle in at.items():
        x, y = math.cos(angle), math.sin(angle)
        axes.scatter(
            [x],
            [y],
            s=40.0 + 460.0 * weights[t] / most,
            color=NODE,
            zorder=3,
            edgecolors="white",
            linewidths=1.2,
        )
        degrees = math.degrees(angle) % 360.0
        upright = degrees - 180.0 if 90.0 < degrees < 270.0 else degrees
        many = len(at) > 12
        axes.text(
            1.12 * x, 1.12 * y, fit.treatments[t], fontsize=small, color=INK, zorder=4,
            ha=_side(x, degrees, many=many),
            va="center" if many or abs(x) > 0.2 else "bottom" if y > 0 else "top",
            rotation=upright if many else 0.0, rotation_mode="anchor",
        )  # fmt: skip


def _side(x: float, degrees: float, *, many: bool) -> str:
    """Where a name begins: outwards along the ray, or beside its node."""
    if many:
        return "right" if 90.0 < degrees < 270.0 else "left"
    return "left" if x > 0.01 else "right" if x < -0.01 else "center"
