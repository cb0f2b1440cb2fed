"""Forward search: start from the studies that agree, add the others one by one, and watch the model."""

from __future__ import annotations

from itertools import combinations
from math import comb
from typing import Any

import numpy as np

from needlepoint.arrays import Ints, Matrix
from needlepoint.errors import InputError, NotEnoughStudies
from needlepoint.options import seeded, whole
from needlepoint.pooling.refit import as_pooled, inputs_of, refit, subset
from needlepoint.pooling.resampling.batch import fit_batch
from needlepoint.pooling.result import Pooled
from needlepoint.result import Result, record, rows_of

__all__ = ["ForwardSearch", "forward_search"]

_CANDIDATES = 2000  # starting subsets that are compared


@record
class ForwardSearch(Result):
    """The model at every step: ``size`` studies, the ``entered`` ones, and the monitored numbers.

    ``outside`` is the smallest absolute standardized residual among the studies not yet in (NaN at the last step):
    a jump says that the studies still outside do not belong to the model.
    """

    method: str
    k: int
    study: tuple[str, ...]
    start: tuple[str, ...]
    entered: tuple[str, ...]
    size: Ints
    estimate: Matrix
    ci_low: Matrix
    ci_high: Matrix
    tau2: Matrix
    q: Matrix
    outside: Matrix

    def tidy(self) -> list[dict[str, Any]]:
        """One row a step."""
        return rows_of(self, ("entered", "size", "estimate", "ci_low", "ci_high", "tau2", "q", "outside"))


def forward_search(
    fit: Any, vi: Any = None, *, data: Any = None, start: int | None = None, seed: int = 1
) -> ForwardSearch:
    """Forward search for outlying studies.

    Parameters
    ----------
    fit, vi, data
        A :class:`Pooled` (moderators too), effect sizes, or k estimates with their variances.
    start
        Size of the first subset (p + 2 unless told): the one with the least median squared standardized residual,
        among all such subsets or 2,000 random ones.
    seed
        Of the random subsets.

    Raises
    ------
    NotEnoughStudies
        Not more studies than the first subset holds.

    References
    ----------
    Atkinson & Riani (2000), Robust diagnostic regression analysis; for meta-analysis Mavridis et al. (2017),
    doi:10.1002/sim.7083.

    Examples
    --------
    >>> forward_search([0.1, 0.2, 0.15, 0.12, 3.0], [0.04] * 5).entered[-1]
    '5'
    """
    pooled = as_pooled(fit, vi, data)
    first = pooled.p + 2 if start is None else whole(start, field="start")
    if first <= pooled.p:
        raise InputError(
            "the first subset must be larger than the number of coefficients", field="start", got=first
        )
    if pooled.k <= first:
        raise NotEnoughStudies("a forward search", needs=first + 1, got=pooled.k)
    inside = _first(pooled, first, seed)
    inputs = inputs_of(pooled)
    names: list[str] = []
    steps: list[tuple[float, ...]] = []
    begin = tuple(pooled.study[i] for i in np.sort(inside))
    before: set[int] = set()
    for size in range(first, pooled.k + 1):
        fit = refit(pooled, subset(inputs, np.sort(inside)))
        far = np.abs(_standardized(pooled, fit.beta, fit.tau2))
        rest = np.setdiff1d(np.arange(pooled.k), inside)
        outside = float(far[rest].min()) if rest.size else float("nan")
        names.append(", ".join(pooled.study[i] for i in np.sort(inside) if int(i) not in before))
        steps.append((size, fit.estimate, fit.ci_low, fit.ci_high, fit.tau2, fit.q, outside))
        before = {int(i) for i in inside}
        inside = np.argsort(far, kind="stable")[: size + 1]
    size_, estimate, low, high, tau2, q, out = (np.array(c, dtype=float) for c in zip(*steps, strict=True))
    return ForwardSearch(
        method=pooled.method,
        k=pooled.k,
        study=pooled.study,
        start=begin,
        entered=tuple(names),
        size=size_.astype(np.intp),
        estimate=estimate,
        ci_low=low,
        ci_high=high,
        tau2=tau2,
        q=q,
        outside=out,
    )


def _standardized(pooled: Pooled, beta: Matrix, tau2: float) -> Matrix:
    return (pooled.yi - pooled.X @ beta) / np.sqrt(pooled.vi + tau2)


def _first(pooled: Pooled, size: int, seed: int) -> Ints:
    """The subset whose model leaves the least median squared residual over all studies."""
    k = pooled.k
    if comb(k, size) <= _CANDIDATES:
        rows = np.array(list(combinations(range(k), size)), dtype=np.intp)
    else:
        rng = np.random.default_rng(seeded(seed))
        rows = np.argsort(rng.random((_CANDIDATES, k)), axis=1)[:, :size]
    if pooled.p > 1:
        rows = rows[np.linalg.matrix_rank(pooled.X[rows]) == pooled.p]
        if not len(rows):
            raise InputError("no subset of that size estimates every coefficient", field="start", got=size)
    method = "DL" if pooled.method in {"GENQ", "GENQM"} else pooled.method  # without the user's weights
    fit = fit_batch(pooled.yi[rows], pooled.vi[rows], pooled.X[rows], method)
    residual = pooled.yi - fit.beta @ pooled.X.T
    scaled = residual**2 / (pooled.vi + fit.tau2[:, None])
    return rows[int(np.argmin(np.median(scaled, axis=1)))]
