"""Direct and indirect evidence: separating one comparison's own trials from the rest of the network."""

from __future__ import annotations

from dataclasses import field
from itertools import combinations
from math import sqrt
from typing import Any

import numpy as np

from needlepoint.arrays import Floats, Matrix
from needlepoint.networks.result import Network
from needlepoint.options import check, chosen_level
from needlepoint.result import Result, record
from needlepoint.stats.distributions import normal_quantile, two_sided_normal

__all__ = ["Comparison", "NodeSplit", "direct_evidence", "node_split"]


@record
class Comparison(Result):
    """One pair of treatments: what its own trials say, what the others say, and whether they agree.

    ``direct`` and its companions are None where no trial compares the two, ``indirect`` where the network says nothing
    without those trials. ``share`` is the direct evidence's share of the network estimate; ``difference`` is direct
    less indirect.
    """

    treatment: str
    against: str
    k: int
    share: float
    network: float
    network_se: float
    direct: float | None
    direct_se: float | None
    direct_low: float | None
    direct_high: float | None
    indirect: float | None
    indirect_se: float | None
    indirect_low: float | None
    indirect_high: float | None
    difference: float | None
    difference_se: float | None
    p_value: float | None


@record
class NodeSplit(Result):
    """Every comparison, split into direct and indirect evidence by back-calculation."""

    level: float
    model: str
    comparisons: tuple[Comparison, ...]

    def tidy(self) -> list[dict[str, Any]]:
        """One row a comparison."""
        rows = [c.to_dict() for c in self.comparisons]
        return [{name: value for name, value in row.items() if name != "notes"} for row in rows]


@record
class DirectEvidence(Result):
    """Pairwise pooling of the trials that compare two treatments, at the network's tau2; matrices (T, T)."""

    treatments: tuple[str, ...]
    trials: Floats = field()  # how many compare the two
    estimate: Matrix = field()
    se: Matrix = field()
    share: Matrix = field()  # of the network estimate


def direct_evidence(fit: Network, *, model: str = "random") -> DirectEvidence:
    """Direct estimates of every pair of treatments, and their share in the network estimates.

    Cells without a trial are NaN (a note says so). König, Krahn & Binder (2013), doi:10.1002/sim.6001.

    >>> from needlepoint import network
    >>> trials = {"study": ["1", "2", "3", "4"], "treat1": ["A", "A", "B", "B"], "treat2": ["B", "C", "C", "C"],
    ...           "yi": [0.2, 0.5, 0.4, 0.2], "sei": [0.1, 0.2, 0.15, 0.2]}
    >>> direct_evidence(network(trials)).share.round(2).tolist()[0][1:]
    [0.84, 0.38]
    """
    tau2, se = _model(fit, model)
    n = len(fit.treatments)
    count, weight, total = np.zeros((n, n)), np.zeros((n, n)), np.zeros((n, n))
    place = {name: i for i, name in enumerate(fit.treatments)}
    for trial in fit.trials:
        for a, b in combinations(range(len(trial.arms)), 2):
            i, j = place[trial.arms[a]], place[trial.arms[b]]
            w = 1.0 / (trial.variances[a, b] + tau2)
            y = trial.effects[a] - trial.effects[b]
            for r, c, s in ((i, j, 1.0), (j, i, -1.0)):
                count[r, c] += 1
                weight[r, c] += w
                total[r, c] += s * w * y
    known = count > 0
    with np.errstate(invalid="ignore", divide="ignore"):
        estimate = np.where(known, total / weight, np.nan)
        own = np.where(known, np.sqrt(1.0 / weight), np.nan)
        share = np.where(known, se**2 * weight, 0.0)
    np.fill_diagonal(share, np.nan)
    return DirectEvidence(
        notes=("NaN: no trial compares the two",),
        treatments=fit.treatments,
        trials=count,
        estimate=estimate,
        se=own,
        share=share,
    )


