"""A result in plain sentences: what it found, how sure, and how strong the evidence."""

from __future__ import annotations

import math

from needlepoint.bayes.bayes_factors import BayesFactor
from needlepoint.bayes.model_averaging import ModelAverage
from needlepoint.bayes.moderator_averaging import ModeratorAverage
from needlepoint.bayes.result import Posterior
from needlepoint.errors import InputError

__all__ = ["evidence_in_words", "interpret"]

# Jeffreys (1961), appendix B, in the words of Lee & Wagenmakers (2013): upper ends and what lies below
_GRADES = ((1.0, "no"), (3.0, "weak"), (10.0, "moderate"), (30.0, "strong"), (100.0, "very strong"))


def evidence_in_words(bf10: float) -> str:
    """Strength and direction of a Bayes factor.

    >>> evidence_in_words(4.2), evidence_in_words(1 / 4.2), evidence_in_words(1.0)
    ('moderate evidence for', 'moderate evidence against', 'no evidence for or against')
    """
    if not bf10 >= 0:
        raise InputError("a Bayes factor is not negative", field="bf10", got=bf10)
    size = bf10 if bf10 >= 1 else (1.0 / bf10 if bf10 > 0 else math.inf)
    grade = next((word for end, word in _GRADES if size <= end), "extreme")
    if grade == "no":
        return "no evidence for or against"
    return f"{grade} evidence {'for' if bf10 > 1 else 'against'}"


def interpret(result: Posterior | ModelAverage | ModeratorAverage | BayesFactor) -> str:
    """Plain sentences for a report, on the analysis scale (log for ratios).

    >>> from needlepoint.bayes.api import posterior
    >>> print(interpret(posterior(yi=[0.2, 0.5], vi=[0.04, 0.04], prior_tau="half-normal(0.5)", measure="SMD")))
    The mean effect (SMD, 2 studies) is 0.35, 95% credible interval -0.30 to 1.00; it is above zero with
    probability 91%. Effects differ between studies by a standard deviation of 0.25 (0.01 to 0.94). The true
    effect of a new study would lie between -0.73 and 1.43 with probability 95%.
    """
    import textwrap

    if isinstance(result, Posterior):
        sentences = _posterior(result)
    elif isinstance(result, BayesFactor):
        sentences = [_factor("an effect" if result.of == "effect" else "heterogeneity", result.bf10)]
    else:
        sentences = _average(result)
    return textwrap.fill(" ".join(sentences), 105)


def _posterior(p: Posterior) -> list[str]:
    percent = f"{100 * p.level:g}%"
    what = "The effect where all moderators are zero" if len(p.coefficients) > 1 else "The mean effect"
    sentences = [
        f"{what} ({p.measure}, {p.k} studies) is {p.estimate:.2f}, {percent} credible interval {p.ci_low:.2f} to "
        f"{p.ci_high:.2f}; it is above zero with probability {100 * p.p_above_zero:.0f}%.",
        f"Effects differ between studies by a standard deviation of {p.tau:.2f} ({p.tau_low:.2f} to {p.tau_high:.2f}).",
    ]
    if p.pi_low is not None and p.pi_high is not None:
        sentences.append(
            f"The true effect of a new study would lie between {p.pi_low:.2f} and {p.pi_high:.2f} with probability "
            f"{percent}."
        )
    return sentences


def _factor(of: str, bf10: float) -> str:
    shown = f"{bf10:.3g}" if bf10 >= 1 else f"1/{1 / bf10:.3g}" if bf10 > 0 else "0"
    words = evidence_in_words(bf10)
    return f"There is {words} {of} (Bayes factor {shown})."


def _average(r: ModelAverage | ModeratorAverage) -> list[str]:
    percent = f"{100 * r.level:g}%"
    count = r.models if isinstance(r.models, int) else len(r.models)
    sentences = [f"{count} models were averaged over {r.k} studies."]
    named = (
        ("an effect", r.bf_effect),
        ("heterogeneity", r.bf_heterogeneity),
        ("publication bias", r.bf_bias),
    )
    sentences += [_factor(of, bf) for of, bf in named if bf is not None]
    if isinstance(r, ModeratorAverage):
        sentences += [
            _factor(f"{m.moderator} as a moderator", m.bf_inclusion) for m in r.moderators if m.bf_inclusion
        ]
    sentences.append(
        f"The averaged effect ({r.measure}) is {r.estimate:.2f}, {percent} credible interval {r.ci_low:.2f} to "
        f"{r.ci_high:.2f}, the possibility of none included; tau is {r.tau:.2f} ({r.tau_low:.2f} to {r.tau_high:.2f})."
    )
    return sentences
