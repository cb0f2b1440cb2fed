"""Pages on other treatments than needles: kinds, verdicts, numbers and what one line lends to the next."""

import pytest

from needlepoint.claims.api import check
from needlepoint.claims.facts.quantities import quantities_of


def only(text):
    (judged,) = check(text).claims
    return judged


@pytest.mark.parametrize(
    ("text", "kind", "verdict"),
    [
        ("Paracetamol is a safe and effective remedy for acute back pain.", "efficacy", "contradicted"),
        ("Muscle relaxants may ease acute low back pain for a few days.", "efficacy", "supported"),
        ("A magnet relieves chronic low back pain.", "efficacy", "contradicted"),
        ("All NSAIDs work by blocking prostaglandins.", "mechanism", "supported"),
        ("Curcumin acts like a cox 2 inhibitor and lowers inflammation.", "mechanism", "no_good_evidence"),
        ("Misaligned vertebrae interfere with nerves and cause disease.", "mechanism", "no_good_evidence"),
        ("The tablets most often prescribed for back pain are NSAIDs.", "prevalence", "not_checkable"),
        ("In most cases back pain is not due to a serious disease.", "prevalence", "not_checkable"),
        ("Some people notice soreness after the first session.", "safety", "not_checkable"),
        ("Chiropractic care is the safest treatment of all.", "safety", "overstated"),
        ("Ibuprofen does not cause any side effects.", "safety", "contradicted"),
        ("The FDA has approved only one cannabidiol product, for seizures.", "regulatory", "supported"),
        ("A massage device works by sending warm air through small pads.", "procedure", "not_checkable"),
        ("An injection of steroids is an option for severe sciatica.", "procedure", "not_checkable"),
        ("Spinal decompression has a high success rate for bulging discs.", "efficacy", "overstated"),
        ("Pilates is the best exercise for back pain and works for everyone.", "efficacy", "overstated"),
        ("Researchers do not know how massage works.", "efficacy", "supported"),
        ("Fusion was no better than rehabilitation for chronic low back pain.", "efficacy", "supported"),
    ],
)
def test_a_sentence_on_another_treatment_gets_its_kind_and_verdict(text, kind, verdict):
    judged = only(text)
    assert (judged.claim.kind, judged.verdict) == (kind, verdict)


def test_the_rate_of_one_condition_is_not_held_against_another():
    assert (
        only("As many as 40 per cent of people have sciatica at some point in their lives.").verdict
        == "not_checkable"
    )
    assert (
        only("Only 40 per cent of people have back pain at some point in their lives.").verdict
        == "contradicted"
    )


def test_a_body_named_in_the_heading_stands_behind_the_lines_below():
    page = "What NICE says\n\nParacetamol on its own is no longer the first choice for low back pain."
    judged = only(page)
    assert judged.rule == "guideline"
    assert judged.verdict == "supported"


def test_the_line_that_opens_a_list_lends_its_treatment():
    page = "Studies show that massage can:\n\u2022 lessen low back pain\n\u2022 ease the disability that goes with it\n"
    assert [j.claim.treatment for j in check(page).claims] == ["massage", "massage"]


def test_another_word_for_the_subject_is_no_new_treatment():
    page = "Spinal decompression uses a motorised table. This stretching takes pressure off the discs."
    assert {j.claim.treatment for j in check(page).claims} == {"motorised spinal decompression"}


def test_a_treatment_named_beside_is_not_judged():
    text = "An inversion table works best as part of a plan with exercise."
    assert only(text).claim.treatment == "inversion therapy"


def test_a_mechanism_is_told_with_what_is_known_of_its_own_treatment():
    assert "device" in only("TENS blocks pain signals on their way to the brain.").why
    assert "device" not in only("Heat blocks pain signals on their way to the brain.").why


def test_one_share_in_two_forms_is_no_contradiction():
    page = (
        "About 80% of adults have back pain at some point in their lives. "
        "That means that 4 out of 5 adults have back pain at some point in their lives."
    )
    assert check(page).contradictions == ()


def test_no_risk_at_all_clashes_with_soreness_afterwards():
    page = (
        "There is no risk whatsoever in an adjustment by a chiropractor. "
        "Some patients notice mild soreness after the first visit, which passes within a day."
    )
    (pair,) = check(page).contradictions
    assert pair.strength == "direct"


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("a score of 8.98 out of 10 in 100 patients", ["8.98", "100"]),
        ("the bulge shrank in 10 of 14 cases", ["10 of 14"]),
        ("7 out of 10 patients", ["7 in 10"]),
        ("86% of 219 patients", ["86", "219"]),
        ("the second most common reason", ["2"]),
        ("gone after one year", ["1"]),
        ("one of the best", []),
        ("after one or two sessions", ["1-2"]),
        ("between the ages of 25 and 45", ["25-45"]),
        ("more than 3 of 100 points", ["3"]),
    ],
)
def test_numbers_of_pages_on_other_treatments(text, values):
    assert [q.value for q in quantities_of(text, 0, len(text))] == values


def test_the_rates_of_both_arms_are_no_success_rate_without_control():
    text = "About 44% of people in the mindfulness group had a meaningful reduction in pain, against 27% with usual care."
    judged = only(text)
    assert (judged.claim.kind, judged.verdict) == ("magnitude", "not_checkable")
    assert judged.unknown[0] == "the number 44 %"


def test_a_share_with_more_pain_is_a_harm():
    judged = only("In the trial 29% of those who did yoga reported a brief increase in pain.")
    assert (judged.claim.kind, judged.verdict) == ("safety", "not_checkable")
    assert judged.unknown == ("what it says",)


def test_more_than_a_number_compares_nothing():
    assert only("More than 4 grams of paracetamol a day can harm the liver.").claim.comparator is None
