"""Two arms, positive quantities: ratios of means, of standard deviations and of coefficients of variation."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from needlepoint.arrays import Vector
from needlepoint.effects._average import weighted_mean
from needlepoint.effects._family import Measured, Settings
from needlepoint.effects.two_means import Arms, pooled_variance

__all__ = ["log_cv_ratio", "log_ratio_of_means", "log_sd_ratio"]


class Relative(NamedTuple):
    """Squared standard errors of the means relative to the means, of the two arms."""

    e1: Vector
    e2: Vector


def relative_errors(a: Arms) -> Relative:
    """Squared standard error over squared mean, each arm."""
    return Relative(a.sd1i**2 / (a.n1i * a.m1i**2), a.sd2i**2 / (a.n2i * a.m2i**2))


def log_ratio_of_means(a: Arms, vtype: str, how: Settings) -> Measured:
    """Log ratio of means (response ratio) with the second-order bias correction.

    Variances: "LS" Hedges et al. (1999) equation 1, doi:10.1890/0012-9658(1999)080[1150:TMAORR]2.0.CO;2;
    "LS2" its second order, Lajeunesse (2015), doi:10.1890/14-2402.1 (also the source of the bias correction);
    "HO" one variance in both arms; "AV" each arm's mean coefficient of variation over the studies;
    "AVHO" one for both arms (Nakagawa et al. 2023, doi:10.1111/ele.14144).
    """
    e = relative_errors(a)
    yi = np.log(a.m1i / a.m2i)
    if how.correct:
        yi = yi + (e.e1 - e.e2) / 2
    return Measured(yi, _rom_variance(a, e, vtype))


def _rom_variance(a: Arms, e: Relative, vtype: str) -> Vector:
    if vtype == "LS2":
        return e.e1 + e.e2 + (e.e1**2 + e.e2**2) / 2
    if vtype == "HO":
        pooled = pooled_variance(a)
        return pooled / (a.n1i * a.m1i**2) + pooled / (a.n2i * a.m2i**2)
    if vtype in ("AV", "AVHO"):
        cv1, cv2 = a.sd1i / a.m1i, a.sd2i / a.m2i
        mean1, mean2 = weighted_mean(cv1, a.n1i), weighted_mean(cv2, a.n2i)
        if vtype == "AVHO":
            sizes = np.concatenate([a.n1i, a.n2i])
            mean1 = mean2 = weighted_mean(np.concatenate([cv1, cv2]), sizes)
        return mean1**2 / a.n1i + mean2**2 / a.n2i
    return e.e1 + e.e2


def log_sd_ratio(a: Arms, vtype: str, how: Settings) -> Measured:
    """Log variability ratio (Nakagawa et al. 2015, doi:10.1111/2041-210X.12309)."""
    b1, b2 = 1 / (2 * (a.n1i - 1)), 1 / (2 * (a.n2i - 1))
    yi = np.log(a.sd1i / a.sd2i)
    return Measured(yi + b1 - b2 if how.correct else yi, b1 + b2)


def log_cv_ratio(a: Arms, vtype: str, how: Settings) -> Measured:
    """Log ratio of coefficients of variation (Nakagawa et al. 2015; second-order correction Senior et al. 2020).

    The variance has no covariance of mean and sd, which normal data do not have. doi:10.1111/2041-210X.12309,
    doi:10.1002/jrsm.1423.
    """
    e = relative_errors(a)
    b1, b2 = 1 / (2 * (a.n1i - 1)), 1 / (2 * (a.n2i - 1))
    yi = np.log(a.sd1i / a.m1i * (a.m2i / a.sd2i))
    if how.correct:
        yi = yi + b1 - b2 + (e.e2 - e.e1) / 2
    return Measured(yi, b1 + b2 + e.e1 + e.e2)
