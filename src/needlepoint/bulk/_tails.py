"""Tail areas of whole columns, with the bits of :mod:`needlepoint.stats.distributions`."""

from __future__ import annotations

from math import erfc, sqrt
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from needlepoint.arrays import Floats


__all__ = ["chi2_upper", "two_sided"]


def two_sided(statistic: Floats, df: Floats) -> Floats:
    """Two-sided p-values: Student's t, normal where ``df`` is NaN."""
    from scipy.special import betainc

    p = np.asarray(betainc(0.5 * df, 0.5, df / (df + statistic * statistic)), dtype=np.float64)
    normal = np.flatnonzero(np.isnan(df))
    if normal.size:
        p[normal] = [erfc(abs(z) / sqrt(2.0)) for z in statistic[normal].tolist()]
    return p


def chi2_upper(x: Floats, df: Floats) -> Floats:
    """Chi-square upper tail areas; one where there are no degrees of freedom."""
    from scipy.special import gammaincc

    tail = gammaincc(0.5 * np.maximum(df, 1.0), 0.5 * np.maximum(x, 0.0))
    return np.where(df > 0.0, tail, 1.0)
