"""Threshold analysis: how far a trial must move before another treatment comes first."""

from __future__ import annotations

from typing import Any

import numpy as np

from needlepoint.networks.laplacian import balance
from needlepoint.networks.ranking import Better
from needlepoint.networks.result import Network, only_networks
from needlepoint.options import check
from needlepoint.result import Result, record, without_notes

__all__ = ["Threshold", "Thresholds", "threshold_analysis"]


@record
class Threshold(Result):
    """One contrast of a trial: by how much it may change, down or up, before ``lower_first`` or ``upper_first`` leads.

    None: no change of this contrast brings another treatment first.
    """

    study: str
    treatment: str
    comparator: str
    estimate: float
    se: float
    down: float | None
    lower_first: str | None
    up: float | None
    upper_first: str | None

    @property
    def smallest(self) -> float:
        """The smaller of the two changes, in standard errors of the contrast; infinite where there is none."""
        return min((abs(x) / self.se for x in (self.down, self.up) if x is not None), default=float("inf"))


@record
class Thresholds(Result):
    """Every contrast with its thresholds, the most fragile first; ``first`` is the treatment that leads."""

    first: str
    direction: str
    thresholds: tuple[Threshold, ...]

    def tidy(self) -> list[dict[str, Any]]:
        """One row a contrast."""
        return without_notes(self.thresholds)


def threshold_analysis(fit: Network, *, better: Better) -> Thresholds:
    """How far each trial's contrast must move, at the fit's tau2, before another treatment has the best estimate.

    Estimates are linear in the data, so that thresholds are exact (Phillippo et al. 2018, doi:10.1111/rssa.12341).

    Parameters
    ----------
    better
        Whether "lower" or "higher" values of the effect are better for people.

    >>> from needlepoint import network
    >>> fit = network(study=["1", "2", "3"], treat1=["A", "A", "B"], treat2=["B", "C", "C"], yi=[1.0, 2.0, 1.0],
    ...               sei=[0.5, 0.5, 0.5], method="EE", test="z")
    >>> found = threshold_analysis(fit, better="higher")
    >>> found.first, round(found.thresholds[0].up, 9)
    ('A', 1.5)
    """
    only_networks(fit, "threshold_analysis()")
    check(better, Better, field="better")
    trials, b = fit.trials, balance(fit.trials, fit.tau2)
    sign = 1.0 if better == "higher" else -1.0
    score = sign * b.effects
    first = int(score.argmax())
    w = 1.0 / (trials.v + fit.tau2)
    pull = b.covariance @ (trials.Z.T * w)  # (T, n): what a row adds to an effect
    found: list[Threshold] = []
    for i, trial in enumerate(trials.trials):
        rows = np.flatnonzero(trials.of == i)
        for a, arm in enumerate(trial.arms[1:], start=1):
            # moving arm ``arm`` of this trial alone moves its contrasts with all others alike
            moved = sign * pull[:, rows] @ trials.Z[rows, arm]
            lead, slope = score[first] - score, moved[first] - moved
            with np.errstate(divide="ignore", invalid="ignore"):
                at = np.where(np.abs(slope) > 1e-12, -lead / slope, np.inf)
            at[first] = np.inf
            down, up = np.where(at < 0.0, at, -np.inf), np.where(at > 0.0, at, np.inf)
            low, high = int(down.argmax()), int(up.argmin())
            found.append(
                Threshold(
                    study=trial.study,
                    treatment=fit.treatments[arm],
                    comparator=fit.treatments[trial.arms[0]],
                    estimate=float(trial.y[a] - trial.y[0]),
                    se=float(np.sqrt(trial.v[0, a])),
                    down=float(down[low]) if np.isfinite(down[low]) else None,
                    lower_first=fit.treatments[low] if np.isfinite(down[low]) else None,
                    up=float(up[high]) if np.isfinite(up[high]) else None,
                    upper_first=fit.treatments[high] if np.isfinite(up[high]) else None,
                )
            )
    found.sort(key=lambda t: t.smallest)
    return Thresholds(first=fit.treatments[first], direction=better, thresholds=tuple(found))
