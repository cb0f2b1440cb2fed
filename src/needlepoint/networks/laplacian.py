"""Effects of all treatments at a given tau2 through the graph's Laplacian (Rücker 2012, doi:10.1002/jrsm.1058)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from needlepoint.arrays import Matrix
from needlepoint.networks.trials import Trials

__all__ = ["Balanced", "balance", "edge_weights"]


class Balanced(NamedTuple):
    """Effects that add to zero, their covariance (pseudo-inverse of the Laplacian), and the Laplacian."""

    effects: Matrix  # (T,)
    covariance: Matrix  # (T, T)
    laplacian: Matrix  # (T, T)


def balance(trials: Trials, tau2: float) -> Balanced:
    """Generalised least squares of all trials under consistency at ``tau2``; normal theory."""
    w = 1.0 / (trials.v + tau2)
    laplacian = trials.Z.T @ (w[:, None] * trials.Z)
    inverse = inverse_laplacian(laplacian)
    return Balanced(inverse @ (trials.Z.T @ (w * trials.y)), inverse, laplacian)


def inverse_laplacian(laplacian: Matrix) -> Matrix:
    """Moore-Penrose inverse of the Laplacian of a connected graph."""
    size = len(laplacian)
    scale = float(np.trace(laplacian)) / size  # of one order with the rest, for the digits
    inverse: Matrix = np.asarray(np.linalg.inv(laplacian + scale / size), dtype=np.float64)
    return inverse - 1.0 / (scale * size)


def edge_weights(laplacian: Matrix) -> Matrix:
    """Weights of the comparisons: the Laplacian's entries off the diagonal, turned in sign."""
    weights = -laplacian.copy()
    np.fill_diagonal(weights, 0.0)
    return weights
