"""Solving Q(tau2) = target, where Q is the generalised Q statistic with weights 1 / (vi + tau2).

1 / Q is increasing and concave in tau2 (a minimum of linear functions), so Newton's iteration on 1 / Q from tau2 = 0
climbs to the root without ever passing it.
"""

from __future__ import annotations

from needlepoint.pooling.kernels.normal import Table, Vector, at

__all__ = ["solve_q"]


def solve_q(
    yi: Vector, vi: Vector, xi: Vector, table: Table | None, target: float, start: float = 0.0
) -> tuple[float, int]:
    """Root of Q(tau2) = ``target`` at or above ``start``: (tau2, iterations or -1); ``start`` when Q is below."""
    tau2 = start
    for step in range(200):
        state = at(yi, vi, xi, table, tau2)
        if state.q <= target or state.pp <= 0.0:
            return tau2, step
        gain = state.q * (state.q / target - 1.0) / state.pp
        if gain <= 4e-16 * tau2:
            return tau2 + gain, step
        tau2 += gain
    return tau2, -1
