"""Transformations of effect sizes: to other measures, and back to a scale for reading.

All take numbers or arrays and return arrays. Back-transformations take a value beyond their range to its edge
(an interval's end below 0 reads as 0); transformations of impossible values give NaN.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from needlepoint.arrays import Vector
from needlepoint.effects.dichotomisation import LOGISTIC, NORMAL

__all__ = [
    "BACK",
    "abt",
    "ahw",
    "arcsin",
    "cles_to_d",
    "d_to_besd",
    "d_to_cles",
    "d_to_cliff",
    "d_to_log_or",
    "d_to_md",
    "d_to_overlap",
    "d_to_rbis",
    "d_to_rpb",
    "d_to_u1",
    "d_to_u2",
    "d_to_u3",
    "exp",
    "exp_mean",
    "expit",
    "expit_mean",
    "iabt",
    "iahw",
    "iarcsin",
    "identity",
    "ipft",
    "ipft_harmonic",
    "iprobit",
    "irft",
    "isqrt",
    "log_or_to_d",
    "log_or_to_rd",
    "log_or_to_rr",
    "log_or_to_rtet",
    "logit",
    "pft",
    "probit",
    "r2_to_z",
    "r_to_d",
    "r_to_rpb",
    "r_to_z",
    "rft",
    "rpb_to_d",
    "rpb_to_rbis",
    "z_to_r",
    "z_to_r2",
    "z_to_r2_fixed",
    "z_to_r_mean",
]


def _array(x: ArrayLike) -> Vector:
    return np.asarray(x, dtype=np.float64)


def _inside(x: Vector, low: float, high: float) -> Vector:
    """Values outside the range become NaN."""
    return np.where((x >= low) & (x <= high), x, np.nan)


def _normal_cdf(x: Vector) -> Vector:
    from scipy.special import ndtr

    return ndtr(x)


def _normal_quantile(p: Vector) -> Vector:
    from scipy.special import ndtri

    return ndtri(p)


# ratios, proportions, rates


def identity(x: ArrayLike) -> Vector:
    """The value itself."""
    return _array(x)


def exp(x: ArrayLike) -> Vector:
    """Ratio of a log ratio."""
    return np.exp(_array(x))


def logit(p: ArrayLike) -> Vector:
    """Log odds of a proportion."""
    p_ = _inside(_array(p), 0, 1)
    with np.errstate(divide="ignore"):
        return np.log(p_ / (1 - p_))


def expit(x: ArrayLike) -> Vector:
    """Proportion of log odds."""
    x_ = _array(x)
    small = np.exp(-np.abs(x_))
    return np.where(x_ >= 0, 1, small) / (1 + small)


def probit(p: ArrayLike) -> Vector:
    """Normal quantile of a proportion."""
    return _normal_quantile(_inside(_array(p), 0, 1))


def iprobit(x: ArrayLike) -> Vector:
    """Proportion of a probit."""
    return _normal_cdf(_array(x))


def arcsin(p: ArrayLike) -> Vector:
    """Arcsine square root of a proportion."""
    return np.arcsin(np.sqrt(_inside(_array(p), 0, 1)))


def iarcsin(x: ArrayLike) -> Vector:
    """Proportion of an arcsine square root."""
    return np.sin(np.clip(_array(x), 0, np.pi / 2)) ** 2


def isqrt(x: ArrayLike) -> Vector:
    """Rate of a square-root rate."""
    return np.maximum(_array(x), 0) ** 2


def pft(p: ArrayLike, n: ArrayLike) -> Vector:
    """Freeman-Tukey double arcsine of a proportion of ``n`` (Freeman & Tukey 1950, doi:10.1214/aoms/1177729756)."""
    n_ = _array(n)
    events = _inside(_array(p), 0, 1) * n_
    return (np.arcsin(np.sqrt(events / (n_ + 1))) + np.arcsin(np.sqrt((events + 1) / (n_ + 1)))) / 2


def ipft(x: ArrayLike, n: ArrayLike) -> Vector:
    """Proportion of a Freeman-Tukey double arcsine, for a study of size ``n``.

    Miller (1978), doi:10.1080/00031305.1978.10479283. Exact for single studies. A pooled value has no ``n`` of
    its own: see :func:`ipft_harmonic` for what goes wrong.
    """
    n_ = _array(n)
    low, high = pft(0.0, n_), pft(1.0, n_)
    t = np.clip(_array(x), low, high)
    s = np.sin(2 * t)
    with np.errstate(all="ignore"):
        inner = np.clip(1 - (s + (s - 1 / s) / n_) ** 2, 0, None)
        p = (1 - np.sign(np.cos(2 * t)) * np.sqrt(inner)) / 2
    return np.where(t <= low, 0.0, np.where(t >= high, 1.0, p))


def ipft_harmonic(x: ArrayLike, ni: ArrayLike) -> Vector:
    """Proportion of a pooled Freeman-Tukey value at the harmonic mean of the studies' sizes.

    The usual way, and a trap: when sizes differ much the harmonic mean follows the smallest study, and the
    result can lie outside the range of the studies' proportions (Schwarzer et al. 2019, doi:10.1002/jrsm.1348).
    It is refused when the largest study has more than ten times the harmonic mean.

    Raises
    ------
    InputError
        The sizes differ too much for a harmonic mean: pool logits or arcsines, or use a GLMM.
    """
    from needlepoint.errors import InputError

    sizes = _array(ni)
    harmonic = sizes.size / np.sum(1 / sizes)
    if sizes.max() > 10 * harmonic:
        raise InputError(
            "sizes differ too much to turn a pooled Freeman-Tukey value back at their harmonic mean",
            field="ni",
            got=f"harmonic mean {harmonic:.4g}, largest {sizes.max():g}",
            mend="pool PLO or PAS instead, or a binomial-normal model",
        )
    return ipft(x, harmonic)


def rft(rate: ArrayLike, t: ArrayLike) -> Vector:
    """Freeman-Tukey transformation of an incidence rate over person-time ``t``."""
    r, t_ = _inside(_array(rate), 0, np.inf), _array(t)
    return (np.sqrt(r) + np.sqrt(r + 1 / t_)) / 2


def irft(x: ArrayLike, t: ArrayLike) -> Vector:
    """Incidence rate of a Freeman-Tukey rate over person-time ``t``."""
    t_ = _array(t)
    x_ = np.maximum(_array(x), rft(0.0, t_))
    return np.maximum((1 / t_ - 8 * x_**2 + 16 * t_ * x_**4) / (16 * x_**2 * t_), 0)


# odds ratios


def log_or_to_rr(x: ArrayLike, pc: ArrayLike) -> Vector:
    """Risk ratio of a log odds ratio, at the control group's risk ``pc``."""
    return _risk(x, pc) / _array(pc)


