"""Roots of a function of one variable, without the cost of importing ``scipy.optimize``."""

from __future__ import annotations

from collections.abc import Callable

__all__ = ["brent_root", "root_above"]


def brent_root(
    f: Callable[[float], float], low: float, high: float, *, rtol: float = 1e-13, atol: float = 0.0
) -> float:
    """Brent's root between ``low`` and ``high``, where ``f`` has opposite signs (Brent 1973, chapter 4).

    Raises
    ------
    ValueError
        No change of sign between the ends.

    >>> round(brent_root(lambda x: x * x - 2.0, 0.0, 2.0), 12)
    1.414213562373
    """
    a, b = low, high
    fa, fb = f(a), f(b)
    if fa == 0.0:
        return a
    if (fa > 0.0) == (fb > 0.0) and fb != 0.0:
        raise ValueError(f"no change of sign between {low} and {high}")
    c, fc = a, fa
    step = previous = b - a
    for _ in range(200):
        if abs(fc) < abs(fb):
            a, b, c = b, c, b
            fa, fb, fc = fb, fc, fb
        tolerance = 2e-16 * abs(b) + 0.5 * (atol + rtol * abs(b))
        middle = 0.5 * (c - b)
        if abs(middle) <= tolerance or fb == 0.0:
            return b
        previous, step = _brent_step(a, b, c, fa, fb, fc, middle, previous, step, tolerance)
        a, fa = b, fb
        b += step if abs(step) > tolerance else (tolerance if middle > 0.0 else -tolerance)
        fb = f(b)
        if (fb > 0.0) == (fc > 0.0):
            c, fc = a, fa
            step = previous = b - a
    return b


def _brent_step(
    a: float,
    b: float,
    c: float,
    fa: float,
    fb: float,
    fc: float,
    middle: float,
    previous: float,
    step: float,
    tolerance: float,
) -> tuple[float, float]:
    """Interpolate where that is safe, else bisect: (step before, new step)."""
    if abs(previous) < tolerance or abs(fa) <= abs(fb):
        return middle, middle
    s = fb / fa
    if a == c:
        p, q = 2.0 * middle * s, 1.0 - s
    else:
        q, r = fa / fc, fb / fc
        p = s * (2.0 * middle * q * (q - r) - (b - a) * (r - 1.0))
        q = (q - 1.0) * (r - 1.0) * (s - 1.0)
    if p > 0.0:
        q = -q
    p = abs(p)
    if 2.0 * p < min(3.0 * middle * q - abs(tolerance * q), abs(previous * q)):
        return step, p / q
    return middle, middle


def root_above(f: Callable[[float], float], low: float, scale: float, *, most: float = 1e300) -> float | None:
    """Root of an increasing ``f`` with ``f(low) < 0``: steps double from ``scale``; None when there is none."""
    high = low + scale
    while f(high) < 0.0:
        low, scale = high, 2.0 * scale
        high = low + scale
        if high > most:
            return None
    return brent_root(f, low, high)
