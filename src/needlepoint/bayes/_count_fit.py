"""Evidence and posterior of one model of counts: effect and tau on a lattice, or one of them, or none."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from needlepoint.arrays import Floats
from needlepoint.bayes._count_likelihood import CountLikelihood, Kernel, exact_kernel, kernel_of
from needlepoint.bayes.prior_effect import EffectPrior, Point
from needlepoint.bayes.prior_tau import Fixed, TauPrior
from needlepoint.errors import ConvergenceError, InputError
from needlepoint.pooling.counts.counts import CountTables, possible_tables, refuse_parts
from needlepoint.stats.quadrature import Quadrature, integrate
from needlepoint.stats.quadrature_axes import Axis, Real

if TYPE_CHECKING:
    from collections.abc import Sequence


__all__ = ["fit_common_counts", "fit_counts", "refuse_uncountable"]

_RTOL = 1e-5
_POINTS = (12, 20, 32, 50)  # Hermite points a study
_LOOK = 5  # while looking for the mode


_MOST_TABLES = 500_000  # that the margins allow, over all studies


def refuse_uncountable(counts: CountTables, measure: str) -> None:
    """Refuse counts whose likelihood cannot be summed.

    Raises
    ------
    InputError
        Odds ratios of parts of an event, or of so many events that the exact likelihood is out of reach.
    """
    if measure != "OR":
        return
    refuse_parts(counts, "the exact likelihood of odds ratios")
    tables = possible_tables(counts.cells)
    if tables > _MOST_TABLES:
        raise InputError(
            "too many possible tables for the exact likelihood",
            field="ai, ci",
            got=f"{tables:.0f}",
            allowed=f"up to {_MOST_TABLES:,}",
            mend='posterior(effect_sizes(..., measure="OR")) agrees with it at such counts',
        )


def fit_counts(
    counts: CountTables, measure: str, effect: EffectPrior, tau: TauPrior
) -> tuple[Quadrature, float]:
    """Integrate over tau, and over the effect unless it is a point; by the formula should a table not reach."""
    yi, vi = np.asarray(counts.yi), np.asarray(counts.vi)
    for kernel in (kernel_of(measure, counts.cells, yi, vi), exact_kernel(measure, counts.cells)):
        found = _integrated(kernel, yi, vi, effect, tau)
        if found is not None:
            return found
    raise ConvergenceError("the posterior lies beyond all that can be computed with doubles")


def fit_common_counts(
    counts: CountTables, measure: str, effect: EffectPrior
) -> tuple[float, float, Quadrature | None]:
    """Log evidence, its error and the posterior of the effect, where all studies share it (tau zero)."""
    yi, vi = np.asarray(counts.yi), np.asarray(counts.vi)
    for kernel in (kernel_of(measure, counts.cells, yi, vi), exact_kernel(measure, counts.cells)):
        found = _common(kernel, yi, vi, effect)
        if found is not None:
            return found
    raise ConvergenceError("the posterior lies beyond all that can be computed with doubles")


def _common(
    kernel: Kernel, yi: Floats, vi: Floats, effect: EffectPrior
) -> tuple[float, float, Quadrature | None] | None:
    """One kernel's answer; None where it is not exact."""

    def log_likelihood(mu: Floats) -> Floats:
        parts = [mu[i : i + kernel.chunk] for i in range(0, len(mu), kernel.chunk)]
        each = [kernel.log_likelihood(np.broadcast_to(m, (len(yi), len(m)))).sum(axis=0) for m in parts]
        return np.concatenate(each) + kernel.constant

    if isinstance(effect, Point):
        inside = kernel.low < effect.value < kernel.high
        return (float(log_likelihood(np.array([effect.value]))[0]), 0.0, None) if inside else None
    found = integrate(lambda mu: log_likelihood(mu) + effect.log_density(mu), _effect_axis(yi, vi, 0.0))
    mu = found.nodes[found.weights > 1e-12, 0]
    return (
        (found.log_evidence, found.error, found) if kernel.low < mu.min() <= mu.max() < kernel.high else None
    )


def _effect_axis(yi: Floats, vi: Floats, between: float) -> Real:
    w = 1.0 / (vi + between)
    return Real(float(w @ yi / w.sum()), float(1.0 / np.sqrt(w.sum())))


def _integrated(
    kernel: Kernel, yi: Floats, vi: Floats, effect: EffectPrior, tau: TauPrior
) -> tuple[Quadrature, float] | None:
    """Posterior and error, with more Hermite points until their own error is small at the heaviest nodes.

    None where the kernel is not exact at all of these.
    """
    if isinstance(tau, Fixed):
        raise InputError("tau must be free here", field="prior_tau", got=tau)
    known = effect.value if isinstance(effect, Point) else None
    axes: tuple[Axis, ...] = (tau.axis(vi),)
    axes = axes if known is not None else (_effect_axis(yi, vi, float(vi.mean())), *axes)

    def unpacked(scales: Sequence[Floats]) -> tuple[Floats, Floats]:
        t = scales[-1]
        return (scales[0] if known is None else np.full(len(t), known)), t

    def joint(likelihood: CountLikelihood, scales: Sequence[Floats]) -> Floats:
        mu, t = unpacked(scales)
        prior = tau.log_density(t, vi) + (effect.log_density(mu) if known is None else 0.0)
        return likelihood(mu, t) + prior

    look = CountLikelihood(kernel, yi, vi, _LOOK)
    for n, more in pairwise(_POINTS):
        fine = CountLikelihood(kernel, yi, vi, n)
        found = integrate(lambda *s, f=fine: joint(f, s), axes, rtol=_RTOL, look=lambda *s: joint(look, s))
        order = np.argsort(found.weights)[::-1]
        order = order[: int(np.searchsorted(np.cumsum(found.weights[order]), 0.999)) + 1]
        if not fine.covered(*unpacked(tuple(found.nodes[order].T))):
            return None
        at = order[:: max(1, len(order) // 60)]
        mu, t = unpacked(tuple(found.nodes[at].T))
        gap = np.abs(np.expm1(fine(mu, t) - CountLikelihood(kernel, yi, vi, more)(mu, t)))
        inner = 3.0 * float(found.weights[at] @ gap / found.weights[at].sum())
        if inner <= 5 * _RTOL:
            return found, found.error + inner
    raise ConvergenceError("the studies' own effects cannot be integrated to the error wanted")
