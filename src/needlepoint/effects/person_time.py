"""Events over person-time: two arms (IRR, IRD, IRSD) and one (IR, IRLN, IRS, IRFT)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from needlepoint.arrays import Bools, Vector
from needlepoint.effects._continuity import number_to_add, where_to_add
from needlepoint.effects._family import Columns, Family, Measured, Notebook, Settings

__all__ = [
    "ONE_RATE",
    "TWO_RATES",
    "Rate",
    "Rates",
    "freeman_tukey_rate",
    "log_rate",
    "log_rate_ratio",
    "rate",
    "rate_difference",
    "root_rate",
    "root_rate_difference",
]


class Rates(NamedTuple):
    """Events and person-time of two arms."""

    x1i: Vector
    t1i: Vector
    x2i: Vector
    t2i: Vector


class Rate(NamedTuple):
    """Events (with the constant, where due) and person-time of one group."""

    xi: Vector
    ti: Vector


def log_rate_ratio(r: Rates, vtype: str, how: Settings) -> Measured:
    """Log incidence rate ratio (Bagos & Nikolopoulos 2009, doi:10.2202/1557-4679.1168)."""
    yi = np.log(r.x1i / r.t1i * (r.t2i / r.x2i))
    if vtype == "AV":
        m1, m2 = _means(r)
        return Measured(yi, 1 / (m1 * r.t1i) + 1 / (m2 * r.t2i))
    return Measured(yi, 1 / r.x1i + 1 / r.x2i)


def rate_difference(r: Rates, vtype: str, how: Settings) -> Measured:
    """Incidence rate difference."""
    yi = r.x1i / r.t1i - r.x2i / r.t2i
    if vtype == "AV":
        m1, m2 = _means(r)
        return Measured(yi, m1 / r.t1i + m2 / r.t2i)
    return Measured(yi, r.x1i / r.t1i**2 + r.x2i / r.t2i**2)


def root_rate_difference(r: Rates, vtype: str, how: Settings) -> Measured:
    """Difference of the square roots of the incidence rates."""
    return Measured(np.sqrt(r.x1i / r.t1i) - np.sqrt(r.x2i / r.t2i), 1 / (4 * r.t1i) + 1 / (4 * r.t2i))


def _means(r: Rates) -> tuple[float, float]:
    known = np.isfinite(r.x1i + r.t1i + r.x2i + r.t2i)
    return (
        float(r.x1i[known].sum() / r.t1i[known].sum()),
        float(r.x2i[known].sum() / r.t2i[known].sum()),
    )


def rate(r: Rate, vtype: str, how: Settings) -> Measured:
    """Incidence rate."""
    yi = r.xi / r.ti
    return Measured(yi, _mean(r) / r.ti if vtype == "AV" else yi / r.ti)


def log_rate(r: Rate, vtype: str, how: Settings) -> Measured:
    """Log incidence rate."""
    yi = np.log(r.xi / r.ti)
    return Measured(yi, 1 / (_mean(r) * r.ti) if vtype == "AV" else 1 / r.xi)


def root_rate(r: Rate, vtype: str, how: Settings) -> Measured:
    """Square root of the incidence rate."""
    return Measured(np.sqrt(r.xi / r.ti), 1 / (4 * r.ti))


def freeman_tukey_rate(r: Rate, vtype: str, how: Settings) -> Measured:
    """Freeman-Tukey incidence rate (Freeman & Tukey 1950, doi:10.1214/aoms/1177729756)."""
    yi = (np.sqrt(r.xi / r.ti) + np.sqrt((r.xi + 1) / r.ti)) / 2
    return Measured(yi, 1 / (4 * r.ti))


def _mean(r: Rate) -> float:
    known = np.isfinite(r.xi + r.ti)
    return float(r.xi[known].sum() / r.ti[known].sum())


def _complete(given: dict[str, Vector], notebook: Notebook) -> dict[str, Vector]:
    notebook.require("count", given, "x1i", "x2i", "xi")
    notebook.require("person-time", given, "t1i", "t2i", "ti")
    return given


def _gaps(where: Bools) -> Vector:
    return np.where(where, np.nan, 0.0)


def _prepare_two(c: Columns, how: Settings, notebook: Notebook) -> Rates:
    x1i, x2i = c["x1i"], c["x2i"]
    none = (x1i == 0) & (x2i == 0)
    if how.drop00:
        notebook.note("no events in either arm: left without a value (drop00)", none)
        x1i, x2i = x1i + _gaps(none), x2i + _gaps(none)
    else:
        notebook.note("no events in either arm", none)
    add = number_to_add(how)
    due = where_to_add((x1i == 0) | (x2i == 0), how.to)
    if add:
        notebook.note(f"continuity correction ({add:g}) added to the events of both arms", due)
    k = np.where(due, add, 0.0)
    return Rates(x1i + k, c["t1i"], x2i + k, c["t2i"])


def _prepare_one(c: Columns, how: Settings, notebook: Notebook) -> Rate:
    add = number_to_add(how)
    due = where_to_add(c["xi"] == 0, how.to)
    if add:
        notebook.note(f"continuity correction ({add:g}) added to the events", due)
    return Rate(c["xi"] + due * add, c["ti"])


def _people(c: Columns) -> Vector | None:
    """The number of people, which the rates do not need, where it was given too."""
    if "ni" in c:
        return c["ni"]
    return c["n1i"] + c["n2i"] if "n1i" in c and "n2i" in c else None


TWO_RATES = Family(
    title="two arms, events over person-time",
    accepts=(("x1i", "t1i", "x2i", "t2i"),),
    complete=_complete,
    prepare=_prepare_two,
    total=_people,
    arms=(("x1i", "x2i"), ("t1i", "t2i")),
    counts=("x1i", "x2i"),
)

ONE_RATE = Family(
    title="events over person-time",
    accepts=(("xi", "ti"),),
    complete=_complete,
    prepare=_prepare_one,
    total=_people,
    counts=("xi",),
)
