"""Prediction intervals: where the effect of a new study is expected."""

from __future__ import annotations

from math import sqrt
from typing import NamedTuple

from needlepoint.arrays import Matrix
from needlepoint.errors import InputError
from needlepoint.stats.distributions import normal_quantile, t_quantile

__all__ = ["Spread", "prediction_interval"]


class Spread(NamedTuple):
    """What a prediction interval is made of; ``se`` belongs to the test in use."""

    estimate: float
    se: float
    tau2: float
    classic_se: float
    hksj_se: float


def prediction_interval(
    kind: str, s: Spread, yi: Matrix, vi: Matrix, X: Matrix, row: Matrix, level: float
) -> tuple[float, float]:
    """Prediction interval of a published kind, at the design row ``row``.

    "z": normal. With the se of the test in use: "t" with k - p degrees of freedom, "Riley" with k - p - 1. With
    the normal-theory se: "V", k - p (Veroniki et al. 2019, doi:10.1002/jrsm.1319) and "HTS", k - p - 1 (Higgins,
    Thompson & Spiegelhalter 2009, doi:10.1111/j.1467-985X.2008.00552.x). With the Hartung-Knapp se: "HK", k - p,
    and "HK-PR", k - p - 1; with the Kenward-Roger se: "KR" and "KR-PR", one degree less (Partlett & Riley 2017,
    doi:10.1002/sim.7140). "NNF": Nagashima, Noma & Furukawa (2019), doi:10.1177/0962280218773520.

    Raises
    ------
    InputError
        Too few studies for the kind's degrees of freedom.
    """
    if kind == "NNF":
        from needlepoint.pooling.coefficients.prediction_nnf import confidence_distribution_interval

        return confidence_distribution_interval(yi, vi, level)
    k, p = X.shape
    se = s.se
    df: float | None = float(k - p)
    if kind == "z":
        df = None
    elif kind in {"HTS", "V"}:
        se = s.classic_se
    elif kind in {"HK", "HK-PR"}:
        se = s.hksj_se
    elif kind in {"KR", "KR-PR"}:
        se, df = _kenward_roger(vi, X, row, s.tau2)
    if df is not None and kind in {"HTS", "Riley", "HK-PR", "KR-PR"}:
        df -= 1.0
    if df is not None and df <= 0.0:
        raise InputError(
            "too few studies for this prediction interval", field="prediction", got=kind, mend="try 't'"
        )
    upper = 0.5 + 0.5 * level
    quantile = normal_quantile(upper) if df is None else t_quantile(upper, df)
    half = quantile * sqrt(s.tau2 + se * se)
    return s.estimate - half, s.estimate + half


def _kenward_roger(vi: Matrix, X: Matrix, row: Matrix, tau2: float) -> tuple[float, float]:
    from needlepoint.pooling.coefficients.kenward_roger import kenward_roger

    kr = kenward_roger(vi, X, tau2)
    return float(row @ kr.vb @ row) ** 0.5, kr.df(row)
