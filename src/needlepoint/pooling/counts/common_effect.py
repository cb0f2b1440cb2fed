"""One common effect pooled from counts: the record that Mantel-Haenszel and Peto share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from needlepoint.arrays import Vector
from needlepoint.pooling.counts.counts import CountTables, fit_fields, wald_coefficient
from needlepoint.pooling.result import Fit
from needlepoint.result import p_text, record
from needlepoint.stats.distributions import chi2_sf

__all__ = ["CommonEffect", "Heterogeneity", "common_effect_fields", "heterogeneity"]


@record
class CommonEffect(Fit):
    """One common effect pooled from counts, on the analysis scale (log for ratios); ``i2`` is a fraction.

    ``k`` studies give the estimate; ``k_effects`` of them have an effect of their own, on which ``q`` stands.
    """

    k_effects: int
    tau2: float = 0.0
    q: float
    q_df: int
    q_p: float
    i2: float
    h2: float

    def summary(self) -> str:
        """Text for people."""
        lines = [
            f"{self.method}, {self.measure}, k = {self.k}",
            f"estimate {self.estimate:.4f} [{self.ci_low:.4f}, {self.ci_high:.4f}], "
            f"se {self.se:.4f}, z = {self.statistic:.2f}, {p_text(self.p_value)}",
            f"Q({self.q_df}) = {self.q:.2f}, {p_text(self.q_p)}, I² = {self.i2:.0%}",
        ]
        return "\n".join([*lines, *self.tests(), *self.notes])

    def tests(self) -> list[str]:
        """Lines on further tests."""
        return []


@dataclass(frozen=True, slots=True)
class Heterogeneity:
    """Cochran's Q of single-study effects around a common effect."""

    k: int
    q: float
    df: int
    p: float
    i2: float
    h2: float


def heterogeneity(yi: Vector, vi: Vector, estimate: float) -> Heterogeneity:
    """Cochran's Q around ``estimate`` and the shares that follow; studies without effect or error are left out."""
    told = np.isfinite(yi) & np.isfinite(vi) & (vi > 0)
    k = int(told.sum())
    df = max(k - 1, 0)
    if df == 0:
        return Heterogeneity(k, 0.0, 0, 1.0, 0.0, 1.0)
    q = float(((yi[told] - estimate) ** 2 / vi[told]).sum())
    return Heterogeneity(k, q, df, chi2_sf(q, df), max(0.0, 1.0 - df / q) if q > 0 else 0.0, q / df)


def common_effect_fields(
    counts: CountTables, measure: str, method: str, estimate: float, se: float, level: float
) -> dict[str, Any]:
    """The fields of a ``CommonEffect`` that follow from an estimate, its standard error and the studies."""
    found = heterogeneity(counts.yi, counts.vi, estimate)
    return fit_fields(counts, measure, method, wald_coefficient(estimate, se, level), level) | {
        "k_effects": found.k,
        "q": found.q,
        "q_df": found.df,
        "q_p": found.p,
        "i2": found.i2,
        "h2": found.h2,
    }
