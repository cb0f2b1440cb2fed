"""``robust``: tests and intervals that hold when estimates of the same cluster depend on each other."""

from __future__ import annotations

from dataclasses import field
from math import nan
from typing import Any, Literal, NamedTuple

import numpy as np

from needlepoint.arrays import Matrix
from needlepoint.columns import column
from needlepoint.errors import InputError, NotEnoughStudies
from needlepoint.options import check, chosen_level
from needlepoint.pooling.coefficients.inference import coefficients, moderators_of, omnibus
from needlepoint.pooling.multilevel.multilevel import Multilevel
from needlepoint.pooling.multilevel.sandwich import Cluster, Sandwich, sandwich
from needlepoint.pooling.refit import as_pooled, kept_rows
from needlepoint.pooling.result import Coefficient, Estimates, Pooled
from needlepoint.result import p_text, record
from needlepoint.stats.distributions import f_sf

__all__ = ["Robust", "RobustDf", "RobustKind", "robust"]

RobustKind = Literal["CR0", "CR1", "CR1p", "CR1S", "CR2", "CR3"]
"""Small-sample adjustments: none, m/(m-1), m/(m-p), Stata's, bias-reduced linearization, jackknife."""

RobustDf = Literal["Satterthwaite", "clusters"]
"""Degrees of freedom: estimated from the working model, or clusters less coefficients."""


class _JointTest(NamedTuple):
    """A joint test; None where there is none."""

    statistic: float | None
    df: int
    df2: float | None
    p_value: float | None


@record
class Robust(Estimates):
    """A fitted model with cluster-robust tests; ``qm`` tests the moderators (F with ``qm_df``, ``qm_df2``).

    A coefficient that rests on one cluster has no robust test: its numbers but the estimate are NaN, a note names it,
    and the joint test is of the others (None if there are none, or too few clusters for it).
    """

    kind: str
    degrees_of_freedom: str
    clusters: int
    tau2: float | None
    qm: float | None
    qm_df: int
    qm_df2: float | None
    qm_p: float | None
    vb: Matrix = field(repr=False)

    def summary(self) -> str:
        """Text for people."""
        lines = [
            f"{c.term}: {c.estimate:.4g} [{c.ci_low:.4g}, {c.ci_high:.4g}], t({c.df:.3g}) = {c.statistic:.3f}, "
            f"{p_text(c.p_value)}"
            if c.df is not None
            else f"{c.term}: {c.estimate:.4g}, not testable"
            for c in self.coefficients
        ]
        head = f"cluster-robust ({self.kind}), {self.k} estimates in {self.clusters} clusters"
        return "\n".join([head, *lines, *self.notes])


def robust(
    fit: Any,
    vi: Any = None,
    *,
    cluster: Any = None,
    data: Any = None,
    kind: RobustKind = "CR2",
    df: RobustDf | None = None,
    level: float | None = None,
) -> Robust:
    """Cluster-robust variance estimation.

    Parameters
    ----------
    fit, vi, data
        A :class:`Pooled` (with moderators or without), a :class:`Multilevel` model, effect sizes, or k estimates
        with their variances.
    cluster
        Cluster of each estimate: k values or a column name of ``data``; without it every study is its own, which
        allows for sampling variances that are wrong.
    kind
        Small-sample adjustment of the covariance.
    df
        "Satterthwaite" (the default for "CR2" and "CR3") or "clusters": clusters less coefficients.

    Raises
    ------
    NotEnoughStudies
        Not more clusters than coefficients.
    InputError
        An estimate without a cluster, an unknown kind, or clusters that cut through a group of the multilevel model.

    References
    ----------
    Hedges, Tipton & Johnson (2010), doi:10.1002/jrsm.5. CR2: Pustejovsky & Tipton (2018),
    doi:10.1080/07350015.2016.1247004; the joint test of moderators is their Hotelling-T2 with estimated degrees of
    freedom (Tipton & Pustejovsky 2015, doi:10.3102/1076998615606099).

    Examples
    --------
    >>> found = robust([0.1, 0.3, 0.2, 0.6, 0.9], [0.02] * 5, cluster=["a", "a", "b", "c", "d"])
    >>> found.clusters, round(found.df, 2)
    (4, 2.67)
    """
    check(kind, RobustKind, field="kind")
    if df is not None:
        check(df, RobustDf, field="df")
    pooled = fit if isinstance(fit, Multilevel) else as_pooled(fit, vi, data)
    width = chosen_level(level, pooled.level)
    members = _members(pooled, cluster, data if data is not None else pooled.data)
    m, p = len(members), pooled.p
    if m <= p:
        raise NotEnoughStudies("a cluster-robust test", needs=p + 1, got=m, hint="clusters are meant")
    made = _from_blocks(pooled, members) if isinstance(pooled, Multilevel) else _from_weights(pooled, members)
    found = sandwich(made, kind)
    rule = df or ("Satterthwaite" if kind in {"CR2", "CR3"} else "clusters")
    estimated = rule == "Satterthwaite"
    told = _told_by_several(pooled.X, members)
    each = [found.df(row) if estimated else float(m - p) for row in np.eye(p)[told]]
    rows = _rows(pooled, found, told, each, width)
    joint, unjoined = _joint(pooled, found, told, estimated, float(m - p))
    return Robust(
        notes=(*pooled.notes, *_untold(pooled.terms, told), *_few(each), *unjoined),
        kind=kind,
        degrees_of_freedom=rule,
        measure=pooled.measure,
        method=pooled.method,
        level=width,
        k=pooled.k,
        clusters=m,
        tau2=pooled.tau2 if isinstance(pooled, Pooled) else None,
        qm=joint.statistic,
        qm_df=joint.df,
        qm_df2=joint.df2,
        qm_p=joint.p_value,
        coefficients=rows,
        vb=found.vb,
    )


