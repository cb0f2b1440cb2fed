"""Kendall's rank correlation with its exact or tie-corrected test."""

from __future__ import annotations

from functools import lru_cache
from math import nan, sqrt
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from needlepoint.stats.distributions import two_sided_normal

if TYPE_CHECKING:
    from needlepoint.arrays import Floats


__all__ = ["Kendall", "deviates", "kendall"]


def deviates(yi: Floats, vi: Floats) -> Floats:
    """Distances from the equal-effects mean in their standard errors (Begg & Mazumdar 1994, doi:10.2307/2533446)."""
    total = float((1.0 / vi).sum())
    mean = float((yi / vi).sum()) / total
    return (yi - mean) / np.sqrt(vi - 1.0 / total)


class Kendall(NamedTuple):
    """Tau-b, the statistic S (concordant minus discordant pairs), its standard error, p-value and its kind."""

    tau: float
    s: float
    se: float
    p_value: float
    exact: bool


class _Ties(NamedTuple):
    """Sums over groups of t tied values."""

    twos: float  # t (t - 1)
    threes: float  # t (t - 1) (t - 2)


def kendall(x: Floats, y: Floats, *, exact: bool) -> Kendall:
    """Kendall's tau-b of two vectors; NaN where one of them does not vary.

    The exact test needs data without ties and is not used otherwise. Kendall (1938), doi:10.1093/biomet/30.1-2.81;
    variance with ties from Kendall's "Rank correlation methods".

    >>> found = kendall(np.array([1.0, 2.0, 3.0, 4.0]), np.array([2.0, 1.0, 3.0, 4.0]), exact=True)
    >>> round(found.tau, 4), round(found.p_value, 4)
    (0.6667, 0.3333)
    """
    n = len(x)
    dx, dy = np.sign(x[:, None] - x), np.sign(y[:, None] - y)
    s = 0.5 * float((dx * dy).sum())
    pairs = n * (n - 1) / 2
    tx, ty = _ties(dx), _ties(dy)
    spread = sqrt((pairs - tx.twos / 2) * (pairs - ty.twos / 2))
    if spread == 0.0:
        return Kendall(nan, s, 0.0, nan, False)
    se = _standard_error(n, tx, ty)
    if exact and tx.twos == ty.twos == 0.0:
        return Kendall(s / spread, s, se, float(_exact(n)[round((s + pairs) / 2)]), True)
    return Kendall(s / spread, s, se, two_sided_normal(s / se), False)


def _ties(signs: Floats) -> _Ties:
    equal = signs == 0.0
    if np.count_nonzero(equal) == len(equal):
        return _Ties(0.0, 0.0)
    others = equal.sum(axis=1) - 1.0  # values tied with each one
    return _Ties(float(others.sum()), float((others * (others - 1.0)).sum()))


def _standard_error(n: int, x: _Ties, y: _Ties) -> float:
    """Of S; t (t - 1) (2 t + 5) is 2 t (t - 1) (t - 2) + 9 t (t - 1)."""
    variance = n * (n - 1) * (2 * n + 5) - 2 * (x.threes + y.threes) - 9 * (x.twos + y.twos)
    variance = variance / 18 + x.twos * y.twos / (2 * n * (n - 1))
    if n > 2:
        variance += x.threes * y.threes / (9 * n * (n - 1) * (n - 2))
    return sqrt(variance)


@lru_cache(maxsize=256)
def _exact(n: int) -> Floats:
    """Two-sided p-value by the number of concordant pairs: twice the smaller tail."""
    share = np.ones(1)
    for m in range(2, n + 1):  # one more item stands in one of m places
        share = _sums_of(m, share) / m
    lower, upper = np.cumsum(share), np.cumsum(share[::-1])[::-1]
    return np.minimum(1.0, 2.0 * np.minimum(lower, upper))


def _sums_of(m: int, values: Floats) -> Floats:
    """Sums of every run of ``m`` neighbours, ends included.

    Differences of one running sum would lose the digits of small tails: sums up to and from the edges of blocks of
    ``m`` only add.
    """
    length = len(values) + m - 1
    blocks = np.zeros((2 + length // m, m))
    blocks.ravel()[m - 1 : length] = values
    upto = np.cumsum(blocks, axis=1).ravel()
    onward = np.cumsum(blocks[:, ::-1], axis=1)[:, ::-1].ravel()
    upto[m - 1 :: m] = 0.0  # a run that is a whole block is in ``onward`` alone
    return onward[:length] + upto[m - 1 : m - 1 + length]
