"""Rare events in a network: conditional likelihoods that need no continuity correction, and penalised logistic."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field
from typing import Any, Literal, NamedTuple

import numpy as np

from needlepoint.arrays import Ints, Matrix, Vector
from needlepoint.errors import ConvergenceError, InputError
from needlepoint.networks.connected import parts, refuse_disconnected
from needlepoint.networks.door import Arms, read_network
from needlepoint.networks.result import differences_se, position
from needlepoint.options import check, check_fraction
from needlepoint.pooling.coefficients.inference import coefficients
from needlepoint.pooling.result import Coefficient
from needlepoint.result import Result, record, without_notes

__all__ = ["CountNetwork", "network_counts"]

CountMethod = Literal["exact", "breslow", "penalised"]
_STEPS = 100
_TOLERANCE = 1e-12


@record
class CountNetwork(Result):
    """Log odds ratios of every treatment against the reference, common effects, from the counts themselves.

    ``log_likelihood`` is that of the method at its maximum. ``left_out`` names trials that say nothing: no events, or
    nothing but events.
    """

    method: str
    level: float
    k: int
    reference: str
    treatments: tuple[str, ...]
    coefficients: tuple[Coefficient, ...]
    log_likelihood: float
    left_out: tuple[str, ...]
    effects: Matrix = field(repr=False)  # (T,), against the reference
    se: Matrix = field(repr=False)  # (T, T), of all differences

    def between(self, treatment: str, comparator: str) -> tuple[float, float]:
        """Log odds ratio of ``treatment`` against ``comparator`` and its standard error.

        Raises
        ------
        InputError
            A treatment that is not in the network.
        """
        i, j = position(self.treatments, treatment), position(self.treatments, comparator)
        return float(self.effects[i] - self.effects[j]), float(self.se[i, j])

    def tidy(self) -> list[dict[str, Any]]:
        """One row a treatment."""
        return without_notes(self.coefficients)


class _Trial(NamedTuple):
    arms: Ints  # positions of treatments
    events: Vector
    people: Vector


class _At(NamedTuple):
    """Log-likelihood, score and information of the effects of all treatments."""

    value: float
    score: Vector
    information: Matrix


def network_counts(
    data: Any = None,
    *,
    study: Any = None,
    treatment: Any = None,
    xi: Any = None,
    ni: Any = None,
    reference: str | None = None,
    method: CountMethod = "exact",
    level: float = 0.95,
) -> CountNetwork:
    """Network of rare events without continuity corrections, common effects.

    Parameters
    ----------
    data, study, treatment, xi, ni
        Arms with events and people, as in :func:`needlepoint.network`.
    method
        "exact": the non-central hypergeometric likelihood of each trial given its number of events, also of several
        arms (Stijnen, Hamza & Özdemir 2010, doi:10.1002/sim.4040). "breslow": its approximation for few events among
        many people. "penalised": Firth's logistic regression with an intercept a trial (Firth 1993,
        doi:10.1093/biomet/80.1.27; Evrenoglou et al. 2022, doi:10.1002/sim.9562), which uses trials without events too.

    Raises
    ------
    InputError
        As :func:`needlepoint.network`; a treatment without any events whose effect is infinite.
    ConvergenceError
        No optimum.

    >>> rows = {"study": [1, 1, 2, 2, 3, 3, 3], "treatment": ["A", "B", "A", "C", "A", "B", "C"],
    ...         "events": [1, 4, 0, 3, 2, 3, 6], "n": [100, 100, 90, 95, 120, 118, 121]}
    >>> [(c.term, round(c.estimate, 2)) for c in network_counts(rows, reference="A").coefficients]
    [('B', 1.04), ('C', 1.7)]
    """
    check(method, CountMethod, field="method")
    check_fraction(level, field="level")
    given = read_network(
        data,
        measure="OR",
        study=study,
        treatment=treatment,
        treat1=None,
        treat2=None,
        columns={"xi": xi, "ni": ni},
        options={"drop00": False},
        connected=False,
    )
    if given.arms is None or set(given.arms.columns) != {"xi", "ni"}:
        raise InputError("counts of every arm are needed", field="xi", mend="xi= and ni=, one row an arm")
    trials, names, silent = _trials(given.arms, given.trials.treatments, keep=method == "penalised")
    labels = list(given.trials.treatments)
    refuse_disconnected(parts(labels, [[labels[a] for a in t.arms] for t in trials]))
    ref = max(range(len(labels)), key=lambda i: sum(i in t.arms for t in trials))
    ref = ref if reference is None else position(tuple(labels), reference)
    others = [i for i in range(len(labels)) if i != ref]
    effects, value, information = _METHODS[method](trials, len(labels), others)
    covariance = np.zeros((len(labels), len(labels)))
    covariance[np.ix_(others, others)] = np.linalg.inv(information[np.ix_(others, others)])
    shown = tuple(labels[i] for i in others)
    records = coefficients(
        effects[others], covariance[np.ix_(others, others)], [None] * len(others), shown, level
    )
    return CountNetwork(
        notes=tuple(f"left out: {why}" for why in (*given.left_out, *silent)),
        method=method,
        level=level,
        k=len(names),
        reference=labels[ref],
        treatments=tuple(labels),
        coefficients=records,
        log_likelihood=value,
        left_out=(*given.left_out, *silent),
        effects=effects,
        se=differences_se(covariance),
    )


def _trials(
    arms: Arms, treatments: tuple[str, ...], *, keep: bool
) -> tuple[list[_Trial], list[str], tuple[str, ...]]:
    members: dict[str, list[int]] = {}
    for row, name in enumerate(arms.study):
        members.setdefault(name, []).append(row)
    place = {t: i for i, t in enumerate(treatments)}
    trials: list[_Trial] = []
    names: list[str] = []
    silent: list[str] = []
    for name, rows in members.items():
        events, people = arms.columns["xi"][rows], arms.columns["ni"][rows]
        if not keep and (events.sum() == 0.0 or events.sum() == people.sum()):
            silent.append(
                f"{name}: {'no events' if events.sum() == 0.0 else 'nothing but events'} in any arm"
            )
            continue
        trials.append(_Trial(np.array([place[arms.treatment[r]] for r in rows]), events, people))
        names.append(name)
    return trials, names, tuple(silent)


def _climb(at: Callable[[Vector], _At], size: int, others: list[int]) -> tuple[Vector, float, Matrix]:
    """Newton's iteration with halved steps.

    Raises
    ------
    ConvergenceError
        No optimum: an effect is infinite, or the search did not settle.
    """
    theta = np.zeros(size)
    here = at(theta)
    for _ in range(_STEPS):
        information = here.information[np.ix_(others, others)]
        if np.linalg.cond(information) > 1e14:
            break
        step = np.zeros(size)
        step[others] = np.linalg.solve(information, here.score[others])
        step *= min(1.0, 3.0 / max(float(np.abs(step).max()), 1e-300))
        there = at(theta + step)
        while there.value < here.value - 1e-10 * abs(here.value) and np.abs(step).max() > _TOLERANCE:
            step *= 0.5
            there = at(theta + step)
        theta, here = theta + step, there
        if np.abs(step).max() < _TOLERANCE * (1.0 + np.abs(theta).max()):
            return theta, here.value, here.information
        if np.abs(theta).max() > 25.0:
            break
    raise ConvergenceError(
        "an effect has no finite estimate: a treatment without events, or with nothing but events; "
        "method='penalised' gives a finite one"
    )


def _summed(one: Callable[[_Trial, Vector], _At]) -> Callable[[list[_Trial], int, list[int]], Any]:
    def climbed(trials: list[_Trial], size: int, others: list[int]) -> tuple[Vector, float, Matrix]:
        def at(theta: Vector) -> _At:
            value, score, information = 0.0, np.zeros(size), np.zeros((size, size))
            for t in trials:
                part = one(t, theta[t.arms])
                value += part.value
                score[t.arms] += part.score
                information[np.ix_(t.arms, t.arms)] += part.information
            return _At(value, score, information)

        return _climb(at, size, others)

    return climbed


def _breslow(t: _Trial, theta: Vector) -> _At:
    """Events fall to arms in proportion to people times exp(effect): multinomial given their number."""
    log_share = np.log(t.people) + theta
    log_total = float(np.logaddexp.reduce(log_share))
    share, total = np.exp(log_share - log_total), float(t.events.sum())
    value = float(t.events @ (log_share - log_total))
    information = total * (np.diag(share) - np.outer(share, share))
    return _At(value, t.events - total * share, information)


def _exact(t: _Trial, theta: Vector) -> _At:
    """Non-central hypergeometric likelihood of one trial, its mean and covariance by convolution over arms."""
    from scipy.special import gammaln

    total = int(t.events.sum())
    tables: list[Vector] = []
    counts = np.arange(total + 1.0)
    for people, effect in zip(t.people, theta, strict=True):
        inside = counts <= people
        x = counts[inside]
        ways = gammaln(people + 1.0) - gammaln(x + 1.0) - gammaln(people - x + 1.0) + effect * x
        tables.append(np.concatenate([ways, np.full(total + 1 - len(x), -np.inf)]))
    tops = [float(table.max()) for table in tables]
    plain = [np.exp(table - top) for table, top in zip(tables, tops, strict=True)]
    a = len(plain)
    whole = _without(plain, ())
    norm = float(whole[total])
    mean, second = np.zeros(a), np.zeros((a, a))
    for i in range(a):
        mean[i] = float((counts * plain[i]) @ _without(plain, (i,))[total::-1]) / norm
        second[i, i] = float((counts**2 * plain[i]) @ _without(plain, (i,))[total::-1]) / norm
        for j in range(i):
            both = np.convolve(counts * plain[i], counts * plain[j])[: total + 1]
            second[i, j] = second[j, i] = float(both @ _without(plain, (i, j))[total::-1]) / norm
    own = sum(float(table[int(x)]) for table, x in zip(tables, t.events, strict=True))
    value = own - float(np.log(norm)) - sum(tops)
    return _At(value, t.events - mean, second - np.outer(mean, mean))


def _without(plain: list[Vector], left: tuple[int, ...]) -> Vector:
    """Convolution of the arms' tables but those ``left`` out, up to the number of events."""
    size = len(plain[0])
    found = np.zeros(size)
    found[0] = 1.0
    for i, table in enumerate(plain):
        if i not in left:
            found = np.convolve(found, table)[:size]
    return found


