"""How likely is any benefit, an important one, and between what limits: a Bayesian random-effects model of the cell.

Flat prior on the effect. The spread between trials has the published predictive distribution for that kind of outcome
and comparison: Rhodes et al. (2015, doi:10.1016/j.jclinepi.2014.08.012) for differences, Turner et al. (2015,
doi:10.1002/sim.6381) for ratios; the pack's terms name the kind, else the general one is used. Turner's is of log odds
ratios: for risk ratios, which differ less between trials, it is a little wide.
"""

from __future__ import annotations

from dataclasses import replace

from needlepoint.answer.result import Cell, Estimate
from needlepoint.answer.say import display_sd
from needlepoint.answer.scale import show
from needlepoint.bayes.api import posterior
from needlepoint.bayes.predictive_priors import rhodes, turner
from needlepoint.bayes.prior_tau import TauPrior
from needlepoint.bayes.result import Posterior
from needlepoint.evidence.schema import Pack, Term

__all__ = ["PRIOR", "SPARSE", "spread_prior", "with_probabilities"]

PRIOR = "flat prior on the effect, published predictive distribution of the spread between trials"
SPARSE = 5  # below so many trials the Bayesian interval is shown, the classical one a layer down


def with_probabilities(pack: Pack, cell: Cell) -> Cell:
    """Add the credible interval and the probabilities of a benefit; cells of one trial stay as they are.

    With fewer than five trials the credible interval is also the one shown.
    """
    scale = cell.own_scale
    prior = spread_prior(pack, cell)
    if cell.k < 2 or scale is None or prior is None:
        return cell
    fitted = posterior(
        yi=[t.yi for t in cell.trials], vi=[t.vi for t in cell.trials], prior_effect="flat", prior_tau=prior
    )
    credible = show(scale, fitted.median, fitted.ci_low, fitted.ci_high)
    important = None
    if scale.mid is not None:
        important = _beyond(fitted, scale.mid / scale.factor, better=scale.better)
    result = replace(
        cell,
        p_benefit=_beyond(fitted, 0.0, better=scale.better),
        p_important=important,
        credible=_ordered(credible),
    )
    return _sparse(result, prior) if cell.k < SPARSE else result


def _sparse(cell: Cell, prior: TauPrior) -> Cell:
    """Show the credible interval, name its prior, and keep the classical one in the notes."""
    note = f"{cell.k} trials: Bayesian interval, spread between trials as in {prior.source}"
    return replace(cell, shown=cell.credible, classical=cell.shown, shown_pi=None, notes=(*cell.notes, note))


def _ordered(shown: Estimate) -> Estimate:
    low, high = sorted((shown.ci_low, shown.ci_high))
    return Estimate(value=shown.value, ci_low=low, ci_high=high)


def spread_prior(pack: Pack, cell: Cell) -> TauPrior | None:
    """The published prior of tau on the analysis scale; None where a difference has no known spread of people."""
    terms = {t.id: t for t in pack.terms}
    kind = terms[cell.key.outcome].heterogeneity or None
    treatment, comparator = terms[cell.key.treatment], terms[cell.key.comparator]
    if cell.measure == "RR":
        comparison = _turner_comparison(treatment, comparator)
        return turner(kind, comparison) if kind and comparison else turner()
    comparison = _rhodes_comparison(treatment, comparator)
    prior = rhodes(kind, comparison) if kind and comparison else rhodes()
    if cell.measure == "SMD":
        return prior
    sd = display_sd(cell)
    return None if not sd else replace(prior.scaled(sd), source=prior.source)


def _turner_comparison(treatment: Term, comparator: Term) -> str:
    if not treatment.nature:
        return ""
    if comparator.group != "active":
        return f"{treatment.nature} vs placebo/control"
    pair = {treatment.nature, comparator.nature}
    if "" in pair:
        return ""
    return f"{treatment.nature} vs {treatment.nature}" if len(pair) == 1 else _MIXED


_MIXED = "non-pharmacological vs pharmacological"


def _rhodes_comparison(treatment: Term, comparator: Term) -> str:
    natures = {treatment.nature, comparator.nature}
    if "non-pharmacological" in natures:
        return "non-pharmacological"
    if treatment.nature != "pharmacological":
        return ""
    other = "pharmacological" if comparator.nature == "pharmacological" else "placebo/control"
    return f"pharmacological vs {other}"


def _beyond(posterior: Posterior, distance: float, *, better: str) -> float:
    if better == "lower":
        return posterior.probability(high=-distance)
    return posterior.probability(low=distance)
