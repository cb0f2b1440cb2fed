"""Maximum likelihood of a selection model: many starts, bounded quasi-Newton, Newton polish, observed information.

The surfaces have several maxima (Citkowicz and Vevea 2017; metafor's documentation warns of the same), so every fit
starts from a spread of selection strengths and of corrected means, and the best end point is polished.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from needlepoint.bias._bounded_search import descend
from needlepoint.bias._selection_likelihood import Selection, log_likelihood

if TYPE_CHECKING:
    from needlepoint.arrays import Bools, Floats


__all__ = ["Problem", "SelectionFit", "climb_from", "maximise", "observed_information"]

_SOFT = 0.01  # delta is searched as log(delta + soft): even steps over 0 to 100, and zero is reachable
_STRENGTHS = (0.02, 0.2, 0.6, 1.0, 2.5, 8.0, 40.0)
_FEW = (0.15, 5.0)
_SCOUT = 20  # rounds from every start, before the promising ones go on
_SAME_PLACE = 0.02  # on the search scale
_HOPELESS = 8.0  # of log-likelihood below the highest scout


@dataclass(frozen=True, slots=True)
class Problem:
    """One selection model to fit: data, weights, which parameters are free, and their range.

    ``delta`` holds fixed values and NaN where free. ``tau2_free`` False keeps tau2 at zero (equal effects).
    """

    yi: Floats
    vi: Floats
    X: Floats
    selection: Selection
    tau2_free: bool
    delta: Floats
    low: float
    high: float
    decreasing: bool = False
    held: tuple[int, float] | None = None  # one more parameter kept at a value: position in theta, and value
    soft: tuple[float, ...] = ()  # offset of each delta on its logarithmic search scale; _SOFT unless told
    small: tuple[tuple[float, ...], ...] = ()  # more deltas to start from

    @property
    def free(self) -> Bools:
        """Which of (beta, tau2, delta) are estimated."""
        p = self.X.shape[1]
        free = np.concatenate([np.ones(p, bool), [self.tau2_free], np.isnan(self.delta)])
        if self.held is not None:
            free[self.held[0]] = False
        return free

    def value(self, theta: Floats) -> tuple[float, Floats]:
        """Log-likelihood and gradient at theta = (beta, tau2, delta)."""
        p = self.X.shape[1]
        with np.errstate(all="ignore"):  # far-off trial points may overflow; the search rejects them
            return log_likelihood(
                self.yi, self.vi, self.X, self.selection, theta[:p], float(theta[p]), theta[p + 1 :]
            )


@dataclass(frozen=True, slots=True)
class SelectionFit:
    """Where the likelihood is highest: theta = (beta, tau2, delta), and how many distinct starts were tried."""

    theta: Floats
    log_likelihood: float
    starts: int


def maximise(problem: Problem, beta: Floats, tau2: float, *, quick: bool = False) -> SelectionFit:
    """Highest of the maxima found from a spread of starts around the unselected fit (beta, tau2).

    ``quick`` takes few starts: for ranking many similar problems.
    """
    scale = _Scale.of(problem)
    starts = list(_starts(problem, beta, tau2, _FEW if quick else _STRENGTHS))
    reached = [_climb(problem, scale, theta, rounds=_SCOUT) for theta in starts]
    best, best_ll = np.full(len(starts[0]), np.nan), -np.inf
    for theta, ll in _promising(problem, scale, reached):
        found, top = _climb(problem, scale, theta) if np.isfinite(ll) else (theta, ll)
        if top > best_ll:
            best, best_ll = found, top
    snapped = _snap(problem, best)
    at_bound = problem.value(snapped)[0]
    if at_bound >= best_ll:  # a bound can be a jump: the likelihood close to it higher than on it
        best, best_ll = snapped, at_bound
    best, best_ll = _polish(problem, best, best_ll)
    return SelectionFit(best, best_ll, len(starts))


def _promising(
    problem: Problem, scale: _Scale, reached: list[tuple[Floats, float]]
) -> list[tuple[Floats, float]]:
    """Where the scouts stand, the highest first, without those close to a higher one or far below the highest."""
    ordered = sorted(reached, key=lambda end: -end[1])
    kept: list[tuple[Floats, float]] = []
    places: list[Floats] = []
    for theta, ll in ordered:
        place = scale.to_x(problem, theta)
        near = any(float(np.max(np.abs(place - other))) < _SAME_PLACE for other in places)
        if not near and (not kept or ll > ordered[0][1] - _HOPELESS):
            kept.append((theta, ll))
            places.append(place)
    return kept


def climb_from(problem: Problem, theta: Floats) -> tuple[Floats, float]:
    """The maximum uphill of one start."""
    return _climb(problem, _Scale.of(problem), theta)


def _starts(problem: Problem, beta: Floats, tau2: float, strengths: tuple[float, ...]) -> Iterator[Floats]:
    fixed = ~np.isnan(problem.delta)
    spread = float(np.median(problem.vi))
    pulls = (1.0, 0.3, -0.3) if not len(fixed) else (1.0, 0.3) if not fixed.all() else (1.0,)
    if problem.tau2_free:  # the likelihood can have a maximum at zero beside one inside
        unselected = np.clip(1.0, problem.low, problem.high)
        yield np.concatenate([beta, [0.0], np.where(fixed, problem.delta, unselected)])
    for strength in _delta_starts(problem, strengths):
        delta = np.where(fixed, problem.delta, np.clip(strength, problem.low, problem.high))
        for pull in pulls:
            yield np.concatenate(
                [pull * beta, [(tau2 + (0.05 if pull == 1 else 1.0) * spread) * problem.tau2_free], delta]
            )


def _delta_starts(problem: Problem, strengths: tuple[float, ...]) -> list[Floats]:
    free = np.isnan(problem.delta)
    if not free.any():
        return [problem.delta]
    flat = [np.where(free, s, problem.delta) for s in strengths]
    if free.sum() == 1:
        return flat
    small = [np.where(free, np.resize(values, len(free)), problem.delta) for values in problem.small]
    falling = [np.where(free, s ** np.arange(1, len(free) + 1), problem.delta) for s in (0.3, 0.6)]
    mixed = [np.where(free, np.resize([a, b], len(free)), problem.delta)
             for a, b in ((0.3, 2.0), (2.0, 0.3), (1.0, 20.0), (4.0, 60.0))]  # fmt: skip
    return flat + falling + mixed + small


@dataclass(frozen=True, slots=True)
class _Scale:
    """The search scale: beta in units of its spread, log(tau2 + e), log(delta + e) or ratios when decreasing."""

    unit: float
    soft: float
    soft_delta: Floats
    lower: Floats
    upper: Floats

    @classmethod
    def of(cls, problem: Problem) -> _Scale:
        p, d = problem.X.shape[1], len(problem.delta)
        unit = float(np.sqrt(np.median(problem.vi)))
        soft = 0.01 * float(np.min(problem.vi))
        widest = 100 * float(np.max(problem.vi) + np.var(problem.yi))
        low, high = (0.0, 1.0) if problem.decreasing else (problem.low, problem.high)
        of_delta = np.array(problem.soft or (_SOFT,) * d)
        lower = np.concatenate([np.full(p, -np.inf), [np.log(soft)], np.log(low + of_delta)])
        upper = np.concatenate([np.full(p, np.inf), [np.log(widest + soft)], np.log(high + of_delta)])
        return cls(unit, soft, of_delta, lower, upper)

    def to_x(self, problem: Problem, theta: Floats) -> Floats:
        p = problem.X.shape[1]
        delta = theta[p + 1 :]
        if problem.decreasing:
            before = np.concatenate([[1.0], delta[:-1]])
            delta = np.clip(np.divide(delta, before, out=np.ones_like(delta), where=before > 0), 0, 1)
        return np.concatenate(
            [theta[:p] / self.unit, [np.log(theta[p] + self.soft)], np.log(delta + self.soft_delta)]
        )

    def to_theta(self, problem: Problem, x: Floats) -> tuple[Floats, Floats]:
        """Theta and the Jacobian dtheta/dx (square; diagonal unless decreasing)."""
        p = problem.X.shape[1]
        tau2 = max(float(np.exp(x[p])) - self.soft, 0.0)
        high = 1.0 if problem.decreasing else problem.high
        part = np.clip(np.exp(x[p + 1 :]) - self.soft_delta, 0.0, high)
        slope = part + self.soft_delta
        jacobian = np.diag(np.concatenate([np.full(p, self.unit), [tau2 + self.soft], slope]))
        if problem.decreasing:
            delta = np.cumprod(part)
            for j in range(len(part)):
                for i in range(j + 1):
                    others = float(np.prod(np.delete(part[: j + 1], i)))
                    jacobian[p + 1 + j, p + 1 + i] = others * slope[i]
        else:
            delta = part
        return np.concatenate([x[:p] * self.unit, [tau2], delta]), jacobian


def _climb(problem: Problem, scale: _Scale, theta: Floats, *, rounds: int = 300) -> tuple[Floats, float]:
    free = problem.free
    start = np.clip(scale.to_x(problem, theta), scale.lower, scale.upper)

    def full(x_free: Floats) -> tuple[Floats, Floats]:
        x = start.copy()
        x[free] = x_free
        point, jacobian = scale.to_theta(problem, x)
        return _hold(problem, point), jacobian

    def loss(x_free: Floats) -> tuple[float, Floats]:
        point, jacobian = full(x_free)
        ll, gradient = problem.value(point)
        if not (np.isfinite(ll) and np.isfinite(gradient).all()):
            return np.inf, np.zeros(len(x_free))
        return -ll, -(jacobian * gradient[:, None]).sum(axis=0)[free]

    found, negative = descend(loss, start[free], scale.lower[free], scale.upper[free], rounds=rounds)
    return full(found)[0], -negative


def _hold(problem: Problem, theta: Floats) -> Floats:
    """Put the parameters that are fixed back to their exact values."""
    p = problem.X.shape[1]
    theta = theta.copy()
    if not problem.tau2_free:
        theta[p] = 0.0
    fixed = ~np.isnan(problem.delta)
    theta[p + 1 :][fixed] = problem.delta[fixed]
    if problem.held is not None:
        theta[problem.held[0]] = problem.held[1]
    return theta


def _snap(problem: Problem, theta: Floats) -> Floats:
    """Put what the search left within rounding of a bound on the bound."""
    p = problem.X.shape[1]
    theta = theta.copy()
    if theta[p] < 1e-9 * float(np.min(problem.vi)):
        theta[p] = 0.0
    delta = theta[p + 1 :]
    delta[delta < problem.low + 1e-9] = problem.low
    delta[delta > problem.high * (1 - 1e-9)] = problem.high
    return _hold(problem, theta)


def _polish(problem: Problem, theta: Floats, ll: float, rounds: int = 12) -> tuple[Floats, float]:
    """Newton steps on the parameters away from their bounds, kept while the likelihood rises."""
    p = problem.X.shape[1]
    bounded = np.arange(len(theta)) > p
    for _ in range(rounds):
        at_edge = bounded & ((theta <= problem.low * (1 + 1e-6)) | (theta >= problem.high * (1 - 1e-6)))
        at_edge[p] = theta[p] <= 1e-10
        move = problem.free & ~at_edge
        if problem.decreasing or not move.any():
            return theta, ll
        gradient = problem.value(theta)[1][move]
        try:
            step = np.linalg.solve(observed_information(problem, theta, move), gradient)
        except np.linalg.LinAlgError:
            return theta, ll
        trial = theta.copy()
        trial[move] += step
        inside = (
            trial[p] >= 0 and np.all(trial[p + 1 :] >= problem.low) and np.all(trial[p + 1 :] <= problem.high)
        )
        if not inside:
            return theta, ll
        new = problem.value(trial)[0]
        if not new >= ll:
            return theta, ll
        theta, gain, ll = trial, new - ll, new
        if gain < 1e-14 * max(1.0, abs(ll)) and np.all(np.abs(step) <= 1e-10 * (1 + np.abs(theta[move]))):
            break
    return theta, ll


def observed_information(problem: Problem, theta: Floats, rows: Bools) -> Floats:
    """Minus the Hessian on the natural scale over ``rows``, by central differences of the exact gradient."""
    where = np.flatnonzero(rows)
    p = problem.X.shape[1]
    info = np.empty((len(where), len(where)))
    for j, i in enumerate(where):
        size = max(abs(theta[i]), 1e-3 if i > p else 0.0)
        if i == p:
            size = max(theta[i], 0.01 * float(np.min(problem.vi)))
        elif i < p:
            size = max(size, 0.1 * float(np.sqrt(np.min(problem.vi))))
        h = 1e-5 * size
        plus, minus = theta.copy(), theta.copy()
        plus[i] += h
        minus[i] -= h
        info[:, j] = -(problem.value(plus)[1] - problem.value(minus)[1])[where] / (2 * h)
    return (info + info.T) / 2
