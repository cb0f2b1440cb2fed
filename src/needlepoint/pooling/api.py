"""``pool``: effect sizes in, one pooled model out."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from math import log, sqrt
from typing import Any, NamedTuple

import numpy as np

from needlepoint.arrays import Matrix
from needlepoint.errors import ConvergenceError, InputError, NotEnoughStudies
from needlepoint.options import IntervalTest, Prediction, Tau2Method, check, check_fraction, finite
from needlepoint.pooling.coefficients.fit_statistics import fit_statistics
from needlepoint.pooling.coefficients.inference import Inference, infer
from needlepoint.pooling.coefficients.prediction import Spread, prediction_interval
from needlepoint.pooling.heterogeneity.tau2 import TAU2, Model, Tau2Fit
from needlepoint.pooling.inputs import Inputs, read
from needlepoint.pooling.kernels.least_squares import LeastSquares, fit_column, fit_design, ordinary
from needlepoint.pooling.kernels.normal import At, at, column_cochran, kernel_form
from needlepoint.pooling.result import Pooled
from needlepoint.result import digest
from needlepoint.stats.distributions import chi2_sf

__all__ = ["fit_inputs", "pool"]

_NO_TAU2 = {"EE", "FE"}
_OWN_METHOD = {
    "PL": ("ML", "profile likelihood: estimate and tau2 by maximum likelihood"),
    "HC": ("DL", "Henmi-Copas: the equal-effects estimate, with tau2 by DerSimonian-Laird in its interval"),
}


def pool(
    effects: Any = None,
    *,
    yi: Any = None,
    vi: Any = None,
    sei: Any = None,
    data: Any = None,
    study: Any = None,
    method: Tau2Method = "REML",
    test: IntervalTest = "HKSJ-adhoc",
    level: float = 0.95,
    mods: Any = None,
    intercept: bool = True,
    weights: Any = None,
    tau2: float | None = None,
    prediction: Prediction | None = "t",
    measure: str | None = None,
) -> Pooled:
    """Pool effect sizes by the normal-normal model, with or without moderators.

    Parameters
    ----------
    effects
        What :func:`needlepoint.effect_sizes` gives, a data frame with columns ``yi`` and ``vi`` (or ``sei``), or the
        estimates themselves.
    yi, vi, sei, study, weights
        Arrays of length k, or column names of ``data``. Weights of the user's own change the estimate (and tau2 for
        "GENQ" and "GENQM"); ``weights="equal"`` gives the unweighted mean.
    method
        Estimator of tau2, see :data:`needlepoint.pooling.heterogeneity.tau2.TAU2`; "EE" and "FE" fix it at zero.
    test
        "z", "t", "HKSJ", "HKSJ-adhoc" (default), "KR" (Kenward-Roger), "PL" (profile likelihood) or "HC"
        (Henmi-Copas); the last two pool without moderators.
    mods
        Moderators: a formula ("~ year + alloc") over the columns of ``data``, column names, or a k-row matrix.
    tau2
        Fixes tau2 at a known value (squared units of ``yi``).
    prediction
        Kind of prediction interval, or None.

    Raises
    ------
    InputError
        A value that cannot be used, with the study it belongs to.
    NotEnoughStudies
        Not more studies than coefficients.
    ConvergenceError
        No trustworthy optimum, also by global search.

    Examples
    --------
    >>> pool(yi=[-0.9, -1.5, -1.3, -0.2], vi=[0.3, 0.2, 0.4, 0.05], method="DL", test="z").estimate
    -0.88...
    """
    check(method, Tau2Method, field="method")
    check(test, IntervalTest, field="test")
    if prediction is not None:
        check(prediction, Prediction, field="prediction")
    check_fraction(level, field="level")
    if tau2 is not None and not finite(tau2, field="tau2", allowed="a variance, 0 or more") >= 0.0:
        raise InputError("tau2 must be finite and not negative", field="tau2", got=tau2)
    inputs = read(
        effects, yi, vi, sei, data, study, mods=mods, weights=weights, intercept=intercept, measure=measure
    )
    inputs = replace(inputs, notes=(*inputs.notes, *_repeated(inputs.study)))
    return fit_inputs(inputs, method=method, test=test, level=level, tau2=tau2, prediction=prediction)


def _repeated(study: tuple[str, ...]) -> tuple[str, ...]:
    """A note on labels that stand for several rows."""
    if len(set(study)) == len(study):
        return ()
    names = [name for name, count in Counter(study).items() if count > 1]
    shown = ", ".join(names[:5]) + (" ..." if len(names) > 5 else "")
    return (
        f"several rows are of {shown}: pooled as independent studies (multilevel() knows dependent ones)",
    )


class _Solved(NamedTuple):
    """The numbers of one fit before they are dressed."""

    tau2: Tau2Fit
    fit: LeastSquares
    state: At
    q: float  # of Cochran
    tr_p: float  # at tau2 = 0
    logdet_xx: float


def _model(inputs: Inputs, X: Matrix) -> Model:
    """The numbers as kernels take them, with the design ``X``."""
    yi, vi = inputs.yi, inputs.vi
    k, p = X.shape
    y, v, xi, table = kernel_form(yi, vi, X)
    weights: Any = inputs.weights
    if table is None:
        ols = ordinary(y, xi)
        weights = None if weights is None else weights.tolist()
    else:
        residual, centred = yi - table.orthonormal @ (table.orthonormal.T @ yi), yi - yi.mean()
        ols = float(residual @ residual), float(centred @ centred)
    return Model(y, v, xi, table, k, p, ols, weights)


def _estimate_tau2(model: Model, method: str, tau2: float | None) -> Tau2Fit:
    if tau2 is not None:
        return Tau2Fit(float(tau2), None)
    if method in {"GENQ", "GENQM"}:
        positive = 0 if model.weights is None else int(np.count_nonzero(model.weights))
        if positive <= model.p:
            got = None if model.weights is None else f"{positive} above zero"
            mend = f"give weights= with more than {model.p} above zero"
            raise InputError("the generalised Q estimator needs weights", field="weights", got=got, mend=mend)
    found = TAU2[method](model)
    if found.iterations < 0:
        raise ConvergenceError(f"the {method} estimate of tau2 did not settle; try method='DL' or 'PM'")
    return found


def _solve(inputs: Inputs, model: Model, method: str, tau2: float | None) -> _Solved:
    found = _estimate_tau2(model, method, tau2)
    if model.table is None:
        fit = fit_column(model.yi, model.vi, model.xi, found.tau2, model.weights)
        logdet_xx = log(sum([x * x for x in model.xi]))
    else:
        fit = fit_design(
            inputs.yi, inputs.vi, model.table.orthonormal, model.table.triangle, found.tau2, inputs.weights
        )
        logdet_xx = 0.0  # the design of the state is orthonormal
    state = at(model.yi, model.vi, model.xi, model.table, found.tau2)
    q, tr_p = _cochran(model)
    return _Solved(found, fit, state, q, tr_p, logdet_xx)


def _cochran(model: Model) -> tuple[float, float]:
    """Cochran's Q, and the trace of P at tau2 = 0."""
    if model.table is not None:
        return model.table.cochran()
    return column_cochran(model.yi, model.vi, model.xi)


