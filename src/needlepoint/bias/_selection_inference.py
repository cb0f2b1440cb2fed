"""Standard errors and Wald intervals of a selection model, from the observed information."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from needlepoint.bias._selection_profile import profile_interval
from needlepoint.bias._selection_search import Problem, SelectionFit, observed_information
from needlepoint.pooling.coefficients.inference import coefficients
from needlepoint.pooling.result import Coefficient
from needlepoint.stats.distributions import normal_quantile

if TYPE_CHECKING:
    from needlepoint.arrays import Bools, Floats


__all__ = ["Inference", "by_profile", "infer"]

_TAU2_ZERO = (
    1e-4  # below this (or a tenth of the smallest vi) tau2 counts as zero: its information has no limit
)
_DELTA_ZERO = 1e-4


@dataclass(frozen=True, slots=True)
class Inference:
    """Standard errors and intervals; None where a parameter is fixed, on its bound, or without curvature."""

    coefficients: tuple[Coefficient, ...]
    vb: Floats | None
    tau2_se: float | None
    tau2_low: float | None
    tau2_high: float | None
    delta_se: tuple[float | None, ...]
    delta_low: tuple[float | None, ...]
    delta_high: tuple[float | None, ...]
    notes: tuple[str, ...]


def infer(problem: Problem, theta: Floats, level: float, terms: tuple[str, ...]) -> Inference:
    """Invert the observed information over the parameters that are free and not at zero."""
    p = problem.X.shape[1]
    rows = problem.free.copy()
    at = theta.copy()
    if theta[p] < min(_TAU2_ZERO, float(problem.vi.min()) / 10):
        rows[p], at[p] = False, 0.0
    at_zero = (np.arange(len(theta)) > p) & (theta < problem.low + _DELTA_ZERO)
    rows &= ~at_zero
    notes = _bound_notes(problem, theta)
    covariance = _covariance(problem, at, rows)
    if covariance is None:
        at_top = (np.arange(len(theta)) > p) & (theta >= problem.high)
        rows &= ~at_top
        covariance = _covariance(problem, at, rows)
    if covariance is None:
        nothing: tuple[float | None, ...] = (None,) * (len(theta) - p - 1)
        notes.append("the likelihood is not curved in every direction: no standard errors")
        bare = tuple(_bare(term, float(b)) for term, b in zip(terms, theta[:p], strict=True))
        return Inference(bare, None, None, None, None, nothing, nothing, nothing, tuple(notes))
    se: list[float | None] = [None] * len(theta)
    for i, variance in zip(np.flatnonzero(rows), np.diag(covariance), strict=True):
        se[int(i)] = float(np.sqrt(variance))
    vb = covariance[:p, :p]
    half = normal_quantile(0.5 + level / 2)
    values, delta_se = theta[p + 1 :].tolist(), se[p + 1 :]
    return Inference(
        coefficients(theta[:p], vb, [None] * p, terms, level),
        vb,
        se[p],
        None,
        None,
        tuple(delta_se),
        tuple(
            None if s is None else max(problem.low, d - half * s)
            for d, s in zip(values, delta_se, strict=True)
        ),
        tuple(None if s is None else d + half * s for d, s in zip(values, delta_se, strict=True)),
        tuple(notes),
    )


def by_profile(inference: Inference, problem: Problem, fit: SelectionFit, level: float) -> Inference:
    """The same with profile-likelihood intervals in place of Wald's."""
    p = problem.X.shape[1]
    ends = {int(i): profile_interval(problem, fit, int(i), level) for i in np.flatnonzero(problem.free)}
    records: list[Coefficient] = []
    for i, record in enumerate(inference.coefficients):
        low, high = ends[i]
        records.append(replace(record, ci_low=low, ci_high=float("inf") if high is None else high))
    delta = range(p + 1, len(fit.theta))
    return replace(
        inference,
        coefficients=tuple(records),
        tau2_low=ends[p][0] if p in ends else None,
        tau2_high=ends[p][1] if p in ends else None,
        delta_low=tuple(ends[i][0] if i in ends else None for i in delta),
        delta_high=tuple(ends[i][1] if i in ends else None for i in delta),
    )


def _bare(term: str, estimate: float) -> Coefficient:
    nan = float("nan")
    return Coefficient(
        term=term, estimate=estimate, se=nan, statistic=nan, df=None, p_value=nan, ci_low=nan, ci_high=nan
    )


def _covariance(problem: Problem, theta: Floats, rows: Bools) -> Floats | None:
    information = observed_information(problem, theta, rows)
    if not np.isfinite(information).all():
        return None
    try:
        np.linalg.cholesky(information)
    except np.linalg.LinAlgError:
        return None
    return np.asarray(np.linalg.inv(information), dtype=np.float64)


def _bound_notes(problem: Problem, theta: Floats) -> list[str]:
    p = problem.X.shape[1]
    free = np.isnan(problem.delta)
    notes: list[str] = []
    for j in np.flatnonzero(free):
        value = float(theta[p + 1 + j])
        for bound, name in ((problem.low, "lower"), (problem.high, "upper")):
            if abs(value - bound) <= 1e-9 * max(1.0, bound):
                notes.append(
                    f"delta {j + 1} lies on its {name} bound ({bound:g}): read its interval with care"
                )
    return notes
