"""Bayesian network meta-analysis without sampling: given tau every contrast is normal; tau is integrated out."""

from __future__ import annotations

from dataclasses import field
from math import sqrt
from typing import Any

import numpy as np

from needlepoint.arrays import Matrix, Vector
from needlepoint.bayes._fit import Fit, fit
from needlepoint.bayes.joint_prior import joint_prior
from needlepoint.bayes.mixture import Mixture
from needlepoint.bayes.parse_prior import effect_prior, tau_prior
from needlepoint.bayes.prior_effect import EffectPrior
from needlepoint.bayes.prior_tau import TauPrior
from needlepoint.errors import InputError
from needlepoint.networks.ranking import Better, shifted_rank_probabilities
from needlepoint.networks.result import Network, only_networks, position
from needlepoint.options import check, chosen_level
from needlepoint.result import Result, record

__all__ = ["NetworkPosterior", "network_posterior"]

_HARDLY = 1e-5  # weight of a node of tau below which ranks are not integrated there


@record
class NetworkPosterior(Result):
    """Posterior of all contrasts of a network, each a mixture of normals over tau.

    ``median``, ``ci_low`` and ``ci_high`` (T, T): row against column. ``better`` (T, T): probability that the row's
    treatment is better by more than ``minimal_difference``; ``sucra`` and ``mean_rank`` are sums of these with no
    minimal difference, exact. ``rank_probability`` (T, T) has the standard error ``rank_error``. ``error`` is that of
    the integral over tau.
    """

    measure: str
    prior_tau: str
    prior_effect: str
    level: float
    direction: str
    minimal_difference: float
    treatments: tuple[str, ...]
    tau: float
    tau_low: float
    tau_high: float
    sucra: tuple[float, ...]
    mean_rank: tuple[float, ...]
    rank_error: float
    log_evidence: float
    error: float
    median: Matrix = field(repr=False)
    ci_low: Matrix = field(repr=False)
    ci_high: Matrix = field(repr=False)
    better: Matrix = field(repr=False)
    rank_probability: Matrix = field(repr=False)
    fitted: Fit = field(repr=False, compare=False)
    contrasts: Matrix = field(repr=False, compare=False)

    def between(self, treatment: str, comparator: str, *, new_trial: bool = False) -> Mixture:
        """Posterior distribution of ``treatment`` against ``comparator``; of the effect in a new trial if asked.

        Raises
        ------
        InputError
            A treatment that is not in the network.
        """
        i, j = position(self.treatments, treatment), position(self.treatments, comparator)
        add = self.fitted.tau**2 if new_trial else 0.0
        return self.fitted.along(self.contrasts[i] - self.contrasts[j], add)

    def tidy(self) -> list[dict[str, Any]]:
        """One row a treatment."""
        columns = zip(self.treatments, self.sucra, self.mean_rank, self.rank_probability[:, 0], strict=True)
        return [
            {"treatment": t, "sucra": s, "mean_rank": m, "probability_first": float(first)}
            for t, s, m, first in columns
        ]