def log_or_to_rd(x: ArrayLike, pc: ArrayLike) -> Vector:
    """Risk difference of a log odds ratio, at the control group's risk ``pc``."""
    return _risk(x, pc) - _array(pc)


def _risk(x: ArrayLike, pc: ArrayLike) -> Vector:
    odds = np.exp(_array(x)) * _array(pc) / (1 - _array(pc))
    return odds / (1 + odds)


def log_or_to_rtet(x: ArrayLike, formula: str = "digby") -> Vector:
    """Tetrachoric correlation of a log odds ratio, approximately: "digby" (1983) or "pearson" (1900)."""
    x_ = _array(x)
    if formula == "pearson":
        return np.cos(np.pi / (1 + np.exp(x_ / 2)))
    return np.tanh(0.375 * x_)  # (or^0.75 - 1) / (or^0.75 + 1)


def log_or_to_d(x: ArrayLike, responses: str = "logistic") -> Vector:
    """Standardised mean difference of a log odds ratio, responses "logistic" (Hasselblad & Hedges) or "normal"."""
    return _array(x) / (NORMAL if responses == "normal" else LOGISTIC)


def d_to_log_or(d: ArrayLike, responses: str = "logistic") -> Vector:
    """Log odds ratio of a standardised mean difference, responses "logistic" or "normal"."""
    return _array(d) * (NORMAL if responses == "normal" else LOGISTIC)


