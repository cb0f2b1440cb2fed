"""From a maximum to what is reported: coefficients, sizes of random effects, tests of heterogeneity."""

from __future__ import annotations

from collections.abc import Mapping
from math import sqrt
from typing import Any, NamedTuple

import numpy as np

from needlepoint.arrays import Vector
from needlepoint.errors import ConvergenceError
from needlepoint.pooling.counts.glmm.fit import RUNAWAY, Fit, Model, start_state
from needlepoint.pooling.counts.glmm.inputs import Specification
from needlepoint.pooling.counts.glmm.models import nested_models, saturated_random_study_model, start_alpha
from needlepoint.pooling.counts.glmm.search import (
    Saturation,
    best_fit,
    saturation_of_arms,
    saturation_of_random_studies,
    wald,
)
from needlepoint.stats.distributions import chi2_sf

__all__ = ["Estimates", "Sizes", "estimate", "heterogeneity_tests", "typical_variance"]

NOT_FINITE = 50.0  # a standard error beyond this on the log scale: the estimate has run away


class Sizes(NamedTuple):
    """Variances of the random effects; ``sigma2`` and ``rho`` concern random study effects."""

    tau2: float
    tau2_se: float | None
    sigma2: float | None
    rho: float | None


class Estimates(NamedTuple):
    """The fitted model, and the common-effect fit that it was compared with."""

    beta: Vector
    vb: Vector
    sizes: Sizes
    fit: Fit
    common: Fit
    model: Model  # of the fit
    models: tuple[Model, ...]  # all that compete, the simplest first
    constant: float  # what the log-likelihood lacks


def estimate(cells: Mapping[str, Vector], X: Vector, asked: Specification) -> Estimates:
    """Fit the model asked for.

    Raises
    ------
    ConvergenceError
        The estimate is not finite.
    """
    options: dict[str, Any] = {"coding": asked.coding, "cor": asked.cor}
    models = nested_models(cells, X, asked.measure, asked.model, common=True, **options)
    alpha, beta = start_alpha(models[0].family), np.zeros(models[0].X.shape[2])
    if asked.model == "UM.RS":
        beta[-1] = alpha.mean()  # the mean baseline
    chosen, common = best_fit(models, start_state(models[0], alpha, beta))
    fit = common
    if asked.method == "ML":
        known = len(models)
        models = nested_models(cells, X, asked.measure, asked.model, common=False, **options)
        chosen, fit = best_fit(models[known:], common.state, (chosen, common))
    _refuse_runaway(fit, asked.measure)
    cov: Vector = np.asarray(np.linalg.inv(fit.information), dtype=np.float64)
    p = X.shape[1]
    return Estimates(
        beta=fit.state.beta[:p],
        vb=cov[:p, :p],
        sizes=_sizes(chosen, fit, cov, random_studies=asked.model == "UM.RS"),
        fit=fit,
        common=common,
        model=chosen,
        models=tuple(models),
        constant=chosen.family.constant(),
    )


def _refuse_runaway(fit: Fit, measure: str) -> None:
    """The likelihood of separated data climbs for ever: its curvature fades."""
    if np.abs(fit.state.scale).max(initial=0.0) > RUNAWAY:
        raise ConvergenceError(
            "the variance between studies is not finite: no informative study has events in both groups; "
            "try method='EE', penalised_logistic() or beta_binomial()"
        )
    smallest = float(np.linalg.eigvalsh(fit.information).min())
    if not fit.converged or smallest <= NOT_FINITE**-2:
        raise ConvergenceError(
            f"the {measure} estimate is not finite or its likelihood is flat: a group without events, too few "
            "studies, or moderators that separate them; try penalised_logistic() or beta_binomial()"
        )


def _sizes(model: Model, fit: Fit, cov: Vector, *, random_studies: bool) -> Sizes:
    scale = dict(zip(model.roles if model.slots else (), fit.state.scale.tolist(), strict=True))
    tau, cross, sigma = scale.get("tau", 0.0), scale.get("cross", 0.0), scale.get("sigma", 0.0)
    tau2 = tau**2 + cross**2
    gradient = np.array([2.0 * value if role in {"tau", "cross"} else 0.0 for role, value in scale.items()])
    m = model.X.shape[2]
    tau2_se = sqrt(float(gradient @ cov[m:, m:] @ gradient)) if tau2 > 0 else None
    rho = cross * (1.0 if sigma >= 0 else -1.0) / sqrt(tau2) if "cross" in scale and tau2 > 0 else None
    return Sizes(tau2, tau2_se, sigma**2 if random_studies else None, rho)


class HeterogeneityTests(NamedTuple):
    """Likelihood-ratio and Wald tests against every study having its own effect."""

    lrt: float
    lrt_p: float
    wald: float
    wald_p: float
    df: int


def heterogeneity_tests(
    cells: Mapping[str, Vector], X: Vector, found: Estimates, asked: Specification
) -> HeterogeneityTests:
    """Compare the common-effect fit with every study having its own effect."""
    saturation = _saturation(cells, found.models[0], asked.model)
    lrt = max(0.0, 2.0 * (saturation.log_likelihood - found.common.log_likelihood))
    df = X.shape[0] - X.shape[1]
    if df == 0:
        return HeterogeneityTests(0.0, 1.0, 0.0, 1.0, 0)
    q = wald(saturation, X)
    return HeterogeneityTests(lrt, chi2_sf(lrt, df), q, chi2_sf(q, df), df)


def _saturation(cells: Mapping[str, Vector], common: Model, model: str) -> Saturation:
    if model != "UM.RS":
        return saturation_of_arms(common.family, common.offset)
    free, finite = saturated_random_study_model(cells)
    baseline = np.array([float(np.mean(start_alpha(common.family)))])
    return saturation_of_random_studies(free, finite, start_state(free, beta=baseline))


def typical_variance(yi: Vector, vi: Vector, X: Vector) -> float:
    """Typical sampling variance of Higgins & Thompson (2002), doi:10.1002/sim.1186, with moderators."""
    told = np.isfinite(yi) & np.isfinite(vi)
    design, w = X[told], 1.0 / vi[told]
    k, p = design.shape
    if k <= p:
        return float(np.mean(vi[told])) if k else 1.0
    weighted = design * w[:, None]
    trace = float(w.sum() - np.trace(np.linalg.pinv(design.T @ weighted) @ (weighted.T @ weighted)))
    return (k - p) / trace
