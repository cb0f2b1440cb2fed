"""Prior and posterior of the effect and of tau, side by side, with the new study's effect."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from needlepoint.arrays import Floats
    from needlepoint.bayes.result import Posterior


__all__ = ["prior_posterior"]

BLUE, INK, GREY, ORANGE = "#0072B2", "#1b1f24", "#8a949e", "#D55E00"  # Okabe-Ito
SIZE = (7.4, 3.2)  # inches
POINTS = 400


def prior_posterior(posterior: Posterior, *, xlabel: str | None = None) -> Figure:
    """Draw the posterior densities of effect and tau over their priors; intervals as bars below.

    Colours are safe for colour-blind readers, and line styles tell the curves apart without colour.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=SIZE, layout="constrained")
    if posterior.heterogeneity is None:
        _effect(figure.subplots(), posterior, xlabel)
        return figure
    left, right = figure.subplots(1, 2, width_ratios=[3, 2])
    _effect(left, posterior, xlabel)
    _tau(right, posterior)
    return figure


def _effect(axes: Axes, posterior: Posterior, xlabel: str | None) -> None:
    low, high = posterior.effect.quantile([0.0005, 0.9995])
    if posterior.pi_low is not None and posterior.pi_high is not None:
        low, high = min(low, posterior.pi_low), max(high, posterior.pi_high)
    margin = 0.08 * (high - low)
    x = np.linspace(low - margin, high + margin, POINTS)
    after = posterior.effect.density(x)
    if posterior.predictive is not None:
        axes.plot(x, posterior.predictive.density(x), color=ORANGE, linestyle=":", label="a new study")
    prior = posterior.effect_prior
    if prior is not None and prior.proper:
        axes.plot(x, np.exp(prior.log_density(x)), color=GREY, linestyle="--", label="prior")
    _curve(axes, x, after, (posterior.ci_low, posterior.ci_high))
    axes.axvline(0.0, color=INK, linewidth=0.8)
    axes.set_xlabel(xlabel or f"effect ({posterior.measure})", color=INK)
    percent = f"{100 * posterior.level:g}%"
    axes.set_title(
        f"{posterior.estimate:.2f}, {percent} {posterior.ci_low:.2f} to {posterior.ci_high:.2f}", fontsize=10
    )
    _finish(axes, float(after.max()))


def _tau(axes: Axes, posterior: Posterior) -> None:
    margin: Any = posterior.heterogeneity
    x = np.linspace(0.0, 1.25 * float(margin.quantile(0.99)), POINTS)[1:]
    after = margin.density(x)
    prior = posterior.tau_prior
    if prior is not None and prior.proper:
        before = np.exp(prior.log_density(x, posterior.vi))
        axes.plot(x, before, color=GREY, linestyle="--", label="prior")
    _curve(axes, x, after, (posterior.tau_low, posterior.tau_high))
    axes.set_xlabel("heterogeneity tau", color=INK)
    axes.set_title(
        f"{posterior.tau:.2f}, {100 * posterior.level:g}% {posterior.tau_low:.2f} to {posterior.tau_high:.2f}",
        fontsize=10,
    )
    axes.set_xlim(0.0, float(x[-1]))
    _finish(axes, float(after.max()))


def _curve(axes: Axes, x: Floats, density: Floats, interval: tuple[float, float]) -> None:
    axes.plot(x, density, color=BLUE, linewidth=2, label="posterior")
    axes.fill_between(x, density, color=BLUE, alpha=0.15, linewidth=0)
    below = -0.06 * float(density.max())
    axes.plot(interval, [below, below], color=BLUE, linewidth=3, solid_capstyle="butt")


def _finish(axes: Axes, top: float) -> None:
    axes.set_ylim(-0.12 * top, 1.28 * top)
    axes.set_yticks([])
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.legend(frameon=False, fontsize=8, loc="upper right", ncols=3, handlelength=1.8, columnspacing=1.0)
