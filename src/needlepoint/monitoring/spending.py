"""Error-spending functions: how much of an error rate may be used by a fraction of the information."""

from __future__ import annotations

from collections.abc import Callable
from math import e, expm1, log, sqrt
from typing import Literal

from needlepoint.errors import InputError
from needlepoint.stats.distributions import normal_quantile, normal_sf

__all__ = ["SPENDING", "Spending", "spent"]

Spending = Literal["OF", "Pocock", "power", "HSD"]


def obrien_fleming(t: float, error: float, _: float) -> float:
    """Lan-DeMets spending that resembles O'Brien and Fleming's boundaries: almost nothing early.

    Lan & DeMets (1983), doi:10.1093/biomet/70.3.659.
    """
    return 2 * normal_sf(normal_quantile(1 - error / 2) / sqrt(t))


def pocock(t: float, error: float, _: float) -> float:
    """Lan-DeMets spending that resembles Pocock's constant boundary."""
    return error * log(1 + (e - 1) * t)


def power_family(t: float, error: float, rho: float) -> float:
    """Power family, ``error * t ** rho``. Kim & DeMets (1987), doi:10.1093/biomet/74.1.149."""
    return error * t**rho


def hwang_shih_decani(t: float, error: float, gamma: float) -> float:
    """Gamma family. Hwang, Shih & De Cani (1990), doi:10.1002/sim.4780091207."""
    return error * t if gamma == 0 else error * expm1(-gamma * t) / expm1(-gamma)


SPENDING: dict[str, Callable[[float, float, float], float]] = {
    "OF": obrien_fleming,
    "Pocock": pocock,
    "power": power_family,
    "HSD": hwang_shih_decani,
}
_PARAMETER = {"power": 3.0, "HSD": -4.0}


def spent(spending: str, t: float, error: float, parameter: float | None = None) -> float:
    """Error spent up to the fraction ``t`` of the information (all of it from 1 on).

    ``parameter`` is rho of "power" (3 unless told) or gamma of "HSD" (-4 unless told).

    >>> round(spent("OF", 0.5, 0.025), 6), spent("power", 0.5, 0.08)
    (0.001525, 0.01)
    """
    if t >= 1:
        return error
    value = _PARAMETER.get(spending, 0.0) if parameter is None else parameter
    if spending == "power" and value <= 0:
        raise InputError("rho of the power family is above zero", field="parameter", got=value)
    return SPENDING[spending](t, error, value)
