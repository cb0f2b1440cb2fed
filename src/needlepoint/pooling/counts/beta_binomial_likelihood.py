"""The beta-binomial likelihood of one or two groups with a common intra-class correlation (kernel).

With theta = rho / (1 - rho) the probability of x events of n is a ratio of products,
prod_{r<x} (mu + r theta) prod_{r<n-x} (1 - mu + r theta) / prod_{r<n} (1 + r theta) times a binomial coefficient
(Griffiths 1973, doi:10.2307/2529131): no gamma function, no cancellation, exact down to theta = 0. Only how many arms
reach each r matters, so that a table is counted once and every evaluation is a sum over r. Far from zero the summand is
smooth: there Gauss's rule for equally spaced sums replaces long runs of r by a few points, to machine precision.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from needlepoint.arrays import Vector

__all__ = ["Derivatives", "Maximum", "Parameters", "Tally", "derivatives", "maximise", "tally"]

MAX_STEPS = 200
LAST_GAIN = 1e-10
NODES = 8  # runs from r to 1.5 r: the summand's singularity lies 5 half-lengths away, the error below 1e-15
EXACT = 32  # shorter runs are summed as they are
STARTS = (1e-3, 1e-2, 0.05, 0.3)  # of theta: from nearly binomial to arms that share little


class Sum(NamedTuple):
    """Where to evaluate a summand, and how often it counts there."""

    r: Vector
    weight: Vector


class Tally(NamedTuple):
    """Sums over r of how many arms of a group have more than r events, more than r others, more than r people."""

    events: Sum
    others: Sum
    people: Sum


class Derivatives(NamedTuple):
    """Log-likelihood, gradient and Hessian in (mu of each group, theta)."""

    value: float
    gradient: Vector
    hessian: Vector


@lru_cache(maxsize=256)
def _gauss_sum(length: int) -> Sum:
    """Gauss's rule for sum_{r=0}^{length-1} f(r), from the recurrence of Chebyshev's discrete polynomials."""
    i = np.arange(1.0, NODES)
    off = np.sqrt(i * i * (length**2 - i * i) / (4.0 * (4.0 * i * i - 1.0)))
    nodes, vectors = np.linalg.eigh(np.diag(off, 1) + np.diag(off, -1))
    return Sum(nodes + 0.5 * (length - 1), length * vectors[0] ** 2)


def _exceeding(counts: Vector) -> Sum:
    """How many entries exceed r, for r = 0, 1, ..., max - 1."""
    levels = np.concatenate([[0.0], np.unique(counts[counts > 0])])
    r: list[Vector] = [np.zeros(0)]
    weight: list[Vector] = [np.zeros(0)]
    for low, high in zip(levels[:-1].tolist(), levels[1:].tolist(), strict=True):
        reach = float((counts >= high).sum())
        start = int(low)
        while start < high:
            length = min(int(high) - start, max(EXACT, start // 2))
            run = _gauss_sum(length) if length > EXACT else Sum(np.arange(float(length)), np.ones(length))
            r.append(start + run.r)
            weight.append(reach * run.weight)
            start += length
    return Sum(np.concatenate(r), np.concatenate(weight))


def tally(x: Vector, n: Vector) -> Tally:
    """Count one group's arms: events ``x`` of ``n`` people."""
    return Tally(_exceeding(x), _exceeding(n - x), _exceeding(n))


def _sums(over: Sum, base: float, theta: float) -> tuple[float, ...]:
    """Sum of weight log(base + r theta), and its derivatives in base, theta, both twice and crossed."""
    r, weight = over
    inverse = 1.0 / (base + r * theta)
    first = weight * inverse
    second = first * inverse
    return (
        float(weight @ -np.log(inverse)),
        float(first.sum()),
        float(first @ r),
        -float(second.sum()),
        -float(second @ r),
        -float(second @ (r * r)),
    )


