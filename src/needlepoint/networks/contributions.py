"""Where a network's estimate comes from: hat matrix, evidence flow, contributions of comparisons and trials."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import field
from itertools import combinations
from typing import Any, Literal

import numpy as np

from needlepoint.arrays import Matrix, Vector
from needlepoint.networks.laplacian import balance, edge_weights
from needlepoint.networks.node_splitting import direct_evidence
from needlepoint.networks.result import Network, only_networks
from needlepoint.networks.trials import Trials
from needlepoint.options import check
from needlepoint.result import Result, record

__all__ = ["Contributions", "contributions", "hat_matrix"]

ContributionMethod = Literal["randomwalk", "shortestpath"]
_NOTHING = 1e-10


@record
class Contributions(Result):
    """Share of every direct comparison (columns) and trial in every network estimate (rows); rows sum to one.

    ``flow`` is the signed evidence flow (the hat matrix of aggregated comparisons). ``direct`` is the share of direct
    evidence in the estimate's precision, ``mean_path`` the mean length of the paths that the evidence takes,
    ``parallelism`` the smallest number of independent paths (König, Krahn & Binder 2013, doi:10.1002/sim.6001).
    """

    method: str
    pairs: tuple[tuple[str, str], ...]
    comparisons: tuple[tuple[str, str], ...]
    studies: tuple[str, ...]
    direct: tuple[float, ...]
    mean_path: tuple[float, ...]
    parallelism: tuple[float, ...]
    share: Matrix = field(repr=False)
    flow: Matrix = field(repr=False)
    study_share: Matrix = field(repr=False)

    def of(self, treatment: str, comparator: str) -> dict[tuple[str, str], float]:
        """Shares of the direct comparisons in one network estimate, largest first.

        Raises
        ------
        KeyError
            No such pair.
        """
        row = self.share[_index(self.pairs, treatment, comparator)]
        found = {c: float(x) for c, x in zip(self.comparisons, row, strict=True) if x > _NOTHING}
        return dict(sorted(found.items(), key=lambda item: -item[1]))

    def of_studies(self, treatment: str, comparator: str) -> dict[str, float]:
        """Shares of the trials in one network estimate, largest first.

        Raises
        ------
        KeyError
            No such pair.
        """
        row = self.study_share[_index(self.pairs, treatment, comparator)]
        found = {s: float(x) for s, x in zip(self.studies, row, strict=True) if x > _NOTHING}
        return dict(sorted(found.items(), key=lambda item: -item[1]))

    def tidy(self) -> list[dict[str, Any]]:
        """One row a network estimate and a direct comparison that it draws on."""
        return [
            {"treatment": a, "comparator": b, "direct1": c, "direct2": d, "share": float(x)}
            for (a, b), row in zip(self.pairs, self.share, strict=True)
            for (c, d), x in zip(self.comparisons, row, strict=True)
            if x > _NOTHING
        ]


def _index(pairs: tuple[tuple[str, str], ...], one: str, two: str) -> int:
    for at, pair in enumerate(pairs):
        if set(pair) == {one, two}:
            return at
    raise KeyError((one, two))


def hat_matrix(
    trials: Trials, tau2: float
) -> tuple[Matrix, list[tuple[int, int]], list[tuple[int, int]], Matrix]:
    """Hat matrix (pairs x direct comparisons) with the weights of the comparisons aggregated over trials.

    Davies, Papakonstantinou et al. (2022), doi:10.1002/sim.9346. Also the pairs, the comparisons, and each trial's
    weight in each comparison (trials x comparisons).
    """
    b = balance(trials, tau2)
    size = len(trials.treatments)
    pairs = list(combinations(range(size), 2))
    edges = sorted({pair for t in trials.trials for pair in combinations(t.arms, 2)})
    column = {edge: c for c, edge in enumerate(edges)}
    by_trial = np.zeros((len(trials.trials), len(edges)))
    w = 1.0 / (trials.v + tau2)
    for row, i in enumerate(trials.of):
        z = trials.Z[row]
        for p, q in combinations(trials.trials[i].arms, 2):
            by_trial[i, column[p, q]] -= w[row] * z[p] * z[q]
    weights = edge_weights(b.laplacian)[tuple(np.array(edges).T)]
    incidence = np.zeros((len(edges), size))
    for c, (p, q) in enumerate(edges):
        incidence[c, p], incidence[c, q] = 1.0, -1.0
    wanted = np.zeros((len(pairs), size))
    for r, (p, q) in enumerate(pairs):
        wanted[r, p], wanted[r, q] = 1.0, -1.0
    return wanted @ b.covariance @ (incidence.T * weights), pairs, edges, by_trial


def contributions(fit: Network, *, method: ContributionMethod = "randomwalk") -> Contributions:
    """Contribution of every direct comparison and every trial to every network estimate.

    Parameters
    ----------
    method
        "randomwalk": all paths of the evidence flow, by their probabilities (Davies et al. 2022,
        doi:10.1002/sim.9346). "shortestpath": paths taken off the flow from the shortest on (Papakonstantinou et al.
        2018, doi:10.12688/f1000research.14770.3).

    >>> from needlepoint import network
    >>> fit = network(study=["1", "2", "3"], treat1=["A", "A", "B"], treat2=["B", "C", "C"], yi=[1.0, 2.5, 1.0],
    ...               sei=[0.5, 0.5, 0.5], method="EE", test="z")
    >>> {pair: round(x, 4) for pair, x in contributions(fit).of("A", "B").items()}
    {('A', 'B'): 0.6667, ('A', 'C'): 0.1667, ('B', 'C'): 0.1667}
    """
    only_networks(fit, "contributions()")
    check(method, ContributionMethod, field="method")
    trials, names = fit.trials, fit.treatments
    hat, pairs, edges, by_trial = hat_matrix(trials, fit.tau2)
    split = _METHODS[method]
    share = np.array([split(row, edges, pair) for row, pair in zip(hat, pairs, strict=True)])
    positive = np.maximum(by_trial, 0.0)
    total = positive.sum(axis=0)
    proportion = direct_evidence(trials, fit.tau2).proportion
    return Contributions(
        method=method,
        pairs=tuple((names[a], names[b]) for a, b in pairs),
        comparisons=tuple((names[a], names[b]) for a, b in edges),
        studies=tuple(t.study for t in trials.trials),
        direct=tuple(float(proportion[pair]) for pair in pairs),
        mean_path=tuple(np.abs(hat).sum(axis=1).tolist()),
        parallelism=tuple((1.0 / np.abs(hat).max(axis=1)).tolist()),
        share=share,
        flow=hat,
        study_share=share @ np.divide(positive, total, out=np.zeros_like(positive), where=total > 0.0).T,
    )


def _graph(row: Vector, edges: list[tuple[int, int]]) -> dict[int, dict[int, tuple[int, float]]]:
    """The flow as an acyclic graph: node -> next node -> (comparison, flow)."""
    graph: dict[int, dict[int, tuple[int, float]]] = {}
    for c, (p, q) in enumerate(edges):
        f = float(row[c])
        if abs(f) > _NOTHING:
            start, end = (p, q) if f > 0.0 else (q, p)
            graph.setdefault(start, {})[end] = (c, abs(f))
    return graph


def _random_walk(row: Vector, edges: list[tuple[int, int]], pair: tuple[int, int]) -> Vector:
    """Sum over paths of probability over length, by the lengths of the ways there and on from each comparison."""
    graph, (source, sink) = _graph(row, edges), pair
    order = _topological(graph, source)
    steps = len(order) + 1
    there: dict[int, Vector] = {node: np.zeros(steps) for node in order}
    there[source][0] = 1.0
    out = {node: sum(f for _, f in graph.get(node, {}).values()) for node in order}
    for node in order:
        for end, (_, f) in graph.get(node, {}).items():
            there[end][1:] += there[node][:-1] * (f / out[node])
    onwards: dict[int, Vector] = {node: np.zeros(steps) for node in order}
    onwards[sink][0] = 1.0
    for node in reversed(order):
        for end, (_, f) in graph.get(node, {}).items():
            onwards[node][1:] += onwards[end][:-1] * (f / out[node])
    share = np.zeros(len(edges))
    lengths = 1.0 / (np.arange(steps)[:, None] + np.arange(steps)[None, :] + 1.0)
    for node in order:
        for end, (c, f) in graph.get(node, {}).items():
            share[c] += float(there[node] @ lengths @ onwards[end]) * (f / out[node])
    return share


def _topological(graph: dict[int, dict[int, tuple[int, float]]], source: int) -> list[int]:
    seen: set[int] = set()
    order: list[int] = []

    def visit(node: int) -> None:
        seen.add(node)
        for end in graph.get(node, {}):
            if end not in seen:
                visit(end)
        order.append(node)

    visit(source)
    return order[::-1]


def _shortest_path(row: Vector, edges: list[tuple[int, int]], pair: tuple[int, int]) -> Vector:
    graph, (source, sink) = _graph(row, edges), pair
    share = np.zeros(len(edges))
    while True:
        path = _breadth_first(graph, source, sink)
        if path is None:
            return share
        flow = min(graph[a][b][1] for a, b in path)
        for a, b in path:
            c, f = graph[a][b]
            share[c] += flow / len(path)
            if f - flow > _NOTHING:
                graph[a][b] = (c, f - flow)
            else:
                del graph[a][b]


def _breadth_first(
    graph: dict[int, dict[int, tuple[int, float]]], source: int, sink: int
) -> list[tuple[int, int]] | None:
    before: dict[int, int] = {}
    queue = deque([source])
    while queue:
        node = queue.popleft()
        if node == sink:
            path: list[tuple[int, int]] = []
            while node != source:
                path.append((before[node], node))
                node = before[node]
            return path[::-1]
        for end in sorted(graph.get(node, {})):
            if end not in before and end != source:
                before[end] = node
                queue.append(end)
    return None


_METHODS: dict[str, Callable[[Vector, list[tuple[int, int]], tuple[int, int]], Vector]] = {
    "randomwalk": _random_walk,
    "shortestpath": _shortest_path,
}
