"""Exact conditional inference on a common odds or rate ratio: no normal approximation, no correction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from math import inf, isfinite, sqrt
from typing import Any, Literal, NamedTuple, Unpack

import numpy as np

from needlepoint.arrays import Vector
from needlepoint.errors import InputError
from needlepoint.options import check, check_fraction
from needlepoint.pooling.counts.counts import (
    Counts,
    empty_studies,
    possible_tables,
    read_counts,
    refuse_all_empty,
    refuse_parts,
)
from needlepoint.result import Result, p_text, record
from needlepoint.stats.roots import brent_root

__all__ = ["ExactConditional", "exact_conditional"]

RatioMeasure = Literal["OR", "IRR"]
Tail = Literal["exact", "mid-p"]

AS_LIKELY = 1.0 + 1e-7  # outcomes whose probability ties with the one seen belong to the p-value
MOST_SUMS = 50_000  # seconds, not minutes
FAR = 40.0  # log ratios beyond this are not told from infinity


@record
class ExactConditional(Result):
    """A common log ratio with its exact interval, conditional on every study's margins.

    ``estimate`` is the conditional maximum likelihood estimate. Where one group has no events at all it is infinite,
    and so is one end of the interval; the other end and the p-value still stand. ``se`` is None then.
    """

    measure: str
    interval: str
    level: float
    k: int
    estimate: float
    se: float | None
    p_value: float
    ci_low: float
    ci_high: float
    study: Sequence[str] = field(repr=False)
    yi: Vector = field(repr=False)
    vi: Vector = field(repr=False)

    def summary(self) -> str:
        """Text for people."""
        lines = [
            f"exact conditional inference, {self.measure}, k = {self.k}",
            f"estimate {self.estimate:.4f} [{self.ci_low:.4f}, {self.ci_high:.4f}] ({self.interval}), "
            f"{p_text(self.p_value)}",
        ]
        return "\n".join([*lines, *self.notes])


def exact_conditional(
    data: Any = None,
    *,
    measure: RatioMeasure = "OR",
    study: Any = None,
    interval: Tail = "exact",
    level: float = 0.95,
    **columns: Unpack[Counts],
) -> ExactConditional:
    """Exact test, estimate and interval of a common log odds ratio or log rate ratio.

    Given the margins of every study, the events of group 1 over all studies have a known distribution with the common
    ratio as its only parameter; it is worked out in full.

    Parameters
    ----------
    data
        A data frame, a mapping, or an ``EffectSizes`` that keeps its counts.
    measure
        "OR" from ``ai bi ci di`` (or ``ai n1i ci n2i``), "IRR" from ``x1i t1i x2i t2i``.
    interval
        "exact" (covers at least at the level) or "mid-p" (about at the level, shorter).
    level
        Confidence level, a fraction.

    Raises
    ------
    InputError
        Impossible or fractional counts, or no study that informs.

    References
    ----------
    Gart (1970), doi:10.1093/biomet/57.3.471; Mehta, Patel & Gray (1985), doi:10.1080/01621459.1985.10478212.

    Examples
    --------
    >>> res = exact_conditional(ai=[0, 0], n1i=[50, 60], ci=[3, 2], n2i=[50, 60])
    >>> res.estimate, round(res.ci_high, 3), round(res.p_value, 4)
    (-inf, 0.072, 0.0601)
    """
    check(measure, RatioMeasure, field="measure")
    check(interval, Tail, field="interval")
    check_fraction(level, field="level")
    counts = read_counts(data, columns, measure=measure, study=study, method="exact conditional inference")
    refuse_parts(counts, "exact conditional inference")
    refuse_all_empty(counts.cells)
    empty = empty_studies(counts.cells)
    _refuse_endless(counts.cells, measure)
    sums = _distribution(counts.rows(~empty).cells)
    half = 0.5 if interval == "mid-p" else 0.0
    low, high = _interval(sums, (1.0 - level) / 2.0, half)
    estimate = _estimate(sums)
    counts = counts.naming("with no events, or only events, say nothing on the ratio", empty)
    return ExactConditional(
        measure=measure,
        interval=interval,
        level=level,
        k=len(counts.study),
        estimate=estimate,
        se=1.0 / sqrt(_moments(sums, estimate)[1]) if isfinite(estimate) else None,
        p_value=_p_value(sums, half),
        ci_low=low,
        ci_high=high,
        study=counts.study,
        yi=counts.yi,
        vi=counts.vi,
        notes=counts.notes,
    )


def _refuse_endless(cells: Mapping[str, Vector], measure: str) -> None:
    """The distribution is a sum over every number of events that the margins allow."""
    possible = possible_tables(cells)
    if possible > MOST_SUMS:
        raise InputError(
            "too many events for exact conditional inference",
            got=possible,
            allowed=f"up to {MOST_SUMS:,}",
            mend=f"mantel_haenszel(measure={measure!r}) is as good at such counts",
        )


class _Sums(NamedTuple):
    """Log probabilities of the possible sums of events of group 1 at a log ratio ``tilt``, and the sum seen."""

    log_p: Vector
    tilt: float
    seen: int  # position in log_p


def _distribution(t: Mapping[str, Vector]) -> _Sums:
    """Convolve the studies' conditional distributions, each at a rough common ratio so that nothing underflows."""
    rates = "x1i" in t
    up, down = (t["x1i"] * t["t2i"], t["x2i"] * t["t1i"]) if rates else (t["ai"] * t["di"], t["bi"] * t["ci"])
    ni = t["t1i"] + t["t2i"] if rates else t["ai"] + t["bi"] + t["ci"] + t["di"]
    tilt = float(np.log(((up / ni).sum() + 1e-3) / ((down / ni).sum() + 1e-3)))
    total, seen = np.ones(1), 0
    for row in zip(*t.values(), strict=True):
        log_p, first = _binomial(*row) if rates else _hypergeometric(*row)
        u = np.arange(len(log_p))
        tilted = log_p + tilt * u
        p = np.exp(tilted - tilted.max())
        total = np.convolve(total, p / p.sum())
        seen += int(row[0] - first)
    with np.errstate(divide="ignore"):
        return _Sums(np.log(total), tilt, seen)


