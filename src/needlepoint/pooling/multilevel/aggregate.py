"""``aggregate``: several estimates of a study made one, before pooling."""

from __future__ import annotations

from typing import Any

import numpy as np

from needlepoint.columns import groups
from needlepoint.effects.result import EffectSizes
from needlepoint.errors import InputError
from needlepoint.pooling.inputs import read
from needlepoint.pooling.multilevel.multilevel import sampling_covariance

__all__ = ["aggregate"]


def aggregate(
    effects: Any = None,
    *,
    yi: Any = None,
    vi: Any = None,
    sei: Any = None,
    data: Any = None,
    cluster: Any,
    rho: float,
    weighted: bool = True,
    measure: str | None = None,
) -> EffectSizes:
    """Aggregate the estimates of each cluster by generalised least squares.

    Parameters
    ----------
    effects, yi, vi, sei, data
        As in :func:`needlepoint.pool`.
    cluster
        Cluster of each estimate: values, or a column name of ``data``; its labels become the studies.
    rho
        Correlation of the sampling errors within a cluster; 0 for estimates of different people.
    weighted
        By the inverse covariance; else the plain mean, which many correlated estimates of one kind ask for.

    Raises
    ------
    InputError
        Missing clusters, or a correlation that these variances cannot have.

    References
    ----------
    Borenstein et al. (2009), Introduction to Meta-Analysis, chapter 24; Pustejovsky & Tipton (2022),
    doi:10.1007/s11121-021-01246-3.

    Examples
    --------
    >>> es = aggregate(yi=[0.1, 0.3, 0.8], vi=[0.04, 0.04, 0.1], cluster=["Ada", "Ada", "Bo"], rho=0.5)
    >>> list(es.study), es.yi.round(3).tolist(), es.vi.round(3).tolist()
    (['Ada', 'Bo'], [0.2, 0.8], [0.03, 0.1])
    """
    given = read(effects, yi, vi, sei, data, None, measure=measure)
    names = groups(given.data, cluster, field="cluster")
    if len(names) <= int(given.rows.max()):
        raise InputError("one cluster an estimate is needed", field="cluster", got=len(names))
    members: dict[str, list[int]] = {}
    for i, value in enumerate(names[given.rows].tolist()):
        if value is None or str(value) == "nan":
            raise InputError("an estimate has no cluster", field="cluster", study=given.study[i], got=value)
        members.setdefault(str(value), []).append(i)
    made = [_one(given.yi[rows], given.vi[rows], rho, weighted) for rows in members.values()]
    several = sum(len(rows) > 1 for rows in members.values())
    return EffectSizes(
        measure=given.measure,
        yi=np.array([estimate for estimate, _ in made]),
        vi=np.array([variance for _, variance in made]),
        study=tuple(members),
        ni=np.full(len(members), np.nan),
        notes=(
            *given.notes,
            f"{several} of {len(members)} clusters aggregated, sampling correlation {rho:g}",
        ),
    )


def _one(yi: Any, vi: Any, rho: float, weighted: bool) -> tuple[float, float]:
    V = sampling_covariance(vi, ["one"] * len(vi), rho=rho)
    try:
        np.linalg.cholesky(V)
    except np.linalg.LinAlgError as error:
        raise InputError("so many estimates cannot have this correlation", field="rho", got=rho) from error
    w = np.linalg.solve(V, np.ones(len(vi))) if weighted else np.ones(len(vi))
    w = w / w.sum()
    return float(w @ yi), float(w @ V @ w)
