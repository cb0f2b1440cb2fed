"""Exact distribution of generalised Q statistics, inverted for tau2 (Jackson 2013, doi:10.1002/jrsm.1081)."""

from __future__ import annotations

from typing import Any

import numpy as np

from needlepoint.pooling.kernels.normal import Table
from needlepoint.stats.quadratic_form import chi2_mixture_cdf
from needlepoint.stats.roots import root_above

__all__ = ["Distribution", "quantile_tau2"]


class Distribution:
    """Q with fixed weights as a sum of weighted chi-squares, at any tau2."""

    __slots__ = ("_residual_maker", "_vi", "q")

    def __init__(self, yi: Any, vi: Any, ai: Any, xi: Any, table: Table | None) -> None:
        y, a = np.asarray(yi, dtype=float), np.asarray(ai, dtype=float)
        X = np.asarray(xi, dtype=float)[:, None] if table is None else table.orthonormal
        AX = X * a[:, None]
        self._vi = np.asarray(vi, dtype=float)
        self._residual_maker = np.asarray(np.diag(a) - AX @ np.linalg.solve(X.T @ AX, AX.T), dtype=np.float64)
        r = y - X @ np.linalg.solve(X.T @ AX, AX.T @ y)
        self.q = float(a @ (r * r))

    def cdf(self, tau2: float) -> float:
        """P(Q <= observed Q) when the between-study variance is ``tau2``; decreasing in ``tau2``."""
        root = np.sqrt(self._vi + tau2)
        return chi2_mixture_cdf(
            self.q, np.maximum(0.0, np.linalg.eigvalsh(self._residual_maker * np.outer(root, root)))
        )


def quantile_tau2(yi: Any, vi: Any, ai: Any, xi: Any, table: Table | None, prob: float) -> float:
    """The tau2 at which P(Q <= observed) = ``prob``; zero when it is lower already at tau2 = 0."""
    law = Distribution(yi, vi, ai, xi, table)
    if law.cdf(0.0) <= prob:
        return 0.0
    scale = float(np.mean(vi)) + float(np.var(yi))
    return root_above(lambda t: prob - law.cdf(t), 0.0, scale) or 0.0
