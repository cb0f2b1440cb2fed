"""Maximum likelihood of the count models: score and observed information by quadrature, Newton's method.

For every given size of the random effects the log-likelihood is concave in all other parameters (Prekopa 1973:
integrating a log-concave function leaves it log-concave). So a grid over that size, each point climbed from the last,
is a global search; Newton's method on everything then finishes from the best points.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from needlepoint.arrays import Vector
from needlepoint.pooling.counts.glmm.families import Family
from needlepoint.pooling.counts.glmm.quadrature import Integral, Points, integrate, points
from needlepoint.pooling.kernels.least_squares import pivots

__all__ = ["Fit", "Model", "State", "climb", "evaluate", "refine", "start_state"]

MAX_STEPS = 100
MAX_HALVINGS = 12  # a step that must be shorter yet says that the points are too few for the score
LAST_GAIN = 1e-9  # Newton's steps square their error: one that promises less than this is the last
_FLOOR = 1e-8  # of the largest curvature: none counts as smaller
RUNAWAY = 30.0  # a standard deviation beyond this on the log scale: the likelihood climbs for ever
LADDERS = {1: (15, 25, 41, 65, 301, 1001), 2: (15, 25, 41, 65, 151)}  # points a dimension


@dataclass(frozen=True, slots=True)
class Model:
    """Arms of k studies: eta = offset_ij + alpha_i a_j + X_ij beta + C_j L z.

    ``X`` (k, J, p); ``nuisance`` a_j (J,) or None when there is no alpha; ``C`` (J, d); ``slots`` says which
    entries of the lower triangular L are parameters, and ``roles`` what each is: "sigma" (studies), "tau"
    (treatment effects) or "cross" (between the two).
    """

    family: Family
    X: Vector
    C: Vector
    slots: tuple[tuple[int, int], ...]
    roles: tuple[str, ...] = ("tau",)
    nuisance: Vector | None = None
    offset: Vector | None = None

    @property
    def d(self) -> int:
        """Dimension of the random effects."""
        return self.C.shape[1]

    def only(self, *columns: int) -> Model:
        """The same model with the random effects of these columns of C, uncorrelated."""
        kept = [self.roles[self.slots.index((c, c))] for c in columns]
        slots = tuple((i, i) for i in range(len(columns)))
        return replace(self, C=self.C[:, list(columns)], slots=slots, roles=tuple(kept))


class State(NamedTuple):
    """Parameter values: nuisance alpha (k,), beta (p,), entries of L (s,), and the modes of z (k, d)."""

    alpha: Vector
    beta: Vector
    scale: Vector
    modes: Vector


class Evaluation(NamedTuple):
    """Log-likelihood, score and observed information, the nuisance parameters eliminated.

    ``per_alpha`` keeps what turns a step of the others into a step of alpha.
    """

    log_likelihood: float
    score: Vector
    information: Vector
    per_alpha: tuple[Vector, Vector, Vector] | None
    modes: Vector


@dataclass(frozen=True, slots=True)
class Fit:
    """A maximum: the state, its log-likelihood, information, and how the quadrature did."""

    state: State
    log_likelihood: float
    information: Vector
    n_points: int
    quadrature_error: float
    converged: bool
    per_alpha: tuple[Vector, Vector, Vector] | None = None


def start_state(model: Model, alpha: Vector | None = None, beta: Vector | None = None) -> State:
    """A state without random effects."""
    k, _, p = model.X.shape
    return State(
        np.zeros(k) if alpha is None else alpha,
        np.zeros(p) if beta is None else beta,
        np.zeros(len(model.slots)),
        np.zeros((k, model.d)),
    )


def _lower(model: Model, scale: Vector) -> Vector:
    L = np.zeros((model.d, model.d))
    for (row, column), value in zip(model.slots, scale, strict=True):
        L[row, column] = value
    return L


def _integral(model: Model, state: State, rule: Points) -> tuple[Integral, Vector]:
    base = model.X @ state.beta
    if model.nuisance is not None:
        base = base + state.alpha[:, None] * model.nuisance
    if model.offset is not None:
        base = base + model.offset
    return integrate(model.family, base, model.C @ _lower(model, state.scale), rule, state.modes)


def _fixed_design(model: Model) -> Vector:
    """How eta changes with the parameters that are not in L, the nuisance parameter first: (k, J, m)."""
    if model.nuisance is None:
        return model.X
    k, J, _ = model.X.shape
    return np.concatenate([np.broadcast_to(model.nuisance[:, None], (k, J, 1)), model.X], axis=2)


def _scores(model: Model, D: Vector, found: Integral, *, free_scale: bool) -> Vector:
    """Score at every quadrature point, (k, Q, r)."""
    residual = found.residual.transpose(0, 2, 1)
    fixed = residual @ D
    if not free_scale:
        return fixed
    rows, columns = [row for row, _ in model.slots], [column for _, column in model.slots]
    return np.concatenate([fixed, (residual @ model.C)[:, :, rows] * found.z[:, :, columns]], axis=2)


def _complete(model: Model, D: Vector, found: Integral, *, free_scale: bool) -> Vector:
    """Expected information if the random effects were seen, (k, r, r)."""
    weight = found.weights[:, None, :] * found.variance
    fixed = (D * weight.sum(axis=2)[:, :, None]).transpose(0, 2, 1) @ D
    if not free_scale:
        return fixed
    k, m = D.shape[0], D.shape[2]
    rows, columns = [row for row, _ in model.slots], [column for _, column in model.slots]
    once = weight @ found.z  # (k, J, d)
    twice = weight @ (found.z[:, :, columns, None] * found.z[:, :, None, columns]).reshape(
        *found.z.shape[:2], -1
    )
    C = model.C[:, rows]
    s = len(rows)
    information = np.empty((k, m + s, m + s))
    information[:, :m, :m] = fixed
    information[:, :m, m:] = D.transpose(0, 2, 1) @ (once[:, :, columns] * C)
    information[:, m:, :m] = information[:, :m, m:].transpose(0, 2, 1)
    products = (C[:, :, None] * C[:, None, :]).reshape(-1, s * s)
    information[:, m:, m:] = (twice * products).sum(axis=1).reshape(k, s, s)
    return information


def evaluate(model: Model, state: State, rule: Points, *, free_scale: bool) -> Evaluation:
    """Log-likelihood, score (Fisher's identity) and observed information (Louis 1982) at a state."""
    found, mode = _integral(model, state, rule)
    D = _fixed_design(model)
    G = _scores(model, D, found, free_scale=free_scale)
    score = (found.weights[:, None, :] @ G)[:, 0]
    centred = G - score[:, None, :]
    missing = (centred * found.weights[:, :, None]).transpose(0, 2, 1) @ centred
    information = _complete(model, D, found, free_scale=free_scale) - missing
    log_likelihood = float(found.log_likelihood.sum())
    if model.nuisance is None:
        return Evaluation(log_likelihood, score.sum(axis=0), information.sum(axis=0), None, mode)
    a, b = information[:, 0, 0], information[:, 0, 1:]
    a = np.maximum(a, 1e-12)
    reduced = information[:, 1:, 1:].sum(axis=0) - np.einsum("k,kr,ks->rs", 1.0 / a, b, b)
    rest = score[:, 1:].sum(axis=0) - (score[:, 0] / a) @ b
    return Evaluation(log_likelihood, rest, reduced, (score[:, 0], a, b), mode)


def _step(found: Evaluation, held: tuple[int, ...]) -> Vector:
    """Newton's step, uphill also where the information is not positive; parameters that are held do not move."""
    if not held:
        lengths = pivots(found.information.tolist())
        if min(lengths) > _FLOOR * max(1.0, *lengths):
            return np.asarray(np.linalg.solve(found.information, found.score), dtype=np.float64)
    step = np.zeros_like(found.score)
    free = [i for i in range(len(step)) if i not in held]
    if not free:
        return step
    values, vectors = np.linalg.eigh(found.information[np.ix_(free, free)])
    floor = _FLOOR * max(1.0, float(np.abs(values).max()))
    step[free] = vectors @ ((vectors.T @ found.score[free]) / np.maximum(np.abs(values), floor))
    return step


def _moved(state: State, step: Vector, alpha_step: Vector, p: int, modes: Vector) -> State:
    scale = state.scale + step[p:] if len(step) > p else state.scale
    return State(state.alpha + alpha_step, state.beta + step[:p], scale, modes)


def climb(
    model: Model,
    state: State,
    n_points: int,
    *,
    free_scale: bool,
    enough: float = 0.0,
    held: tuple[int, ...] = (),
) -> Fit:
    """Newton's method with halving from a state.

    L stays as it is unless ``free_scale``; ``held`` are positions in (beta, entries of L) that stay, too. A step that
    promises less than ``enough`` is the last and is taken on trust: half of what it promises is what it gains.
    """
    rule = points(n_points, model.d)
    p = model.X.shape[2]
    found = evaluate(model, state, rule, free_scale=free_scale)
    converged = False
    for _ in range(MAX_STEPS):
        step = _step(found, held)
        alpha_step = np.zeros_like(state.alpha)
        gain = float(step @ found.score)
        if found.per_alpha is not None:
            score, a, b = found.per_alpha
            alpha_step = (score - b @ step) / a
            gain += float((score**2 / a).sum())
        if gain < enough:
            state = _moved(state, step, alpha_step, p, found.modes)
            foretold = found.log_likelihood + 0.5 * gain
            return Fit(state, foretold, found.information, n_points, 0.0, True, found.per_alpha)
        longest = max(np.abs(step).max(initial=0.0), np.abs(alpha_step).max(initial=0.0))
        size = min(1.0, 4.0 / longest) if longest > 0 else 1.0  # no leap beyond 4 on the log scale
        for _ in range(MAX_HALVINGS):
            trial = _moved(state, size * step, size * alpha_step, p, found.modes)
            tried = evaluate(model, trial, rule, free_scale=free_scale)
            if tried.log_likelihood > found.log_likelihood - 1e-12 * max(1.0, abs(found.log_likelihood)):
                break
            size *= 0.5
        else:
            converged = gain < LAST_GAIN
            break
        state, found = trial, tried
        if np.abs(state.scale).max(initial=0.0) > RUNAWAY:
            break
        if gain < LAST_GAIN:
            converged = True
            break
    final = State(state.alpha, state.beta, state.scale, found.modes)
    return Fit(final, found.log_likelihood, found.information, n_points, 0.0, converged, found.per_alpha)


def refine(model: Model, fit: Fit, *, tolerance: float = 1e-8) -> Fit:
    """Climb on with more points until the log-likelihood no longer depends on their number."""
    if model.d == 0 or np.abs(fit.state.scale).max() > RUNAWAY:
        return fit
    error = float("inf")
    for n in LADDERS[model.d]:
        if n <= fit.n_points:
            continue
        richer, _ = _integral(model, fit.state, points(n, model.d))
        error = abs(float(richer.log_likelihood.sum()) - fit.log_likelihood)
        if error < tolerance:
            break
        fit = climb(model, fit.state, n, free_scale=bool(model.slots))
    return replace(fit, quadrature_error=error)
