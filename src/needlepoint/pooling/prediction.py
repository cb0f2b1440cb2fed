"""Prediction intervals: where the effect of a new study is expected."""

from __future__ import annotations

from needlepoint.stats.distributions import normal_quantile, t_quantile

__all__ = ["half_width"]


def half_width(
    kind: str, *, se: float, classic_se: float, hksj_se: float, tau2: float, k: int, p: int, level: float
) -> float:
    """Half the width of a prediction interval of the closed-form kinds.

    ``se`` belongs to the test in use, ``classic_se`` to normal theory, ``hksj_se`` to Hartung-Knapp. "z": normal;
    "t": k - p degrees of freedom; "Riley": k - p - 1; both with ``se``. With ``classic_se``: "HTS" k - p - 1
    (Higgins, Thompson & Spiegelhalter 2009, doi:10.1111/j.1467-985X.2008.00552.x) and "V" k - p (Veroniki et al.
    2019). With ``hksj_se``: "HK" k - p and "HK-PR" k - p - 1 (Partlett & Riley 2017, doi:10.1002/sim.7140).
    """
    upper = 0.5 + 0.5 * level
    base = {"HTS": classic_se, "V": classic_se, "HK": hksj_se, "HK-PR": hksj_se}.get(kind, se)
    spread = (tau2 + base * base) ** 0.5
    if kind == "z":
        return normal_quantile(upper) * spread
    df = k - p - 1 if kind in {"HTS", "Riley", "HK-PR"} else k - p
    return t_quantile(upper, float(df)) * spread