def derivatives(groups: list[Tally], mu: Vector, theta: float) -> Derivatives:
    """Log-likelihood without the binomial coefficients, at probabilities ``mu`` and ``theta``."""
    G = len(groups)
    value, gradient, hessian = 0.0, np.zeros(G + 1), np.zeros((G + 1, G + 1))
    for g, group in enumerate(groups):
        up, down = _sums(group.events, mu[g], theta), _sums(group.others, 1.0 - mu[g], theta)
        all_ = _sums(group.people, 1.0, theta)
        value += up[0] + down[0] - all_[0]
        gradient[g] = up[1] - down[1]
        gradient[G] += up[2] + down[2] - all_[2]
        hessian[g, g] = up[3] + down[3]
        hessian[g, G] = hessian[G, g] = up[4] - down[4]
        hessian[G, G] += up[5] + down[5] - all_[5]
    return Derivatives(value, gradient, hessian)


class Parameters(NamedTuple):
    """Probabilities (and how they move with the free parameters) at one point of a parametrisation.

    ``jacobian`` (G, m) and ``curvature`` (G, m) are first and second derivatives of each mu; the second derivatives
    are diagonal in the parametrisations used here.
    """

    mu: Vector
    jacobian: Vector
    curvature: Vector


class Maximum(NamedTuple):
    """A maximum over the free parameters and zeta = log theta (-inf: theta is zero)."""

    free: Vector
    theta: float
    value: float
    hessian: Vector  # in (free, zeta); in free alone when theta is zero
    converged: bool


def _in_free(groups: list[Tally], at: Parameters, theta: float, *, with_theta: bool) -> Derivatives:
    """Chain rule: derivatives in (free, zeta)."""
    found = derivatives(groups, at.mu, theta)
    G, m = at.jacobian.shape
    J = np.zeros((G + 1, m + 1))
    J[:G, :m], J[G, m] = at.jacobian, theta
    gradient = J.T @ found.gradient
    hessian = J.T @ found.hessian @ J
    hessian[range(m), range(m)] += found.gradient[:G] @ at.curvature
    hessian[m, m] += theta * found.gradient[G]
    if with_theta:
        return Derivatives(found.value, gradient, hessian)
    return Derivatives(found.value, gradient[:m], hessian[:m, :m])


def _climb(
    groups: list[Tally],
    place: Callable[[Vector], Parameters | None],
    free: Vector,
    theta: float,
) -> Maximum:
    """Newton's method with halving; ``place`` gives None outside the parameter space; theta = 0 stays zero."""
    with_theta = theta > 0.0
    point = np.append(free, np.log(theta)) if with_theta else free
    m = len(free)

    def at(v: Vector) -> Derivatives | None:
        where = place(v[:m])
        size = float(np.exp(v[m])) if with_theta else 0.0
        return None if where is None else _in_free(groups, where, size, with_theta=with_theta)

    found = at(point)
    if found is None:
        raise ValueError("the start lies outside the parameter space")
    if point.size == 0:
        return Maximum(point, theta, found.value, found.hessian, converged=True)
    converged = False
    for _ in range(MAX_STEPS):
        values, vectors = np.linalg.eigh(-found.hessian)
        floor = 1e-8 * max(1.0, float(np.abs(values).max()))
        step = vectors @ ((vectors.T @ found.gradient) / np.maximum(np.abs(values), floor))
        gain = float(step @ found.gradient)
        size = min(1.0, 2.0 / max(float(np.abs(step).max()), 1e-300))
        tried = at(point + size * step)
        while tried is None or not tried.value >= found.value - 1e-12 * abs(found.value):
            size *= 0.5
            if size < 1e-12:
                break
            tried = at(point + size * step)
        if tried is None or size < 1e-12:
            converged = gain < 1e-6
            break
        point, found = point + size * step, tried
        if gain < LAST_GAIN:
            converged = True
            break
    theta = float(np.exp(point[m])) if with_theta else 0.0
    return Maximum(point[:m], theta, found.value, found.hessian, converged=converged)


def maximise(
    groups: list[Tally],
    place: Callable[[Vector], Parameters | None],
    free: Vector,
    thetas: tuple[float, ...] = STARTS,
) -> Maximum:
    """The highest maximum: from theta = 0 (the binomial model) and from each of ``thetas``."""
    best = _climb(groups, place, free, 0.0)
    for theta in thetas:
        fit = _climb(groups, place, best.free, theta)
        if fit.value > best.value + 1e-9:
            best = fit
    return best
