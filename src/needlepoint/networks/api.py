"""``network``: trials of many treatments in, one consistent model out."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from needlepoint.arrays import Matrix
from needlepoint.errors import InputError
from needlepoint.networks.door import Given, read_network
from needlepoint.networks.result import Network, position
from needlepoint.networks.trials import Trials
from needlepoint.options import IntervalTest, Tau2Method, check, check_fraction
from needlepoint.pooling.api import fit_inputs
from needlepoint.pooling.coefficients.inference import coefficients
from needlepoint.pooling.design import Design
from needlepoint.pooling.inputs import Inputs
from needlepoint.pooling.result import Likelihood, Pooled
from needlepoint.result import digest
from needlepoint.stats.distributions import chi2_sf

__all__ = ["fit_trials", "network", "within_designs"]


def network(
    data: Any = None,
    *,
    measure: str | None = None,
    study: Any = None,
    treatment: Any = None,
    xi: Any = None,
    ni: Any = None,
    ti: Any = None,
    mi: Any = None,
    sdi: Any = None,
    treat1: Any = None,
    treat2: Any = None,
    yi: Any = None,
    vi: Any = None,
    sei: Any = None,
    reference: str | None = None,
    method: Tau2Method = "REML",
    test: IntervalTest = "HKSJ-adhoc",
    level: float = 0.95,
    tau2: float | None = None,
    prediction: str | None = "t",
    part: str | None = None,
    add: float | str | None = None,
    to: str = "only0",
    drop00: bool = False,
    correct: bool = True,
) -> Network:
    """Network meta-analysis: the effects of many treatments from trials that compare some of them.

    Parameters
    ----------
    data
        A data frame (or mapping) of one of three shapes; columns with usual names are found without being told.
        Long arms: one row an arm (``study``, ``treatment`` and its numbers). Wide arms: one row a trial, with
        lists of columns (``treatment=["t1", "t2", "t3"]``, ``xi=["e1", "e2", "e3"]``, ...). Contrasts: one row a
        comparison of two arms (``treat1`` against ``treat2``, ``yi`` with ``sei`` or ``vi``); every pair of arms of a
        multi-arm trial.
    measure
        Any effect size of two groups: "OR", "RR", "RD", "MD", "SMD", "ROM", "IRR", ...
    xi, ni, ti, mi, sdi
        An arm's events, size, person-time, mean and standard deviation.
    reference
        The treatment that others are reported against; the one in most trials unless told.
    method, test, level, tau2
        As in :func:`needlepoint.pool`.
    prediction
        "t" (with the heterogeneity's degrees of freedom) or "z"; None for none.
    part
        "largest" takes the largest part of a network that falls apart; otherwise such a network is refused.
    add, to, drop00, correct
        As in :func:`needlepoint.effect_sizes`. In multi-arm trials with a zero cell every arm is corrected.

    Raises
    ------
    InputError
        What cannot be used, with trial or row, and the mend; a network that falls into parts, with their names.

    Notes
    -----
    One heterogeneity variance is shared by all comparisons; contrasts of a multi-arm trial correlate by one half of
    it (Lu & Ades 2004, doi:10.1002/sim.1875; Rücker 2012, doi:10.1002/jrsm.1058, gives the same estimates).

    Examples
    --------
    >>> rows = {"study": [1, 1, 2, 2, 3, 3, 3], "treatment": ["A", "B", "A", "C", "A", "B", "C"],
    ...         "events": [10, 14, 8, 15, 12, 13, 20], "n": [100, 100, 90, 95, 120, 118, 121]}
    >>> fit = network(rows, measure="OR", reference="A", method="EE", test="z")
    >>> [(c.term, round(c.estimate, 3)) for c in fit.coefficients]
    [('B', 0.241), ('C', 0.649)]
    """
    check(method, Tau2Method, field="method")
    check(test, IntervalTest, field="test")
    check_fraction(level, field="level")
    if prediction not in {None, "t", "z"}:
        raise InputError(
            "unknown prediction interval", field="prediction", got=prediction, allowed="t, z, None"
        )
    if tau2 is not None and not 0.0 <= tau2 < float("inf"):
        raise InputError("tau2 must be finite and not negative", field="tau2", got=tau2)
    letters = {
        "xi": xi, "ni": ni, "ti": ti, "mi": mi, "sdi": sdi, "yi": yi, "vi": vi, "sei": sei,
    }  # fmt: skip
    given = read_network(
        data,
        measure=measure,
        study=study,
        treatment=treatment,
        treat1=treat1,
        treat2=treat2,
        columns=letters,
        options={"add": add, "to": to, "drop00": drop00, "correct": correct},
        part=part,
    )
    return fit_trials(
        given, reference, method=method, test=test, level=level, tau2=tau2, prediction=prediction
    )


class _Solved(NamedTuple):
    """The regression on treatments, however it was had."""

    beta: Matrix  # (T - 1,)
    vb: Matrix
    tau2: float
    tau2_se: float | None
    method: str
    test: str
    q: float
    i2: float
    likelihood: Likelihood | None
    pooled: Pooled | None
    notes: tuple[str, ...]


def fit_trials(
    given: Given,
    reference: str | None,
    *,
    method: str,
    test: str,
    level: float,
    tau2: float | None,
    prediction: str | None,
) -> Network:
    """Fit what was read: the part of :func:`network` that refits share."""
    trials = given.trials
    ref = _reference(trials) if reference is None else position(trials.treatments, reference)
    others = [i for i in range(len(trials.treatments)) if i != ref]
    solved = _solve(trials, others, given.measure, method, test, level, tau2)
    effects, covariance = np.zeros(len(trials.treatments)), np.zeros((len(trials.treatments),) * 2)
    effects[others] = solved.beta
    covariance[np.ix_(others, others)] = solved.vb
    names = tuple(trials.treatments[i] for i in others)
    if solved.pooled is None:
        records = coefficients(solved.beta, solved.vb, [None] * len(names), names, level)
    else:
        found = zip(solved.pooled.coefficients, names, strict=True)
        records = tuple(replace(c, term=name) for c, name in found)
    q_df = len(trials.y) - len(others)
    q_het, het_df = within_designs(trials, 0.0)
    q_het += trials.incoherence
    q = solved.q + trials.incoherence
    q_inc, inc_df = max(0.0, q - q_het), q_df - het_df
    if inc_df == 0:
        q_inc, q_het = 0.0, q
    return Network(
        notes=(*given.notes, *solved.notes),
        measure=given.measure,
        method=solved.method,
        level=level,
        k=len(trials.trials),
        coefficients=records,
        treatments=trials.treatments,
        reference=trials.treatments[ref],
        test=solved.test,
        prediction=prediction,
        tau2=solved.tau2,
        tau2_se=solved.tau2_se,
        tau2_fixed=tau2 is not None,
        q=q,
        q_df=q_df,
        q_p=_chi2_p(q, q_df),
        q_heterogeneity=q_het,
        q_heterogeneity_df=het_df,
        q_heterogeneity_p=_chi2_p(q_het, het_df),
        q_inconsistency=q_inc,
        q_inconsistency_df=inc_df,
        q_inconsistency_p=_chi2_p(q_inc, inc_df),
        i2=solved.i2,
        likelihood=solved.likelihood,
        left_out=given.left_out,
        input_digest=digest(trials.y, trials.v, trials.Z, trials.treatments, method, test, level, tau2),
        effects=effects,
        covariance=covariance,
        trials=trials,
        given=given,
        pooled=solved.pooled,
    )


def _chi2_p(q: float, df: int) -> float:
    return chi2_sf(q, df) if df > 0 else 1.0


def _reference(trials: Trials) -> int:
    """The treatment in most trials; of several the first."""
    counts = Counter(arm for t in trials.trials for arm in t.arms)
    return max(range(len(trials.treatments)), key=lambda i: (counts[i], -i))


def _solve(
    trials: Trials, others: list[int], measure: str, method: str, test: str, level: float, tau2: float | None
) -> _Solved:
    design = trials.Z[:, others]
    n, p = design.shape
    if n <= p and p > 1:
        return _tree(trials, design, tau2)
    y = trials.y
    if p == 1:  # two treatments: the pooled mean itself, every trial turned the same way
        y, design = y * design[:, 0], np.ones((n, 1))
    terms = ("intercept",) if p == 1 else tuple(trials.treatments[i] for i in others)
    inputs = Inputs(
        yi=y,
        vi=trials.v,
        study=tuple(trials.trials[i].study for i in trials.of),
        design=Design(design, terms, None, p == 1, tuple(range(p)), terms),
        weights=None,
        ni=None,
        rows=np.arange(n),
        measure=measure,
        notes=(),
        data=None,
        given=n,
    )
    fit = fit_inputs(inputs, method=method, test=test, level=level, tau2=tau2, prediction=None)
    return _Solved(
        fit.beta,
        fit.vb,
        fit.tau2,
        fit.tau2_se,
        fit.method,
        fit.test,
        fit.q,
        _i2(fit.q, n - p, p, fit),
        fit.likelihood._replace(log_likelihood=fit.log_likelihood + trials.log_jacobian),
        fit,
        fit.notes,
    )


def _i2(q: float, df: int, p: int, fit: Pooled) -> float:
    """I2 from Q for a network (Higgins & Thompson 2002, doi:10.1002/sim.1186); of two treatments that of ``pool``."""
    if p == 1:
        return fit.i2
    return max(0.0, 1.0 - df / q) if q > 0.0 else 0.0


def _tree(trials: Trials, X: Matrix, tau2: float | None) -> _Solved:
    """As many rows as differences: each comparison rests on one trial, heterogeneity cannot be estimated."""
    inverse = np.linalg.inv(X)
    known = 0.0 if tau2 is None else tau2
    vb = (inverse * (trials.v + known)) @ inverse.T
    told = "" if tau2 is not None else ": effects as if there were none, and too narrow intervals"
    note = (
        f"as many comparisons as treatments need: heterogeneity and inconsistency cannot be estimated{told}"
    )
    return _Solved(inverse @ trials.y, vb, known, None, "EE", "z", 0.0, 0.0, None, None, (note,))


def within_designs(trials: Trials, tau2: float) -> tuple[float, int]:
    """Q within designs and its degrees of freedom: every set of treatments compared has effects of its own."""
    q, df = 0.0, 0
    rows_of: dict[tuple[int, ...], list[int]] = {}
    for row, i in enumerate(trials.of):
        rows_of.setdefault(trials.trials[i].arms, []).append(row)
    for arms, rows in rows_of.items():
        own = residual_q(trials.y[rows], trials.v[rows] + tau2, trials.Z[np.ix_(rows, list(arms[1:]))])
        q += own
        df += len(rows) - (len(arms) - 1)
    return q, df


def residual_q(y: Matrix, v: Matrix, X: Matrix) -> float:
    """Weighted residual sum of squares of a regression with weights 1 / v."""
    if X.shape[1] == 1:
        x, w = X[:, 0], 1.0 / v
        b = float((w * x) @ y) / float((w * x) @ x)
        return float(w @ (y - x * b) ** 2)
    root = 1.0 / np.sqrt(v)
    A, b = X * root[:, None], y * root
    left = b - A @ np.linalg.lstsq(A, b, rcond=None)[0]
    return float(left @ left)
