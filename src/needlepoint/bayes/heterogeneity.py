"""Heterogeneity after the data in every currency: tau, its square, I-squared, H-squared, and effects given tau."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from needlepoint.arrays import Floats
from needlepoint.bayes.result import Posterior
from needlepoint.errors import InputError
from needlepoint.pooling.counts.glmm.estimates import typical_variance
from needlepoint.result import Result, record

__all__ = ["EffectsGivenTau", "HeterogeneityPosterior", "effects_given_tau", "posterior_heterogeneity"]


@record
class HeterogeneityPosterior(Result):
    """Posterior medians and intervals; ``i2`` is a fraction. Rising functions of tau, so that quantiles carry over."""

    level: float
    tau: float
    tau_low: float
    tau_high: float
    tau2: float
    tau2_low: float
    tau2_high: float
    i2: float
    i2_low: float
    i2_high: float
    h2: float
    h2_low: float
    h2_high: float


def posterior_heterogeneity(posterior: Posterior) -> HeterogeneityPosterior:
    """Tau, tau squared, I-squared and H-squared of a posterior, by the typical sampling variance.

    That of Higgins & Thompson (2002, doi:10.1002/sim.1186), generalised to moderators.

    >>> from needlepoint.bayes.api import posterior
    >>> fitted = posterior(yi=[0.1, 0.9, 0.4], vi=[0.02, 0.03, 0.01], prior_tau="half-normal(0.5)")
    >>> found = posterior_heterogeneity(fitted)
    >>> round(found.i2, 2), round(found.i2_low, 2), round(found.i2_high, 2)
    (0.89, 0.42, 0.98)
    """
    if posterior.k <= posterior.X.shape[1]:
        raise InputError("I-squared needs more studies than coefficients", field="posterior", got=posterior.k)
    typical = typical_variance(posterior.yi, posterior.vi, posterior.X)
    tau = np.array([posterior.tau, posterior.tau_low, posterior.tau_high])
    tau2 = tau**2
    rows = {"tau": tau, "tau2": tau2, "i2": tau2 / (tau2 + typical), "h2": (tau2 + typical) / typical}
    values: dict[str, Any] = {
        name + end: float(value)
        for name, row in rows.items()
        for end, value in zip(("", "_low", "_high"), row, strict=True)
    }
    return HeterogeneityPosterior(level=posterior.level, **values)


@record
class EffectsGivenTau(Result):
    """What the posterior would be were tau known: mean and sd of the effect and of each study's, a row a tau.

    ``density`` is that of tau after the data (NaN where tau was fixed): how much each row counts.
    """

    tau: Floats
    density: Floats
    estimate: Floats
    se: Floats
    study: tuple[str, ...]
    study_estimate: Floats
    study_se: Floats

    def tidy(self) -> list[dict[str, Any]]:
        """One row a tau and a study; the mean effect stands in every row."""
        return [
            {
                "tau": float(self.tau[i]),
                "density": float(self.density[i]),
                "estimate": float(self.estimate[i]),
                "se": float(self.se[i]),
                "study": name,
                "study_estimate": float(self.study_estimate[i, j]),
                "study_se": float(self.study_se[i, j]),
            }
            for i in range(len(self.tau))
            for j, name in enumerate(self.study)
        ]


def effects_given_tau(posterior: Posterior, tau: Sequence[float] | Floats | None = None) -> EffectsGivenTau:
    """Conditional effects over a range of tau: how hard the studies are drawn together as tau falls.

    ``tau`` by default runs from zero to the upper end of its interval. Without moderators.

    >>> from needlepoint.bayes.api import posterior
    >>> fitted = posterior(yi=[0.1, 0.9, 0.4], vi=[0.02, 0.03, 0.01], prior_tau="half-normal(0.5)")
    >>> trace = effects_given_tau(fitted, [0.0, 0.5])
    >>> trace.study_estimate.round(2).tolist()
    [[0.41, 0.41, 0.41], [0.13, 0.85, 0.4]]
    """
    if posterior.X.shape[1] > 1 or len(posterior.fit.axes) > 1:
        raise InputError("with moderators or a t prior effects hang on more than tau", field="posterior")
    grid = (
        np.linspace(0.0, 1.2 * posterior.tau_high, 101) if tau is None else np.asarray(tau, dtype=np.float64)
    )
    if grid.ndim != 1 or not bool(np.all(np.isfinite(grid) & (grid >= 0))):
        raise InputError("tau is finite and not negative", field="tau", got=tau)
    state = posterior.fit.state(np.maximum(grid, 1e-150)) if posterior.fit.axes else posterior.fit.state()
    shared = np.exp(state.log_weight - np.logaddexp.reduce(state.log_weight, axis=1, keepdims=True))
    means, variances = state.mean[..., 0], 1.0 / state.precision[..., 0, 0]
    n = len(grid)
    mean = np.broadcast_to((shared * means).sum(axis=1), (n,))
    variance = np.broadcast_to((shared * (variances + means**2)).sum(axis=1), (n,)) - mean**2
    tau2 = grid[:, None] ** 2
    pull = posterior.vi / (posterior.vi + tau2)
    margin = posterior.heterogeneity
    return EffectsGivenTau(
        tau=grid,
        density=np.full(n, np.nan)
        if margin is None
        else np.asarray(margin.density(np.maximum(grid, 1e-150))),
        estimate=mean,
        se=np.sqrt(variance),
        study=posterior.study,
        study_estimate=pull * mean[:, None] + (1.0 - pull) * posterior.yi,
        study_se=np.sqrt(pull * tau2 + pull**2 * variance[:, None]),
    )
