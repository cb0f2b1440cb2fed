"""The likelihood along tau2: how flat it is, and what the estimate would be at each value."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from needlepoint.arrays import Matrix
from needlepoint.columns import numbers
from needlepoint.errors import InputError
from needlepoint.options import finite, whole
from needlepoint.pooling.api import fit_inputs
from needlepoint.pooling.heterogeneity.heterogeneity_intervals import heterogeneity_intervals
from needlepoint.pooling.kinds import choose
from needlepoint.pooling.refit import inputs_of
from needlepoint.pooling.result import Pooled
from needlepoint.result import Result, record, rows_of

__all__ = ["LikelihoodProfile", "tau2_profile"]


@record
class LikelihoodProfile(Result):
    """Log-likelihood and first coefficient with its interval at each value of ``tau2`` (arrays over points)."""

    method: str
    best_tau2: float
    best_log_likelihood: float
    tau2: Matrix
    log_likelihood: Matrix
    estimate: Matrix
    ci_low: Matrix
    ci_high: Matrix

    def tidy(self) -> list[dict[str, Any]]:
        """One row a point."""
        names = ("tau2", "log_likelihood", "estimate", "ci_low", "ci_high")
        return rows_of(self, names)


def tau2_profile(
    fit: Pooled, tau2: Sequence[float] | Matrix | None = None, *, points: int = 40
) -> LikelihoodProfile:
    """Profile of the (restricted) log-likelihood over tau2.

    Parameters
    ----------
    tau2
        Values to visit; ``points`` values from zero to a little past the profile-likelihood interval when not given.

    Raises
    ------
    InputError
        The estimator has no likelihood.

    Examples
    --------
    >>> from needlepoint import pool
    >>> fit = pool(yi=[0.1, 0.4, 0.3, 0.8, 0.2], vi=[0.02, 0.05, 0.03, 0.04, 0.06])
    >>> tau2_profile(fit, [0.0, 0.05, 0.1]).log_likelihood.round(2).tolist()
    [-1.42, -0.54, -0.81]
    """
    choose({Pooled: None}, fit, verb="tau2_profile")
    if fit.method not in {"ML", "REML"} or fit.tau2_fixed:
        raise InputError(
            "a likelihood profile needs a likelihood fit",
            field="method",
            got=fit.method,
            allowed="REML, ML",
        )
    if tau2 is None:
        high = heterogeneity_intervals(fit, kind="PL").tau2_high
        tau2 = np.linspace(0.0, 1.2 * high, whole(points, field="points"))
    values = numbers(None, tau2, field="tau2")
    for value in values:
        finite(value, field="tau2", least=0.0, allowed="variances, 0 or more")
    inputs = inputs_of(fit)
    test = fit.test if fit.test in {"z", "t", "HKSJ", "HKSJ-adhoc"} else "z"
    fits = [
        fit_inputs(inputs, method=fit.method, test=test, level=fit.level, tau2=float(t), prediction=None)
        for t in values
    ]
    return LikelihoodProfile(
        method=fit.method,
        best_tau2=fit.tau2,
        best_log_likelihood=fit.log_likelihood,
        tau2=values,
        log_likelihood=np.array([f.log_likelihood for f in fits]),
        estimate=np.array([f.estimate for f in fits]),
        ci_low=np.array([f.ci_low for f in fits]),
        ci_high=np.array([f.ci_high for f in fits]),
    )
