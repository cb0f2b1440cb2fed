"""Adaptive quadrature over one to three parameters: the posterior of whatever is Gaussian given a few scales.

Each parameter is mapped to the whole line (logarithm, logit, arsinh), where densities of scale parameters are
analytic and fall at least exponentially; a second ``sinh``, centred at the mode, makes the fall double
exponential. There the plain trapezoidal rule converges geometrically (Takahasi & Mori 1974,
doi:10.2977/prims/1195192451; Trefethen & Weideman 2014, doi:10.1137/130932132), so that thinning the lattice
tells its own error. Nothing is random: the same integrand gives the same nodes, to the last bit.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import field
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np

from needlepoint.errors import ConvergenceError
from needlepoint.result import record
from needlepoint.stats.quadrature_axes import Axis, Interval, Positive, Real, Stretch

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from needlepoint.arrays import Floats
    from needlepoint.stats.quadrature_marginal import Marginal

    Ints = NDArray[np.int64]

__all__ = ["Interval", "Positive", "Quadrature", "Real", "integrate"]

_SCAN = {1: 161, 2: 35, 3: 15}  # points an axis in the first look over the whole domain
_ZOOM = {1: 9, 2: 3, 3: 2}  # points either side of the best one while homing in on the mode
_RTOL = {1: 1e-8, 2: 1e-7, 3: 1e-5}  # relative error allowed unless told
_STEP = {1: 0.15, 2: 0.15, 3: 0.3}  # first lattice step in the stretched coordinate
_SHRINK, _ROUNDS = 0.7, 9  # of the step along an axis that is too coarse, and how often
_MAX_BOX = 1e8  # cells of the lattice's bounding box
_SAFETY = {
    1: 8.0,
    2: 3.0,
    3: 3.0,
}  # on the extrapolated error; one axis gives the fewest sublattices to judge by
_NEGLIGIBLE = 1e-18  # weights below this are left out of the mixture

LogIntegrand = Callable[..., Any]


@record
class Quadrature:
    """A posterior as weighted points, with its normalising constant.

    ``nodes`` (n, d) on the parameters' own scales and ``weights`` (n,) that sum to one: the expectation of
    ``g`` is ``weights @ g(*nodes.T)``. ``error`` is the estimated relative error of the integral, which is
    the absolute error of ``log_evidence``.
    """

    nodes: Floats
    weights: Floats
    log_evidence: float
    error: float
    evaluations: int
    index: Ints = field(repr=False)
    step: Floats = field(repr=False)
    stretch: tuple[Stretch, ...] = field(repr=False)

    def mean(self, values: Floats) -> Any:
        """Posterior expectation of ``values`` given at the nodes (first dimension n)."""
        return self.weights @ values

    def marginal(self, axis: int = 0) -> Marginal:
        """Marginal distribution of one parameter as a continuous density."""
        from needlepoint.stats.quadrature_marginal import marginal

        return marginal(self.index[:, axis], self.weights, float(self.step[axis]), self.stretch[axis])


def integrate(
    log_integrand: LogIntegrand,
    axes: Axis | Sequence[Axis] = Positive(),  # noqa: B008 - frozen value
    *,
    rtol: float | None = None,
    max_nodes: int = 200_000,
    look: LogIntegrand | None = None,
) -> Quadrature:
    """Integrate ``exp(log_integrand)`` over one to three parameters by the stretched trapezoidal rule.

    Parameters
    ----------
    log_integrand
        Called with one (n,) array a parameter; returns the (n,) natural logarithms, ``-inf`` for zero.
    axes
        The domain of each parameter: ``Positive(scale)``, ``Interval(low, high)``, ``Real(centre, scale)``.
        Scales are hints of the order of magnitude, not limits.
    rtol
        Relative error allowed on the integral: 1e-8, 1e-7 and 1e-5 for one, two and three parameters unless told.
    max_nodes
        Bound on the lattice.
    look
        A cheaper integrand of the same shape, to find the mode and its width with; the integral never uses it.

    Raises
    ------
    ConvergenceError
        The integral does not exist (an improper posterior), or its error stays above ``rtol``.

    Examples
    --------
    >>> fit = integrate(lambda tau: -tau, Positive())
    >>> abs(fit.log_evidence) < 1e-9, round(float(fit.mean(fit.nodes[:, 0])), 9)
    (True, 1.0)
    """
    each = (axes,) if isinstance(axes, Axis) else tuple(axes)
    rtol = _RTOL[len(each)] if rtol is None else rtol
    t_low, t_high = (np.array(ends) for ends in zip(*((a.t_low, a.t_high) for a in each), strict=True))
    count = [0]

    def log_g(t: Floats, f: LogIntegrand = log_integrand) -> Floats:  # on the mapped line(s), (n, d) -> (n,)
        count[0] += len(t)
        outside = np.any((t < t_low) | (t > t_high), axis=1)
        t = np.clip(t, t_low, t_high)
        columns = [axis.to_x(t[:, j]) for j, axis in enumerate(each)]
        with np.errstate(all="ignore"):
            value = np.asarray(f(*columns), dtype=np.float64)
        for j, axis in enumerate(each):
            value = value + axis.log_jacobian(t[:, j])
        if bool(np.any(value == np.inf)):
            raise ConvergenceError(f"the integrand is infinite at {columns[0][np.argmax(value)]!r}")
        return np.where(outside | np.isnan(value), -np.inf, value)

    drop = -np.log(rtol) + 9.0

    def log_look(t: Floats) -> Floats:
        return log_g(t, look or log_integrand)

    mode, seeds = _find_mode(log_look, each, drop)
    widths = _widths(log_look, mode, each)
    stretch = tuple(Stretch(axis, float(m), w) for axis, m, w in zip(each, mode, widths, strict=True))
    step = np.full(len(each), _STEP[len(each)])
    for _ in range(_ROUNDS):
        lattice = _lattice(log_g, stretch, step, seeds, drop, max_nodes)
        if lattice is None:
            break
        index, values = lattice
        log_evidence, error, coarse = _summed(index, values, step)
        wanting = (error > rtol / len(error)) | (coarse > 100 * rtol)
        if not wanting.any():
            return _result(index, values, step, stretch, log_evidence, float(error.sum()), count[0])
        one = wanting[: len(each)]
        step = np.where(one if one.any() else True, _SHRINK * step, step)
    raise ConvergenceError(
        f"the integral could not be had to a relative error of {rtol:g} with {max_nodes} points; "
        "the density has a jump, a pole or a ridge that the mapping does not smooth"
    )


def _find_mode(
    log_g: Callable[[Floats], Floats], axes: tuple[Axis, ...], drop: float
) -> tuple[Floats, Floats]:
    """Mode on the mapped lines, and every scanned point within ``drop`` of it (seeds of other modes)."""
    d = len(axes)
    grids = [axis.scan(_SCAN[d]) for axis in axes]
    t = np.array(list(product(*grids)))
    g = log_g(t)
    best = int(np.argmax(g))
    if not np.isfinite(g[best]):
        raise ConvergenceError("the integrand is zero or undefined wherever it was tried")
    mode, top = t[best], float(g[best])
    width = np.array([_spacing(grid, m) for grid, m in zip(grids, mode, strict=True)])
    reach = _ZOOM[d]
    offsets = np.array(list(product(range(-reach, reach + 1), repeat=d)), dtype=np.float64) / reach
    for _ in range(60):
        around = mode + offsets * width
        values = log_g(around)
        best = int(np.argmax(values))
        moved = values[best] > top
        if moved:
            mode, top = around[best], float(values[best])
        if not moved or float(np.max(np.abs(offsets[best]))) < 1:  # inside: narrow the net
            if float(np.nanmin(values)) > top - 1.0:
                break
            width = width / (2 if reach < 4 else 4)
    return mode, t[g > top - drop]


def _spacing(grid: Floats, at: float) -> float:
    """Distance from ``at``, a point of the grid, to its farther neighbour."""
    i = int(np.searchsorted(grid, at))
    return float(np.max(np.diff(grid[max(i - 1, 0) : i + 2])))


def _widths(log_g: Callable[[Floats], Floats], mode: Floats, axes: tuple[Axis, ...]) -> list[float]:
    """Scale of the stretch an axis: the smaller half-width where the log density has fallen by two."""
    reach = 0.005 * 1.6 ** np.arange(24)
    d = len(axes)
    lines = np.concatenate(
        [mode + side * reach[:, None] * np.eye(d)[j] for j in range(d) for side in (-1, 1)]
    )
    top = float(log_g(mode[None, :])[0])
    fallen = (log_g(lines) < top - 2.0).reshape(d, 2, len(reach))
    first = np.where(fallen.any(axis=2), fallen.argmax(axis=2), len(reach) - 1)
    return [float(w) for w in np.minimum(reach[first].min(axis=1), 2.0)]


def _lattice(
    log_g: Callable[[Floats], Floats],
    stretch: tuple[Stretch, ...],
    step: Floats,
    seeds: Floats,
    drop: float,
    max_nodes: int,
) -> tuple[Ints, Floats] | None:
    """Values on every lattice point that matters; None when there are too many of them."""
    low = np.array([int(np.ceil(s.u_low / h)) for s, h in zip(stretch, step, strict=True)])
    high = np.array([int(np.floor(s.u_high / h)) for s, h in zip(stretch, step, strict=True)])

    def evaluate(index: Ints) -> Floats:
        u = index * step
        t = np.stack([s.to_t(u[:, j]) for j, s in enumerate(stretch)], axis=1)
        jacobian = sum(s.log_jacobian(u[:, j]) for j, s in enumerate(stretch))
        return log_g(t) + jacobian

    if len(stretch) == 1:
        index = np.arange(low[0], high[0] + 1)[:, None]
        values = evaluate(index)
    else:
        start = np.stack([s.to_u(seeds[:, j]) for j, s in enumerate(stretch)], axis=1) / step
        start = np.vstack([np.zeros((1, len(stretch))), start])
        flooded = _flood(evaluate, np.rint(start).astype(np.int64), low, high, drop, max_nodes)
        if flooded is None:
            return None
        index, values = flooded
    edge = np.any((index == low) | (index == high), axis=1)
    if float(np.max(values[edge], initial=-np.inf)) > float(values.max()) - drop + 9.0:
        raise ConvergenceError(
            "the integral does not exist, or not within the range of doubles: the integrand does not vanish "
            "at the edge of its domain; an improper prior needs more data, or take a proper one"
        )
    return index, values


def _flood(
    evaluate: Callable[[Ints], Floats], start: Ints, low: Ints, high: Ints, drop: float, max_nodes: int
) -> tuple[Ints, Floats] | None:
    """Spread over the lattice from ``start`` for as long as the log integrand is within ``drop`` of its top."""
    shape = tuple(int(n) for n in high - low + 3)  # a rim one wide, so that neighbours never wrap round
    if np.prod(np.array(shape, dtype=float)) > _MAX_BOX:
        return None
    base = low - 1
    offsets = np.array([_code(np.array(o), shape) for o in product((-1, 0, 1), repeat=len(shape))])
    seen = np.ones(shape, dtype=bool)
    seen[(slice(1, -1),) * len(shape)] = False
    seen = seen.ravel()
    codes = np.unique(_code(np.clip(start, low, high) - base, shape))
    order, found, top, count = [], [], -np.inf, 0
    while len(codes):
        seen[codes] = True
        count += len(codes)
        if count > max_nodes:
            return None
        values = evaluate(np.stack(np.unravel_index(codes, shape), axis=1) + base)
        top = max(top, float(values.max()))
        order.append(codes)
        found.append(values)
        spread = (codes[values > top - drop][:, None] + offsets).ravel()
        codes = np.unique(spread[~seen[spread]])
    index = np.stack(np.unravel_index(np.concatenate(order), shape), axis=1) + base
    return index, np.concatenate(found)


def _code(index: Ints, shape: tuple[int, ...]) -> Any:
    """Place of lattice points in the flattened box; linear, so that it also takes differences."""
    strides = np.cumprod([1, *shape[:0:-1]])[::-1]
    return index @ strides


def _summed(index: Ints, values: Floats, step: Floats) -> tuple[float, Floats, Floats]:
    """Log integral, its extrapolated relative error an axis, and the error at twice the step an axis.

    Thinning an axis by two, four and eight gives the differences e2, e4, e8. The next halving gains at least the
    worse of the last two gains, whether convergence is algebraic (constant gain) or geometric (growing gain).
    """
    top = float(values.max())
    f = np.exp(values - top)
    total = float(f.sum())
    d = index.shape[1]
    ways = [[j] for j in range(d)] + ([list(range(d))] if d > 1 else [])  # each axis, and all at once
    e2, e4, e8 = np.array([_thinned(index[:, way], f / total) for way in ways]).T
    tiny = np.finfo(float).eps
    gain = np.maximum(e2 / np.maximum(e4, tiny), e4 / np.maximum(e8, tiny))
    error = _SAFETY[d] * e2 * np.minimum(1.0, gain) + 4 * tiny
    return top + float(np.log(total) + np.log(step).sum()), error, e2


def _thinned(index: Ints, share: Floats) -> list[float]:
    """Largest change of the sum between sublattices of steps 2 and 1, 4 and 2, 8 and 4."""
    d = index.shape[1]
    fine, changes = np.ones(1), []
    for stride in (2, 4, 8):
        shape = (stride,) * d
        coarse = np.bincount(_code(index % stride, shape), weights=share, minlength=stride**d) * stride**d
        cosets = np.stack(np.unravel_index(np.arange(stride**d), shape), axis=1) % (stride // 2)
        changes.append(float(np.max(np.abs(coarse - fine[_code(cosets, (stride // 2,) * d)]))))
        fine = coarse
    return changes


def _result(
    index: Ints,
    values: Floats,
    step: Floats,
    stretch: tuple[Stretch, ...],
    log_evidence: float,
    error: float,
    evaluations: int,
) -> Quadrature:
    weights = np.exp(values - values.max())
    weights /= weights.sum()
    keep = weights > _NEGLIGIBLE
    order = np.lexsort(index[keep].T[::-1])
    index, weights = index[keep][order], weights[keep][order]
    u = index * step
    nodes = np.stack([s.axis.to_x(s.to_t(u[:, j])) for j, s in enumerate(stretch)], axis=1)
    return Quadrature(
        nodes=nodes,
        weights=weights / weights.sum(),
        log_evidence=log_evidence,
        error=error,
        evaluations=evaluations,
        index=index,
        step=step,
        stretch=stretch,
    )
