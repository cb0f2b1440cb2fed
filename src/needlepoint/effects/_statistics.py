"""Test statistics from p-values, over arrays."""

from __future__ import annotations

import numpy as np

from needlepoint.arrays import Vector

__all__ = ["f_from_p", "signed_root", "t_from_p"]


def t_from_p(p: Vector, df: Vector) -> Vector:
    """The t statistic of a two-sided p-value; the sign of ``p`` is the sign of the effect."""
    from scipy.special import stdtrit

    two_sided = np.where(np.abs(p) <= 1, np.abs(p), np.nan)
    return -np.sign(p) * stdtrit(df, two_sided / 2)


def f_from_p(p: Vector, df1: Vector, df2: Vector) -> Vector:
    """The F statistic of a p-value."""
    from scipy.special import fdtri

    return fdtri(df1, df2, 1 - p)


def signed_root(f: Vector) -> Vector:
    """The t statistic of an F statistic with one numerator degree of freedom, keeping a sign put before it."""
    return np.sign(f) * np.sqrt(np.abs(f))
