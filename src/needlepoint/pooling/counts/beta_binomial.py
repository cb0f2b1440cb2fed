"""Beta-binomial models: two groups or single proportions, studies without events included."""

from __future__ import annotations

from collections.abc import Mapping
from math import copysign, exp, log, sqrt
from typing import Any, Literal, Unpack

import numpy as np

from needlepoint.arrays import Vector
from needlepoint.errors import ConvergenceError
from needlepoint.options import check, check_fraction
from needlepoint.pooling.counts.beta_binomial_effects import EFFECTS, Effect, by_logits
from needlepoint.pooling.counts.beta_binomial_likelihood import Maximum, Tally, maximise, tally
from needlepoint.pooling.counts.counts import (
    Counts,
    CountTables,
    empty_studies,
    fit_fields,
    only_coefficient,
    read_counts,
    refuse_parts,
    two_arms,
)
from needlepoint.pooling.result import Likelihood, LikelihoodFit
from needlepoint.result import p_text, record
from needlepoint.stats.distributions import (
    chi2_quantile,
    chi2_sf,
    normal_quantile,
    wald_interval,
)
from needlepoint.stats.roots import brent_root

__all__ = ["BetaBinomial", "beta_binomial"]

BetaMeasure = Literal["OR", "RR", "RD", "PLO"]
Interval = Literal["profile", "wald"]
Arms = list[tuple[Vector, Vector]]  # events and sizes (k,) of one group or two


@record
class BetaBinomial(LikelihoodFit):
    """A beta-binomial estimate on the analysis scale (log for ratios, logit for a proportion).

    ``risk1`` and ``risk2`` are the groups' mean risks (``risk2`` None for one group); ``rho`` is the intra-class
    correlation of people within an arm, ``q`` the likelihood-ratio test that it is zero (``q_p`` allows for the
    boundary). ``statistic`` is the signed root of the likelihood ratio for no effect.
    """

    interval: str
    risk1: float
    risk2: float | None
    rho: float
    q: float
    q_p: float

    def summary(self) -> str:
        """Text for people."""
        risks = f"mean risk {self.risk1:.4f}" + ("" if self.risk2 is None else f" against {self.risk2:.4f}")
        lines = [
            f"beta-binomial model, {self.measure}, k = {self.k}",
            f"estimate {self.estimate:.4f} [{self.ci_low:.4f}, {self.ci_high:.4f}] ({self.interval}), "
            f"se {self.se:.4f}, {p_text(self.p_value)}",
            f"{risks}; intra-class correlation {self.rho:.4f}, {p_text(self.q_p)}",
        ]
        return "\n".join([*lines, *self.notes])


def beta_binomial(
    data: Any = None,
    *,
    measure: BetaMeasure = "OR",
    study: Any = None,
    interval: Interval = "profile",
    level: float = 0.95,
    **columns: Unpack[Counts],
) -> BetaBinomial:
    """Beta-binomial model of two groups ("OR", "RR", "RD") or of single proportions ("PLO").

    Each arm's risk is drawn from a beta distribution; groups have their own mean and share one intra-class
    correlation. Studies without events stay in as they are. The model compares the groups as wholes, not study by
    study: with very unequal groups it can be confounded, which a note says.

    Parameters
    ----------
    data
        A data frame, a mapping, or an ``EffectSizes`` that keeps its counts.
    ai, bi, ci, di, n1i, n2i, xi, mi, ni
        Events, non-events or sizes: of two groups, or (``xi`` with ``mi`` or ``ni``) of one.
    interval
        "profile" (likelihood) or "wald".
    level
        Confidence level, a fraction.

    Raises
    ------
    InputError
        Impossible or fractional counts.
    ConvergenceError
        A group without events (or with nothing but events): the estimate is not finite.

    References
    ----------
    Kuss (2015), doi:10.1002/sim.6383; Griffiths (1973), doi:10.2307/2529131.

    Examples
    --------
    >>> table = {"ai": [0, 1, 3, 0], "n1i": [50, 60, 80, 40], "ci": [2, 0, 9, 0], "n2i": [50, 60, 80, 40]}
    >>> res = beta_binomial(table, ai="ai", n1i="n1i", ci="ci", n2i="n2i")
    >>> round(res.estimate, 3), round(res.ci_low, 3), round(res.ci_high, 3)
    (-0.507, -2.536, 1.571)
    """
    check(measure, BetaMeasure, field="measure")
    check(interval, Interval, field="interval")
    check_fraction(level, field="level")
    counts = read_counts(
        data, columns, measure=measure, study=study, method="the beta-binomial model", drop00=False
    )
    refuse_parts(counts, "the beta-binomial model")
    arms = _arms(counts.cells)
    _refuse_infinite(arms)
    groups = [tally(x, n) for x, n in arms]
    start = np.array([log(x.sum() / (n - x).sum()) for x, n in arms])
    fit = maximise(groups, by_logits, start)
    binomial = maximise(groups, by_logits, start, thetas=())
    if not fit.converged:
        raise ConvergenceError("the beta-binomial likelihood did not settle")
    effect = EFFECTS[measure]
    estimate, se = effect.value(fit.free), _standard_error(fit, effect)
    null = _profile(groups, effect, 0.0, fit)
    statistic = copysign(sqrt(max(0.0, 2.0 * (fit.value - null.value))), estimate)
    if interval == "profile":
        low, high = _profile_interval(groups, effect, fit, se, level)
    else:
        low, high = wald_interval(estimate, se, level)
    q = max(0.0, 2.0 * (fit.value - binomial.value))
    risks = [1.0 / (1.0 + exp(-eta)) for eta in fit.free]
    log_likelihood = fit.value + sum(_log_choose(x, n) for x, n in arms)
    parameters = len(risks) + 1
    coefficient = only_coefficient(estimate, se, statistic, low, high)
    return BetaBinomial(
        **fit_fields(_noted(counts, arms), measure, "ML", coefficient, level),
        likelihood=Likelihood(
            log_likelihood, 2.0 * parameters - 2.0 * log_likelihood, None, None, parameters
        ),
        interval=interval,
        risk1=risks[0],
        risk2=risks[1] if len(risks) == 2 else None,
        rho=fit.theta / (1.0 + fit.theta),
        q=q,
        q_p=0.5 * chi2_sf(q, 1) if q > 0 else 1.0,  # half a point mass at zero: the boundary
    )


