"""Fail-safe N: how many unseen null studies would overturn a result."""

from __future__ import annotations

from math import ceil, copysign, sqrt
from typing import Any, Literal

import numpy as np

from needlepoint.errors import InputError
from needlepoint.options import check, check_fraction, finite
from needlepoint.pooling.refit import as_pooled
from needlepoint.pooling.result import Pooled
from needlepoint.result import Result, record
from needlepoint.stats.distributions import normal_quantile, normal_sf, two_sided_normal

__all__ = ["FailSafeMethod", "FailSafeN", "fail_safe_n"]

FailSafeMethod = Literal["Rosenthal", "Orwin", "Rosenberg", "General"]

_MOST = 10_000_000


@record
class FailSafeN(Result):
    """The number of null studies ``n`` that brings the result to ``alpha`` or to ``target``.

    ``estimate`` and ``p_value`` are those of the observed studies as the method pools them; ``*_with_n`` those
    together with the null studies (General only).
    """

    method: str
    n: int
    k: int
    alpha: float
    target: float | None
    estimate: float | None
    p_value: float | None
    estimate_with_n: float | None = None
    tau2_with_n: float | None = None
    p_value_with_n: float | None = None

    def summary(self) -> str:
        """The number in a line."""
        aim = f"alpha = {self.alpha:g}" if self.target is None else f"an average of {self.target:.4g}"
        return f"fail-safe N ({self.method}): {self.n} null studies would bring {self.k} studies to {aim}"


def fail_safe_n(
    fit: Any,
    vi: Any = None,
    *,
    data: Any = None,
    method: FailSafeMethod = "General",
    alpha: float = 0.05,
    target: float | None = None,
    weighted: bool = True,
) -> FailSafeN:
    """Fail-safe N (file-drawer analysis).

    Parameters
    ----------
    fit, vi, data
        A :class:`Pooled`, effect sizes, or k estimates with their variances.
    method
        "Rosenthal": Stouffer's combined one-sided p reaches ``alpha``. "Orwin": the average falls to ``target``
        (half the average unless told). "Rosenberg": the equal-effects p reaches ``alpha``. "General": the p of
        the pooled model reaches ``alpha``, or its estimate ``target``, with null studies as heterogeneous as the
        observed ones.
    weighted
        Orwin's average by inverse variance (True) or plain.

    Raises
    ------
    InputError
        A target of zero, which no number of null studies reaches.

    Notes
    -----
    The number says how robust a result is to a file drawer of null studies, not how many are missing. In "General"
    the null studies have the harmonic mean of the observed variances; tau2 of the whole is the variance of a
    mixture of the observed and the null effects.

    References
    ----------
    Rosenthal (1979), doi:10.1037/0033-2909.86.3.638; Orwin (1983), doi:10.3102/10769986008002157; Rosenberg (2005),
    doi:10.1111/j.0014-3820.2005.tb01004.x.

    Examples
    --------
    >>> fail_safe_n([0.4, 0.5, 0.6], [0.01, 0.02, 0.01], method="Rosenthal").n
    65
    """
    check(method, FailSafeMethod, field="method")
    check_fraction(alpha, field="alpha")
    target = None if target is None else finite(target, field="target")
    pooled = as_pooled(fit, vi, data)
    return {"Rosenthal": _rosenthal, "Orwin": _orwin, "Rosenberg": _rosenberg, "General": _general}[method](
        pooled, alpha, target, weighted
    )


def _rosenthal(pooled: Pooled, alpha: float, target: float | None, weighted: bool) -> FailSafeN:
    del target, weighted
    k = pooled.k
    stouffer = abs(float((pooled.yi / np.sqrt(pooled.vi)).sum())) / sqrt(k)
    n = k * (stouffer / normal_quantile(1 - alpha)) ** 2 - k
    return FailSafeN(method="Rosenthal", n=_whole(n), k=k, alpha=alpha, target=None,
                     estimate=None, p_value=normal_sf(stouffer))  # fmt: skip


def _orwin(pooled: Pooled, alpha: float, target: float | None, weighted: bool) -> FailSafeN:
    wi = 1 / pooled.vi if weighted else np.ones(pooled.k)
    mean = float((wi * pooled.yi).sum() / wi.sum())
    aim = copysign(mean / 2 if target is None else target, mean)
    if aim == 0:
        raise InputError("a target of zero cannot be reached", field="target", got=target)
    # half the mean takes exactly as many null studies as there are studies
    n = pooled.k if target is None else pooled.k * (mean - aim) / aim
    return FailSafeN(
        method="Orwin", n=_whole(n), k=pooled.k, alpha=alpha, target=aim, estimate=mean, p_value=None
    )


def _rosenberg(pooled: Pooled, alpha: float, target: float | None, weighted: bool) -> FailSafeN:
    del target, weighted
    wi = 1 / pooled.vi
    total, product = float(wi.sum()), float((wi * pooled.yi).sum())
    n = ((product / normal_quantile(1 - alpha / 2)) ** 2 - total) / (total / pooled.k)
    p = two_sided_normal(product / sqrt(total))
    return FailSafeN(method="Rosenberg", n=_whole(n), k=pooled.k, alpha=alpha, target=None,
                     estimate=product / total, p_value=p)  # fmt: skip


def _whole(n: float) -> int:
    return max(0, ceil(n - 1e-9 * max(1.0, abs(n))))


def _general(pooled: Pooled, alpha: float, target: float | None, weighted: bool) -> FailSafeN:
    del weighted
    aim = None if target is None else copysign(target, pooled.estimate)
    if aim == 0:
        raise InputError("a target of zero cannot be reached", field="target", got=target)

    def overturned(n: int) -> bool:
        estimate, _, p = _with_nulls(pooled, n)
        return p >= alpha if aim is None else abs(estimate) <= abs(aim)

    n = _smallest(overturned)
    estimate, tau2, p = _with_nulls(pooled, n)
    notes = (f"more than {_MOST:,} null studies are needed",) if n >= _MOST else ()
    return FailSafeN(
        notes=notes,
        method="General",
        n=n,
        k=pooled.k,
        alpha=alpha,
        target=aim,
        estimate=pooled.estimate,
        p_value=pooled.p_value,
        estimate_with_n=estimate,
        tau2_with_n=tau2,
        p_value_with_n=p,
    )


def _smallest(overturned: Any) -> int:
    if overturned(0):
        return 0
    low, high = 0, 1
    while high < _MOST and not overturned(high):
        low, high = high, high * 2
    high = min(high, _MOST)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if overturned(middle) else (middle, high)
    return high


def _with_nulls(pooled: Pooled, n: int) -> tuple[float, float, float]:
    """Estimate, tau2 and p-value of the observed studies together with ``n`` null studies."""
    if n == 0:
        return pooled.estimate, pooled.tau2, pooled.p_value
    k, all_n = pooled.k, pooled.k + n
    tau2 = 0.0
    if pooled.method not in {"EE", "FE"}:
        between = pooled.estimate**2 * k * n / all_n
        tau2 = ((all_n - 2) * pooled.tau2 + between) / (all_n - 1)
    wi = 1 / (pooled.vi + tau2)
    null_weight = 1 / (1 / float((1 / pooled.vi).mean()) + tau2)
    total = float(wi.sum()) + n * null_weight
    estimate = float((wi * pooled.yi).sum()) / total
    return estimate, tau2, two_sided_normal(estimate * sqrt(total))
