"""Estimators of the between-study variance tau2, one entry a method in :data:`TAU2`."""

from __future__ import annotations

from collections.abc import Callable
from math import sqrt
from typing import Any, NamedTuple

import numpy as np

from needlepoint.pooling.kernels.likelihood import maximise, score_bound
from needlepoint.pooling.kernels.moments import Moments, moments, q_variance
from needlepoint.pooling.kernels.normal import Table, Vector, at
from needlepoint.pooling.kernels.q_profile import solve_q
from needlepoint.pooling.kernels.score import score_at

__all__ = ["TAU2", "Model", "Tau2Fit"]


class Model(NamedTuple):
    """Numbers of one problem, as the kernels take them: lists for one column, arrays for several."""

    yi: Vector
    vi: Vector
    xi: Vector  # the only column; unused when there is a table
    table: Table | None  # of several columns, or of many studies
    k: int
    p: int
    ols: tuple[
        float, float
    ]  # residual sum of squares of ordinary least squares, total sum of squares about the mean
    weights: Vector | None = None  # the user's


class Tau2Fit(NamedTuple):
    """Estimate of tau2, its standard error (None where no formula is published), and how the search ended.

    Estimators that are compiled give all four fields: numba knows no defaults of named tuples.
    """

    tau2: float
    se: float | None
    iterations: int = 0  # -1: did not settle
    modes: int = 1  # local maxima of the likelihood that were compared


def _moments(m: Model, ai: Any) -> Moments:
    return moments(m.yi, m.vi, ai, m.xi, m.table)


def _inverse(m: Model, tau2: float = 0.0) -> Any:
    if m.table is None:
        return [1.0 / (v + tau2) for v in m.vi]
    return 1.0 / (np.asarray(m.vi) + tau2)


def _ones(m: Model) -> Any:
    return [1.0] * m.k if m.table is None else np.ones(m.k)


def _linear(q: Moments, raw: float, scale: float) -> Tau2Fit:
    """A linear function of Q, cut at zero; ``scale`` is its slope."""
    tau2 = max(0.0, raw)
    return Tau2Fit(tau2, scale * sqrt(max(0.0, q_variance(q, tau2))), 0, 1)


def dersimonian_laird(m: Model) -> Tau2Fit:
    """DerSimonian-Laird moment estimator (1986), doi:10.1016/0197-2456(86)90046-2; weights 1/vi."""
    q = _moments(m, _inverse(m))
    return _linear(q, (q.q - (m.k - m.p)) / q.tr_p, 1.0 / q.tr_p)


def two_step_dl(m: Model) -> Tau2Fit:
    """DerSimonian-Laird, second step with random-effects weights (DerSimonian & Kacker 2007).

    doi:10.1016/j.cct.2006.04.004
    """
    q = _moments(m, _inverse(m, dersimonian_laird(m).tau2))
    return _linear(q, (q.q - q.tr_pv) / q.tr_p, 1.0 / q.tr_p)


def iterated_dl(m: Model) -> Tau2Fit:
    """Iterated DerSimonian-Laird as in metafor: tau2 = (Q(tau2) - (k - p)) / tr P(tau2).

    The numerator keeps its expectation under tau2 = 0, so the root lies below that of Paule-Mandel, where an iteration
    with the expectation at the current weights would end.
    """
    df = m.k - m.p
    high, iterations = solve_q(m.yi, m.vi, m.xi, m.table, float(df))
    low = 0.0
    tau2 = 0.5 * high
    for _ in range(200):
        state = at(m.yi, m.vi, m.xi, m.table, tau2)
        gap = state.q - df - tau2 * state.tr_p
        if gap > 0.0:
            low = tau2
        else:
            high = tau2
        step = gap / (state.pp + state.tr_p - tau2 * state.tr_pp)
        new = tau2 + step if low < tau2 + step < high else 0.5 * (low + high)
        if abs(new - tau2) <= 4e-16 * new or high <= 0.0:
            break
        tau2 = new
    state = at(m.yi, m.vi, m.xi, m.table, tau2)
    variance = 2.0 * df + 4.0 * tau2 * state.tr_p + 2.0 * tau2 * tau2 * state.tr_pp
    return Tau2Fit(tau2, sqrt(variance) / state.tr_p, iterations)


def hedges(m: Model) -> Tau2Fit:
    """Hedges-Olkin unweighted moment estimator, also named Cochran ANOVA."""
    q = _moments(m, _ones(m))
    return _linear(q, (q.q - q.tr_pv) / q.tr_p, 1.0 / q.tr_p)


def hunter_schmidt(m: Model) -> Tau2Fit:
    """Hunter-Schmidt estimator: (Q - k) / sum(1/vi)."""
    q = _moments(m, _inverse(m))
    return _linear(q, (q.q - m.k) / q.sum_a, 1.0 / q.sum_a)


