"""Which moderators matter? Meta-regression averaged over every subset of them, effect or none, heterogeneity or none.

Robust Bayesian meta-regression as in Bartoš, Maier, Stanley & Wagenmakers (2025, doi:10.1037/met0000737), computed:
every model's evidence is an integral over tau at most, so that all models are fitted and none is sampled.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import compress, product
from typing import Any

import numpy as np

from needlepoint.arrays import Floats
from needlepoint.bayes._ensemble_fit import fit_gaussian
from needlepoint.bayes._fit import Fit
from needlepoint.bayes._moderator_columns import Moderator, moderators_of
from needlepoint.bayes.averaged import Averaged
from needlepoint.bayes.model_averaging import component
from needlepoint.bayes.parse_prior import effect_prior, tau_prior
from needlepoint.bayes.prior_effect import EffectPrior, Normal
from needlepoint.bayes.prior_tau import Fixed, InverseGamma, TauPrior
from needlepoint.bayes.publication_bias import Bias, NoBias, WeightFunction
from needlepoint.errors import InputError
from needlepoint.options import check_fraction
from needlepoint.pooling.inputs import Inputs, read
from needlepoint.pooling.refit import as_effects
from needlepoint.result import Result, digest, record

__all__ = ["ModeratorAverage", "ModeratorEvidence", "average_moderators"]

_MOST = 20_000  # models
NO_BIAS: tuple[tuple[Bias, float], ...] = ((NoBias(), 1.0),)


@record
class ModeratorCoefficient(Result):
    """One coefficient: of a covariate a standard deviation (and a unit), or of a level against the mean of levels.

    ``estimate`` averages over all models, zeros where the moderator is absent; ``conditional_`` over those with it.
    """

    term: str
    estimate: float
    ci_low: float
    ci_high: float
    conditional_estimate: float
    conditional_ci_low: float
    conditional_ci_high: float
    per_unit: float | None
    distribution: Averaged = field(repr=False)


@record
class ModeratorEvidence(Result):
    """Posterior probability that a moderator matters, its inclusion Bayes factor and its coefficients."""

    moderator: str
    p_inclusion: float
    bf_inclusion: float | None
    coefficients: tuple[ModeratorCoefficient, ...]


@record
class ModeratorAverage(Result):
    """What speaks for an effect (at the mean of the moderators), heterogeneity, bias and each moderator.

    ``best`` names the moderators of the most probable model, ``p_best`` is its probability among subsets.
    """

    measure: str
    method: str
    level: float
    k: int
    estimate: float
    se: float
    ci_low: float
    ci_high: float
    tau: float
    tau_low: float
    tau_high: float
    p_effect: float
    bf_effect: float | None
    p_heterogeneity: float
    bf_heterogeneity: float | None
    p_bias: float
    bf_bias: float | None
    moderators: tuple[ModeratorEvidence, ...]
    best: tuple[str, ...]
    p_best: float
    models: int
    error: float
    input_digest: str
    effect: Averaged = field(repr=False)
    heterogeneity: Averaged = field(repr=False)

    def tidy(self) -> list[dict[str, Any]]:
        """One row a coefficient."""
        return [
            {"moderator": m.moderator, "p_inclusion": m.p_inclusion, "bf_inclusion": m.bf_inclusion}
            | {key: v for key, v in c.to_dict().items() if key != "notes"}
            for m in self.moderators
            for c in m.coefficients
        ]

    def summary(self) -> str:
        """Text for people."""
        percent = f"{100 * self.level:g}%"
        lines = [f"Meta-regression averaged over {self.models} models, k = {self.k}, {self.measure}", ""]
        for name in ("effect", "heterogeneity", "bias"):
            factor = getattr(self, f"bf_{name}")
            if factor is not None:
                lines.append(
                    f"P({name:<13} | data) {getattr(self, f'p_{name}'):.4f}  inclusion BF {factor:.4g}"
                )
        lines += ["", f"effect {self.estimate:.4f}  {percent} [{self.ci_low:.4f}, {self.ci_high:.4f}]"]
        lines.append(f"tau    {self.tau:.4f}  {percent} [{self.tau_low:.4f}, {self.tau_high:.4f}]")
        for m in self.moderators:
            lines += ["", f"{m.moderator}: P(included | data) {m.p_inclusion:.4f}  BF {m.bf_inclusion:.4g}"]
            lines += [
                f"  {c.term}  {c.estimate:.4f}  {percent} [{c.ci_low:.4f}, {c.ci_high:.4f}]"
                for c in m.coefficients
            ]
        return "\n".join([*lines, *self.notes])


@dataclass(frozen=True, slots=True)
class _Model:
    """One model: which moderators it has, its priors and its prior weight."""

    included: tuple[bool, ...]
    effect: bool
    tau: TauPrior
    bias: Bias
    weight: float


@dataclass(frozen=True, slots=True)
class _Task:
    """What all models share."""

    y: Floats
    vi: Floats
    moderators: tuple[Moderator, ...]
    effect: EffectPrior
    slopes: Normal
    sign: float

    def fit(self, model: _Model) -> Fit:
        """Columns of the model: the mean if there is an effect, then its moderators'."""
        chosen = list(compress(self.moderators, model.included))
        ones = [np.ones((len(self.y), 1))] if model.effect else []
        X = np.hstack([*ones, *(m.columns for m in chosen), np.empty((len(self.y), 0))])
        priors = (self.effect,) * model.effect + (self.slopes,) * (X.shape[1] - model.effect)
        return fit_gaussian(priors, model.tau, model.bias, self.y, self.vi, X, self.sign)[0]

    def place(self, model: _Model, j: int) -> slice | None:
        """Where moderator j stands among the coefficients of the model."""
        if not model.included[j]:
            return None
        before = int(model.effect) + sum(
            m.columns.shape[1] for m, there in zip(self.moderators[:j], model.included, strict=False) if there
        )
        return slice(before, before + self.moderators[j].columns.shape[1])


