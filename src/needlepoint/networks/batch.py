"""Very many networks of one layout in one call: the same trials, other effects, as simulations make them."""

from __future__ import annotations

from dataclasses import field
from itertools import combinations
from typing import Any, Literal

import numpy as np

from needlepoint.arrays import Matrix, Vector
from needlepoint.errors import InputError
from needlepoint.networks.design_by_treatment import designs_of
from needlepoint.networks.result import Network, only_networks
from needlepoint.networks.trials import Trials, turned_arms
from needlepoint.options import check
from needlepoint.result import Result, record

__all__ = ["NetworkBatch", "network_batch"]

BatchMethod = Literal["EE", "DL", "REML", "ML"]
_STEPS = 200
_TOLERANCE = 1e-12


@record
class NetworkBatch(Result):
    """One row a network: effects against the reference (m, T), their standard errors (m, T), tau2, Q (m,).

    Standard errors are of normal theory. ``converged`` is False where the search for tau2 did not settle.
    """

    method: str
    treatments: tuple[str, ...]
    reference: str
    estimate: Matrix = field(repr=False)
    se: Matrix = field(repr=False)
    tau2: Vector = field(repr=False)
    q: Vector = field(repr=False)
    q_heterogeneity: Vector = field(repr=False)
    converged: Any = field(repr=False)

    def tidy(self) -> list[dict[str, Any]]:
        """One row a network and treatment."""
        return [
            {"network": i, "treatment": t, "estimate": float(e), "se": float(s), "tau2": float(self.tau2[i])}
            for i in range(len(self.tau2))
            for t, e, s in zip(self.treatments, self.estimate[i], self.se[i], strict=True)
            if t != self.reference
        ]


def network_batch(fit: Network, yi: Any, *, method: BatchMethod = "REML") -> NetworkBatch:
    """Fit the layout of ``fit`` to many sets of effects at once.

    Parameters
    ----------
    fit
        What :func:`needlepoint.network` gives: its trials, arms and sampling variances are used.
    yi
        (m, c): one row a network, one column a contrast of ``fit.given.contrasts`` (every pair of arms of multi-arm
        trials, adding up).
    method
        "EE", "DL", "REML" or "ML". The likelihoods are climbed from the moment estimate; where they have several
        maxima, :func:`needlepoint.network` finds the highest.

    Raises
    ------
    InputError
        Another number of columns than contrasts, values that are not finite.

    >>> from needlepoint import network
    >>> fit = network(study=["1", "2", "3", "4"], treat1=["A", "A", "B", "A"], treat2=["B", "C", "C", "B"],
    ...               yi=[1.0, 2.0, 1.0, 1.9], sei=[0.3, 0.3, 0.3, 0.3], reference="C", test="z")
    >>> many = network_batch(fit, [fit.given.contrasts.yi, fit.given.contrasts.yi + 1.0])
    >>> many.estimate.round(2).tolist()
    [[2.18, 0.82, 0.0], [3.58, 1.42, 0.0]]
    """
    only_networks(fit, "network_batch()")
    check(method, BatchMethod, field="method")
    trials = fit.trials
    given = np.atleast_2d(np.asarray(yi, dtype=np.float64))
    if given.shape[1] != len(fit.given.contrasts.yi):
        raise InputError(
            "one column a contrast is needed",
            field="yi",
            got=given.shape,
            allowed=f"(m, {len(fit.given.contrasts.yi)})",
        )
    if not np.isfinite(given).all():
        raise InputError("effects must be finite", field="yi", mend="leave those networks out")
    y = given @ _map(fit, trials)
    ref = fit.position(fit.reference)
    others = [i for i in range(len(trials.treatments)) if i != ref]
    X, v = trials.Z[:, others], trials.v
    q, het = _q(y, v, X), _within(y, trials)
    tau2, settled = _tau2(y, v, X, q, method)
    beta, covariance = _solve(y, v, X, tau2)
    estimate, se = np.zeros((len(y), len(trials.treatments))), np.zeros((len(y), len(trials.treatments)))
    estimate[:, others] = beta
    se[:, others] = np.sqrt(np.einsum("mii->mi", covariance))
    return NetworkBatch(
        method=method,
        treatments=trials.treatments,
        reference=fit.reference,
        estimate=estimate,
        se=se,
        tau2=tau2,
        q=q,
        q_heterogeneity=het,
        converged=settled,
    )


