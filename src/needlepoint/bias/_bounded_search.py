"""Quasi-Newton descent within bounds, for the few parameters of a selection model.

Written out because a handful of parameters gains nothing from threaded linear algebra, and because importing an
optimiser library costs more than a whole fit.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from needlepoint.arrays import Bools, Floats

    Loss = Callable[[Floats], tuple[float, Floats]]

__all__ = ["descend"]

_LONGEST = 2.5  # of a step in one parameter; the search scale is logarithmic, so this is a factor of twelve
_FLAT = 1e-13
_LEVEL = 1e-8


def descend(
    loss: Loss, x: Floats, lower: Floats, upper: Floats, *, rounds: int = 300
) -> tuple[Floats, float]:
    """Local minimum of ``loss`` (value and gradient) between the bounds, by projected BFGS from ``x``."""
    x = np.clip(x, lower, upper)
    value, gradient = loss(x)
    inverse, fresh, idle = np.eye(len(x)), True, 0
    for _ in range(rounds):
        held = ((x <= lower) & (gradient > 0)) | ((x >= upper) & (gradient < 0))
        slope = np.where(held, 0.0, gradient)
        if np.abs(slope).max(initial=0.0) < _LEVEL:
            break
        direction = _direction(inverse, slope, held)
        found = _step(loss, x, value, gradient, direction, lower, upper)
        if found is None:
            if fresh:
                break
            inverse, fresh = np.eye(len(x)), True
            continue
        new_x, new_value, new_gradient = found
        idle = idle + 1 if value - new_value <= _FLAT * max(1.0, abs(value)) else 0
        inverse = _update(inverse, new_x - x, new_gradient - gradient, fresh)
        x, value, gradient, fresh = new_x, new_value, new_gradient, False
        if idle >= 2:
            break
    return x, value


def _direction(inverse: Floats, slope: Floats, held: Bools) -> Floats:
    direction = np.where(held, 0.0, -(inverse * slope).sum(axis=1))
    if (direction * slope).sum() >= 0:
        direction = -slope
    longest = np.abs(direction).max()
    return direction * (_LONGEST / longest) if longest > _LONGEST else direction


def _step(
    loss: Loss, x: Floats, value: float, gradient: Floats, direction: Floats, lower: Floats, upper: Floats
) -> tuple[Floats, float, Floats] | None:
    """Backtracking along the projected direction until the loss falls enough; None when it never does."""
    size = 1.0
    for _ in range(40):
        trial = np.clip(x + size * direction, lower, upper)
        expected = float((gradient * (trial - x)).sum())
        new_value, new_gradient = loss(trial)
        if expected < 0 and new_value <= value + 1e-4 * expected:
            return trial, new_value, new_gradient
        bend = new_value - value - expected
        size *= min(0.5, max(0.1, -expected / (2 * bend))) if bend > 0 and np.isfinite(bend) else 0.3
    return None


def _update(inverse: Floats, s: Floats, y: Floats, fresh: bool) -> Floats:
    """Inverse BFGS update, skipped where the curvature is not positive."""
    curvature = float((s * y).sum())
    if curvature <= 1e-12 * float(np.sqrt((s * s).sum() * (y * y).sum())):
        return inverse
    if fresh:
        inverse = np.eye(len(s)) * (curvature / float((y * y).sum()))
    rho = 1 / curvature
    hy = (inverse * y).sum(axis=1)
    quadratic = float((y * hy).sum())
    outer = s[:, None] * hy
    return inverse - rho * (outer + outer.T) + rho * (1 + rho * quadratic) * s[:, None] * s
