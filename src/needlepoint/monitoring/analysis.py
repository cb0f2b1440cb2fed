"""``sequential``: a growing meta-analysis judged at every trial, at error rates that hold over all of them."""

from __future__ import annotations

from math import nan
from typing import Any, Literal

import numpy as np

from needlepoint.arrays import Floats
from needlepoint.columns import column, numbers
from needlepoint.errors import InputError, NotEnoughStudies
from needlepoint.monitoring.boundaries import Boundaries, Futility, boundaries
from needlepoint.monitoring.information_size import InformationSize
from needlepoint.monitoring.spending import Spending
from needlepoint.options import check_fraction
from needlepoint.pooling.diagnostics.cumulative import cumulative
from needlepoint.result import Result, record
from needlepoint.stats.distributions import normal_quantile

__all__ = ["Look", "Sequential", "sequential"]

_STEP = 0.01  # looks nearer than this share of the information to the one before are passed over
_MOST = 1e-6


@record
class Look(Result):
    """The meta-analysis after one more trial; the boundaries are None where no look was taken."""

    study: str
    k: int
    information: float  # share of what is needed
    estimate: float
    se: float
    z: float
    upper: float | None
    lower: float | None
    futility_upper: float | None
    futility_lower: float | None
    ci_low: float | None  # at the boundary of this look
    ci_high: float | None


@record
class Sequential(Result):
    """Every look at a growing meta-analysis, and what may be concluded.

    ``required`` is the information needed (people, or 1 / variance); ``reached`` the share of it; ``crossed`` names the
    first trial at which a boundary was crossed and ``conclusion`` says which.
    """

    required: float
    inflated: float
    reached: float
    crossed: str | None
    conclusion: str
    alpha: float
    beta: float
    sides: int
    looks: tuple[Look, ...]
    design: Boundaries

    def tidy(self) -> list[dict[str, Any]]:
        """One row a trial."""
        return [{n: v for n, v in look.to_dict().items() if n != "notes"} for look in self.looks]

    def summary(self) -> str:
        """Text for people."""
        from needlepoint.result import table_lines

        shown = [
            {n: v for n, v in row.items() if n not in {"se", "futility_lower", "lower"}}
            for row in self.tidy()
        ]
        return "\n".join([self.conclusion, *table_lines(shown), *(f"note: {note}" for note in self.notes)])


def sequential(
    fit: Any,
    vi: Any = None,
    *,
    data: Any = None,
    order: Any = None,
    required: float | InformationSize,
    people: Any = None,
    alpha: float = 0.05,
    beta: float = 0.1,
    sides: Literal[1, 2] = 2,
    spending: Spending = "OF",
    futility: Futility = "none",
) -> Sequential:
    """Trial sequential analysis: cumulative Z against boundaries that allow for looking after every trial.

    Parameters
    ----------
    fit, vi, data, order
        As in :func:`needlepoint.cumulative`: a pooled model without moderators, effect sizes, or estimates.
    required
        What a single look would need: participants (a number, or an :func:`needlepoint.information_size`, of which the
        size by diversity is taken where it has one), or without ``people`` the information 1 / variance.
    people
        Participants of each trial: k values or a column of ``data``; without them the statistical information of the
        pooled estimate is counted, which allows for heterogeneity by itself.
    futility
        As in :func:`needlepoint.boundaries`.

    Raises
    ------
    NotEnoughStudies
        No trial.
    InputError
        A size that is no size; moderators.

    Notes
    -----
    Z is the normal quantile of the cumulative p-value, signed: a t-test's statistic is held to the boundary of its own
    significance. The looks raise the required size by the design's inflation; a last look is planned at that size.

    References
    ----------
    Wetterslev et al. (2008), doi:10.1016/j.jclinepi.2007.03.013; Brok et al. (2008),
    doi:10.1016/j.jclinepi.2007.10.007.

    Examples
    --------
    >>> found = sequential([0.4, 0.5, 0.3, 0.45], [0.02, 0.02, 0.02, 0.02], required=250)
    >>> found.crossed, round(found.reached, 2)
    ('4', 0.78)
    """
    check_fraction(alpha, field="alpha")
    needed = _needed(required)
    series = cumulative(fit, vi, data=None if vi is None else data, order=order)
    if not series.rows:
        raise NotEnoughStudies("a sequential analysis", needs=1, got=0)
    told = _information(series, fit, data, order, people)
    design, kept, inflated = _design(told / needed, alpha, beta, sides, spending, futility)
    z = np.array([_z(row.p_value, row.estimate) for row in series.rows])
    looks = tuple(
        _look(series.rows[i], float(told[i] / inflated / needed), float(z[i]), _bounds(design, kept, i))
        for i in range(len(series.rows))
    )
    crossed, conclusion = _conclusion(looks, sides)
    return Sequential(
        notes=("an interval at a look covers at the level of the whole design, not of one test",),
        required=needed,
        inflated=needed * inflated,
        reached=looks[-1].information,
        crossed=crossed,
        conclusion=conclusion,
        alpha=alpha,
        beta=beta,
        sides=sides,
        looks=looks,
        design=design,
    )