def average_moderators(
    effects: Any = None,
    *,
    mods: Any,
    yi: Any = None,
    vi: Any = None,
    sei: Any = None,
    data: Any = None,
    study: Any = None,
    prior_effect: EffectPrior | str = Normal(0.0, 1.0),  # noqa: B008 - frozen value
    prior_tau: TauPrior | str = InverseGamma(1.0, 0.15),  # noqa: B008 - frozen value
    prior_mods: Normal = Normal(0.0, 0.25),  # noqa: B008 - frozen value
    bias: Iterable[tuple[Bias, float]] = NO_BIAS,
    favours: str = "positive",
    level: float = 0.95,
    measure: str | None = None,
) -> ModeratorAverage:
    """Bayesian model-averaged meta-regression with an inclusion Bayes factor a moderator.

    Parameters
    ----------
    mods
        A formula, names or columns; terms of a factor enter and leave together. Covariates are standardised; a factor's
        levels are measured from their mean, with the same prior for each of them, so that no level is special.
    prior_effect, prior_tau, prior_mods
        Priors where the effect, heterogeneity or a moderator is there; the defaults are made for standardised mean
        differences. Each is absent in half of the prior probability.
    bias
        Models of publication bias with their weights: ``NoBias()``, ``PET()``, ``PEESE()``.

    Raises
    ------
    InputError
        No moderators or too many, an improper prior, selection models.

    Examples
    --------
    >>> got = average_moderators(
    ...     yi=[0.1, 0.15, 0.3, 0.5, 0.55, 0.7], vi=[0.02] * 6, mods={"dose": [1, 2, 3, 4, 5, 6]}, measure="SMD"
    ... )
    >>> got.models, got.moderators[0].p_inclusion > 0.7
    (8, True)
    """
    check_fraction(level, field="level")
    if favours not in {"positive", "negative"}:
        raise InputError("unknown side", field="favours", got=favours, allowed="positive, negative")
    inputs = read(as_effects(effects), yi, vi, sei, data, study, mods=mods, measure=measure)
    effect, tau, choices = effect_prior(prior_effect), tau_prior(prior_tau), tuple(bias)
    _check_priors(effect, tau, prior_mods, choices)
    found = moderators_of(inputs.design)
    count = 4 * len(choices) * 2 ** len(found)
    if not found or count > _MOST:
        raise InputError(
            "moderators are needed, and few enough to try every subset of them",
            field="mods",
            got=f"{len(found)} moderators, {count} models",
            allowed=f"at most {_MOST} models",
        )
    task = _Task(inputs.yi, inputs.vi, found, effect, prior_mods, 1.0 if favours == "positive" else -1.0)
    models = list(_models(len(found), tau, choices))
    fits = [task.fit(model) for model in models]
    mark = digest(inputs.yi, inputs.vi, inputs.design.X, effect, tau, prior_mods, choices, favours, level)
    return _averaged(inputs, task, models, fits, level, mark)


def _check_priors(
    effect: EffectPrior, tau: TauPrior, slopes: Any, choices: tuple[tuple[Bias, float], ...]
) -> None:
    if not (effect.proper and tau.proper) or isinstance(tau, Fixed) or not isinstance(slopes, Normal):
        raise InputError(
            "averaging needs proper priors, a normal one of the moderators",
            field="prior_effect",
            got=f"{effect}, {tau}, {slopes}",
        )
    if not choices or any(isinstance(b, WeightFunction) for b, _ in choices):
        raise InputError(
            "with moderators bias is modelled by PET and PEESE",
            field="bias",
            got=choices,
            allowed="NoBias(), PET(), PEESE()",
        )


