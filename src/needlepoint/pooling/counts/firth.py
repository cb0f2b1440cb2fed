"""Firth's logistic regression of two arms on study and treatment (kernel).

The design is an arrow - one intercept a study, one common log odds ratio - so that everything that the Jeffreys
penalty needs (determinant, leverages) is a sum over studies: O(k) where a general solver takes O(k^3).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from needlepoint.arrays import Vector

__all__ = ["PenalisedFit", "dispersion", "penalised_fit"]

MAX_STEPS = 1000
TOLERANCE = 1e-11  # of a step, in standard errors
LONGEST = 3.0  # no step leaps further on the log scale


class PenalisedFit(NamedTuple):
    """A maximum of the penalised log-likelihood: log odds ratio, study intercepts, information on the former."""

    value: float
    alpha: Vector
    information: float
    log_likelihood: float  # penalised
    converged: bool


class _Point(NamedTuple):
    """Everything at one pair (log odds ratio, intercepts): arrays of shape (k, 2) are arms, (k,) studies."""

    p: Vector
    w: Vector
    leverage: Vector
    total: Vector  # information of both arms on the intercept
    information: float  # on the log odds ratio, intercepts eliminated
    log_likelihood: float


def _point(y: Vector, n: Vector, value: float, alpha: Vector) -> _Point:
    eta = alpha[:, None] + np.array([value, 0.0])
    small = np.exp(-np.abs(eta))
    p = np.where(eta >= 0, 1.0, small) / (1.0 + small)
    w = n * small / (1.0 + small) ** 2
    total = w.sum(axis=1)
    information = float((w[:, 0] * w[:, 1] / total).sum())
    # variance of each arm's linear predictor: of the study's intercept, and of what the other arm's share adds
    spread = 1.0 / total[:, None] + (w[:, ::-1] / total[:, None]) ** 2 / information
    log_likelihood = float((y * eta - n * (np.maximum(eta, 0.0) + np.log1p(small))).sum())
    penalty = 0.5 * (float(np.log(total).sum()) + float(np.log(information)))
    return _Point(p, w, w * spread, total, information, log_likelihood + penalty)


def _step(y: Vector, n: Vector, at: _Point, *, moves: bool) -> tuple[float, Vector]:
    """Newton's step for the log odds ratio (if it ``moves``) and the intercepts, the leverages held.

    Firth's adjusted score is that of data with half a leverage more of events and of others in every arm.
    """
    h = at.leverage
    arms = y - n * at.p + h * (0.5 - at.p)
    curvature = (n + h) * at.p * (1.0 - at.p)
    total, by_study = curvature.sum(axis=1), arms.sum(axis=1)
    share = curvature[:, 0] / total
    step = (
        float(arms[:, 0].sum() - share @ by_study) / float((share * curvature[:, 1]).sum()) if moves else 0.0
    )
    return step, by_study / total - share * step


def penalised_fit(
    y: Vector, n: Vector, *, fixed: float | None = None, start: PenalisedFit | None = None
) -> PenalisedFit:
    """Maximise the likelihood times Jeffreys' prior; with ``fixed`` only over the intercepts.

    Parameters
    ----------
    y, n
        Events and people, (k, 2), the treated arm first.

    References
    ----------
    Firth (1993), doi:10.1093/biomet/80.1.27; Heinze & Schemper (2002), doi:10.1002/sim.1047.
    """
    value = fixed if fixed is not None else start.value if start else 0.0
    alpha = (
        start.alpha if start else np.log((y.sum(axis=1) + 0.5) / ((n - y).sum(axis=1) + 0.5)) - 0.5 * value
    )
    at = _point(y, n, value, alpha)
    for _ in range(MAX_STEPS):
        step, alpha_step = _step(y, n, at, moves=fixed is None)
        size = min(1.0, LONGEST / max(abs(step), float(np.abs(alpha_step).max()), LONGEST))
        while True:
            tried = _point(y, n, value + size * step, alpha + size * alpha_step)
            if tried.log_likelihood > at.log_likelihood - 1e-11 * abs(at.log_likelihood) or size < 1e-6:
                break
            size *= 0.5
        value, alpha, at = value + size * step, alpha + size * alpha_step, tried
        moved = max(abs(step) * at.information**0.5, float(np.abs(alpha_step * np.sqrt(at.total)).max()))
        if moved < TOLERANCE:
            return PenalisedFit(value, alpha, at.information, at.log_likelihood, converged=True)
    return PenalisedFit(value, alpha, at.information, at.log_likelihood, converged=False)


class Dispersion(NamedTuple):
    """Pearson's chi-square of the fit, its degrees of freedom, and Fletcher's dispersion."""

    chi2: float
    df: int
    phi: float


def dispersion(y: Vector, n: Vector, fit: PenalisedFit) -> Dispersion:
    """Overdispersion of the arms around the fit: Fletcher (2012), Biometrika."""
    p = _point(y, n, fit.value, fit.alpha).p
    variance = n * p * (1.0 - p)
    chi2 = float(((y - n * p) ** 2 / variance).sum())
    df = y.size - len(fit.alpha) - 1
    skew = float(((1.0 - 2.0 * p) / variance * (y - n * p)).mean())
    return Dispersion(chi2, df, chi2 / df / (1.0 + skew) if df > 0 else 1.0)
