"""Weighted least squares with a multiplicative dispersion, the model of the classical asymmetry tests."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from needlepoint.errors import InputError

if TYPE_CHECKING:
    from needlepoint.arrays import Floats


__all__ = ["DispersionFit", "constant", "dispersion_fit", "refuse_exact_fit"]


class DispersionFit(NamedTuple):
    """Coefficients, their covariance scaled by the residual mean square, and the residual degrees of freedom."""

    beta: Floats
    vb: Floats
    df: int
    dispersion: float
    size: float  # weighted mean square of the estimates, for judging whether the dispersion is more than rounding


def dispersion_fit(yi: Floats, weights: Floats, X: Floats) -> DispersionFit:
    """Regress ``yi`` on ``X`` with weights; the dispersion is the weighted residual mean square."""
    root = np.sqrt(weights)
    Q, R = np.linalg.qr(X * root[:, None])
    y = yi * root
    back = np.linalg.inv(R)
    beta = back @ (Q.T @ y)
    residual = y - Q @ (Q.T @ y)
    residual = residual - Q @ (Q.T @ residual)
    df = len(yi) - X.shape[1]
    dispersion = float(residual @ residual) / df
    return DispersionFit(beta, back @ back.T * dispersion, df, dispersion, float(y @ y) / len(yi))


def refuse_exact_fit(fit: DispersionFit) -> DispersionFit:
    """Refuse a fit without residuals: its standard errors are zero and its tests have no meaning."""
    if fit.dispersion <= 1e-24 * fit.size:
        raise InputError(
            "the estimates lie exactly on a line: there is no scatter to test against", field="yi"
        )
    return fit


def constant(values: Floats) -> bool:
    """Whether all values are the same, but for rounding."""
    return bool(np.ptp(values) <= 1e-12 * np.max(np.abs(values)))
