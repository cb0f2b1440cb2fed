"""GOSH: the pooled result of every subset of the studies, to see clusters and outliers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import combinations, islice
from typing import Any

import numpy as np

from needlepoint.arrays import Bools, Ints, Matrix
from needlepoint.errors import NotEnoughStudies
from needlepoint.options import seeded, whole
from needlepoint.pooling.refit import as_pooled
from needlepoint.pooling.resampling.batch import fit_batch
from needlepoint.pooling.result import Pooled
from needlepoint.result import Result, record

__all__ = ["Gosh", "gosh"]

_ALL = 20  # so many studies have about a million subsets: more are sampled
_SAMPLED = 100_000
_NUMBERS = 2_000_000  # held in one array at a time


@record
class Gosh(Result):
    """Pooled results of subsets, one element a subset (``estimate``: subsets x coefficients).

    ``included`` (subsets x studies) says which studies are in. Subsets are ordered by size; when all are there, within
    a size as binary numbers count.
    """

    method: str
    k: int
    subsets: int
    complete: bool
    study: tuple[str, ...]
    terms: tuple[str, ...]
    size: Ints = field(repr=False)
    estimate: Matrix = field(repr=False)
    tau2: Matrix = field(repr=False)
    q: Matrix = field(repr=False)
    i2: Matrix = field(repr=False)
    h2: Matrix = field(repr=False)
    included: Bools = field(repr=False)

    def tidy(self) -> list[dict[str, Any]]:
        """One row a study: median estimate and I2 of the subsets with it and without it."""
        rows: list[dict[str, Any]] = []
        for j, name in enumerate(self.study):
            inside = self.included[:, j]
            row: dict[str, Any] = {"study": name}
            for label, mask in (("with", inside), ("without", ~inside)):
                row[f"estimate_{label}"] = float(np.median(self.estimate[mask, 0])) if mask.any() else None
                row[f"i2_{label}"] = float(np.median(self.i2[mask])) if mask.any() else None
            rows.append(row)
        return rows

    def summary(self) -> str:
        """Quantiles of the estimate and of I2 over the subsets."""
        lines = [
            f"GOSH: {self.subsets} {'' if self.complete else 'random '}subsets of {self.k} studies ({self.method})"
        ]
        for name, values in (("estimate", self.estimate[:, 0]), ("I2", self.i2)):
            points = np.quantile(values, [0.05, 0.25, 0.5, 0.75, 0.95])
            lines.append(f"{name:<9} " + "  ".join(f"{q:.4f}" for q in points) + "  (5, 25, 50, 75, 95 %)")
        return "\n".join([*lines, *self.notes])


def gosh(
    fit: Any,
    vi: Any = None,
    *,
    data: Any = None,
    draws: int | None = None,
    seed: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> Gosh:
    """Graphical display of study heterogeneity: the model fitted to all subsets, or to a random sample of them.

    Parameters
    ----------
    fit, vi, data
        A :class:`Pooled` (moderators too), effect sizes, or k estimates with their variances.
    draws
        How many random subsets; unless told, all of them up to 20 studies and 100,000 beyond.
    seed
        Of the random sample (each study is in with probability one half).
    progress
        Called with the number of subsets done and their total.

    Raises
    ------
    NotEnoughStudies
        Fewer than two studies.

    References
    ----------
    Olkin, Dahabreh & Trikalinos (2012), doi:10.1002/jrsm.1053.

    Examples
    --------
    >>> gosh([0.1, 0.3, 0.2], [0.1, 0.1, 0.1]).subsets
    7
    """
    pooled = as_pooled(fit, vi, data)
    k, p = pooled.k, pooled.p
    if k < p + 1:
        raise NotEnoughStudies("GOSH", needs=p + 1, got=k)
    draws = None if draws is None else whole(draws, field="draws")
    complete = k <= _ALL and (draws is None or draws >= 2**k - 1)
    least = 1 if p == 1 else p + 1
    blocks = _all(k, least) if complete else _sampled(k, least, draws or _SAMPLED, seed)
    total = _total(k, least) if complete else (draws or _SAMPLED)
    parts: list[_Part] = []
    done = 0
    for rows in blocks:
        parts.append(_block(pooled, rows))
        done += len(rows)
        if progress is not None:
            progress(done, total)
    return _joined(pooled, parts, complete)


def _total(k: int, least: int) -> int:
    from math import comb

    return sum(comb(k, m) for m in range(least, k + 1))


def _all(k: int, least: int) -> Iterator[Ints]:
    """Every subset as rows of positions, blocks of one size."""
    for m in range(least, k + 1):
        source = combinations(range(k), m)
        while rows := list(islice(source, max(1, _NUMBERS // (4 * m)))):
            yield np.array(rows, dtype=np.intp)


def _sampled(k: int, least: int, n: int, seed: int) -> Iterator[Ints]:
    rng = np.random.default_rng(seeded(seed))
    included = rng.random((n, k)) < 0.5
    short = included.sum(axis=1) < least
    while short.any():
        included[short] = rng.random((int(short.sum()), k)) < 0.5
        short = included.sum(axis=1) < least
    sizes = included.sum(axis=1)
    for m in np.unique(sizes):
        rows = np.nonzero(included[sizes == m])[1].reshape(-1, int(m))
        step = max(1, _NUMBERS // (4 * int(m)))
        for start in range(0, len(rows), step):
            yield rows[start : start + step]


@dataclass(frozen=True, slots=True)
class _Part:
    rows: Ints
    estimate: Matrix
    tau2: Matrix
    q: Matrix
    i2: Matrix
    h2: Matrix
    singular: int


def _block(pooled: Pooled, rows: Ints) -> _Part:
    """Fit all subsets of one size."""
    m, p = rows.shape[1], pooled.p
    singular = 0
    if p > 1:
        full = np.linalg.matrix_rank(pooled.X[rows]) == p
        singular = int((~full).sum())
        rows = rows[full]
    X = pooled.X[rows]
    Y, V = pooled.yi[rows], pooled.vi[rows]
    if m == 1 or not len(rows):
        zero = np.zeros(len(rows))
        return _Part(rows, Y[:, :1] if m == 1 else np.empty((0, p)), zero, zero, zero, zero + 1, singular)
    weights = None if pooled.user_weights is None else pooled.user_weights[rows]
    fixed = pooled.tau2 if pooled.tau2_fixed else None
    fit = fit_batch(Y, V, X, pooled.method, tau2=fixed, weights=weights)
    plain = fit_batch(Y, V, X, "EE")
    i2, h2 = _inconsistency(pooled.method, fit.tau2, plain.rss, _trace(V, X, plain.vb), m - p)
    return _Part(rows, fit.beta, fit.tau2, plain.rss, i2, h2, singular)


def _trace(V: Matrix, X: Matrix, inverse: Matrix) -> Matrix:
    """Trace of P at tau2 = 0: what the typical sampling variance is made of."""
    W = 1 / V
    return W.sum(axis=1) - np.einsum("bkp,bk,bkq,bqp->b", X, W * W, X, inverse, optimize=True)


def _inconsistency(method: str, tau2: Matrix, q: Matrix, trace: Matrix, df: int) -> tuple[Matrix, Matrix]:
    if method in {"EE", "FE"}:
        h2 = q / df
        return np.maximum(0.0, 1 - df / np.maximum(q, 1e-300)), h2
    typical = df / trace
    return tau2 / (typical + tau2), tau2 / typical + 1


def _joined(pooled: Pooled, parts: list[_Part], complete: bool) -> Gosh:
    sizes = np.concatenate([np.full(len(part.rows), part.rows.shape[1]) for part in parts])
    included = np.zeros((len(sizes), pooled.k), dtype=bool)
    start = 0
    for part in parts:
        included[np.arange(start, start + len(part.rows))[:, None], part.rows] = True
        start += len(part.rows)
    singular = sum(part.singular for part in parts)
    order = np.arange(len(sizes))
    if complete:  # by size, then as binary numbers count
        order = np.lexsort((included @ (1 << np.arange(pooled.k, dtype=np.int64)), sizes))
    notes = (f"{singular} subsets left out: a moderator does not vary in them",) if singular else ()
    return Gosh(
        notes=notes,
        method=pooled.method,
        k=pooled.k,
        subsets=len(sizes),
        complete=complete and not singular,
        study=pooled.study,
        terms=tuple(c.term for c in pooled.coefficients),
        size=sizes[order],
        estimate=np.concatenate([part.estimate for part in parts])[order],
        tau2=np.concatenate([part.tau2 for part in parts])[order],
        q=np.concatenate([part.q for part in parts])[order],
        i2=np.concatenate([part.i2 for part in parts])[order],
        h2=np.concatenate([part.h2 for part in parts])[order],
        included=included[order],
    )