def _needed(required: float | InformationSize) -> float:
    size = required
    if isinstance(size, InformationSize):
        size = size.fixed if size.diversity is None else size.diversity
    if not 0 < size < float("inf"):
        raise InputError("the required information is above zero", field="required", got=size)
    return float(size)


def _information(series: Any, fit: Any, data: Any, order: Any, people: Any) -> Floats:
    """Information accumulated after each trial."""
    if people is None:
        return np.maximum.accumulate([1.0 / row.se**2 for row in series.rows])
    table = data if data is not None else getattr(fit, "data", None)
    counts = numbers(table, people, field="people")
    if len(counts) != len(series.rows):
        raise InputError(
            "one number of people a trial", field="people", got=len(counts), allowed=len(series.rows)
        )
    if order is not None:
        values = np.asarray(column(table, order, field="order"))
        counts = counts[np.argsort(values, kind="stable")]
    return np.cumsum(counts)


def _z(p: float, estimate: float) -> float:
    return 0.0 if not p < 1 else float(np.copysign(-normal_quantile(max(p, 1e-300) / 2), estimate))


def _design(
    shares: Floats, alpha: float, beta: float, sides: Literal[1, 2], spending: Spending, futility: Futility
) -> tuple[Boundaries, dict[int, int], float]:
    """Boundaries at the looks, which look each trial is, and by how much looking raises the size needed."""
    inflated = 1.0
    for _ in range(60):
        kept, timing = _looks(shares / inflated)
        design = boundaries(timing, alpha=alpha, beta=beta, sides=sides, spending=spending, futility=futility)
        if abs(design.inflation - inflated) < _MOST:
            break
        inflated = design.inflation
    return design, kept, inflated  # pyright: ignore[reportPossiblyUnboundVariable]


def _looks(shares: Floats) -> tuple[dict[int, int], list[float]]:
    """Trial -> look, and the fractions of the looks; the last one has all the information."""
    kept: dict[int, int] = {}
    timing: list[float] = []
    before = 0.0
    for i, share in enumerate(shares.tolist()):
        if share >= 1.0 - _STEP:
            kept[i] = len(timing)
            break
        if share - before >= _STEP:
            kept[i] = len(timing)
            timing.append(share)
            before = share
    return kept, [*timing, 1.0]


def _bounds(design: Boundaries, kept: dict[int, int], i: int) -> tuple[float | None, ...]:
    if i not in kept:
        return (None,) * 4
    at = kept[i]
    return (
        design.upper[at],
        None if design.lower is None else design.lower[at],
        None if design.futility_upper is None else design.futility_upper[at],
        None if design.futility_lower is None else design.futility_lower[at],
    )


def _look(row: Any, share: float, z: float, bounds: tuple[float | None, ...]) -> Look:
    upper, lower, futile_high, futile_low = bounds
    half = nan if upper is None else upper * row.se
    return Look(
        study=row.study,
        k=row.k,
        information=share,
        estimate=row.estimate,
        se=row.se,
        z=z,
        upper=upper,
        lower=lower,
        futility_upper=futile_high,
        futility_lower=futile_low,
        ci_low=None if upper is None else row.estimate - half,
        ci_high=None if upper is None else row.estimate + half,
    )


def _conclusion(looks: tuple[Look, ...], sides: int) -> tuple[str | None, str]:
    for look in looks:
        if look.upper is None:
            continue
        if look.z >= look.upper or (sides == 2 and look.lower is not None and look.z <= look.lower):
            way = "above" if look.z > 0 else "below"
            return look.study, f"An effect {way} zero is shown at {look.study}: the boundary is crossed."
        if look.futility_upper is not None and look.information < 1 and _futile(look):
            return (
                look.study,
                f"From {look.study} on the effect asked for is unlikely: the futility boundary is crossed.",
            )
    last = looks[-1]
    if last.information >= 1:
        return (
            None,
            "The information needed is reached, and no boundary is crossed: the effect asked for is not shown.",
        )
    return (
        None,
        f"Not settled: {last.information:.0%} of the information needed is there, and no boundary is crossed.",
    )


def _futile(look: Look) -> bool:
    high = look.futility_upper or 0.0
    low = look.futility_lower if look.futility_lower is not None else -float("inf")
    return low < look.z < high
