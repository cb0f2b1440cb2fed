"""Distribution of a sum of weighted chi-squares, each with one degree of freedom.

The moment generating function is inverted along a parabola around its singularities, where the trapezoidal rule
converges geometrically (Weideman & Trefethen 2007, doi:10.1090/S0025-5718-07-01945-X).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["chi2_mixture_cdf"]

_NODES = 30  # 2.85 ** -30 = 2e-14, while rounding is magnified by exp(30 pi / 12) = 2600 only
_U = (np.arange(_NODES) + 0.5) * (3.0 / _NODES)
_PATH = (1.0 + 1j * _U) ** 2 * (np.pi * _NODES / 12.0)  # z times q
_KERNEL = np.exp(_PATH) / (1.0 + 1j * _U) * (2.0 * 3.0 / _NODES / np.pi)


def chi2_mixture_cdf(q: float, weights: NDArray[np.float64]) -> float:
    """P(sum of ``weights[j]`` times chi-square(1) <= ``q``), weights not negative; absolute error about 1e-12.

    >>> round(chi2_mixture_cdf(3.841458820694124, np.array([1.0])), 10)
    0.95
    """
    if q <= 0.0:
        return 0.0
    log_mgf = -0.5 * np.log1p(np.outer(_PATH / q, 2.0 * weights)).sum(axis=1)
    return float(min(1.0, max(0.0, (_KERNEL * np.exp(log_mgf)).real.sum())))
