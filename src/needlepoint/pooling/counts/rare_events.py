"""Every method for sparse two-group counts side by side, to see how much the answer hangs on the method."""

from __future__ import annotations

from collections.abc import Callable
from math import exp, isfinite
from typing import Any, Unpack

from needlepoint.errors import ConvergenceError, InputError
from needlepoint.options import check_fraction
from needlepoint.pooling.counts.beta_binomial import beta_binomial
from needlepoint.pooling.counts.counts import Counts, empty_studies, read_counts
from needlepoint.pooling.counts.exact_conditional import exact_conditional
from needlepoint.pooling.counts.glmm.glmm import glmm
from needlepoint.pooling.counts.mantel_haenszel import mantel_haenszel
from needlepoint.pooling.counts.penalised_logistic import penalised_logistic
from needlepoint.pooling.counts.peto import peto
from needlepoint.result import Result, record

__all__ = ["METHODS", "RareEvents", "Row", "rare_events"]

METHODS: dict[str, Callable[..., Any]] = {
    "Mantel-Haenszel": mantel_haenszel,
    "Peto": peto,
    "exact": exact_conditional,
    "exact, mid-p": lambda **kw: exact_conditional(interval="mid-p", **kw),
    "penalised logistic": penalised_logistic,
    "conditional model": lambda **kw: glmm(model="CM.EL", interval="profile", **kw),
    "model with fixed studies": lambda **kw: glmm(model="UM.FS", interval="profile", **kw),
    "model with random studies": lambda **kw: glmm(model="UM.RS", **kw),
    "beta-binomial": beta_binomial,
}
"""Name -> function of the counts; all give a log odds ratio."""


@record
class Row(Result):
    """One method's log odds ratio, or why it has none (``refused``); ``tau2`` where the method has it.

    Exact methods may give an infinite estimate or end (null in JSON).
    """

    method: str
    estimate: float | None = None
    ci_low: float | None = None
    ci_high: float | None = None
    p_value: float | None = None
    tau2: float | None = None
    refused: str | None = None


@record
class RareEvents(Result):
    """Log odds ratios by every method, with the events and studies that they rest on."""

    measure: str
    level: float
    k: int
    k_without_events: int
    events1: float
    events2: float
    rows: tuple[Row, ...]

    def tidy(self) -> list[dict[str, Any]]:
        """One row a method."""
        return [row.to_dict() for row in self.rows]

    def summary(self) -> str:
        """A table of odds ratios."""
        width = max(len(row.method) for row in self.rows)
        lines = [
            f"{self.k} studies ({self.k_without_events} without events in either group, or with nothing else), "
            f"{self.events1:g} against {self.events2:g} events",
            f"{'':{width}}  odds ratio  {100 * self.level:g}% interval",
        ]
        lines += [f"{row.method:{width}}  {_cells(row)}" for row in self.rows]
        return "\n".join([*lines, *self.notes])


def _cells(row: Row) -> str:
    if row.estimate is None or row.ci_low is None or row.ci_high is None:
        return f"none: {row.refused}"
    low, middle, high = (_ratio(v) for v in (row.ci_low, row.estimate, row.ci_high))
    return f"{middle:>10}  [{low}, {high}]"


def _ratio(value: float) -> str:
    if isfinite(value):
        return f"{exp(value):.3g}"
    return "0" if value < 0 else "infinite"


def rare_events(
    data: Any = None,
    *,
    study: Any = None,
    level: float = 0.95,
    **columns: Unpack[Counts],
) -> RareEvents:
    """Log odds ratios of sparse 2x2 tables by every method in :data:`METHODS`, side by side.

    A sensitivity analysis, not a menu: name the method of the main analysis before looking. A method that cannot answer
    says why in its row.

    Parameters
    ----------
    data
        A data frame, a mapping, or an ``EffectSizes`` that keeps its counts.
    ai, bi, ci, di, n1i, n2i
        Events, non-events or sizes of the two groups: names of columns, or arrays of shape (k,).
    level
        Confidence level, a fraction.

    Raises
    ------
    InputError
        Impossible counts.

    Examples
    --------
    >>> res = rare_events(ai=[0, 0], n1i=[50, 60], ci=[3, 2], n2i=[50, 60])
    >>> [row.method for row in res.rows if row.estimate is not None]
    ['Peto', 'exact', 'exact, mid-p', 'penalised logistic']
    """
    check_fraction(level, field="level")
    counts = read_counts(data, columns, measure="OR", study=study, method="rare_events", add=0.0, to="none")
    cells: dict[str, Any] = {**counts.cells, "study": counts.study}
    return RareEvents(
        measure="OR",
        level=level,
        k=len(counts.study),
        k_without_events=int(empty_studies(counts.cells).sum()),
        events1=float(counts.cells["ai"].sum()),
        events2=float(counts.cells["ci"].sum()),
        rows=tuple(_row(name, method, cells, level) for name, method in METHODS.items()),
        notes=counts.notes,
    )


def _row(name: str, method: Callable[..., Any], cells: dict[str, Any], level: float) -> Row:
    try:
        res = method(**cells, level=level)
    except (InputError, ConvergenceError) as error:
        return Row(method=name, refused=str(error).split(";", maxsplit=1)[0])
    return Row(
        method=name,
        estimate=res.estimate,
        ci_low=res.ci_low,
        ci_high=res.ci_high,
        p_value=res.p_value,
        tau2=getattr(res, "tau2", None),
        notes=res.notes,
    )
