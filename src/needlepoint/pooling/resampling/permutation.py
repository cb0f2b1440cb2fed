"""Permutation tests of the pooled effect and of moderators."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any, Literal

import numpy as np

from needlepoint.arrays import Ints, Matrix
from needlepoint.errors import InputError
from needlepoint.options import seeded, whole
from needlepoint.pooling.kinds import choose
from needlepoint.pooling.resampling.batch import BatchFit, fit_batch
from needlepoint.pooling.result import Pooled
from needlepoint.result import Result, record

__all__ = ["PermutationTest", "permutation_test"]

_TIE = 1.5e-8  # statistics that differ by rounding only count as equal
_MOST_EXACT = 2_000_000


@record
class PermutationTest(Result):
    """p-values of every coefficient, and of all moderators together, under permutation."""

    exact: bool
    draws: int
    terms: tuple[str, ...]
    statistic: tuple[float, ...]
    p_value: tuple[float, ...]
    qm: float
    qm_p: float
    ci_low: float | None
    ci_high: float | None
    seed: int | None

    def tidy(self) -> list[dict[str, Any]]:
        """One row a coefficient."""
        rows = zip(self.terms, self.statistic, self.p_value, strict=True)
        return [{"term": t, "statistic": s, "p_value": p, "exact": self.exact} for t, s, p in rows]


def _statistics(pooled: Pooled, fit: BatchFit) -> tuple[Matrix, Matrix]:
    """Test statistics of each coefficient (B, p), and of the moderators together (B,)."""
    factor = np.ones(len(fit.rss))
    if pooled.test in {"HKSJ", "HKSJ-adhoc"}:
        factor = fit.rss / (pooled.k - pooled.p)
        factor = np.maximum(factor, 1.0) if pooled.test == "HKSJ-adhoc" else factor
    z = fit.beta / np.sqrt(factor[:, None] * np.diagonal(fit.vb, axis1=1, axis2=2))
    start = 1 if pooled.p > 1 and pooled.coefficients[0].term == "intercept" else 0
    b = fit.beta[:, start:]
    joint = np.einsum("bi,bi->b", b, np.linalg.solve(fit.vb[:, start:, start:], b[:, :, None])[:, :, 0])
    scaled = joint / (factor * (1 if pooled.qm_df2 is None else pooled.qm_df))
    return _floats(z), _floats(scaled)


def _floats(values: Any) -> Matrix:
    return np.asarray(values, dtype=np.float64)


def _signs(k: int, draws: int, rng: np.random.Generator, exact: bool) -> Matrix:
    if not exact:
        return _floats(rng.integers(0, 2, size=(draws, k)) * 2.0 - 1.0)
    codes = np.arange(2**k)[:, None] >> np.arange(k)[None, :]
    return 1.0 - 2.0 * (codes & 1).astype(np.float64)


def _orders(X: Matrix) -> Iterator[list[int]]:
    """Every distinct way to hand the rows of ``X`` to the studies."""
    groups: dict[tuple[float, ...], list[int]] = {}
    for i, row in enumerate(X.tolist()):
        groups.setdefault(tuple(row), []).append(i)
    members = list(groups.values())

    def extend(left: list[int], order: list[int]) -> Iterator[list[int]]:
        if len(order) == len(X):
            yield order
            return
        for g, n in enumerate(left):
            if n:
                left[g] -= 1
                yield from extend(left, [*order, members[g][n - 1]])
                left[g] += 1

    yield from extend([len(m) for m in members], [])


def _distinct(X: Matrix) -> int:
    counts = Counter(map(tuple, X.tolist())).values()
    return math.factorial(len(X)) // math.prod(math.factorial(n) for n in counts)


def _shuffles(X: Matrix, draws: int, rng: np.random.Generator, exact: bool) -> Ints:
    if exact:
        return np.array(list(_orders(X)), dtype=np.intp)
    return np.argsort(rng.random((draws, len(X))), axis=1)


def permutation_test(
    fit: Pooled, *, draws: int | Literal["exact"] = 1000, seed: int | None = 1, interval: bool = False
) -> PermutationTest:
    """Permutation test (Higgins & Thompson 2004, doi:10.1002/sim.1752; Follmann & Proschan 1999).

    Without moderators the signs of the estimates are flipped; with moderators their rows are shuffled over the
    studies. Every permuted data set is fitted anew, tau2 included. All permutations are used when there are no more
    of them than ``draws``. Sampled p-values count the observed data as one of the permutations.

    Parameters
    ----------
    draws
        Number of permutations, or "exact".
    interval
        Also find the interval of the fit effect whose ends have p = 1 - level (without moderators).

    Raises
    ------
    InputError
        A test that has no permutation form here, or too many permutations to list.

    Examples
    --------
    >>> from needlepoint import pool
    >>> fit = pool(yi=[0.1, 0.4, 0.3, 0.8, 0.2], vi=[0.02, 0.05, 0.03, 0.04, 0.06])
    >>> found = permutation_test(fit, draws="exact")
    >>> found.p_value, found.exact
    ((0.0625,), True)
    """
    choose({Pooled: None}, fit, verb="permutation_test")
    if fit.test not in {"z", "t", "HKSJ", "HKSJ-adhoc"}:
        raise InputError("no permutation form", field="test", got=fit.test)
    plain = fit.p == 1
    total = 2**fit.k if plain else _distinct(fit.X)
    exact = draws == "exact" or total <= whole(draws, field="draws")
    if exact and total > _MOST_EXACT:
        raise InputError("too many permutations to list", field="draws", got=total, allowed=_MOST_EXACT)
    rng = np.random.default_rng(seeded(seed))
    n = 0 if draws == "exact" else draws
    if plain:
        signs = _signs(fit.k, n, rng, exact)
        z, joint = _flipped(fit, signs, 0.0)
    else:
        z, joint = _shuffled(fit, _shuffles(fit.X, n, rng, exact))
        signs = None
    p_value = _tail(np.abs(z), np.abs([c.statistic for c in fit.coefficients]), exact)
    limits = _interval(fit, signs, exact) if interval and signs is not None else None
    return PermutationTest(
        exact=exact,
        draws=len(z),
        terms=tuple(c.term for c in fit.coefficients),
        statistic=tuple(c.statistic for c in fit.coefficients),
        p_value=tuple(p_value.tolist()),
        qm=fit.qm,
        qm_p=float(_tail(joint[:, None], np.array([fit.qm]), exact)[0]),
        ci_low=None if limits is None else limits[0],
        ci_high=None if limits is None else limits[1],
        seed=None if exact else seed,
    )


def _tail(permuted: Matrix, observed: Matrix, exact: bool) -> Matrix:
    counts = (permuted >= observed - _TIE * np.maximum(1.0, observed)).sum(axis=0)
    return counts / len(permuted) if exact else (counts + 1.0) / (len(permuted) + 1.0)


def _fixed(pooled: Pooled) -> float | None:
    return pooled.tau2 if pooled.tau2_fixed else None


def _flipped(pooled: Pooled, signs: Matrix, centre: float) -> tuple[Matrix, Matrix]:
    Y = signs * (pooled.yi - centre * pooled.X[:, 0])
    fit = fit_batch(Y, pooled.vi, pooled.X, pooled.method, tau2=_fixed(pooled), weights=pooled.user_weights)
    return _statistics(pooled, fit)


def _shuffled(pooled: Pooled, orders: Ints) -> tuple[Matrix, Matrix]:
    """Shuffled rows of moderators; done by shuffling the studies under a fixed design."""
    back = np.argsort(orders, axis=1)
    weights = None if pooled.user_weights is None else pooled.user_weights[back]
    fit = fit_batch(
        pooled.yi[back], pooled.vi[back], pooled.X, pooled.method, tau2=_fixed(pooled), weights=weights
    )
    return _statistics(pooled, fit)


def _interval(pooled: Pooled, signs: Matrix, exact: bool) -> tuple[float, float]:
    alpha = 1.0 - pooled.level

    def p_at(centre: float) -> float:
        own = _flipped(pooled, np.ones((1, pooled.k)), centre)[0]
        return float(_tail(np.abs(_flipped(pooled, signs, centre)[0]), np.abs(own[0]), exact)[0])

    return _end(p_at, pooled.estimate, -pooled.se, alpha), _end(p_at, pooled.estimate, pooled.se, alpha)


def _end(p_at: Callable[[float], float], centre: float, step: float, alpha: float) -> float:
    """Where the stepwise p-value falls to ``alpha``, going from ``centre`` in the direction of ``step``."""
    inside, outside = centre, centre + step
    while p_at(outside) > alpha:
        inside, outside = outside, outside + 2.0 * (outside - inside)
        if abs(outside - centre) > 1e6 * abs(step):
            return math.copysign(math.inf, step)
    while abs(outside - inside) > 1e-6 * abs(step):
        middle = 0.5 * (inside + outside)
        inside, outside = (middle, outside) if p_at(middle) > alpha else (inside, middle)
    return 0.5 * (inside + outside)
