"""Generalised linear mixed models for counts: exact likelihoods, no continuity corrections."""

from __future__ import annotations

from dataclasses import field
from math import sqrt
from typing import Any, Unpack

from needlepoint.arrays import Matrix, Vector
from needlepoint.pooling.coefficients.inference import coefficients, moderators_of, omnibus
from needlepoint.pooling.counts.counts import Counts, studies_of
from needlepoint.pooling.counts.glmm.estimates import estimate, heterogeneity_tests, typical_variance
from needlepoint.pooling.counts.glmm.inputs import (
    GlmmInputs,
    GlmmInterval,
    GlmmMeasure,
    GlmmMethod,
    GlmmModel,
    GlmmTest,
    Specification,
    read,
    specification,
)
from needlepoint.pooling.counts.glmm.profile import profile_coefficients, profile_tau2
from needlepoint.pooling.result import Coefficient, Likelihood, LikelihoodFit
from needlepoint.result import digest, p_text, record
from needlepoint.stats.distributions import normal_quantile, t_quantile

__all__ = ["Glmm", "GlmmModel", "glmm"]

TOLERABLE = 1e-6  # of the log-likelihood: below this no printed digit changes


@record
class Glmm(LikelihoodFit):
    """A count model fitted by maximum likelihood, on the log (or logit) scale.

    ``q`` is the likelihood-ratio test of heterogeneity, ``q_wald`` the Wald test (studies with infinite effects weigh
    nothing in it). ``sigma2`` and ``rho`` belong to random study effects ("UM.RS"). ``points`` quadrature points a
    dimension leave the log-likelihood unchanged by more than ``quadrature_error``. With moderators ``estimate`` is
    the intercept and ``qm`` tests the others.
    """

    model: str
    test: str
    interval: str
    pi_low: float | None
    pi_high: float | None
    tau2: float
    tau2_se: float | None
    tau2_low: float | None
    tau2_high: float | None
    sigma2: float | None
    rho: float | None
    i2: float
    h2: float
    q: float
    q_df: int
    q_p: float
    q_wald: float
    q_wald_p: float
    qm: float
    qm_df: int
    qm_df2: float | None
    qm_p: float
    points: int
    quadrature_error: float
    beta: Vector = field(repr=False)
    vb: Matrix = field(repr=False)

    def _tau2_interval(self) -> str:
        return "" if self.tau2_high is None else f" [{self.tau2_low:.4f}, {self.tau2_high:.4f}]"

    def summary(self) -> str:
        """Text for people."""
        lines = [
            f"{self.model} model, {self.method}, {self.measure}, k = {self.k}",
            f"estimate {self.estimate:.4f} [{self.ci_low:.4f}, {self.ci_high:.4f}], "
            f"se {self.se:.4f}, {'z' if self.df is None else 't'} = {self.statistic:.2f}, {p_text(self.p_value)}",
            f"τ² = {self.tau2:.4f}{self._tau2_interval()}, I² = {self.i2:.0%}",
            f"likelihood-ratio test of heterogeneity: {self.q:.2f} on {self.q_df}, {p_text(self.q_p)}",
        ]
        if self.sigma2 is not None:
            lines.insert(3, f"σ² of studies = {self.sigma2:.4f}")
        return "\n".join([*lines, *self.notes])


