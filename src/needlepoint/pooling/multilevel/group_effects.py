"""What a multilevel model says of its random terms: effects of the groups, intervals of variances, a test between."""

from __future__ import annotations

from typing import Any

import numpy as np

from needlepoint.arrays import Matrix
from needlepoint.errors import InputError
from needlepoint.options import chosen_level
from needlepoint.pooling.multilevel.block_gaussian import Marginal, split
from needlepoint.pooling.multilevel.multilevel import Multilevel
from needlepoint.pooling.multilevel.random_terms import (
    STRUCTURES,
    Term,
    correlation,
    covariance,
    parameters,
    standard_deviations,
)
from needlepoint.pooling.multilevel.search import held_at
from needlepoint.result import Result, record, rows_of
from needlepoint.stats.distributions import chi2_quantile, normal_quantile, t_quantile
from needlepoint.stats.roots import brent_root

__all__ = [
    "ComponentInterval",
    "ComponentIntervals",
    "RandomEffects",
    "component_intervals",
    "group_effects",
]

_FAR = 20.0  # logit of a correlation that is one to rounding


@record
class RandomEffects(Result):
    """Predicted effects, one an entry: of the groups of each random ``term`` (of each level in them)."""

    level: float
    term: tuple[str, ...]
    group: tuple[str, ...]
    prediction: Matrix
    se: Matrix
    pi_low: Matrix
    pi_high: Matrix

    def tidy(self) -> list[dict[str, Any]]:
        """One row a group, or a group and level."""
        return rows_of(self, ("term", "group", "prediction", "se", "pi_low", "pi_high"))


@record
class ComponentInterval(Result):
    """Interval of one variance ("variance") or correlation ("correlation") of a random term."""

    term: str
    parameter: str
    level_name: str
    estimate: float
    ci_low: float
    ci_high: float


@record
class ComponentIntervals(Result):
    """Profile-likelihood intervals of every variance and correlation."""

    level: float
    rows: tuple[ComponentInterval, ...]

    def tidy(self) -> list[dict[str, Any]]:
        """One row a variance or correlation."""
        return [row.to_dict() for row in self.rows]


def group_effects(fit: Multilevel, *, with_mean: bool) -> RandomEffects:
    """Effects of the groups of every random term, or (``with_mean``) the true effect behind every estimate."""
    inverse = np.zeros((fit.k, fit.k))
    for rows, M in fit.marginal:
        inverse[np.ix_(rows, rows)] = np.linalg.inv(M)
    parts = split(fit.model, fit.theta)
    covariances = [covariance(term, part) for term, part in zip(fit.model.terms, parts, strict=True)]
    if with_mean:
        return _true_effects(fit, inverse, covariances)
    found = [_of_term(term, G) for term, G in zip(fit.model.terms, covariances, strict=True)]
    weighted = inverse @ (fit.yi - fit.X @ fit.beta)
    AX = inverse @ fit.X
    projection = inverse - AX @ fit.vb @ AX.T
    names, groups, reach, own = (
        [list(part) for part in zip(*found, strict=True)] if found else ([], [], [], [])
    )
    R = np.concatenate(reach) if reach else np.zeros((0, fit.k))
    spread = np.einsum("ij,jk,ik->i", R, projection, R)
    variance = np.concatenate(own) - spread if own else spread
    return _random_effects(fit, sum(names, ()), sum(groups, ()), R @ weighted, variance)


def _of_term(term: Term, G: Matrix) -> tuple[tuple[str, ...], tuple[str, ...], Matrix, Matrix]:
    """Names of the effects of a term, their covariance with the estimates (n, k) and their variances (n,)."""
    pairs = sorted(set(zip(term.group.tolist(), term.level.tolist(), strict=True)))
    shared = np.array([[g == h for h in term.group.tolist()] for g, _ in pairs], dtype=float)
    reach = shared * G[np.array([level for _, level in pairs])][:, term.level]
    own = np.array([G[level, level] for _, level in pairs])
    named = len(term.levels) > 1
    groups = tuple(f"{term.levels[m]} | {term.groups[g]}" if named else term.groups[g] for g, m in pairs)
    return (term.name,) * len(pairs), groups, reach, own


def _true_effects(fit: Multilevel, inverse: Matrix, covariances: list[Matrix]) -> RandomEffects:
    """Fixed part and all random effects together, behind every estimate."""
    between = np.zeros((fit.k, fit.k))
    for term, G in zip(fit.model.terms, covariances, strict=True):
        same = term.group[:, None] == term.group[None, :]
        between += np.where(same, G[np.ix_(term.level, term.level)], 0.0)
    shrink = between @ inverse
    fitted = fit.X @ fit.beta
    rest = fit.X - shrink @ fit.X
    variance = np.diag(between - shrink @ between) + np.einsum("ij,jk,ik->i", rest, fit.vb, rest)
    return _random_effects(
        fit, ("true effect",) * fit.k, fit.study, fitted + shrink @ (fit.yi - fitted), variance
    )