def _models(n: int, tau: TauPrior, choices: tuple[tuple[Bias, float], ...]) -> Iterator[_Model]:
    for included in product((False, True), repeat=n):
        for effect, scale, (bias, weight) in product((False, True), (Fixed(0.0), tau), choices):
            yield _Model(included, effect, scale, bias, weight)


def _averaged(
    inputs: Inputs, task: _Task, models: list[_Model], fits: list[Fit], level: float, mark: str
) -> ModeratorAverage:
    prior = np.array([m.weight for m in models])
    prior = prior / prior.sum()
    log_joint = np.log(prior) + np.array([f.log_evidence for f in fits])
    posterior = np.exp(log_joint - np.logaddexp.reduce(log_joint))

    def component_of(there: list[bool]) -> tuple[float, float | None]:
        return component(prior, posterior, np.array(there))

    effect = Averaged(
        posterior,
        tuple(
            f.along(np.eye(f.mean.shape[1])[0]) if m.effect else 0.0
            for m, f in zip(models, fits, strict=True)
        ),
    )
    free = [not isinstance(m.tau, Fixed) for m in models]
    tau = Averaged(posterior, tuple(_tau_of(f) if t else 0.0 for f, t in zip(fits, free, strict=True)))
    (low, high), (tau_low, tau_high) = effect.interval(level), tau.interval(level)
    p_effect, bf_effect = component_of([m.effect for m in models])
    p_tau, bf_tau = component_of(free)
    p_bias, bf_bias = component_of([not isinstance(m.bias, NoBias) for m in models])
    subsets: dict[tuple[bool, ...], float] = {}
    for m, p in zip(models, posterior.tolist(), strict=True):
        subsets[m.included] = subsets.get(m.included, 0.0) + p
    best = max(subsets, key=lambda s: subsets[s])
    names = [m.name for m in task.moderators]
    return ModeratorAverage(
        notes=inputs.notes,
        measure=inputs.measure,
        method="Bayes, averaged over moderators",
        level=level,
        k=len(inputs.yi),
        estimate=effect.mean,
        se=effect.sd,
        ci_low=low,
        ci_high=high,
        tau=tau.mean,
        tau_low=tau_low,
        tau_high=tau_high,
        p_effect=p_effect,
        bf_effect=bf_effect,
        p_heterogeneity=p_tau,
        bf_heterogeneity=bf_tau,
        p_bias=p_bias,
        bf_bias=bf_bias,
        moderators=tuple(
            _evidence(task, models, fits, posterior, component_of([m.included[j] for m in models]), j, level)
            for j in range(len(names))
        ),
        best=tuple(compress(names, best)),
        p_best=subsets[best],
        models=len(models),
        error=max(f.error for f in fits),
        input_digest=mark,
        effect=effect,
        heterogeneity=tau,
    )


def _tau_of(found: Fit) -> Any:
    assert found.quadrature is not None
    return found.quadrature.marginal(0)


def _evidence(
    task: _Task,
    models: list[_Model],
    fits: list[Fit],
    posterior: Floats,
    odds: tuple[float, float | None],
    j: int,
    level: float,
) -> ModeratorEvidence:
    moderator = task.moderators[j]
    there = np.array([m.included[j] for m in models])
    rows: list[ModeratorCoefficient] = []
    for term, x, per in zip(moderator.terms, moderator.contrasts, moderator.per_unit, strict=True):
        parts = tuple(_part(f, task.place(m, j), x) for m, f in zip(models, fits, strict=True))
        everywhere = Averaged(posterior, parts)
        given = Averaged(posterior[there] / max(odds[0], 1e-300), tuple(compress(parts, there.tolist())))
        (low, high), (given_low, given_high) = everywhere.interval(level), given.interval(level)
        rows.append(
            ModeratorCoefficient(
                term=term,
                estimate=everywhere.mean,
                ci_low=low,
                ci_high=high,
                conditional_estimate=given.mean,
                conditional_ci_low=given_low,
                conditional_ci_high=given_high,
                per_unit=None if math.isnan(per) else everywhere.mean / per,
                distribution=everywhere,
            )
        )
    return ModeratorEvidence(
        moderator=moderator.name, p_inclusion=odds[0], bf_inclusion=odds[1], coefficients=tuple(rows)
    )


def _part(found: Fit, place: slice | None, x: Floats) -> Any:
    """Distribution of a contrast of a moderator's coefficients, or zero where it is absent."""
    if place is None:
        return 0.0
    whole = np.zeros(found.mean.shape[1])
    whole[place] = x
    return found.along(whole)
