"""Power of a meta-analysis, and how many studies it needs."""

from __future__ import annotations

from math import sqrt
from typing import Any, Literal

import numpy as np

from needlepoint.arrays import Matrix
from needlepoint.columns import numbers
from needlepoint.errors import InputError, NotEnoughStudies
from needlepoint.options import check, check_fraction, finite, whole
from needlepoint.stats.distributions import chi2_quantile, normal_cdf, normal_quantile

__all__ = ["power", "power_heterogeneity", "power_moderator", "studies_needed"]

Alternative = Literal["two.sided", "one.sided"]


def power(
    effect: float,
    vi: Any,
    *,
    k: int | None = None,
    tau2: float = 0.0,
    alpha: float = 0.05,
    alternative: Alternative = "two.sided",
) -> float:
    """Power of the test of the mean effect.

    Parameters
    ----------
    effect
        True mean on the analysis scale, the null being zero.
    vi
        Sampling variances of the studies, or the typical one together with ``k``.
    tau2
        Between-study variance.
    alternative
        "two.sided", or "one.sided" in the direction of the effect.

    Raises
    ------
    InputError
        Values that cannot be.

    References
    ----------
    Hedges & Pigott (2001), doi:10.1037/1082-989X.6.3.203.

    Examples
    --------
    >>> round(power(0.2, 0.05, k=20, tau2=0.02), 3)
    0.922
    """
    check(alternative, Alternative, field="alternative")
    variances = _variances(vi, k)
    _check(alpha, tau2)
    return _of_mean(
        abs(finite(effect, field="effect")) * sqrt(float((1 / (variances + tau2)).sum())), alpha, alternative
    )


def _of_mean(shift: float, alpha: float, alternative: str) -> float:
    if alternative == "one.sided":
        return normal_cdf(shift - normal_quantile(1 - alpha))
    critical = normal_quantile(1 - alpha / 2)
    return normal_cdf(shift - critical) + normal_cdf(-shift - critical)


def studies_needed(
    effect: float,
    vi: float,
    *,
    tau2: float = 0.0,
    power: float = 0.8,
    alpha: float = 0.05,
    alternative: Alternative = "two.sided",
) -> int:
    """Smallest number of studies of variance ``vi`` that gives the test of the mean the wanted power.

    Hedges & Pigott (2001), doi:10.1037/1082-989X.6.3.203.

    Raises
    ------
    InputError
        An effect of zero, or values that cannot be.

    Examples
    --------
    >>> studies_needed(0.2, 0.05, tau2=0.02)
    14
    """
    check(alternative, Alternative, field="alternative")
    _check(alpha, tau2)
    if finite(effect, field="effect") == 0 or not alpha < finite(power, field="power") < 1:
        raise InputError(
            "the power must lie between alpha and 1, the effect beside 0", field="power", got=power
        )
    unit = abs(effect) / sqrt(float(_variances(vi, 1)[0]) + tau2)
    enough = 1
    while _of_mean(unit * sqrt(enough), alpha, alternative) < power:
        enough *= 2
    low = enough // 2  # power rises with the number of studies
    while enough - low > 1:
        middle = (low + enough) // 2
        if _of_mean(unit * sqrt(middle), alpha, alternative) >= power:
            enough = middle
        else:
            low = middle
    return enough


def power_heterogeneity(vi: Any, *, k: int | None = None, tau2: float, alpha: float = 0.05) -> float:
    """Power of Cochran's Q to find a between-study variance ``tau2``, from the exact distribution of Q.

    Parameters
    ----------
    vi, k
        Sampling variances of the studies, or the typical one together with ``k``.

    Raises
    ------
    NotEnoughStudies
        Fewer than two studies.

    References
    ----------
    Hedges & Pigott (2001) approximate this; the distribution of Q is a weighted sum of chi-squares (Biggerstaff &
    Jackson 2008, doi:10.1002/sim.3355).

    Examples
    --------
    >>> round(power_heterogeneity(0.05, k=20, tau2=0.05), 3)
    0.718
    """
    from needlepoint.stats.quadratic_form import chi2_mixture_cdf

    variances = _variances(vi, k)
    _check(alpha, tau2)
    if len(variances) < 2:
        raise NotEnoughStudies("the test of heterogeneity", needs=2, got=len(variances))
    wi = 1 / variances
    centring = np.diag(wi) - np.outer(wi, wi) / wi.sum()
    root = np.sqrt(variances + tau2)
    weights = np.asarray(np.linalg.eigvalsh(root[:, None] * centring * root)[1:], dtype=np.float64)
    return 1.0 - chi2_mixture_cdf(chi2_quantile(1 - alpha, len(variances) - 1), weights)


def power_moderator(means: Any, vi: Any, *, k: Any, tau2: float = 0.0, alpha: float = 0.05) -> float:
    """Power of the test that the means of groups of studies differ.

    Parameters
    ----------
    means
        True mean of each group.
    vi
        Typical sampling variance: one value, or one a group.
    k
        Number of studies in each group: one value, or one a group.

    Raises
    ------
    InputError
        Fewer than two groups, or lengths that differ.

    References
    ----------
    Hedges & Pigott (2004), doi:10.1037/1082-989X.9.4.426.

    Examples
    --------
    >>> round(power_moderator([0.2, 0.5], 0.05, k=[10, 10], tau2=0.02), 3)
    0.718
    """
    from scipy.special import chndtr

    _check(alpha, tau2)
    mu = numbers(None, means, field="means")
    if not np.isfinite(mu).all():
        raise InputError("a mean is missing or infinite", field="means", got=mu.tolist())
    if len(mu) < 2:
        raise InputError("at least two groups are needed", field="means", got=len(mu))
    try:
        sizes = np.array([whole(size, field="k") for size in np.atleast_1d(k).tolist()], dtype=float)
        weights = np.broadcast_to(sizes / (_variances(vi, None) + tau2), mu.shape)
    except ValueError as error:
        raise InputError("one value, or one a group", field="k", allowed=len(mu)) from error
    centre = float(weights @ mu) / float(weights.sum())
    shift = float(weights @ (mu - centre) ** 2)
    df = len(mu) - 1
    return float(1 - chndtr(chi2_quantile(1 - alpha, df), df, shift))


def _variances(vi: Any, k: int | None) -> Matrix:
    variances = numbers(None, vi, field="vi")
    if k is not None:
        k = whole(k, field="k")
        if len(variances) != 1:
            raise InputError("give one typical variance with k, or k variances", field="k", got=k)
        variances = np.full(k, variances[0])
    if not np.all((variances > 0) & np.isfinite(variances)):
        problem = "a sampling variance must be above zero, and finite"
        raise InputError(problem, field="vi", got=variances.tolist())
    return variances


def _check(alpha: float, tau2: float) -> None:
    check_fraction(alpha, field="alpha")
    finite(tau2, field="tau2", least=0.0, allowed="a variance, 0 or more")
