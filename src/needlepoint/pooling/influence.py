"""``influence``: what each study, or each cluster of estimates, does to a fitted model."""

from __future__ import annotations

from typing import Any

from needlepoint.pooling.diagnostics.case_influence import Influence, case_influence, influence_line
from needlepoint.pooling.kinds import choose
from needlepoint.pooling.multilevel.cluster_influence import ClusterInfluence, cluster_influence
from needlepoint.pooling.multilevel.multilevel import Multilevel
from needlepoint.pooling.refit import as_pooled
from needlepoint.pooling.result import Fit, Pooled

__all__ = ["Influence", "influence", "influence_line"]


def influence(fit: Any, vi: Any = None, *, data: Any = None, by: Any = None) -> Influence | ClusterInfluence:
    """Outlier and influence diagnostics: the model fitted again without each study, or without each cluster.

    Parameters
    ----------
    fit, vi, data
        What :func:`needlepoint.pool` or :func:`needlepoint.multilevel` gave; or effect sizes, or k estimates with
        their variances, which are pooled.
    by
        Clusters to leave out together: k values or a column name of the data. Without it every study is left out on
        its own (of a multilevel model: every estimate).

    Raises
    ------
    NotEnoughStudies
        Too few studies to leave one out.
    InputError
        Another kind of fit.

    References
    ----------
    Viechtbauer & Cheung (2010), doi:10.1002/jrsm.11.

    Examples
    --------
    >>> influence([0.1, 0.2, 0.1, 2.0], [0.04, 0.04, 0.04, 0.04]).influential.tolist()
    [False, False, False, True]
    """
    if isinstance(fit, Fit):
        choose({Pooled: None, Multilevel: None}, fit, verb="influence")
    if isinstance(fit, Multilevel):
        return cluster_influence(fit, by, data=data)
    pooled = as_pooled(fit, vi, data)
    return case_influence(pooled) if by is None else cluster_influence(pooled, by, data=data)