def _random_effects(
    fit: Multilevel, terms: tuple[str, ...], groups: tuple[str, ...], prediction: Matrix, variance: Matrix
) -> RandomEffects:
    upper = 0.5 + fit.level / 2.0
    se = np.sqrt(np.maximum(variance, 0.0))
    half = se * (normal_quantile(upper) if fit.df is None else t_quantile(upper, fit.df))
    return RandomEffects(
        level=fit.level,
        term=terms,
        group=groups,
        prediction=prediction,
        se=se,
        pi_low=prediction - half,
        pi_high=prediction + half,
    )


def component_intervals(fit: Multilevel, *, level: float | None = None) -> ComponentIntervals:
    """Profile-likelihood intervals of the variances and correlations of a multilevel model.

    Raises
    ------
    InputError
        A model without random terms.

    Notes
    -----
    Every other parameter is searched anew at each value tried (Hardy & Thompson 1996,
    doi:10.1002/(SICI)1097-0258(19960330)15:6<619::AID-SIM188>3.0.CO;2-A). A limit that the likelihood does not
    reach is the border: zero, or the extreme correlation.
    """
    if not len(fit.theta):
        raise InputError("the model has no random terms to estimate", field="random")
    width = chosen_level(level, fit.level)
    model, theta, notes = _with_correlations(fit)
    drop = chi2_quantile(width, 1) / 2.0
    rows: list[ComponentInterval] = []
    at = 0
    for term in model.terms:
        count = parameters(term)
        if term.structure != "UN":
            rows.extend(_term_intervals(model, theta, term, range(at, at + count), fit.log_likelihood - drop))
        at += count
    return ComponentIntervals(notes=notes, level=width, rows=tuple(rows))


def _with_correlations(fit: Multilevel) -> tuple[Marginal, Matrix, tuple[str, ...]]:
    """The model with unstructured terms of two levels by variances and correlation, which is the same model."""
    terms: list[Term] = []
    parts: list[Matrix] = []
    notes: list[str] = []
    for term, part in zip(fit.model.terms, split(fit.model, fit.theta), strict=True):
        if term.structure == "UN" and len(term.free) == 2:
            G = covariance(term, part)[np.ix_(term.free, term.free)]
            sd = np.sqrt(G.diagonal())
            r = float(np.clip(G[0, 1] / max(sd[0] * sd[1], 1e-300), -1 + 1e-9, 1 - 1e-9))
            terms.append(term._replace(structure="HCS"))
            parts.append(np.array([*sd, np.log((r + 1.0) / (1.0 - r))]))
        else:
            if term.structure == "UN":
                notes.append(f"no intervals for {term.name}: three and more unstructured levels")
            terms.append(term)
            parts.append(part)
    return fit.model._replace(terms=tuple(terms)), np.concatenate(parts), tuple(notes)


def _term_intervals(
    model: Marginal, theta: Matrix, term: Term, positions: range, lowest: float
) -> list[ComponentInterval]:
    kind = STRUCTURES[term.structure]
    sds = standard_deviations(term)
    found: list[ComponentInterval] = []
    for n, i in enumerate(positions):
        if n < sds:
            low, high = _limits(model, theta, i, lowest, 0.0, np.inf)
            name = term.levels[int(term.free[n])] if kind.heterogeneous else ""
            found.append(_interval(term, "variance", name, float(theta[i]) ** 2, low * low, high * high))
        else:
            ends = _limits(model, theta, i, lowest, -_FAR, _FAR)
            shown = [_correlation(term, z) for z in (float(theta[i]), *ends)]
            found.append(_interval(term, "correlation", "", *shown))
    return found


def _correlation(term: Term, logit: float) -> float:
    if logit <= -_FAR:
        return STRUCTURES[term.structure].low(len(term.levels))
    return 1.0 if logit >= _FAR else correlation(term, np.array([logit]))


def _interval(
    term: Term, parameter: str, name: str, estimate: float, low: float, high: float
) -> ComponentInterval:
    return ComponentInterval(
        term=term.name, parameter=parameter, level_name=name, estimate=estimate, ci_low=low, ci_high=high
    )


def _limits(
    model: Marginal, theta: Matrix, position: int, lowest: float, least: float, most: float
) -> tuple[float, float]:
    """Where the profile falls to ``lowest`` below and above the estimate."""
    best = abs(float(theta[position])) if least == 0.0 else float(np.clip(theta[position], least, most))
    step = 0.5 * best if least == 0.0 and best > 0.0 else 1.0
    if least == 0.0 and best == 0.0:
        step = float(np.sqrt(np.median(np.concatenate([b.V.diagonal() for b in model.blocks]))))

    def height(value: float) -> float:
        return held_at(model, theta, position, value)[1] - lowest

    low = least
    if best > least and height(least) < 0.0:
        low = brent_root(height, least, best, rtol=1e-7)
    high, inner = best + step, best
    while high < most and height(high) > 0.0:
        inner, step = high, 2.0 * step
        high = min(high + step, most) if np.isfinite(most) else high + step
        if step > 1e8 * (best + 1.0):
            return low, float("inf")
    if high >= most and height(most) > 0.0:
        return low, most
    return low, brent_root(height, inner, high, rtol=1e-7)
