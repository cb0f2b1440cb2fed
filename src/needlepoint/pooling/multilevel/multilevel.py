"""``multilevel``: effects within studies, outcomes within trials, times within patients: models with random terms."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field
from math import nan
from typing import Any, Literal

import numpy as np

from needlepoint.arrays import Ints, Matrix
from needlepoint.columns import groups, numbers
from needlepoint.errors import ConvergenceError, InputError, NotEnoughStudies
from needlepoint.options import check, check_fraction, finite
from needlepoint.pooling.coefficients.fit_statistics import criteria
from needlepoint.pooling.coefficients.inference import coefficients, moderators_of, omnibus
from needlepoint.pooling.inputs import Inputs, read
from needlepoint.pooling.multilevel.block_gaussian import Marginal, State, blocks_of, evaluate, split, total
from needlepoint.pooling.multilevel.random_terms import (
    STRUCTURES,
    Term,
    correlation,
    covariance,
    parameters,
    read_terms,
)
from needlepoint.pooling.multilevel.search import correlations_of, maximise
from needlepoint.pooling.result import Coefficient, LikelihoodFit
from needlepoint.result import Result, digest, p_text, record
from needlepoint.stats.distributions import chi2_sf, normal_quantile, t_quantile

__all__ = ["Multilevel", "RandomStructure", "RandomTerm", "multilevel", "sampling_covariance"]

RandomStructure = Literal["CS", "HCS", "UN", "ID", "DIAG", "AR", "HAR", "CAR"]
"""Covariance of the effects within a group: compound symmetric, unstructured, independent, autoregressive."""

MultilevelMethod = Literal["REML", "ML"]
MultilevelTest = Literal["z", "t"]
Containment = Literal["contain", "residual"]


@record
class RandomTerm(Result):
    """One random term: the variance of its effects (one, or one a level) and their correlation within a group.

    ``i2`` is its share of the total variance, for terms of one variance; ``G`` the covariance of the levels.
    """

    term: str
    structure: str
    groups: int
    levels: tuple[str, ...]
    variances: tuple[float, ...]
    correlation: float | None
    i2: float | None
    G: Matrix = field(repr=False)


@record
class Multilevel(LikelihoodFit):
    """A model with random terms, on the analysis scale (log for ratios); ``i2`` is a fraction.

    ``vb`` is the covariance of the coefficients, ``marginal`` that of the estimates: pairs of positions and matrix,
    one a block of estimates that depend on each other.
    """

    test: str
    pi_low: float | None
    pi_high: float | None
    random: tuple[RandomTerm, ...]
    i2: float | None
    q: float
    q_df: int
    q_p: float
    qm: float
    qm_df: int
    qm_df2: float | None
    qm_p: float
    beta: Matrix = field(repr=False)
    vb: Matrix = field(repr=False)
    marginal: tuple[tuple[Ints, Matrix], ...] = field(repr=False)
    model: Marginal = field(repr=False)
    theta: Matrix = field(repr=False)

    def summary(self) -> str:
        """Text for people."""
        lines = [
            f"{self.k} estimates, {self.method}, test {self.test}",
            *(f"{c.term}: {c.estimate:.4g} [{c.ci_low:.4g}, {c.ci_high:.4g}]" for c in self.coefficients),
        ]
        for r in self.random:
            spread = ", ".join(f"{v:.4g}" for v in r.variances)
            bond = "" if r.correlation is None else f", correlation {r.correlation:.3f}"
            lines.append(f"{r.term}: {r.groups} groups, variance {spread}{bond}")
        lines.append(f"Q({self.q_df}) = {self.q:.2f}, {p_text(self.q_p)}")
        return "\n".join([*lines, *(f"note: {note}" for note in self.notes)])


def sampling_covariance(vi: Any, cluster: Any, *, rho: float, data: Any = None) -> Matrix:
    """Covariance of sampling errors that correlate by ``rho`` within a cluster and not between clusters.

    ``vi`` and ``cluster`` are arrays of length k or column names of ``data``; the result is k x k, for ``V=``.

    >>> sampling_covariance([0.04, 0.09, 0.01], ["a", "a", "b"], rho=0.5).round(3).tolist()
    [[0.04, 0.03, 0.0], [0.03, 0.09, 0.0], [0.0, 0.0, 0.01]]
    """
    if not -1.0 < finite(rho, field="rho", allowed="-1 to 1") < 1.0:
        raise InputError("no such correlation", field="rho", got=rho, allowed="-1 to 1")
    se = np.sqrt(numbers(data, vi, field="vi"))
    names = groups(data, cluster, field="cluster")
    if len(names) != len(se):
        raise InputError(
            "one cluster an estimate is needed", field="cluster", got=len(names), allowed=len(se)
        )
    same = names[:, None] == names[None, :]
    return np.where(np.eye(len(se), dtype=bool), 1.0, np.where(same, rho, 0.0)) * np.outer(se, se)


def multilevel(
    effects: Any = None,
    *,
    yi: Any = None,
    vi: Any = None,
    sei: Any = None,
    V: Any = None,
    data: Any = None,
    study: Any = None,
    random: str | Sequence[str] = (),
    struct: RandomStructure | Sequence[RandomStructure] = "CS",
    rho: float | Sequence[float | None] | None = None,
    mods: Any = None,
    intercept: bool = True,
    method: MultilevelMethod = "REML",
    test: MultilevelTest = "t",
    df: Containment = "contain",
    level: float = 0.95,
    measure: str | None = None,
) -> Multilevel:
    """Multilevel and multivariate meta-analysis by (restricted) maximum likelihood.

    Parameters
    ----------
    effects, yi, vi, sei, data, study, mods, intercept
        As in :func:`needlepoint.pool`.
    V
        Covariance of the sampling errors (k x k) when they correlate; see :func:`sampling_covariance`.
    random
        Random terms: "~ 1 | study/outcome" (outcomes within studies), "~ 1 | lab" with "~ 1 | drug" in a list
        (crossed), "~ outcome | trial" (effects of the levels of outcome within a trial, with ``struct``).
    struct
        Structure of terms with levels, one for all or one each: "CS" (one variance, one correlation), "HCS" (a
        variance a level), "UN" (all free), "ID", "DIAG" (no correlation), "AR", "HAR" (by rank), "CAR" (by time).
    rho
        Their correlation where it is known (1/2 in a network of contrasts), one for all or one each.
    test, df
        "z", or "t" with degrees of freedom of estimates ("residual") or of the groups that a coefficient does not
        vary within ("contain").

    Raises
    ------
    InputError, NotEnoughStudies, ConvergenceError
        Data or formulas that cannot be used; not more estimates than coefficients; no maximum found.

    References
    ----------
    Konstantopoulos (2011), doi:10.1002/jrsm.35; Berkey et al. (1998),
    doi:10.1002/(SICI)1097-0258(19981130)17:22<2537::AID-SIM953>3.0.CO;2-C; Ishak et al. (2007),
    doi:10.1177/1740774507083567.

    Examples
    --------
    >>> table = {"yi": [0.2, 0.4, 0.1, 0.7, 0.5, 0.9], "vi": [0.02] * 6, "lab": [1, 1, 2, 2, 3, 3]}
    >>> fit = multilevel(table, random="~ 1 | lab")
    >>> round(fit.estimate, 3), round(fit.random[0].variances[0], 3)
    (0.467, 0.033)
    """
    check(method, MultilevelMethod, field="method")
    check(test, MultilevelTest, field="test")
    check(df, Containment, field="df")
    check_fraction(level, field="level")
    asked = [struct] if isinstance(struct, str) else list(struct)
    for name in asked:
        check(name, RandomStructure, field="struct")
    whole = None if V is None else _matrix(V)
    inputs = read(
        effects,
        yi,
        np.diagonal(whole) if whole is not None and vi is None and sei is None else vi,
        sei,
        data,
        study,
        mods=mods,
        intercept=intercept,
        measure=measure,
    )
    errors = _sampling(whole, inputs)
    terms = read_terms(random, asked, rho, effects if data is None else data, inputs.rows, inputs.study)
    k, p = inputs.design.X.shape
    if k <= p:
        raise NotEnoughStudies("a multilevel model", needs=p + 1, got=k, hint="estimates are meant")
    model = Marginal(blocks_of(inputs.yi, inputs.design.X, errors, terms), terms, method == "REML")
    theta, state, notes = _fitted(model)
    return _dressed(inputs, model, theta, state, (*inputs.notes, *notes), test, df, level)


def _matrix(V: Any) -> Matrix:
    try:
        whole = np.asarray(V, dtype=float)
    except (TypeError, ValueError) as error:
        raise InputError("V is a matrix of numbers", field="V", got=type(V).__name__) from error
    if whole.ndim != 2:
        raise InputError("V needs a row and a column an estimate", field="V", got=whole.shape)
    return whole


def _sampling(whole: Matrix | None, inputs: Inputs) -> Matrix:
    """Covariance of the sampling errors of the rows in use."""
    if whole is None:
        return np.diag(inputs.vi)
    last = int(inputs.rows.max())
    if whole.ndim != 2 or whole.shape[0] != whole.shape[1] or len(whole) <= last:
        raise InputError(
            "V needs a row and a column an estimate", field="V", got=whole.shape, allowed=last + 1
        )
    if not np.allclose(whole, whole.T, rtol=1e-8, atol=0.0, equal_nan=True):
        raise InputError("V is not symmetric", field="V")
    return np.asarray(whole[np.ix_(inputs.rows, inputs.rows)], dtype=np.float64)


def _fitted(model: Marginal) -> tuple[Matrix, State, list[str]]:
    try:
        if not sum(parameters(term) for term in model.terms):
            return np.zeros(0), evaluate(model, np.zeros(0)), []
        theta, state, settled = maximise(model)
    except np.linalg.LinAlgError as error:
        raise InputError("the covariance of the estimates is not positive definite", field="V") from error
    if not np.isfinite(state.value):
        raise ConvergenceError("no maximum of the likelihood was found; use fewer random terms")
    notes = [] if settled else ["the likelihood is nearly flat in a variance: it is not determined"]
    if any(_flat(model, theta, i, state.value) for i in correlations_of(model)):
        notes.append("the data do not determine a correlation: every value of it is as likely")
    return theta, state, notes


def _flat(model: Marginal, theta: Matrix, position: int, value: float) -> bool:
    """Whether the likelihood stays the same when one parameter moves."""
    for step in (-0.5, 0.5):
        moved = theta.copy()
        moved[position] += step
        if abs(evaluate(model, moved).value - value) > 1e-9:
            return False
    return True


def _contained(model: Marginal, X: Matrix, rule: str) -> list[float]:
    """Degrees of freedom of each coefficient."""
    k, p = X.shape
    found = [float(k - p)] * p
    if rule == "residual":
        return found
    for term in model.terms:
        size = len(term.groups)
        for j in range(p):
            centre = np.bincount(term.group, X[:, j], size) / np.bincount(term.group, minlength=size)
            if np.allclose(X[:, j], centre[term.group], rtol=1e-10, atol=1e-12):
                found[j] = min(found[j], float(size - p))
    if min(found) < 1.0:
        raise NotEnoughStudies(
            "a t-test by groups", needs=p + 1, got=int(min(found)) + p, hint="groups are meant"
        )
    return found


def _dressed(
    inputs: Inputs,
    model: Marginal,
    theta: Matrix,
    state: State,
    notes: tuple[str, ...],
    test: str,
    rule: str,
    level: float,
) -> Multilevel:
    X = inputs.design.X
    k, p = X.shape
    df: list[float | None] = [None] * p if test == "z" else list(_contained(model, X, rule))
    names = inputs.design.terms
    rows = coefficients(state.beta, state.vb, df, names, level)
    which = moderators_of(names)
    joint = omnibus(
        state.beta, state.vb, None if test == "z" else min(d or 0.0 for d in (df[j] for j in which)), which
    )
    null = evaluate(
        Marginal(tuple(b._replace(members=()) for b in model.blocks), (), model.restricted), np.zeros(0)
    )
    covariances = [covariance(t, part) for t, part in zip(model.terms, split(model, theta), strict=True)]
    found = _random(model, theta, covariances, _typical(model, null, k - p))
    between = sum((r.variances[0] for r in found if r.i2 is not None), 0.0) if _plain(found) else None
    first, n = rows[0], k - p if model.restricted else k
    count = p + len(theta)
    half = None if between is None or names != ("intercept",) else _half(first, between, level)
    return Multilevel(
        notes=notes,
        measure=inputs.measure,
        method="REML" if model.restricted else "ML",
        test=test,
        level=level,
        k=k,
        coefficients=rows,
        likelihood=criteria(state.value, count, n),
        studies=inputs,
        pi_low=None if half is None else first.estimate - half,
        pi_high=None if half is None else first.estimate + half,
        random=found,
        i2=None if not _plain(found) else sum(r.i2 or 0.0 for r in found),
        q=null.rss,
        q_df=k - p,
        q_p=chi2_sf(null.rss, k - p),
        qm=joint.statistic,
        qm_df=joint.df,
        qm_df2=joint.df2,
        qm_p=joint.p_value,
        input_digest=digest(inputs.yi, inputs.vi, X, theta, test, level),
        beta=state.beta,
        vb=state.vb,
        marginal=tuple((b.rows, total(b, covariances)) for b in model.blocks),
        model=model,
        theta=theta,
    )


def _half(first: Coefficient, between: float, level: float) -> float:
    """Half the width of the interval for a new effect, every random term drawn anew."""
    upper = 0.5 + level / 2.0
    quantile = normal_quantile(upper) if first.df is None else t_quantile(upper, first.df)
    return quantile * (first.se**2 + between) ** 0.5


def _typical(model: Marginal, null: State, df: int) -> float:
    """Typical sampling variance: degrees of freedom over the trace of the projection (Higgins & Thompson 2002)."""
    trace = 0.0
    for b, inverse in zip(model.blocks, null.inverses, strict=True):
        AX = inverse @ b.X
        trace += float(np.trace(inverse) - np.einsum("ij,jk,ik->", AX, null.vb, AX))
    return df / trace


def _plain(found: tuple[RandomTerm, ...]) -> bool:
    return all(len(r.variances) == 1 for r in found)


def _random(
    model: Marginal, theta: Matrix, covariances: list[Matrix], typical: float
) -> tuple[RandomTerm, ...]:
    single = [float(G[0, 0]) for t, G in zip(model.terms, covariances, strict=True) if not _varied(t)]
    whole = sum(single) + typical if len(single) == len(model.terms) else nan
    return tuple(
        RandomTerm(
            term=term.name,
            structure=term.structure,
            groups=len(term.groups),
            levels=term.levels if len(term.levels) > 1 else (),
            variances=tuple(G.diagonal().tolist()) if _varied(term) else (float(G[0, 0]),),
            correlation=correlation(term, part) if _correlated(term) else None,
            i2=None if np.isnan(whole) else float(G[0, 0]) / whole,
            G=G,
        )
        for term, part, G in zip(model.terms, split(model, theta), covariances, strict=True)
    )


def _varied(term: Term) -> bool:
    return STRUCTURES[term.structure].heterogeneous and len(term.levels) > 1


def _correlated(term: Term) -> bool:
    return STRUCTURES[term.structure].correlate is not None and len(term.free) > 1
