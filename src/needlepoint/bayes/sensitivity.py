"""Prior sensitivity: one data set under a strip of priors of tau."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from needlepoint.bayes.api import UNIT_SCALES, posterior
from needlepoint.bayes.parse_prior import tau_prior
from needlepoint.bayes.prior_tau import TauPrior
from needlepoint.errors import ConvergenceError
from needlepoint.result import Result, record, without_notes

__all__ = ["STRIP", "PriorSensitivity", "SensitivityRow", "prior_sensitivity"]

# weakly informative scales for standardised differences and log ratios: Röver et al. (2021), doi:10.1002/jrsm.1475
STRIP: tuple[str, ...] = (
    "fixed(0)",
    "half-normal(0.25)",
    "half-normal(0.5)",
    "half-normal(1)",
    "half-cauchy(0.5)",
    "exponential(0.5)",
    "inverse-gamma(1, 0.15)",
    "shrinkage",
    "dumouchel",
    "jeffreys",
)


@record
class SensitivityRow(Result):
    """The answer under one prior of tau."""

    prior_tau: str
    estimate: float
    se: float
    ci_low: float
    ci_high: float
    p_above_zero: float
    tau: float
    tau_low: float
    tau_high: float


@record
class PriorSensitivity(Result):
    """Answers under each prior of tau.

    ``spread`` is the range of the estimates in units of the median posterior sd; ``conclusion_agrees`` whether all
    intervals lie on the same side of zero, or all hold it.
    """

    rows: tuple[SensitivityRow, ...]
    spread: float
    conclusion_agrees: bool

    def tidy(self) -> list[dict[str, Any]]:
        """One row a prior."""
        return without_notes(self.rows)


def prior_sensitivity(
    effects: Any = None, *, priors: Sequence[TauPrior | str] = STRIP, **options: Any
) -> PriorSensitivity:
    """Fit the model under each prior of tau; ``options`` go to :func:`needlepoint.bayes.api.bayes`.

    Priors under which the posterior does not exist are left out and named in the notes.

    >>> strip = prior_sensitivity(yi=[0.1, 0.4, 0.3], vi=[0.02, 0.03, 0.01])
    >>> len(strip.rows), strip.conclusion_agrees
    (10, False)
    """
    rows: list[SensitivityRow] = []
    notes: list[str] = []
    measure = "GEN"
    for each in priors:
        prior = tau_prior(each)
        try:
            found = posterior(effects, prior_tau=prior, **options)
        except ConvergenceError as error:
            notes.append(f"{prior} left out: {error}")
            continue
        measure = found.measure
        rows.append(
            SensitivityRow(
                prior_tau=str(prior),
                estimate=found.estimate,
                se=found.se,
                ci_low=found.ci_low,
                ci_high=found.ci_high,
                p_above_zero=found.p_above_zero,
                tau=found.tau,
                tau_low=found.tau_low,
                tau_high=found.tau_high,
            )
        )
    if tuple(priors) == STRIP and measure not in UNIT_SCALES | {"GEN"}:
        notes.append(
            f"the strip's scales are made for standardised differences and log ratios, not {measure}"
        )
    if not rows:
        raise ConvergenceError("no posterior exists under any of the priors; " + "; ".join(notes))
    estimates = sorted(r.estimate for r in rows)
    typical = sorted(r.se for r in rows)[len(rows) // 2]
    return PriorSensitivity(
        rows=tuple(rows),
        spread=(estimates[-1] - estimates[0]) / typical,
        conclusion_agrees=len({(r.ci_low > 0) - (r.ci_high < 0) for r in rows}) == 1,
        notes=tuple(notes),
    )
