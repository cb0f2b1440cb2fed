"""Leave-one-out analysis: the pooled result without each study in turn."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from needlepoint.arrays import Ints
from needlepoint.errors import NeedlepointError, NotEnoughStudies
from needlepoint.pooling.diagnostics.residuals import without_each
from needlepoint.pooling.diagnostics.some_rows import labels_of, size_of, some_rows
from needlepoint.pooling.refit import as_pooled
from needlepoint.result import Result, p_text, record, without_notes

__all__ = ["Series", "SeriesRow", "leave_one_out"]


@record
class SeriesRow(Result):
    """One pooled result of a series; ``study`` is the study left out, or added."""

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
class Series(Result):
    """Pooled results of a series of subsets; with moderators the numbers are those of the first coefficient."""

    kind: str
    measure: str
    method: str
    rows: tuple[SeriesRow, ...]

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
            for r in self.rows
        )
        return "\n".join([*lines, *self.notes])


def row_of(study: str, result: Any) -> SeriesRow:
    """The numbers that every pooled result has, of whatever method."""
    return SeriesRow(
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
    effects: Any, vi: Any = None, *, data: Any = None, fit: Callable[[Any], Any] | None = None
) -> Series:
    """Leave-one-out analysis.

    Parameters
    ----------
    effects, vi, data
        A :class:`Pooled`, effect sizes, or k estimates with their variances.
    fit
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
    if fit is not None:
        names, k = labels_of(effects), size_of(effects)
        if k < 2:
            raise NotEnoughStudies("leaving one study out", needs=2, got=k)
        every = np.arange(k)
        return refitted("leave one out", effects, fit, [(names[i], every[every != i]) for i in every])
    pooled = as_pooled(effects, vi, data)
    rows = tuple(row_of(pooled.study[i], rest) for i, rest in without_each(pooled))
    return Series(kind="leave one out", measure=pooled.measure, method=pooled.method, rows=rows)


def refitted(kind: str, data: Any, fit: Callable[[Any], Any], parts: Sequence[tuple[str, Ints]]) -> Series:
    """A series by the user's way of pooling; parts that it refuses are named in the notes."""
    results: list[tuple[str, Any]] = []
    notes: list[str] = []
    for study, keep in parts:
        try:
            results.append((study, fit(some_rows(data, keep))))
        except NeedlepointError as error:
            notes.append(f"no result at {study}: {error}")
    if not results:
        raise NotEnoughStudies(kind, needs=2, got=len(parts), hint=notes[0])
    last = results[-1][1]
    rows = tuple(row_of(study, result) for study, result in results)
    return Series(notes=tuple(notes), kind=kind, measure=last.measure, method=last.method, rows=rows)
