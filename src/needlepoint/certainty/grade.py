"""GRADE: certainty of one pooled result, domain by domain, each with the rule that fired and its number.

Guyatt et al. (2011), J Clin Epidemiol 64:383-394, doi:10.1016/j.jclinepi.2010.04.026 and the series after it.
The rules are this project's reading of that guidance where it can be computed; what needs a human judgement
is "not judged", and a result with a domain that nobody judged is never called "high".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field
from typing import Literal, cast

from needlepoint.options import Certainty
from needlepoint.result import Result, record

__all__ = ["LADDER", "SMALL_STUDY_MIN_K", "Domain", "Evidence", "Grade", "HumanJudgement", "grade", "rank"]

DomainName = Literal["risk of bias", "inconsistency", "indirectness", "imprecision", "publication bias"]

LADDER: tuple[Certainty, ...] = ("very low", "low", "moderate", "high")
SMALL_STUDY_MIN_K = 10  # Sterne et al. 2011, doi:10.1136/bmj.d4002: no small-study test below ten trials
# Fewer people than this, all trials together, is imprecise whatever the interval:
# Guyatt et al. 2011, doi:10.1016/j.jclinepi.2011.01.012 (rule of thumb for continuous outcomes)
OPTIMAL_INFORMATION_SIZE = 400


def rank(certainty: Certainty) -> int:
    """Place on the ladder, "very low" 0 to "high" 3; "not judged" stands below all.

    >>> rank("high") > rank("low") > rank("not judged")
    True
    """
    return -1 if certainty == "not judged" else LADDER.index(certainty)


@record
class Evidence:
    """What GRADE needs to know of one pooled result; effects in any one unit, ``null`` is "no difference".

    ``blinded`` is the share of the weight (0-1) from comparisons that hid from people what they got;
    ``low_risk`` and ``high_risk`` the shares whose overall risk of bias is known to be low and high;
    ``direct`` the share from the very population, treatment, comparator and outcome of the question.
    """

    estimate: float
    ci_low: float
    ci_high: float
    k: int
    n: int | None
    null: float = 0.0
    important: tuple[float, float] | None = None  # important differences, one each side of ``null``
    pi_low: float | None = None
    pi_high: float | None = None
    i2: float | None = None
    q_p: float | None = None
    blinded: float = 0.0
    low_risk: float = 0.0
    high_risk: float = 0.0
    direct: float = 1.0
    indirect_because: str = ""
    small_study_p: float | None = None
    self_reported: bool = True


@record
class HumanJudgement:
    """A person's judgement of one domain, which beats the rule."""

    levels: int
    reason: str
    judged_by: str


@record
class Domain:
    """One domain: levels down (None: not judged), the rule that fired, the number behind it."""

    name: DomainName
    levels: int | None
    rule: str
    number: str


@record
class Grade(Result):
    """Certainty of the evidence and its five domains."""

    certainty: Certainty
    domains: tuple[Domain, ...] = field(default=())

    def summary(self) -> str:
        """One line a domain."""
        lines = [f"certainty: {self.certainty}"]
        for d in self.domains:
            down = "not judged" if d.levels is None else f"-{d.levels}" if d.levels else "no reason to lower"
            lines.append(f"  {d.name}: {down}: {d.rule} ({d.number})")
        return "\n".join([*lines, *self.notes])


def _risk_of_bias(e: Evidence) -> Domain:
    name: DomainName = "risk of bias"
    if e.high_risk > 0.5:
        number = f"{e.high_risk:.0%} of the weight"
        return Domain(name=name, levels=2, rule="most of the weight is at high risk", number=number)
    if e.self_reported and e.blinded < 0.5:
        return Domain(
            name=name,
            levels=1,
            rule="people knew which treatment they got and rated the outcome themselves",
            number=f"{1 - e.blinded:.0%} of the weight not blinded",
        )
    if e.low_risk > 0.5:
        number = f"{e.low_risk:.0%} of the weight"
        return Domain(name=name, levels=0, rule="most of the weight is at low risk", number=number)
    return Domain(
        name=name,
        levels=None,
        rule="no judgement of the trials at hand",
        number=f"risk of bias known for {e.low_risk + e.high_risk:.0%} of the weight",
    )


def _inconsistency(e: Evidence) -> Domain:
    name: DomainName = "inconsistency"
    if e.k < 2:
        return Domain(name=name, levels=0, rule="one trial cannot disagree with itself", number="k = 1")
    i2 = e.i2 or 0.0
    number = f"I² = {i2:.0%}"
    if e.q_p is not None:
        number += f", Q test p = {e.q_p:.2g}"
    opposite = _includes_both_directions(e)
    if e.pi_low is not None and e.pi_high is not None:
        number += f", prediction interval {e.pi_low:.3g} to {e.pi_high:.3g}"
    if i2 >= 0.75 and opposite:
        rule = "large heterogeneity, and a new trial could find important benefit or important harm"
        return Domain(name=name, levels=2, rule=rule, number=number)
    if i2 >= 0.5 and (e.q_p is None or e.q_p < 0.1):
        return Domain(name=name, levels=1, rule="trials disagree by more than chance explains", number=number)
    return Domain(name=name, levels=0, rule="no more disagreement than chance explains", number=number)


