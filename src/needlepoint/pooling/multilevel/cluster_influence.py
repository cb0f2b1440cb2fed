"""How much a model hangs on each of its clusters of estimates."""

from __future__ import annotations

from dataclasses import field
from typing import Any

import numpy as np

from needlepoint.arrays import Ints, Matrix
from needlepoint.columns import column
from needlepoint.errors import NotEnoughStudies
from needlepoint.pooling.diagnostics.case_influence import covariance_at
from needlepoint.pooling.multilevel.block_gaussian import Marginal, State, blocks_of, evaluate
from needlepoint.pooling.multilevel.multilevel import Multilevel
from needlepoint.pooling.multilevel.search import maximise
from needlepoint.pooling.refit import inputs_of, kept_rows, refit, subset
from needlepoint.pooling.result import Pooled
from needlepoint.result import Result, record

__all__ = ["ClusterInfluence", "cluster_influence"]


@record
class ClusterInfluence(Result):
    """The model without each cluster: ``estimate`` and ``dfbetas`` (clusters x coefficients), Cook's distance.

    NaN where the model cannot be fitted without the cluster (``notes`` name them).
    """

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


def cluster_influence(fit: Pooled | Multilevel, cluster: Any = None, *, data: Any = None) -> ClusterInfluence:
    """Influence of clusters: the model fitted again without each, variances included.

    Parameters
    ----------
    cluster
        Cluster of each estimate: k values, or a column name of the data; every estimate on its own unless told.

    Raises
    ------
    NotEnoughStudies
        Fewer than two clusters.
    """
    labels = _labels(fit, cluster, data)
    names = tuple(dict.fromkeys(labels))
    if len(names) < 2:
        raise NotEnoughStudies("leaving a cluster out", needs=2, got=len(names), hint="clusters are meant")
    members = np.array(labels, dtype=object)
    without = _pooled_without if isinstance(fit, Pooled) else _multilevel_without
    change, scale = np.full((len(names), fit.p), np.nan), np.full((len(names), fit.p), np.nan)
    lost: list[str] = []
    for i, name in enumerate(names):
        keep = np.flatnonzero(members != name)
        if len(keep) <= fit.p or np.linalg.matrix_rank(fit.X[keep]) < fit.p:
            lost.append(name)
            continue
        beta, scale[i] = without(fit, keep)
        change[i] = fit.beta - beta
    notes = (
        (f"cannot be estimated without: {', '.join(lost)} (a coefficient rests on it alone)",) if lost else ()
    )
    return ClusterInfluence(
        notes=notes,
        terms=fit.terms,
        cluster=names,
        k=tuple(int((members == name).sum()) for name in names),
        cook=np.einsum("ij,ij->i", change, np.linalg.solve(fit.vb, change.T).T),
        estimate=fit.beta - change,
        dfbetas=change / scale,
    )


def _labels(fit: Pooled | Multilevel, cluster: Any, data: Any) -> list[str]:
    if cluster is None:
        return [
            f"{name} ({i + 1})" if fit.study.count(name) > 1 else name for i, name in enumerate(fit.study)
        ]
    raw = np.asarray(column(data if data is not None else fit.data, cluster, field="by"), dtype=object)
    return [str(value) for value in kept_rows(raw, fit, field="by")]


def _pooled_without(fit: Any, keep: Ints) -> tuple[Matrix, Matrix]:
    """Coefficients without a cluster, and the standard errors of all studies at the tau2 found without it."""
    rest = refit(fit, subset(inputs_of(fit), keep))
    return rest.beta, np.sqrt(np.diag(covariance_at(fit, rest)))


def _multilevel_without(fit: Any, keep: Ints) -> tuple[Matrix, Matrix]:
    """The same of a multilevel model, every variance searched anew."""
    V = np.zeros((fit.k, fit.k))
    for block in fit.model.blocks:
        V[np.ix_(block.rows, block.rows)] = block.V
    theta, state = _without(fit, V, keep)
    return state.beta, np.sqrt(evaluate(fit.model, theta).vb.diagonal())


def _without(fit: Multilevel, V: Matrix, keep: Ints) -> tuple[Matrix, State]:
    """Parameters and state of the model fitted to the estimates at ``keep``."""
    X = fit.X[keep]
    terms = tuple(t._replace(group=t.group[keep], level=t.level[keep]) for t in fit.model.terms)
    model = Marginal(blocks_of(fit.yi[keep], X, V[np.ix_(keep, keep)], terms), terms, fit.model.restricted)
    if not len(fit.theta):
        return fit.theta, evaluate(model, fit.theta)
    theta, state, _ = maximise(model)
    return theta, state
