"""Comparing two nested models of the same studies by their likelihoods."""

from __future__ import annotations

import numpy as np

from needlepoint.errors import InputError
from needlepoint.pooling.kinds import choose
from needlepoint.pooling.multilevel.multilevel import Multilevel
from needlepoint.pooling.refit import inputs_of, refit
from needlepoint.pooling.result import Pooled
from needlepoint.result import Result, record
from needlepoint.stats.distributions import chi2_sf

__all__ = ["LikelihoodRatio", "likelihood_ratio_test"]


@record
class LikelihoodRatio(Result):
    """Likelihood-ratio test of a reduced model against a full one; ``r2`` is the drop of tau2 (fraction)."""

    statistic: float
    df: int
    p_value: float
    parameters_full: int
    parameters_reduced: int
    log_likelihood_full: float
    log_likelihood_reduced: float
    aic_full: float
    aic_reduced: float
    tau2_full: float | None
    tau2_reduced: float | None
    r2: float | None


def _parameters(fit: Pooled | Multilevel) -> int:
    if isinstance(fit, Multilevel):
        return fit.parameters
    return fit.parameters


def _tau2(fit: Pooled | Multilevel) -> float | None:
    return None if isinstance(fit, Multilevel) else fit.tau2


def likelihood_ratio_test(
    full: Pooled | Multilevel, reduced: Pooled | Multilevel, *, refit_ml: bool = True
) -> LikelihoodRatio:
    """Likelihood-ratio test of two nested models, ordinary or multilevel.

    REML likelihoods of models with different coefficients cannot be compared, so both are refitted by maximum
    likelihood unless ``refit_ml`` is False (then a note says so).

    Raises
    ------
    InputError
        The models are of different studies, or are not nested; multilevel models by REML with different moderators.

    Examples
    --------
    >>> from needlepoint import pool
    >>> trials = {"yi": [0.1, 0.4, 0.3, 0.8, 0.2], "vi": [0.02, 0.05, 0.03, 0.04, 0.06], "weeks": [4, 8, 6, 12, 4]}
    >>> test = likelihood_ratio_test(pool(trials, mods="~ weeks"), pool(trials))
    >>> test.df, round(test.p_value, 3)
    (1, 0.007)
    """
    choose({Pooled: None, Multilevel: None}, full, verb="likelihood_ratio_test")
    choose({Pooled: None, Multilevel: None}, reduced, verb="likelihood_ratio_test")
    if full.k != reduced.k or not (
        np.array_equal(full.yi, reduced.yi) and np.array_equal(full.vi, reduced.vi)
    ):
        raise InputError(
            "the two models are not of the same studies", field="reduced", got=reduced.k, allowed=full.k
        )
    notes: tuple[str, ...] = ()
    if "REML" in (full.method, reduced.method) and not np.array_equal(full.X, reduced.X):
        if isinstance(full, Multilevel) or isinstance(reduced, Multilevel):
            mend = "fit both with method='ML'"
            raise InputError("REML with different moderators compares nothing", field="reduced", mend=mend)
        if refit_ml:
            full, reduced = (refit(model, inputs_of(model), method="ML") for model in (full, reduced))
            notes = ("both models refitted by maximum likelihood",)
        else:
            notes = ("restricted likelihoods of models with different coefficients are not comparable",)
    df = _parameters(full) - _parameters(reduced)
    if df <= 0:
        raise InputError("the full model must have more parameters", field="full", got=df)
    statistic = max(0.0, 2.0 * (full.log_likelihood - reduced.log_likelihood))
    before, after = _tau2(reduced), _tau2(full)
    r2 = None if not before or after is None else max(0.0, 1.0 - after / before)
    return LikelihoodRatio(
        notes=notes,
        statistic=statistic,
        df=df,
        p_value=chi2_sf(statistic, df),
        parameters_full=_parameters(full),
        parameters_reduced=_parameters(reduced),
        log_likelihood_full=full.log_likelihood,
        log_likelihood_reduced=reduced.log_likelihood,
        aic_full=full.aic,
        aic_reduced=reduced.aic,
        tau2_full=after,
        tau2_reduced=before,
        r2=r2,
    )
