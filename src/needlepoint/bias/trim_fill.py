"""Duval and Tweedie's trim and fill."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field, replace
from math import sqrt
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from needlepoint.bias._dispersion import constant
from needlepoint.bias.egger import egger
from needlepoint.errors import ConvergenceError
from needlepoint.options import check
from needlepoint.pooling.design import Design
from needlepoint.pooling.inputs import Inputs
from needlepoint.pooling.refit import inputs_of, refit, subset, without_moderators
from needlepoint.pooling.result import Pooled
from needlepoint.result import Result, record

if TYPE_CHECKING:
    from needlepoint.arrays import Floats, Ints


__all__ = ["ESTIMATORS", "TrimFill", "TrimFillEstimator", "trim_fill"]

TrimFillEstimator = Literal["L0", "R0", "Q0"]
Side = Literal["left", "right"]


@record
class TrimFill(Result):
    """Trim and fill: ``missing`` studies estimated on ``side``, and the estimate with them filled in.

    ``p_value_missing`` tests that none is missing (R0 only). ``filled`` is the model of the observed and the filled
    studies; ``filled_yi`` and ``filled_vi`` are the studies filled in.
    """

    estimator: str
    side: str
    k: int
    missing: int
    missing_se: float
    p_value_missing: float | None
    estimate: float
    ci_low: float
    ci_high: float
    p_value: float
    tau2: float
    estimate_observed: float
    iterations: int
    filled: Pooled = field(repr=False)
    filled_yi: Floats = field(repr=False)
    filled_vi: Floats = field(repr=False)

    def summary(self) -> str:
        """The number missing and the two estimates."""
        lines = [
            f"trim and fill ({self.estimator}): {self.missing} {'study' if self.missing == 1 else 'studies'} "
            f"missing on the {self.side} "
            f"(SE {self.missing_se:.2f})",
            f"estimate {self.estimate:.4g} [{self.ci_low:.4g}, {self.ci_high:.4g}] with them, "
            f"{self.estimate_observed:.4g} without",
        ]
        return "\n".join([*lines, *(f"note: {note}" for note in self.notes)])


def _s_r(ranks: Floats) -> float:
    return float(ranks[ranks > 0].sum())


def _rank_sum_variance(k: int, k0: float) -> float:
    cubes = k * (k + 1) * (2 * k + 1) + 10 * k0**3 + 27 * k0**2 + 17 * k0
    return max(0.0, (cubes - 18 * k * k0**2 - 18 * k * k0 + 6 * k**2 * k0) / 24)


def _r0(ranks: Floats) -> tuple[float, float]:
    farthest_left = float((-ranks[ranks < 0]).max(initial=0.0))
    k0 = float((np.abs(ranks) > farthest_left).sum()) - 1
    return k0, sqrt(2 * max(0.0, k0) + 2)


def _l0(ranks: Floats) -> tuple[float, float]:
    k = len(ranks)
    k0 = (4 * _s_r(ranks) - k * (k + 1)) / (2 * k - 1)
    return k0, 4 * sqrt(_rank_sum_variance(k, k0)) / (2 * k - 1)


def _q0(ranks: Floats) -> tuple[float, float]:
    k = len(ranks)
    inside = 2 * k**2 - 4 * _s_r(ranks) + 0.25
    if inside < 0:
        raise ConvergenceError("Q0 has no solution: almost every study lies on one side; use L0 or R0")
    k0 = k - 0.5 - sqrt(inside)
    below = (k - 0.5) ** 2 - k0 * (2 * k - k0 - 1)
    return k0, 2 * sqrt(_rank_sum_variance(k, k0)) / sqrt(below) if below > 0 else float("inf")


ESTIMATORS: dict[str, Callable[[Floats], tuple[float, float]]] = {"L0": _l0, "R0": _r0, "Q0": _q0}
"""Estimators of the number missing, from the signed ranks of the centred effects (the missing side is left)."""


def trim_fill(
    fit: Any,
    vi: Any = None,
    *,
    data: Any = None,
    estimator: TrimFillEstimator = "L0",
    side: Side | None = None,
    limits: tuple[float, float] | None = None,
    max_iterations: int = 100,
) -> TrimFill:
    """Duval and Tweedie's trim and fill.

    Parameters
    ----------
    fit, vi, data
        A :class:`Pooled` (its model is used throughout), effect sizes, or k estimates with their variances.
    estimator
        Of the number of missing studies: "L0" (default), "R0" or "Q0".
    side
        Where studies are missing; unless told, opposite to the slope of the meta-regression on the standard error.
    limits
        Range of the effect measure (correlations: -1, 1), which filled studies do not leave.

    Raises
    ------
    InputError
        A model with moderators.
    NotEnoughStudies
        Fewer than three studies.
    ConvergenceError
        Q0 without a solution, or an iteration that does not settle.

    Notes
    -----
    A way to see how sensitive a result is to one kind of suppression, not a better estimate.

    References
    ----------
    Duval & Tweedie (2000), doi:10.1111/j.0006-341x.2000.00455.x and doi:10.1080/01621459.2000.10473905.

    Examples
    --------
    >>> trim_fill([0.1, 0.2, 0.3, 0.2], [0.1, 0.01, 0.1, 0.02]).missing
    0
    """
    check(estimator, TrimFillEstimator, field="estimator")
    if side is not None:
        check(side, Side, field="side")
    pooled = without_moderators(fit, vi, data, method="trim and fill", needs=3)
    where = side or _missing_side(pooled)
    inputs = _sorted(pooled, -1.0 if where == "right" else 1.0)
    k0, se, centre, rounds = _iterate(pooled, inputs, ESTIMATORS[estimator], max_iterations)
    return _filled(pooled, inputs, k0, se, centre, rounds, estimator, where, limits)


def _missing_side(pooled: Pooled) -> Side:
    """Where the small studies are fewer: a falling slope on the standard error leaves the right side thin."""
    if constant(pooled.vi):
        return "left"
    slope = egger(pooled, model="rma").slope
    return "right" if slope is not None and slope < 0 else "left"


def _sorted(pooled: Pooled, sign: float) -> Inputs:
    """Studies in rising order, turned round so that the missing side is the left one."""
    inputs = replace(inputs_of(pooled), yi=sign * pooled.yi)
    return subset(inputs, np.argsort(inputs.yi, kind="stable"))


def _signed_ranks(centred: Floats) -> Floats:
    """Ranks of the distances with the sign of the side, shared evenly by ties so that symmetry is not lost.

    Distances are told apart to twelve digits: the centre of symmetric data carries a rounding error.
    """
    distance = np.abs(centred)
    level = np.round(distance / max(float(distance.max()), 1e-300), 12)
    _, place, count = np.unique(level, return_inverse=True, return_counts=True)
    last = np.cumsum(count)
    return np.sign(centred) * (level > 0) * (last - (count - 1) / 2)[place]


def _iterate(
    pooled: Pooled, inputs: Inputs, estimator: Callable[[Floats], tuple[float, float]], most: int
) -> tuple[int, float, float, int]:
    """Trim the ``k0`` most extreme, centre on the rest, estimate ``k0`` again, until it stands still."""
    k, k0, se = pooled.k, 0, 0.0
    for rounds in range(1, most + 1):
        centre = refit(pooled, subset(inputs, np.arange(k - k0))).estimate
        raw, se = estimator(_signed_ranks(inputs.yi - centre))
        new = min(max(0, round(raw)), k - 1)
        if new == k0:
            return k0, se, centre, rounds
        k0 = new
    raise ConvergenceError(f"trim and fill did not settle in {most} iterations")


def _filled(
    pooled: Pooled,
    inputs: Inputs,
    k0: int,
    se: float,
    centre: float,
    rounds: int,
    estimator: str,
    side: str,
    limits: tuple[float, float] | None,
) -> TrimFill:
    sign = -1.0 if side == "right" else 1.0
    extreme = np.arange(pooled.k - k0, pooled.k)
    yi, vi = sign * (2 * centre - inputs.yi[extreme]), inputs.vi[extreme]
    if limits is not None:
        yi = np.clip(yi, *limits)
    whole = _with_filled(pooled, inputs, extreme, yi)
    fit = refit(pooled, whole) if k0 else pooled
    return TrimFill(
        estimator=estimator,
        side=side,
        k=pooled.k,
        missing=k0,
        missing_se=se,
        p_value_missing=0.5 ** (k0 + 1) if estimator == "R0" else None,
        estimate=fit.estimate,
        ci_low=fit.ci_low,
        ci_high=fit.ci_high,
        p_value=fit.p_value,
        tau2=fit.tau2,
        estimate_observed=pooled.estimate,
        iterations=rounds,
        filled=fit,
        filled_yi=yi,
        filled_vi=vi,
    )


def _with_filled(pooled: Pooled, inputs: Inputs, extreme: Ints, yi: Floats) -> Inputs:
    own, more = inputs_of(pooled), subset(inputs, extreme)
    k = pooled.k + len(yi)
    return replace(
        own,
        yi=np.concatenate([own.yi, yi]),
        vi=np.concatenate([own.vi, more.vi]),
        study=(*own.study, *(f"filled {i + 1}" for i in range(len(yi)))),
        design=Design(np.ones((k, 1)), ("intercept",)),
        weights=None
        if own.weights is None or more.weights is None
        else np.concatenate([own.weights, more.weights]),
        ni=None,
        rows=np.arange(k),
    )
