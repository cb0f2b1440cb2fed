"""The joint prior of all unknowns, as the quadrature takes it: scales outside, a Gaussian inside."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from needlepoint.bayes._normal_normal import Gaussian
from needlepoint.bayes.prior_effect import EffectPrior, Flat, Normal, NormalMixture, StudentT, Truncated
from needlepoint.bayes.prior_tau import Fixed, TauPrior
from needlepoint.errors import InputError
from needlepoint.stats.quadrature_axes import Axis, Positive

if TYPE_CHECKING:
    from needlepoint.arrays import Floats


__all__ = ["JointPrior", "joint_prior"]

_LOG_2PI = float(np.log(2.0 * np.pi))


@dataclass(frozen=True, slots=True)
class JointPrior:
    """Independent priors of tau and of p coefficients; ``axes`` are the scales left to integrate over."""

    tau: TauPrior
    coefficients: tuple[EffectPrior, ...]
    vi: Floats

    @property
    def axes(self) -> tuple[Axis, ...]:
        """Tau unless known, and the mixing precision of each t prior."""
        scales = () if isinstance(self.tau, Fixed) else (self.tau.axis(self.vi),)
        mixing = [Positive() for prior in self.coefficients if isinstance(prior, StudentT)]
        return (*scales, *mixing)

    @property
    def proper(self) -> bool:
        """Whether every part integrates to one."""
        return self.tau.proper and all(prior.proper for prior in self.coefficients)

    def __call__(self, *scales: Floats) -> Gaussian:
        """The Gaussian at n values of the scales, weighted by their prior density."""
        tau = self.tau_at(scales)
        n = len(tau)
        mixing = list(scales if isinstance(self.tau, Fixed) else scales[1:])
        log_scale = np.zeros(n) if isinstance(self.tau, Fixed) else self.tau.log_density(tau, self.vi)
        parts: list[list[tuple[float, Floats, Floats]]] = []  # a coefficient: (log weight, mean, precision)
        for prior in self.coefficients:
            if isinstance(prior, StudentT):
                precision = mixing.pop(0)
                log_scale = log_scale + prior.log_mixing(precision)
                parts.append([(0.0, np.full(n, prior.mean), precision / prior.scale**2)])
            else:
                parts.append([(w, np.full(n, m), np.full(n, h)) for w, m, h in _normals(prior)])
        return _assemble(parts, log_scale)

    def tau_at(self, scales: Sequence[Floats]) -> Floats:
        """Tau at the nodes: the first scale, or the known value."""
        if isinstance(self.tau, Fixed):
            return np.full(len(scales[0]) if scales else 1, self.tau.tau)
        return scales[0]


def _normals(prior: EffectPrior) -> list[tuple[float, float, float]]:
    """Components of a prior as (log weight, mean, precision)."""
    if isinstance(prior, Flat):
        return [(0.0, 0.0, 0.0)]
    if isinstance(prior, Normal):
        return [(0.0, prior.mean, prior.sd**-2)]
    if isinstance(prior, NormalMixture):
        rows = zip(prior.weights, prior.means, prior.sds, strict=True)
        return [(float(np.log(w)), m, s**-2) for w, m, s in rows if w > 0]
    if isinstance(prior, Truncated):
        raise InputError(
            "a prior that is cut is for models of one effect in an ensemble",
            field="prior_effect",
            got=prior,
            mend="take robma(models=[Model(...)]), or bayes_factor(side=) with the prior whole",
        )
    raise InputError("this prior is not one of coefficients", field="prior_effect", got=prior)


def _assemble(parts: list[list[tuple[float, Floats, Floats]]], log_scale: Floats) -> Gaussian:
    """Cross the components of the coefficients into weighted joint normals."""
    crossed: list[tuple[float, list[Floats], list[Floats]]] = [(0.0, [], [])]
    for choices in parts:
        crossed = [(w + v, [*ms, m], [*hs, h]) for w, ms, hs in crossed for v, m, h in choices]
    n, c, p = len(log_scale), len(crossed), len(parts)
    mean, precision = np.empty((n, c, p)), np.zeros((n, c, p, p))
    for i, (_, ms, hs) in enumerate(crossed):
        for j in range(p):
            mean[:, i, j], precision[:, i, j, j] = ms[j], hs[j]
    diagonal = np.einsum("ncjj->ncj", precision)
    with np.errstate(divide="ignore"):
        log_norm = np.where(diagonal > 0, 0.5 * (np.log(diagonal) - _LOG_2PI), 0.0).sum(axis=2)
    log_weight = log_scale[:, None] + np.array([w for w, _, _ in crossed])
    return Gaussian(log_weight, mean, precision, log_norm)


def joint_prior(
    tau: TauPrior, effect: EffectPrior, others: EffectPrior | Sequence[EffectPrior], p: int, vi: Floats
) -> JointPrior:
    """Spread priors over p coefficients: the first has ``effect``, the rest ``others`` (one for all, or one each)."""
    rest = tuple(others) if not isinstance(others, EffectPrior) else (others,) * (p - 1)
    if len(rest) != p - 1:
        raise InputError(
            "one prior a moderator coefficient is needed", field="prior_mods", got=len(rest), allowed=p - 1
        )
    return JointPrior(tau, (effect, *rest), vi)