# standardised mean differences


def d_to_md(d: ArrayLike, sd: ArrayLike) -> Vector:
    """Mean difference in the units of an instrument whose standard deviation is ``sd``."""
    return _array(d) * _array(sd)


def d_to_cles(d: ArrayLike) -> Vector:
    """Probability of superiority, P(treated > control) (McGraw & Wong 1992)."""
    return _normal_cdf(_array(d) / np.sqrt(2))


def cles_to_d(p: ArrayLike) -> Vector:
    """Standardised mean difference of a probability of superiority."""
    return np.sqrt(2) * probit(p)


def d_to_cliff(d: ArrayLike) -> Vector:
    """Cliff's delta."""
    return 2 * d_to_cles(d) - 1


def d_to_overlap(d: ArrayLike) -> Vector:
    """Overlap of the two distributions."""
    return 2 * _normal_cdf(-np.abs(_array(d)) / 2)


def d_to_u1(d: ArrayLike) -> Vector:
    """Cohen's U1, the share of both distributions that does not overlap."""
    half = _normal_cdf(np.abs(_array(d)) / 2)
    return (2 * half - 1) / half


def d_to_u2(d: ArrayLike) -> Vector:
    """Cohen's U2, the share of the higher group that exceeds the same share of the lower."""
    return _normal_cdf(_array(d) / 2)


def d_to_u3(d: ArrayLike) -> Vector:
    """Cohen's U3, the share of the control group below the treated mean."""
    return _normal_cdf(_array(d))


def d_to_besd(d: ArrayLike) -> Vector:
    """Success rate of the binomial effect size display (Rosenthal & Rubin 1982)."""
    return 0.5 + d_to_rpb(d) / 2


def d_to_rpb(d: ArrayLike, n1: ArrayLike | None = None, n2: ArrayLike | None = None) -> Vector:
    """Point-biserial correlation of a standardised mean difference; equal large groups unless told."""
    d_ = _array(d)
    return d_ / np.sqrt(d_**2 + _spread(n1, n2))


def rpb_to_d(r: ArrayLike, n1: ArrayLike | None = None, n2: ArrayLike | None = None) -> Vector:
    """Standardised mean difference of a point-biserial correlation; equal large groups unless told."""
    r_ = _inside(_array(r), -1, 1)
    with np.errstate(divide="ignore"):
        return np.sqrt(_spread(n1, n2)) * r_ / np.sqrt((1 - r_) * (1 + r_))


def _spread(n1: ArrayLike | None, n2: ArrayLike | None) -> Vector:
    if n1 is None or n2 is None:
        return _array(4.0)
    a, b = _array(n1), _array(n2)
    return (a + b - 2) * (1 / a + 1 / b)


def rpb_to_rbis(r: ArrayLike, n1: ArrayLike | None = None, n2: ArrayLike | None = None) -> Vector:
    """Biserial of a point-biserial correlation; equal groups unless told."""
    return _array(r) / _attenuation(n1, n2)


def r_to_rpb(r: ArrayLike, n1: ArrayLike | None = None, n2: ArrayLike | None = None) -> Vector:
    """Point-biserial of a correlation, one variable dichotomised; equal groups unless told."""
    return _array(r) * _attenuation(n1, n2)


def _attenuation(n1: ArrayLike | None, n2: ArrayLike | None) -> Vector:
    p = _array(0.5) if n1 is None or n2 is None else _array(n1) / (_array(n1) + _array(n2))
    density = np.exp(-(_normal_quantile(p) ** 2) / 2) / np.sqrt(2 * np.pi)
    return density / np.sqrt(p * (1 - p))


def d_to_rbis(d: ArrayLike, n1: ArrayLike | None = None, n2: ArrayLike | None = None) -> Vector:
    """Biserial correlation of a standardised mean difference."""
    return rpb_to_rbis(d_to_rpb(d, n1, n2), n1, n2)


