"""The kernels over all groups of a chunk: compiled where that pays, interpreted where it does not."""

from __future__ import annotations

from itertools import pairwise
from math import nan
from types import FunctionType
from typing import TYPE_CHECKING, cast

import numpy as np

from needlepoint.arrays import Floats
from needlepoint.bulk._compile import bind, compiled
from needlepoint.bulk._group import (
    COLUMNS,
    Numbers,
    array_swap,
    estimator_of,
    over_groups,
    synthesise,
)
from needlepoint.bulk.engine import require_cuda
from needlepoint.stats.distributions import chi2_quantile

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from needlepoint.bulk.engine import Engine

    Indices = NDArray[np.int64]

__all__ = ["chi2_targets", "group_numbers", "row_kernel"]

_SIGNATURE = f"void({'float64[::1],' * 4}int64[::1],float64[::1],float64[::1],float64[:,::1])"


def row_kernel(method: str) -> Callable[..., Numbers]:
    """The interpreted kernel of one group, with its estimator of tau2."""
    return bind(cast("FunctionType", synthesise), {"estimator": estimator_of(method)})


def _compiled_kernel(method: str) -> Callable[..., None]:
    swap = array_swap(method)
    return compiled(cast("FunctionType", over_groups), swap, _SIGNATURE, method)


def chi2_targets(sizes: Indices, level: float | None, p: int = 1) -> tuple[Floats, Floats]:
    """Chi-square quantiles by number of studies; -1 where a group of that size does not occur (or is too small)."""
    most = int(sizes.max(initial=1))
    low, high = np.full(most + 1, -1.0), np.full(most + 1, -1.0)
    if level is None:
        return low, high
    for k in np.unique(sizes).tolist():
        if k > p:
            low[k] = chi2_quantile(0.5 + 0.5 * level, float(k - p))
            high[k] = chi2_quantile(0.5 - 0.5 * level, float(k - p))
    return low, high


def group_numbers(
    yi: Floats, vi: Floats, starts: Indices, method: str, level: float | None, *, engine: Engine
) -> Floats:
    """One row of :class:`Numbers` a group, (groups, columns); NaN for groups without studies.

    ``level`` is that of the Q-profile interval; None leaves it out.
    The same bits interpreted or compiled; see :mod:`needlepoint.bulk._cuda` for those of a GPU.
    """
    sizes = np.diff(starts)
    low, high = chi2_targets(sizes, level)
    out = np.full((len(sizes), COLUMNS), nan)
    if engine == "cuda":
        require_cuda()  # also where others do the work
        from needlepoint.bulk._cuda import fill

        fill(yi, vi, starts, low, high, method, out)
        return out
    if engine == "compiled":
        y, v = np.require(yi, requirements=["C", "W"]), np.require(vi, requirements=["C", "W"])
        _compiled_kernel(method)(y, v, np.ones(len(low)), np.empty(len(v)), starts, low, high, out)
        return out
    kernel = row_kernel(method)
    bounds, y, v = starts.tolist(), yi.tolist(), vi.tolist()
    for g, (a, b) in enumerate(pairwise(bounds)):
        if b > a:
            try:
                out[g] = kernel(y[a:b], v[a:b], [1.0] * (b - a), None, low[b - a], high[b - a])
            except ArithmeticError:  # numbers beyond double precision: compiled code gives NaN or infinity
                continue
    return out