def _standard_error(fit: Maximum, effect: Effect) -> float:
    cov = np.linalg.inv(-fit.hessian)
    m = len(fit.free)
    gradient = effect.gradient(fit.free)
    return sqrt(float(gradient @ cov[:m, :m] @ gradient))


def _profile(groups: list[Tally], effect: Effect, value: float, near: Maximum) -> Maximum:
    """The maximum with the effect held at ``value``."""
    free = near.free[1:] if len(near.free) == len(groups) else near.free
    if len(groups) == 2:
        free = _inside(effect, value, free)
    thetas = (near.theta,) if near.theta > 1e-8 else (1e-3,)
    return maximise(groups, lambda eta: effect.place(value, eta), free, thetas)


def _inside(effect: Effect, value: float, free: Vector) -> Vector:
    """A logit of group 2 at which group 1's risk is one."""
    for shift in (0.0, -1.0, 1.0, -2.0, 2.0, -4.0, 4.0, -7.0, 7.0):
        if effect.place(value, free + shift) is not None:
            return free + shift
    raise ConvergenceError("no risk in group 2 is compatible with the profiled effect")


def _profile_interval(
    groups: list[Tally], effect: Effect, fit: Maximum, se: float, level: float
) -> tuple[float, float]:
    """Where twice the log-likelihood, maximised over the rest, has fallen by the chi-square quantile."""
    target = fit.value - 0.5 * chi2_quantile(level, 1)
    half = normal_quantile(0.5 + level / 2) * se
    estimate = effect.value(fit.free)

    def end(direction: float) -> float:
        def above(value: float) -> float:
            return _profile(groups, effect, value, fit).value - target

        far = half
        while above(estimate + direction * far) > 0.0:
            far *= 1.5
        return brent_root(above, *sorted((estimate, estimate + direction * far)), rtol=1e-10, atol=1e-10)

    return end(-1.0), end(1.0)


def _arms(cells: Mapping[str, Vector]) -> Arms:
    return [(cells["xi"], cells["ni"])] if "xi" in cells else [*two_arms(cells)]


def _refuse_infinite(arms: Arms) -> None:
    for x, n in arms:
        if x.sum() in (0.0, n.sum()):
            raise ConvergenceError(
                "a group has no events, or nothing but events: the estimate is not finite; try penalised_logistic()"
            )


def _log_choose(x: Vector, n: Vector) -> float:
    from scipy.special import gammaln

    return float((gammaln(n + 1.0) - gammaln(x + 1.0) - gammaln(n - x + 1.0)).sum())


def _noted(counts: CountTables, arms: Arms) -> CountTables:
    if len(arms) == 1:
        return counts
    counts = counts.naming("with no events, or only events, in both groups kept", empty_studies(counts.cells))
    ratio = arms[0][1] / arms[1][1]
    if ratio.max() / ratio.min() > 2.0:
        says = "the groups' size ratio differs between studies: this model does not compare within studies"
        return counts.noted(f"{says}; compare glmm() or mantel_haenszel()")
    return counts
