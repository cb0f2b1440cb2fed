"""Location-scale models: moderators of the mean and of the heterogeneity."""

from __future__ import annotations

from dataclasses import field
from math import log, pi
from typing import Any, Literal

import numpy as np

from needlepoint.arrays import Matrix
from needlepoint.errors import ConvergenceError, InputError, NotEnoughStudies
from needlepoint.options import check, check_fraction
from needlepoint.pooling.coefficients.fit_statistics import criteria
from needlepoint.pooling.coefficients.inference import (
    Covariance,
    Omnibus,
    coefficients,
    covariance,
    moderators_of,
    omnibus,
)
from needlepoint.pooling.design import Design
from needlepoint.pooling.inputs import read
from needlepoint.pooling.kernels.least_squares import fit_design
from needlepoint.pooling.location_scale.likelihood import Scale, State, evaluate, maximise
from needlepoint.pooling.result import Coefficient, LikelihoodFit
from needlepoint.result import digest, record

__all__ = ["LocationScale", "location_scale"]

LocationScaleMethod = Literal["ML", "REML"]
LocationScaleTest = Literal["z", "t", "HKSJ", "HKSJ-adhoc"]
Link = Literal["log", "identity"]


@record
class LocationScale(LikelihoodFit):
    """Coefficients of the mean (``coefficients``) and of tau2 on its link (``scale``).

    ``tau2`` (k,) holds each study's fitted heterogeneity; ``vb`` and ``va`` the two covariances.
    """

    test: str
    link: str
    scale: tuple[Coefficient, ...]
    qm: float
    qm_df: int
    qm_p: float
    qs: float | None
    qs_df: int
    qs_p: float | None
    tau2: Matrix = field(repr=False)
    vb: Matrix = field(repr=False)
    va: Matrix = field(repr=False)
    scale_design: Design = field(repr=False)

    def tidy(self) -> list[dict[str, Any]]:
        """One row a coefficient of either part."""
        both = (("location", self.coefficients), ("scale", self.scale))
        return [{"part": part} | row.to_dict() for part, rows in both for row in rows]

    def summary(self) -> str:
        """Text for people."""
        lines = [f"{self.k} studies, location-scale model, {self.method}, {self.link} link, test {self.test}"]
        for row in self.tidy():
            ends = (
                f"[{row['ci_low']:.4g}, {row['ci_high']:.4g}]"
                if row["ci_low"] is not None
                else "[not determined]"
            )
            lines.append(f"{row['part']:<9}{row['term']}: {row['estimate']:.4g} {ends}")
        return "\n".join([*lines, *(f"note: {note}" for note in self.notes)])


def location_scale(
    effects: Any = None,
    *,
    yi: Any = None,
    vi: Any = None,
    sei: Any = None,
    data: Any = None,
    study: Any = None,
    mods: Any = None,
    scale: Any,
    link: Link = "log",
    method: LocationScaleMethod = "REML",
    test: LocationScaleTest = "HKSJ-adhoc",
    level: float = 0.95,
    measure: str | None = None,
) -> LocationScale:
    """Location-scale meta-regression (Viechtbauer & Lopez-Lopez 2022, doi:10.1002/jrsm.1562).

    ``mods`` and ``scale`` are formulas, column names or matrices as in :func:`needlepoint.pool`. With the log link
    log(tau2_i) is linear in the scale moderators, with the identity link tau2_i itself, kept from below zero.

    Raises
    ------
    InputError, NotEnoughStudies, ConvergenceError
        Unusable data; fewer studies than coefficients; no maximum found.

    Examples
    --------
    >>> trials = {"yi": [0.1, 0.4, 0.3, 0.8, 0.2, 0.6], "vi": [0.02, 0.05, 0.03, 0.04, 0.06, 0.03],
    ...           "weeks": [4, 8, 6, 12, 4, 10]}
    >>> fit = location_scale(trials, scale="~ weeks")
    >>> [row.term for row in fit.scale], fit.scale[1].estimate > 0
    (['intercept', 'weeks'], True)
    """
    check(method, LocationScaleMethod, field="method")
    check(test, LocationScaleTest, field="test")
    check(link, Link, field="link")
    check_fraction(level, field="level")
    inputs = read(effects, yi, vi, sei, data, study, mods=mods, measure=measure, scale=scale)
    if inputs.scale is None:
        raise InputError("moderators of the heterogeneity are missing", field="scale")
    X, Z = inputs.design.X, inputs.scale.X
    k, p, q = len(X), X.shape[1], Z.shape[1]
    if k <= p + q:
        raise NotEnoughStudies("a location-scale model", needs=p + q + 1, got=k)
    Q, R = np.linalg.qr(X)
    Qz, Rz = np.linalg.qr(Z)
    state, back = _fit(Scale(inputs.yi, inputs.vi, Q, Qz, link == "log", method == "REML"), Rz)
    # the location part is ordinary least squares with each study's own tau2 in its variance
    fit = fit_design(inputs.yi, inputs.vi + state.tau2, Q, R, 0.0, None)
    cov = covariance(fit, test, k)
    terms = inputs.design.terms
    joint = omnibus(fit.beta, cov.vb, cov.df, moderators_of(terms))
    va, notes = _scale_covariance(state, back, inputs.vi)
    rows, scale_joint = _scale_part(back @ state.a, va, inputs.scale.terms, cov, k, level)
    n = k - p if method == "REML" else k
    return LocationScale(
        notes=(*inputs.notes, *notes),
        measure=inputs.measure,
        method=method,
        test=test,
        link=link,
        level=level,
        k=k,
        coefficients=coefficients(fit.beta, cov.vb, [cov.df] * p, terms, level),
        scale=rows,
        qm=joint.statistic,
        qm_df=joint.df,
        qm_p=joint.p_value,
        qs=None if scale_joint is None else scale_joint.statistic,
        qs_df=len(moderators_of(inputs.scale.terms)),
        qs_p=None if scale_joint is None else scale_joint.p_value,
        likelihood=criteria(state.value - 0.5 * n * log(2.0 * pi), p + q, n),
        studies=inputs,
        input_digest=digest(inputs.yi, inputs.vi, X, Z, method, test, link, level),
        tau2=state.tau2,
        vb=cov.vb,
        va=va,
        scale_design=inputs.scale,
    )


