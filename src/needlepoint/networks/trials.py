"""The trials of a network as independent rows: contrasts of multi-arm trials turned to where they do not correlate.

A trial of a arms says a - 1 things. With the covariance S of its contrasts with the first arm, and the heterogeneity
tau2 P of the same contrasts, P = (I + J) / 2, the generalised eigenvectors of (S, P) give a - 1 rows of variance
lambda_j + tau2, independent at every tau2. So a network is a meta-regression on treatments, and everything that
:func:`needlepoint.pool` knows of tau2, tests and intervals holds for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import log

import numpy as np

from needlepoint.arrays import Ints, Matrix, Vector
from needlepoint.errors import InputError

__all__ = ["Contrasts", "Trial", "Trials", "arrange", "rows_of_trials", "turned_arms"]

_ROUNDED = 0.35  # relative error of a standard error that rounding may explain
_COHERENT = 1e-9


@dataclass(frozen=True, slots=True)
class Contrasts:
    """Comparisons as they were given, one row each; every pair of arms of a multi-arm trial stands once."""

    study: tuple[str, ...]
    treat1: tuple[str, ...]
    treat2: tuple[str, ...]
    yi: Vector  # treat1 against treat2
    vi: Vector


@dataclass(frozen=True, slots=True)
class Trial:
    """One trial: its arms (positions of treatments), centred arm effects and half of their squared distances."""

    study: str
    arms: tuple[int, ...]
    y: Vector  # (a,): y[i] - y[j] is the effect of arm i against arm j
    v: Matrix  # (a, a): variance of that difference
    incoherence: float = 0.0  # weighted squares by which its contrasts do not add up

    @property
    def design(self) -> tuple[int, ...]:
        """The set of treatments compared."""
        return self.arms


@dataclass(frozen=True, slots=True)
class Trials:
    """All trials as independent rows of the treatment differences that they estimate."""

    treatments: tuple[str, ...]
    trials: tuple[Trial, ...]
    y: Vector  # (n,)
    v: Vector  # (n,): sampling variance of the row; heterogeneity adds tau2
    Z: Matrix  # (n, T): rows sum to zero
    of: Ints  # (n,): position of the row's trial
    log_jacobian: float  # what the turning of multi-arm trials adds to a log-likelihood
    notes: tuple[str, ...] = ()

    @property
    def incoherence(self) -> float:
        """Weighted squares by which contrasts of multi-arm trials do not add up."""
        return sum(t.incoherence for t in self.trials)


def arrange(contrasts: Contrasts, treatments: Sequence[str]) -> Trials:
    """Rows of the trials.

    Raises
    ------
    InputError
        A trial that is given twice, contrasts that are missing, covariances that no trial can have.
    """
    position = {name: i for i, name in enumerate(treatments)}
    members: dict[str, list[int]] = {}
    for row, name in enumerate(contrasts.study):
        members.setdefault(name, []).append(row)
    notes: list[str] = []
    trials = tuple(_trial(name, rows, contrasts, position, notes) for name, rows in members.items())
    return rows_of_trials(trials, tuple(treatments), tuple(notes))


def rows_of_trials(
    trials: tuple[Trial, ...], treatments: tuple[str, ...], notes: tuple[str, ...] = ()
) -> Trials:
    """The independent rows of ``trials``."""
    n = sum(len(t.arms) - 1 for t in trials)
    y, v, Z, of = np.empty(n), np.empty(n), np.zeros((n, len(treatments))), np.empty(n, dtype=np.intp)
    at, jacobian = 0, 0.0
    for i, trial in enumerate(trials):
        a = len(trial.arms)
        rows = slice(at, at + a - 1)
        of[rows] = i
        if a == 2:
            y[at], v[at] = trial.y[0] - trial.y[1], trial.v[0, 1]
            Z[at, trial.arms[0]], Z[at, trial.arms[1]] = 1.0, -1.0
        else:
            variances, turned = _turned(trial.v)
            y[rows], v[rows] = turned @ trial.y, variances
            Z[rows, list(trial.arms)] = turned
            jacobian -= 0.5 * (log(a) - (a - 1) * log(2.0))
        at += a - 1
    return Trials(treatments, trials, y, v, Z, of, jacobian, notes)


def turned_arms(trial: Trial) -> Matrix:
    """The combinations of a trial's arms that are its independent rows, (a - 1, a)."""
    return np.array([[1.0, -1.0]]) if len(trial.arms) == 2 else _turned(trial.v)[1]


def _turned(v: Matrix) -> tuple[Vector, Matrix]:
    """Variances and the combinations of arms (a - 1, a) that are independent at every tau2."""
    a = len(v)
    covariance = 0.5 * (v[0, 1:, None] + v[0, None, 1:] - v[1:, 1:])
    root = np.linalg.inv(np.linalg.cholesky(0.5 * (np.eye(a - 1) + 1.0)))
    variances, vectors = np.linalg.eigh(root @ covariance @ root.T)
    basic = vectors.T @ root
    turned = np.column_stack([-basic.sum(axis=1), basic])
    return np.asarray(variances, dtype=np.float64), np.asarray(turned, dtype=np.float64)


