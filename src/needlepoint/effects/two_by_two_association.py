"""Association of two dichotomous variables: phi, Yule's Q and Y, the tetrachoric correlation."""

from __future__ import annotations

import numpy as np

from needlepoint.arrays import Vector
from needlepoint.effects._family import Measured, Settings
from needlepoint.effects._tetrachoric import tetrachoric
from needlepoint.effects.correlation import fisher_z
from needlepoint.effects.two_by_two import Table, log_odds_ratio

__all__ = ["phi", "tetrachoric_correlation", "yule_q", "yule_y", "z_phi", "z_tetrachoric"]


def phi(t: Table, vtype: str, how: Settings) -> Measured:
    """Phi coefficient; sampling stratified by group ("ST") or of the whole table ("CS").

    "ST" is the delta method for two binomials, "CS" for one multinomial (Yule 1912, doi:10.2307/2340126).
    """
    x, y = t.ai + t.ci, t.bi + t.di
    scale = np.sqrt(t.n1i) * np.sqrt(t.n2i) * np.sqrt(x) * np.sqrt(y)
    yi = (t.ai * t.di - t.bi * t.ci) / scale
    if vtype == "CS":
        return Measured(yi, _multinomial_variance(t, yi))
    pull = yi * (y - x) / (2 * x * y)
    per_a, per_c = t.n2i / scale - pull, -t.n1i / scale - pull
    return Measured(yi, per_a**2 * t.ai * t.bi / t.n1i + per_c**2 * t.ci * t.di / t.n2i)


def _multinomial_variance(t: Table, r: Vector) -> Vector:
    p1, q1 = (t.ai + t.ci) / t.ni, (t.bi + t.di) / t.ni
    p2, q2 = t.n1i / t.ni, t.n2i / t.ni
    skew = (p1 - q1) * (p2 - q2) / np.sqrt(p1 * q1 * p2 * q2)
    spread = (p1 - q1) ** 2 / (p1 * q1) + (p2 - q2) ** 2 / (p2 * q2)
    return (1 - r**2 + r * (1 + r**2 / 2) * skew - 0.75 * r**2 * spread) / t.ni


def z_phi(t: Table, vtype: str, how: Settings) -> Measured:
    """Fisher's z of phi (here not variance stabilising)."""
    return fisher_z(phi(t, vtype, how))


def yule_q(t: Table, vtype: str, how: Settings) -> Measured:
    """Yule's Q, (OR - 1) / (OR + 1) (Yule 1912)."""
    log_or = log_odds_ratio(t, vtype, how)
    yi = np.tanh(log_or.yi / 2)
    return Measured(yi, (1 - yi**2) ** 2 * log_or.vi / 4)


def yule_y(t: Table, vtype: str, how: Settings) -> Measured:
    """Yule's Y, the coefficient of colligation (Yule 1912)."""
    log_or = log_odds_ratio(t, vtype, how)
    yi = np.tanh(log_or.yi / 4)
    return Measured(yi, (1 - yi**2) ** 2 * log_or.vi / 16)


def tetrachoric_correlation(t: Table, vtype: str, how: Settings) -> Measured:
    """Tetrachoric correlation (Pearson 1900, doi:10.1098/rsta.1900.0022), by maximum likelihood."""
    return tetrachoric(t.ai / t.ni, t.bi / t.ni, t.ci / t.ni, t.di / t.ni, t.ni)


def z_tetrachoric(t: Table, vtype: str, how: Settings) -> Measured:
    """Fisher's z of the tetrachoric correlation (here not variance stabilising)."""
    return fisher_z(tetrachoric_correlation(t, vtype, how))
