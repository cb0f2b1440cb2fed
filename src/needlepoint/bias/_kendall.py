"""Kendall's rank correlation with its exact or tie-corrected test."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from needlepoint.stats.distributions import normal_sf

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = ["Kendall", "kendall"]


class Kendall(NamedTuple):
    """Tau-b, the statistic S (concordant minus discordant pairs), its standard error, p-value and its kind."""

    tau: float
    s: float
    se: float
    p_value: float
    exact: bool


def kendall(x: Floats, y: Floats, *, exact: bool) -> Kendall:
    """Kendall's tau-b of two vectors; the exact test needs data without ties and is not used otherwise.

    Kendall (1938), doi:10.1093/biomet/30.1-2.81; variance with ties from Kendall's "Rank correlation methods".
    """
    n = len(x)
    dx, dy = np.sign(x[:, None] - x), np.sign(y[:, None] - y)
    s = float((dx * dy).sum()) / 2
    tx, ty = _ties(x), _ties(y)
    pairs = n * (n - 1) / 2
    tied_x, tied_y = float((tx * (tx - 1)).sum()) / 2, float((ty * (ty - 1)).sum()) / 2
    spread = np.sqrt((pairs - tied_x) * (pairs - tied_y))
    tau = s / spread if spread > 0 else float("nan")
    if exact and tied_x == 0 and tied_y == 0:
        return Kendall(tau, s, _se(n, tx, ty), _exact_p(s, n), True)
    se = _se(n, tx, ty)
    return Kendall(tau, s, se, min(1.0, 2 * normal_sf(abs(s) / se)), False)


def _ties(x: Floats) -> Floats:
    return np.unique(x, return_counts=True)[1].astype(float)


def _se(n: int, tx: Floats, ty: Floats) -> float:
    def total(t: Floats) -> tuple[float, float, float]:
        return (
            float((t * (t - 1) * (2 * t + 5)).sum()),
            float((t * (t - 1)).sum()),
            float((t * (t - 1) * (t - 2)).sum()),
        )

    x, y = total(tx), total(ty)
    variance = (n * (n - 1) * (2 * n + 5) - x[0] - y[0]) / 18 + x[1] * y[1] / (2 * n * (n - 1))
    if n > 2:
        variance += x[2] * y[2] / (9 * n * (n - 1) * (n - 2))
    return float(np.sqrt(variance))


def _exact_p(s: float, n: int) -> float:
    """Two-sided p-value: twice the smaller tail of the number of concordant pairs."""
    counts = np.ones(1)
    for m in range(2, n + 1):  # the distribution of inversions: one more item can stand in m places
        grown = np.zeros(len(counts) + m - 1)
        running = np.cumsum(counts)
        grown[: len(counts)] = running
        grown[len(counts) :] = running[-1]
        grown[m:] -= running[: len(grown) - m]
        counts = grown / m
    concordant = round((s + n * (n - 1) / 2) / 2)
    lower, upper = counts[: concordant + 1].sum(), counts[concordant:].sum()
    return min(1.0, 2 * float(min(lower, upper)))
