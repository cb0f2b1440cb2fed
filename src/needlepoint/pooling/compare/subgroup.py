"""Subgroup analysis: pool within groups and test their difference."""

from __future__ import annotations

from dataclasses import field, replace
from typing import Any

import numpy as np

from needlepoint.columns import groups
from needlepoint.errors import InputError
from needlepoint.pooling.api import fit_inputs
from needlepoint.pooling.design import Design
from needlepoint.pooling.refit import inputs_of, kept_rows, refit, subset, without_moderators
from needlepoint.pooling.result import Pooled
from needlepoint.result import Result, p_text, record, without_notes
from needlepoint.stats.distributions import chi2_sf

__all__ = ["Subgroup", "Subgroups", "subgroups"]


@record
class Subgroup(Result):
    """The pooled result of one group."""

    group: str
    k: int
    estimate: float
    se: float
    p_value: float
    ci_low: float
    ci_high: float
    pi_low: float | None
    pi_high: float | None
    tau2: float
    q: float
    q_p: float
    i2: float
    pooled: Pooled = field(repr=False)


@record
class Subgroups(Result):
    """Groups and the test that they differ: ``q_between`` on ``q_between_df`` degrees of freedom."""

    by: str
    common_tau2: bool
    k: int
    groups: tuple[Subgroup, ...]
    q_between: float
    q_between_df: int
    q_between_p: float

    def tidy(self) -> list[dict[str, Any]]:
        """One row a group."""
        return without_notes(self.groups)

    def summary(self) -> str:
        """A table of the groups, and the test."""
        width = max([5, *(len(g.group) for g in self.groups)])
        lines = [
            f"{g.group:<{width}} k = {g.k:<3} {g.estimate:8.4f} [{g.ci_low:.4f}, {g.ci_high:.4f}]  "
            f"tau2 = {g.tau2:.4f}  I2 = {g.i2:.0%}"
            for g in self.groups
        ]
        lines.append(f"difference: Q({self.q_between_df}) = {self.q_between:.3f}, {p_text(self.q_between_p)}")
        return "\n".join([*lines, *(f"note: {note}" for note in self.notes)])


def subgroups(fit: Any, vi: Any = None, *, by: Any, data: Any = None, common_tau2: bool = False) -> Subgroups:
    """Subgroup analysis with a test of the difference between groups.

    Parameters
    ----------
    fit, vi, data
        A :class:`Pooled` without moderators, effect sizes, or k estimates with their variances.
    by
        Group of each study: k values or a column name of ``data``.
    common_tau2
        One tau2 for all groups (from the model with a mean for each) instead of one for each group.

    Raises
    ------
    InputError
        Moderators, fewer than two groups, or a study without a group.

    Notes
    -----
    The test compares the group estimates weighted by their inverse variances (Borenstein & Higgins 2013,
    doi:10.1007/s11121-013-0377-7). Groups of fewer than five studies estimate a tau2 of their own badly.

    Examples
    --------
    >>> subgroups([0.1, 0.2, 0.8, 0.9], [0.01] * 4, by=["a", "a", "b", "b"]).q_between_df
    1
    """
    pooled = without_moderators(fit, vi, data, method="a subgroup analysis")
    labels = _labels(by, data if data is not None else pooled.data, pooled)
    names = list(dict.fromkeys(labels))
    if len(names) < 2:
        raise InputError("at least two groups are needed", field="by", got=", ".join(names))
    tau2 = _shared_tau2(pooled, labels, names) if common_tau2 else None
    groups = tuple(_group(pooled, name, labels == name, tau2) for name in names)
    estimates, weights = np.array([g.estimate for g in groups]), np.array([g.se**-2 for g in groups])
    centre = float(weights @ estimates) / float(weights.sum())
    q, df = float(weights @ (estimates - centre) ** 2), len(groups) - 1
    small = [g.group for g in groups if g.k < 5]
    notes = (f"groups of fewer than five studies: {', '.join(small)}",) if small and not common_tau2 else ()
    return Subgroups(
        notes=notes,
        by=by if isinstance(by, str) else "group",
        common_tau2=common_tau2,
        k=pooled.k,
        groups=groups,
        q_between=q,
        q_between_df=df,
        q_between_p=chi2_sf(q, df),
    )


def _labels(by: Any, data: Any, pooled: Pooled) -> Any:
    raw = kept_rows(groups(data, by, field="by"), pooled, field="by")
    for study, value in zip(pooled.study, raw, strict=True):
        if value is None or str(value) == "nan":
            raise InputError("a study has no group", field="by", study=study, got=value)
    return np.array([str(value) for value in raw], dtype=object)


def _shared_tau2(pooled: Pooled, labels: Any, names: list[str]) -> float:
    X = np.column_stack([(labels == name).astype(float) for name in names])
    design = Design(X, tuple(names), intercept=False)
    return refit(pooled, replace(inputs_of(pooled), design=design)).tau2


def _group(pooled: Pooled, name: str, rows: Any, tau2: float | None) -> Subgroup:
    inputs = subset(inputs_of(pooled), np.flatnonzero(rows))
    fixed = pooled.tau2 if pooled.tau2_fixed else tau2
    fit = fit_inputs(
        inputs,
        method=pooled.method,
        test=pooled.test,
        level=pooled.level,
        tau2=fixed,
        prediction=pooled.prediction,
    )
    return Subgroup(
        notes=fit.notes,
        group=name,
        k=fit.k,
        estimate=fit.estimate,
        se=fit.se,
        p_value=fit.p_value,
        ci_low=fit.ci_low,
        ci_high=fit.ci_high,
        pi_low=fit.pi_low,
        pi_high=fit.pi_high,
        tau2=fit.tau2,
        q=fit.q,
        q_p=fit.q_p,
        i2=fit.i2,
        pooled=fit,
    )
