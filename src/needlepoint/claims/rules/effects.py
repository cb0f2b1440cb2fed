"""The rule table: what makes a claim supported, overstated, contradicted, and why.

Rules are tried in order; the first that holds decides. A rule looks at the language of the claim and at rows of the
pack: it never names a treatment, a condition or a page, and nothing here compares sentences by likeness.
"""

from __future__ import annotations

from needlepoint.claims.facts.case import Case
from needlepoint.claims.reading.reading import cues
from needlepoint.claims.rules.described import DESCRIBED
from needlepoint.claims.rules.questions import (
    WORKS,
    against_active,
    benefit,
    both,
    boundless,
    fails,
    fair_rates,
    named,
    plain_effect,
    some_help,
    speaks_against,
    strong,
)
from needlepoint.claims.rules.rule import ANY, EFFECT, Rule, kinds
from needlepoint.claims.rules.sourced import SOURCED

__all__ = ["RULES", "rule_for"]

EFFECTS: tuple[Rule, ...] = (
    # does it help
    Rule(
        "nothing-else-does",
        EFFECT,
        lambda c: c.benefit != "" and not speaks_against(c) and not c.has("rejection", "negation"),
        "overstated",
        ("absolute_wording", "unsourced"),
        "standing",
        "Other treatments have results of their own here, so that none is the only one or the best. {row}",
        cues=cues("best_of_all"),
    ),
    Rule(
        "anecdote",
        EFFECT,
        lambda c: c.has("cure", "durable", "magnitude"),
        "no_good_evidence",
        ("anecdote", "no_denominator", "natural_history_ignored"),
        "standing",
        "What one provider has seen, without a number or a control. {row}",
        cues=cues("own_practice"),
    ),
    Rule(
        "fleeting-wrong",
        EFFECT,
        lambda c: not c.has("careful_word", "durable") and c.standing is not None and c.standing.durable,
        "contradicted",
        ("wrong_duration",),
        "standing",
        "Most of the benefit is still there a year later. {row}",
        cues=cues("fleeting"),
    ),
    Rule(
        "doubt-unfounded",
        EFFECT,
        lambda c: (
            speaks_against(c)
            and c.benefit == "modest"
            and c.certainty != "hedged"
            and not (len(c.slots.treatments) > 1 or against_active(c))
        ),
        "contradicted",
        (),
        "standing",
        cues=cues("no_difference"),
    ),
    Rule(
        "doubt-fair",
        EFFECT,
        lambda c: speaks_against(c) or c.has("cause_denied"),
        "supported",
        (),
        "standing",
        "A fair limit. {row}",
    ),
    Rule(
        "limited-at-once",
        EFFECT,
        lambda c: c.doubted_beside and c.certainty == "hedged" and not strong(c),
        "supported",
        (),
        "standing",
        "Told with its limit. {row}",
    ),
    Rule(
        "extrapolated",
        EFFECT,
        lambda c: True,
        "no_good_evidence",
        ("extrapolation", "population_mismatch"),
        "standing",
        "What holds for one condition need not hold for another. {row}",
        cues=cues("extrapolation"),
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
        fails(named),
        "not_checkable",
        ("undefined_construct",),
        why="The page does not say which treatment it means.",
    ),
    Rule(
        "outcome-beside",
        EFFECT,
        lambda c: c.outcome_beside and not (strong(c) and c.benefit in WORKS and "pain" in c.slots.outcomes),
        "no_good_evidence",
        ("surrogate_outcome", "unsourced"),
        "standing",
        "Not among the outcomes that trials showed to improve. {row}",
    ),
    Rule(
        "some-of-them",
        EFFECT,
        both(some_help, fails(strong)),
        "supported_in_part",
        (),
        "standing",
        "True of a part of the treatments named. {row}",
    ),
    Rule(
        "studies-against-pool",
        EFFECT,
        lambda c: c.benefit == "none" and c.speaker == "study" and c.certainty != "absolute",
        "overstated",
        ("selective_reporting", "vague_attribution"),
        "standing",
        "Some studies against the whole of the evidence. {row}",
    ),
    Rule(
        "tested-and-failed",
        EFFECT,
        lambda c: c.benefit == "none" and c.certainty != "hedged" and (strong(c) or plain_effect(c)),
        "contradicted",
        ("unsourced",),
        "standing",
    ),
    Rule(
        "tested-and-failed-hedged",
        EFFECT,
        benefit("none"),
        "no_good_evidence",
        ("unsourced",),
        "standing",
    ),
    Rule("too-little", EFFECT, benefit("insufficient"), "no_good_evidence", ("unsourced",), "standing"),
    Rule(
        "too-strong",
        EFFECT,
        lambda c: c.benefit != "" and (boundless(c) if c.benefit == "modest" else strong(c)),
        "overstated",
        ("absolute_wording", "comparator_omitted"),
        "standing",
        "Stronger than the evidence. {row}",
    ),
    Rule(
        "full-recovery",
        kinds("magnitude"),
        lambda c: c.benefit != "" and not fair_rates(c),
        "overstated",
        ("outcome_overreach",),
        "standing",
        "Larger than trials found. {row}",
    ),
    Rule(
        "outcome-beyond",
        EFFECT,
        lambda c: c.outcome_beyond,
        "supported_in_part",
        ("outcome_overreach",),
        "standing",
        "One of the outcomes named has not been shown to improve. {row}",
    ),
    Rule(
        "head-to-head",
        kinds("comparison"),
        against_active,
        "overstated",
        ("unsourced",),
        "standing",
        "No head-to-head evidence here shows it. {row}",
    ),
    Rule(
        "plain-small",
        EFFECT,
        both(benefit("small", "mixed"), plain_effect),
        "overstated",
        ("comparator_omitted", "unsourced"),
        "standing",
        "True against no treatment; against sham the difference is small. {row}",
        cues=cues("effective_word"),
    ),
    Rule(
        "fits",
        EFFECT,
        benefit("small", "mixed", "modest"),
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
"""Rules on whether it helps; the last always holds."""

RULES = (*SOURCED, *DESCRIBED, *EFFECTS)
"""The table, in the order in which it is tried."""
_BY_KIND = {kind: tuple(rule for rule in RULES if kind in rule.kinds) for kind in ANY}


def rule_for(case: Case) -> Rule:
    """The first rule that holds."""
    here = case.unit.cues
    for rule in _BY_KIND[case.kind]:
        if not (rule.cues and rule.cues.isdisjoint(here)) and rule.when(case):
            return rule
    return RULES[-1]
