"""Tests of the coefficients: covariance, degrees of freedom, intervals and the omnibus test of moderators."""

from __future__ import annotations

from dataclasses import replace
from math import copysign, inf, sqrt
from typing import NamedTuple

import numpy as np

from needlepoint.arrays import Matrix
from needlepoint.pooling.kernels.least_squares import LeastSquares, pivots
from needlepoint.pooling.result import Coefficient, Omnibus
from needlepoint.stats.distributions import (
    chi2_sf,
    f_sf,
    normal_quantile,
    t_quantile,
    two_sided_normal,
    two_sided_t,
)

__all__ = [
    "Covariance",
    "Inference",
    "coefficients",
    "covariance",
    "infer",
    "moderators_of",
    "omnibus",
]


class Covariance(NamedTuple):
    """Covariance of the coefficients as a test uses it; ``df`` is None for normal theory."""

    vb: Matrix
    df: float | None
    s2w: float


class Inference(NamedTuple):
    """Everything the tests of a model say."""

    beta: Matrix
    vb: Matrix
    s2w: float
    df: float | None  # of the first coefficient
    records: tuple[Coefficient, ...]
    joint: Omnibus


def covariance(fit: LeastSquares, test: str, k: int) -> Covariance:
    """Covariance under "z", "t", "HKSJ" or "HKSJ-adhoc".

    Hartung-Knapp-Sidik-Jonkman (doi:10.1002/sim.1482, doi:10.1002/sim.1262; regression: doi:10.1002/sim.791) scales
    by the weighted residual mean square; the ad-hoc guard never lets it fall below one.
    """
    df = k - len(fit.beta)
    if test in {"HKSJ", "HKSJ-adhoc"}:
        s2w = fit.rss / df
        if test == "HKSJ-adhoc":
            s2w = max(1.0, s2w)
        return Covariance(fit.vb * s2w, float(df), s2w)
    return Covariance(fit.vb, float(df) if test == "t" else None, 1.0)


def _ratio(estimate: float, se: float) -> float:
    """Estimate over standard error; infinite, or zero for an estimate of zero, when there is no error at all."""
    if se > 0.0:
        return estimate / se
    return 0.0 if estimate == 0.0 else copysign(inf, estimate)


def coefficients(
    beta: Matrix, vb: Matrix, df: list[float | None], terms: tuple[str, ...], level: float
) -> tuple[Coefficient, ...]:
    """A coefficient record for each term."""
    upper = 0.5 + 0.5 * level
    records: list[Coefficient] = []
    variances = vb.diagonal().tolist()
    for b, variance, d, term in zip(beta.tolist(), variances, df, terms, strict=True):
        se = sqrt(variance)
        statistic = _ratio(b, se)
        half = se * (normal_quantile(upper) if d is None else t_quantile(upper, d))
        records.append(
            Coefficient(
                term=term,
                estimate=b,
                se=se,
                statistic=statistic,
                df=d,
                p_value=two_sided_normal(statistic) if d is None else two_sided_t(statistic, d),
                ci_low=b - half,
                ci_high=b + half,
            )
        )
    return tuple(records)


def omnibus(beta: Matrix, vb: Matrix, df2: float | None, which: list[int]) -> Omnibus:
    """Wald test that the coefficients at positions ``which`` are all zero; an F test when ``df2`` is given."""
    m = len(which)
    if m == 1:
        statistic = _ratio(float(beta[which[0]]) ** 2, float(vb[which[0], which[0]]))
    else:
        covariances, b = vb.tolist(), beta.tolist()
        block = [[*(covariances[i][j] for j in which), b[i]] for i in which]
        *lengths, rest = pivots([*block, [*(b[i] for i in which), 0.0]])
        statistic = -rest if min(lengths) > 0.0 else inf
    if df2 is None:
        return Omnibus(statistic, m, None, chi2_sf(statistic, m))
    return Omnibus(statistic / m, m, df2, f_sf(statistic / m, m, df2))


def moderators_of(terms: tuple[str, ...]) -> list[int]:
    """Positions of the coefficients that a model's test is about: all but the intercept, unless it stands alone."""
    return list(range(1 if len(terms) > 1 and terms[0] == "intercept" else 0, len(terms)))


def infer(
    fit: LeastSquares,
    yi: Matrix,
    vi: Matrix,
    X: Matrix,
    terms: tuple[str, ...],
    tau2: float,
    test: str,
    level: float,
) -> Inference:
    """Tests and intervals of every coefficient, and of all but the intercept together."""
    p, which = len(terms), moderators_of(terms)
    if test == "KR":
        return _kenward_roger(fit, vi, X, terms, tau2, level, which)
    if test == "HC":
        return _henmi_copas(yi, vi, terms, level)
    cov = covariance(fit, test, len(yi))
    records = coefficients(fit.beta, cov.vb, [cov.df] * p, terms, level)
    joint = omnibus(fit.beta, cov.vb, cov.df, which)
    if test == "PL":
        return _profile_likelihood(fit, cov, yi, vi, tau2, records[0], level)
    return Inference(fit.beta, cov.vb, cov.s2w, cov.df, records, joint)


def _kenward_roger(
    fit: LeastSquares,
    vi: Matrix,
    X: Matrix,
    terms: tuple[str, ...],
    tau2: float,
    level: float,
    which: list[int],
) -> Inference:
    from needlepoint.pooling.coefficients.kenward_roger import kenward_roger

    kr = kenward_roger(vi, X, tau2)
    unit = np.eye(len(terms))
    df: list[float | None] = [kr.df(row) for row in unit]
    records = coefficients(fit.beta, kr.vb, df, terms, level)
    return Inference(fit.beta, kr.vb, 1.0, df[0], records, kr.omnibus(fit.beta, unit[which]))


def _henmi_copas(yi: Matrix, vi: Matrix, terms: tuple[str, ...], level: float) -> Inference:
    from needlepoint.pooling.coefficients.henmi_copas import henmi_copas

    hc = henmi_copas(yi, vi, level)
    statistic = hc.estimate / hc.se
    record = Coefficient(
        term=terms[0],
        estimate=hc.estimate,
        se=hc.se,
        statistic=statistic,
        df=None,
        p_value=hc.p_value,
        ci_low=hc.ci_low,
        ci_high=hc.ci_high,
    )
    joint = Omnibus(statistic * statistic, 1, None, hc.p_value)
    return Inference(np.array([hc.estimate]), np.array([[hc.se**2]]), 1.0, None, (record,), joint)


def _profile_likelihood(
    fit: LeastSquares, cov: Covariance, yi: Matrix, vi: Matrix, tau2: float, record: Coefficient, level: float
) -> Inference:
    from needlepoint.pooling.coefficients.profile_test import profile_likelihood

    pl = profile_likelihood(yi, vi, record.estimate, tau2, level)
    new = replace(record, statistic=pl.statistic, p_value=pl.p_value, ci_low=pl.ci_low, ci_high=pl.ci_high)
    joint = Omnibus(pl.statistic**2, 1, None, pl.p_value)
    return Inference(fit.beta, cov.vb, 1.0, None, (new,), joint)
