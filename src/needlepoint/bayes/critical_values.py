"""Critical values of selection by p-value: how large an estimate must be to pass a step, by z-tests or by t-tests."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from needlepoint.errors import InputError
from needlepoint.stats.distributions import normal_quantile

if TYPE_CHECKING:
    from needlepoint.arrays import Floats


__all__ = ["CRITICAL", "Critical", "critical_values", "t_values", "z_values"]

Critical = Callable[["Floats", "Floats", "Floats"], "Floats"]
"""Upper tails (J,), estimates (k,) and their variances (k,) to critical values (k, J), falling."""

_LOG_ODDS = math.pi / math.sqrt(
    3.0
)  # sd of the logistic distribution: log odds ratios an sd of the latent scale


def z_values(tails: Floats, yi: Floats, vi: Floats) -> Floats:
    """Where the estimate over its standard error is a normal quantile."""
    quantiles = np.array([normal_quantile(1.0 - tail) for tail in tails.tolist()])
    return np.sqrt(vi)[:, None] * quantiles


def t_values(tails: Floats, yi: Floats, vi: Floats, *, measure: str) -> Floats:
    """Where a t-test of two equal groups passes, n in all: Cohen's d = 2 t / sqrt(n), on the scale of ``measure``.

    n is what the sampling variance says: 4/n + d^2/(2n) is that of d, 1/(n - 3) that of Fisher's z.
    """
    from scipy.special import stdtrit

    n = _SIZES[measure](yi, vi)
    if bool(np.any(n <= 2.0)):
        i = int(np.argmin(n))
        raise InputError(
            f"the variance of study {i + 1} belongs to fewer than three participants: there is no t-test of it",
            field="vi",
            got=float(vi[i]),
            mend='take critical="z"',
        )
    d = 2.0 * stdtrit(n[:, None] - 2.0, 1.0 - tails) / np.sqrt(n)[:, None]
    return np.asarray(_FROM_D[measure](d), dtype=np.float64)


def _size_of_d(d: Floats, vi: Floats) -> Floats:
    return (8.0 + d * d) / (2.0 * vi)


_SIZES: dict[str, Callable[[Floats, Floats], Floats]] = {
    "SMD": _size_of_d,
    "ZCOR": lambda z, vi: 1.0 / vi + 3.0,
    "OR": lambda y, vi: _size_of_d(y / _LOG_ODDS, vi / _LOG_ODDS**2),
}
_FROM_D: dict[str, Callable[[Floats], Floats]] = {
    "SMD": lambda d: d,
    "ZCOR": lambda d: np.arcsinh(d / 2.0),  # Fisher's z of r = d / sqrt(d^2 + 4)
    "OR": lambda d: d * _LOG_ODDS,
}
CRITICAL = ("z", "t")


def critical_values(kind: str, measure: str) -> Critical:
    """The rule that a user asked for.

    Raises
    ------
    InputError
        An unknown rule, or t-tests of a measure that is neither a standardised difference nor turned into one.
    """
    if kind not in CRITICAL:
        raise InputError("unknown critical values", field="critical", got=kind, allowed=", ".join(CRITICAL))
    if kind == "z":
        return z_values
    if measure not in _SIZES:
        raise InputError(
            "critical values of t-tests need a standardised scale",
            field="critical",
            got=measure,
            allowed=", ".join(_SIZES),
            mend='give measure=, or take critical="z"',
        )
    return partial(t_values, measure=measure)
