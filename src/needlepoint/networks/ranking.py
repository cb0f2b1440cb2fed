"""Ranking with its uncertainty: P-scores, rank probabilities, which treatments cannot be told apart."""

from __future__ import annotations

from dataclasses import field
from math import erfc, sqrt
from typing import Any, Literal

import numpy as np

from needlepoint.arrays import Bools, Matrix
from needlepoint.errors import InputError
from needlepoint.networks.laplacian import balance
from needlepoint.networks.result import Network, differences_se, only_networks, relative_effects
from needlepoint.options import check
from needlepoint.result import Result, record, rows_of

__all__ = ["Better", "Ranking", "Rankogram", "p_scores", "rankogram"]

Better = Literal["lower", "higher"]


@record
class Ranking(Result):
    """P-scores (0 to 1, higher is better), in the order of ``treatments``, and what they do not say.

    ``better`` (T, T): probability that the row's treatment is better than the column's by more than the minimal
    important difference. ``separated`` names the pairs (better, worse) whose interval excludes no difference; the
    treatments between which there is none ``cannot_be_told_apart``: the largest such sets.
    """

    measure: str
    direction: str
    minimal_difference: float
    treatments: tuple[str, ...]
    p_score: tuple[float, ...]
    separated: tuple[tuple[str, str], ...]
    cannot_be_told_apart: tuple[tuple[str, ...], ...]
    covers: tuple[tuple[str, str], ...]
    better: Matrix = field(repr=False)

    @property
    def order(self) -> tuple[str, ...]:
        """Treatments by P-score, best first."""
        best = sorted(range(len(self.treatments)), key=lambda i: -self.p_score[i])
        return tuple(self.treatments[i] for i in best)

    @property
    def best(self) -> str | None:
        """The treatment that is separated from all others; None where the data single out none."""
        for one in self.treatments:
            if all((one, other) in self.separated for other in self.treatments if other != one):
                return one
        return None

    def tidy(self) -> list[dict[str, Any]]:
        """One row a treatment, best first."""
        rows = rows_of(self, ("treatments", "p_score"))
        named = [{"treatment": r["treatments"], "p_score": r["p_score"]} for r in rows]
        for row in named:
            row["better_than"] = [b for a, b in self.separated if a == row["treatment"]]
        return sorted(named, key=lambda r: -r["p_score"])

    def summary(self) -> str:
        """Text for people: never an order without what it cannot separate."""
        width = max(map(len, self.treatments))
        lines = [
            f"{row['treatment']:<{width}}  P-score {row['p_score']:.3f}"
            + (f"  better than {', '.join(row['better_than'])}" if row["better_than"] else "")
            for row in self.tidy()
        ]
        if self.best is None:
            lines.append("no treatment is separated from all others: the data do not single out a best one")
        lines += [f"cannot be told apart: {', '.join(group)}" for group in self.cannot_be_told_apart]
        return "\n".join([*lines, *(f"note: {note}" for note in self.notes)])


def p_scores(fit: Network, *, better: Better, minimal_difference: float = 0.0) -> Ranking:
    """P-scores, with a minimal important difference if one is given, and which treatments the data separate.

    A P-score is the mean probability of being better than another treatment; it equals SUCRA (Rücker & Schwarzer
    2015, doi:10.1186/s12874-015-0060-8); with a minimal difference Mavridis et al. (2020), doi:10.1002/sim.8450.
    "Separated" is judged by the intervals of the fit's own test.

    Parameters
    ----------
    better
        Whether "lower" or "higher" values of the effect are better for people.
    minimal_difference
        On the analysis scale; only differences beyond it count.

    Raises
    ------
    InputError
        A direction that is not one, a negative difference.

    >>> from needlepoint import network
    >>> fit = network(study=["1", "2", "3"], treat1=["A", "A", "B"], treat2=["B", "C", "C"], yi=[1.0, 2.0, 1.0],
    ...               sei=[0.5, 0.5, 0.5], method="EE", test="z")
    >>> p_scores(fit, better="higher").order
    ('A', 'B', 'C')
    """
    only_networks(fit, "p_scores()")
    check(better, Better, field="better")
    if not 0.0 <= minimal_difference < float("inf"):
        raise InputError(
            "a minimal important difference is a size", field="minimal_difference", got=minimal_difference
        )
    sign = 1.0 if better == "higher" else -1.0
    b = balance(fit.trials, fit.tau2)
    probabilities = better_probabilities(
        sign * (b.effects[:, None] - b.effects[None, :]) - minimal_difference, differences_se(b.covariance)
    )
    size = len(fit.treatments)
    r = relative_effects(fit)
    surely = (r.ci_low > 0.0) if better == "higher" else (r.ci_high < 0.0)
    np.fill_diagonal(surely, val=False)
    names = fit.treatments
    return Ranking(
        measure=fit.measure,
        direction=better,
        minimal_difference=minimal_difference,
        treatments=names,
        p_score=tuple((probabilities.sum(axis=1) / (size - 1)).tolist()),
        separated=tuple((names[i], names[j]) for i, j in np.argwhere(surely)),
        cannot_be_told_apart=tuple(tuple(names[i] for i in g) for g in _cliques(~(surely | surely.T))),
        covers=tuple((names[i], names[j]) for i, j in _covers(surely)),
        better=probabilities,
    )


