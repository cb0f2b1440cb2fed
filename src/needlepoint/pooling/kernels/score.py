"""The score of tau2 alone: what a search evaluates over and over, without determinants.

Twice the derivative of the log-likelihood is y'PPy - trace, with the trace of P (restricted) or of W. Both parts are
positive and fall as tau2 grows.
"""

from __future__ import annotations

from typing import NamedTuple

from needlepoint.pooling.kernels.normal import Table, Vector, known_mean_at

__all__ = ["Score", "parts_at", "score_at"]


class Score(NamedTuple):
    """The two parts of the score at one tau2, and how fast each falls there."""

    pp: float
    trace: float
    pp_fall: float
    trace_fall: float


def _column_parts(yi: Vector, vi: Vector, xi: Vector, restricted: bool, tau2: float) -> tuple[float, float]:
    """The two parts of the score with one column."""
    a1 = a2 = c1 = sum_w = 0.0
    for y, v, x in zip(yi, vi, xi):  # noqa: B905 (also compiled by numba, which has no strict=)
        w = 1.0 / (v + tau2)
        wx = w * x
        a1 += wx * x
        a2 += wx * wx
        c1 += wx * y
        sum_w += w
    b = c1 / a1
    pp = 0.0
    for y, v, x in zip(yi, vi, xi):  # noqa: B905 (also compiled by numba, which has no strict=)
        wr = (y - b * x) / (v + tau2)
        pp += wr * wr
    return pp, sum_w - a2 / a1 if restricted else sum_w


def _column_score(yi: Vector, vi: Vector, xi: Vector, restricted: bool, tau2: float) -> Score:
    """The score with one column."""
    a1 = a2 = a3 = c1 = sum_w = sum_w2 = 0.0
    for y, v, x in zip(yi, vi, xi):  # noqa: B905 (also compiled by numba, which has no strict=)
        w = 1.0 / (v + tau2)
        w2 = w * w
        xx = x * x
        a1 += w * xx
        a2 += w2 * xx
        a3 += w2 * w * xx
        c1 += w * x * y
        sum_w += w
        sum_w2 += w2
    b = c1 / a1
    pp = s2 = s3 = 0.0
    for y, v, x in zip(yi, vi, xi):  # noqa: B905 (also compiled by numba, which has no strict=)
        w = 1.0 / (v + tau2)
        wr = w * (y - b * x)
        u = w * wr
        pp += wr * wr
        s2 += u * x
        s3 += u * wr
    fall = 2.0 * (s3 - s2 * s2 / a1)
    if not restricted:
        return Score(pp, sum_w, fall, sum_w2)
    ratio = a2 / a1
    return Score(pp, sum_w - ratio, fall, sum_w2 - 2.0 * a3 / a1 + ratio * ratio)


def _known_mean_score(ri: Vector, vi: Vector, tau2: float) -> Score:
    """The score without coefficients."""
    state = known_mean_at(ri, vi, tau2)
    return Score(state.pp, state.sum_w, 2.0 * state.ppp, state.sum_w2)


def score_at(yi: Vector, vi: Vector, xi: Vector, table: Table | None, restricted: bool, tau2: float) -> Score:
    """The score at ``tau2``, for a problem as :func:`needlepoint.pooling.kernels.normal.at` takes it."""
    if table is not None:
        return Score(*table.score(tau2, restricted))
    if len(xi) == 0:
        return _known_mean_score(yi, vi, tau2)
    return _column_score(yi, vi, xi, restricted, tau2)


def parts_at(
    yi: Vector, vi: Vector, xi: Vector, table: Table | None, restricted: bool, tau2: float
) -> tuple[float, float]:
    """The two parts of the score at ``tau2``: for a table, those of :meth:`Table.scan`."""
    if table is not None:
        return table.parts(tau2, restricted)
    if len(xi) == 0:
        score = _known_mean_score(yi, vi, tau2)
        return score.pp, score.trace
    return _column_parts(yi, vi, xi, restricted, tau2)