def hunter_schmidt_corrected(m: Model) -> Tau2Fit:
    """Hunter-Schmidt estimator with the small-sample correction k / (k - p) (Brannick et al. 2019)."""
    q = _moments(m, _inverse(m))
    factor = m.k / (m.k - m.p)
    return _linear(q, (factor * q.q - m.k) / q.sum_a, factor / q.sum_a)


def sidik_jonkman(m: Model) -> Tau2Fit:
    """Sidik-Jonkman estimator (2005), doi:10.1111/j.1467-9876.2005.00489.x, from the crude variance of yi."""
    crude = m.ols[1] / m.k
    if crude <= 0.0:
        return Tau2Fit(0.0, 0.0, 0, 1)
    q = _moments(m, _inverse(m, crude))
    scale = crude / (m.k - m.p)
    return _linear(q, scale * q.q, scale)


def paule_mandel(m: Model) -> Tau2Fit:
    """Paule-Mandel estimator, doi:10.6028/jres.087.022: Q(tau2) = k - p. Empirical Bayes has the same equation."""
    tau2, iterations = solve_q(m.yi, m.vi, m.xi, m.table, float(m.k - m.p))
    return Tau2Fit(tau2, _se_root(m, tau2), iterations, 1)


def paule_mandel_median(m: Model) -> Tau2Fit:
    """Median-unbiased Paule-Mandel estimator: Q(tau2) = median of chi-square(k - p)."""
    from needlepoint.stats.distributions import chi2_quantile

    tau2, iterations = solve_q(m.yi, m.vi, m.xi, m.table, chi2_quantile(0.5, float(m.k - m.p)))
    return Tau2Fit(tau2, _se_root(m, tau2), iterations, 1)


def _se_root(m: Model, tau2: float) -> float:
    """Delta-method standard error of estimators that solve Q(tau2) = constant."""
    return m.k * sqrt(2.0 / (m.k - m.p)) / at(m.yi, m.vi, m.xi, m.table, tau2).sum_w


def _range(m: Model) -> tuple[float, float]:
    """Smallest and largest sampling variance."""
    if m.table is not None:
        return m.table.low, m.table.high
    low = high = m.vi[0]
    for v in m.vi:
        if v < low:
            low = v
        elif v > high:
            high = v
    return low, high


def _search(m: Model, restricted: bool) -> Tau2Fit:
    low, high = _range(m)
    bound = score_bound(m.ols[0], float(m.k - m.p if restricted else m.k), low, high)
    tau2, iterations, modes = maximise(m.yi, m.vi, m.xi, m.table, restricted, bound, low)
    information = score_at(m.yi, m.vi, m.xi, m.table, restricted, tau2).trace_fall
    return Tau2Fit(tau2, sqrt(2.0 / information), iterations, modes)


def maximum_likelihood(m: Model) -> Tau2Fit:
    """Maximum likelihood, at the global optimum."""
    return _search(m, restricted=False)


def restricted_maximum_likelihood(m: Model) -> Tau2Fit:
    """Restricted maximum likelihood, at the global optimum (Raudenbush 2009; Viechtbauer 2005)."""
    return _search(m, restricted=True)


def generalised_q(m: Model) -> Tau2Fit:
    """Generalised-Q moment estimator with the user's weights (DerSimonian & Kacker 2007; Jackson et al. 2014)."""
    q = _moments(m, m.weights)
    return _linear(q, (q.q - q.tr_pv) / q.tr_p, 1.0 / q.tr_p)


def generalised_q_median(m: Model) -> Tau2Fit:
    """Median-unbiased generalised-Q estimator: tau2 at which Q is the median of its distribution."""
    from needlepoint.pooling.heterogeneity.generalised_q import quantile_tau2

    return Tau2Fit(quantile_tau2(m.yi, m.vi, m.weights, m.xi, m.table, 0.5), None)


def none(m: Model) -> Tau2Fit:
    """Equal-effects (or fixed-effects) model: tau2 is zero."""
    del m
    return Tau2Fit(0.0, None)


TAU2: dict[str, Callable[[Model], Tau2Fit]] = {
    "EE": none,
    "FE": none,
    "DL": dersimonian_laird,
    "DL2": two_step_dl,
    "DLIT": iterated_dl,
    "HE": hedges,
    "HS": hunter_schmidt,
    "HSk": hunter_schmidt_corrected,
    "SJ": sidik_jonkman,
    "SJIT": paule_mandel,  # the iteration ends at the root of the Paule-Mandel equation
    "ML": maximum_likelihood,
    "REML": restricted_maximum_likelihood,
    "EB": paule_mandel,
    "PM": paule_mandel,
    "PMM": paule_mandel_median,
    "GENQ": generalised_q,
    "GENQM": generalised_q_median,
}
