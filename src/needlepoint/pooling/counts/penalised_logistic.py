"""Penalised (Firth) logistic regression: odds ratios that stay finite whatever the zeros."""

from __future__ import annotations

from math import copysign, sqrt
from typing import Any, Literal, Unpack

import numpy as np

from needlepoint.arrays import Vector
from needlepoint.errors import ConvergenceError
from needlepoint.options import check, check_fraction
from needlepoint.pooling.counts.counts import (
    Counts,
    empty_studies,
    fit_fields,
    only_coefficient,
    read_counts,
    two_arms,
)
from needlepoint.pooling.counts.firth import PenalisedFit, dispersion, penalised_fit
from needlepoint.pooling.result import Likelihood, LikelihoodFit
from needlepoint.result import p_text, record
from needlepoint.stats.distributions import (
    chi2_quantile,
    chi2_sf,
    normal_quantile,
    wald_interval,
)
from needlepoint.stats.roots import brent_root

__all__ = ["PenalisedLogistic", "penalised_logistic"]

Method = Literal["EE", "ME"]
Interval = Literal["profile", "wald"]


@record
class PenalisedLogistic(LikelihoodFit):
    """A penalised log odds ratio; ``statistic`` is the signed root of the penalised likelihood ratio.

    ``q`` is Pearson's chi-square of the arms around the fit; ``phi`` the overdispersion, by which the variance is
    multiplied under "ME" (if above 1). The log-likelihood is the penalised one.
    """

    interval: str
    q: float
    q_df: int
    q_p: float
    phi: float

    def summary(self) -> str:
        """Text for people."""
        lines = [
            f"penalised logistic regression ({self.method}), OR, k = {self.k}",
            f"estimate {self.estimate:.4f} [{self.ci_low:.4f}, {self.ci_high:.4f}] ({self.interval}), "
            f"se {self.se:.4f}, {p_text(self.p_value)}",
            f"Pearson chi-square {self.q:.2f} on {self.q_df}, {p_text(self.q_p)}, dispersion {self.phi:.2f}",
        ]
        return "\n".join([*lines, *self.notes])


def penalised_logistic(
    data: Any = None,
    *,
    study: Any = None,
    method: Method = "EE",
    interval: Interval | None = None,
    level: float = 0.95,
    **columns: Unpack[Counts],
) -> PenalisedLogistic:
    """Penalised logistic regression with fixed study effects (Firth's bias reduction), log odds ratio.

    No study is left out and nothing is added to zero cells: the penalty keeps every estimate finite. For one study the
    estimate is that of the table with 1/2 added to each cell.

    Parameters
    ----------
    data
        A data frame, a mapping, or an ``EffectSizes`` that keeps its counts.
    ai, bi, ci, di, n1i, n2i
        Events, non-events or sizes of the two groups: names of columns, or arrays of shape (k,).
    method
        "EE", a common odds ratio; "ME", the same with multiplicative overdispersion of the variance.
    interval
        "profile" (of the penalised likelihood: the default under "EE") or "wald" (the only one under "ME").
    level
        Confidence level, a fraction.

    Raises
    ------
    InputError
        Impossible counts.
    ConvergenceError
        The iterations did not settle.

    References
    ----------
    Firth (1993), doi:10.1093/biomet/80.1.27; Heinze & Schemper (2002), doi:10.1002/sim.1047;
    Evrenoglou et al. (2022), Statistics in Medicine.

    Examples
    --------
    >>> res = penalised_logistic(ai=[0, 0], n1i=[50, 60], ci=[3, 2], n2i=[50, 60])
    >>> round(res.estimate, 3), round(res.ci_high, 3)
    (-2.44, -0.245)
    """
    check(method, Method, field="method")
    check_fraction(level, field="level")
    chosen = interval or ("profile" if method == "EE" else "wald")
    check(chosen, Interval, field="interval")
    counts = read_counts(data, columns, measure="OR", study=study, method="penalised logistic regression")
    counts = counts.naming("with no events, or only events, in both groups kept", empty_studies(counts.cells))
    y, n = (np.column_stack(both) for both in zip(*two_arms(counts.cells), strict=True))
    fit = penalised_fit(y, n)
    null = penalised_fit(y, n, fixed=0.0, start=fit)
    if not (fit.converged and null.converged):
        raise ConvergenceError("the penalised likelihood did not settle")
    spread = dispersion(y, n, fit)
    inflation = max(1.0, spread.phi) if method == "ME" else 1.0
    se = sqrt(inflation / fit.information)
    statistic = fit.value / se
    if method == "EE":
        statistic = copysign(sqrt(max(0.0, 2.0 * (fit.log_likelihood - null.log_likelihood))), fit.value)
    if chosen == "profile" and method == "EE":
        low, high = _profile_interval(y, n, fit, level)
    else:
        chosen = "wald"
        low, high = wald_interval(fit.value, se, level)
    parameters = len(y) + 1
    return PenalisedLogistic(
        **fit_fields(counts, "OR", method, only_coefficient(fit.value, se, statistic, low, high), level),
        interval=chosen,
        q=spread.chi2,
        q_df=spread.df,
        q_p=chi2_sf(spread.chi2, spread.df) if spread.df > 0 else 1.0,
        phi=spread.phi,
        likelihood=Likelihood(
            fit.log_likelihood, 2.0 * parameters - 2.0 * fit.log_likelihood, None, None, parameters
        ),
    )


def _profile_interval(y: Vector, n: Vector, fit: PenalisedFit, level: float) -> tuple[float, float]:
    """Where twice the penalised log-likelihood has fallen by the chi-square quantile."""
    target = fit.log_likelihood - 0.5 * chi2_quantile(level, 1)
    half = normal_quantile(0.5 + level / 2) / sqrt(fit.information)

    def end(direction: float) -> float:
        last = fit

        def above(value: float) -> float:
            nonlocal last
            last = penalised_fit(y, n, fixed=value, start=last)
            return last.log_likelihood - target

        far = 1.0
        while above(fit.value + direction * far * half) > 0.0:
            far *= 1.5
        ends = sorted((fit.value, fit.value + direction * far * half))
        last = fit
        return brent_root(above, *ends, rtol=1e-11, atol=1e-11)

    return end(-1.0), end(1.0)
