"""The tetrachoric correlation: the bivariate normal distribution function and its inversion in rho."""

from __future__ import annotations

import numpy as np

from needlepoint.arrays import Vector
from needlepoint.effects._family import Measured

__all__ = ["bivariate_normal_cdf", "tetrachoric"]


def bivariate_normal_cdf(h: Vector, k: Vector, rho: Vector) -> Vector:
    """P(X <= h, Y <= k) of standard normals with correlation ``rho``, through Owen's T function.

    Owen (1956), doi:10.1214/aoms/1177728074.
    """
    from scipy.special import ndtr, owens_t

    root = np.sqrt((1 - rho) * (1 + rho))
    with np.errstate(divide="ignore", invalid="ignore"):
        a, b = (k - rho * h) / (h * root), (h - rho * k) / (k * root)
        opposite = (h * k < 0) | ((h * k == 0) & (h + k < 0))
        p = (ndtr(h) + ndtr(k)) / 2 - owens_t(h, a) - owens_t(k, b) - np.where(opposite, 0.5, 0.0)
    centre = (h == 0) & (k == 0)
    return np.where(centre, 0.25 + np.arcsin(rho) / (2 * np.pi), p)


def tetrachoric(pa: Vector, pb: Vector, pc: Vector, pd: Vector, ni: Vector) -> Measured:
    """Tetrachoric correlation of cell proportions, with its delta-method variance.

    The thresholds follow from the margins, rho from the first cell; a table with a zero margin has no value,
    one with a zero cell has a correlation of -1 or 1 and no variance.
    """
    from scipy.special import ndtr, ndtri

    h, k = ndtri(pa + pb), ndtri(pa + pc)
    theta = _solve(h, k, pa)
    zero = (pa == 0) | (pd == 0) | (pb == 0) | (pc == 0)
    edge = np.where((pa == 0) | (pd == 0), -1.0, 1.0)
    rho = np.where(zero, edge, np.sin(theta))
    root = np.cos(theta)
    with np.errstate(all="ignore"):
        density = np.exp(-(h**2 + k**2 - 2 * rho * h * k) / (2 * root**2)) / (2 * np.pi * root)
        along, across = ndtr((k - rho * h) / root), ndtr((h - rho * k) / root)
        # d rho / d cell, up to the density: multinomial delta method
        ga, gb, gc = 1 - along - across, -along, -across
        mean = ga * pa + gb * pb + gc * pc
        vi = (ga**2 * pa + gb**2 * pb + gc**2 * pc - mean**2) / (density**2 * ni)
    no_margin = ~(np.isfinite(h) & np.isfinite(k))
    return Measured(np.where(no_margin, np.nan, rho), np.where(zero | no_margin, np.nan, vi))


def _solve(h: Vector, k: Vector, target: Vector) -> Vector:
    """Angle with sin(theta) = rho at which the distribution function meets ``target``: guarded Newton steps."""
    low, high = np.full(h.shape, -np.pi / 2), np.full(h.shape, np.pi / 2)
    theta = np.zeros(h.shape)
    for _ in range(100):
        miss = bivariate_normal_cdf(h, k, np.sin(theta)) - target
        low, high = np.where(miss < 0, theta, low), np.where(miss < 0, high, theta)
        with np.errstate(all="ignore"):
            slope = np.exp(-(h**2 + k**2 - 2 * np.sin(theta) * h * k) / (2 * np.cos(theta) ** 2)) / (
                2 * np.pi
            )
            step = theta - miss / slope
        inside = (step > low) & (step < high)
        new = np.where(inside, step, (low + high) / 2)
        done = np.abs(new - theta) <= 4e-16 * np.maximum(np.abs(theta), 1e-3)
        theta = new
        if np.all(done | ~np.isfinite(miss)):
            break
    return theta
