"""The result of a network meta-analysis."""

from __future__ import annotations

from dataclasses import field
from itertools import combinations
from typing import Any

from needlepoint.arrays import Matrix, Vector
from needlepoint.errors import InputError
from needlepoint.networks.trials import Rows, Trial
from needlepoint.options import did_you_mean
from needlepoint.pooling.result import Pooled
from needlepoint.result import Result, record

__all__ = ["Network"]


@record
class Network(Result):
    """Effects of many treatments on the analysis scale (log for ratios), each against each.

    Matrices are (T, T) over ``treatments`` in order of their names; cell [row, column] is the effect of the row's
    treatment against the column's. ``fit`` is the model as meta-regression on the trials' independent rows, ``common``
    the same under equal effects. ``q`` splits into ``q_heterogeneity`` (within designs: trials of the same treatments)
    and ``q_inconsistency`` (between designs). ``i2`` is (q - q_df) / q, a fraction.
    """

    measure: str
    method: str
    test: str
    level: float
    k: int
    pairs: int
    treatments: tuple[str, ...]
    reference: str
    designs: tuple[str, ...]
    tau2: float
    i2: float
    q: float
    q_df: int
    q_p: float
    q_heterogeneity: float
    q_heterogeneity_df: int
    q_heterogeneity_p: float
    q_inconsistency: float
    q_inconsistency_df: int
    q_inconsistency_p: float
    log_likelihood: float
    input_digest: str
    estimate: Matrix = field(repr=False)
    se: Matrix = field(repr=False)
    ci_low: Matrix = field(repr=False)
    ci_high: Matrix = field(repr=False)
    pi_low: Matrix | None = field(repr=False)
    pi_high: Matrix | None = field(repr=False)
    p_value: Matrix = field(repr=False)
    covariance: Matrix = field(repr=False)  # of the treatments' effects against the reference
    fit: Pooled = field(repr=False)
    common: Pooled = field(repr=False)
    trials: tuple[Trial, ...] = field(repr=False)
    trial_rows: Rows = field(repr=False)

    def tidy(self) -> list[dict[str, Any]]:
        """One row a pair of treatments: the first against the second."""
        rows: list[dict[str, Any]] = []
        for i, j in combinations(range(len(self.treatments)), 2):
            row: dict[str, Any] = {"treatment": self.treatments[i], "against": self.treatments[j]}
            for name in ("estimate", "se", "ci_low", "ci_high", "p_value", "pi_low", "pi_high"):
                values = getattr(self, name)
                row[name] = None if values is None else float(values[i, j])
            rows.append(row)
        return rows

    def to_dict(self) -> dict[str, Any]:
        """The model's numbers and a row a pair, as plain JSON types."""
        return super().to_dict() | {"comparisons": self.tidy()}

    def against(self, reference: str | None = None) -> list[dict[str, Any]]:
        """One row a treatment: its effect against ``reference`` (the network's own unless told).

        Raises
        ------
        InputError
            No such treatment.
        """
        name = self.reference if reference is None else reference
        j = self.place(name)
        rows: list[dict[str, Any]] = []
        for i, treatment in enumerate(self.treatments):
            if i != j:
                numbers = {
                    n: float(getattr(self, n)[i, j])
                    for n in ("estimate", "se", "ci_low", "ci_high", "p_value")
                }
                rows.append({"treatment": treatment, "against": name, **numbers})
        return rows

    def place(self, treatment: str) -> int:
        """Position of a treatment.

        Raises
        ------
        InputError
            No such treatment.
        """
        if treatment in self.treatments:
            return self.treatments.index(treatment)
        raise InputError(
            "no such treatment",
            field="treatment",
            got=treatment,
            allowed=", ".join(self.treatments),
            mend=did_you_mean(treatment, self.treatments),
        )

    @property
    def effects(self) -> Vector:
        """Effects of the treatments against the reference, (T,)."""
        return self.estimate[:, self.place(self.reference)]

    def summary(self) -> str:
        """Text for people."""
        head = (
            f"{self.k} trials, {len(self.treatments)} treatments, {len(self.designs)} designs ({self.measure}): "
            f"{self.method}, test {self.test}"
        )
        width = max(map(len, self.treatments))
        lines = [head, f"each treatment against {self.reference}:"]
        lines.extend(
            f"  {r['treatment']:<{width}}  {r['estimate']:8.4g} [{r['ci_low']:.4g}, {r['ci_high']:.4g}]"
            for r in self.against()
        )
        lines.append(f"τ² = {self.tau2:.4g}, I² = {self.i2:.1%}, Q({self.q_df}) = {self.q:.2f}")
        lines.append(
            f"within designs Q({self.q_heterogeneity_df}) = {self.q_heterogeneity:.2f}, "
            f"between designs Q({self.q_inconsistency_df}) = {self.q_inconsistency:.2f}"
        )
        return "\n".join([*lines, *(f"note: {note}" for note in self.notes)])
