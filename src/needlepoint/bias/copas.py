"""Copas selection model: a sensitivity analysis over how many small studies may be missing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from needlepoint.bias._bounded_search import descend
from needlepoint.bias._dispersion import constant
from needlepoint.errors import ConvergenceError, InputError
from needlepoint.options import check_fraction
from needlepoint.pooling.refit import inputs_of, refit, without_moderators
from needlepoint.result import Result, p_text, record, without_notes
from needlepoint.stats.distributions import chi2_sf, normal_quantile, wald_interval

if TYPE_CHECKING:
    from needlepoint.arrays import Floats


__all__ = ["Copas", "CopasRow", "copas", "copas_log_likelihood"]

_LOG_2PI = float(np.log(2 * np.pi))
_STARTS = (-0.9, -0.5, 0.0, 0.5, 0.9)


@record
class CopasRow(Result):
    """One degree of selection: ``seen`` is the chance that the least precise study would be published.

    ``missing`` is the expected number of unpublished studies; ``residual_p`` tests whether small-study effects remain.
    """

    seen: float
    estimate: float
    se: float
    ci_low: float
    ci_high: float
    tau2: float
    rho: float
    missing: float
    residual_p: float


@record
class Copas(Result):
    """The estimate at every degree of selection, and the first that leaves no small-study effects unexplained."""

    k: int
    level: float
    rows: tuple[CopasRow, ...]
    adjusted: CopasRow | None

    def tidy(self) -> list[dict[str, Any]]:
        """One row a degree of selection."""
        return without_notes(self.rows)

    def summary(self) -> str:
        """A table, and the adjusted estimate."""
        lines = [f"Copas selection model (k = {self.k})"]
        lines.extend(
            f"seen {r.seen:4.0%}: {r.estimate:9.4f} [{r.ci_low:.4f}, {r.ci_high:.4f}]  missing {r.missing:5.1f}  "
            f"residual small-study effects {p_text(r.residual_p)}"
            for r in self.rows
        )
        if self.adjusted is not None:
            lines.append(f"adjusted: {self.adjusted.estimate:.4g}")
        return "\n".join([*lines, *self.notes])


def copas(
    fit: Any,
    vi: Any = None,
    *,
    data: Any = None,
    seen: tuple[float, ...] = (0.99, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1),
    best: float = 0.995,
    alpha: float = 0.10,
) -> Copas:
    """Copas selection model, over degrees of selection.

    A study is published when a latent propensity ``g0 + g1 / s + delta`` is positive; delta is correlated (rho) with
    the study's error. The two constants follow from the chances of publication of the least precise (``seen``) and
    the most precise (``best``) study; mean, tau2 and rho are estimated by maximum likelihood.

    Parameters
    ----------
    fit, vi, data
        A :class:`Pooled` without moderators, effect sizes, or k estimates with their variances.
    seen
        Chances of publication of the least precise study, from no selection downwards.
    alpha
        Level of the test of residual small-study effects; the adjusted estimate is the first row beyond it.

    Raises
    ------
    InputError
        Moderators, studies of one size, or chances that are none.
    NotEnoughStudies
        Fewer than four studies.

    References
    ----------
    Copas & Shi (2000), doi:10.1093/biostatistics/1.3.247; (2001), doi:10.1177/096228020101000402.

    Examples
    --------
    >>> yi, vi = [0.9, 0.7, 0.6, 0.3, 0.2, 0.25], [0.2, 0.1, 0.1, 0.02, 0.01, 0.02]
    >>> len(copas(yi, vi, seen=(0.9, 0.5)).rows)
    2
    """
    check_fraction(alpha, field="alpha")
    pooled = without_moderators(fit, vi, data, method="the Copas model", needs=4)
    if not all(0 < chance < best < 1 for chance in seen):
        raise InputError(
            "chances of publication lie between 0 and that of the best study", field="seen", got=seen
        )
    sei = np.sqrt(pooled.vi)
    if constant(sei):
        raise InputError("every study has the same standard error", field="vi")
    null = refit(pooled, inputs_of(pooled), method="ML", test="z")
    start = np.array([null.estimate, null.tau2])
    rows = tuple(_row(pooled.yi, sei, chance, best, start, pooled.level) for chance in seen)
    adjusted = next((row for row in rows if row.residual_p > alpha), None)
    notes = (
        ()
        if adjusted is not None
        else ("small-study effects remain at every degree of selection that was tried",)
    )
    return Copas(notes=notes, k=pooled.k, level=pooled.level, rows=rows, adjusted=adjusted)


def copas_log_likelihood(
    yi: Floats, sei: Floats, u: Floats, mean: Floats | float, tau2: float, rho: float
) -> float:
    """Log-likelihood given publication; ``u`` are the studies' mean propensities.

    The sampling variance is that before selection: ``s2 / (1 - rho2 lambda(u) (u + lambda(u)))``, lambda being the
    inverse Mills ratio.
    """
    from scipy.special import log_ndtr

    mills = np.exp(-0.5 * u * u - 0.5 * _LOG_2PI - log_ndtr(u))
    sigma2 = sei**2 / (1 - rho**2 * mills * (u + mills))
    total = sigma2 + tau2
    shared = rho * np.sqrt(sigma2 / total)
    z = (yi - mean) / np.sqrt(total)
    v = (u + shared * z) / np.sqrt(1 - shared**2)
    return float((-0.5 * (_LOG_2PI + np.log(total) + z * z) - log_ndtr(u) + log_ndtr(v)).sum())


def _row(yi: Floats, sei: Floats, seen: float, best: float, start: Floats, level: float) -> CopasRow:
    from scipy.special import ndtr

    low, high = normal_quantile(seen), normal_quantile(best)
    g1 = (high - low) / (1 / float(sei.min()) - 1 / float(sei.max()))
    u = low - g1 / float(sei.max()) + g1 / sei
    theta, ll = _fit(yi, sei, u, start, slope=False)
    wider = _fit(yi, sei, u, start, slope=True)[1]
    se = _standard_error(yi, sei, u, theta)
    ci_low, ci_high = wald_interval(float(theta[0]), se, level)
    return CopasRow(
        seen=seen,
        estimate=float(theta[0]),
        se=se,
        ci_low=ci_low,
        ci_high=ci_high,
        tau2=float(theta[1]),
        rho=float(theta[2]),
        missing=float(((1 - ndtr(u)) / ndtr(u)).sum()),
        residual_p=chi2_sf(max(0.0, 2 * (wider - ll)), 1),
    )


def _fit(yi: Floats, sei: Floats, u: Floats, start: Floats, *, slope: bool) -> tuple[Floats, float]:
    """Maximum over (mean, tau2, rho), and the slope of the mean on the standard error when asked."""
    unit, soft = float(np.median(sei)), 0.01 * float(sei.min()) ** 2

    def unpack(x: Floats) -> Floats:
        head = [x[0] * unit, max(float(np.exp(x[1])) - soft, 0.0), float(np.tanh(x[2]))]
        return np.array([*head, *x[3:]])

    def value(x: Floats) -> float:
        theta = unpack(x)
        mean = theta[0] + (theta[3] * sei if slope else 0.0)
        with np.errstate(all="ignore"):
            ll = copas_log_likelihood(yi, sei, u, mean, float(theta[1]), float(theta[2]))
        return -ll if np.isfinite(ll) else np.inf

    def loss(x: Floats) -> tuple[float, Floats]:
        here = value(x)
        steps = 1e-6 * np.eye(len(x))
        return here, np.array([(value(x + h) - value(x - h)) / 2e-6 for h in steps])

    size = 4 if slope else 3
    top = np.log(100 * (float(np.var(yi)) + float(sei.max()) ** 2))
    lower, upper = np.full(size, -np.inf), np.full(size, np.inf)
    lower[1:3], upper[1:3] = (np.log(soft), -3.8), (top, 3.8)  # tanh(3.8) = 0.999
    best_x, best = np.empty(0), np.inf
    for rho in _STARTS:
        x = np.array([start[0] / unit, np.log(start[1] + 0.1 * unit**2), np.arctanh(rho), 0.0])[:size]
        found, height = descend(loss, x, lower, upper, rounds=120)
        if height < best:
            best_x, best = found, height
    if not np.isfinite(best):
        raise ConvergenceError("the likelihood of the Copas model is not finite anywhere that was tried")
    return unpack(best_x), -best


def _standard_error(yi: Floats, sei: Floats, u: Floats, theta: Floats) -> float:
    """Of the mean, from the curvature over the parameters that do not lie on a bound."""
    free = [0] + ([1] if theta[1] > 1e-8 else []) + ([2] if abs(theta[2]) < 0.998 else [])
    sizes = np.array([1e-3 * float(np.min(sei)), 1e-3 * max(float(theta[1]), 1e-9), 1e-4])

    def at(shift: Floats) -> float:
        t = theta[:3] + shift
        return copas_log_likelihood(yi, sei, u, float(t[0]), max(float(t[1]), 0.0), float(t[2]))

    steps = np.diag(sizes)
    info = np.empty((len(free), len(free)))
    for a, i in enumerate(free):
        for b, j in enumerate(free):
            cross = (
                at(steps[i] + steps[j])
                - at(steps[i] - steps[j])
                - at(steps[j] - steps[i])
                + at(-steps[i] - steps[j])
            )
            info[a, b] = -cross / (4 * sizes[i] * sizes[j])
    covariance = np.linalg.pinv(info)
    return float(np.sqrt(max(covariance[0, 0], 0.0)))
