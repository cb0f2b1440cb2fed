"""Likelihood of estimates with sampling covariance and random terms, block by independent block.

Given the covariances of the terms the model is Gaussian: coefficients and likelihood come from the inverse of each
block alone, and the gradient from one weighted sum a term (Lindstrom & Bates 1988, doi:10.1080/01621459.1988.10478693).
"""

from __future__ import annotations

from math import log, pi
from typing import NamedTuple

import numpy as np

from needlepoint.arrays import Ints, Matrix
from needlepoint.pooling.multilevel.random_terms import Term, covariance, parameters

__all__ = ["Block", "Marginal", "State", "blocks_of", "evaluate", "split"]


class Member(NamedTuple):
    """A term inside a block: which pairs of estimates share a group (n, n), the level of each as columns (n, m)."""

    shared: Matrix
    levels: Matrix


class Block(NamedTuple):
    """Estimates that depend on no others: their positions, numbers, and what each term is to them."""

    rows: Ints
    y: Matrix
    X: Matrix
    V: Matrix
    members: tuple[Member, ...]


class Marginal(NamedTuple):
    """The model: blocks, random terms, and whether the likelihood is restricted."""

    blocks: tuple[Block, ...]
    terms: tuple[Term, ...]
    restricted: bool


class State(NamedTuple):
    """The model at given covariances; ``value`` is the log-likelihood with all its constants."""

    value: float
    gradient: Matrix
    beta: Matrix
    vb: Matrix
    rss: float
    inverses: tuple[Matrix, ...]


def split(model: Marginal, theta: Matrix) -> list[Matrix]:
    """The parameters of each term."""
    ends = np.cumsum([parameters(term) for term in model.terms])
    return [np.asarray(part, dtype=np.float64) for part in np.split(theta, ends[:-1])] if len(ends) else []


def blocks_of(y: Matrix, X: Matrix, V: Matrix, terms: tuple[Term, ...]) -> tuple[Block, ...]:
    """Estimates joined by a group or by their sampling errors, directly or through others."""
    parent = list(range(len(y)))

    def root(i: int) -> int:
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = parent[i]
        return i

    for term in terms:
        first: dict[int, int] = {}
        for i, g in enumerate(term.group.tolist()):
            parent[root(i)] = root(first.setdefault(g, i))
    for i, j in zip(*np.nonzero(np.triu(V, 1)), strict=True):
        parent[root(int(i))] = root(int(j))
    members: dict[int, list[int]] = {}
    for i in range(len(y)):
        members.setdefault(root(i), []).append(i)
    return tuple(_block(np.array(rows), y, X, V, terms) for rows in members.values())


def _block(rows: Ints, y: Matrix, X: Matrix, V: Matrix, terms: tuple[Term, ...]) -> Block:
    members = tuple(
        Member(
            (term.group[rows][:, None] == term.group[rows][None, :]).astype(float),
            (term.level[rows][:, None] == np.arange(len(term.levels))[None, :]).astype(float),
        )
        for term in terms
    )
    return Block(rows, y[rows], X[rows], V[np.ix_(rows, rows)], members)


def total(block: Block, covariances: list[Matrix]) -> Matrix:
    """Marginal covariance of a block."""
    found = block.V.copy()
    for member, G in zip(block.members, covariances, strict=True):
        found += member.shared * (G[0, 0] if len(G) == 1 else member.levels @ G @ member.levels.T)
    return found


def evaluate(model: Marginal, theta: Matrix) -> State:
    """The likelihood and its gradient at ``theta``.

    Raises
    ------
    numpy.linalg.LinAlgError
        A covariance that is not positive definite.
    """
    parts = split(model, theta)
    covariances = [covariance(term, part) for term, part in zip(model.terms, parts, strict=True)]
    p = model.blocks[0].X.shape[1]
    inverses: list[Matrix] = []
    xx, xy, gram, logdet = np.zeros((p, p)), np.zeros(p), np.zeros((p, p)), 0.0
    for b in model.blocks:
        root = np.linalg.cholesky(total(b, covariances))
        logdet += 2.0 * float(np.log(root.diagonal()).sum())
        half = np.linalg.inv(root)
        inverse = np.asarray(half.T @ half, dtype=np.float64)
        inverses.append(inverse)
        xx, xy, gram = xx + b.X.T @ inverse @ b.X, xy + b.X.T @ inverse @ b.y, gram + b.X.T @ b.X
    vb = np.asarray(np.linalg.inv(xx), dtype=np.float64)
    beta = vb @ xy
    sums = [np.zeros_like(G) for G in covariances]
    rss = 0.0
    for b, inverse in zip(model.blocks, inverses, strict=True):
        rss += _add_scores(b, inverse, beta, vb if model.restricted else None, sums)
    k = sum(len(b.y) for b in model.blocks)
    value = -0.5 * ((k - p if model.restricted else k) * log(2.0 * pi) + logdet + rss)
    if model.restricted:
        value += 0.5 * float(np.linalg.slogdet(gram)[1] - np.linalg.slogdet(xx)[1])
    slopes = [_slope(t, part, s) for t, part, s in zip(model.terms, parts, sums, strict=True)]
    gradient = np.concatenate(slopes) if slopes else np.zeros(0)
    return State(value, gradient, beta, vb, rss, tuple(inverses))


def _add_scores(b: Block, inverse: Matrix, beta: Matrix, vb: Matrix | None, sums: list[Matrix]) -> float:
    """Add the block's derivatives by the terms' covariances to ``sums``; returns its weighted squared residuals."""
    residual = b.y - b.X @ beta
    weighted = inverse @ residual
    score = np.outer(weighted, weighted) - inverse
    if vb is not None:
        AX = inverse @ b.X
        score += AX @ vb @ AX.T
    for i, member in enumerate(b.members):
        inside = score * member.shared
        sums[i] += 0.5 * (inside.sum() if len(sums[i]) == 1 else member.levels.T @ inside @ member.levels)
    return float(residual @ weighted)


def _slope(term: Term, theta: Matrix, by_covariance: Matrix) -> Matrix:
    """Derivatives by the term's parameters: its covariance is small, so central differences cost nothing."""
    found = np.empty(len(theta))
    for i in range(len(theta)):
        step = np.zeros(len(theta))
        step[i] = 1e-5 * max(abs(float(theta[i])), 1e-3)
        change = covariance(term, theta + step) - covariance(term, theta - step)
        found[i] = float((by_covariance * change).sum()) / (2.0 * step[i])
    return found
