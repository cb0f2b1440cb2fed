"""Direct against indirect evidence: back-calculation, separation of designs, and full refits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import combinations
from math import nan, sqrt
from typing import Any, Literal, NamedTuple

import numpy as np

from needlepoint.arrays import Matrix
from needlepoint.errors import NeedlepointError
from needlepoint.networks.api import fit_trials
from needlepoint.networks.connected import parts
from needlepoint.networks.laplacian import balance
from needlepoint.networks.result import Network, differences_se, only_networks
from needlepoint.networks.trials import Trial, Trials, rows_of_trials
from needlepoint.options import check
from needlepoint.pooling.api import fit_inputs
from needlepoint.pooling.design import Design
from needlepoint.pooling.inputs import Inputs
from needlepoint.result import Result, record, without_notes
from needlepoint.stats.distributions import two_sided_normal

__all__ = ["DirectEvidence", "NodeSplit", "NodeSplits", "direct_evidence", "node_splitting"]

SplitMethod = Literal["back-calculation", "SIDDE", "refit"]
_ALL_DIRECT = 1.0 - 1e-9


class DirectEvidence(NamedTuple):
    """Head-to-head evidence, (T, T) each, row against column; NaN where there is none."""

    k: Matrix
    estimate: Matrix
    se: Matrix
    proportion: Matrix  # of the network's precision that is direct


def direct_evidence(trials: Trials, tau2: float) -> DirectEvidence:
    """Inverse-variance means of each comparison's own trials at ``tau2``, and their share in the network.

    The share is the network's variance over that of the direct estimate (König, Krahn & Binder 2013,
    doi:10.1002/sim.6001).
    """
    size = len(trials.treatments)
    k, weights, sums = np.zeros((size, size)), np.zeros((size, size)), np.zeros((size, size))
    for trial in trials.trials:
        for a, b in combinations(range(len(trial.arms)), 2):
            i, j = trial.arms[a], trial.arms[b]
            w = 1.0 / (trial.v[a, b] + tau2)
            k[i, j] += 1.0
            weights[i, j] += w
            sums[i, j] += w * (trial.y[a] - trial.y[b])
    k, weights, sums = k + k.T, weights + weights.T, sums - sums.T
    network = differences_se(balance(trials, tau2).covariance) ** 2
    with np.errstate(divide="ignore", invalid="ignore"):
        estimate = np.where(k > 0.0, sums / weights, nan)
        se = np.where(k > 0.0, 1.0 / np.sqrt(weights), nan)
    return DirectEvidence(k, estimate, se, np.clip(network * weights, 0.0, 1.0))


@record
class NodeSplit(Result):
    """One comparison: ``treatment`` against ``comparator``, by direct, indirect and all evidence.

    ``difference`` is direct minus indirect (None, with its test, where one of the two does not exist).
    """

    treatment: str
    comparator: str
    k: int
    proportion: float
    estimate: float
    se: float
    direct: float | None
    direct_se: float | None
    indirect: float | None
    indirect_se: float | None
    difference: float | None
    difference_se: float | None
    statistic: float | None
    p_value: float | None
    tau2: float | None = None  # of the refitted model


@record
class NodeSplits(Result):
    """Direct and indirect evidence of every comparison, or of those with trials of their own."""

    method: str
    splits: tuple[NodeSplit, ...]

    def between(self, treatment: str, comparator: str) -> NodeSplit:
        """The comparison of two treatments, turned the way it is asked.

        Raises
        ------
        KeyError
            The comparison is not here.
        """
        for split in self.splits:
            if (split.treatment, split.comparator) == (treatment, comparator):
                return split
            if (split.comparator, split.treatment) == (treatment, comparator):
                return _turned(split)
        raise KeyError((treatment, comparator))

    def tidy(self) -> list[dict[str, Any]]:
        """One row a comparison."""
        return without_notes(self.splits)


def _turned(s: NodeSplit) -> NodeSplit:
    def minus(x: float | None) -> float | None:
        return None if x is None else -x

    return replace(
        s,
        treatment=s.comparator,
        comparator=s.treatment,
        estimate=-s.estimate,
        direct=minus(s.direct),
        indirect=minus(s.indirect),
        difference=minus(s.difference),
        statistic=minus(s.statistic),
    )


def node_splitting(fit: Network, *, method: SplitMethod = "back-calculation") -> NodeSplits:
    """Direct against indirect evidence of every comparison.

    Parameters
    ----------
    method
        "back-calculation": at the network's tau2, the indirect estimate is what the network adds to the direct one
        (König et al. 2013, doi:10.1002/sim.6001; Dias et al. 2010, doi:10.1002/sim.3767); every pair of treatments.
        "SIDDE": each comparison's trials alone, at the network's tau2, against the network without them (Efthimiou
        et al. 2019, doi:10.1002/sim.8158). "refit": the network with one more coefficient for the comparison's
        trials, split evenly between the two arms of multi-arm trials (White 2015, doi:10.1177/1536867X1501500403);
        comparisons with trials of their own.

    Notes
    -----
    Estimates and tests are of normal theory.

    >>> from needlepoint import network
    >>> fit = network(study=["1", "2", "3"], treat1=["A", "A", "B"], treat2=["B", "C", "C"], yi=[1.0, 2.5, 1.0],
    ...               sei=[0.5, 0.5, 0.5], method="EE", test="z")
    >>> round(node_splitting(fit).between("A", "C").difference, 6)
    0.5
    """
    only_networks(fit, "node_splitting()")
    check(method, SplitMethod, field="method")
    return NodeSplits(method=method, splits=_METHODS[method](fit))


def _split(
    fit: Network,
    pair: tuple[int, int],
    whole: tuple[float, float],
    k: int,
    proportion: float,
    direct: tuple[float, float] | None,
    indirect: tuple[float, float] | None,
    *,
    se: float | None = None,
    tau2: float | None = None,
) -> NodeSplit:
    difference = statistic = None
    if direct is not None and indirect is not None:
        difference = direct[0] - indirect[0]
        se = sqrt(direct[1] ** 2 + indirect[1] ** 2) if se is None else se
        statistic = difference / se
    return NodeSplit(
        treatment=fit.treatments[pair[0]],
        comparator=fit.treatments[pair[1]],
        k=k,
        proportion=proportion,
        estimate=whole[0],
        se=whole[1],
        direct=None if direct is None else direct[0],
        direct_se=None if direct is None else direct[1],
        indirect=None if indirect is None else indirect[0],
        indirect_se=None if indirect is None else indirect[1],
        difference=difference,
        difference_se=None if difference is None else se,
        statistic=statistic,
        p_value=None if statistic is None else two_sided_normal(statistic),
        tau2=tau2,
    )


def _back_calculation(fit: Network) -> tuple[NodeSplit, ...]:
    d = direct_evidence(fit.trials, fit.tau2)
    b = balance(fit.trials, fit.tau2)
    se = differences_se(b.covariance)
    splits: list[NodeSplit] = []
    for i, j in combinations(range(len(fit.treatments)), 2):
        whole = float(b.effects[i] - b.effects[j]), float(se[i, j])
        share = float(d.proportion[i, j])
        direct = (float(d.estimate[i, j]), float(d.se[i, j])) if d.k[i, j] else None
        indirect = None
        if direct is None:
            indirect = whole
        elif share < _ALL_DIRECT:
            indirect = (whole[0] - share * direct[0]) / (1.0 - share), whole[1] / sqrt(1.0 - share)
        splits.append(_split(fit, (i, j), whole, int(d.k[i, j]), share, direct, indirect))
    return tuple(splits)


def _direct_pairs(trials: Trials) -> list[tuple[int, int]]:
    return sorted({pair for t in trials.trials for pair in combinations(t.arms, 2)})


def _refit(fit: Network, trials: tuple[Trial, ...]) -> Network | None:
    """The model of ``fit`` on some of its trials; None where they do not hang together."""
    names = fit.treatments
    present = sorted({a for t in trials for a in t.arms})
    if (
        not present
        or len(parts([names[a] for a in present], [[names[a] for a in t.arms] for t in trials])) > 1
    ):
        return None
    new = {old: i for i, old in enumerate(present)}
    moved = tuple(replace(t, arms=tuple(new[a] for a in t.arms)) for t in trials)
    given = replace(fit.given, trials=rows_of_trials(moved, tuple(names[a] for a in present)), notes=())
    try:
        return fit_trials(
            given, None, method=fit.method, test="z", level=fit.level,
            tau2=fit.tau2 if fit.tau2_fixed else None, prediction=None,
        )  # fmt: skip
    except NeedlepointError:
        return None


def _sidde(fit: Network) -> tuple[NodeSplit, ...]:
    b = balance(fit.trials, fit.tau2)
    se = differences_se(b.covariance)
    head = direct_evidence(fit.trials, fit.tau2)
    splits: list[NodeSplit] = []
    for i, j in _direct_pairs(fit.trials):
        own = [t for t in fit.trials.trials if i in t.arms and j in t.arms]
        rest = tuple(t for t in fit.trials.trials if t not in own)
        direct = float(head.estimate[i, j]), float(head.se[i, j])
        without = _refit(fit, rest)
        indirect = None
        one, two = fit.treatments[i], fit.treatments[j]
        if without is not None and one in without.treatments and two in without.treatments:
            a, c = without.position(one), without.position(two)
            spread = differences_se(without.covariance)[a, c]
            indirect = float(without.effects[a] - without.effects[c]), float(spread)
        whole = float(b.effects[i] - b.effects[j]), float(se[i, j])
        splits.append(_split(fit, (i, j), whole, len(own), float(head.proportion[i, j]), direct, indirect))
    return tuple(splits)


def _full_refits(fit: Network) -> tuple[NodeSplit, ...]:
    b = balance(fit.trials, fit.tau2)
    se = differences_se(b.covariance)
    share = direct_evidence(fit.trials, fit.tau2).proportion
    splits: list[NodeSplit] = []
    for i, j in _direct_pairs(fit.trials):
        k = sum(i in t.arms and j in t.arms for t in fit.trials.trials)
        whole = float(b.effects[i] - b.effects[j]), float(se[i, j])
        found = _with_inconsistency(fit, i, j)
        if found is None:
            splits.append(_split(fit, (i, j), whole, k, float(share[i, j]), whole, None))
            continue
        beta, vb, tau2, at = found
        contrast = np.zeros(len(beta))
        for arm, sign in ((i, 1.0), (j, -1.0)):
            if at[arm] >= 0:
                contrast[at[arm]] = sign
        both = contrast.copy()
        both[-1] = 1.0
        direct = float(both @ beta), sqrt(float(both @ vb @ both))
        indirect = float(contrast @ beta), sqrt(float(contrast @ vb @ contrast))
        spread = sqrt(float(vb[-1, -1]))
        share_ij = float(share[i, j])
        splits.append(_split(fit, (i, j), whole, k, share_ij, direct, indirect, se=spread, tau2=tau2))
    return tuple(splits)


def _with_inconsistency(fit: Network, i: int, j: int) -> tuple[Matrix, Matrix, float, list[int]] | None:
    """Coefficients of the network with one for the direct comparison of i and j; None where it has no loop."""
    trials = fit.trials
    has = np.array([i in t.arms and j in t.arms for t in trials.trials])[trials.of]
    extra = np.where(has, 0.5 * (trials.Z[:, i] - trials.Z[:, j]), 0.0)
    reference = next(a for a in range(len(trials.treatments)) if a != i)
    others = [a for a in range(len(trials.treatments)) if a != reference]
    X = np.column_stack([trials.Z[:, others], extra])
    n, p = X.shape
    if np.linalg.matrix_rank(X) < p or n < p:
        return None
    at = [others.index(a) if a != reference else -1 for a in range(len(trials.treatments))]
    if n == p:
        inverse = np.linalg.inv(X)
        return inverse @ trials.y, (inverse * (trials.v + fit.tau2)) @ inverse.T, fit.tau2, at
    terms = tuple(f"x{c}" for c in range(p))
    inputs = Inputs(
        trials.y, trials.v, ("",) * n, Design(X, terms, None, False, tuple(range(p)), terms), None, None,
        np.arange(n), fit.measure, (), None, given=n,
    )  # fmt: skip
    tau2 = fit.tau2 if fit.tau2_fixed else None
    found = fit_inputs(inputs, method=fit.method, test="z", level=fit.level, tau2=tau2, prediction=None)
    return found.beta, found.vb, found.tau2, at


_METHODS: dict[str, Callable[[Network], tuple[NodeSplit, ...]]] = {
    "back-calculation": _back_calculation,
    "SIDDE": _sidde,
    "refit": _full_refits,
}