def _members(pooled: Pooled | Multilevel, cluster: Any, data: Any) -> list[Any]:
    """Positions of each cluster's estimates, clusters in order of appearance."""
    if cluster is None:
        return [np.array([i]) for i in range(pooled.k)]
    raw = kept_rows(np.asarray(column(data, cluster, field="cluster"), dtype=object), pooled, field="cluster")
    groups: dict[str, list[int]] = {}
    for i, (study, value) in enumerate(zip(pooled.study, raw, strict=True)):
        if value is None or str(value) == "nan":
            raise InputError("an estimate has no cluster", field="cluster", study=study, got=value)
        groups.setdefault(str(value), []).append(i)
    return [np.array(rows) for rows in groups.values()]


def _from_weights(pooled: Pooled, members: list[Any]) -> tuple[Cluster, ...]:
    total = pooled.vi + pooled.tau2
    weights = 1 / total if pooled.user_weights is None else pooled.user_weights
    residual = pooled.yi - pooled.X @ pooled.beta
    return tuple(
        Cluster(pooled.X[rows], residual[rows], np.diag(weights[rows]), np.diag(total[rows]))
        for rows in members
    )


def _from_blocks(fit: Multilevel, members: list[Any]) -> tuple[Cluster, ...]:
    """Clusters of a model whose estimates covary: each must hold whole blocks of it."""
    residual = fit.yi - fit.X @ fit.beta
    block = np.empty(fit.k, dtype=np.intp)
    for i, (rows, _) in enumerate(fit.marginal):
        block[rows] = i
    found: list[Cluster] = []
    for rows in members:
        held = sorted(set(block[rows].tolist()))
        inside = np.concatenate([fit.marginal[i][0] for i in held])
        if len(inside) != len(rows):
            study = fit.study[int(np.setdiff1d(inside, rows)[0])]
            raise InputError("a cluster cuts through a group of the model", field="cluster", study=study)
        V = np.zeros((len(inside), len(inside)))
        at = 0
        for i in held:
            end = at + len(fit.marginal[i][0])
            V[at:end, at:end], at = fit.marginal[i][1], end
        W = np.asarray(np.linalg.inv(V), dtype=np.float64)
        found.append(Cluster(fit.X[inside], residual[inside], W, V))
    return tuple(found)


def _told_by_several(X: Matrix, members: list[Any]) -> list[int]:
    """Positions of the coefficients that can be estimated without any one cluster."""
    told = np.ones(X.shape[1], dtype=bool)
    for rows in members:
        rest = np.delete(X, rows, axis=0)
        lost = np.eye(X.shape[1]) - np.linalg.pinv(rest) @ rest  # directions that the others say nothing of
        told &= np.abs(lost).sum(axis=1) < 1e-8
    return np.flatnonzero(told).tolist()


def _rows(
    fit: Pooled | Multilevel, found: Sandwich, told: list[int], df: list[float], level: float
) -> tuple[Coefficient, ...]:
    """A record a coefficient, without test where it rests on one cluster."""
    names = tuple(fit.terms[j] for j in told)
    tested = coefficients(fit.beta[told], found.vb[np.ix_(told, told)], [*df], names, level)
    by_place = dict(zip(told, tested, strict=True))
    return tuple(
        by_place.get(j) or _untested(term, float(b))
        for j, (term, b) in enumerate(zip(fit.terms, fit.beta, strict=True))
    )


def _untested(term: str, estimate: float) -> Coefficient:
    return Coefficient(
        term=term,
        estimate=estimate,
        se=nan,
        statistic=nan,
        df=None,
        p_value=nan,
        ci_low=nan,
        ci_high=nan,
    )


def _untold(terms: tuple[str, ...], told: list[int]) -> tuple[str, ...]:
    names = [term for j, term in enumerate(terms) if j not in told]
    return (f"not testable, as it rests on one cluster: {', '.join(names)}",) if names else ()


def _joint(
    fit: Pooled | Multilevel, found: Sandwich, told: list[int], estimated: bool, df2: float
) -> tuple[_JointTest, tuple[str, ...]]:
    """Test of all testable coefficients but the intercept."""
    which = [j for j in moderators_of(fit.terms) if j in told]
    if not which:
        return _JointTest(None, 0, None, None), ("no coefficient is left for the joint test",)
    raw = omnibus(fit.beta, found.vb, None if estimated else df2, which)
    if not estimated:
        return _JointTest(*raw), ()
    q, eta = len(which), found.wald_df(np.eye(fit.p)[which])
    df = eta - q + 1
    if df <= 0:
        return _JointTest(None, q, df, None), (f"too few clusters for a joint test of {q} coefficients",)
    statistic = raw.statistic * df / (eta * q)
    return _JointTest(statistic, q, df, f_sf(statistic, q, df)), ()


def _few(df: list[float]) -> tuple[str, ...]:
    """Tipton (2015, doi:10.1037/met0000011): below four degrees of freedom the t distribution does not hold."""
    if not df or min(df) >= 4:
        return ()
    return (f"{min(df):.2g} degrees of freedom: below 4 a cluster-robust test cannot be trusted",)
