"""Cumulative meta-analysis: the pooled result as studies are added one by one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from needlepoint.columns import column
from needlepoint.errors import InputError
from needlepoint.pooling.diagnostics.leave_one_out import Refits, refitted, row_of
from needlepoint.pooling.diagnostics.some_rows import labels_of, size_of
from needlepoint.pooling.refit import inputs_of, kept_rows, refit, subset, without_moderators
from needlepoint.pooling.result import Pooled

__all__ = ["cumulative"]


def cumulative(
    fit: Any,
    vi: Any = None,
    *,
    data: Any = None,
    order: Any = None,
    estimator: Callable[[Any], Any] | None = None,
) -> Refits:
    """Cumulative meta-analysis.

    Parameters
    ----------
    fit, vi, data
        A :class:`Pooled` without moderators, effect sizes, or k estimates with their variances.
    order
        What to sort by (years, precision): k values or a column name of ``data``; as they stand unless told. Equal
        values keep their order.
    estimator
        Another way of pooling, as in :func:`leave_one_out`.

    Raises
    ------
    InputError
        Moderators, or an order of another length.

    References
    ----------
    Lau et al. (1992), doi:10.1056/NEJM199207233270406.

    Examples
    --------
    >>> cumulative([0.1, 0.3, 0.5], [0.1, 0.1, 0.1], order=[2003, 2001, 2002]).column("k").tolist()
    [1.0, 2.0, 3.0]
    """
    if estimator is not None:
        names, k = labels_of(fit), size_of(fit)
        places = _places(order, fit if data is None else data, k, None)
        return refitted(
            "cumulative", fit, estimator, [(names[i], places[: n + 1]) for n, i in enumerate(places)]
        )
    pooled = without_moderators(fit, vi, data, method="a cumulative analysis")
    places = _places(order, data if data is not None else pooled.data, pooled.k, pooled)
    inputs = inputs_of(pooled)
    rows = tuple(
        row_of(pooled.study[i], refit(pooled, subset(inputs, places[: n + 1]))) for n, i in enumerate(places)
    )
    return Refits(kind="cumulative", measure=pooled.measure, method=pooled.method, rows=rows)


def _places(order: Any, data: Any, k: int, pooled: Pooled | None) -> Any:
    if order is None:
        return np.arange(k)
    values = np.asarray(column(data, order, field="order"))
    if pooled is not None:
        values = kept_rows(values, pooled, field="order")
    if len(values) != k:
        raise InputError("one value a study is needed", field="order", got=len(values), allowed=k)
    try:
        return np.argsort(values, kind="stable")
    except TypeError as error:
        raise InputError("values that cannot be put in order", field="order", got=values.tolist()) from error
