"""Verdicts on a page of our own, field by field: what a careful reader would say."""

from pathlib import Path

import pytest

import needlepoint
from needlepoint.claims.api import check, reader_of

PAGE = Path(__file__).with_name("example.txt")


@pytest.fixture(scope="module")
def page():
    return check(PAGE)


def of(page, words):
    found = [j for j in page.claims if words in j.claim.quote]
    assert found, f"no claim with {words!r}"
    return found[0]


@pytest.mark.parametrize(
    ("words", "kind", "verdict"),
    [
        ("Get lasting relief instantly", "efficacy", "overstated"),
        ("no side effects whatsoever", "safety", "contradicted"),
        ("may relieve chronic low back pain", "efficacy", "supported"),
        ("nerve damage", "safety", "supported"),
        ("only temporary", "efficacy", "contradicted"),
        ("persist over time", "efficacy", "supported"),
        ("inserted into the skin", "procedure", "not_checkable"),
        ("release endorphins", "mechanism", "overstated"),
        ("2012 study", "citation", "contradicted"),
        ("50% improvement", "magnitude", "contradicted"),
        ("80% of adults", "prevalence", "supported"),
        ("1 in 10", "prevalence", "supported"),
        ("bladder problems", "safety", "contradicted"),
        ("NICE recommends", "guideline", "contradicted"),
        ("TENS treats", "efficacy", "contradicted"),
        ("Hypnosis", "efficacy", "not_in_evidence_base"),
    ],
)
def test_each_claim_gets_its_kind_and_verdict(page, words, kind, verdict):
    judged = of(page, words)
    assert (judged.claim.kind, judged.verdict) == (kind, verdict)


@pytest.mark.parametrize(
    ("words", "role"),
    [
        ("Home | Back care", "navigation"),
        ("Does needling help", "question"),
        ("How it is done", "heading"),
        ("ask your doctor", "instruction"),
        ("Book your first session", "instruction"),
        ("like a new man", "testimonial"),
    ],
)
def test_what_is_no_claim_is_named_for_what_it_is(page, words, role):
    assert [o.role for o in page.others if words in o.quote] == [role]


@pytest.mark.parametrize(
    ("words", "issue"),
    [
        ("no side effects whatsoever", "absolute_wording"),
        ("only temporary", "internal_contradiction"),
        ("2012 study", "wrong_number"),
        ("50% improvement", "responder_rate_as_mean"),
        ("bladder problems", "red_flag_without_warning"),
        ("release endorphins", "surrogate_outcome"),
        ("NICE recommends", "guideline_misquoted"),
    ],
)
def test_problems_carry_their_code(page, words, issue):
    assert issue in of(page, words).issues


def test_every_quote_stands_verbatim_at_its_offsets(page):
    for item in [*(j.claim for j in page.claims), *page.others]:
        assert page.text[item.char_start : item.char_end] == item.quote


def test_every_problem_has_a_reason_and_a_source_or_says_that_it_has_none(page):
    for judged in page.claims:
        assert judged.why.strip()
        if judged.verdict in {"contradicted", "outdated"}:
            assert any(s.url.startswith("http") for s in judged.support)


def test_the_page_contradicts_itself_on_harm_and_duration(page):
    assert {p.slot for p in page.contradictions if p.strength == "direct"} == {"harm", "duration"}


def test_numbers_of_different_things_do_not_contradict_each_other():
    text = "About 1 in 10 people worldwide have back pain now. Almost 80% of adults have back pain at some point."
    assert not check(text).contradictions


def test_a_range_and_a_number_inside_it_do_not_contradict_each_other():
    text = "During acupuncture 4 to 30 needles are inserted. On average 6 to 8 needles are inserted in acupuncture."
    assert not check(text).contradictions


def test_danger_signs_come_first(page):
    assert "urgent" in page.notices[0].text
    assert page.summary_text.startswith(f"{len(page.claims)} claims")


def test_no_row_is_not_the_same_as_no_evidence():
    assert check("Massage cures spinal stenosis completely.").claims[0].verdict == "no_good_evidence"
    assert check("Hypnosis by telephone heals kidney stones.").claims[0].verdict == "not_in_evidence_base"


@pytest.mark.parametrize(
    "text",
    [
        "Exercise and traction may ease chronic low back pain.",
        "Dry needling may reduce back pain and improve function.",
    ],
)
def test_what_is_true_of_a_part_is_supported_in_part(text):
    assert [j.verdict for j in check(text).claims] == ["supported_in_part"]


def test_a_problem_with_a_benefit_shows_what_the_trials_give_when_pooled():
    support = check("Acupuncture eliminates chronic low back pain.").claims[0].support
    pooled = [s.text for s in support if s.row == "pooled:acupuncture"]
    assert len(pooled) == 1
    assert "low back pain" in pooled[0]
    assert "certainty" in pooled[0]


def test_two_runs_are_identical():
    reader_of.cache_clear()
    first = check(PAGE).to_dict()
    reader_of.cache_clear()
    assert check(PAGE).to_dict() == first


def test_the_public_door_is_the_same():
    assert needlepoint.check is check
    assert isinstance(needlepoint.check("Acupuncture has no side effects."), needlepoint.Check)


def test_a_page_without_claims_says_so():
    found = check("Opening hours: nine to five. Parking behind the house.")
    assert found.claims == ()
    assert "No checkable health claim" in found.summary_text


def test_the_score_card_names_the_sentence_that_decided(page):
    card = {c.id: c for c in page.score_card}
    assert card["harms"].met == "partly"
    assert card["right_numbers"].met == "no"
    assert page.text[card["right_numbers"].char_start :].startswith("A 2012 study")


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("Serious side effects of acupuncture are rare.", "supported"),
        ("Acupuncture is generally safe when done by a trained practitioner.", "supported"),
        ("Exercise can ease chronic low back pain.", "supported"),
        ("There is not enough evidence that turmeric relieves back pain.", "supported"),
        ("Acupuncture does not cure the cause of back pain.", "supported"),
        ("It is not known whether dry needling improves function in low back pain.", "supported"),
        ("Most people with acute low back pain get better within a few weeks.", "not_checkable"),
        ("Yoga may help people with chronic low back pain.", "supported"),
    ],
)
def test_fair_sentences_raise_no_alarm(text, verdict):
    assert [j.verdict for j in check(text).claims] == [verdict]
