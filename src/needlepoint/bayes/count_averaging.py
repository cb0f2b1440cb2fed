"""``average_counts``: whether there is an effect, and heterogeneity, by the exact likelihood of counts.

The four models of Bayesian model-averaged meta-analysis (Bartoš et al. 2021, doi:10.1002/sim.9170) without the normal
approximation: no continuity correction, and zero cells are evidence as they are.
"""

from __future__ import annotations

from typing import Any, Unpack

from needlepoint.bayes._count_fit import fit_common_counts, fit_counts, refuse_uncountable
from needlepoint.bayes._ensemble_fit import ModelFit
from needlepoint.bayes.exact_likelihood import COUNT_MEASURES
from needlepoint.bayes.model_averaging import Model, ModelAverage, averaged, ensemble
from needlepoint.bayes.parse_prior import effect_prior, tau_prior
from needlepoint.bayes.predictive_priors import cochrane
from needlepoint.bayes.prior_effect import EffectPrior, Point, Truncated
from needlepoint.bayes.prior_tau import Fixed, TauPrior
from needlepoint.bayes.publication_bias import NoBias
from needlepoint.errors import InputError
from needlepoint.options import check, check_fraction
from needlepoint.pooling.counts.counts import Counts, CountTables, read_counts
from needlepoint.result import digest

__all__ = ["average_counts"]


def average_counts(
    data: Any = None,
    *,
    measure: str = "OR",
    study: Any = None,
    prior_effect: EffectPrior | str | None = None,
    prior_tau: TauPrior | str | None = None,
    null: float = 0.0,
    level: float = 0.95,
    **columns: Unpack[Counts],
) -> ModelAverage:
    """Bayesian model averaging of counts over effect or none, heterogeneity or none, with exact likelihoods.

    Columns and measures as for :func:`needlepoint.bayes.exact_likelihood.posterior_counts`; ``null`` is the effect
    under the null hypothesis (a logit or log rate for "PLO" and "IRLN"). Priors by default those of all of Cochrane's
    reviews (:func:`needlepoint.bayes.predictive_priors.cochrane`, log odds ratios); needed for "PLO" and "IRLN".

    Raises
    ------
    InputError
        A measure, count or prior that cannot be used.
    ConvergenceError
        An error that stays too large.

    Examples
    --------
    >>> got = average_counts(ai=[1, 0, 3], n1i=[50, 40, 90], ci=[4, 2, 9], n2i=[50, 45, 88])
    >>> len(got.models), round(got.bf_effect, 1), round(got.bf_heterogeneity, 2)
    (4, 4.1, 0.96)
    """
    check(measure, COUNT_MEASURES, field="measure")
    check_fraction(level, field="level")
    counts = read_counts(
        data, columns, measure=measure, study=study, method="a Bayesian model of counts", drop00=False
    )
    refuse_uncountable(counts, measure)
    if measure not in {"OR", "IRR"} and (prior_effect is None or prior_tau is None):
        raise InputError(
            "this measure has no default priors", field="prior_effect", got=measure, mend="give both"
        )
    usual = cochrane(measure="OR")
    effect = usual[0] if prior_effect is None else effect_prior(prior_effect)
    tau = usual[1] if prior_tau is None else tau_prior(prior_tau)
    if not (effect.proper and tau.proper) or isinstance(effect, Point | Truncated) or isinstance(tau, Fixed):
        raise InputError(
            "averaging needs proper priors of a free effect and tau",
            field="prior_effect",
            got=f"{effect}, {tau}",
        )
    notes = list(counts.notes)
    if measure != "OR" and None in (prior_effect, prior_tau):
        notes.append("the default priors are those of log odds ratios")
    models = ensemble(effect, tau, [(NoBias(), 1.0)], null_effect=Point(null))
    fits = [_fit(counts, measure, model) for model in models]
    mark = digest(*counts.cells.values(), measure, effect, tau, null, level)
    method = "Bayes, exact likelihood, averaged"
    return averaged(models, fits, level, measure, len(counts.study), notes, mark, method)


def _fit(counts: CountTables, measure: str, model: Model) -> ModelFit:
    known = model.effect.value if isinstance(model.effect, Point) else None
    if isinstance(model.tau, Fixed):
        log_evidence, error, quadrature = fit_common_counts(counts, measure, model.effect)
        effect: Any = known if quadrature is None else quadrature.marginal(0)
        return ModelFit(log_evidence, error, effect, 0.0, {})
    found, error = fit_counts(counts, measure, model.effect, model.tau)
    margins = [found.marginal(j) for j in range(found.nodes.shape[1])]
    return ModelFit(found.log_evidence, error, margins[0] if known is None else known, margins[-1], {})
