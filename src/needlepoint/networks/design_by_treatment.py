"""Q of a network, by design: heterogeneity, inconsistency, what is left when a design is detached."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from needlepoint.arrays import Ints
from needlepoint.networks.api import residual_q, within_designs
from needlepoint.networks.result import Network, only_networks
from needlepoint.networks.trials import Trials
from needlepoint.result import Result, record, without_notes
from needlepoint.stats.distributions import chi2_sf

__all__ = ["DesignByTreatment", "DesignQ", "design_by_treatment"]


@record
class DesignQ(Result):
    """One design: heterogeneity among its trials, and the network's inconsistency once it is detached."""

    design: tuple[str, ...]
    k: int
    q_heterogeneity: float
    q_heterogeneity_df: int
    q_heterogeneity_p: float | None
    q_detached: float | None
    q_detached_df: int | None
    q_detached_p: float | None


@record
class DesignByTreatment(Result):
    """Q split into heterogeneity within and inconsistency between designs, with both models' tau2.

    ``q_inconsistency`` is the common-effect one; ``q_random`` that of the full design-by-treatment interaction model,
    whose heterogeneity ``tau2_within`` is estimated within designs by moments (None where a design has one trial
    each).
    """

    q: float
    q_df: int
    q_heterogeneity: float
    q_heterogeneity_df: int
    q_heterogeneity_p: float | None
    q_inconsistency: float
    q_inconsistency_df: int
    q_inconsistency_p: float | None
    tau2_within: float | None
    q_random: float | None
    q_random_p: float | None
    designs: tuple[DesignQ, ...]

    def tidy(self) -> list[dict[str, Any]]:
        """One row a design."""
        return without_notes(self.designs)


def design_by_treatment(fit: Network, *, tau2: float | None = None) -> DesignByTreatment:
    """Split Q by design; test of the design-by-treatment interaction.

    Krahn, Binder & König (2013), doi:10.1186/1471-2288-13-35; Higgins et al. (2012), doi:10.1002/jrsm.1044.

    Parameters
    ----------
    tau2
        Heterogeneity of the random-effects test; estimated within designs unless told.

    >>> from needlepoint import network
    >>> fit = network(study=["1", "2", "3"], treat1=["A", "A", "B"], treat2=["B", "C", "C"], yi=[1.0, 2.5, 1.0],
    ...               sei=[0.5, 0.5, 0.5], method="EE", test="z")
    >>> found = design_by_treatment(fit)
    >>> round(found.q_inconsistency, 6), found.q_inconsistency_df
    (0.333333, 1)
    """
    only_networks(fit, "design_by_treatment()")
    trials = fit.trials
    designs = designs_of(trials)
    known = _tau2_within(trials) if tau2 is None else tau2
    q_random = None
    if known is not None and fit.q_inconsistency_df:
        q_random = max(0.0, whole_q(trials, known) - within_designs(trials, known)[0])
    return DesignByTreatment(
        q=fit.q,
        q_df=fit.q_df,
        q_heterogeneity=fit.q_heterogeneity,
        q_heterogeneity_df=fit.q_heterogeneity_df,
        q_heterogeneity_p=_p(fit.q_heterogeneity, fit.q_heterogeneity_df),
        q_inconsistency=fit.q_inconsistency,
        q_inconsistency_df=fit.q_inconsistency_df,
        q_inconsistency_p=_p(fit.q_inconsistency, fit.q_inconsistency_df),
        tau2_within=known,
        q_random=q_random,
        q_random_p=None if q_random is None else _p(q_random, fit.q_inconsistency_df),
        designs=tuple(_one(trials, arms, rows) for arms, rows in designs.items()),
    )


def designs_of(trials: Trials) -> dict[tuple[int, ...], Ints]:
    """Design (positions of treatments) -> its rows; sorted."""
    found: dict[tuple[int, ...], list[int]] = {}
    for row, i in enumerate(trials.of):
        found.setdefault(trials.trials[i].arms, []).append(row)
    return {arms: np.array(found[arms], dtype=np.intp) for arms in sorted(found)}


def whole_q(trials: Trials, tau2: float) -> float:
    """Q of the consistent network at ``tau2``."""
    return residual_q(trials.y, trials.v + tau2, trials.Z[:, 1:])


def _p(q: float, df: int) -> float | None:
    return chi2_sf(q, df) if df > 0 else None


def _one(trials: Trials, arms: tuple[int, ...], rows: Ints) -> DesignQ:
    own = residual_q(trials.y[rows], trials.v[rows], trials.Z[rows][:, list(arms[1:])])
    df = len(rows) - (len(arms) - 1)
    rest = np.setdiff1d(np.arange(len(trials.y)), rows)
    detached, detached_df = _inconsistency(trials, rest)
    told = detached_df > 0
    return DesignQ(
        design=tuple(trials.treatments[a] for a in arms),
        k=len(rows) // (len(arms) - 1),
        q_heterogeneity=own if df else 0.0,
        q_heterogeneity_df=df,
        q_heterogeneity_p=_p(own, df),
        q_detached=detached if told else None,
        q_detached_df=detached_df if told else None,
        q_detached_p=_p(detached, detached_df),
    )


def _inconsistency(trials: Trials, rows: Ints) -> tuple[float, int]:
    """Q between designs and its degrees of freedom of the trials in ``rows``."""
    if not len(rows):
        return 0.0, 0
    part = replace(trials, y=trials.y[rows], v=trials.v[rows], Z=trials.Z[rows], of=trials.of[rows])
    within, df = within_designs(part, 0.0)
    rank = int(np.linalg.matrix_rank(part.Z))
    return max(0.0, whole_q(part, 0.0) - within), len(rows) - df - rank


def _tau2_within(trials: Trials) -> float | None:
    """Moment estimate of tau2 within designs (Jackson et al. 2012, doi:10.1002/sim.4480, equation 14's form)."""
    q, df = within_designs(trials, 0.0)
    if df == 0:
        return None
    slope = 0.0
    for arms, rows in designs_of(trials).items():
        w = 1.0 / trials.v[rows]
        X = trials.Z[rows][:, list(arms[1:])]
        bread = np.linalg.inv(X.T @ (w[:, None] * X))
        slope += float(w.sum() - np.trace(bread @ (X.T @ ((w * w)[:, None] * X))))
    return max(0.0, (q - df) / slope)
