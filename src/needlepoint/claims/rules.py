"""The rule table: what makes a claim supported, overstated, contradicted, and why.

Rules are tried in order; the first that holds decides. A rule looks at the language of the claim and at rows of the
pack: it never names a treatment, a condition or a page, and nothing here compares sentences by likeness.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from needlepoint.claims.case import Case
from needlepoint.claims.studies import matching_responder, wrong_size
from needlepoint.options import ClaimKind, Verdict

__all__ = ["RULES", "Rule", "rule_for"]

Test = Callable[[Case], bool]
WORKS = ("small", "modest")


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of the table: for these kinds, when this holds, this verdict, these issues, this reason.

    ``basis`` names the row that the reason quotes: an attribute of the case. ``why`` may use ``{row}`` (the row's
    sentence), ``{treatment}`` and ``{condition}``.
    """

    id: str
    kinds: frozenset[ClaimKind]
    when: Test
    verdict: Verdict
    issues: tuple[str, ...] = ()
    basis: str = ""
    why: str = "{row}"


ANY: frozenset[ClaimKind] = frozenset(
    ("efficacy", "magnitude", "comparison", "safety", "mechanism", "procedure", "prevalence", "citation")
) | frozenset[ClaimKind](("guideline", "regulatory", "eligibility"))


def _kinds(*kinds: ClaimKind) -> frozenset[ClaimKind]:
    return frozenset(kinds)


# ---------------------------------------------------------------------- questions that rules ask
def _asserts(stance: str) -> Test:
    return lambda c: c.assertion is not None and c.assertion.stance == stance


def _wrong_definition(c: Case) -> bool:
    d = c.definition
    return d is not None and c.has(d.wrong) and c.has("procedure_gloss", "explains")


def _wrong_size(c: Case) -> bool:
    return c.study is not None and c.study_here and wrong_size(c.study, c.quantities, c.unit.text) is not None


def _responders_as_change(c: Case) -> bool:
    """The share of people who improved, told as the size of the improvement."""
    return (
        c.study is not None
        and matching_responder(c.study, c.quantities) is not None
        and c.has("improvement_share")
    )


def _hides_sham(c: Case) -> bool:
    """A study that found no more than sham does, cited for a benefit without saying so."""
    s = c.study
    if s is None or s.sham != "none" or c.unit.line.kind == "reference" or c.names_sham:
        return False
    return c.has("efficacy", "magnitude")


def _hides_control(c: Case) -> bool:
    """A success rate without the rate of the people who were not treated."""
    return (
        bool(c.shares or c.has("success_rate")) and not c.slots.comparators and c.has("efficacy", "magnitude")
    )


def _no_control_group(c: Case) -> bool:
    weak = ("observational", "case series", "pilot trial")
    return c.study is not None and c.study.design in weak and c.has("efficacy", "magnitude", "surgery_spared")


def _spared(c: Case) -> bool:
    """Fewer operations or visits, put down to the treatment."""
    return c.has("surgery_spared") and bool(c.slots.treatments)


def _tells_of_study(c: Case) -> bool:
    return c.study is not None and (c.study_here or c.has("anaphoric_study"))


def _leaps(c: Case) -> bool:
    return c.has("single_cause")


def _speaks_against(c: Case) -> bool:
    return c.polarity in {"negative", "mixed"}


def _strong(c: Case) -> bool:
    if c.has("strong", "very_positive", "instant", "cure", "risk_of_untested"):
        return True
    return (c.certainty == "absolute" and not c.has("cause_denied")) or _answers_cure(c) or _headline(c)


def _boundless(c: Case) -> bool:
    """Too much to say even of a treatment that works."""
    return c.has("cure", "instant", "risk_of_untested") or _answers_cure(c)


def _answers_cure(c: Case) -> bool:
    """A "yes, in many cases" under a heading that asks about a cure."""
    return c.has("many_cases") and c.heading is not None and c.heading.has("asks_cure")


