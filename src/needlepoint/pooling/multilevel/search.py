"""The highest likelihood of a model with random terms: quasi-Newton from several starts, then the borders."""

from __future__ import annotations

from itertools import product

import numpy as np

from needlepoint.arrays import Matrix
from needlepoint.pooling.multilevel.block_gaussian import Marginal, State, evaluate
from needlepoint.pooling.multilevel.random_terms import STRUCTURES, Term, parameters, standard_deviations

__all__ = ["correlations_of", "held_at", "maximise"]

_LARGE = 400  # estimates in one block above which one start has to do
_FLAT = 1e-4  # slope, per unit of log standard deviation, at which a search counts as settled


def maximise(model: Marginal) -> tuple[Matrix, State, bool]:
    """Parameters at the highest likelihood found, the model there, and whether the slope has vanished."""
    scale = _spread(model)
    best: tuple[Matrix, State] | None = None
    for start in _starts(model, scale):
        found = _climb(model, start, scale)
        if found is not None and (best is None or found[1].value > best[1].value + 1e-9):
            best = found
    if best is None:
        raise np.linalg.LinAlgError("no start gives a positive definite covariance")
    theta, state = _at_borders(model, *best)
    return theta, state, bool((np.abs(state.gradient * theta) < _FLAT).all())


def _spread(model: Marginal) -> float:
    """Standard deviation of the estimates about ordinary least squares."""
    y = np.concatenate([b.y for b in model.blocks])
    X = np.concatenate([b.X for b in model.blocks])
    residual = y - X @ np.linalg.lstsq(X, y, rcond=None)[0]
    v = np.concatenate([b.V.diagonal() for b in model.blocks])
    return float(max(residual @ residual / max(len(y) - X.shape[1], 1), 0.01 * np.median(v))) ** 0.5


def _starts(model: Marginal, scale: float) -> list[Matrix]:
    """Equal shares of the variance, then each term with most of it; correlations low and high."""
    n = len(model.terms)
    shares = [[1.0 / n] * n] + [
        [0.9 if i == j else 0.1 / (n - 1) for i in range(n)] for j in range(n) if n > 1
    ]
    made = [
        np.concatenate([_start(t, scale * s**0.5, z) for t, s in zip(model.terms, share, strict=True)])
        for share, z in product(shares, (0.0, 2.0))
    ]
    if max(len(b.y) for b in model.blocks) > _LARGE:
        return made[:1]
    correlated = any(len(t.free) > 1 and STRUCTURES[t.structure].correlate is not None for t in model.terms)
    return made if correlated else made[::2]


def _start(term: Term, sd: float, z: float) -> Matrix:
    m, count = len(term.free), parameters(term)
    if term.structure == "UN":
        root = np.linalg.cholesky(sd * sd * (np.eye(m) * 0.7 + 0.3))
        return np.asarray(root[np.tril_indices(m)], dtype=np.float64)
    sds = standard_deviations(term)
    return np.array([sd] * sds + [z] * (count - sds))


def _climb(
    model: Marginal, start: Matrix, scale: float, held: tuple[int, ...] = (), rounds: int = 3
) -> tuple[Matrix, State] | None:
    """The top reached from ``start``, parameters at positions ``held`` staying where they are."""
    from scipy.optimize import minimize

    unit = np.full(len(start), scale)
    unit[correlations_of(model)] = 1.0
    free = [i for i in range(len(start)) if i not in held]
    theta = start.copy()

    def downhill(x: Matrix) -> tuple[float, Matrix]:
        theta[free] = x * unit[free]
        try:
            state = evaluate(model, theta)
        except np.linalg.LinAlgError:
            return 1e300, np.zeros_like(x)
        return -state.value, -(state.gradient * unit)[free]

    x = start[free] / unit[free]
    for _ in range(rounds if free else 0):
        x = minimize(downhill, x, jac=True, method="BFGS", options={"gtol": 1e-7, "maxiter": 500}).x
    theta[free] = x * unit[free]
    try:
        return theta.copy(), evaluate(model, theta)
    except np.linalg.LinAlgError:
        return None


def held_at(model: Marginal, theta: Matrix, position: int, value: float) -> tuple[Matrix, float]:
    """The highest log-likelihood with one parameter held at ``value``, searched from ``theta``."""
    scale = _spread(model)
    here = theta.copy()
    here[position] = value
    correlations = set(correlations_of(model))
    away = here.copy()  # a standard deviation of zero has no slope: start above it
    for i in range(len(theta)):
        if i != position and i not in correlations and abs(theta[i]) < 0.05 * scale:
            away[i] = 0.3 * scale
    starts = [here] if np.array_equal(here, away) else [here, away]
    found = [done for start in starts if (done := _climb(model, start, scale, (position,), 1)) is not None]
    if not found:
        return here, -np.inf
    best = max(found, key=lambda done: done[1].value)
    return best[0], best[1].value


def correlations_of(model: Marginal) -> list[int]:
    """Positions of the parameters that stand for correlations."""
    found: list[int] = []
    at = 0
    for term in model.terms:
        count = parameters(term)
        sds = standard_deviations(term)
        if term.structure != "UN":
            found.extend(range(at + sds, at + count))
        at += count
    return found


def _at_borders(model: Marginal, theta: Matrix, state: State) -> tuple[Matrix, State]:
    """Standard deviations that the search leaves at next to nothing are zero, where that is no worse."""
    correlations = set(correlations_of(model))
    for i in range(len(theta)):
        if i in correlations:
            continue
        tried = theta.copy()
        tried[i] = 0.0
        at_zero = evaluate(model, tried)
        if at_zero.value >= state.value - 1e-10:
            theta, state = tried, at_zero
    return theta, state