def r_to_d(r: ArrayLike, n1: ArrayLike | None = None, n2: ArrayLike | None = None) -> Vector:
    """Standardised mean difference of a correlation, one variable dichotomised."""
    return rpb_to_d(r_to_rpb(_inside(_array(r), -1, 1), n1, n2), n1, n2)


# correlations, R squared, alpha


def r_to_z(r: ArrayLike) -> Vector:
    """Fisher's z; beyond -1 and 1 infinite."""
    with np.errstate(divide="ignore"):
        return np.arctanh(np.clip(_array(r), -1, 1))


def z_to_r(z: ArrayLike) -> Vector:
    """Correlation of Fisher's z."""
    return np.tanh(_array(z))


def r2_to_z(r2: ArrayLike) -> Vector:
    """Fisher's z of the root of R squared; beyond 0 and 1 at the edge."""
    with np.errstate(divide="ignore"):
        return np.arctanh(np.sqrt(np.clip(_array(r2), 0, 1)))


def z_to_r2(z: ArrayLike) -> Vector:
    """R squared of Fisher's z."""
    return np.tanh(_array(z)) ** 2


def z_to_r2_fixed(z: ArrayLike) -> Vector:
    """R squared (fixed predictors) of its variance-stabilised value."""
    return 1 - 1 / np.cosh(np.sqrt(2) * np.maximum(_array(z), 0))


def ahw(alpha: ArrayLike) -> Vector:
    """Hakstian and Whalen's transformation of Cronbach's alpha, 1 - (1 - alpha)^(1/3)."""
    return 1 - np.cbrt(1 - _inside(_array(alpha), -np.inf, 1))


def iahw(x: ArrayLike) -> Vector:
    """Cronbach's alpha of its Hakstian-Whalen value."""
    return 1 - (1 - np.clip(_array(x), 0, 1)) ** 3


def abt(alpha: ArrayLike) -> Vector:
    """Bonett's transformation of Cronbach's alpha, -ln(1 - alpha)."""
    with np.errstate(divide="ignore"):
        return -np.log1p(-_inside(_array(alpha), -np.inf, 1))


def iabt(x: ArrayLike) -> Vector:
    """Cronbach's alpha of its Bonett value."""
    return -np.expm1(-np.maximum(_array(x), 0))


# means over a distribution of true effects: transforming the mean is not the mean of the transformed


def exp_mean(x: float, tau2: float) -> float:
    """Mean ratio when log ratios vary normally around ``x`` with variance ``tau2``."""
    return float(np.exp(x + tau2 / 2))


def expit_mean(x: float, tau2: float) -> float:
    """Mean proportion when log odds vary normally around ``x`` with variance ``tau2``."""
    return _mean_over_normal(expit, x, tau2)


def z_to_r_mean(z: float, tau2: float) -> float:
    """Mean correlation when Fisher's z varies normally around ``z`` with variance ``tau2``."""
    return _mean_over_normal(z_to_r, z, tau2)


def _mean_over_normal(transform: Callable[[Vector], Vector], x: float, tau2: float) -> float:
    # the trapezoidal rule converges faster than any power for a normal weight
    grid = np.linspace(-9, 9, 721)
    weight = np.exp(-(grid**2) / 2)
    return float(np.sum(weight * transform(x + np.sqrt(tau2) * grid)) / np.sum(weight))


BACK: dict[str, Callable[..., Any]] = {
    "identity": identity,
    "exp": exp,
    "expit": expit,
    "iprobit": iprobit,
    "iarcsin": iarcsin,
    "ipft": ipft,
    "isqrt": isqrt,
    "irft": irft,
    "z_to_r": z_to_r,
    "z_to_r2": z_to_r2,
    "z_to_r2_fixed": z_to_r2_fixed,
    "iahw": iahw,
    "iabt": iabt,
}
"""Ways back to the reading scale, by the name that ``MEASURES`` gives."""