def _headline(c: Case) -> bool:
    return c.unit.line.kind == "heading"


def _against_active(c: Case) -> bool:
    """Compared with another treatment, not with sham or nothing."""
    kinds = (c.vocabulary.terms[t].kind for t in c.slots.comparators if t in c.vocabulary.terms)
    return any(kind == "treatment" for kind in kinds)


def _plain_effect(c: Case) -> bool:
    """Says without reserve, in the page's own voice, that it works."""
    return c.has("effective_word") and not c.has("careful_word") and c.speaker != "study"


def _own_practice(c: Case) -> bool:
    return c.has("own_practice")


def _doses(c: Case) -> bool:
    """How many are needed: a number of sessions or needles said to be enough."""
    counted = c.amount("sessions", "needle count", "number")
    return bool(counted) and c.has("sufficient_number") and not c.has("cure")


def _number_off(c: Case) -> bool:
    if c.usual is None:
        return False
    row, q = c.usual
    scale = 100.0 if q.unit != "%" and row.unit == "%" else 1.0
    return q.high * scale < row.low or q.low * scale > row.high


def _number_right(c: Case) -> bool:
    return c.usual is not None and not _number_off(c)


def _denies_harm(c: Case) -> bool:
    return c.has("harm_denied") and not c.has("harm_denied_serious", "harm_denial_denied")


def _any_harm_known(c: Case) -> bool:
    return c.harm is not None and (bool(c.harm.any) or c.harm.known)


def _serious_harm_known(c: Case) -> bool:
    return c.harm is not None and (bool(c.harm.serious) or c.harm.known)


def _plays_down(c: Case) -> bool:
    """Little risk, with nothing that limits the statement."""
    limited = c.has("hedge", "sound_practice", "rare_word", "safer", "comparative") or c.speaker != "page"
    return (
        c.has("harm_low")
        and not limited
        and bool(re.search(r"\b(?:little|no|minimal|few|zero)\b", c.unit.text, re.I))
    )


def _reaction_told(c: Case) -> bool:
    return c.has("reaction") and not re.search(r"\b(?:pain|sore|discomfort|ache)", c.unit.text, re.I)


def _mechanism(*standings: str) -> Test:
    return lambda c: any(s in c.mechanisms for s in standings)


def _reserved(c: Case) -> bool:
    """Told as a theory, or with a doubt."""
    return c.has("mechanism_reported", "hedge_strong")


def _named(c: Case) -> bool:
    return bool(c.slots.treatments)


def _body_only(c: Case) -> bool:
    """Speaks of a condition and its causes, not of a treatment."""
    return not c.slots.treatments or (not c.slots.named and c.has("prevalence_cause"))


def _position_says(direction: str) -> Test:
    def holds(c: Case) -> bool:
        p = c.position
        if p is None:
            return False
        refuses = c.has("negation", "evidence_mixed") and not _only(c)
        if direction == "matched":
            return c.against == refuses
        return c.against != refuses and _named(c)

    return holds


def _only(c: Case) -> bool:
    return bool(re.search(r"\bonly\b", c.unit.text, re.I))


def _old_position(c: Case) -> bool:
    p = c.position
    return p is not None and (p.status == "superseded" or (bool(p.only) and _only(c)))


def _benefit(*benefits: str) -> Test:
    return lambda c: c.benefit in benefits


def _and(*tests: Test) -> Test:
    return lambda c: all(test(c) for test in tests)


def _not(test: Test) -> Test:
    return lambda c: not test(c)


EFFECT = _kinds("efficacy", "magnitude", "comparison")
CITED = _kinds("citation", "magnitude", "comparison", "efficacy")

