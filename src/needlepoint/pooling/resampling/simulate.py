"""Parametric simulation from a fitted model."""

from __future__ import annotations

from typing import Any

import numpy as np

from needlepoint.arrays import Matrix
from needlepoint.options import seeded, whole
from needlepoint.pooling.refit import as_pooled

__all__ = ["simulate"]


def simulate(fit: Any, vi: Any = None, *, data: Any = None, draws: int = 1, seed: int = 1) -> Matrix:
    """Draws of the studies' estimates from the fitted model, (draws, k).

    Each is normal about its fitted value with variance ``vi + tau2``: new studies of the same sizes.

    Raises
    ------
    InputError
        Fewer than one draw.

    Examples
    --------
    >>> simulate([0.1, 0.3], [0.01, 0.02], draws=3).shape
    (3, 2)
    """
    draws = whole(draws, field="draws")
    pooled = as_pooled(fit, vi, data)
    rng = np.random.default_rng(seeded(seed))
    fitted, sd = pooled.X @ pooled.beta, np.sqrt(pooled.vi + pooled.tau2)
    return fitted + sd * rng.standard_normal((draws, pooled.k))
