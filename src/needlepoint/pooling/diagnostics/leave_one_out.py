"""Leave-one-out analysis: the pooled result without each study in turn."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import fields
from math import isfinite, nan
from typing import Any

import numpy as np

from needlepoint.arrays import Ints
from needlepoint.errors import NeedlepointError, NotEnoughStudies
from needlepoint.pooling.diagnostics.residuals import inseparable, without_each
from needlepoint.pooling.diagnostics.some_rows import labels_of, size_of, some_rows
from needlepoint.pooling.refit import as_pooled
from needlepoint.result import Result, p_text, record, without_notes

__all__ = ["Refit", "Refits", "leave_one_out"]


@record
class Refit(Result):
    """One pooled result of a series; ``study`` is the study left out, or added (NaN where there is no such model)."""

    study: str
    k: int
    estimate: float
    se: float
    statistic: float
    p_value: float
    ci_low: float
    ci_high: float
    q: float
    q_p: float
    tau2: float
    i2: float
    h2: float


@record
class Refits(Result):
    """Pooled results of a series of subsets; with moderators the numbers are those of the first coefficient."""

    kind: str
    measure: str
    method: str
    rows: tuple[Refit, ...]

    def tidy(self) -> list[dict[str, Any]]:
        """One row a pooled result."""
        return without_notes(self.rows)

    def column(self, name: str) -> np.ndarray[Any, np.dtype[np.float64]]:
        """One number of every row, as an array."""
        return np.array([getattr(row, name) for row in self.rows], dtype=np.float64)

    def summary(self) -> str:
        """A table."""
        width = max([5, *(len(r.study) for r in self.rows)])
        sign = "-" if self.kind == "leave one out" else "+"
        lines = [f"{self.kind}: {self.measure}, {self.method}"]
        lines.extend(
            f"{sign}{r.study:<{width}} {r.estimate:9.4f} [{r.ci_low:.4f}, {r.ci_high:.4f}]  {p_text(r.p_value)}  "
            f"tau2 = {r.tau2:.4f}  I2 = {r.i2:.0%}"
            if isfinite(r.estimate)
            else f"{sign}{r.study:<{width}} cannot be estimated"
            for r in self.rows
        )
        return "\n".join([*lines, *self.notes])


def row_of(study: str, result: Any) -> Refit:
    """The numbers that every pooled result has, of whatever method."""
    return Refit(
        study=study,
        k=result.k,
        estimate=result.estimate,
        se=result.se,
        statistic=result.statistic,
        p_value=result.p_value,
        ci_low=result.ci_low,
        ci_high=result.ci_high,
        q=result.q,
        q_p=result.q_p,
        tau2=result.tau2,
        i2=result.i2,
        h2=result.h2,
    )


def leave_one_out(
    fit: Any, vi: Any = None, *, data: Any = None, estimator: Callable[[Any], Any] | None = None
) -> Refits:
    """Leave-one-out analysis.

    Parameters
    ----------
    fit, vi, data
        A :class:`Pooled`, effect sizes, or k estimates with their variances.
    estimator
        Another way of pooling: a function of what ``effects`` is (effect sizes with their counts, a data frame or a
        mapping), such as ``lambda rows: mantel_haenszel(rows, measure="OR")``; it is given all rows but one.

    Raises
    ------
    NotEnoughStudies
        Fewer than two studies.

    Examples
    --------
    >>> leave_one_out([0.1, 0.2, 0.6], [0.04, 0.04, 0.04]).column("estimate").round(3).tolist()
    [0.4, 0.35, 0.15]
    """
    if estimator is not None:
        names, k = labels_of(fit), size_of(fit)
        if k < 2:
            raise NotEnoughStudies("leaving one study out", needs=2, got=k)
        every = np.arange(k)
        return refitted("leave one out", fit, estimator, [(names[i], every[every != i]) for i in every])
    pooled = as_pooled(fit, vi, data)
    rows: list[Refit] = []
    lost: list[int] = []
    for i, rest in without_each(pooled):
        if rest is None:
            lost.append(i)
        rows.append(_no_row(pooled.study[i], pooled.k - 1) if rest is None else row_of(pooled.study[i], rest))
    return Refits(
        notes=inseparable(pooled, lost),
        kind="leave one out",
        measure=pooled.measure,
        method=pooled.method,
        rows=tuple(rows),
    )


def _no_row(study: str, k: int) -> Refit:
    """A row without numbers: the model cannot be fitted."""
    numbers: dict[str, Any] = {f.name: nan for f in fields(Refit) if f.name not in {"study", "k", "notes"}}
    return Refit(study=study, k=k, **numbers)


def refitted(
    kind: str, data: Any, estimator: Callable[[Any], Any], parts: Sequence[tuple[str, Ints]]
) -> Refits:
    """A series by the user's way of pooling; parts that it refuses are named in the notes."""
    results: list[tuple[str, Any]] = []
    notes: list[str] = []
    for study, keep in parts:
        try:
            results.append((study, estimator(some_rows(data, keep))))
        except NeedlepointError as error:
            notes.append(f"no result at {study}: {error}")
    if not results:
        raise NotEnoughStudies(kind, needs=2, got=len(parts), hint=notes[0] if notes else "")
    last = results[-1][1]
    rows = tuple(row_of(study, result) for study, result in results)
    return Refits(notes=tuple(notes), kind=kind, measure=last.measure, method=last.method, rows=rows)
