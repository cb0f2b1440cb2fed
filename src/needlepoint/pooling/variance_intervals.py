"""``variance_intervals``: how well the heterogeneity of a fitted model is known."""

from __future__ import annotations

from typing import Any

from needlepoint.errors import InputError
from needlepoint.options import HeterogeneityInterval
from needlepoint.pooling.heterogeneity.heterogeneity_intervals import (
    HeterogeneityIntervals,
    heterogeneity_intervals,
)
from needlepoint.pooling.kinds import choose
from needlepoint.pooling.multilevel.group_effects import ComponentIntervals, component_intervals
from needlepoint.pooling.multilevel.multilevel import Multilevel
from needlepoint.pooling.result import Pooled

__all__ = ["variance_intervals"]


def variance_intervals(
    fit: Any, *, kind: HeterogeneityInterval | None = None, level: float | None = None
) -> HeterogeneityIntervals | ComponentIntervals:
    """Intervals for tau2 (and tau, I2, H2) of a pooled model, or for each variance and correlation of a multilevel one.

    Parameters
    ----------
    fit
        What :func:`needlepoint.pool` or :func:`needlepoint.multilevel` gave.
    kind
        Of a pooled model: "QP" (Q-profile, the default), "GENQ", "PL" ... ; a multilevel model has profile-likelihood
        intervals only.

    Raises
    ------
    InputError
        Another kind of fit, or a kind of interval that the fit does not have.

    Examples
    --------
    >>> from needlepoint import pool
    >>> found = variance_intervals(pool(yi=[0.1, 0.9, 0.4, 0.2], vi=[0.02, 0.03, 0.01, 0.02]))
    >>> round(found.tau2_low, 3), round(found.tau2_high, 3)
    (0.014, 1.734)
    """
    mend = (
        'glmm(..., interval="profile") has tau2_low and tau2_high itself'
        if hasattr(fit, "tau2_low")
        else None
    )
    choose({Pooled: None, Multilevel: None}, fit, verb="variance_intervals", mend=mend)
    if isinstance(fit, Pooled):
        return heterogeneity_intervals(fit, kind=kind or "QP", level=level)
    if kind not in {None, "PL"}:
        raise InputError(
            "a multilevel model has profile-likelihood intervals", field="kind", got=kind, allowed="PL"
        )
    return component_intervals(fit, level=level)