def _about_optimum(s: _Solved, weights: Matrix | None) -> LeastSquares:
    """The fit with the residual sum of squares that Hartung and Knapp scale by.

    About the model's own optimum under any weights: there its expectation is k - p.
    """
    return s.fit if weights is None else s.fit._replace(rss=s.state.q)


def _enough(inputs: Inputs, method: str, test: str, tau2: float | None) -> tuple[str, str, list[str]]:
    """Method and test that k studies and the test allow, with notes on what changed.

    Raises
    ------
    NotEnoughStudies, InputError
        Fewer studies than coefficients; a test that this model does not have.
    """
    k, p = inputs.design.X.shape
    if p > 1 and k <= p:
        raise NotEnoughStudies("meta-regression", needs=p + 1, got=k, hint=f"the model has {p} coefficients")
    if k == 1:
        notes = ["one study: its own estimate and normal interval; heterogeneity cannot be estimated"]
        return (method if method in _NO_TAU2 else "EE"), "z", notes
    if test == "KR" and (method in _NO_TAU2 or tau2 is not None):
        raise InputError(
            "Kenward-Roger allows for tau2 being estimated; here it is fixed", field="test", got=test
        )
    if test in {"KR", "PL", "HC"} and inputs.weights is not None:
        raise InputError("this test is defined for the model's own weights", field="test", got=test)
    own = _OWN_METHOD.get(test)
    if own is None:
        return method, test, []
    if inputs.design.terms != ("intercept",) or tau2 is not None:
        raise InputError("this test pools without moderators and estimates tau2", field="test", got=test)
    return own[0], test, [] if method == own[0] else [own[1]]


def _explained(inputs: Inputs, s: _Solved, method: str, tau2: float | None) -> float | None:
    """R2 of the moderators: the share of tau2 that they explain, of H2 under equal effects."""
    k, p = inputs.design.X.shape
    if p == 1 or tau2 is not None or not inputs.design.intercept:
        return None
    plain = _model(inputs, np.ones((k, 1)))
    if method in _NO_TAU2:
        before, after = _cochran(plain)[0] / (k - 1), s.q / (k - p)
    else:
        before, after = _estimate_tau2(plain, method, None).tau2, s.tau2.tau2
    return max(0.0, (before - after) / before) if before > 0.0 else 0.0