def better_probabilities(difference: Matrix, se: Matrix) -> Matrix:
    """Normal probabilities that differences exceed zero; zero on the diagonal."""
    out = np.zeros_like(se)
    for i, j in zip(*np.nonzero(~np.eye(len(se), dtype=bool)), strict=True):
        out[i, j] = 0.5 * erfc(-difference[i, j] / (se[i, j] * sqrt(2.0)))
    return out


def _cliques(same: Bools) -> list[list[int]]:
    """Largest sets of two or more treatments none of which is separated from another (Bron & Kerbosch 1973)."""
    size = len(same)
    near = [{int(j) for j in np.flatnonzero(same[i]) if j != i} for i in range(size)]
    found: list[list[int]] = []

    def grow(chosen: list[int], candidates: set[int], done: set[int]) -> None:
        if len(found) >= _MOST_GROUPS:
            return
        if not candidates and not done:
            if len(chosen) > 1:
                found.append(sorted(chosen))
            return
        pivot = max(candidates | done, key=lambda v: len(near[v] & candidates))
        for v in sorted(candidates - near[pivot]):
            grow([*chosen, v], candidates & near[v], done & near[v])
            candidates = candidates - {v}
            done = done | {v}

    grow([], set(range(size)), set())
    return sorted(found)


_MOST_GROUPS = 200  # more sets than anybody reads


def _covers(surely: Bools) -> list[tuple[int, int]]:
    """Arrows of the Hasse diagram: pairs in order with nothing between (of the transitive closure)."""
    closed = surely.astype(bool)
    for m in range(len(closed)):
        closed = closed | (closed[:, m, None] & closed[None, m, :])
    between = (closed.astype(int) @ closed.astype(int)) > 0
    return [(int(i), int(j)) for i, j in np.argwhere(closed & ~between)]


@record
class Rankogram(Result):
    """Probability of every rank: ``probability`` (T, T), row a treatment, column a rank (first is best).

    ``error`` is the largest standard error of a probability by integration (0 where they are exact). ``sucra`` is
    exact.
    """

    direction: str
    treatments: tuple[str, ...]
    sucra: tuple[float, ...]
    mean_rank: tuple[float, ...]
    error: float
    probability: Matrix

    def tidy(self) -> list[dict[str, Any]]:
        """One row a treatment."""
        return rows_of(self, ("treatments", "sucra", "mean_rank", "probability"))


def rankogram(fit: Network, *, better: Better, points: int = 4096, seed: int = 1) -> Rankogram:
    """Rank probabilities of all treatments, normal theory at the fit's tau2.

    Two treatments are exact; more are integrated by randomly shifted lattices (Cranley & Patterson 1976,
    doi:10.1137/0713071): eight shifts tell the error.

    Raises
    ------
    InputError
        A direction that is not one.

    >>> from needlepoint import network
    >>> fit = network(study=["1", "2"], treat1=["A", "A"], treat2=["B", "B"], yi=[1.0, 1.0], sei=[1.0, 1.0],
    ...               method="EE", test="z")
    >>> rankogram(fit, better="higher").probability.round(4).tolist()
    [[0.9214, 0.0786], [0.0786, 0.9214]]
    """
    ranking = p_scores(fit, better=better)
    size = len(fit.treatments)
    if size == 2:
        first = ranking.better[0, 1]
        probability, error = np.array([[first, 1.0 - first], [1.0 - first, first]]), 0.0
    else:
        b = balance(fit.trials, fit.tau2)
        sign = 1.0 if better == "higher" else -1.0
        probability, error = rank_probabilities(sign * b.effects, b.covariance, points, seed)
    return Rankogram(
        direction=better,
        treatments=fit.treatments,
        sucra=ranking.p_score,
        mean_rank=tuple(size - (size - 1) * s for s in ranking.p_score),
        error=error,
        probability=probability,
    )


_SHIFTS = 8


def rank_probabilities(mean: Matrix, covariance: Matrix, points: int, seed: int) -> tuple[Matrix, float]:
    """Probabilities of ranks of normal effects (higher is better) and their largest standard error."""
    each = shifted_rank_probabilities(mean, covariance, points, seed)
    return each.mean(axis=0), float(each.std(axis=0, ddof=1).max() / sqrt(_SHIFTS))


def shifted_rank_probabilities(mean: Matrix, covariance: Matrix, points: int, seed: int) -> Matrix:
    """Probabilities of ranks of normal effects by each of the shifted lattices, (shifts, T, T)."""
    from scipy.special import ndtri

    size = len(mean)
    values, vectors = np.linalg.eigh(covariance)
    kept = values > 1e-12 * values[-1]
    root = vectors[:, kept] * np.sqrt(values[kept])
    generator = np.sqrt(np.array(_primes(root.shape[1]), dtype=float))
    lattice = np.outer(np.arange(1, points + 1), generator)
    shifts = np.random.default_rng(seed).random((_SHIFTS, root.shape[1]))
    estimates = np.empty((_SHIFTS, size, size))
    for s, shift in enumerate(shifts):
        u = np.abs(2.0 * ((lattice + shift) % 1.0) - 1.0)  # the baker's transformation
        effects = mean + ndtri(np.clip(u, 1e-15, 1.0 - 1e-15)) @ root.T
        order = np.argsort(-effects, axis=1)
        for rank in range(size):
            estimates[s, :, rank] = np.bincount(order[:, rank], minlength=size) / points
    return estimates


def _primes(count: int) -> list[int]:
    found: list[int] = []
    n = 2
    while len(found) < count:
        if all(n % p for p in found):
            found.append(n)
        n += 1
    return found