def network_posterior(
    fitted: Network,
    *,
    better: Better,
    prior_tau: TauPrior | str = "half-normal(0.5)",
    prior_effect: EffectPrior | str = "flat",
    minimal_difference: float = 0.0,
    level: float | None = None,
    points: int = 1024,
    seed: int = 1,
) -> NetworkPosterior:
    """Posterior of a network's contrasts, ranks and heterogeneity by quadrature.

    Parameters
    ----------
    fitted
        What :func:`needlepoint.network` gives: its trials are used, not its tau2.
    better
        Whether "lower" or "higher" values of the effect are better for people.
    prior_tau, prior_effect
        As in :func:`needlepoint.posterior`; the effects are those against the reference.
    minimal_difference
        On the analysis scale; ``better`` counts only differences beyond it.

    Raises
    ------
    InputError
        A prior that is not known, a negative difference.
    ConvergenceError
        The posterior does not exist (an improper prior with too few trials).

    >>> from needlepoint import network
    >>> trials = network(study=["1", "2", "3", "4"], treat1=["A", "A", "B", "A"], treat2=["B", "C", "C", "B"],
    ...                  yi=[1.0, 2.0, 1.0, 1.2], sei=[0.5, 0.5, 0.5, 0.4])
    >>> found = network_posterior(trials, better="higher")
    >>> found.sucra[0] > found.sucra[1] > found.sucra[2]
    True
    """
    only_networks(fitted, "network_posterior()")
    check(better, Better, field="better")
    if not 0.0 <= minimal_difference < float("inf"):
        raise InputError(
            "a minimal important difference is a size", field="minimal_difference", got=minimal_difference
        )
    width = chosen_level(level, fitted.level)
    trials, size = fitted.trials, len(fitted.treatments)
    ref = fitted.position(fitted.reference)
    others = [i for i in range(size) if i != ref]
    tau, effect = tau_prior(prior_tau), effect_prior(prior_effect)
    joint = joint_prior(tau, effect, effect, size - 1, trials.v)
    got = fit(joint, joint.axes, joint.tau_at, trials.y, trials.v, trials.Z[:, others])
    contrasts = np.zeros((size, size - 1))
    contrasts[others] = np.eye(size - 1)
    sign = 1.0 if better == "higher" else -1.0
    quantiles = _quantiles(got, contrasts, width)
    above = _better(got, contrasts, sign, 0.0)
    beyond = above if minimal_difference == 0.0 else _better(got, contrasts, sign, minimal_difference)
    sucra = above.sum(axis=1) / (size - 1)
    ranks, rank_error = _ranks(got, contrasts, sign, points, seed)
    low, middle, high = _tau(got, width)
    return NetworkPosterior(
        notes=fitted.given.notes,
        measure=fitted.measure,
        prior_tau=str(tau),
        prior_effect=str(effect),
        level=width,
        direction=better,
        minimal_difference=minimal_difference,
        treatments=fitted.treatments,
        tau=middle,
        tau_low=low,
        tau_high=high,
        sucra=tuple(sucra.tolist()),
        mean_rank=tuple((size - (size - 1) * sucra).tolist()),
        rank_error=rank_error,
        log_evidence=got.log_evidence,
        error=got.error,
        median=quantiles[1],
        ci_low=quantiles[0],
        ci_high=quantiles[2],
        better=beyond,
        rank_probability=ranks,
        fitted=got,
        contrasts=contrasts,
    )


def _quantiles(got: Fit, contrasts: Matrix, level: float) -> Matrix:
    """Lower end, median and upper end of every contrast, (3, T, T)."""
    size = len(contrasts)
    found = np.zeros((3, size, size))
    for i in range(size):
        for j in range(i + 1, size):
            q = got.along(contrasts[i] - contrasts[j]).quantile([(1 - level) / 2, 0.5, (1 + level) / 2])
            found[:, i, j], found[:, j, i] = q, -np.asarray(q)[::-1]
    return found


def _better(got: Fit, contrasts: Matrix, sign: float, difference: float) -> Matrix:
    from scipy.special import ndtr

    size = len(contrasts)
    found = np.zeros((size, size))
    for i in range(size):
        for j in range(size):
            if i != j:
                m = got.along(sign * (contrasts[i] - contrasts[j]))
                found[i, j] = float(m.weights @ ndtr((m.means - difference) / m.sds))
    return found


def _ranks(got: Fit, contrasts: Matrix, sign: float, points: int, seed: int) -> tuple[Matrix, float]:
    """Rank probabilities: those given tau, integrated by the same shifted lattices at every node, and averaged."""
    kept = np.flatnonzero(got.weights > _HARDLY)
    weights: Vector = got.weights[kept] / got.weights[kept].sum()
    total = 0.0
    for w, node in zip(weights, kept, strict=True):
        mean = sign * (contrasts @ got.mean[node])
        covariance = contrasts @ got.cov[node] @ contrasts.T
        total = total + w * shifted_rank_probabilities(mean, covariance, points, seed)
    each = np.asarray(total)
    return each.mean(axis=0), float(each.std(axis=0, ddof=1).max() / sqrt(len(each)))


def _tau(got: Fit, level: float) -> tuple[float, float, float]:
    if got.quadrature is None:
        only = float(got.tau[0])
        return only, only, only
    low, middle, high = (
        float(q) for q in got.quadrature.marginal(0).quantile([(1 - level) / 2, 0.5, (1 + level) / 2])
    )
    return low, middle, high
