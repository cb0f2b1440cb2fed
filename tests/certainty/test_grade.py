"""GRADE by rules: each domain fires at its number, humans beat rules, nothing is "high" by default."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from needlepoint.certainty.grade import DOMAINS, LADDER, Evidence, HumanJudgement, grade

GOOD = Evidence(
    estimate=-20,
    ci_low=-22,
    ci_high=-18,
    k=12,
    n=2000,
    important=(-15.0, 15.0),
    pi_low=-25,
    pi_high=-16,
    i2=0.1,
    q_p=0.5,
    blinded=1.0,
    low_risk=0.8,
    small_study_p=0.6,
)


def levels(evidence: Evidence) -> dict[str, int | None]:
    return {d.name: d.levels for d in grade(evidence).domains}


def test_only_a_body_of_evidence_with_nothing_against_it_and_every_domain_judged_is_high():
    assert grade(GOOD).certainty == "high"


def test_a_domain_that_nobody_judged_caps_the_certainty_at_moderate():
    result = grade(replace(GOOD, low_risk=0.2))
    assert result.certainty == "moderate"
    assert "risk of bias" in result.notes[0]


@pytest.mark.parametrize(
    ("change", "domain", "down"),
    [
        ({"high_risk": 0.6}, "risk of bias", 2),
        ({"blinded": 0.0}, "risk of bias", 1),
        ({"blinded": 0.0, "self_reported": False}, "risk of bias", 0),
        ({"low_risk": 0.0}, "risk of bias", None),
        ({"i2": 0.6, "q_p": 0.01}, "inconsistency", 1),
        ({"i2": 0.6, "q_p": 0.3}, "inconsistency", 0),
        ({"i2": 0.9, "q_p": 0.001, "pi_low": -40.0, "pi_high": 20.0}, "inconsistency", 2),
        ({"k": 1, "i2": None}, "inconsistency", 0),
        ({"direct": 0.2, "indirect_because": "leg pain"}, "indirectness", 1),
        ({"ci_low": -22.0, "ci_high": -10.0}, "imprecision", 1),
        ({"estimate": -3.0, "ci_low": -8.0, "ci_high": 2.0}, "imprecision", 1),
        ({"estimate": -8.0, "ci_low": -20.0, "ci_high": 4.0, "n": 80}, "imprecision", 2),
        ({"estimate": 0.0, "ci_low": -20.0, "ci_high": 20.0}, "imprecision", 2),
        (
            {"estimate": 0.9, "ci_low": 0.5, "ci_high": 1.6, "null": 1.0, "important": (0.75, 1.25)},
            "imprecision",
            2,
        ),
        ({"n": 150}, "imprecision", 1),
        ({"k": 9}, "publication bias", None),
        ({"small_study_p": 0.02}, "publication bias", 1),
    ],
)
def test_each_rule_fires_at_its_number(change, domain, down):
    assert levels(replace(GOOD, **change))[domain] == down


def test_a_human_judgement_beats_the_rule_and_says_whose_it_is():
    human = HumanJudgement(levels=2, reason="outcome switched in half the trials", judged_by="A. Reviewer")
    result = grade(GOOD, {"risk of bias": human})
    domain = next(d for d in result.domains if d.name == "risk of bias")
    assert (domain.levels, domain.number) == (2, "judged by A. Reviewer")
    assert result.certainty == "low"


def test_every_domain_states_its_rule_and_its_number():
    result = grade(GOOD)
    assert [d.name for d in result.domains] == list(DOMAINS)
    assert all(d.rule and d.number for d in result.domains)
    assert result.summary().count("\n") >= 5


shares = st.floats(0, 1)
ends = st.floats(-100, 100)


@given(
    i2=shares,
    blinded=shares,
    high=shares,
    low=ends,
    high_end=ends,
    k=st.integers(1, 60),
    n=st.integers(1, 9999),
)
def test_worse_evidence_never_raises_the_certainty(i2, blinded, high, low, high_end, k, n):
    a, b = sorted((low, high_end))
    evidence = replace(
        GOOD,
        i2=i2,
        q_p=0.01,
        blinded=blinded,
        high_risk=high,
        ci_low=a,
        ci_high=b,
        k=k,
        n=n,
        estimate=(a + b) / 2,
    )
    rank = LADDER.index(grade(evidence).certainty)
    worse = replace(evidence, high_risk=1.0, i2=1.0, n=10)
    assert LADDER.index(grade(worse).certainty) <= rank
