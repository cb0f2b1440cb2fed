"""Egger's regression test and the rank test in every group, by sums over ragged groups."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from needlepoint.bulk._tails import two_sided
from needlepoint.stats.rank_correlation import deviates, kendall

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from needlepoint.arrays import Floats

    Indices = NDArray[np.int64]

__all__ = ["egger", "rank"]


def egger(yi: Floats, vi: Floats, starts: Indices) -> dict[str, Any]:
    """Slope of the estimates on their standard errors, weighted by 1/vi with a multiplicative dispersion.

    From three studies on, where standard errors differ. Egger et al. (1997), doi:10.1136/bmj.315.7109.629.
    """
    k = np.diff(starts)
    group = np.repeat(np.arange(len(k)), k)

    def total(values: Floats) -> Floats:
        return np.bincount(group, values, minlength=len(k)).astype(np.float64, copy=False)

    w, x = 1.0 / vi, np.sqrt(vi)
    with np.errstate(all="ignore"):
        sum_w = total(w)
        dx, dy = x - (total(w * x) / sum_w)[group], yi - (total(w * yi) / sum_w)[group]
        sxx = total(w * dx * dx)
        slope = total(w * dx * dy) / sxx
        df = k - 2.0
        residual = dy - slope[group] * dx
        se = np.sqrt(total(w * residual * residual) / df / sxx)
        possible = (k >= 3) & (sxx > 1e-20 * total(w * x * x))
        statistic = np.where(possible, slope / se, np.nan)
        p = np.where(possible, two_sided(statistic, np.where(possible, df, 1.0)), np.nan)
    return {"egger_slope": np.where(possible, slope, np.nan), "egger_t": statistic, "egger_p": p}


def rank(yi: Floats, vi: Floats, starts: Indices) -> dict[str, Any]:
    """Kendall's tau-b between standardised effects and variances: exact p-values where nothing is tied.

    From three studies on. Begg & Mazumdar (1994), doi:10.2307/2533446.
    """
    tau, p = np.full(len(starts) - 1, np.nan), np.full(len(starts) - 1, np.nan)
    for g in np.flatnonzero(np.diff(starts) >= 3).tolist():
        y, v = yi[starts[g] : starts[g + 1]], vi[starts[g] : starts[g + 1]]
        found = kendall(deviates(y, v), v, exact=True)
        tau[g], p[g] = found.tau, found.p_value
    return {"rank_tau": tau, "rank_p": p}