def glmm(
    data: Any = None,
    *,
    measure: GlmmMeasure = "OR",
    model: GlmmModel | None = None,
    method: GlmmMethod = "ML",
    test: GlmmTest = "z",
    interval: GlmmInterval = "wald",
    level: float = 0.95,
    study: Any = None,
    mods: Any = None,
    intercept: bool = True,
    coding: float = 0.5,
    cor: bool = False,
    drop00: bool | None = None,
    **columns: Unpack[Counts],
) -> Glmm:
    """Generalised linear mixed model of counts, by maximum likelihood.

    Parameters
    ----------
    data
        A data frame, a mapping, or an ``EffectSizes`` that keeps its counts.
    measure
        "OR" from ``ai bi ci di`` (or ``ai n1i ci n2i``), "IRR" from ``x1i t1i x2i t2i``, "PLO" (logit of a
        proportion) from ``xi ni``, "IRLN" (log rate) from ``xi ti``.
    model
        "UM.FS" (fixed study effects, the default), "UM.RS" (random study effects), "CM.EL" (conditional, exact),
        "CM.AL" (conditional, approximate: for rare events).
    method
        "ML", or "EE" for a common treatment effect.
    test
        "z", or "t" with k - p degrees of freedom.
    interval
        "wald", or "profile": profile-likelihood intervals of the coefficients and of tau2, and likelihood-ratio tests
        of the coefficients (better in small or sparse data; some ten times the work).
    mods
        Moderators of the treatment effect: a formula over ``data``, column names, or a k-row matrix.
    coding
        Share of the random treatment effect that arm 1 carries in unconditional models: 1/2 gives both arms the same
        variance, 1 leaves arm 2 without, 0 arm 1.
    cor
        Let random study and treatment effects correlate ("UM.RS").
    drop00
        Leave out studies with no events, or only events, in both arms. They carry no information except under
        "UM.RS", where they inform the baseline; by default they are left out of the other models only.

    Raises
    ------
    InputError
        Impossible counts or options.
    NotEnoughStudies
        Fewer studies than coefficients.
    ConvergenceError
        The estimate is not finite (a group without any events, separated moderators).

    References
    ----------
    Stijnen, Hamza & Ozdemir (2010), doi:10.1002/sim.4040; Jackson et al. (2018), doi:10.1002/sim.7588; Liu & Pierce
    (1994), doi:10.1093/biomet/81.3.624.

    Examples
    --------
    >>> table = {"ai": [4, 6, 3, 0], "n1i": [123, 306, 231, 60], "ci": [11, 29, 11, 4], "n2i": [139, 303, 220, 60]}
    >>> res = glmm(table, ai="ai", n1i="n1i", ci="ci", n2i="n2i", model="CM.EL")
    >>> round(res.estimate, 4), round(res.se, 4), res.tau2
    (-1.4932, 0.3132, 0.0)
    """
    asked = specification(measure, model, method, test, level, coding, interval, cor=cor)
    inputs = read(data, columns, asked, study=study, mods=mods, intercept=intercept, drop00=drop00)
    k, p = inputs.design.X.shape
    if k == p and method == "ML":
        asked = asked._replace(method="EE")
        says = "no more studies than coefficients: heterogeneity cannot be estimated"
        inputs = inputs._replace(counts=inputs.counts.noted(says))
    return _fitted(inputs, asked, data)


def _fitted(inputs: GlmmInputs, asked: Specification, data: Any) -> Glmm:
    counts, design = inputs
    X, terms = design.X, design.terms
    k, p = X.shape
    found = estimate(counts.cells, X, asked)
    tests = heterogeneity_tests(counts.cells, X, found, asked)
    df = float(tests.df) if asked.test == "t" and tests.df > 0 else None
    rows = coefficients(found.beta, found.vb, [df] * p, terms, asked.level)
    low2, high2 = None, None
    if asked.interval == "profile":
        rows = profile_coefficients(found, rows, asked.level)
        if asked.method == "ML" and not asked.cor:
            low2, high2 = profile_tau2(found, asked.level)
    joint = omnibus(found.beta, found.vb, df, moderators_of(terms))
    first, tau2 = rows[0], found.sizes.tau2
    low, high = _prediction(first, tau2, asked.level) if p == 1 else (None, None)
    typical = typical_variance(counts.yi, counts.vi, X)
    scales = {"ML": {"UM.RS": 2 + asked.cor}.get(asked.model, 1), "EE": int(asked.model == "UM.RS")}
    baselines = k if asked.two_arms_with_fixed_studies else int(asked.model == "UM.RS")
    count = p + scales[asked.method] + baselines
    log_likelihood = found.fit.log_likelihood + found.constant
    return Glmm(
        measure=asked.measure,
        model=asked.model,
        method=asked.method,
        test=asked.test,
        interval=asked.interval,
        level=asked.level,
        k=k,
        coefficients=rows,
        likelihood=Likelihood(log_likelihood, 2.0 * count - 2.0 * log_likelihood, None, None, count),
        studies=studies_of(counts, design, asked.measure, data),
        input_digest=digest(*counts.cells.values(), X, *asked),
        pi_low=low,
        pi_high=high,
        **found.sizes._asdict(),
        tau2_low=low2,
        tau2_high=high2,
        i2=tau2 / (tau2 + typical),
        h2=1.0 + tau2 / typical,
        q=tests.lrt,
        q_df=tests.df,
        q_p=tests.lrt_p,
        q_wald=tests.wald,
        q_wald_p=tests.wald_p,
        qm=joint.statistic,
        qm_df=joint.df,
        qm_df2=joint.df2,
        qm_p=joint.p_value,
        points=found.fit.n_points,
        quadrature_error=found.fit.quadrature_error,
        beta=found.beta,
        vb=found.vb,
        notes=(*counts.notes, *_quadrature_note(found.fit.quadrature_error)),
    )


def _quadrature_note(error: float) -> tuple[str, ...]:
    if error < TOLERABLE:
        return ()
    return (f"the random effects are so large that the log-likelihood is known only to {error:.0e}",)


def _prediction(first: Coefficient, tau2: float, level: float) -> tuple[float, float]:
    upper = 0.5 + level / 2
    half = normal_quantile(upper) if first.df is None else t_quantile(upper, first.df)
    half *= sqrt(first.se**2 + tau2)
    return first.estimate - half, first.estimate + half
