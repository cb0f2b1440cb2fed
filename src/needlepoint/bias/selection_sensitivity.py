"""Sensitivity to publication bias: how strongly results must be selected to explain an effect away."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from needlepoint.bias._favoured import Favours, favoured
from needlepoint.errors import InputError, NotEnoughStudies
from needlepoint.options import check_fraction, finite
from needlepoint.pooling.refit import inputs_of, refit, subset, without_moderators
from needlepoint.result import Result, record
from needlepoint.stats.distributions import normal_quantile, t_quantile
from needlepoint.stats.roots import brent_root

if TYPE_CHECKING:
    from needlepoint.pooling.result import Pooled


__all__ = ["SelectionSensitivity", "selected_estimate", "selection_sensitivity"]

_MOST = 1e4  # a selection ratio beyond this explains nothing


@record
class SelectionSensitivity(Result):
    """How robust a pooled effect is to publication bias.

    Affirmative studies are significant in the favoured direction. ``s_value`` is the ratio by which they must have been
    more likely to appear for the estimate to fall to ``target`` (None: no ratio does it), ``s_value_ci`` the same for
    the nearer limit of its interval. ``worst_*`` is the estimate from the other studies alone: selection without end.
    """

    favours: str
    target: float
    k: int
    affirmative: int
    estimate: float
    s_value: float | None
    s_value_ci: float | None
    worst_estimate: float
    worst_low: float
    worst_high: float

    def summary(self) -> str:
        """What it takes, in two lines."""
        shift = f"bring {self.estimate:.4g} to {self.target:g}"
        needed = (
            f"no ratio of appearing can {shift}"
            if self.s_value is None
            else f"to {shift} they must be {self.s_value:.3g} times as likely to appear"
        )
        nearer = "none" if self.s_value_ci is None else f"{self.s_value_ci:.3g}"
        lines = [
            f"{self.affirmative} of {self.k} studies are affirmative; {needed} (interval: {nearer})",
            f"without them: {self.worst_estimate:.4g} [{self.worst_low:.4g}, {self.worst_high:.4g}]",
        ]
        return "\n".join([*lines, *self.notes])


def selection_sensitivity(
    fit: Any,
    vi: Any = None,
    *,
    data: Any = None,
    favours: Favours | None = None,
    target: float = 0.0,
    alpha: float = 0.05,
) -> SelectionSensitivity:
    """Sensitivity analysis for publication bias, with the S-value (Mathur & VanderWeele).

    Parameters
    ----------
    fit, vi, data
        A :class:`Pooled` without moderators, effect sizes, or k estimates with their variances.
    favours
        Direction that is favoured; that of the pooled estimate unless told.
    target
        Value on the null's side of the estimate to which it would have to fall.
    alpha
        Two-sided level at which a study counts as significant.

    Raises
    ------
    InputError
        Moderators, or a target beyond the estimate.
    NotEnoughStudies
        No study that is not affirmative.

    Notes
    -----
    Weights are 1 / (vi + tau2) with the tau2 of the pooled model; intervals are robust (sandwich) with k - 1 degrees of
    freedom.

    References
    ----------
    Mathur & VanderWeele (2020), doi:10.1111/rssc.12440.

    Examples
    --------
    >>> found = selection_sensitivity([0.5, 0.6, 0.1, 0.2], [0.02, 0.03, 0.02, 0.03])
    >>> found.affirmative, found.s_value
    (2, None)
    """
    check_fraction(alpha, field="alpha")
    target = finite(target, field="target")
    pooled = without_moderators(fit, vi, data, method="the sensitivity analysis for publication bias")
    side, sign = favoured(pooled, favours)
    if sign * (pooled.estimate - target) < 0:
        raise InputError("the estimate is already beyond the target", field="target", got=target)
    affirmative = sign * pooled.yi / np.sqrt(pooled.vi) > normal_quantile(1 - alpha / 2)
    if affirmative.all():
        raise NotEnoughStudies("the worst case", needs=1, got=0, hint="every study is affirmative")
    worst = refit(pooled, subset(inputs_of(pooled), ~affirmative))
    return SelectionSensitivity(
        favours=side,
        target=target,
        k=pooled.k,
        affirmative=int(affirmative.sum()),
        estimate=pooled.estimate,
        s_value=_s_value(pooled, affirmative, target, sign),
        s_value_ci=_s_value_of_interval(pooled, affirmative, target, sign),
        worst_estimate=worst.estimate,
        worst_low=worst.ci_low,
        worst_high=worst.ci_high,
    )


def selected_estimate(pooled: Pooled, affirmative: Any, ratio: float) -> tuple[float, float]:
    """Estimate and robust standard error if affirmative studies were ``ratio`` times as likely to appear."""
    weights = np.where(affirmative, 1.0, ratio) / (pooled.vi + pooled.tau2)
    estimate = float(weights @ pooled.yi) / float(weights.sum())
    spread = float((weights**2) @ (pooled.yi - estimate) ** 2) / float(weights.sum()) ** 2
    k = pooled.k
    return estimate, float(np.sqrt(spread * k / (k - 1))) if k > 1 else float("nan")


def _s_value(pooled: Pooled, affirmative: Any, target: float, sign: float) -> float | None:
    """The ratio at which the weighted mean equals the target, in closed form."""
    pull = sign * (pooled.yi - target) / (pooled.vi + pooled.tau2)
    up, down = float(pull[affirmative].sum()), -float(pull[~affirmative].sum())
    return max(1.0, up / down) if down > 0 else None


def _s_value_of_interval(pooled: Pooled, affirmative: Any, target: float, sign: float) -> float | None:
    if pooled.k < 2:
        return None
    reach = t_quantile(0.5 + pooled.level / 2, pooled.k - 1)

    def gap(ratio: float) -> float:
        estimate, se = selected_estimate(pooled, affirmative, ratio)
        return sign * (estimate - target) - reach * se

    if gap(1.0) <= 0:
        return 1.0
    grid = np.geomspace(1.0, _MOST, 200).tolist()
    found = next(((low, high) for low, high in pairwise(grid) if gap(high) <= 0), None)
    return None if found is None else brent_root(gap, *found)