def _hypergeometric(a: float, b: float, c: float, d: float) -> tuple[Vector, float]:
    """Log weights of a table's events of group 1 given its margins, from the least possible number on."""
    from scipy.special import gammaln

    n1, n2, events = a + b, c + d, a + c
    first = max(0.0, events - n2)
    u = np.arange(first, min(n1, events) + 1.0)
    weights = gammaln(u + 1) + gammaln(n1 - u + 1) + gammaln(events - u + 1) + gammaln(n2 - events + u + 1)
    return -weights, first


def _binomial(x1: float, t1: float, x2: float, t2: float) -> tuple[Vector, float]:
    """Log weights of the events of group 1 given the total, at a rate ratio of one."""
    from scipy.special import gammaln

    u = np.arange(x1 + x2 + 1.0)
    return u * np.log(t1 / t2) - gammaln(u + 1.0) - gammaln(x1 + x2 - u + 1.0), 0.0


def _at(sums: _Sums, log_ratio: float) -> Vector:
    """Probabilities of the sums at a log ratio."""
    terms = sums.log_p + (log_ratio - sums.tilt) * np.arange(len(sums.log_p))
    p = np.exp(terms - terms.max())
    return p / p.sum()


def _moments(sums: _Sums, log_ratio: float) -> tuple[float, float]:
    p, u = _at(sums, log_ratio), np.arange(len(sums.log_p))
    mean = float(p @ u)
    return mean, float(p @ (u - mean) ** 2)


def _estimate(sums: _Sums) -> float:
    if sums.seen == 0:
        return -inf
    if sums.seen == len(sums.log_p) - 1:
        return inf
    return brent_root(lambda v: _moments(sums, v)[0] - sums.seen, -FAR, FAR)


def _interval(sums: _Sums, tail: float, half: float) -> tuple[float, float]:
    """Where the sum seen, or beyond, has the tail's probability; ``half`` of the sum seen itself is left out."""

    def above(v: float) -> float:
        p = _at(sums, v)
        return float(p[sums.seen :].sum()) - half * float(p[sums.seen]) - tail

    def below(v: float) -> float:
        p = _at(sums, v)
        return float(p[: sums.seen + 1].sum()) - half * float(p[sums.seen]) - tail

    low = -inf if sums.seen == 0 else brent_root(above, -FAR, FAR)
    high = inf if sums.seen == len(sums.log_p) - 1 else brent_root(below, -FAR, FAR)
    return low, high


def _p_value(sums: _Sums, half: float) -> float:
    """Probability, at a ratio of one, of every sum that is no likelier than the one seen."""
    p = _at(sums, 0.0)
    total = float(p[p <= p[sums.seen] * AS_LIKELY].sum()) - half * float(p[sums.seen])
    return min(1.0, total)
