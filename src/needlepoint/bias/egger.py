"""Egger's regression test for funnel-plot asymmetry, and its family."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from needlepoint.bias._dispersion import constant, dispersion_fit, refuse_exact_fit
from needlepoint.columns import numbers
from needlepoint.errors import InputError, NotEnoughStudies
from needlepoint.options import check
from needlepoint.pooling.design import Design
from needlepoint.pooling.refit import as_pooled, inputs_of, kept_rows, refit, subset
from needlepoint.result import Result, p_text, record
from needlepoint.stats.distributions import two_sided_t, wald_interval

if TYPE_CHECKING:
    from needlepoint.arrays import Floats
    from needlepoint.pooling.inputs import Inputs
    from needlepoint.pooling.result import Pooled


__all__ = ["AsymmetryModel", "AsymmetryPredictor", "AsymmetryTest", "egger", "regression_note"]

AsymmetryModel = Literal["lm", "rma"]
"""Weighted regression with a multiplicative dispersion (Egger 1997), or mixed-effects meta-regression."""

AsymmetryPredictor = Literal["sei", "vi", "ni", "ninv", "sqrtni", "sqrtninv"]
"""What small studies are recognised by."""

_LIMIT = {"sei", "vi", "ninv", "sqrtninv"}  # zero means infinite precision: the intercept is a limit estimate


@record
class AsymmetryTest(Result):
    """A test of funnel-plot asymmetry.

    ``slope`` is the coefficient of ``predictor`` (None for rank tests); ``statistic`` has ``df`` degrees of freedom
    (None: normal). ``limit`` is the estimate of a study of infinite precision, where the predictor has that limit.
    """

    test: str
    model: str
    predictor: str
    k: int
    level: float
    slope: float | None
    se: float | None
    statistic: float
    df: float | None
    p_value: float
    limit: float | None = None
    limit_low: float | None = None
    limit_high: float | None = None

    def summary(self) -> str:
        """The test in a line, the limit estimate in another."""
        name = "t" if self.df is not None else "z"
        df = f"({self.df:g})" if self.df is not None else ""
        lines = [f"{self.test}: {name}{df} = {self.statistic:.3f}, {p_text(self.p_value)} (k = {self.k})"]
        if self.limit is not None:
            interval = f"[{self.limit_low:.4g}, {self.limit_high:.4g}]"
            lines.append(f"limit estimate {self.limit:.4g}, {100 * self.level:g}% CI {interval}")
        lines.extend(f"note: {note}" for note in self.notes)
        return "\n".join(lines)


def regression_note(k: int) -> tuple[str, ...]:
    """What a reader must know of a regression test on ``k`` studies (Sterne et al. 2011, doi:10.1136/bmj.d4002)."""
    if k >= 10:
        return ()
    return (f"fewer than 10 studies (k = {k}): the test has too little power to be relied on",)


def egger(
    fit: Any,
    vi: Any = None,
    *,
    data: Any = None,
    model: AsymmetryModel = "lm",
    predictor: AsymmetryPredictor = "sei",
    ni: Any = None,
) -> AsymmetryTest:
    """Egger's regression test for funnel-plot asymmetry.

    Parameters
    ----------
    fit, vi, data
        A :class:`Pooled`, effect sizes, or k estimates with their variances. Moderators, method, test and weights
        of a pooled result are kept.
    model
        "lm": weighted regression with a multiplicative dispersion, the classical test; "rma": the predictor joins
        the pooled model (Sterne & Egger 2005), with its tau2 estimator and test.
    predictor
        Standard error (classical), variance, sample size, or its root and inverses.
    ni
        Total sample sizes, where the effects do not carry them.

    Raises
    ------
    NotEnoughStudies
        Fewer studies than coefficients plus one.
    InputError
        A sample-size predictor without sample sizes, or a predictor that does not vary.

    References
    ----------
    Egger et al. (1997), doi:10.1136/bmj.315.7109.629.

    Examples
    --------
    >>> egger([-0.9, -1.5, -1.3, -0.2], [0.3, 0.2, 0.4, 0.05]).statistic
    -2.48...
    """
    check(model, AsymmetryModel, field="model")
    check(predictor, AsymmetryPredictor, field="predictor")
    pooled = as_pooled(fit, vi, data)
    inputs, x = _with_predictor(pooled, predictor, ni, data)
    k, p = len(inputs.yi), inputs.design.X.shape[1] + 1
    if k <= p:
        raise NotEnoughStudies("the regression test", needs=p + 1, got=k)
    if constant(x):
        raise InputError("every study has the same value of the predictor", field="predictor", got=predictor)
    limit = predictor in _LIMIT and p == 2 and inputs.design.intercept
    fit = _classical if model == "lm" else _mixed
    return fit(pooled, inputs, x, predictor, limit)


def _with_predictor(pooled: Pooled, predictor: str, ni: Any, data: Any) -> tuple[Inputs, Floats]:
    inputs = inputs_of(pooled)
    if predictor in {"sei", "vi"}:
        return inputs, np.sqrt(inputs.vi) if predictor == "sei" else inputs.vi
    sizes = inputs.ni if ni is None else kept_rows(numbers(data, ni, field="ni"), pooled, field="ni")
    if sizes is None or not np.isfinite(sizes).any():
        raise InputError("the predictor needs sample sizes", field="ni", got=None, mend="give ni=")
    keep = np.isfinite(sizes)
    n = sizes[keep]
    x = {"ni": n, "ninv": 1 / n, "sqrtni": np.sqrt(n), "sqrtninv": 1 / np.sqrt(n)}[predictor]
    return (inputs if keep.all() else subset(inputs, keep)), x


def _classical(pooled: Pooled, inputs: Inputs, x: Floats, predictor: str, limit: bool) -> AsymmetryTest:
    X = np.column_stack([inputs.design.X, x])
    fit = refuse_exact_fit(dispersion_fit(inputs.yi, 1 / inputs.vi, X))
    se = np.sqrt(np.diag(fit.vb))
    t = float(fit.beta[-1] / se[-1])
    centre = float(fit.beta[0])
    low, high = wald_interval(centre, float(se[0]), pooled.level, fit.df)
    return AsymmetryTest(
        notes=regression_note(len(x)),
        test="Egger's test" if predictor == "sei" else "Egger-type regression test",
        model="lm",
        predictor=predictor,
        k=len(x),
        level=pooled.level,
        slope=float(fit.beta[-1]),
        se=float(se[-1]),
        statistic=t,
        df=float(fit.df),
        p_value=two_sided_t(t, fit.df),
        limit=centre if limit else None,
        limit_low=low if limit else None,
        limit_high=high if limit else None,
    )


def _mixed(pooled: Pooled, inputs: Inputs, x: Floats, predictor: str, limit: bool) -> AsymmetryTest:
    design = inputs.design
    wider = Design(np.column_stack([design.X, x]), (*design.terms, predictor), intercept=design.intercept)
    fit = refit(pooled, replace(inputs, design=wider))
    last, first = fit.coefficients[-1], fit.coefficients[0]
    return AsymmetryTest(
        notes=regression_note(len(x)),
        test=f"mixed-effects regression test ({fit.method})",
        model="rma",
        predictor=predictor,
        k=len(x),
        level=pooled.level,
        slope=last.estimate,
        se=last.se,
        statistic=last.statistic,
        df=last.df,
        p_value=last.p_value,
        limit=first.estimate if limit else None,
        limit_low=first.ci_low if limit else None,
        limit_high=first.ci_high if limit else None,
    )