def _model(fit: Network, model: str) -> tuple[float, Matrix]:
    """tau2 and the network's standard errors under common or random effects."""
    check(model, ("random", "common"), field="model")
    if model == "random":
        return fit.tau2, fit.se
    cov = np.zeros_like(fit.covariance)
    others = [i for i, name in enumerate(fit.treatments) if name != fit.reference]
    cov[np.ix_(others, others)] = fit.common.vb
    d = np.diag(cov)
    return 0.0, np.sqrt(np.maximum(d[:, None] + d[None, :] - 2 * cov, 0.0))


def estimates_of(fit: Network, model: str) -> Matrix:
    """Network estimates (T, T) under common or random effects."""
    if model == "random":
        return fit.estimate
    effects = np.insert(fit.common.beta, fit.place(fit.reference), 0.0)
    return effects[:, None] - effects[None, :]


def node_split(fit: Network, *, model: str = "random", level: float | None = None) -> NodeSplit:
    """Direct against indirect evidence for every pair of treatments, by back-calculation.

    The network estimate is the weighted mean of the two, so that the indirect one follows from the others
    (Dias et al. 2010, doi:10.1002/sim.3767). Normal theory.

    Parameters
    ----------
    fit
        What :func:`needlepoint.network` gave.
    model
        "random" or "common" effects.

    Raises
    ------
    InputError
        An unknown model.

    Examples
    --------
    >>> from needlepoint import network
    >>> trials = {"study": ["1", "2", "3", "4"], "treat1": ["A", "A", "B", "B"], "treat2": ["B", "C", "C", "C"],
    ...           "yi": [0.2, 0.5, 0.4, 0.2], "sei": [0.1, 0.2, 0.15, 0.2]}
    >>> split = node_split(network(trials)).comparisons[0]
    >>> split.treatment, split.against, round(split.direct, 2), round(split.indirect, 2)
    ('A', 'B', 0.2, 0.17)
    """
    direct = direct_evidence(fit, model=model)
    _, se = _model(fit, model)
    width = chosen_level(level, fit.level)
    z = normal_quantile(0.5 + width / 2)
    whole = estimates_of(fit, model)
    found = [
        _comparison(fit, i, j, whole, se, direct, z) for i, j in combinations(range(len(fit.treatments)), 2)
    ]
    notes = ("no trials in common: direct is None; nothing else connects the two: indirect is None",)
    return NodeSplit(notes=notes, level=width, model=model, comparisons=tuple(found))


def _comparison(
    fit: Network, i: int, j: int, whole: Matrix, se: Matrix, direct: DirectEvidence, z: float
) -> Comparison:
    share = min(1.0, float(direct.share[i, j]))
    k = int(direct.trials[i, j])
    own = (float(direct.estimate[i, j]), float(direct.se[i, j])) if k else None
    rest = None
    if share < 1.0 - 1e-9:
        estimate = whole[i, j] if own is None else (whole[i, j] - share * own[0]) / (1.0 - share)
        rest = (float(estimate), float(se[i, j]) / sqrt(1.0 - share))
    apart = None if own is None or rest is None else (own[0] - rest[0], sqrt(own[1] ** 2 + rest[1] ** 2))
    return Comparison(
        treatment=fit.treatments[i],
        against=fit.treatments[j],
        k=k,
        share=share,
        network=float(whole[i, j]),
        network_se=float(se[i, j]),
        **_numbers("direct", own, z),
        **_numbers("indirect", rest, z),
        difference=None if apart is None else apart[0],
        difference_se=None if apart is None else apart[1],
        p_value=None if apart is None else two_sided_normal(apart[0] / apart[1]),
    )


def _numbers(name: str, found: tuple[float, float] | None, z: float) -> dict[str, Any]:
    if found is None:
        return {name: None, f"{name}_se": None, f"{name}_low": None, f"{name}_high": None}
    value, se = found
    return {name: value, f"{name}_se": se, f"{name}_low": value - z * se, f"{name}_high": value + z * se}
