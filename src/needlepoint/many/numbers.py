"""The kernels over all groups of a chunk: compiled where that pays, interpreted where it does not."""

from __future__ import annotations

from itertools import pairwise
from math import nan
from types import FunctionType
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from needlepoint.many._compile import available, bind, compiled
from needlepoint.many._group import (
    COLUMNS,
    Numbers,
    at_zero,
    inverse_array,
    ones_array,
    over_groups,
    synthesise,
)
from needlepoint.pooling.tau2 import TAU2
from needlepoint.stats.distributions import chi2_quantile

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Indices = NDArray[np.int64]

__all__ = ["PAYS_OFF", "group_numbers", "row_kernel"]

PAYS_OFF = 5_000  # groups above which loading (or making) compiled code costs less than interpreting
_SIGNATURE = (
    "void(float64[::1],float64[::1],float64[::1],int64[::1],float64[::1],float64[::1],float64[:,::1])"
)


def _estimator(method: str) -> Callable[..., Any]:
    return at_zero if method in {"EE", "FE"} else TAU2[method]


def row_kernel(method: str) -> Callable[..., Numbers]:
    """The interpreted kernel of one group, with its estimator of tau2."""
    return bind(cast("FunctionType", synthesise), {"estimator": _estimator(method)})


def _compiled_kernel(method: str) -> Callable[..., None]:
    swap = {"estimator": _estimator(method), "_inverse": inverse_array, "_ones": ones_array}
    return compiled(cast("FunctionType", over_groups), swap, _SIGNATURE, method)


def _targets(sizes: Indices, level: float | None) -> tuple[Floats, Floats]:
    """Chi-square quantiles by number of studies; -1 where a group of that size does not occur."""
    most = int(sizes.max(initial=1))
    low, high = np.full(most + 1, -1.0), np.full(most + 1, -1.0)
    if level is None:
        return low, high
    for k in np.unique(sizes).tolist():
        if k > 1:
            low[k] = chi2_quantile(0.5 + 0.5 * level, float(k - 1))
            high[k] = chi2_quantile(0.5 - 0.5 * level, float(k - 1))
    return low, high


def group_numbers(
    yi: Floats, vi: Floats, starts: Indices, method: str, level: float | None, *, fast: bool
) -> Floats:
    """One row of :class:`Numbers` a group, (groups, columns); NaN for groups without studies.

    ``level`` is that of the Q-profile interval; None leaves it out.

    The same bits whether ``fast`` (compiled) or not.
    """
    sizes = np.diff(starts)
    low, high = _targets(sizes, level)
    out = np.full((len(sizes), COLUMNS), nan)
    if fast and available():
        ones = np.ones(len(low))
        y, v = np.require(yi, requirements=["C", "W"]), np.require(vi, requirements=["C", "W"])
        _compiled_kernel(method)(y, v, ones, starts, low, high, out)
        return out
    kernel = row_kernel(method)
    bounds, y, v = starts.tolist(), yi.tolist(), vi.tolist()
    for g, (a, b) in enumerate(pairwise(bounds)):
        if b > a:
            try:
                out[g] = kernel(y[a:b], v[a:b], [1.0] * (b - a), low[b - a], high[b - a])
            except ArithmeticError:  # numbers beyond double precision: compiled code gives NaN or infinity
                continue
    return out