def _map(fit: Network, trials: Trials) -> Matrix:
    """Contrasts as given -> independent rows, (c, n)."""
    c = fit.given.contrasts
    place = {name: i for i, name in enumerate(trials.treatments)}
    column = {
        (s, place[a], place[b]): i
        for i, (s, a, b) in enumerate(zip(c.study, c.treat1, c.treat2, strict=True))
    }
    found = np.zeros((len(c.yi), len(trials.y)))
    row = 0
    for trial in trials.trials:
        arms = turned_arms(trial)
        a = len(trial.arms)
        for i, j in combinations(range(a), 2):
            one, two = trial.arms[i], trial.arms[j]
            sign = 1.0 if (trial.study, one, two) in column else -1.0
            at = column[(trial.study, one, two) if sign > 0.0 else (trial.study, two, one)]
            # centred arm effects are means of differences: y_i = sum_j (y_i - y_j) / a
            found[at, row : row + a - 1] += sign * (arms[:, i] - arms[:, j]) / a
        row += a - 1
    return found


def _solve(y: Matrix, v: Vector, X: Matrix, tau2: Vector) -> tuple[Matrix, Matrix]:
    """Effects (m, p) and covariances (m, p, p), each network with its own tau2."""
    n, p = X.shape
    w = 1.0 / (v + tau2[:, None])
    information = (w @ (X[:, :, None] * X[:, None, :]).reshape(n, p * p)).reshape(-1, p, p)
    covariance: Matrix = np.asarray(np.linalg.inv(information), dtype=np.float64)
    return np.einsum("mij,mj->mi", covariance, (w * y) @ X), covariance


def _q(y: Matrix, v: Vector, X: Matrix) -> Vector:
    w = 1.0 / v
    beta = np.linalg.solve(X.T @ (w[:, None] * X), X.T @ (w[:, None] * y.T)).T
    return ((y - beta @ X.T) ** 2) @ w


def _within(y: Matrix, trials: Trials) -> Vector:
    total = np.zeros(len(y))
    for arms, rows in designs_of(trials).items():
        total += _q(y[:, rows], trials.v[rows], trials.Z[rows][:, list(arms[1:])])
    return total


def _tau2(y: Matrix, v: Vector, X: Matrix, q: Vector, method: str) -> tuple[Vector, Any]:
    m = len(y)
    n, p = X.shape
    settled = np.ones(m, dtype=bool)
    if method == "EE" or n <= p:
        return np.zeros(m), settled
    w = 1.0 / v
    bread = np.linalg.inv(X.T @ (w[:, None] * X))
    slope = float(w.sum() - np.trace(bread @ (X.T @ ((w * w)[:, None] * X))))
    tau2 = np.maximum(0.0, (q - (n - p)) / slope)
    if method == "DL":
        return tau2, settled
    return _climb(y, v, X, tau2, restricted=method == "REML")


def _climb(y: Matrix, v: Vector, X: Matrix, tau2: Vector, *, restricted: bool) -> tuple[Vector, Any]:
    """Fisher scoring of all networks side by side; those that have settled drop out."""
    settled = np.zeros(len(y), dtype=bool)
    n, p = X.shape
    squares = (X[:, :, None] * X[:, None, :]).reshape(n, p * p)
    scale = float(np.median(v))
    for _ in range(_STEPS):
        left = np.flatnonzero(~settled)
        if not len(left):
            break
        t = tau2[left]
        beta, covariance = _solve(y[left], v, X, t)
        w = 1.0 / (v + t[:, None])
        fit = ((w * (y[left] - beta @ X.T)) ** 2).sum(axis=1)
        inner = (w**2 @ squares).reshape(-1, p, p)
        trace, second = w.sum(axis=1), (w**2).sum(axis=1)
        if restricted:
            inner3 = (w**3 @ squares).reshape(-1, p, p)
            middle = covariance @ inner
            trace = trace - np.einsum("mii->m", middle)
            second = (
                second
                - 2.0 * np.einsum("mij,mji->m", covariance, inner3)
                + np.einsum("mij,mji->m", middle, middle)
            )
        new = np.maximum(0.0, t + (fit - trace) / second)
        settled[left] = np.abs(new - t) <= _TOLERANCE * (scale + t)
        tau2[left] = new
    return tau2, settled
