"""Between standardised mean differences and odds ratios, as if the outcome had been dichotomised."""

from __future__ import annotations

import numpy as np

from needlepoint.effects._family import Measured, Settings
from needlepoint.effects.two_by_two import Table, log_odds_ratio
from needlepoint.effects.two_means import Arms

__all__ = [
    "LOGISTIC",
    "NORMAL",
    "log_odds_from_smd_logistic",
    "log_odds_from_smd_normal",
    "probit_difference",
    "smd_from_odds_logistic",
    "smd_from_odds_normal",
]

LOGISTIC = float(np.pi / np.sqrt(3))  # sd of the standard logistic distribution (Hasselblad & Hedges 1995)
NORMAL = 1.65  # Cox & Snell (1989)


def smd_from_odds_logistic(t: Table, vtype: str, how: Settings) -> Measured:
    """SMD from an odds ratio, logistic responses (Hasselblad & Hedges 1995, doi:10.1037/0033-2909.117.1.167)."""
    log_or = log_odds_ratio(t, vtype, how)
    return Measured(log_or.yi / LOGISTIC, log_or.vi / LOGISTIC**2)


def smd_from_odds_normal(t: Table, vtype: str, how: Settings) -> Measured:
    """SMD from an odds ratio, normal responses (Cox & Snell 1989)."""
    log_or = log_odds_ratio(t, vtype, how)
    return Measured(log_or.yi / NORMAL, log_or.vi / NORMAL**2)


def probit_difference(t: Table, vtype: str, how: Settings) -> Measured:
    """SMD as the difference of probits (Sánchez-Meca et al. 2003, doi:10.1037/1082-989X.8.4.448)."""
    from scipy.special import ndtri

    p1, p2 = t.ai / t.n1i, t.ci / t.n2i
    z1, z2 = ndtri(p1), ndtri(p2)
    v1 = 2 * np.pi * p1 * (1 - p1) * np.exp(z1**2) / t.n1i
    v2 = 2 * np.pi * p2 * (1 - p2) * np.exp(z2**2) / t.n2i
    return Measured(z1 - z2, v1 + v2)


def log_odds_from_smd_logistic(a: Arms, vtype: str, how: Settings) -> Measured:
    """Log odds ratio from Cohen's d, logistic responses (Hasselblad & Hedges 1995)."""
    return _log_odds(a, LOGISTIC)


def log_odds_from_smd_normal(a: Arms, vtype: str, how: Settings) -> Measured:
    """Log odds ratio from Cohen's d, normal responses (Cox & Snell 1989)."""
    return _log_odds(a, NORMAL)


def _log_odds(a: Arms, factor: float) -> Measured:
    vi = 1 / a.n1i + 1 / a.n2i + a.dval**2 / (2 * a.ni)
    return Measured(factor * a.dval, factor**2 * vi)