def _fit(m: Scale, Rz: Matrix) -> tuple[State, Matrix]:
    """The fit on an orthonormal scale design, and the matrix that leads back to the user's coefficients."""
    back = np.linalg.inv(Rz).astype(np.float64, copy=False)
    ones = np.ones(len(m.yi))
    typical = float(np.median(m.vi))
    spread = float(np.var(m.yi)) + 1e-3 * typical
    if not m.log_link:
        return _identity(m, [m.Z.T @ (ones * s) for s in (spread, 0.1 * typical)]), back
    levels = [m.Z.T @ (ones * log(s)) for s in (spread, typical, 0.1 * spread, 0.01 * typical)]
    tilted = [
        levels[2] + sign * 2.0 * len(ones) ** 0.5 * unit
        for unit in np.eye(m.Z.shape[1])[1:]
        for sign in (1.0, -1.0)
    ]
    state, settled = maximise(m, levels + tilted)
    if not settled:
        raise ConvergenceError(
            "the location-scale likelihood has no maximum that could be reached; use fewer moderators"
        )
    return state, back


def _identity(m: Scale, starts: list[Matrix]) -> State:
    """Maximum under tau2_i >= 0, by sequential quadratic programming."""
    from scipy.optimize import minimize

    found: list[State] = []
    for start in starts:
        done = minimize(
            lambda a: -evaluate(m, a).value,
            start,
            jac=lambda a: -evaluate(m, a).gradient,
            method="SLSQP",
            constraints={"type": "ineq", "fun": lambda a: m.Z @ a, "jac": lambda _: m.Z},
            options={"ftol": 1e-14, "maxiter": 500},
        )
        if np.isfinite(done.fun) and float((m.Z @ done.x).min()) >= -1e-10:
            found.append(evaluate(m, np.asarray(done.x, dtype=np.float64)))
    if not found:
        raise ConvergenceError("no maximum with tau2 above zero in every study was found; try link='log'")
    best = max(found, key=lambda state: state.value)
    return best._replace(tau2=np.maximum(best.tau2, 0.0))


def _scale_covariance(state: State, back: Matrix, vi: Matrix) -> tuple[Matrix, list[str]]:
    """Inverse of the observed information; infinite where the likelihood is flat."""
    information = -state.hessian
    values = np.linalg.eigvalsh(information)
    vanishing = bool((state.tau2 < 1e-6 * vi).any())
    if values[0] <= 1e-10 * max(values[-1], 1e-300):
        why = "tau2 of some studies tends to zero" if vanishing else "the likelihood is flat"
        return np.full(information.shape, np.inf), [
            f"{why}: scale coefficients have no finite standard error"
        ]
    notes = ["tau2 of some studies is practically zero"] if vanishing else []
    return np.asarray(back @ np.linalg.inv(information) @ back.T, dtype=np.float64), notes


def _scale_part(
    alpha: Matrix, va: Matrix, terms: tuple[str, ...], cov: Covariance, k: int, level: float
) -> tuple[tuple[Coefficient, ...], Omnibus | None]:
    df = None if cov.df is None else float(k - len(alpha))
    rows = coefficients(alpha, va, [df] * len(alpha), terms, level)
    if not np.isfinite(va).all():
        return rows, None
    return rows, omnibus(alpha, va, df, moderators_of(terms))
