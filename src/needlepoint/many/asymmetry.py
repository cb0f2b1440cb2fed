"""Egger's regression test in every group, by sums over ragged groups."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from needlepoint.many._tails import two_sided

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Indices = NDArray[np.int64]

__all__ = ["egger"]


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
