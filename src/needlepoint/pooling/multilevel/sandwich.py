"""Cluster-robust covariance of coefficients and its degrees of freedom: cluster by cluster, never k x k."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from needlepoint.arrays import Matrix

__all__ = ["ADJUSTMENTS", "Cluster", "Sandwich", "sandwich"]


class Cluster(NamedTuple):
    """What one cluster of n estimates brings: design (n, p), residuals (n,), weights and working covariance (n, n)."""

    X: Matrix
    residual: Matrix
    W: Matrix
    V: Matrix


class Sandwich(NamedTuple):
    """The covariance ``vb`` (p, p), and what its own sampling variance needs."""

    vb: Matrix
    clusters: tuple[Cluster, ...]
    bread: Matrix  # (X'WX)^-1
    core: Matrix  # X'WVWX
    adjusted: tuple[Matrix, ...]  # A'WX of each cluster (n, p)

    def moments(self, L: Matrix) -> Matrix:
        """Covariances of the clusters' scores of the contrasts ``L`` (q, p) under the working model: (m, m, q, q)."""
        U = [a @ self.bread @ L.T for a in self.adjusted]
        a = np.array([u.T @ c.X @ self.bread for u, c in zip(U, self.clusters, strict=True)])
        b = np.array([u.T @ c.V @ c.W @ c.X for u, c in zip(U, self.clusters, strict=True)])
        cross = np.einsum("isp,jtp->ijst", a, b)
        P = np.einsum("isp,pr,jtr->ijst", a, self.core, a) - cross - cross.transpose(1, 0, 3, 2)
        here = np.arange(len(U))
        P[here, here] += np.array([u.T @ c.V @ u for u, c in zip(U, self.clusters, strict=True)])
        return np.asarray(P, dtype=np.float64)

    def df(self, row: Matrix) -> float:
        """Satterthwaite degrees of freedom of one contrast (Bell & McCaffrey 2002)."""
        P = self.moments(row[None, :])[:, :, 0, 0]
        return float(np.trace(P) ** 2 / (P * P).sum())

    def wald_df(self, L: Matrix) -> float:
        """Degrees of freedom of Hotelling's T-squared for the contrasts ``L`` together.

        The approximation called HTZ: the total variance of the scaled covariance is matched by that of a Wishart
        matrix (Tipton & Pustejovsky 2015, doi:10.3102/1076998615606099).
        """
        q = len(L)
        expected = np.einsum("iist->st", self.moments(L))
        values, vectors = np.linalg.eigh((expected + expected.T) / 2)
        P = self.moments(vectors @ np.diag(values**-0.5) @ vectors.T @ L)
        both = np.einsum("ijss,ijtt->", P, P) + np.einsum("ijst,ijts->", P, P)
        return q * (q + 1) / float(both)


def _identity(c: Cluster, bread: Matrix, core: Matrix) -> Matrix:
    return np.eye(len(c.residual))


def _bias_reduced(c: Cluster, bread: Matrix, core: Matrix) -> Matrix:
    """The symmetric matrix that makes the cluster's contribution unbiased under the working model."""
    D = np.linalg.cholesky(c.V).T
    hat = c.X @ bread @ c.X.T @ c.W @ c.V
    left = c.V - hat - hat.T + c.X @ bread @ core @ bread @ c.X.T
    B = D @ left @ D.T
    values, vectors = np.linalg.eigh((B + B.T) / 2)
    alive = values > 1e-12 * max(float(values.max()), float(np.trace(D @ c.V @ D.T)))
    root = vectors[:, alive] @ np.diag(values[alive] ** -0.5) @ vectors[:, alive].T
    return np.asarray(D.T @ root @ D, dtype=np.float64)


def _jackknife(c: Cluster, bread: Matrix, core: Matrix) -> Matrix:
    lost = c.X @ bread @ c.X.T @ c.W
    return np.asarray(np.linalg.pinv(np.eye(len(lost)) - lost), dtype=np.float64)


Adjustment = tuple[Callable[[Cluster, Matrix, Matrix], Matrix], Callable[[int, int, int], float]]

# kind -> what multiplies the residuals, and the factor for m clusters, k estimates, p coefficients
ADJUSTMENTS: dict[str, Adjustment] = {
    "CR0": (_identity, lambda m, k, p: 1.0),
    "CR1": (_identity, lambda m, k, p: m / (m - 1)),
    "CR1p": (_identity, lambda m, k, p: m / (m - p)),
    "CR1S": (_identity, lambda m, k, p: m * (k - 1) / ((m - 1) * (k - p))),
    "CR2": (_bias_reduced, lambda m, k, p: 1.0),
    "CR3": (_jackknife, lambda m, k, p: 1.0),
}


def sandwich(clusters: tuple[Cluster, ...], kind: str) -> Sandwich:
    """Sandwich covariance of weighted least squares (Liang & Zeger 1986; Pustejovsky & Tipton 2018)."""
    adjust, factor = ADJUSTMENTS[kind]
    p = clusters[0].X.shape[1]
    k = sum(len(c.residual) for c in clusters)
    inverse = np.linalg.inv(sum((c.X.T @ c.W @ c.X for c in clusters), np.zeros((p, p))))
    bread = np.asarray(inverse, dtype=np.float64)
    core = sum((c.X.T @ c.W @ c.V @ c.W @ c.X for c in clusters), np.zeros((p, p)))
    adjusted = tuple(adjust(c, bread, core).T @ c.W @ c.X for c in clusters)
    scores = np.array([a.T @ c.residual for a, c in zip(adjusted, clusters, strict=True)])
    meat = scores.T @ scores * factor(len(clusters), k, p)
    return Sandwich(bread @ meat @ bread, clusters, bread, core, adjusted)
