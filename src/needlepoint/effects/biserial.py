"""Correlation of a dichotomous with a quantitative variable: point-biserial and biserial."""

from __future__ import annotations

import numpy as np

from needlepoint.effects._family import Measured, Settings
from needlepoint.effects.correlation import fisher_z
from needlepoint.effects.two_means import Arms

__all__ = ["biserial", "point_biserial", "z_biserial", "z_point_biserial"]


def point_biserial(a: Arms, vtype: str, how: Settings) -> Measured:
    """Point-biserial correlation; groups fixed by design ("ST") or sampled with the rest ("CS").

    "CS": Tate (1954), doi:10.1214/aoms/1177728730; "ST" the delta method from d.
    """
    h = (a.ni - 2) / a.n1i + (a.ni - 2) / a.n2i
    yi = a.dval / np.sqrt(a.dval**2 + h)
    if vtype == "CS":
        pq = a.n1i / a.ni * (a.n2i / a.ni)
        return Measured(yi, (1 - yi**2) ** 2 * (1 + yi**2 / (4 * pq) - 1.5 * yi**2) / a.ni)
    v_d = 1 / a.n1i + 1 / a.n2i + a.dval**2 / (2 * a.ni)
    return Measured(yi, h**2 / (h + a.dval**2) ** 3 * v_d)


def z_point_biserial(a: Arms, vtype: str, how: Settings) -> Measured:
    """Fisher's z of the point-biserial correlation (here not variance stabilising)."""
    return fisher_z(point_biserial(a, vtype, how))


def biserial(a: Arms, vtype: str, how: Settings) -> Measured:
    """Biserial correlation with Soper's variance (Jacobs & Viechtbauer 2017, doi:10.1002/jrsm.1218).

    Small samples can give values beyond -1 and 1; the variance is then that of the limit.
    """
    from scipy.special import ndtri

    p, q = a.n1i / a.ni, a.n2i / a.ni
    z = -ndtri(p)  # the threshold above which a share p lies
    f = np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi)
    yi = np.sqrt(p * q) / f * point_biserial(a, "ST", how).yi
    tilt = p * q * z**2 / f**2 + (2 * p - 1) * z / f - 2.5
    r2 = np.minimum(yi**2, 1)
    return Measured(yi, (r2**2 + r2 * tilt + p * q / f**2) / (a.ni - 1))


def z_biserial(a: Arms, vtype: str, how: Settings) -> Measured:
    """Fisher's z of the biserial correlation (here not variance stabilising)."""
    return fisher_z(biserial(a, vtype, how))
