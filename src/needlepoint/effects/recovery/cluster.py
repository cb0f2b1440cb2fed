"""Cluster-randomised trials analysed as if people had been randomised: the size they are worth."""

from __future__ import annotations

from needlepoint.effects.recovery.record import Recovered, need_positive
from needlepoint.errors import InputError

__all__ = ["effective_sample_size"]


def effective_sample_size(
    n: float, *, cluster_size: float, icc: float, events: float | None = None
) -> Recovered:
    """Sample size (and events) of an arm divided by the design effect 1 + (m - 1) ICC.

    >>> effective_sample_size(200, cluster_size=21, icc=0.05)["n"]
    100.0
    """
    need_positive(n=n)
    if cluster_size < 1:
        raise InputError("a cluster has a member", field="cluster_size", got=cluster_size, allowed=">= 1")
    if not 0 <= icc <= 1:
        raise InputError("not an intracluster correlation", field="icc", got=icc, allowed="0 to 1")
    effect = 1 + (cluster_size - 1) * icc
    values = {"n": n / effect, "design_effect": effect}
    if events is not None:
        values["events"] = events / effect
    return Recovered(
        values=values,
        how=f"divided by the design effect {effect:.3g} of clusters of {cluster_size:g} and ICC {icc:g}",
        source="Cochrane Handbook 23.1.4 (Higgins et al. 2023)",
        notes=("a borrowed ICC is an assumption: try a smaller and a larger one",),
    )
