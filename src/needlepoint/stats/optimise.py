"""Minimum of a function of one variable, without the cost of importing ``scipy.optimize``."""

from __future__ import annotations

from collections.abc import Callable

__all__ = ["brent_minimum"]

_GOLDEN = 0.3819660112501051


def brent_minimum(
    f: Callable[[float], float], low: float, high: float, *, tol: float = 1e-10, most: int = 200
) -> tuple[float, float]:
    """Brent's minimum of ``f`` between ``low`` and ``high``: (argument, value) (Brent 1973, chapter 5).

    >>> round(brent_minimum(lambda x: (x - 1.0) ** 2, -3.0, 4.0)[0], 6)
    1.0
    """
    a, b = low, high
    x = w = v = a + _GOLDEN * (b - a)
    fx = fw = fv = f(x)
    step = previous = 0.0
    for _ in range(most):
        middle = 0.5 * (a + b)
        tol1 = tol * abs(x) + 1e-300
        if abs(x - middle) <= 2.0 * tol1 - 0.5 * (b - a):
            break
        previous, step = _minimum_step(a, b, x, w, v, fx, fw, fv, middle, previous, step, tol1)
        u = x + (step if abs(step) >= tol1 else (tol1 if step > 0.0 else -tol1))
        fu = f(u)
        if fu <= fx:
            a, b = (x, b) if u >= x else (a, x)
            v, fv, w, fw, x, fx = w, fw, x, fx, u, fu
        else:
            a, b = (u, b) if u < x else (a, u)
            if fu <= fw or w == x:
                v, fv, w, fw = w, fw, u, fu
            elif fu <= fv or v in (x, w):
                v, fv = u, fu
    return x, fx


def _minimum_step(
    a: float,
    b: float,
    x: float,
    w: float,
    v: float,
    fx: float,
    fw: float,
    fv: float,
    middle: float,
    previous: float,
    step: float,
    tol1: float,
) -> tuple[float, float]:
    """A parabolic step where it is safe, else a golden-section step: (step before, new step)."""
    if abs(previous) > tol1:
        r = (x - w) * (fx - fv)
        q = (x - v) * (fx - fw)
        p = (x - v) * q - (x - w) * r
        q = 2.0 * (q - r)
        p = -p if q > 0.0 else p
        q = abs(q)
        if abs(p) < abs(0.5 * q * previous) and q * (a - x) < p < q * (b - x):
            u = x + p / q
            near = min(u - a, b - u) < 2.0 * tol1
            return step, (tol1 if middle >= x else -tol1) if near else p / q
    previous = (b if x < middle else a) - x
    return previous, _GOLDEN * previous
