"""One model of an ensemble: effect or none, heterogeneity or none, and a model of publication bias."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from needlepoint.bayes._fit import Fit, posterior_of
from needlepoint.bayes._normal_normal import Gaussian, update
from needlepoint.bayes._selection import Selection
from needlepoint.bayes._selection_interpolated import InterpolatedSelection
from needlepoint.bayes.critical_values import Critical, z_values
from needlepoint.bayes.joint_prior import JointPrior
from needlepoint.bayes.prior_effect import EffectPrior, Point, Truncated
from needlepoint.bayes.prior_tau import Fixed, TauPrior
from needlepoint.bayes.publication_bias import PEESE, PET, Bias, WeightFunction
from needlepoint.bayes.truncated_mixture import TruncatedMixture, log_between
from needlepoint.errors import ConvergenceError
from needlepoint.stats.quadrature import Quadrature, integrate
from needlepoint.stats.quadrature_axes import Axis, HalfLine, Interval, Positive, Real

if TYPE_CHECKING:
    from needlepoint.arrays import Floats


__all__ = ["ModelFit", "fit_gaussian", "fit_model"]

AnySelection: TypeAlias = Selection | InterpolatedSelection

_LOG_2PI = math.log(2.0 * math.pi)
_RTOL = 1e-4  # of models whose selection weights are integrated too
# rules to try for the weights: points a ratio and power, by the number of ratios
_RULES: dict[int, tuple[tuple[int, int], ...]] = {
    1: ((32, 1), (48, 4), (96, 4), (192, 4)),
    2: ((10, 1), (14, 1), (18, 1), (20, 3), (30, 4), (44, 4), (64, 4)),
    3: ((8, 1), (11, 1), (14, 1), (14, 3), (18, 4), (24, 4), (32, 4), (44, 4)),
}
_INNER_SAFETY = 3.0
_SAMPLE = 30  # nodes at which the error of the weights is looked at
_LARGE = 150_000  # points of weights times studies above which a rule is interpolated over effect and tau
_COARSE = 6  # points a ratio of the rule that shows where the posterior lies
_POINTS = {1: (20,), 2: (22, 32)}  # of interpolation, by the number of free parameters
_LOOKS = 5  # nodes at which light points of weights are looked for, before the others
_HEAVY = 1e-6  # of the heaviest node: lighter ones do not tell where the posterior lies
_LOOK = 5  # points a ratio of weights while looking for the mode


@dataclass(frozen=True, slots=True)
class ModelFit:
    """Evidence with its error, and the posteriors of effect, tau and bias: a distribution, or a number if known."""

    log_evidence: float
    error: float
    effect: Any
    tau: Any
    bias: dict[str, float]  # posterior means of the bias model's own parameters


def fit_model(
    effect: EffectPrior,
    tau: TauPrior,
    bias: Bias,
    yi: Floats,
    vi: Floats,
    sign: float = 1.0,
    critical: Critical = z_values,
) -> ModelFit:
    """Evidence and posterior of one model; ``sign`` is that of the results which publication would favour.

    ``critical`` gives the critical values of selection by p-value.

    Raises
    ------
    ConvergenceError
        The error stays too large.
    """
    if isinstance(bias, WeightFunction):
        return _Selected(effect, tau, bias, yi, vi, critical(bias.tails, yi, vi), sign).fit()
    known = effect.value if isinstance(effect, Point) else None
    cut = effect if isinstance(effect, Truncated) else None
    free = () if known is not None else (cut.prior if cut else effect,)
    X = np.ones((len(yi), len(free)))
    found, means = fit_gaussian(free, tau, bias, yi - (known or 0.0), vi, X, sign, cut)
    return _dressed(found, effect, tau, means)


def fit_gaussian(
    coefficients: tuple[EffectPrior, ...],
    tau: TauPrior,
    bias: Bias,
    y: Floats,
    vi: Floats,
    X: Floats,
    sign: float = 1.0,
    cut: Truncated | None = None,
) -> tuple[Fit, dict[str, float]]:
    """A model that is Gaussian given tau and the slope of PET or PEESE; and the mean of that slope.

    ``X`` (k, p) has a column a coefficient; the first may be cut as ``cut`` says, whose own prior it then has.
    """
    joint = JointPrior(tau, coefficients, vi)
    if not isinstance(bias, PET | PEESE):
        found = posterior_of(
            lambda *s: _cut(update(joint(*s), y, vi, X, joint.tau_at(s)), cut), joint.axes, joint.tau_at
        )
        return found, {}
    z = sign * bias.regressor(vi)

    def state(*scales: Floats) -> Gaussian:
        *own, beta = scales
        prior = joint(*own) if joint.axes else _repeated(joint(), len(beta))
        at = joint.tau_at(own) if joint.axes else joint.tau_at((beta,))
        g = _cut(update(prior, y - beta[:, None] * z, vi, X, at), cut)
        log_weight = g.log_weight + bias.slope.log_density(beta, vi)[:, None]
        return Gaussian(log_weight, g.mean, g.precision, g.log_norm)

    def tau_at(scales: Sequence[Floats]) -> Floats:
        return joint.tau_at(scales[:-1] if joint.axes else scales)

    scale = float(np.median(np.sqrt(vi)) / np.median(np.abs(z)))
    found = posterior_of(state, (*joint.axes, Positive(scale)), tau_at)
    assert found.quadrature is not None
    return found, {bias.label: found.quadrature.marginal(len(joint.axes)).mean()}


def _repeated(g: Gaussian, n: int) -> Gaussian:
    return Gaussian(*(np.repeat(a, n, axis=0) for a in (g.log_weight, g.mean, g.precision, g.log_norm)))


def _cut(g: Gaussian, prior: Truncated | None) -> Gaussian:
    """Weigh each normal by the probability that it leaves to the interval of the prior."""
    if prior is None:
        return g
    mean, root = g.mean[..., 0], np.sqrt(g.precision[..., 0, 0])
    left = log_between((prior.low - mean) * root, (prior.high - mean) * root)
    return Gaussian(g.log_weight + left - math.log(prior.mass), g.mean, g.precision, g.log_norm)


def _dressed(found: Fit, prior: EffectPrior, tau: TauPrior, bias: dict[str, float]) -> ModelFit:
    effect: Any = prior.value if isinstance(prior, Point) else found.along(np.ones(1))
    if isinstance(prior, Truncated):
        effect = TruncatedMixture(effect.weights, effect.means, effect.sds, prior.low, prior.high)
    scale: Any = tau.tau if isinstance(tau, Fixed) else None
    if scale is None and found.quadrature is not None:
        scale = found.quadrature.marginal(0)
    return ModelFit(found.log_evidence, found.error, effect, scale, bias)


@dataclass(frozen=True, slots=True)
class _Selected:
    """A selection model: the effect is no longer normal given tau, so that it is integrated on the lattice."""

    effect: EffectPrior
    tau: TauPrior
    bias: WeightFunction
    yi: Floats
    vi: Floats
    cuts: Floats
    sign: float

    def fit(self) -> ModelFit:
        """More points a ratio of weights until their own error is small at the heaviest nodes."""
        rules = _RULES[len(self.bias.steps)]
        for rule in rules:
            fine = self._selection(*rule)
            if rule != rules[-1] and self._inner_error(fine, rule, *self._pilot(), np.ones(3)) > _RTOL / 4:
                continue
            for used in self._ways(fine):
                found, nodes, weights = self._with(used)
                inner = self._inner_error(used, rule, *_sample(nodes, weights))
                inner += self._unseen(used, nodes, weights)
                if inner <= _RTOL:
                    omega = used.mean_weights(self.sign * nodes[0], nodes[1], weights)
                    return ModelFit(
                        found[0], found[1] + inner, *self._marginals(found[2]), self._named(omega)
                    )
        raise ConvergenceError(
            f"the weights of the selection model ({self.bias.label}) cannot be integrated to {_RTOL:g}"
        )

    def _selection(self, n: int, power: int = 1) -> Selection:
        return Selection.of(self.bias, self.sign * self.yi, self.vi, self.cuts, n, power)

    def _ways(self, fine: Selection) -> Iterator[AnySelection]:
        """The rule interpolated where it is large, with few points and with more, then the rule itself."""
        if len(fine.omega) * len(self.vi) > _LARGE and self._axes():
            coarse = self._selection(_COARSE)
            _, (mu, tau), weights = self._with(coarse)
            heavy = weights > _HEAVY * weights.max()
            free = not isinstance(self.effect, Point), not isinstance(self.tau, Fixed)
            for n in _POINTS[sum(free)]:
                yield InterpolatedSelection.of(fine, self.sign * mu[heavy], tau[heavy], free, n)
        yield fine

    def _unseen(self, used: AnySelection, nodes: tuple[Floats, Floats], weights: Floats) -> float:
        """Share of the posterior that lies where an interpolated rule was not looked at."""
        if isinstance(used, Selection):
            return 0.0
        return float(weights[~used.covers(self.sign * nodes[0], nodes[1])].sum())

    def _with(
        self, fine: AnySelection
    ) -> tuple[tuple[float, float, Quadrature | None], tuple[Floats, Floats], Floats]:
        """Evidence, error and quadrature; the nodes (effect, tau) and their weights."""
        axes = self._axes()
        if not axes:
            nodes = self._unpacked(())
            return (float(self._log_f(fine, *nodes)[0]), 0.0, None), nodes, np.ones(1)
        coarse = self._selection(_LOOK)
        quadrature = integrate(
            lambda *scales: self._log_f(fine, *self._unpacked(scales)),
            axes,
            rtol=_RTOL,
            look=lambda *scales: self._log_f(coarse, *self._unpacked(scales)),
        )
        nodes = self._unpacked(tuple(quadrature.nodes.T))
        return (quadrature.log_evidence, quadrature.error, quadrature), nodes, quadrature.weights

    def _pilot(self) -> tuple[Floats, Floats]:
        """Plausible values of effect and tau to try the number of points at."""
        centre, scale = self._about()
        mu = np.array([0.0, centre, centre - 2 * scale])
        spread = float(np.sqrt(np.mean(self.vi)))
        return self._unpacked_like(mu, np.array([spread, spread / 4, spread / 2]))

    def _unpacked_like(self, mu: Floats, tau: Floats) -> tuple[Floats, Floats]:
        mu = np.full(len(mu), self.effect.value) if isinstance(self.effect, Point) else mu
        mu = np.clip(mu, self.effect.low, self.effect.high) if isinstance(self.effect, Truncated) else mu
        return mu, np.full(len(tau), self.tau.tau) if isinstance(self.tau, Fixed) else tau

    def _named(self, omega: Floats) -> dict[str, float]:
        ends = (0.0, *self.bias.steps, 1.0)
        labels = [f"omega[{low:g}, {high:g}]" for low, high in pairwise(ends)]
        return dict(zip(labels, omega.tolist(), strict=True))

    def _axes(self) -> tuple[Axis, ...]:
        mu = () if isinstance(self.effect, Point) else (self._effect_axis(),)
        return mu if isinstance(self.tau, Fixed) else (*mu, self.tau.axis(self.vi))

    def _about(self) -> tuple[float, float]:
        """Where the effect is without selection, and how wide."""
        w = 1.0 / (self.vi + self.vi.mean())
        return float(w @ self.yi / w.sum()), float(1.0 / np.sqrt(w.sum()))

    def _effect_axis(self) -> Axis:
        centre, scale = self._about()
        if not isinstance(self.effect, Truncated):
            return Real(centre, scale)
        low, high = self.effect.low, self.effect.high
        if math.isfinite(low) and math.isfinite(high):
            return Interval(low, high)
        return HalfLine(low, scale) if math.isfinite(low) else HalfLine(high, scale, -1.0)

    def _unpacked(self, scales: Sequence[Floats]) -> tuple[Floats, Floats]:
        left = list(scales)
        n = len(left[0]) if left else 1
        mu = np.full(n, self.effect.value) if isinstance(self.effect, Point) else left.pop(0)
        tau = np.full(n, self.tau.tau) if isinstance(self.tau, Fixed) else left.pop(0)
        return mu, tau

    def _log_f(self, selection: AnySelection, mu: Floats, tau: Floats) -> Floats:
        variance = self.vi + (tau**2)[:, None]
        square = (self.yi - mu[:, None]) ** 2 / variance
        value = -0.5 * (square + np.log(variance) + _LOG_2PI).sum(axis=1)
        if not isinstance(self.effect, Point):
            value = value + self.effect.log_density(mu)
        if not isinstance(self.tau, Fixed):
            value = value + self.tau.log_density(tau, self.vi)
        near = value > np.max(value) - 200.0  # far away the selection factor cannot bring the product back
        value[near] += selection.log_factor(self.sign * mu[near], tau[near])
        value[~near] = -np.inf
        return value

    def _inner_error(
        self, fine: AnySelection, rule: tuple[int, int], mu: Floats, tau: Floats, weights: Floats
    ) -> float:
        """Relative error of the integral over the weights, averaged over nodes, by comparison with more points."""
        more = self._selection(rule[0] + 4, rule[1])
        mu = self.sign * mu
        if len(mu) > _LOOKS and len(more.omega) * len(self.vi) > _LARGE:
            spread = slice(None, None, len(mu) // _LOOKS)
            more = more.without_light(mu[spread], tau[spread])
        gap = np.abs(np.expm1(fine.log_factor(mu, tau) - more.log_factor(mu, tau)))
        return _INNER_SAFETY * float(weights @ gap / weights.sum())

    def _marginals(self, quadrature: Quadrature | None) -> tuple[Any, Any]:
        known_mu, known_tau = isinstance(self.effect, Point), isinstance(self.tau, Fixed)
        mu = self.effect.value if isinstance(self.effect, Point) else None
        tau = self.tau.tau if isinstance(self.tau, Fixed) else None
        if quadrature is not None:
            mu = mu if known_mu else quadrature.marginal(0)
            tau = tau if known_tau else quadrature.marginal(0 if known_mu else 1)
        return mu, tau


def _sample(nodes: tuple[Floats, Floats], weights: Floats) -> tuple[Floats, Floats, Floats]:
    """Some thirty nodes, spread evenly over those that hold nearly all of the mass."""
    order = np.argsort(weights)[::-1]
    order = order[: int(np.searchsorted(np.cumsum(weights[order]), 0.999)) + 1]
    at = order[:: max(1, len(order) // _SAMPLE)]
    return nodes[0][at], nodes[1][at], weights[at]
