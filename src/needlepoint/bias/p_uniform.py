"""p-uniform*: the effect from the densities of the studies given that they are, or are not, significant."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from needlepoint.bias._favoured import Favours, favoured
from needlepoint.bias._selection_inference import infer
from needlepoint.bias._selection_likelihood import ConditionalSelection
from needlepoint.bias._selection_search import Problem, maximise
from needlepoint.options import check_fraction
from needlepoint.pooling.refit import inputs_of, refit, without_moderators
from needlepoint.result import Result, record
from needlepoint.stats.distributions import normal_quantile

if TYPE_CHECKING:
    pass


__all__ = ["PUniform", "p_uniform"]


@record
class PUniform(Result):
    """The estimate of p-uniform* and the one without adjustment; None where the likelihood has no curvature."""

    favours: str
    k: int
    significant: int
    level: float
    estimate: float
    se: float | None
    ci_low: float | None
    ci_high: float | None
    p_value: float | None
    tau2: float
    log_likelihood: float
    estimate_unadjusted: float

    def summary(self) -> str:
        """The two estimates in a line."""
        interval = "" if self.ci_low is None else f" [{self.ci_low:.4g}, {self.ci_high:.4g}]"
        line = (
            f"p-uniform* ({self.significant} of {self.k} studies significant): {self.estimate:.4g}{interval}, "
            f"tau2 = {self.tau2:.4g}; {self.estimate_unadjusted:.4g} without adjustment"
        )
        return "\n".join([line, *(f"note: {note}" for note in self.notes)])


def p_uniform(
    fit: Any,
    vi: Any = None,
    *,
    data: Any = None,
    favours: Favours | None = None,
    alpha: float = 0.05,
) -> PUniform:
    """p-uniform* by maximum likelihood.

    The chance of publication may differ between significant and other studies in any way that is constant within
    each: every study's density is taken given that it falls where it fell.

    Parameters
    ----------
    fit, vi, data
        A :class:`Pooled` without moderators ("EE" keeps tau2 at zero), effect sizes, or k estimates with variances.
    favours
        Direction of the significant studies; that of the pooled estimate unless told.
    alpha
        Two-sided level.

    Raises
    ------
    InputError
        Moderators.
    NotEnoughStudies
        Fewer than two studies.

    References
    ----------
    van Aert & van Assen (2021), doi:10.31222/osf.io/zqjr9.

    Examples
    --------
    >>> p_uniform([0.5, 0.45, 0.6, 0.1], [0.04, 0.03, 0.06, 0.02]).significant
    3
    """
    check_fraction(alpha, field="alpha")
    pooled = without_moderators(fit, vi, data, method="p-uniform*", needs=2)
    side, sign = favoured(pooled, favours)
    cut = normal_quantile(1 - alpha / 2)
    significant = sign * pooled.yi / np.sqrt(pooled.vi) > cut
    method = "EE" if pooled.method in {"EE", "FE"} else "ML"
    null = refit(pooled, inputs_of(pooled), method=method, test="z")
    selection = ConditionalSelection(significant, sign * cut, sign)
    problem = Problem(pooled.yi, pooled.vi, pooled.X, selection, method == "ML", np.empty(0), 0.0, 1.0)
    fit = maximise(problem, null.beta, null.tau2)
    inference = infer(problem, fit.theta, pooled.level, ("intercept",))
    first = None if inference.vb is None else inference.coefficients[0]
    return PUniform(
        notes=inference.notes,
        favours=side,
        k=pooled.k,
        significant=int(significant.sum()),
        level=pooled.level,
        estimate=float(fit.theta[0]),
        se=None if first is None else first.se,
        ci_low=None if first is None else first.ci_low,
        ci_high=None if first is None else first.ci_high,
        p_value=None if first is None else first.p_value,
        tau2=float(fit.theta[1]),
        log_likelihood=fit.log_likelihood,
        estimate_unadjusted=null.estimate,
    )