def _penalised(trials: list[_Trial], size: int, others: list[int]) -> tuple[Vector, float, Matrix]:
    """Firth's logistic regression, an intercept a trial; the intercepts eliminated from the information."""
    k, p = len(trials), len(others)
    events = np.concatenate([t.events for t in trials])
    people = np.concatenate([t.people for t in trials])
    X = np.zeros((len(events), k + p))
    row = 0
    column = {arm: k + c for c, arm in enumerate(others)}
    for i, t in enumerate(trials):
        for arm in t.arms:
            X[row, i] = 1.0
            if int(arm) in column:
                X[row, column[int(arm)]] = 1.0
            row += 1
    beta = np.zeros(k + p)
    for _ in range(_STEPS):
        chance = 1.0 / (1.0 + np.exp(-(X @ beta)))
        w = people * chance * (1.0 - chance)
        inverse = np.linalg.inv(X.T @ (w[:, None] * X))
        leverage = w * np.einsum("ij,jk,ik->i", X, inverse, X)
        step = inverse @ (X.T @ (events - people * chance + leverage * (0.5 - chance)))
        step *= min(1.0, 3.0 / max(float(np.abs(step).max()), 1e-300))
        beta = beta + step
        if np.abs(step).max() < 1e-11:
            break
    else:
        raise ConvergenceError("the penalised likelihood did not settle")
    chance = 1.0 / (1.0 + np.exp(-(X @ beta)))
    w = people * chance * (1.0 - chance)
    whole = X.T @ (w[:, None] * X)
    value = float(events @ np.log(chance) + (people - events) @ np.log1p(-chance)) + 0.5 * float(
        np.linalg.slogdet(whole)[1]
    )
    information = np.zeros((size, size))
    own = whole[k:, k:] - whole[k:, :k] @ np.linalg.solve(whole[:k, :k], whole[:k, k:])
    information[np.ix_(others, others)] = own
    effects = np.zeros(size)
    effects[others] = beta[k:]
    return effects, value, information


_METHODS: dict[str, Callable[[list[_Trial], int, list[int]], Any]] = {
    "exact": _summed(_exact),
    "breslow": _summed(_breslow),
    "penalised": _penalised,
}
