"""The words are a pure function of the numbers."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from needlepoint.answer import words
from needlepoint.answer.words import Finding

BASE = Finding(
    treatment="needling",
    comparator="sham needling",
    outcome="pain",
    when="right after treatment",
    benefit=6.0,
    low=2.0,
    high=10.0,
    unit="points of 100",
    certainty="low",
    mid=15.0,
    more="bad",
)


@pytest.mark.parametrize(
    ("certainty", "verb"),
    [
        ("high", "needling reduces pain slightly"),
        ("moderate", "needling probably reduces pain slightly"),
        ("low", "needling may reduce pain slightly"),
        ("very low", "the evidence is very uncertain about needling and pain"),
    ],
)
def test_the_verb_carries_the_certainty(certainty, verb):
    assert verb in words.statement(replace(BASE, certainty=certainty))


@pytest.mark.parametrize(
    ("benefit", "low", "high", "phrase"),
    [
        (20.0, 16.0, 24.0, "reduces pain right"),
        (8.0, 4.0, 12.0, "reduces pain slightly"),
        (3.0, 1.0, 5.0, "makes little or no difference to pain"),
        (2.0, -2.0, 6.0, "makes little or no difference to pain"),
        (8.0, -2.0, 18.0, "cannot tell whether needling changes pain"),
        (-8.0, -12.0, -4.0, "increases pain slightly"),
    ],
)
def test_the_adverb_carries_the_size(benefit, low, high, phrase):
    f = replace(BASE, benefit=benefit, low=low, high=high, certainty="high")
    assert phrase in words.statement(f)


def test_doing_worse_than_another_treatment_is_not_called_harm():
    f = replace(BASE, benefit=-8.0, low=-12.0, high=-4.0, comparator="massage", rival=True)
    assert words.statement(f).startswith("Compared with massage, needling may do slightly worse for pain")


def test_published_results_are_always_labelled_as_theirs():
    assert "published by Cochrane 2020" in words.statement(replace(BASE, published_by="Cochrane 2020"))


def test_the_headline_never_mixes_sham_with_doing_nothing():
    nothing = replace(BASE, comparator="no treatment", benefit=16, low=12, high=20)
    text = words.headline("needling", "back pain", nothing, BASE, None)
    assert text.index("no treatment") < text.index(", but it is only a little better than sham needling")


def test_the_headline_says_so_when_there_is_nothing():
    assert "no usable trials" in words.headline("needling", "back pain", None, None, None)


def test_without_a_sham_comparison_the_headline_says_what_nobody_knows():
    text = words.headline("needling", "back pain", replace(BASE, comparator="usual care"), None, None)
    assert "due to the treatment itself" in text


def test_people_of_100_are_50_when_nothing_differs():
    f = replace(BASE, benefit=0.0, low=-5.0, high=5.0)
    text = words.of_100_better_than_average(f, standard_deviation=20.0)
    assert "about 50 do better" in text
    assert "(40 to 60;" in text


def test_response_rates_give_both_framings():
    text = words.of_100_respond("needling", "sham", 184 / 387, 171 / 387)
    assert "about 48 improved" in text
    assert "so 52 and 56 did not" in text


@given(
    st.floats(-60, 60),
    st.floats(0.1, 30),
    st.sampled_from(["high", "moderate", "low", "very low", "not judged"]),
)
def test_every_finding_gets_a_clean_sentence(benefit, half, certainty):
    f = replace(BASE, benefit=benefit, low=benefit - half, high=benefit + half, certainty=certainty)
    for text in (words.statement(f), words.headline("needling", "back pain", f, None, None)):
        assert "  " not in text
        assert "nan" not in text
        assert "-0 " not in text
        assert not text.startswith(("needling", " "))


@given(st.floats(-1e6, 1e6))
def test_numbers_for_people_are_never_minus_zero(value):
    assert words.number(value) not in {"-0", "-0.0", "-0.00"}
