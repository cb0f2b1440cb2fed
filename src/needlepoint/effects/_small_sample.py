"""The small-sample factor of standardised means, without log-gamma's cancellation."""

from __future__ import annotations

import numpy as np

from needlepoint.arrays import Vector

__all__ = ["hedges_j"]

# 2 B_{n+1}(1/4) / (n (n+1)) for n = 2, 4, ..., 14: ln[G(w + 3/4) / G(w + 1/4)] = ln(w)/2 + sum c_n / w^n
_SERIES = (
    1 / 64,
    -5 / 2048,
    61 / 49152,
    -1385 / 1048576,
    50521 / 20971520,
    -2702765 / 402653184,
    199360981 / 7516192768,
)
_SHIFT = (
    16  # below this the series is entered 16 higher and brought down by the recurrence of the gamma function
)


def hedges_j(df: Vector) -> Vector:
    r"""Hedges' exact factor :math:`J = \Gamma(m/2) / [\sqrt{m/2}\,\Gamma((m-1)/2)]` for ``df`` m > 1.

    Hedges (1981), equation 6e, doi:10.3102/10769986006002107. Differences of log-gamma lose digits in
    proportion to m log m (about 1e-9 at a million); an asymptotic series in (m/2 - 3/4) does not.

    >>> hedges_j(np.array([2.0, 10.0])).round(6).tolist()
    [0.56419, 0.922746]
    """
    m = np.asarray(df, dtype=np.float64)
    m = np.where(m > 1, m, np.nan)
    small = m < 40
    if not small.any():
        return _series(m)
    j = _series(np.where(small, m + 2 * _SHIFT, m))
    low = m[small]
    ratio = np.ones_like(low)
    for step in range(0, 2 * _SHIFT, 2):
        ratio *= (low + step - 1) / (low + step)
    j[small] *= ratio * np.sqrt((low + 2 * _SHIFT) / low)
    return j


def _series(m: Vector) -> Vector:
    w = m / 2 - 0.75
    u = 1 / (w * w)
    log_ratio = np.zeros_like(w)
    for c in reversed(_SERIES):
        log_ratio = (log_ratio + c) * u
    return np.sqrt(2 * w / m) * np.exp(log_ratio)
