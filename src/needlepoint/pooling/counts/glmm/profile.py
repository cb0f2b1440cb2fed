"""Profile-likelihood intervals of the count models: one parameter held, all others at their best."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from math import copysign, inf, sqrt

import numpy as np

from needlepoint.pooling.counts.glmm.estimates import Estimates
from needlepoint.pooling.counts.glmm.fit import RUNAWAY, Fit, Model, State, climb
from needlepoint.pooling.result import Coefficient
from needlepoint.stats.distributions import chi2_quantile, normal_quantile, two_sided_normal
from needlepoint.stats.roots import brent_root

__all__ = ["profile_coefficients", "profile_tau2"]

SMALL = 0.3  # where a random effect that the best fit lacks is sought again
ASLEEP = 0.03
PRECISION = 1e-8  # of an interval's end


def _start(model: Model, found: Estimates, fit: Fit) -> State:
    """The best fit's values in the shape of ``model``."""
    known = dict(zip(found.model.roles if found.model.slots else (), fit.state.scale.tolist(), strict=True))
    roles = model.roles if model.slots else ()
    scale = np.array([known.get(role, 0.0 if role == "cross" else SMALL) for role in roles])
    return State(fit.state.alpha, fit.state.beta, scale, np.zeros((len(model.X), model.d)))


def _awake(model: Model, state: State) -> State:
    """Random effects that vanished at one value may be needed at the next, and zero is a stationary point."""
    diagonal = np.array([row == column for row, column in model.slots], dtype=bool)
    asleep = diagonal & (np.abs(state.scale) < ASLEEP)
    return state._replace(scale=np.where(asleep, SMALL, state.scale))


def _profile(found: Estimates, position: int) -> Callable[[float], float]:
    """Highest log-likelihood with coefficient ``position`` at a value, over all nested models."""
    states = [_start(model, found, found.fit) for model in found.models]

    def at(value: float) -> float:
        best = -inf
        for i, model in enumerate(found.models):
            beta = states[i].beta.copy()
            beta[position] = value
            fit = climb(
                model,
                states[i]._replace(beta=beta),
                max(found.fit.n_points, 15),
                free_scale=bool(model.slots),
                held=(position,),
            )
            states[i] = _awake(model, fit.state)
            best = max(best, fit.log_likelihood)
        return best

    return at


def _end(fall: Callable[[float], float], best: float, reach: float) -> float:
    """Where ``fall`` (positive at ``best``) crosses zero in the direction and by steps of ``reach``."""
    near, far = best, best + reach
    for _ in range(30):
        if fall(far) <= 0.0:
            return brent_root(fall, *sorted((near, far)), atol=PRECISION)
        near, far = far, best + 1.6 * (far - best)
    return copysign(inf, reach)


def profile_coefficients(
    found: Estimates, wald: tuple[Coefficient, ...], level: float
) -> tuple[Coefficient, ...]:
    """Coefficients with profile intervals and likelihood-ratio tests (signed roots, normal p-values)."""
    top = found.fit.log_likelihood
    target = top - 0.5 * chi2_quantile(level, 1)
    rows: list[Coefficient] = []
    for position, row in enumerate(wald):
        profile = _profile(found, position)
        reach = normal_quantile(0.5 + level / 2) * row.se
        statistic = copysign(sqrt(max(0.0, 2.0 * (top - profile(0.0)))), row.estimate)

        def fall(value: float, profile: Callable[[float], float] = profile) -> float:
            return profile(value) - target

        rows.append(
            replace(
                row,
                statistic=statistic,
                df=None,
                p_value=two_sided_normal(statistic),
                ci_low=_end(fall, row.estimate, -reach),
                ci_high=_end(fall, row.estimate, reach),
            )
        )
    return tuple(rows)


def profile_tau2(found: Estimates, level: float) -> tuple[float, float]:
    """Profile interval of the variance of the treatment effects, from the model that has it."""
    model = max(found.models, key=lambda m: m.d)
    slot = model.roles.index("tau")
    position = model.X.shape[2] + slot
    state = _start(model, found, found.fit)
    target = found.fit.log_likelihood - 0.5 * chi2_quantile(level, 1)

    def fall(tau: float) -> float:
        nonlocal state
        scale = state.scale.copy()
        scale[slot] = tau
        fit = climb(
            model,
            state._replace(scale=scale),
            max(found.fit.n_points, 15),
            free_scale=True,
            held=(position,),
        )
        state = _awake(model, fit.state)
        return fit.log_likelihood - target

    tau = sqrt(found.sizes.tau2)
    low = 0.0 if found.common.log_likelihood >= target else brent_root(fall, 0.0, tau, atol=PRECISION)
    near, far = tau, max(1.5 * tau, SMALL)
    while far < RUNAWAY and fall(far) > 0.0:
        near, far = far, 1.6 * far
    high = brent_root(fall, near, far, atol=PRECISION) if far < RUNAWAY else inf
    return low**2, high**2
