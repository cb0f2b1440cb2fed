"""How much a multilevel model hangs on each of its clusters."""

from __future__ import annotations

from dataclasses import field
from typing import Any

import numpy as np

from needlepoint.arrays import Ints, Matrix
from needlepoint.columns import column
from needlepoint.errors import InputError, NotEnoughStudies
from needlepoint.pooling.multilevel.block_gaussian import Marginal, State, blocks_of, evaluate
from needlepoint.pooling.multilevel.multilevel import Multilevel
from needlepoint.pooling.multilevel.search import maximise
from needlepoint.pooling.refit import kept_rows
from needlepoint.result import Result, record

__all__ = ["ClusterInfluence", "cluster_influence"]


@record
class ClusterInfluence(Result):
    """The model without each cluster: ``estimate`` and ``dfbetas`` (clusters x coefficients), Cook's distance."""

    terms: tuple[str, ...]
    cluster: tuple[str, ...]
    k: tuple[int, ...]
    cook: Matrix = field()
    estimate: Matrix = field()
    dfbetas: Matrix = field()

    def tidy(self) -> list[dict[str, Any]]:
        """One row a cluster."""
        rows: list[dict[str, Any]] = []
        for i, (name, k) in enumerate(zip(self.cluster, self.k, strict=True)):
            row: dict[str, Any] = {"cluster": name, "k": k, "cook": float(self.cook[i])}
            for j, term in enumerate(self.terms):
                row |= {
                    f"estimate_{term}": float(self.estimate[i, j]),
                    f"dfbetas_{term}": float(self.dfbetas[i, j]),
                }
            rows.append(row)
        return rows


def cluster_influence(fit: Multilevel, cluster: Any, *, data: Any = None) -> ClusterInfluence:
    """Influence of clusters: the model fitted again without each, variances included.

    Parameters
    ----------
    cluster
        Cluster of each estimate: k values, or a column name of the data.

    Raises
    ------
    NotEnoughStudies, InputError
        Fewer than two clusters, or a coefficient that only one of them tells of.

    References
    ----------
    Viechtbauer & Cheung (2010), doi:10.1002/jrsm.11.

    Examples
    --------
    >>> from needlepoint import multilevel
    >>> table = {"yi": [0.2, 0.4, 0.1, 0.2, 0.8, 0.9], "vi": [0.02] * 6, "lab": list("aabbcc")}
    >>> found = cluster_influence(multilevel(table, random="~ 1 | lab"), "lab")
    >>> found.cluster[int(found.cook.argmax())]
    'c'
    """
    raw = np.asarray(column(data if data is not None else fit.data, cluster, field="cluster"), dtype=object)
    members = np.array([str(value) for value in kept_rows(raw, fit, field="cluster")], dtype=object)
    names = tuple(dict.fromkeys(members.tolist()))
    if len(names) < 2:
        raise NotEnoughStudies("leaving a cluster out", needs=2, got=len(names), hint="clusters are meant")
    V = np.zeros((fit.k, fit.k))
    for block in fit.model.blocks:
        V[np.ix_(block.rows, block.rows)] = block.V
    rest = [_without(fit, V, np.flatnonzero(members != name), name) for name in names]
    change = np.array([fit.beta - state.beta for _, state in rest])
    scale = np.array([np.sqrt(evaluate(fit.model, theta).vb.diagonal()) for theta, _ in rest])
    return ClusterInfluence(
        terms=tuple(c.term for c in fit.coefficients),
        cluster=names,
        k=tuple(int((members == name).sum()) for name in names),
        cook=np.einsum("ij,ij->i", change, np.linalg.solve(fit.vb, change.T).T),
        estimate=fit.beta - change,
        dfbetas=change / scale,
    )


def _without(fit: Multilevel, V: Matrix, keep: Ints, name: str) -> tuple[Matrix, State]:
    """Parameters and state of the model fitted to the estimates at ``keep``."""
    X = fit.X[keep]
    if np.linalg.matrix_rank(X) < fit.p:
        raise InputError("only one cluster tells of a coefficient", field="cluster", got=name)
    terms = tuple(t._replace(group=t.group[keep], level=t.level[keep]) for t in fit.model.terms)
    model = Marginal(blocks_of(fit.yi[keep], X, V[np.ix_(keep, keep)], terms), terms, fit.model.restricted)
    if not len(fit.theta):
        return fit.theta, evaluate(model, fit.theta)
    theta, state, _ = maximise(model)
    return theta, state