RULES: tuple[Rule, ...] = (
    # statements of fact and definitions
    Rule("fact-false", ANY, _asserts("false"), "contradicted", basis="assertion"),
    Rule("fact-exaggerated", ANY, _asserts("exaggerated"), "overstated", basis="assertion"),
    Rule("fact-unproven", ANY, _asserts("unproven"), "no_good_evidence", basis="assertion"),
    Rule("fact-true", ANY, _asserts("true"), "supported", basis="assertion"),
    Rule("definition-wrong", ANY, _wrong_definition, "contradicted", ("definition_error",), "definition"),
    # who should not have it, law, guidelines
    Rule("eligibility", _kinds("eligibility"), lambda c: True, "supported", why="A usual precaution."),
    Rule(
        "law-misread",
        _kinds("regulatory"),
        lambda c: c.regulation is not None and c.row(c.regulation.id, ":forbids"),
        "overstated",
        ("clearance_as_proof",),
        "regulation",
    ),
    Rule("law", _kinds("regulatory"), lambda c: c.regulation is not None, "supported", basis="regulation"),
    Rule(
        "law-unknown",
        _kinds("regulatory"),
        lambda c: True,
        "not_checkable",
        why="The evidence base holds no rule of law on this.",
    ),
    Rule(
        "guideline-old", _kinds("guideline"), _old_position, "outdated", ("outdated_guideline",), "position"
    ),
    Rule(
        "guideline-misquoted",
        _kinds("guideline"),
        _position_says("opposite"),
        "contradicted",
        ("guideline_misquoted",),
        "position",
    ),
    Rule(
        "guideline-lapsed",
        _kinds("guideline"),
        lambda c: c.position is not None and c.position.status == "lapsed",
        "supported",
        ("outdated_guideline", "population_mismatch"),
        "position",
    ),
    Rule("guideline", _kinds("guideline"), _position_says("matched"), "supported", basis="position"),
    Rule(
        "expert-view",
        _kinds("guideline"),
        lambda c: c.benefit in (*WORKS, "mixed"),
        "supported",
        ("expert_opinion",),
        "standing",
        "Expert opinion; the evidence allows it: {row}",
    ),
    Rule(
        "guideline-unknown",
        _kinds("guideline"),
        lambda c: True,
        "not_checkable",
        ("quote_unverified",),
        why="The body or its recommendation is not in the evidence base.",
    ),
    # cited studies
    Rule("study-size", CITED, _wrong_size, "contradicted", ("wrong_number", "misdescribed_study"), "study"),
    Rule(
        "responders-as-change",
        CITED,
        _responders_as_change,
        "contradicted",
        ("responder_rate_as_mean", "wrong_number", "comparator_omitted"),
        "study",
        "A share of people is read as a size of effect. {row}",
    ),
    Rule(
        "study-hides-sham",
        _kinds("citation", "magnitude"),
        _hides_sham,
        "overstated",
        ("comparator_omitted", "selective_reporting"),
        "study",
        "What the study found against sham is left out. {row}",
    ),
    Rule(
        "study-no-control",
        _kinds("citation", "magnitude", "efficacy"),
        _no_control_group,
        "overstated",
        ("causal_from_observational",),
        "study",
        "The study cannot show that the treatment was the reason. {row}",
    ),
    Rule(
        "rate-without-control",
        _kinds("magnitude", "citation"),
        _and(_hides_control, _not(lambda c: c.has("prevalence_number"))),
        "overstated",
        ("comparator_omitted", "no_denominator"),
        "standing",
        "A success rate says nothing without the rate of people not so treated. {row}",
    ),
    Rule(
        "leap",
        _kinds("citation"),
        _leaps,
        "overstated",
        ("causal_overreach", "single_study"),
        "standing",
        "One study cannot show that the first change brought the second. {row}",
    ),
    Rule(
        "beyond-placebo",
        _kinds("citation"),
        _and(lambda c: c.has("beyond_placebo"), _benefit(*WORKS)),
        "supported",
        ("selective_reporting",),
        "standing",
        "True of the pooled results, which also say how small the difference is. {row}",
    ),
    Rule(
        "beyond-placebo-not",
        _kinds("citation", "comparison", "efficacy"),
        _and(lambda c: c.has("beyond_placebo"), _benefit("none")),
        "contradicted",
        ("selective_reporting",),
        "standing",
    ),
    Rule(
        "spared",
        _kinds("citation", "efficacy", "magnitude"),
        _and(_spared, _not(_speaks_against)),
        "overstated",
        ("causal_from_observational",),
        "standing",
        "Fewer operations or visits are not shown to be due to the treatment. {row}",
    ),
    Rule("study-known", _kinds("citation"), _tells_of_study, "supported", basis="study"),
    Rule(
        "study-fits",
        _kinds("citation"),
        _and(_benefit(*WORKS), _not(_strong)),
        "supported",
        ("single_study",),
        "standing",
        "The study is not in the registry; its direction agrees with the pooled results. {row}",
    ),
    Rule(
        "study-against-pool",
        _kinds("citation"),
        _and(_benefit("none", "insufficient"), _not(_speaks_against), lambda c: c.has("efficacy")),
        "overstated",
        ("single_study",),
        "standing",
        "One study against the whole of the evidence. {row}",
    ),
    Rule(
        "study-unknown",
        _kinds("citation"),
        lambda c: True,
        "not_checkable",
        ("vague_attribution",),
        why="The study cannot be told from what the page says of it.",
    ),
    # safety
    Rule(
        "harm-denied",
        _kinds("safety"),
        _and(_denies_harm, _any_harm_known),
        "contradicted",
        ("absolute_wording",),
        "harm",
    ),
    Rule(
        "serious-harm-denied",
        _kinds("safety"),
        _and(lambda c: c.has("harm_denied_serious"), _serious_harm_known),
        "contradicted",
        ("absolute_wording",),
        "harm",
    ),
    Rule(
        "harm-denied-unknown",
        _kinds("safety"),
        lambda c: c.has("harm_denied", "harm_denied_serious") and not c.has("harm_denial_denied"),
        "overstated",
        ("absolute_wording", "no_denominator"),
        why="No treatment is free of unwanted effects, and the evidence base holds no rate for this one.",
    ),
    Rule(
        "harm-played-down",
        _kinds("safety"),
        _and(_plays_down, _any_harm_known),
        "overstated",
        ("no_denominator",),
        "harm",
    ),
    Rule(
        "reaction",
        _kinds("safety"),
        _reaction_told,
        "not_checkable",
        ("anecdote",),
        why="What some people feel, without a number.",
    ),
    Rule(
        "harm-told",
        _kinds("safety"),
        lambda c: c.harm is not None,
        "supported",
        ("no_denominator",),
        "harm",
        "In line with what is known. {row}",
    ),
    Rule(
        "harm-caution",
        _kinds("safety"),
        lambda c: True,
        "supported",
        why="A fair caution; the evidence base holds no rates for it.",
    ),
    # how it is said to work
    Rule(
        "mechanism-doubted",
        _kinds("mechanism"),
        _and(_speaks_against, _mechanism("unsupported", "undefined", "hypothesis")),
        "supported",
        basis="mechanism",
        why="The doubt is fair. {row}",
    ),
    Rule(
        "cause-told",
        _kinds("mechanism"),
        lambda c: not c.slots.treatments and c.has("prevalence_cause"),
        "supported",
        why="General knowledge of the condition; nothing in the evidence base speaks against it.",
    ),
    Rule(
        "mechanism-absolute",
        _kinds("mechanism"),
        lambda c: c.certainty == "absolute" and "hypothesis" in c.mechanisms,
        "overstated",
        ("absolute_wording", "surrogate_outcome"),
        "mechanism",
    ),
    Rule(
        "mechanism-theory",
        _kinds("mechanism"),
        _and(_reserved, _mechanism("hypothesis", "unsupported", "undefined")),
        "no_good_evidence",
        ("surrogate_outcome",),
        "mechanism",
        "Fairly told as a theory, but not shown. {row}",
    ),
    Rule(
        "mechanism-as-fact",
        _kinds("mechanism"),
        _mechanism("hypothesis"),
        "overstated",
        ("surrogate_outcome",),
        "mechanism",
        "A hypothesis told as a fact. {row}",
    ),
    Rule(
        "mechanism-undefined",
        _kinds("mechanism", "efficacy"),
        lambda c: "undefined" in c.mechanisms and not (c.kind == "efficacy" and "pain" in c.slots.outcomes),
        "not_checkable",
        ("undefined_construct",),
        "mechanism",
    ),
    Rule(
        "mechanism-known",
        _kinds("mechanism"),
        _and(_mechanism("established"), _not(_mechanism("unsupported"))),
        "supported",
        basis="mechanism",
    ),
    Rule(
        "mechanism-unsupported",
        _kinds("mechanism"),
        _and(_mechanism("unsupported"), _named),
        "no_good_evidence",
        ("surrogate_outcome",),
        "mechanism",
    ),
    Rule(
        "cause-of-condition",
        _kinds("mechanism"),
        _body_only,
        "supported",
        why="General knowledge of the condition; nothing in the evidence base speaks against it.",
    ),
    Rule(
        "mechanism-unknown",
        _kinds("mechanism"),
        lambda c: True,
        "no_good_evidence",
        ("surrogate_outcome",),
        why="Nothing in the evidence base shows that {treatment} works in this way.",
    ),
    # what is done
    Rule(
        "own-practice",
        _kinds("procedure"),
        _own_practice,
        "not_checkable",
        why="A statement about this provider's own practice.",
    ),
    Rule(
        "list-lost",
        _kinds("procedure"),
        lambda c: c.unit.text.rstrip().endswith(":") and c.has("lost_list"),
        "not_checkable",
        ("extraction_damage",),
        why="The list that should follow is not in the text.",
    ),
    Rule(
        "dose-unproven",
        _kinds("procedure"),
        _doses,
        "no_good_evidence",
        ("unsourced",),
        why="No trial shows that this number is needed or enough.",
    ),
    Rule(
        "number-off",
        _kinds("procedure", "prevalence"),
        _number_off,
        "contradicted",
        ("wrong_number",),
        "usual_row",
    ),
    Rule("number-right", _kinds("procedure", "prevalence"), _number_right, "supported", basis="usual_row"),
    Rule(
        "list-opens",
        _kinds("procedure"),
        lambda c: c.unit.text.rstrip().endswith(":") and c.has("hedge") is False,
        "not_checkable",
        why="Opens a list; by itself it says nothing that can be checked.",
    ),
    Rule(
        "procedure",
        _kinds("procedure"),
        lambda c: True,
        "supported",
        why="Describes what is done; nothing in the evidence base speaks against it.",
    ),
    # how common
    Rule(
        "prevalence",
        _kinds("prevalence"),
        lambda c: True,
        "supported",
        why="In line with what is known of the condition; no number to check.",
    ),
    # does it help
    Rule(
        "anecdote",
        EFFECT,
        _and(_own_practice, lambda c: c.has("cure", "durable", "magnitude")),
        "no_good_evidence",
        ("anecdote", "no_denominator", "natural_history_ignored"),
        "standing",
        "What one provider has seen, without a number or a control. {row}",
    ),
    Rule(
        "fleeting-wrong",
        EFFECT,
        lambda c: (
            c.has("fleeting")
            and not c.has("careful_word", "durable")
            and c.standing is not None
            and c.standing.durable
        ),
        "contradicted",
        ("wrong_duration",),
        "standing",
        "Most of the benefit is still there a year later. {row}",
    ),
    Rule(
        "doubt-unfounded",
        EFFECT,
        lambda c: (
            _speaks_against(c)
            and c.benefit == "modest"
            and c.has("no_difference")
            and c.certainty != "hedged"
        ),
        "contradicted",
        (),
        "standing",
    ),
    Rule(
        "doubt-fair",
        EFFECT,
        lambda c: _speaks_against(c) or c.has("cause_denied"),
        "supported",
        (),
        "standing",
        "A fair limit. {row}",
    ),
    Rule(
        "extrapolated",
        EFFECT,
        lambda c: c.has("extrapolation"),
        "no_good_evidence",
        ("extrapolation", "population_mismatch"),
        "standing",
        "What holds for one condition need not hold for another. {row}",
    ),
    Rule(
        "stranger",
        EFFECT,
        lambda c: c.slots.stranger is not None,
        "not_in_evidence_base",
        why="The evidence base does not know {treatment}: this says nothing for or against it.",
    ),
    Rule(
        "nothing-named",
        EFFECT,
        _not(_named),
        "not_checkable",
        ("undefined_construct",),
        why="The page does not say which treatment it means.",
    ),
    Rule(
        "outcome-beside",
        EFFECT,
        lambda c: c.outcome_beside and not (_strong(c) and c.benefit in WORKS and "pain" in c.slots.outcomes),
        "no_good_evidence",
        ("surrogate_outcome", "unsourced"),
        "standing",
        "Not among the outcomes that trials showed to improve. {row}",
    ),
    Rule(
        "tested-and-failed",
        EFFECT,
        lambda c: c.benefit == "none" and c.certainty != "hedged" and (_strong(c) or _plain_effect(c)),
        "contradicted",
        ("unsourced",),
        "standing",
    ),
    Rule(
        "tested-and-failed-hedged",
        EFFECT,
        _benefit("none"),
        "no_good_evidence",
        ("unsourced",),
        "standing",
    ),
    Rule("too-little", EFFECT, _benefit("insufficient"), "no_good_evidence", ("unsourced",), "standing"),
    Rule(
        "too-strong",
        EFFECT,
        lambda c: c.benefit != "" and (_boundless(c) if c.benefit == "modest" else _strong(c)),
        "overstated",
        ("absolute_wording", "comparator_omitted"),
        "standing",
        "Stronger than the evidence. {row}",
    ),
    Rule(
        "full-recovery",
        _kinds("magnitude"),
        lambda c: c.benefit != "",
        "overstated",
        ("outcome_overreach",),
        "standing",
        "Larger than trials found. {row}",
    ),
    Rule(
        "outcome-beyond",
        EFFECT,
        lambda c: c.outcome_beyond,
        "overstated",
        ("outcome_overreach",),
        "standing",
        "One of the outcomes named has not been shown to improve. {row}",
    ),
    Rule(
        "head-to-head",
        _kinds("comparison"),
        _against_active,
        "overstated",
        ("unsourced",),
        "standing",
        "No head-to-head evidence here shows it. {row}",
    ),
    Rule(
        "plain-small",
        EFFECT,
        _and(_benefit("small", "mixed"), _plain_effect),
        "overstated",
        ("comparator_omitted", "unsourced"),
        "standing",
        "True against no treatment; against sham the difference is small. {row}",
    ),
    Rule(
        "fits",
        EFFECT,
        _benefit("small", "mixed", "modest"),
        "supported",
        ("comparator_omitted",),
        "standing",
    ),
    Rule(
        "no-row",
        EFFECT,
        lambda c: c.covered,
        "no_good_evidence",
        ("unsourced",),
        why="The evidence base covers {condition}, but holds nothing that shows {treatment} to help.",
    ),
    Rule(
        "not-in-base",
        ANY,
        lambda c: True,
        "not_in_evidence_base",
        why="The evidence base does not cover {treatment} for {condition}: this says nothing for or against it.",
    ),
)
"""The table, in the order in which it is tried; ``not-in-base`` always holds."""


def rule_for(case: Case) -> Rule:
    """The first rule that holds."""
    return next(rule for rule in RULES if case.kind in rule.kinds and rule.when(case))
