"""Effects as Cochrane's RevMan prints them, where its conventions differ from :func:`effect_sizes`.

Deeks & Higgins (2010), Statistical algorithms in Review Manager 5. Differences:

- SMD: the approximate small-sample factor 1 - 3/(4N - 9) and N - 3.94 in the variance (``vtype="RevMan"``).
- RR: a study with nothing but events in both arms has a ratio of exactly 1; 0.5 enters its standard error only.
- RD: 0.5 enters the standard error only.
- OR, RR, Peto: a study without events, or (OR, Peto) with nothing but events, in both arms has no effect.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from needlepoint.arrays import Bools, Vector
from needlepoint.effects._family import Columns, Measured, Settings
from needlepoint.effects.two_by_two import (
    Table,
    log_odds_ratio,
    log_risk_ratio,
    peto_log_odds_ratio,
    risk_difference,
)
from needlepoint.effects.two_means import (
    Arms,
    mean_difference,
    pooled_variance,
    standardised_mean_difference,
)

__all__ = ["COCHRANE", "cochrane_effects"]

_PLAIN = Settings()


def cochrane_effects(measure: str, columns: Columns) -> Measured:
    """Effects and variances of arm data on the analysis scale, by RevMan's conventions.

    ``measure`` is "MD", "SMD", "RR", "OR", "RD", "PETO" (two arms), "GIV" (``yi``, ``sei``) or "OEV"
    (observed minus expected events ``oi`` and their variance ``vi``). NaN where RevMan prints none.
    """
    with np.errstate(all="ignore"):
        return COCHRANE[measure](columns)


def _arms(c: Columns) -> Arms:
    a = Arms(c["m1i"], c["m2i"], c["sd1i"], c["sd2i"], c["n1i"], c["n2i"], c["m1i"])
    return a._replace(dval=(a.m1i - a.m2i) / np.sqrt(pooled_variance(a)))


def _table(c: Columns) -> Table:
    ai, ci = c["ai"], c["ci"]
    known = (ai >= 0) & (ci >= 0) & (ai <= c["n1i"]) & (ci <= c["n2i"])
    gaps = np.where(known, 0.0, np.nan)
    return Table(ai + gaps, c["n1i"] - ai, ci, c["n2i"] - ci)


def _plus_half(t: Table, where: Bools) -> Table:
    k: Vector = np.where(where, 0.5, 0.0)
    return Table(t.ai + k, t.bi + k, t.ci + k, t.di + k)


def _any_zero(t: Table) -> Bools:
    return (t.ai == 0) | (t.bi == 0) | (t.ci == 0) | (t.di == 0)


def _none(t: Table) -> Bools:
    return (t.ai == 0) & (t.ci == 0)


def _all(t: Table) -> Bools:
    return (t.bi == 0) & (t.di == 0)


def _without(found: Measured, where: Bools) -> Measured:
    return Measured(np.where(where, np.nan, found.yi), found.vi)


def _md(c: Columns) -> Measured:
    return mean_difference(_arms(c), "LS", _PLAIN)


def _smd(c: Columns) -> Measured:
    return standardised_mean_difference(_arms(c), "RevMan", _PLAIN)


def _or(c: Columns) -> Measured:
    t = _table(c)
    return _without(log_odds_ratio(_plus_half(t, _any_zero(t)), "LS", _PLAIN), _none(t) | _all(t))


def _rr(c: Columns) -> Measured:
    t = _table(c)
    found = log_risk_ratio(_plus_half(t, _any_zero(t)), "LS", _PLAIN)
    return _without(Measured(np.where(_all(t), 0.0, found.yi), found.vi), _none(t))


def _rd(c: Columns) -> Measured:
    t = _table(c)
    return Measured(
        risk_difference(t, "LS", _PLAIN).yi,
        risk_difference(_plus_half(t, _any_zero(t)), "LS", _PLAIN).vi,
    )


def _peto(c: Columns) -> Measured:
    return peto_log_odds_ratio(_table(c), "LS", _PLAIN)


def _giv(c: Columns) -> Measured:
    return Measured(c["yi"], c["sei"] ** 2)


def _oev(c: Columns) -> Measured:
    return Measured(c["oi"] / c["vi"], 1 / c["vi"])


COCHRANE: dict[str, Callable[[Columns], Measured]] = {
    "MD": _md,
    "SMD": _smd,
    "OR": _or,
    "RR": _rr,
    "RD": _rd,
    "PETO": _peto,
    "GIV": _giv,
    "OEV": _oev,
}
"""Measure -> its effects by RevMan's conventions."""
