"""Mantel-Haenszel sums and the tests that go with them (kernels: columns of counts in, numbers out)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np

from needlepoint.arrays import Vector

__all__ = [
    "POOLED",
    "Estimate",
    "breslow_day",
    "cochran_mantel_haenszel",
    "expected_events",
    "person_time_chi2",
]

Cells = Mapping[str, Vector]


class Estimate(NamedTuple):
    """A pooled effect on the analysis scale and its variance; not finite where the data cannot say."""

    value: float
    variance: float


def odds_ratio(t: Cells) -> Estimate:
    """Log odds ratio with the variance of Robins, Breslow & Greenland (1986), doi:10.2307/2531052."""
    ai, bi, ci, di = t["ai"], t["bi"], t["ci"], t["di"]
    ni = ai + bi + ci + di
    p, q = (ai + di) / ni, (bi + ci) / ni
    r, s = ai * di / ni, bi * ci / ni
    sum_r, sum_s = r.sum(), s.sum()
    variance = 0.5 * (
        (p * r).sum() / sum_r**2 + (p * s + q * r).sum() / (sum_r * sum_s) + (q * s).sum() / sum_s**2
    )
    return Estimate(float(np.log(sum_r / sum_s)), float(variance))


def risk_ratio(t: Cells) -> Estimate:
    """Log risk ratio with the variance of Greenland & Robins (1985), doi:10.2307/2530643."""
    ai, ci = t["ai"], t["ci"]
    n1i, n2i = ai + t["bi"], ci + t["di"]
    ni = n1i + n2i
    sum_r, sum_s = (ai * n2i / ni).sum(), (ci * n1i / ni).sum()
    spread = ((n1i / ni) * (n2i / ni) * (ai + ci) - ai * ci / ni).sum()
    return Estimate(float(np.log(sum_r / sum_s)), float(spread / (sum_r * sum_s)))


def risk_difference(t: Cells) -> Estimate:
    """Risk difference with the variance of Sato, Greenland & Robins (1989), doi:10.2307/2531506."""
    ai, bi, ci, di = t["ai"], t["bi"], t["ci"], t["di"]
    n1i, n2i = ai + bi, ci + di
    ni = n1i + n2i
    weight = (n1i * n2i / ni).sum()
    value = (ai * (n2i / ni) - ci * (n1i / ni)).sum() / weight
    share1, share2 = n1i / ni, n2i / ni
    p = (ci * share1**2 - ai * share2**2 + share1 * share2 * (n2i - n1i) / 2).sum()
    q = (ai * di / ni + ci * bi / ni).sum() / 2
    return Estimate(float(value), float((value * p + q) / weight**2))


def rate_ratio(t: Cells) -> Estimate:
    """Log incidence rate ratio (Rothman, Greenland & Lash 2008, Modern Epidemiology, chapter 15)."""
    x1i, t1i, x2i, t2i = t["x1i"], t["t1i"], t["x2i"], t["t2i"]
    ti = t1i + t2i
    sum_r, sum_s = (x1i * (t2i / ti)).sum(), (x2i * (t1i / ti)).sum()
    spread = ((t1i / ti) * (t2i / ti) * (x1i + x2i)).sum()
    return Estimate(float(np.log(sum_r / sum_s)), float(spread / (sum_r * sum_s)))


def rate_difference(t: Cells) -> Estimate:
    """Incidence rate difference (Rothman, Greenland & Lash 2008, Modern Epidemiology, chapter 15)."""
    x1i, t1i, x2i, t2i = t["x1i"], t["t1i"], t["x2i"], t["t2i"]
    ti = t1i + t2i
    weights = t1i * t2i / ti
    value = ((x1i * t2i - x2i * t1i) / ti).sum() / weights.sum()
    variance = (weights**2 * (x1i / t1i**2 + x2i / t2i**2)).sum() / weights.sum() ** 2
    return Estimate(float(value), float(variance))


POOLED: dict[str, Callable[[Cells], Estimate]] = {
    "OR": odds_ratio,
    "RR": risk_ratio,
    "RD": risk_difference,
    "IRR": rate_ratio,
    "IRD": rate_difference,
}


def _chi2(observed: float, expected: float, variance: float, *, correct: bool) -> float:
    distance = abs(observed - expected) - (0.5 if correct else 0.0)
    return distance**2 / variance if variance > 0 else float("nan")


def cochran_mantel_haenszel(t: Cells, *, correct: bool) -> float:
    """Chi-square of Mantel & Haenszel (1959) for a common odds ratio of one, on 1 degree of freedom."""
    n1i, n2i = t["ai"] + t["bi"], t["ci"] + t["di"]
    ni, events = n1i + n2i, t["ai"] + t["ci"]
    sampled = ni > 1  # a table of one person is fixed by its margins
    ni = np.where(sampled, ni, 2.0)
    variance = (n1i / ni) * (n2i / ni) * events * ((t["bi"] + t["di"]) / (ni - 1)) * sampled
    expected = n1i / (n1i + n2i) * events
    return _chi2(float(t["ai"].sum()), float(expected.sum()), float(variance.sum()), correct=correct)


def person_time_chi2(t: Cells, *, correct: bool) -> float:
    """Chi-square for a common rate ratio of one, on 1 degree of freedom (events are binomial given totals)."""
    share1 = t["t1i"] / (t["t1i"] + t["t2i"])
    events = t["x1i"] + t["x2i"]
    expected, variance = (events * share1).sum(), (events * share1 * (1 - share1)).sum()
    return _chi2(float(t["x1i"].sum()), float(expected), float(variance), correct=correct)


def expected_events(n1i: Vector, n2i: Vector, events: Vector, ratio: float) -> Vector:
    """Events of group 1 that the table's margins and the odds ratio lead to expect.

    The root ``e`` of ``ratio = e (n2 - m + e) / ((n1 - e) (m - e))``, in the form that loses no digits.
    """
    a = 1.0 - ratio
    b = n2i - events + ratio * (n1i + events)
    c = ratio * n1i * events
    root = np.sqrt(b * b + 4.0 * a * c)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(b > 0, 2.0 * c / (b + root), (root - b) / (2.0 * a) if a != 0 else 0.0)


class Homogeneity(NamedTuple):
    """Breslow-Day chi-square, the same with Tarone's correction, and the number of tables that count."""

    breslow_day: float
    tarone: float
    tables: int


def breslow_day(t: Cells, ratio: float) -> Homogeneity:
    """Breslow & Day (1980) test of a common odds ratio, and Tarone's (1985, doi:10.1093/biomet/72.1.91)."""
    events, rest = t["ai"] + t["ci"], t["bi"] + t["di"]
    told = (events > 0) & (rest > 0)
    ai, events = t["ai"][told], events[told]
    n1i, n2i = (t["ai"] + t["bi"])[told], (t["ci"] + t["di"])[told]
    ei = expected_events(n1i, n2i, events, ratio)
    variance = 1.0 / (1.0 / ei + 1.0 / (n1i - ei) + 1.0 / (events - ei) + 1.0 / (n2i - events + ei))
    chi2 = float(((ai - ei) ** 2 / variance).sum())
    return Homogeneity(chi2, chi2 - float((ai - ei).sum() ** 2 / variance.sum()), int(told.sum()))
