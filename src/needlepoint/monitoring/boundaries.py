"""Group-sequential boundaries by error spending, with or without futility."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import inf, log, sqrt
from typing import Any, Literal

from needlepoint.errors import ConvergenceError, InputError
from needlepoint.monitoring.recursion import Process, Region, start
from needlepoint.monitoring.spending import Spending, spent
from needlepoint.options import check, check_fraction
from needlepoint.result import Result, record
from needlepoint.stats.distributions import normal_quantile
from needlepoint.stats.roots import brent_root

__all__ = ["Boundaries", "Futility", "boundaries", "drift_of"]

Futility = Literal["none", "non-binding", "binding"]
_CLOSEST = 1e-3  # looks nearer to each other than this share of the information are one look
_FURTHEST = 39.0  # normal_sf is above zero up to here


@record
class Boundaries(Result):
    """Boundaries of a sequential design at each look, in Z.

    ``upper`` and ``lower`` stop for an effect (``lower`` is None in a one-sided design); between ``futility_lower``
    and ``futility_upper`` (below ``futility_upper``, if one-sided) one may stop because the effect asked for is
    unlikely; None where no such boundary exists yet. ``inflation`` is by how much the looks raise the information
    that a single test would need; ``drift`` the mean of Z at full information under the effect asked for.
    """

    timing: tuple[float, ...]
    upper: tuple[float, ...]
    lower: tuple[float, ...] | None
    futility_upper: tuple[float | None, ...] | None
    futility_lower: tuple[float | None, ...] | None
    alpha_spent: tuple[float, ...]
    beta_spent: tuple[float, ...] | None
    power: tuple[float, ...]
    inflation: float
    drift: float
    alpha: float
    beta: float
    sides: int
    spending: str
    futility: str

    def tidy(self) -> list[dict[str, Any]]:
        """One row a look."""
        nothing = (None,) * len(self.timing)
        columns = {
            "information": self.timing,
            "upper": self.upper,
            "lower": self.lower or nothing,
            "futility_upper": self.futility_upper or nothing,
            "futility_lower": self.futility_lower or nothing,
            "alpha_spent": self.alpha_spent,
            "beta_spent": self.beta_spent or nothing,
            "power": self.power,
        }
        return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


@dataclass(frozen=True, slots=True)
class _Design:
    """What the boundaries must do: the error that each look may use on one side."""

    timing: tuple[float, ...]
    alphas: tuple[float, ...]
    betas: tuple[float, ...]
    two_sided: bool
    futility: bool
    binding: bool


def boundaries(
    timing: Sequence[float],
    *,
    alpha: float = 0.05,
    beta: float = 0.1,
    sides: Literal[1, 2] = 2,
    spending: Spending = "OF",
    parameter: float | None = None,
    futility: Futility = "none",
    beta_spending: Spending = "OF",
    beta_parameter: float | None = None,
) -> Boundaries:
    """Boundaries of a group-sequential design.

    Parameters
    ----------
    timing
        Fractions of the information at which one looks, rising, the last one 1.
    alpha, beta
        Error rates, over all sides and all looks.
    spending, parameter
        Alpha spending: "OF" (like O'Brien and Fleming), "Pocock", "power" (``parameter`` is rho) or "HSD" (gamma).
    futility
        "none"; "non-binding": one may go on beyond the futility boundary, alpha holds all the same; "binding".

    Raises
    ------
    InputError
        Looks out of order or too close, rates that are no rates.
    ConvergenceError
        No drift gives the power asked for with these looks.

    References
    ----------
    Lan & DeMets (1983), doi:10.1093/biomet/70.3.659; Jennison & Turnbull (1999), Group Sequential Methods.

    Examples
    --------
    >>> [round(z, 3) for z in boundaries([0.5, 1.0]).upper]
    [2.963, 1.969]
    """
    check(futility, Futility, field="futility")
    for name, chosen in (("spending", spending), ("beta_spending", beta_spending)):
        check(chosen, Spending, field=name)
    check_fraction(alpha, field="alpha")
    check_fraction(beta, field="beta")
    if sides not in (1, 2):
        raise InputError("a test has one side or two", field="sides", got=sides)
    looks = _looks(timing)
    one_side = alpha / sides
    alphas = [spent(spending, t, one_side, parameter) for t in looks]
    betas = [spent(beta_spending, t, beta, beta_parameter) for t in looks]
    design = _Design(
        looks, _steps(alphas), _steps(betas), sides == 2, futility != "none", futility == "binding"
    )
    single = drift_of(one_side, beta)
    walk = _without_futility if futility == "none" else _with_futility
    drift, upper, inner, power = walk(design, single, beta)
    return Boundaries(
        timing=looks,
        upper=tuple(upper),
        lower=tuple(-z for z in upper) if sides == 2 else None,
        futility_upper=None if inner is None else tuple(inner),
        futility_lower=None
        if inner is None or sides == 1
        else tuple(None if z is None else -z for z in inner),
        alpha_spent=tuple(alphas),
        beta_spent=None if inner is None else tuple(betas),
        power=tuple(power),
        inflation=(drift / single) ** 2,
        drift=drift,
        alpha=alpha,
        beta=beta,
        sides=sides,
        spending=spending,
        futility=futility,
    )


def drift_of(alpha: float, beta: float) -> float:
    """Mean of Z at full information that gives one test at ``alpha`` (one side) the power ``1 - beta``."""
    return normal_quantile(1 - alpha) + normal_quantile(1 - beta)


def _looks(timing: Sequence[float]) -> tuple[float, ...]:
    looks = tuple(float(t) for t in timing)
    if not looks or abs(looks[-1] - 1) > 1e-12:
        raise InputError(
            "the last look has all the information", field="timing", got=list(looks), mend="end with 1"
        )
    gaps = [b - a for a, b in zip((0.0, *looks[:-1]), looks, strict=True)]
    if not min(gaps) >= _CLOSEST:
        raise InputError(
            f"looks must rise by at least {_CLOSEST} of the information",
            field="timing",
            got=list(looks),
            mend="leave out a look that is next to another",
        )
    return looks


def _steps(cumulative: list[float]) -> tuple[float, ...]:
    return tuple(b - a for a, b in zip([0.0, *cumulative[:-1]], cumulative, strict=True))


def _z_above(process: Process, t: float, error: float) -> float:
    """The Z beyond which the process stands at ``t`` with probability ``error``."""
    if error <= 0 or process.above(t, _FURTHEST) >= error:
        return _FURTHEST
    if process.above(t, -_FURTHEST) <= error:  # futility has left less than the look may use
        return -_FURTHEST
    return brent_root(lambda z: log(max(process.above(t, z), 1e-320)) - log(error), -_FURTHEST, _FURTHEST)


def _going_on(design: _Design, upper: float, inner: float | None) -> Region:
    """Where the upper side goes on, in Z: with futility, each side of a two-sided design is a one-sided design."""
    mirrored = design.two_sided and not design.futility
    return ((inner if inner is not None else -upper if mirrored else -inf, upper),)


def _alpha_bounds(design: _Design, inner: Sequence[float | None]) -> list[float]:
    """Upper boundaries under no effect, the process going on outside ``inner``."""
    process, upper = start(0.0), list[float]()
    for i, (t, error) in enumerate(zip(design.timing, design.alphas, strict=True)):
        upper.append(_z_above(process, t, error))
        if t < 1:
            process = process.go_on(t, _going_on(design, upper[-1], inner[i]))
    return upper


def _power(
    design: _Design, drift: float, upper: Sequence[float], inner: Sequence[float | None]
) -> list[float]:
    """Probability of crossing the upper boundary at each look, under ``drift``."""
    process, power = start(drift), list[float]()
    for t, high, low in zip(design.timing, upper, inner, strict=True):
        power.append(process.above(t, high))
        if t < 1:
            process = process.go_on(t, _going_on(design, high, low))
    return power


def _without_futility(
    design: _Design, single: float, beta: float
) -> tuple[float, list[float], None, list[float]]:
    nothing = [None] * len(design.timing)
    upper = _alpha_bounds(design, nothing)
    drift = _solve(lambda d: sum(_power(design, d, upper, nothing)) - (1 - beta), single)
    return drift, upper, None, _power(design, drift, upper, nothing)


def _with_futility(
    design: _Design, single: float, beta: float
) -> tuple[float, list[float], list[float | None], list[float]]:
    """The drift under which what is left of beta at the last look is just used up."""
    fixed = None if design.binding else _alpha_bounds(design, [None] * len(design.timing))

    def short(drift: float) -> float:
        return _futile(design, drift, fixed)[2]

    drift = _solve(lambda d: -short(d), single)
    upper, inner, _ = _futile(design, drift, fixed)
    inner[-1] = upper[-1]
    return drift, upper, inner, _power(design, drift, upper, inner)


def _futile(
    design: _Design, drift: float, fixed: list[float] | None
) -> tuple[list[float], list[float | None], float]:
    """Boundaries under ``drift``, and the type II error in excess of what the last look may use."""
    null, process = start(0.0), start(drift)
    upper, inner, owed = list[float](), list[float | None](), 0.0
    for i, t in enumerate(design.timing):
        upper.append(_z_above(null, t, design.alphas[i]) if fixed is None else fixed[i])
        owed += design.betas[i]
        if t >= 1:
            inner.append(upper[-1])
            return upper, inner, process.below(t, upper[-1]) - owed
        low = _futility_bound(process, t, owed, upper[-1], two_sided=design.two_sided)
        inner.append(low)
        owed = owed if low is None else 0.0
        region = _going_on(design, upper[-1], low)
        process = process.go_on(t, region)
        if fixed is None:
            null = null.go_on(t, region)
    raise AssertionError("the last look has all the information")


def _futility_bound(
    process: Process, t: float, error: float, upper: float, *, two_sided: bool
) -> float | None:
    """Where stopping for futility uses ``error``; None where a two-sided design has no such place yet."""
    if process.below(t, upper) <= error:
        return upper
    if two_sided and process.below(t, 0.0) >= error:
        return None
    return brent_root(lambda z: process.below(t, z) - error, 0.0 if two_sided else -_FURTHEST, upper)


def _solve(excess: Callable[[float], float], single: float) -> float:
    """The drift at which ``excess`` is zero; it rises with the drift."""
    low, high = single * 0.9, single * sqrt(1.5)
    while excess(high) < 0:
        low, high = high, high * 1.5
        if high > 20 * single:
            raise ConvergenceError(
                "no drift gives the power asked for with these looks and spending functions"
            )
    while excess(low) > 0:
        low *= 0.8
    return brent_root(excess, low, high)
