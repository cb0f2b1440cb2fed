"""The normal-normal model at a given tau2: every quantity that estimators, tests and intervals are made of.

With W = diag(1 / (vi + tau2)) and P = W - W X (X'WX)^-1 X'W, one pass gives y'Py, y'PPy, y'PPPy, tr P, tr PP and
the determinants. One column is summed with plain loops (interpreted on lists for one problem, compiled from the same
source for many); several columns use an orthonormal design, so that nothing k x k is ever formed.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import log
from typing import Any

from needlepoint.arrays import Matrix
from needlepoint.pooling.kernels.sums import At
from needlepoint.pooling.kernels.tabulated import Table

Vector = Sequence[float]
_SHORT = 60  # above it arrays beat interpreted loops

__all__ = ["At", "Table", "Vector", "at", "column_at", "column_cochran", "kernel_form", "known_mean_at"]


def column_at(yi: Vector, vi: Vector, xi: Vector, tau2: float) -> At:
    """The model with one column ``xi`` (all ones without moderators)."""
    a1 = a2 = a3 = c1 = sum_w = sum_w2 = logdet = 0.0
    for y, v, x in zip(yi, vi, xi):  # noqa: B905 (also compiled by numba, which has no strict=)
        total = v + tau2
        w = 1.0 / total
        w2 = w * w
        xx = x * x
        a1 += w * xx
        a2 += w2 * xx
        a3 += w2 * w * xx
        c1 += w * x * y
        sum_w += w
        sum_w2 += w2
        logdet += log(total)
    b = c1 / a1
    q = pp = s2 = s3 = 0.0
    for y, v, x in zip(yi, vi, xi):  # noqa: B905 (also compiled by numba, which has no strict=)
        w = 1.0 / (v + tau2)
        r = y - b * x
        wr = w * r
        q += wr * r
        pp += wr * wr
        s2 += w * wr * x
        s3 += w * wr * wr
    ratio = a2 / a1
    return At(
        q,
        pp,
        s3 - s2 * s2 / a1,
        sum_w - ratio,
        sum_w2 - 2.0 * a3 / a1 + ratio * ratio,
        sum_w,
        sum_w2,
        logdet,
        log(a1),
    )


def column_cochran(yi: Vector, vi: Vector, xi: Vector) -> tuple[float, float]:
    """Cochran's Q and the trace of P at tau2 = 0, with the bits of :func:`column_at`."""
    a1 = a2 = c1 = sum_w = 0.0
    for y, v, x in zip(yi, vi, xi):  # noqa: B905 (as in the kernels)
        w = 1.0 / v
        xx = x * x
        a1 += w * xx
        a2 += w * w * xx
        c1 += w * x * y
        sum_w += w
    b = c1 / a1
    q = 0.0
    for y, v, x in zip(yi, vi, xi):  # noqa: B905 (as in the kernels)
        r = y - b * x
        q += 1.0 / v * r * r
    return q, sum_w - a2 / a1


def known_mean_at(ri: Vector, vi: Vector, tau2: float) -> At:
    """The model without coefficients: ``ri`` are deviations from a known mean."""
    q = pp = ppp = sum_w = sum_w2 = logdet = 0.0
    for r, v in zip(ri, vi):  # noqa: B905 (also compiled by numba, which has no strict=)
        total = v + tau2
        w = 1.0 / total
        wr = w * r
        q += wr * r
        pp += wr * wr
        ppp += w * wr * wr
        sum_w += w
        sum_w2 += w * w
        logdet += log(total)
    return At(q, pp, ppp, sum_w, sum_w2, sum_w, sum_w2, logdet, 0.0)


def kernel_form(yi: Matrix, vi: Matrix, X: Matrix) -> tuple[Any, Any, Any, Table | None]:
    """yi, vi, the one column and the table, as the kernels are fastest: lists for one short column, else a table."""
    if X.shape[1] == 1 and len(yi) <= _SHORT:
        return yi.tolist(), vi.tolist(), X[:, 0].tolist(), None
    return yi, vi, (), Table(yi, vi, X)


def at(yi: Vector, vi: Vector, xi: Vector, table: Table | None, tau2: float) -> At:
    """The model at ``tau2``: from the table when there is one, else with the column ``xi``, else (empty) no column."""
    if table is not None:
        return table.at(tau2)
    if len(xi) == 0:
        return known_mean_at(yi, vi, tau2)
    return column_at(yi, vi, xi, tau2)
