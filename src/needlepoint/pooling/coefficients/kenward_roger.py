"""Kenward-Roger inference: covariance and degrees of freedom that allow for tau2 being estimated."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from needlepoint.arrays import Matrix
from needlepoint.pooling.result import Omnibus
from needlepoint.stats.distributions import f_sf

__all__ = ["KenwardRoger", "kenward_roger"]


class KenwardRoger(NamedTuple):
    """Adjusted covariance of the coefficients with what its tests need."""

    vb: Matrix
    phi: Matrix  # unadjusted covariance
    phi_m_phi: Matrix  # phi X'W^2X phi
    tau2_variance: float

    def df(self, l: Matrix) -> float:  # noqa: E741 (the field's letter for a contrast)
        """Degrees of freedom of one linear combination."""
        return 2.0 * float(l @ self.phi @ l) ** 2 / (self.tau2_variance * float(l @ self.phi_m_phi @ l) ** 2)

    def omnibus(self, beta: Matrix, L: Matrix) -> Omnibus:
        """Scaled F test that ``L`` times the coefficients is zero (equations 5 to 7 of the paper)."""
        m = len(L)
        Lb = L @ beta
        f = float(Lb @ np.linalg.solve(L @ self.vb @ L.T, Lb)) / m
        if m == 1:
            df2 = self.df(L[0])
            return Omnibus(f, 1, df2, f_sf(f, 1.0, df2))
        theta = np.linalg.solve(L @ self.phi @ L.T, L @ self.phi_m_phi @ L.T)
        a1 = self.tau2_variance * float(np.trace(theta)) ** 2
        a2 = self.tau2_variance * float((theta * theta.T).sum())
        scale, df2 = _scale_and_df(a1, a2, m)
        return Omnibus(scale * f, m, df2, f_sf(scale * f, float(m), df2))


def _scale_and_df(a1: float, a2: float, m: int) -> tuple[float, float]:
    b = (a1 + 6.0 * a2) / (2.0 * m)
    g = ((m + 1) * a1 - (m + 4) * a2) / ((m + 2) * a2)
    d = 3.0 * m + 2.0 * (1.0 - g)
    c1, c2, c3 = g / d, (m - g) / d, (m + 2.0 - g) / d
    mean = 1.0 / (1.0 - a2 / m)
    variance = (2.0 / m) * (1.0 + c1 * b) / ((1.0 - c2 * b) ** 2 * (1.0 - c3 * b))
    rho = variance / (2.0 * mean * mean)
    df2 = 4.0 + (m + 2.0) / (m * rho - 1.0)
    return df2 / (mean * (df2 - 2.0)), df2


def kenward_roger(vi: Matrix, X: Matrix, tau2: float) -> KenwardRoger:
    """Kenward-Roger covariance with the expected information for tau2 (1997, doi:10.2307/2533558).

    For random-effects meta-analysis: Partlett & Riley (2017), doi:10.1002/sim.7140.
    """
    q, r = np.linalg.qr(X)
    back = np.linalg.inv(r)
    w = 1.0 / (vi + tau2)
    cross = [q.T @ (q * (w**n)[:, None]) for n in (1, 2, 3)]
    phi = np.linalg.inv(cross[0])
    m_phi = cross[1] @ phi
    tr_pp = float((w * w).sum() - 2.0 * np.trace(phi @ cross[2]) + (m_phi * m_phi.T).sum())
    variance = 2.0 / tr_pp
    phi_m_phi = phi @ m_phi
    adjusted = phi + 2.0 * variance * (phi @ cross[2] @ phi - phi_m_phi @ m_phi)
    return KenwardRoger(back @ adjusted @ back.T, back @ phi @ back.T, back @ phi_m_phi @ back.T, variance)