def fit_inputs(
    inputs: Inputs, *, method: str, test: str, level: float, tau2: float | None, prediction: str | None
) -> Pooled:
    """Fit checked inputs: the part of :func:`pool` that refits and subsets share."""
    method, test, notes = _enough(inputs, method, test, tau2)
    model = _model(inputs, inputs.design.X)
    k, p = model.k, model.p
    solved = _solve(inputs, model, method, tau2)
    notes.extend(_tau2_notes(solved.tau2, method))
    if test == "HKSJ" and solved.fit.rss <= 1e-20 * k:
        notes.append("the estimates agree exactly: the unguarded Hartung-Knapp interval has no width")
    terms = inputs.design.terms
    judged = _about_optimum(solved, inputs.weights)
    found = infer(judged, inputs.yi, inputs.vi, inputs.design.X, terms, solved.tau2.tau2, test, level)
    records, joint = found.records, found.joint
    i2, h2, typical = _inconsistency(solved, k, p, method in _NO_TAU2)
    parameters = p + (method not in _NO_TAU2 and tau2 is None)
    stats = fit_statistics(
        solved.state,
        solved.fit.rss,
        solved.logdet_xx,
        k,
        p,
        parameters,
        restricted=method == "REML" and k > p,
    )
    pi = _prediction(inputs, solved, found, method, prediction, level)
    q_df = k - p
    return Pooled(
        notes=(*inputs.notes, *notes),
        measure=inputs.measure,
        method=method,
        test=test,
        level=level,
        k=k,
        coefficients=records,
        likelihood=stats,
        studies=inputs,
        input_digest=digest(inputs.yi, inputs.vi, inputs.design.X, inputs.weights, method, test, level, tau2),
        pi_low=None if pi is None else pi[0],
        pi_high=None if pi is None else pi[1],
        prediction=None if pi is None else prediction,
        tau2=solved.tau2.tau2,
        tau2_se=solved.tau2.se,
        tau2_fixed=tau2 is not None,
        q=solved.q,
        q_df=q_df,
        q_p=chi2_sf(solved.q, q_df) if q_df else 1.0,
        i2=i2,
        h2=h2,
        qm=joint.statistic,
        qm_df=joint.df,
        qm_df2=joint.df2,
        qm_p=joint.p_value,
        r2=_explained(inputs, solved, method, tau2),
        weights=_percent(inputs, 0.0 if test == "HC" else solved.tau2.tau2),
        beta=found.beta,
        vb=found.vb,
        s2w=found.s2w,
        typical_variance=typical,
    )


def _percent(inputs: Inputs, tau2: float) -> Matrix:
    w = 1.0 / (inputs.vi + tau2) if inputs.weights is None else inputs.weights
    return w * (100.0 / w.sum())


def _tau2_notes(found: Tau2Fit, method: str) -> list[str]:
    if found.modes > 1:
        return [f"the {method} likelihood has {found.modes} local maxima in tau2; the highest is reported"]
    return []


def _inconsistency(s: _Solved, k: int, p: int, equal: bool) -> tuple[float, float, float]:
    """I2 (fraction), H2 and the typical sampling variance (Higgins & Thompson 2002, doi:10.1002/sim.1186)."""
    df = k - p
    if df == 0:
        return 0.0, 1.0, float("nan")
    typical = df / s.tr_p
    if equal:
        h2 = s.q / df
        return max(0.0, 1.0 - 1.0 / h2) if h2 > 0.0 else 0.0, h2, typical
    return s.tau2.tau2 / (typical + s.tau2.tau2), s.tau2.tau2 / typical + 1.0, typical


def _prediction(
    inputs: Inputs, s: _Solved, found: Inference, method: str, prediction: str | None, level: float
) -> tuple[float, float] | None:
    X = inputs.design.X
    k = len(X)
    if prediction is None or k < 3 or method in _NO_TAU2 or inputs.design.terms != ("intercept",):
        return None
    classic = float(s.fit.vb[0, 0])
    spread = Spread(
        estimate=float(found.beta[0]),
        se=sqrt(float(found.vb[0, 0])),
        tau2=s.tau2.tau2,
        classic_se=sqrt(classic),
        hksj_se=sqrt(classic * _about_optimum(s, inputs.weights).rss / (k - 1)),
    )
    return prediction_interval(prediction, spread, inputs.yi, inputs.vi, X, X[0], level)
