"""PET, PEESE and their conditional choice; WAAP, the mean of the adequately powered studies."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from needlepoint.bias._dispersion import DispersionFit, constant, dispersion_fit, refuse_exact_fit
from needlepoint.errors import InputError
from needlepoint.options import check_fraction
from needlepoint.pooling.refit import without_moderators
from needlepoint.pooling.result import Pooled
from needlepoint.result import Result, p_text, record
from needlepoint.stats.distributions import t_cdf, two_sided_t, wald_interval

__all__ = ["CorrectedMean", "peese", "pet", "pet_peese", "waap"]

_POWERED = 2.8  # 1.96 + 0.84: 80 % power at two-sided 5 % (Stanley et al. 2017, doi:10.1002/sim.7228)


@record
class CorrectedMean(Result):
    """A mean corrected for small-study effects, with its t interval; ``slope`` is that of the predictor.

    ``slope_p`` tests funnel asymmetry. ``k_used`` are the studies in the mean (the powered ones in WAAP).
    """

    method: str
    k: int
    k_used: int
    level: float
    estimate: float
    se: float
    statistic: float
    df: float
    p_value: float
    ci_low: float
    ci_high: float
    slope: float | None
    slope_se: float | None
    slope_p: float | None

    def summary(self) -> str:
        """The mean in a line."""
        line = (
            f"{self.method}: {self.estimate:.4g}, {100 * self.level:g}% CI [{self.ci_low:.4g}, {self.ci_high:.4g}], "
            f"{p_text(self.p_value)} ({self.k_used} of {self.k} studies)"
        )
        return "\n".join([line, *(f"note: {note}" for note in self.notes)])


def pet(fit: Any, vi: Any = None, *, data: Any = None) -> CorrectedMean:
    """Precision-effect test: the intercept of the weighted regression on the standard error.

    Stanley & Doucouliagos (2014), doi:10.1002/jrsm.1095. Raises NotEnoughStudies below three studies.

    >>> pet([0.9, 0.7, 0.5, 0.3, 0.2], [0.20, 0.12, 0.05, 0.02, 0.01]).estimate
    -0.0019...
    """
    return _regressed(without_moderators(fit, vi, data, method="PET", needs=3), "PET", 1)


def peese(fit: Any, vi: Any = None, *, data: Any = None) -> CorrectedMean:
    """Precision-effect estimate with standard error: the intercept of the weighted regression on the variance.

    Stanley & Doucouliagos (2014), doi:10.1002/jrsm.1095. Raises NotEnoughStudies below three studies.

    >>> yi, vi = [0.9, 0.7, 0.5, 0.3, 0.2], [0.20, 0.12, 0.05, 0.02, 0.01]
    >>> round(peese(yi, vi).estimate, 3)
    0.189
    """
    return _regressed(without_moderators(fit, vi, data, method="PEESE", needs=3), "PEESE", 2)


def pet_peese(fit: Any, vi: Any = None, *, data: Any = None, alpha: float = 0.10) -> CorrectedMean:
    """PET-PEESE: PEESE where PET finds an effect in the expected direction (one-sided ``alpha`` / 2), else PET.

    Stanley (2017), doi:10.1177/1948550617693062: the one-sided test at 5 % is ``alpha=0.10``.

    Raises
    ------
    NotEnoughStudies
        Fewer than three studies.

    Examples
    --------
    >>> yi, vi = [0.9, 0.7, 0.5, 0.3, 0.2], [0.20, 0.12, 0.05, 0.02, 0.01]
    >>> pet_peese(yi, vi).notes
    ('PET finds no effect: PET is reported',)
    """
    check_fraction(alpha, field="alpha")
    pooled = without_moderators(fit, vi, data, method="PET-PEESE", needs=3)
    first = _regressed(pooled, "PET", 1)
    side = 1.0 if pooled.estimate >= 0 else -1.0
    if 1 - t_cdf(side * first.statistic, first.df) < alpha / 2:
        chosen, why = _regressed(pooled, "PET-PEESE", 2), "PET finds an effect: PEESE is reported"
    else:
        chosen, why = _regressed(pooled, "PET-PEESE", 1), "PET finds no effect: PET is reported"
    return _with_notes(chosen, why)


def waap(fit: Any, vi: Any = None, *, data: Any = None) -> CorrectedMean:
    """Weighted average of the adequately powered (WAAP-WLS): studies with 80 % power for the WLS mean.

    The unrestricted weighted least-squares mean of all studies where fewer than two are powered.

    Raises
    ------
    NotEnoughStudies
        Fewer than two studies.

    References
    ----------
    Stanley, Doucouliagos & Ioannidis (2017), doi:10.1002/sim.7228.

    Examples
    --------
    >>> yi, vi = [0.9, 0.7, 0.5, 0.3, 0.2], [0.20, 0.12, 0.05, 0.02, 0.01]
    >>> found = waap(yi, vi)
    >>> found.method, round(found.estimate, 3)
    ('WLS', 0.302)
    """
    pooled = without_moderators(fit, vi, data, method="WAAP", needs=2)
    everyone = np.ones(pooled.k, bool)
    mean = abs(float(_mean(pooled, everyone).beta[0]))
    powered = np.sqrt(pooled.vi) <= mean / _POWERED
    if powered.sum() >= 2:
        return _corrected(pooled, _mean(pooled, powered), "WAAP", int(powered.sum()))
    note = f"{int(powered.sum())} adequately powered studies: the WLS mean of all is reported"
    return _with_notes(_corrected(pooled, _mean(pooled, everyone), "WLS", pooled.k), note)


def _mean(pooled: Pooled, rows: Any) -> DispersionFit:
    yi, vi = pooled.yi[rows], pooled.vi[rows]
    return dispersion_fit(yi, 1 / vi, np.ones((len(yi), 1)))


def _regressed(pooled: Pooled, method: str, power: int) -> CorrectedMean:
    sei = np.sqrt(pooled.vi)
    if constant(sei):
        raise InputError(
            "every study has the same standard error: there is nothing to regress on", field="vi"
        )
    X = np.column_stack([np.ones(pooled.k), sei**power])
    return _corrected(pooled, dispersion_fit(pooled.yi, 1 / pooled.vi, X), method, pooled.k)


def _corrected(pooled: Pooled, fit: DispersionFit, method: str, used: int) -> CorrectedMean:
    refuse_exact_fit(fit)
    estimate, se, df = float(fit.beta[0]), float(np.sqrt(fit.vb[0, 0])), float(fit.df)
    t = estimate / se
    low, high = wald_interval(estimate, se, pooled.level, df)
    slope = slope_se = slope_p = None
    if len(fit.beta) > 1:
        slope, slope_se = float(fit.beta[1]), float(np.sqrt(fit.vb[1, 1]))
        slope_p = two_sided_t(slope / slope_se, df)
    return CorrectedMean(
        method=method,
        k=pooled.k,
        k_used=used,
        level=pooled.level,
        estimate=estimate,
        se=se,
        statistic=t,
        df=df,
        p_value=two_sided_t(t, df),
        ci_low=low,
        ci_high=high,
        slope=slope,
        slope_se=slope_se,
        slope_p=slope_p,
    )


def _with_notes(mean: CorrectedMean, note: str) -> CorrectedMean:
    return replace(mean, notes=(*mean.notes, note))