def _trial(name: str, rows: list[int], given: Contrasts, position: dict[str, int], notes: list[str]) -> Trial:
    pairs = [(given.treat1[r], given.treat2[r]) for r in rows]
    arms = sorted({position[t] for pair in pairs for t in pair})
    a = len(arms)
    seen: set[frozenset[str]] = set()
    for row, pair in zip(rows, pairs, strict=True):
        if frozenset(pair) in seen:
            raise InputError(
                f"the comparison {pair[0]} : {pair[1]} stands twice",
                field="study",
                study=name,
                got=f"row {row + 1}",
                mend="give each trial a name of its own, and each comparison once",
            )
        seen.add(frozenset(pair))
    place = {arm: i for i, arm in enumerate(arms)}
    effect, v = np.zeros((a, a)), np.zeros((a, a))
    for row, (one, two) in zip(rows, pairs, strict=True):
        i, j = place[position[one]], place[position[two]]
        effect[i, j], effect[j, i] = given.yi[row], -given.yi[row]
        v[i, j] = v[j, i] = given.vi[row]
    if a == 2:
        half = 0.5 * effect[0, 1]
        return Trial(name, tuple(arms), np.array([half, -half]), v)
    if len(pairs) < a * (a - 1) // 2:
        raise InputError(
            f"{a} arms need {a * (a - 1) // 2} comparisons; {len(pairs)} are given",
            field="study",
            study=name,
            mend="add the comparisons that are missing (their standard errors say how the arms correlate), "
            "or give the arms themselves",
        )
    v = _possible(v, name, notes)
    y, left = _coherent(effect, v)
    if left > _COHERENT:
        _say_incoherent(effect, y, v, name, notes)
    return Trial(name, tuple(arms), y, v, left if left > _COHERENT else 0.0)


def _gram(v: Matrix) -> Matrix:
    """Covariance of the centred arms: what the variances of differences say (classical scaling)."""
    a = len(v)
    centre = np.eye(a) - 1.0 / a
    return -0.5 * centre @ v @ centre


def _possible(v: Matrix, name: str, notes: list[str]) -> Matrix:
    """The variances themselves where some covariance has them, else those of the nearest one."""
    a = len(v)
    gram = _gram(v)
    if np.linalg.eigvalsh(gram + 1.0 / a)[0] > 1e-8 * v.max():
        return v
    arm = _arm_variances(v)
    best = arm[:, None] + arm[None, :]
    np.fill_diagonal(best, 0.0)
    away = np.abs(np.sqrt(best) / np.where(v > 0.0, np.sqrt(v), 1.0) - 1.0)
    np.fill_diagonal(away, 0.0)
    if arm.min() <= 0.0 or away.max() > _ROUNDED:
        raise InputError(
            f"no covariance of {a} arms has these standard errors",
            field="sei",
            study=name,
            got=", ".join(f"{x:.4g}" for x in np.sqrt(v[np.triu_indices(a, 1)])),
            mend="one of them is wrong: the longest may not exceed the sum of the two others of three arms",
        )
    notes.append(
        f"{name}: its standard errors do not fit together (rounded?); the nearest consistent ones were taken, "
        f"at most {away.max():.1%} from those given"
    )
    return best


def _arm_variances(v: Matrix) -> Vector:
    """Variances of independent arms whose sums come nearest, in relative terms, to those of the differences."""
    a = len(v)
    i, j = np.triu_indices(a, 1)
    design = np.zeros((len(i), a))
    design[np.arange(len(i)), i] = design[np.arange(len(i)), j] = 1.0
    scaled = design / v[i, j][:, None]
    floor = 1e-3 * v[i, j].min()
    arm = np.linalg.lstsq(scaled, np.ones(len(i)), rcond=None)[0]
    for _ in range(a):  # arms at the floor stay there, the others are fitted anew
        free = arm > floor
        if free.all():
            break
        rest = np.ones(len(i)) - scaled[:, ~free].sum(axis=1) * floor
        arm = np.full(a, floor)
        arm[free] = np.linalg.lstsq(scaled[:, free], rest, rcond=None)[0]
    return np.maximum(arm, floor)


def _coherent(effect: Matrix, v: Matrix) -> tuple[Vector, float]:
    """Arm effects by weighted least squares of all differences, and the weighted squares that are left."""
    a = len(v)
    laplacian = np.linalg.inv(_gram(v) + 1.0 / a) - 1.0 / a
    weights = -laplacian
    np.fill_diagonal(weights, 0.0)
    y = (_gram(v)) @ (weights * effect).sum(axis=1)
    left = effect - (y[:, None] - y[None, :])
    return y, 0.5 * float((weights * left * left).sum())


def _say_incoherent(effect: Matrix, y: Vector, v: Matrix, name: str, notes: list[str]) -> None:
    off = np.abs(effect - (y[:, None] - y[None, :])).max()
    if off > np.sqrt(v.max()):
        raise InputError(
            "the comparisons of this trial do not add up",
            field="yi",
            study=name,
            got=f"{off:.4g} from the nearest consistent effects",
            mend="of three arms A : C must be A : B plus B : C; check the signs and which treatment comes first",
        )
    notes.append(
        f"{name}: its comparisons do not add up (rounded?); effects at most {off:.2g} away were taken"
    )
