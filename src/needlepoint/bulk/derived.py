"""Groups made of groups: leave-one-out, bootstrap, sign-flip permutation and GOSH run through the same kernel.

Each takes the ragged groups of a chunk to longer ragged groups; draws of a group depend on its key and the seed only,
never on the chunk or the worker it comes to.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from needlepoint.bulk._group import Numbers
from needlepoint.bulk.numbers import group_numbers
from needlepoint.bulk.rows import result_columns

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from needlepoint.arrays import Floats
    from needlepoint.bulk.plan import Plan

    Indices = NDArray[np.int64]

__all__ = ["DERIVED", "Ragged"]

_ROWS = 2_000_000  # of derived groups, held at once


class Ragged(NamedTuple):
    """Groups of a chunk that can be pooled, with a seed for each."""

    yi: Floats
    vi: Floats
    starts: Indices
    seeds: NDArray[np.uint64]
    numbers: Floats


class _Draws(NamedTuple):
    """Derived groups of one group, flat: estimates, variances and sizes."""

    yi: Floats
    vi: Floats
    sizes: Indices


def _fitted(parts: list[_Draws], plan: Plan) -> dict[str, Floats]:
    yi = np.concatenate([part.yi for part in parts])
    vi = np.concatenate([part.vi for part in parts])
    sizes = np.concatenate([part.sizes for part in parts])
    starts = np.append(0, np.cumsum(sizes)).astype(np.int64)
    numbers = group_numbers(yi, vi, starts, plan.method, None, engine=plan.engine)
    return result_columns(numbers, sizes.astype(np.float64), plan)


def _each(
    groups: Ragged, plan: Plan, least: int, derive: Callable[[Floats, Floats, int], _Draws]
) -> Iterator[tuple[int, dict[str, Floats]]]:
    """Results of every group's derived groups; only groups of at least ``least`` studies."""
    waiting: list[tuple[int, _Draws]] = []
    held = 0
    for g in np.flatnonzero(np.diff(groups.starts) >= least).tolist():
        rows = slice(int(groups.starts[g]), int(groups.starts[g + 1]))
        draws = derive(groups.yi[rows], groups.vi[rows], g)
        waiting.append((g, draws))
        held += len(draws.yi)
        if held > _ROWS:
            yield from _split(waiting, plan)
            waiting, held = [], 0
    if waiting:
        yield from _split(waiting, plan)


def _split(waiting: list[tuple[int, _Draws]], plan: Plan) -> Iterator[tuple[int, dict[str, Floats]]]:
    columns = _fitted([draws for _, draws in waiting], plan)
    first = 0
    for g, draws in waiting:
        last = first + len(draws.sizes)
        yield g, {name: values[first:last] for name, values in columns.items()}
        first = last


def _empty(groups: Ragged, *names: str) -> dict[str, Any]:
    return {name: np.full(len(groups.starts) - 1, np.nan) for name in names}


def leave_one_out(groups: Ragged, plan: Plan) -> dict[str, Any]:
    """Range of estimates and p-values without each study in turn; from three studies on."""
    out = _empty(groups, "loo_estimate_low", "loo_estimate_high", "loo_p_low", "loo_p_high")

    def without_each(yi: Floats, vi: Floats, _: int) -> _Draws:
        k = len(yi)
        rest = np.nonzero(~np.eye(k, dtype=bool))[1]
        return _Draws(yi[rest], vi[rest], np.full(k, k - 1))

    for g, found in _each(groups, plan, 3, without_each):
        for name, values in (("estimate", found["estimate"]), ("p", found["p_value"])):
            out[f"loo_{name}_low"][g], out[f"loo_{name}_high"][g] = values.min(), values.max()
    return out


def bootstrap(groups: Ragged, plan: Plan) -> dict[str, Any]:
    """Percentile intervals of the estimate and tau2 by the parametric bootstrap; from two studies on."""
    names = ("boot_ci_low", "boot_ci_high", "boot_tau2_low", "boot_tau2_high")
    out = _empty(groups, *names)
    fit: Any = Numbers(*groups.numbers.T)

    def drawn(_: Floats, vi: Floats, g: int) -> _Draws:
        rng = np.random.default_rng(groups.seeds[g])
        noise = rng.standard_normal((plan.draws, len(vi)))
        yi = fit.estimate[g] + np.sqrt(vi + fit.tau2[g]) * noise
        return _Draws(yi.ravel(), np.tile(vi, plan.draws), np.full(plan.draws, len(vi)))

    tails = [0.5 - 0.5 * plan.level, 0.5 + 0.5 * plan.level]
    for g, found in _each(groups, plan, 2, drawn):
        ends = [*np.quantile(found["estimate"], tails), *np.quantile(found["tau2"], tails)]
        for name, value in zip(names, ends, strict=True):
            out[name][g] = value
    return out


def permutation(groups: Ragged, plan: Plan) -> dict[str, Any]:
    """Sign-flip permutation p-value of the pooled effect; exact where all flips are no more than ``draws``.

    Follmann & Proschan (1999), doi:10.1111/j.0006-341x.1999.00732.x.
    """
    out = _empty(groups, "perm_p", "perm_flips")

    def flipped(yi: Floats, vi: Floats, g: int) -> _Draws:
        k = len(yi)
        if 2**k <= plan.draws + 1:
            signs = 1.0 - 2.0 * ((np.arange(2**k)[:, None] >> np.arange(k)) & 1)
        else:
            drawn = np.random.default_rng(groups.seeds[g]).integers(0, 2, (plan.draws, k))
            signs = np.vstack([np.ones(k), 1.0 - 2.0 * drawn])  # the data themselves are one of the flips
        return _Draws((signs * yi).ravel(), np.tile(vi, len(signs)), np.full(len(signs), k))

    for g, found in _each(groups, plan, 2, flipped):
        size = np.abs(found["statistic"])
        out["perm_p"][g] = np.mean(size >= size[0] * (1.0 - 1e-12))
        out["perm_flips"][g] = len(size)
    return out


def gosh(groups: Ragged, plan: Plan) -> dict[str, Any]:
    """Spread of the estimate and of I2 over subsets of two studies or more: all, or ``draws`` of them.

    Olkin, Dahabreh & Trikalinos (2012), doi:10.1002/jrsm.1053.
    """
    names = ("gosh_estimate_low", "gosh_estimate_high", "gosh_i2_low", "gosh_i2_high")
    out = _empty(groups, *names, "gosh_subsets")

    def subsets(yi: Floats, vi: Floats, g: int) -> _Draws:
        k = len(yi)
        if 2**k - k - 1 <= plan.draws:
            included = ((np.arange(2**k)[:, None] >> np.arange(k)) & 1).astype(bool)
        else:
            included = np.random.default_rng(groups.seeds[g]).random((plan.draws, k)) < 0.5
        included = included[included.sum(axis=1) >= 2]
        rows = np.nonzero(included)[1]
        return _Draws(yi[rows], vi[rows], included.sum(axis=1))

    tails = [0.5 - 0.5 * plan.level, 0.5 + 0.5 * plan.level]
    for g, found in _each(groups, plan, 3, subsets):
        ends = [*np.quantile(found["estimate"], tails), *np.quantile(found["i2"], tails)]
        for name, value in zip(names, ends, strict=True):
            out[name][g] = value
        out["gosh_subsets"][g] = len(found["i2"])
    return out


DERIVED: dict[str, Callable[[Ragged, Plan], dict[str, Any]]] = {
    "leave_one_out": leave_one_out,
    "bootstrap": bootstrap,
    "permutation": permutation,
    "gosh": gosh,
}