def _includes_both_directions(e: Evidence) -> bool:
    if e.pi_low is None or e.pi_high is None:
        return False
    low, high = e.important or (e.null, e.null)
    return e.pi_low < low and e.pi_high > high


def _indirectness(e: Evidence) -> Domain:
    number = f"{e.direct:.0%} of the weight is direct"
    if e.direct >= 0.5:
        rule = "people, treatment, comparator and outcome are those of the question"
        return Domain(name="indirectness", levels=0, rule=rule, number=number)
    rule = e.indirect_because or "most of the weight comes from other people, treatments or outcomes"
    return Domain(name="indirectness", levels=1, rule=rule, number=number)


def _imprecision(e: Evidence) -> Domain:
    crosses_null = e.ci_low < e.null < e.ci_high
    holds = [e.ci_low < edge < e.ci_high for edge in e.important or ()]
    crosses_mid = any(holds)
    small = e.n is not None and e.n < OPTIMAL_INFORMATION_SIZE
    people = "people not stated" if e.n is None else f"{e.n} people"
    number = f"95% interval {e.ci_low:.3g} to {e.ci_high:.3g}, {people}"
    reasons: list[str] = []
    if crosses_null and len(holds) == 2 and all(holds):
        reasons.append("the interval holds both an important benefit and an important harm")
    elif crosses_null and crosses_mid:
        reasons.append("the interval holds both no difference and an important one")
    elif crosses_null:
        reasons.append("the interval holds no difference")
    elif crosses_mid:
        reasons.append("the interval holds both an important and an unimportant difference")
    if small:
        reasons.append(f"fewer than {OPTIMAL_INFORMATION_SIZE} people")
    hopeless = crosses_null and (all(holds) if holds else False)
    levels = 2 if hopeless or (crosses_null and crosses_mid and small) else min(1, len(reasons))
    rule = " and ".join(reasons) or ("narrow interval" if e.n is None else "narrow interval, enough people")
    return Domain(name="imprecision", levels=levels, rule=rule, number=number)


def _publication_bias(e: Evidence) -> Domain:
    name: DomainName = "publication bias"
    if e.k < SMALL_STUDY_MIN_K or e.small_study_p is None:
        rule = f"fewer than {SMALL_STUDY_MIN_K} trials: no test is meaningful"
        return Domain(name=name, levels=None, rule=rule, number=f"k = {e.k}")
    number = f"Egger test p = {e.small_study_p:.2g}"
    if e.small_study_p < 0.1:
        rule = "small trials found larger effects than large ones"
        return Domain(name=name, levels=1, rule=rule, number=number)
    return Domain(name=name, levels=0, rule="no sign of small-study effects", number=number)


# the extension point: one rule a domain, in GRADE's order
DOMAINS: dict[DomainName, Callable[[Evidence], Domain]] = {
    "risk of bias": _risk_of_bias,
    "inconsistency": _inconsistency,
    "indirectness": _indirectness,
    "imprecision": _imprecision,
    "publication bias": _publication_bias,
}


def grade(evidence: Evidence, judgements: Mapping[str, HumanJudgement] | None = None) -> Grade:
    """GRADE certainty of one pooled result from randomized trials.

    Starts at "high" and goes one or two levels down for each of five domains. ``judgements`` (domain name ->
    human judgement) beat the rules. A domain that nobody judged caps the certainty at "moderate".

    >>> e = Evidence(estimate=-6, ci_low=-9, ci_high=-3, k=5, n=900, important=(-15, 15), i2=0.1, q_p=0.4, blinded=1)
    >>> grade(e).certainty
    'moderate'
    """
    judged = judgements or {}
    domains = tuple(
        _judged(name, judged[name]) if name in judged else DOMAINS[name](evidence) for name in DOMAINS
    )
    down = sum(d.levels or 0 for d in domains)
    unjudged = [d.name for d in domains if d.levels is None]
    top = len(LADDER) - 1 - (1 if unjudged else 0)
    level = max(0, min(top, len(LADDER) - 1 - down))
    notes = (f"not judged: {', '.join(unjudged)}; so never more than moderate",) if unjudged else ()
    return Grade(certainty=LADDER[level], domains=domains, notes=notes)


def _judged(name: str, judgement: HumanJudgement) -> Domain:
    number = f"judged by {judgement.judged_by}"
    return Domain(name=cast(DomainName, name), levels=judgement.levels, rule=judgement.reason, number=number)
