"""Robust Bayesian model averaging over effect, heterogeneity and publication bias.

Maier, Bartoš & Wagenmakers (2023, doi:10.1037/met0000405); the ensemble of 36 is RoBMA-PSMA of Bartoš et al. (2023,
doi:10.1002/jrsm.1594). Every model's evidence is an integral with a stated error: no sampling.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np

from needlepoint.arrays import Bools, Floats
from needlepoint.bayes._ensemble_fit import ModelFit, fit_model
from needlepoint.bayes.averaged import Averaged
from needlepoint.bayes.critical_values import critical_values
from needlepoint.bayes.parse_prior import effect_prior, tau_prior
from needlepoint.bayes.prior_effect import EffectPrior, Normal, Point
from needlepoint.bayes.prior_tau import Fixed, InverseGamma, TauPrior
from needlepoint.bayes.publication_bias import PEESE, PET, Bias, NoBias, WeightFunction
from needlepoint.errors import InputError
from needlepoint.pooling.inputs import read
from needlepoint.pooling.refit import as_effects
from needlepoint.result import Result, digest, record

__all__ = [
    "PSMA_BIAS",
    "Model",
    "ModelAverage",
    "ModelEvidence",
    "averaged",
    "component",
    "ensemble",
    "robma",
]

# the nine bias models with the prior probabilities that appendix B of Bartoš et al. (2023) gives them
PSMA_BIAS: tuple[tuple[Bias, float], ...] = (
    (NoBias(), 1 / 2),
    (WeightFunction("two-sided", (0.05,)), 1 / 24),
    (WeightFunction("two-sided", (0.05, 0.1)), 1 / 24),
    (WeightFunction("one-sided", (0.05,)), 1 / 24),
    (WeightFunction("one-sided", (0.025, 0.05)), 1 / 24),
    (WeightFunction("one-sided", (0.05, 0.5)), 1 / 24),
    (WeightFunction("one-sided", (0.025, 0.05, 0.5)), 1 / 24),
    (PET(), 1 / 8),
    (PEESE(), 1 / 8),
)


@dataclass(frozen=True, slots=True)
class Model:
    """One model of an ensemble, with its prior weight (weights are made to sum to one).

    ``null`` names what counts as absent though its prior is no point: ("effect",) for an effect about zero.
    """

    effect: EffectPrior
    tau: TauPrior
    bias: Bias = field(default_factory=NoBias)
    weight: float = 1.0
    null: tuple[str, ...] = ()

    @property
    def has_effect(self) -> bool:
        """Whether there is an effect."""
        return not isinstance(self.effect, Point) and "effect" not in self.null

    @property
    def has_heterogeneity(self) -> bool:
        """Whether there is heterogeneity."""
        return not isinstance(self.tau, Fixed) and "heterogeneity" not in self.null

    @property
    def has_bias(self) -> bool:
        """Whether publication is biased."""
        return not isinstance(self.bias, NoBias)


def ensemble(
    effect: EffectPrior | str = Normal(0.0, 1.0),  # noqa: B008 - frozen value
    tau: TauPrior | str = InverseGamma(1.0, 0.15),  # noqa: B008 - frozen value
    bias: Iterable[tuple[Bias, float]] = PSMA_BIAS,
    *,
    null_effect: EffectPrior | str = Point(0.0),  # noqa: B008 - frozen value
    null_tau: TauPrior | str = Fixed(0.0),  # noqa: B008 - frozen value
    rescale: float = 1.0,
) -> tuple[Model, ...]:
    """Cross effect or none, heterogeneity or none, and models of bias with their weights: 36 by default.

    ``effect`` may be cut to one side ("normal(0, 1)[0, inf]"), ``null_effect`` be a narrow prior about zero.
    ``rescale`` multiplies the unit of all priors: 0.5 for Fisher's z, pi / sqrt(3) for log odds ratios, where the
    defaults are those of standardised mean differences.

    >>> len(ensemble()), round(sum(model.weight for model in ensemble()), 12)
    (36, 1.0)
    """
    if not (math.isfinite(rescale) and rescale > 0):
        raise InputError("a unit is positive and finite", field="rescale", got=rescale, allowed="> 0")
    effects = [(effect_prior(null_effect), ("effect",)), (effect_prior(effect), ())]
    taus = [(tau_prior(null_tau), ("heterogeneity",)), (tau_prior(tau), ())]
    return tuple(
        Model(e.scaled(rescale), t.scaled(rescale), b.scaled(rescale), 0.25 * w, (*no_effect, *no_tau))
        for e, no_effect in effects
        for t, no_tau in taus
        for b, w in bias
    )


@record
class ModelEvidence(Result):
    """One model: prior and posterior probability, log marginal likelihood with its error, means of its parameters."""

    effect: str
    heterogeneity: str
    bias: str
    prior_probability: float
    posterior_probability: float
    log_evidence: float
    error: float
    estimate: float
    tau: float
    bias_means: dict[str, float]


@record
class ModelAverage(Result):
    """Effect and heterogeneity averaged over an ensemble, and what speaks for each component.

    ``p_`` are posterior probabilities of an effect, of heterogeneity and of publication bias, ``bf_`` the inclusion
    Bayes factors (None where the ensemble has no choice). ``estimate`` and ``tau`` average over all models, spikes
    at zero included; ``conditional_`` over the models with an effect. ``bias_means`` are averages over all models too:
    relative chances of publication by one-sided p-value (one where there is no selection), slopes of PET and PEESE
    (zero where absent). ``error`` is the largest of the models'.
    """

    measure: str
    method: str
    level: float
    k: int
    estimate: float
    se: float
    median: float
    ci_low: float
    ci_high: float
    tau: float
    tau2: float
    tau_low: float
    tau_high: float
    conditional_estimate: float | None
    conditional_ci_low: float | None
    conditional_ci_high: float | None
    p_effect: float
    p_heterogeneity: float
    p_bias: float
    bf_effect: float | None
    bf_heterogeneity: float | None
    bf_bias: float | None
    bias_means: dict[str, float]
    error: float
    models: tuple[ModelEvidence, ...]
    input_digest: str
    effect: Averaged = field(repr=False)
    conditional_effect: Averaged | None = field(repr=False)
    heterogeneity: Averaged = field(repr=False)

    def tidy(self) -> list[dict[str, Any]]:
        """One row a model."""
        rows = [model.to_dict() for model in self.models]
        return [{key: v for key, v in row.items() if key not in {"notes", "bias_means"}} for row in rows]

    def summary(self) -> str:
        """Text for people."""
        robust = "Robust Bayesian" if self.bf_bias is not None else "Bayesian"
        lines = [f"{robust} model average of {len(self.models)} models, k = {self.k}, {self.measure}", ""]
        for name in ("effect", "heterogeneity", "bias"):
            factor = getattr(self, f"bf_{name}")
            if name == "bias" and factor is None:
                continue
            shown = "" if factor is None else f"  inclusion BF {factor:.4g}"
            lines.append(f"P({name:<13} | data) {getattr(self, f'p_{name}'):.4f}{shown}")
        percent = f"{100 * self.level:g}%"
        lines += [
            "",
            f"effect {self.estimate:.4f}  {percent} [{self.ci_low:.4f}, {self.ci_high:.4f}]  (zero included)",
        ]
        if self.conditional_estimate is not None:
            lines.append(
                f"   given an effect {self.conditional_estimate:.4f}  {percent} "
                f"[{self.conditional_ci_low:.4f}, {self.conditional_ci_high:.4f}]"
            )
        lines.append(f"tau    {self.tau:.4f}  {percent} [{self.tau_low:.4f}, {self.tau_high:.4f}]")
        lines += [f"{name:<20} {mean:.4f}" for name, mean in self.bias_means.items()]
        return "\n".join([*lines, *self.notes])


def robma(
    effects: Any = None,
    *,
    yi: Any = None,
    vi: Any = None,
    sei: Any = None,
    data: Any = None,
    study: Any = None,
    models: Sequence[Model] | None = None,
    favours: str = "positive",
    critical: str = "z",
    level: float = 0.95,
    measure: str | None = None,
) -> ModelAverage:
    """Robust Bayesian model-averaged meta-analysis, by quadrature.

    Parameters
    ----------
    models
        The ensemble: by default :func:`ensemble`, the 36 models of RoBMA-PSMA, whose priors are made for
        standardised mean differences; build others with ``ensemble(effect=..., tau=..., bias=...)`` or one by one.
    favours
        Sign of the effects that journals would have favoured: "positive" or "negative".
    critical
        Whose p-values select: "z", of the estimate over its standard error (as RoBMA 4, metafor and weightr do), or
        "t", of a t-test of two groups on Cohen's d, carried to the scale of the estimates (RoBMA 2 and 3).

    Raises
    ------
    InputError
        A value that cannot be used.
    ConvergenceError
        A model whose evidence cannot be had to its error.

    Examples
    --------
    >>> result = robma(yi=[0.4, 0.35, 0.6, 0.1], vi=[0.04, 0.03, 0.09, 0.01], measure="SMD")
    >>> len(result.models), round(result.p_effect, 3)
    (36, 0.238)
    """
    if favours not in {"positive", "negative"}:
        raise InputError("unknown side", field="favours", got=favours, allowed="positive, negative")
    inputs = read(as_effects(effects), yi, vi, sei, data, study, measure=measure)
    chosen = ensemble() if models is None else tuple(models)
    if not chosen or any(m.weight < 0 for m in chosen) or sum(m.weight for m in chosen) <= 0:
        raise InputError("an ensemble needs models whose weights are not negative", field="models")
    _need_proper(chosen)
    sign = 1.0 if favours == "positive" else -1.0
    rule = critical_values(critical, inputs.measure)
    fits = [fit_model(m.effect, m.tau, m.bias, inputs.yi, inputs.vi, sign, rule) for m in chosen]
    notes = list(inputs.notes)
    if models is None and inputs.measure not in {"SMD", "SMDH", "GEN"}:
        notes.append(
            "the default priors are made for standardised mean differences: give models=ensemble(...)"
        )
    mark = digest(inputs.yi, inputs.vi, chosen, favours, critical)
    return averaged(chosen, fits, level, inputs.measure, len(inputs.yi), notes, mark)


def _need_proper(models: Sequence[Model]) -> None:
    for m in models:
        if not (m.effect.proper and m.tau.proper):
            raise InputError(
                "model averaging needs proper priors", field="models", got=f"{m.effect}, {m.tau}"
            )


def averaged(
    models: Sequence[Model],
    fits: Sequence[ModelFit],
    level: float,
    measure: str,
    k: int,
    notes: list[str],
    mark: str,
    method: str = "RoBMA",
) -> ModelAverage:
    """What the fits of the models say together."""
    prior = np.array([m.weight for m in models])
    prior = prior / prior.sum()
    log_joint = np.log(np.maximum(prior, 1e-300)) + np.array([f.log_evidence for f in fits])
    posterior = np.exp(log_joint - np.logaddexp.reduce(log_joint))
    effect = Averaged(posterior, tuple(f.effect for f in fits))
    tau = Averaged(posterior, tuple(f.tau for f in fits))
    low, median, high = (float(q) for q in effect.quantile([(1 - level) / 2, 0.5, (1 + level) / 2]))
    tau_low, tau_high = tau.interval(level)
    conditional = _conditional(models, fits, posterior)
    inner = (None, None) if conditional is None else conditional.interval(level)
    effect_odds, tau_odds, bias_odds = (
        component(prior, posterior, np.array([is_in(m) for m in models])) for is_in in _COMPONENTS
    )
    return ModelAverage(
        notes=tuple(notes),
        measure=measure,
        method=method,
        level=level,
        k=k,
        estimate=effect.mean,
        se=effect.sd,
        median=median,
        ci_low=low,
        ci_high=high,
        tau=tau.mean,
        tau2=tau.mean**2,
        tau_low=tau_low,
        tau_high=tau_high,
        conditional_estimate=None if conditional is None else conditional.mean,
        conditional_ci_low=inner[0],
        conditional_ci_high=inner[1],
        p_effect=effect_odds[0],
        p_heterogeneity=tau_odds[0],
        p_bias=bias_odds[0],
        bf_effect=effect_odds[1],
        bf_heterogeneity=tau_odds[1],
        bf_bias=bias_odds[1],
        bias_means=_bias_means(models, fits, posterior),
        error=max(f.error for f in fits),
        models=tuple(
            _evidence(m, f, float(p), float(q))
            for m, f, p, q in zip(models, fits, prior, posterior, strict=True)
        ),
        input_digest=mark,
        effect=effect,
        conditional_effect=conditional,
        heterogeneity=tau,
    )


_COMPONENTS: tuple[Callable[[Model], bool], ...] = (
    lambda m: m.has_effect,
    lambda m: m.has_heterogeneity,
    lambda m: m.has_bias,
)


def component(prior: Floats, posterior: Floats, is_in: Bools) -> tuple[float, float | None]:
    """Posterior probability of a component and its inclusion Bayes factor, None without a choice."""
    p = float(posterior[is_in].sum())
    before, without = float(prior[is_in].sum()), float(posterior[~is_in].sum())
    if not 0.0 < before < 1.0:
        return p, None
    return p, (p / without if without > 0 else math.inf) / (before / (1.0 - before))


def _conditional(models: Sequence[Model], fits: Sequence[ModelFit], posterior: Floats) -> Averaged | None:
    """The effect averaged over the models that have one."""
    at = [i for i, m in enumerate(models) if m.has_effect]
    total = float(posterior[at].sum())
    return Averaged(posterior[at] / total, tuple(fits[i].effect for i in at)) if at and total > 0 else None


def _bias_means(models: Sequence[Model], fits: Sequence[ModelFit], posterior: Floats) -> dict[str, float]:
    """Means of what the models of bias share: chances of publication between all their steps, and slopes."""
    functions = [m.bias for m in models if isinstance(m.bias, WeightFunction)]
    ends = [0.0, *sorted({step for f in functions for step in f.one_sided_steps}), 1.0]
    means: dict[str, float] = {}
    for low, high in pairwise(ends) if functions else ():
        chances = [
            list(f.bias.values())[m.bias.interval_at((low + high) / 2)]
            if isinstance(m.bias, WeightFunction)
            else 1.0
            for m, f in zip(models, fits, strict=True)
        ]
        means[f"omega[{low:g}, {high:g}]"] = float(posterior @ chances)
    for kind in (PET, PEESE):
        if any(isinstance(m.bias, kind) for m in models):
            slopes = [
                f.bias.get(m.bias.label, 0.0) if isinstance(m.bias, kind) else 0.0
                for m, f in zip(models, fits, strict=True)
            ]
            means[kind().label] = float(posterior @ slopes)
    return means


def _evidence(model: Model, fit: ModelFit, prior: float, posterior: float) -> ModelEvidence:
    return ModelEvidence(
        effect="none" if model.effect == Point(0.0) else str(model.effect),
        heterogeneity="none" if model.tau == Fixed(0.0) else str(model.tau),
        bias=model.bias.label,
        prior_probability=prior,
        posterior_probability=posterior,
        log_evidence=fit.log_evidence,
        error=fit.error,
        estimate=Averaged(np.ones(1), (fit.effect,)).mean,
        tau=Averaged(np.ones(1), (fit.tau,)).mean,
        bias_means=fit.bias,
    )
