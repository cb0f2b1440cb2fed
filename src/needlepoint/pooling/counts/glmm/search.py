"""Global search over the size of the random effects, and the tests of heterogeneity."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from math import hypot
from typing import NamedTuple

import numpy as np

from needlepoint.arrays import Bools, Vector
from needlepoint.pooling.counts.glmm.families import Family
from needlepoint.pooling.counts.glmm.fit import Fit, Model, State, climb, refine, start_state
from needlepoint.pooling.counts.glmm.quadrature import ROUGH

__all__ = ["Saturation", "best_fit", "saturation_of_arms", "saturation_of_random_studies", "wald"]

FIRST_POINTS = 15
SIZES = (0.15, 0.5, 1.6)  # standard deviations on a log scale: small, usual, extreme
ENOUGH = 0.02  # of log-likelihood: a profile point that promises no more is near enough, it only says where to start
VANISHED = 1e-4  # a standard deviation on the log scale that nobody can tell from zero
SIMPLER = 1e-7  # a random effect that gains less log-likelihood than this is none
CORRELATIONS = (0.0, 0.6, -0.6)


class Saturation(NamedTuple):
    """Every study with its own effect: log-likelihood, effects, and their precision matrix (0: infinite)."""

    log_likelihood: float
    effects: Vector
    precision: Vector


def best_fit(
    models: Sequence[Model], start: State, chosen: tuple[Model, Fit] | None = None
) -> tuple[Model, Fit]:
    """The best of nested models: random effects that gain nothing are none.

    ``start`` gives alpha and beta; ``chosen`` is the best of the still simpler models.
    """
    for model in models:
        if chosen is not None and model.d < chosen[0].d:
            continue  # a fuller model is already needed
        fit = _highest(model, start) if model.d else climb(model, _at(model, start), 1, free_scale=False)
        start = fit.state
        if chosen is None or (
            fit.log_likelihood > chosen[1].log_likelihood + SIMPLER and not _vanished(model, fit)
        ):
            chosen = model, fit
    if chosen is None:
        raise ValueError("no model")
    return chosen


def _vanished(model: Model, fit: Fit) -> bool:
    """Whether a random effect has shrunk to nothing: a nested model says the same without it."""
    sizes = {"sigma": 0.0, "tau": 0.0}
    for role, value in zip(model.roles, fit.state.scale.tolist(), strict=True):
        key = "tau" if role == "cross" else role
        sizes[key] = hypot(sizes[key], value)
    return any(sizes[role] < VANISHED for role in model.roles if role != "cross")


def _at(model: Model, start: State) -> State:
    """The start's alpha and beta, without random effects."""
    return start_state(model, start.alpha, start.beta)


def _highest(model: Model, start: State) -> Fit:
    """The highest maximum of one model.

    The grid over the diagonal of L is climbed through in order, so that each profile point starts at its neighbour;
    every local maximum of the profile is then climbed in all parameters.
    """
    diagonal = [i for i, (row, column) in enumerate(model.slots) if row == column]
    profile: dict[tuple[int, ...], Fit] = {}
    state = _at(model, start)
    for cell in product(range(len(SIZES)), repeat=len(diagonal)):
        scale = np.zeros(len(model.slots))
        scale[diagonal] = [SIZES[i] for i in cell]
        profile[cell] = climb(model, state._replace(scale=scale), ROUGH, free_scale=False, enough=ENOUGH)
        state = profile[cell].state
    fits = [_finished(model, profile[cell].state) for cell in _tops(profile)]
    return max(fits, key=lambda fit: fit.log_likelihood)


def _tops(profile: dict[tuple[int, ...], Fit]) -> list[tuple[int, ...]]:
    """Cells that no neighbour exceeds."""

    def is_top(cell: tuple[int, ...]) -> bool:
        steps = product((-1, 0, 1), repeat=len(cell))
        near = [tuple(c + s for c, s in zip(cell, step, strict=True)) for step in steps]
        return all(profile[n].log_likelihood <= profile[cell].log_likelihood for n in near if n in profile)

    return [cell for cell in profile if is_top(cell)]


def _finished(model: Model, state: State) -> Fit:
    correlated = [i for i, (row, column) in enumerate(model.slots) if row != column]
    if not correlated:
        return refine(model, climb(model, state, FIRST_POINTS, free_scale=True))
    fits: list[Fit] = []
    for r in CORRELATIONS:
        scale = state.scale.copy()
        scale[correlated] = r * scale[1]
        scale[1] *= np.sqrt(1.0 - r * r)
        fits.append(refine(model, climb(model, state._replace(scale=scale), FIRST_POINTS, free_scale=True)))
    return max(fits, key=lambda fit: fit.log_likelihood)


def saturation_of_arms(family: Family, offset: Vector | None) -> Saturation:
    """Every study with its own effect, from arms that fit perfectly: the last arm is the baseline of two."""
    eta, information, log_likelihood = family.saturated()
    if offset is not None:
        eta = eta - offset
    told: Bools = np.asarray(np.all(information > 0, axis=1))
    eta, information = np.where(told[:, None], eta, 0.0), np.where(told[:, None], information, 1.0)
    effects = eta[:, 0] - (eta[:, 1] if eta.shape[1] == 2 else 0.0)
    precision = np.where(told, 1.0 / (1.0 / information).sum(axis=1), 0.0)
    return Saturation(float(log_likelihood.sum()), effects, np.diag(precision))


def saturation_of_random_studies(model: Model, finite: Bools, start: State) -> Saturation:
    """Every study with its own effect beside random study effects: the effects share the baseline's error."""
    model, fit = best_fit([model.only(), model], start)
    _, a, b = fit.per_alpha or (None, np.empty(0), np.empty(0))
    a, b = a[finite], b[finite] / a[finite, None]
    covariance = np.diag(1.0 / a) + b @ np.linalg.solve(fit.information, b.T)
    precision = np.zeros((len(finite), len(finite)))
    precision[np.ix_(finite, finite)] = np.linalg.inv(covariance)
    return Saturation(fit.log_likelihood, fit.state.alpha, precision)


def wald(found: Saturation, X: Vector) -> float:
    """Wald chi-square that the studies' effects lie in the span of X; infinite effects weigh nothing."""
    W = found.precision
    WX = W @ X
    beta = np.linalg.lstsq(X.T @ WX, WX.T @ found.effects, rcond=None)[0]
    rest = found.effects - X @ beta
    return float(rest @ W @ rest)
