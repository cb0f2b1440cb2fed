"""``network``: many treatments compared at once, by common and random effects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from needlepoint.arrays import Matrix, Vector
from needlepoint.errors import InputError, NotEnoughStudies
from needlepoint.networks.data import Connected, read_network
from needlepoint.networks.result import Network
from needlepoint.networks.trials import Rows, Trial, rows_of_trials
from needlepoint.options import IntervalTest, Tau2Method, check, check_fraction, did_you_mean
from needlepoint.pooling.api import fit_inputs
from needlepoint.pooling.design import Design
from needlepoint.pooling.inputs import Inputs
from needlepoint.pooling.result import Pooled
from needlepoint.result import digest
from needlepoint.stats.distributions import (
    chi2_sf,
    normal_quantile,
    t_quantile,
    two_sided_normal,
    two_sided_t,
)

__all__ = ["fit_rows", "network", "residual_q"]


def network(
    data: Any = None,
    *,
    study: Any = None,
    treat1: Any = None,
    treat2: Any = None,
    yi: Any = None,
    vi: Any = None,
    sei: Any = None,
    treat: Any = None,
    ai: Any = None,
    ni: Any = None,
    mi: Any = None,
    sdi: Any = None,
    xi: Any = None,
    ti: Any = None,
    measure: str | None = None,
    reference: str | None = None,
    method: Tau2Method = "REML",
    test: IntervalTest = "z",
    tau2: float | None = None,
    level: float = 0.95,
) -> Network:
    """Network meta-analysis by the graph-theoretical (weighted least squares) model.

    Parameters
    ----------
    data, study
        A data frame or mapping, and the trial that a row belongs to.
    treat1, treat2, yi, vi, sei
        Contrasts: the effect of ``treat1`` against ``treat2`` with its variance or standard error; a trial of several
        arms gives every pair. Columns of these names (or ``studlab``, ``TE``, ``seTE``) are found by themselves.
    treat, ai, ni, mi, sdi, xi, ti
        Arms: one row an arm with its treatment and events and people (``ai ni``), means (``mi sdi ni``) or events and
        person-time (``xi ti``); or one row a trial, each given as a list of columns. They need a ``measure``.
    reference
        Treatment that the others are shown against; the first by name unless told.
    method, test, tau2
        As in :func:`needlepoint.pool`; "EE" gives common effects. One tau2 holds for the whole network.

    Raises
    ------
    InputError
        A table that cannot be read, contradictory trials, a network that falls apart.
    NotEnoughStudies
        Fewer comparisons than treatments need.

    References
    ----------
    Rücker (2012), doi:10.1002/jrsm.1058; Rücker & Schwarzer (2014), doi:10.1002/sim.6236; the split of Q: Krahn,
    Binder & König (2013), doi:10.1186/1471-2288-13-35.

    Examples
    --------
    >>> trials = {"study": ["1", "2", "3", "4"], "treat1": ["A", "A", "B", "B"], "treat2": ["B", "C", "C", "C"],
    ...           "yi": [0.2, 0.5, 0.4, 0.2], "sei": [0.1, 0.2, 0.15, 0.2]}
    >>> found = network(trials, reference="C")
    >>> [(row["treatment"], round(row["estimate"], 3)) for row in found.against()]
    [('A', 0.517), ('B', 0.322)]
    """
    check(method, Tau2Method, field="method")
    check(test, IntervalTest, field="test")
    check_fraction(level, field="level")
    letters: dict[str, Any] = {"ai": ai, "ni": ni, "mi": mi, "sdi": sdi, "xi": xi, "ti": ti}
    connected = read_network(
        data,
        study=study,
        treat=treat,
        treat1=treat1,
        treat2=treat2,
        yi=yi,
        vi=vi,
        sei=sei,
        measure=measure,
        letters=letters,
    )
    return fit_network(connected, reference=reference, method=method, test=test, tau2=tau2, level=level)


def fit_network(
    connected: Connected, *, reference: str | None, method: str, test: str, tau2: float | None, level: float
) -> Network:
    """The model of connected trials."""
    names = connected.treatments
    if reference is not None and reference not in names:
        raise InputError(
            "no such treatment",
            field="reference",
            got=reference,
            allowed=", ".join(names),
            mend=did_you_mean(reference, names),
        )
    chosen = names[0] if reference is None else reference
    rows = rows_of_trials(connected.trials, names)
    design = np.delete(rows.arms, names.index(chosen), axis=1)
    terms = tuple(name for name in names if name != chosen)
    if len(rows.yi) == len(terms):
        method, tau2 = "EE", None
    options: dict[str, Any] = {"terms": terms, "trials": connected.trials, "level": level}
    common = fit_rows(rows, design, method="EE", test="z", tau2=None, **options)
    fit = fit_rows(rows, design, method=method, test=test, tau2=tau2, **options)
    parts = _split_of_q(connected.trials, rows, common.q)
    pairs = _pairs(fit, names.index(chosen), level)
    notes = [*connected.notes, *fit.notes]
    if len(rows.yi) == len(terms):
        notes.append("no more comparisons than treatments: heterogeneity cannot be estimated")
    q_df = len(rows.yi) - len(terms)
    return Network(
        notes=tuple(dict.fromkeys(notes)),
        measure=connected.measure,
        method=fit.method,
        test=fit.test,
        level=level,
        k=len(connected.trials),
        pairs=sum(len(t.arms) * (len(t.arms) - 1) // 2 for t in connected.trials),
        treatments=names,
        reference=chosen,
        designs=tuple(sorted({t.design for t in connected.trials})),
        tau2=fit.tau2,
        i2=max(0.0, 1.0 - q_df / common.q) if common.q > 0 else 0.0,
        q=common.q,
        q_df=q_df,
        q_p=_p(common.q, q_df),
        **parts,
        log_likelihood=fit.log_likelihood,
        input_digest=digest(rows.yi, rows.vi, rows.arms, chosen, method, test, tau2, level),
        **pairs,
        fit=fit,
        common=common,
        trials=connected.trials,
        trial_rows=rows,
    )


def fit_rows(
    rows: Rows,
    design: Matrix,
    *,
    terms: tuple[str, ...],
    trials: Sequence[Trial],
    method: str,
    test: str,
    tau2: float | None,
    level: float,
) -> Pooled:
    """Meta-regression of the trials' independent rows on ``design`` (N, p).

    Raises
    ------
    NotEnoughStudies
        Fewer rows than columns.
    """
    if len(rows.yi) < design.shape[1]:
        raise NotEnoughStudies(
            "a network", needs=design.shape[1], got=len(rows.yi), hint="independent comparisons are meant"
        )
    yi = rows.yi
    if design.shape[1] == 1:  # two treatments: ordinary pooling
        yi, design, terms = yi * np.sign(design[:, 0]), np.abs(design), ("intercept",)
    inputs = Inputs(
        yi=yi,
        vi=rows.vi,
        study=tuple(trials[i].label for i in rows.trial),
        design=Design(design, terms, intercept=terms == ("intercept",)),
        weights=None,
        ni=None,
        rows=np.arange(len(rows.yi)),
        measure="GEN",
        notes=(),
        data=None,
        given=len(rows.yi),
    )
    if len(rows.yi) == design.shape[1]:
        return _saturated(inputs, level)
    return fit_inputs(inputs, method=method, test=test, level=level, tau2=tau2, prediction=None)


def _saturated(inputs: Inputs, level: float) -> Pooled:
    """A network whose comparisons just suffice: solved, nothing is left to judge it by."""
    from needlepoint.pooling.coefficients.inference import coefficients, moderators_of, omnibus
    from needlepoint.pooling.result import Likelihood

    X = inputs.design.X
    back = np.linalg.inv(X)
    beta, vb = back @ inputs.yi, (back * inputs.vi) @ back.T
    terms = inputs.design.terms
    rows = coefficients(beta, vb, [None] * len(terms), terms, level)
    joint = omnibus(beta, vb, None, moderators_of(terms))
    height = -0.5 * float(np.log(2 * np.pi * inputs.vi).sum())
    p = len(terms)
    return Pooled(
        measure="GEN",
        method="EE",
        test="z",
        level=level,
        k=p,
        coefficients=rows,
        likelihood=Likelihood(height, 2 * p - 2 * height, None, None, p),
        studies=inputs,
        input_digest=digest(inputs.yi, inputs.vi, X),
        pi_low=None,
        pi_high=None,
        prediction=None,
        tau2=0.0,
        tau2_se=None,
        q=0.0,
        q_df=0,
        q_p=1.0,
        i2=0.0,
        h2=1.0,
        qm=joint.statistic,
        qm_df=joint.df,
        qm_df2=joint.df2,
        qm_p=joint.p_value,
        r2=None,
        weights=np.full(p, 100.0 / p),
        beta=beta,
        vb=vb,
        s2w=1.0,
        typical_variance=float("nan"),
    )


def _p(q: float, df: int) -> float:
    return chi2_sf(q, df) if df > 0 else 1.0


class _Quantile(NamedTuple):
    """Quantiles of the test that a model uses."""

    df: float | None

    def __call__(self, upper: float) -> float:
        return normal_quantile(upper) if self.df is None else t_quantile(upper, self.df)

    def p(self, statistic: float) -> float:
        """Two-sided p-value."""
        return two_sided_normal(statistic) if self.df is None else two_sided_t(statistic, self.df)


def _pairs(fit: Pooled, reference: int, level: float) -> dict[str, Any]:
    """Every treatment against every other: the matrices of a ``Network``."""
    effects = np.insert(fit.beta, reference, 0.0)
    cov = np.insert(np.insert(fit.vb, reference, 0.0, axis=0), reference, 0.0, axis=1)
    estimate = effects[:, None] - effects[None, :]
    d = np.diag(cov)
    se = np.sqrt(np.maximum(d[:, None] + d[None, :] - 2 * cov, 0.0))
    np.fill_diagonal(se, 0.0)
    quantile = _Quantile(fit.df)
    half = quantile(0.5 + level / 2) * se
    with np.errstate(invalid="ignore", divide="ignore"):
        z = np.where(se > 0, estimate / se, 0.0)
    p_value = np.vectorize(quantile.p)(z)
    pi = None
    if fit.q_df > 0 and fit.method not in {"EE", "FE"}:
        spread = t_quantile(0.5 + level / 2, fit.q_df) * np.sqrt(se**2 + fit.tau2)
        np.fill_diagonal(spread, 0.0)
        pi = (estimate - spread, estimate + spread)
    return {
        "estimate": estimate,
        "se": se,
        "ci_low": estimate - half,
        "ci_high": estimate + half,
        "p_value": p_value,
        "pi_low": None if pi is None else pi[0],
        "pi_high": None if pi is None else pi[1],
        "covariance": cov,
    }


def residual_q(yi: Vector, vi: Vector, X: Matrix) -> tuple[float, int]:
    """Weighted residual sum of squares about the best fit of ``X``, and its degrees of freedom."""
    root = 1 / np.sqrt(vi)
    q, r = np.linalg.qr(X * root[:, None])
    alive = np.abs(np.diag(r)) > 1e-10 * max(np.abs(r).max(), 1e-300)
    if not alive.all():
        u, s, _ = np.linalg.svd(X * root[:, None], full_matrices=False)
        q = u[:, s > 1e-10 * s.max()]
    z = yi * root
    rest = z - q @ (q.T @ z)
    return float(rest @ rest), len(yi) - q.shape[1]


def _split_of_q(trials: Sequence[Trial], rows: Rows, q: float) -> Mapping[str, Any]:
    """Q within designs and between them."""
    within, df = 0.0, 0
    designs = np.array([trials[i].design for i in rows.trial], dtype=object)
    for design in dict.fromkeys(designs.tolist()):
        here = designs == design
        found, own = residual_q(rows.yi[here], rows.vi[here], rows.arms[here])
        within, df = within + found, df + own
    between_df = len(rows.yi) - (rows.arms.shape[1] - 1) - df
    between = max(0.0, q - within) if between_df > 0 else 0.0
    return {
        "q_heterogeneity": within,
        "q_heterogeneity_df": df,
        "q_heterogeneity_p": _p(within, df),
        "q_inconsistency": between,
        "q_inconsistency_df": between_df,
        "q_inconsistency_p": _p(between, between_df),
    }
