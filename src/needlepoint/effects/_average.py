"""Averages over studies that "AV" sampling variances plug in."""

from __future__ import annotations

import numpy as np

from needlepoint.arrays import Vector

__all__ = ["weighted_mean"]


def weighted_mean(values: Vector, ni: Vector) -> float:
    """Sample-size weighted mean of the studies that have a value: an undefined one does not erase the rest."""
    known = np.isfinite(values) & np.isfinite(ni)
    return float(np.sum((ni * values)[known]) / np.sum(ni[known]))
