"""Nothing is supported that no row of the evidence was found to meet; what was not looked up is named."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from needlepoint import check


def judged(text):
    return check(f"Acupuncture and back pain\n\n{text}\n").claims


@pytest.mark.parametrize(
    "text",
    [
        "One in two patients dies from acupuncture.",
        "Acupuncture is safe and cures cancer.",
        "Three quarters of patients are free of back pain after a week of needling.",
        "A report from Norway found acupuncture safer, cheaper and better than usual care for back pain.",
        "A trial of 83 bakers showed that acupuncture helps with low back pain more than tablets do.",
        "The national society of physiotherapists says acupuncture helps chronic low back pain.",
        "Acupuncture adds ten years to your life.",
        "Opioids never lead to addiction.",
        "Massage works miracles and has no real risks.",
        "Nearly 900 million people had low back pain in 2020.",
        "Serious side effects of acupuncture happen in 1 of 20 patients.",
        "Copper bracelets are used by millions against back pain.",
        "Acupuncture is the only remedy that helps with back pain.",
    ],
)
def test_what_no_row_meets_is_never_supported(text):
    assert all(j.verdict not in {"supported", "supported_in_part"} for j in judged(text)), text


@pytest.mark.parametrize(
    "text",
    [
        "About 619 million people worldwide had low back pain in 2020.",
        "Serious side effects of acupuncture happen in about 1 in 10,000 patients.",
        "Serious side effects of acupuncture happen in about 1 per 10\u202f000 patients.",
        "It would be untrue to claim that acupuncture has no side effects.",
        "Exercise probably helps a little with chronic low back pain.",
        "Compared with sham acupuncture, the benefit in chronic low back pain is small.",
        "NICE advises against acupuncture for low back pain.",
    ],
)
def test_what_a_row_meets_is_supported(text):
    assert [j.verdict for j in judged(text)] == ["supported"], text


def test_the_part_that_was_not_looked_up_is_named():
    found = judged("Serious side effects of acupuncture happen in 1 of 20 patients.")[0]
    assert found.verdict in {"not_checkable", "contradicted"}
    if found.verdict == "not_checkable":
        assert "the number" in found.unknown[0]
        assert found.unknown[0] in found.why


TREATMENTS = ["Acupuncture", "Massage", "TENS", "Yoga", "Exercise", "Spinal manipulation", "Paracetamol"]
FRAMES = [
    "{t} cuts chronic low back pain by {n}%.",
    "{n} in 100 people with back pain recover with {t}.",
    "{t} is better than surgery for low back pain.",
    "A study of {n} people showed that {t} relieves low back pain.",
    "Side effects of {t} occur in {n} of 100 people.",
    "{t} helps people with low back pain.",
    "{n}% of adults use {t}.",
    "Experts say {t} eases chronic low back pain.",
]


@settings(deadline=None, max_examples=120)
@given(st.sampled_from(TREATMENTS), st.sampled_from(FRAMES), st.integers(1, 99))
def test_supported_always_has_a_row_whose_numbers_are_the_claims(treatment, frame, number):
    for j in judged(frame.format(t=treatment, n=number)):
        if j.verdict not in {"supported", "supported_in_part"}:
            continue
        assert j.support
        assert j.met
        assert not j.unknown
