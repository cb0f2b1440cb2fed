"""Which treatments lead: P-scores and rank probabilities, never without their uncertainty."""

from __future__ import annotations

from dataclasses import field
from itertools import combinations
from typing import Any

import numpy as np

from needlepoint.arrays import Matrix
from needlepoint.errors import InputError
from needlepoint.networks.result import Network
from needlepoint.options import check
from needlepoint.result import Result, record
from needlepoint.stats.distributions import normal_cdf, normal_quantile

__all__ = ["Ranking", "ranking"]


@record
class Ranking(Result):
    """Treatments by P-score, the mean certainty of being better than the others.

    ``p_score`` counts any advantage, ``p_score_important`` one of at least ``difference``. ``better`` (T, T) holds the
    probabilities that the row's treatment is better than the column's; ``rank_probability`` (T, T) that a treatment
    (row) has a rank (column), with Monte Carlo error ``rank_error``; ``inseparable`` are the pairs whose intervals
    hold no difference.
    """

    treatments: tuple[str, ...]
    small_values: str
    difference: float
    p_score: tuple[float, ...]
    p_score_important: tuple[float, ...] | None
    expected_rank: tuple[float, ...]
    rank_error: float
    inseparable: tuple[tuple[str, str], ...]
    better: Matrix = field(repr=False)
    rank_probability: Matrix = field(repr=False)

    def tidy(self) -> list[dict[str, Any]]:
        """One row a treatment, the highest P-score first."""
        rows: list[dict[str, Any]] = []
        for i in np.argsort([-p for p in self.p_score], kind="stable"):
            apart = [
                b if a == self.treatments[i] else a
                for a, b in self.inseparable
                if self.treatments[i] in (a, b)
            ]
            rows.append(
                {
                    "treatment": self.treatments[i],
                    "p_score": self.p_score[i],
                    "p_score_important": None
                    if self.p_score_important is None
                    else self.p_score_important[i],
                    "expected_rank": self.expected_rank[i],
                    "best": float(self.rank_probability[i, 0]),
                    "not_told_apart_from": ", ".join(apart),
                }
            )
        return rows


def ranking(
    fit: Network,
    *,
    small_values: str = "desirable",
    difference: float = 0.0,
    draws: int = 20_000,
    seed: int = 1,
) -> Ranking:
    """P-scores, expected ranks and rank probabilities.

    P-scores, the probabilities of being better and the expected ranks are exact sums of normal probabilities; the
    rank probabilities are drawn from the joint normal distribution of the effects.

    Parameters
    ----------
    fit
        What :func:`needlepoint.network` gave.
    small_values
        "desirable" (less pain) or "undesirable" (more response).
    difference
        The smallest difference that matters, on the analysis scale.

    Raises
    ------
    InputError
        An unknown direction, a negative difference.

    References
    ----------
    Rücker & Schwarzer (2015), doi:10.1186/s12874-015-0060-8; with an important difference: Mavridis et al. (2020),
    doi:10.1002/jrsm.1430.

    Examples
    --------
    >>> from needlepoint import network
    >>> trials = {"study": ["1", "2", "3"], "treat1": ["A", "A", "B"], "treat2": ["B", "C", "C"],
    ...           "yi": [-0.5, -0.9, -0.3], "sei": [0.2, 0.2, 0.2]}
    >>> [(row["treatment"], round(row["p_score"], 2)) for row in ranking(network(trials)).tidy()]
    [('A', 1.0), ('B', 0.49), ('C', 0.01)]
    """
    check(small_values, ("desirable", "undesirable"), field="small_values")
    if not difference >= 0:
        raise InputError("a difference that matters is not negative", field="difference", got=difference)
    sign = -1.0 if small_values == "desirable" else 1.0
    n = len(fit.treatments)
    better = _probability(sign * fit.estimate, fit.se, 0.0)
    important = _probability(sign * fit.estimate, fit.se, difference) if difference > 0 else None
    expected = 1.0 + (better.sum(axis=0) - 0.5)
    probability = _rank_probabilities(fit, sign, draws, seed)
    apart = [
        (fit.treatments[i], fit.treatments[j])
        for i, j in combinations(range(n), 2)
        if fit.ci_low[i, j] <= 0.0 <= fit.ci_high[i, j]
    ]
    return Ranking(
        notes=(
            f"rank probabilities from {draws} draws: an error of about {_error(draws):.3f}",
            "a rank says nothing of how far apart treatments are: read the pairs that cannot be told apart",
        ),
        treatments=fit.treatments,
        small_values=small_values,
        difference=difference,
        p_score=_scores(better),
        p_score_important=None if important is None else _scores(important),
        expected_rank=tuple(float(e) for e in expected),
        rank_error=_error(draws),
        inseparable=tuple(apart),
        better=better,
        rank_probability=probability,
    )


def _error(draws: int) -> float:
    return normal_quantile(0.975) * 0.5 / float(np.sqrt(draws))


def _probability(advantage: Matrix, se: Matrix, difference: float) -> Matrix:
    """That the row's treatment is better than the column's by more than ``difference``; one half on the diagonal."""
    with np.errstate(divide="ignore", invalid="ignore"):
        z = np.where(se > 0, (advantage - difference) / se, 0.0)
    return np.vectorize(normal_cdf)(z)


def _scores(better: Matrix) -> tuple[float, ...]:
    n = len(better)
    return tuple(float((better[i].sum() - better[i, i]) / (n - 1)) for i in range(n))


def _rank_probabilities(fit: Network, sign: float, draws: int, seed: int) -> Matrix:
    n = len(fit.treatments)
    values, vectors = np.linalg.eigh(fit.covariance)
    root = vectors * np.sqrt(np.maximum(values, 0.0))
    sample = fit.effects + np.random.default_rng(seed).standard_normal((draws, n)) @ root.T
    order = np.argsort(-sign * sample, axis=1, kind="stable")
    counts = np.zeros((n, n))
    for rank in range(n):
        counts[:, rank] = np.bincount(order[:, rank], minlength=n)
    return counts / draws
