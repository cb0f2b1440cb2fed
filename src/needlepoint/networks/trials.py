"""Trials of a network: contrasts in, effects of independent directions out.

A trial of n arms gives n - 1 independent comparisons. Let V hold the variances of all its pairwise contrasts; the
centred covariance of its arms is C = -J V J / 2. Its eigenvectors u are contrasts of arms that do not covary, with
variance lambda each, and heterogeneity adds tau2 / 2 to every one (contrasts of a trial share half of tau2). So a trial
becomes n - 1 rows sqrt(2) u'y with variance 2 lambda + tau2: whatever is known of meta-regression holds for networks.
Rücker (2012), doi:10.1002/jrsm.1058; Rücker & Schwarzer (2014), doi:10.1002/sim.6236.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from math import sqrt
from typing import NamedTuple

import numpy as np

from needlepoint.arrays import Floats, Ints, Matrix, Vector
from needlepoint.errors import InputError

__all__ = ["Contrast", "Rows", "Trial", "make_trial", "rows_of_trials"]

_CONSISTENT = 1e-6  # relative difference below which rounding is not worth a word
_TOLERABLE = 0.1  # of a standard error: what rounding of effects may do


class Contrast(NamedTuple):
    """Effect of ``first`` against ``second`` in a trial, with its variance."""

    first: str
    second: str
    yi: float
    vi: float


@dataclass(frozen=True, slots=True)
class Trial:
    """One trial: its arms, their effects (up to a constant) and their centred covariance, (n,) and (n, n)."""

    label: str
    arms: tuple[str, ...]
    effects: Vector
    covariance: Matrix
    variances: Matrix  # of the pairwise contrasts
    notes: tuple[str, ...] = ()

    @property
    def design(self) -> str:
        """The set of treatments compared, as a name."""
        return ":".join(sorted(self.arms))


@dataclass(frozen=True, slots=True)
class Rows:
    """Independent rows of all trials: effects, variances, design over the treatments (N, T), and their trial."""

    yi: Vector
    vi: Vector
    arms: Matrix
    trial: Ints


def make_trial(label: str, contrasts: Sequence[Contrast]) -> Trial:
    """A trial from the contrasts of every pair of its arms.

    Rounded numbers of a trial with several arms rarely fit each other: the nearest effects and covariance that do are
    taken, with a note.

    Raises
    ------
    InputError
        A pair twice or missing, a treatment against itself, effects or variances that contradict each other.
    """
    arms = tuple(dict.fromkeys(arm for c in contrasts for arm in (c.first, c.second)))
    place = {arm: i for i, arm in enumerate(arms)}
    n = len(arms)
    y, V = np.full((n, n), np.nan), np.zeros((n, n))
    for c in contrasts:
        i, j = place[c.first], place[c.second]
        if i == j:
            raise InputError("a treatment is compared with itself", field="treat", study=label, got=c.first)
        if not np.isnan(y[i, j]):
            pair = f"{c.first} and {c.second}"
            mend = "give each pair of arms once; a trial reported twice needs two labels"
            raise InputError("a pair of arms stands twice", field="treat", study=label, got=pair, mend=mend)
        y[i, j], y[j, i], V[i, j], V[j, i] = c.yi, -c.yi, c.vi, c.vi
    for i, j in combinations(range(n), 2):
        if np.isnan(y[i, j]):
            raise InputError(
                f"a trial of {n} arms needs the contrasts of all {n * (n - 1) // 2} pairs",
                field="treat",
                study=label,
                got=f"none of {arms[i]} and {arms[j]}",
                mend="add it, or give the arms themselves",
            )
    np.fill_diagonal(y, 0.0)
    return _consistent(label, arms, y, V)


def _consistent(label: str, arms: tuple[str, ...], y: Matrix, V: Matrix) -> Trial:
    n = len(arms)
    J = np.eye(n) - 1.0 / n
    C = -0.5 * J @ V @ J
    values, vectors = np.linalg.eigh(C)
    order = np.argsort(np.abs(vectors.sum(axis=0)))  # the constant direction last
    values, vectors = values[order[: n - 1]], vectors[:, order[: n - 1]]
    if values.min() <= 1e-12 * values.max():
        raise InputError(
            "the standard errors of this trial's contrasts contradict each other: no arms have them",
            field="sei",
            study=label,
            mend="check them, or give the arms themselves",
        )
    W = -(vectors / values) @ vectors.T  # weights of the pairs: minus the Laplacian
    np.fill_diagonal(W, 0.0)
    effects = (vectors / values) @ vectors.T
    laplacian_y = (W * y).sum(axis=1)
    found = np.linalg.pinv(effects) @ laplacian_y
    found = found - found.mean()
    left = np.abs(y - (found[:, None] - found[None, :]))
    se = np.sqrt(np.where(V > 0, V, np.inf))
    if (left / se).max() > _TOLERABLE:
        i, j = np.unravel_index(int((left / se).argmax()), left.shape)
        raise InputError(
            "the effects of this trial do not add up",
            field="yi",
            study=label,
            got=f"{arms[i]} against {arms[j]}: {y[i, j]:.4g}, by the others {found[i] - found[j]:.4g}",
            mend="check signs and directions, or give the arms themselves",
        )
    d = np.diag(C)
    apart = np.abs(d[:, None] + d[None, :] - 2 * C - V)
    notes: tuple[str, ...] = ()
    if left.max() > _CONSISTENT * se[np.isfinite(se)].max() or apart.max() > _CONSISTENT * V.max():
        notes = (
            f"{label}: the contrasts do not quite fit each other (rounding); the nearest that do are taken",
        )
    return Trial(label, arms, found, C, V, notes)


def rows_of_trials(trials: Sequence[Trial], treatments: Sequence[str]) -> Rows:
    """The trials as independent rows; see the head of the file."""
    place = {name: j for j, name in enumerate(treatments)}
    yi: list[float] = []
    vi: list[float] = []
    index: list[int] = []
    arms: list[Floats] = []
    for t, trial in enumerate(trials):
        columns = [place[arm] for arm in trial.arms]
        for value, vector in _directions(trial):
            row = np.zeros(len(treatments))
            row[columns] = sqrt(2.0) * vector
            arms.append(row)
            yi.append(float(sqrt(2.0) * vector @ trial.effects))
            vi.append(2.0 * value)
            index.append(t)
    return Rows(np.array(yi), np.array(vi), np.array(arms), np.array(index, dtype=np.intp))


def _directions(trial: Trial) -> list[tuple[float, Vector]]:
    n = len(trial.arms)
    if n == 2:
        return [(0.5 * float(trial.variances[0, 1]), np.array([1.0, -1.0]) / sqrt(2.0))]
    # within the centred space only: eigh of the whole would mix the constant with small variances
    basis = np.linalg.qr(np.column_stack([np.ones(n), np.eye(n)[:, : n - 1]]))[0][:, 1:]
    values, vectors = np.linalg.eigh(basis.T @ trial.covariance @ basis)
    return [(float(v), basis @ u) for v, u in zip(values, vectors.T, strict=True)]
