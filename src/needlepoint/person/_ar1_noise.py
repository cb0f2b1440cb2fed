"""Kernel: autoregressive plus white noise on irregular days, whitened by the Kalman filter in O(n).

``y = X b + sigma (sqrt(1-w) u + sqrt(w) e)`` with ``u`` AR(1) of unit variance, correlation ``phi ** days``, and
``e`` white: a missing day drops out exactly. Harvey (1989), Forecasting, Structural Time Series Models, ch. 3.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from needlepoint.arrays import Floats


__all__ = ["contrast_variance", "whiten"]


def whiten(days: Floats, columns: Floats, phi: Floats, w: Floats) -> tuple[Floats, Floats]:
    """Whitened columns under every pair of ``phi`` and ``w``, and the log determinant of the correlation.

    Parameters
    ----------
    days : (n,)
        Increasing days.
    columns : (n, m)
        Response and design side by side.
    phi : (a,)
        Correlation from one day to the next, 0 to below 1.
    w : (b,)
        Share of the variance that is white.

    Returns
    -------
    rows : (n, a, b, m)
        ``L^-1 columns`` with ``L L'`` the correlation matrix.
    logdet : (n, a, b)
        Running log determinant of the first 1 ... n days.
    """
    n, m = columns.shape
    ar = 1.0 - w[None, :]
    gaps = np.diff(days, append=days[-1] + 1.0)
    decay = phi[None, :, None] ** gaps[:, None, None]
    spread = np.empty((n, len(phi), len(w)))
    gain = np.empty_like(spread)
    variance = np.broadcast_to(ar, (len(phi), len(w)))
    for i in range(n):  # the filter's variances do not depend on the data
        total = variance + w
        gain[i] = variance / total
        spread[i] = total
        variance = variance * (1.0 - gain[i]) * decay[i] ** 2 + ar * (1.0 - decay[i] ** 2)
    rows = np.empty((n, len(phi), len(w), m))
    state = np.zeros((len(phi), len(w), m))
    keep = (gain * decay)[..., None]
    hold = ((1.0 - gain) * decay)[..., None]
    for i in range(n):
        np.subtract(columns[i], state, out=rows[i])
        state = hold[i] * state + keep[i] * columns[i]
    rows /= np.sqrt(spread)[..., None]
    return rows, np.cumsum(np.log(spread), axis=0)


def contrast_variance(days: Floats, weights: Floats, phi: Floats) -> Floats:
    """Variance ``c' R c`` of a contrast of unit-variance AR(1) values, for every ``phi``, in O(n)."""
    total = np.zeros(len(phi))
    carried = np.zeros(len(phi))
    gaps = np.diff(days, append=days[-1])
    for c, gap in zip(weights.tolist(), gaps.tolist(), strict=True):
        total += c * (c + 2.0 * carried)
        carried = (carried + c) * phi**gap
    return total
