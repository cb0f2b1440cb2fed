"""The first screen: short, wide enough for no terminal less than 80, and nothing beyond its scale."""

from __future__ import annotations

import json
from functools import cache

import pytest
from click.testing import CliRunner

from needlepoint.answer.api import ask
from needlepoint.answer.first_screen import LINES, WIDTH, first_screen
from needlepoint.answer.result import Answer
from needlepoint.answer.scale import benefit, of_hundred, tells_nothing
from needlepoint.cli import cli

ASKED = (
    "does acupuncture help with lower back pain",
    "is acupuncture safe for my mum, 82, with osteoporosis",
    "how many sessions of acupuncture do I need",
    "how long until acupuncture works",
    "does medicare cover acupuncture for back pain",
    "what should I try first for back pain",
    "acupuncture or ibuprofen for back pain",
    "does TENS help back pain",
    "will acupuncture cure sciatica",
    "does yoga help back pain",
    "heat for acute low back pain",
    "surgery for spinal stenosis",
)


@cache
def answer(text: str) -> Answer:
    return ask(text)


@pytest.mark.parametrize("text", ASKED)
def test_it_fits_one_screen(text):
    lines = first_screen(answer(text)).splitlines()
    assert len(lines) <= LINES == 30
    assert max(map(len, lines)) <= WIDTH == 80


@pytest.mark.parametrize("text", ASKED)
def test_no_shown_interval_says_more_than_its_scale(text):
    for c in answer(text).cells:
        if c.shown is None or c.scale is None or tells_nothing(c.scale, c.shown):
            continue
        if c.scale.log:
            assert 1 / 20 <= c.shown.ci_low <= c.shown.ci_high <= 20
        elif (factor := of_hundred(c.scale)) is not None:
            better = benefit(c.scale, c.shown)
            assert -100 <= factor * better.ci_low <= factor * better.ci_high <= 100


def test_an_emergency_is_the_whole_answer():
    found = CliRunner().invoke(cli, ["ask", "I can't pee and my back hurts, will acupuncture help"])
    assert found.exit_code == 3
    assert found.output.startswith("Go to an emergency department")
    assert "cupuncture" not in found.output
    as_json = CliRunner().invoke(cli, ["ask", "--json", "he cannot move his legs, does massage help"])
    assert as_json.exit_code == 3
    assert json.loads(as_json.output)["emergency"]["id"] == "RF-BILATERAL-LEG"


@pytest.mark.parametrize(
    "text",
    [
        "no chest pain, does acupuncture help my back",
        "I do not have trouble peeing, does acupuncture help my back",
        "no fever or chest pain, does massage help my back",
        "without fever, massage for back pain",
        "what does sham mean in acupuncture for back pain",
    ],
)
def test_what_is_denied_is_no_emergency(text):
    assert answer(text).emergency is None


@pytest.mark.parametrize(
    "text",
    [
        "cant pee since last nite and back pain",
        "my wife has numbness betwen her legs, massage?",
        "numb bottom and back pain",
        "Feverr with back pain",
        "she wants to kill herself because of back pain",
        "My legs won't move",
        "lost control of my bowels and back hurts",
        "no appetite, chest pain",
        "he is no longer able to move his legs",
        "not sure what it is but chest pain and back pain",
        "I fell off a ladder and my back hurts, yoga?",
    ],
)
def test_an_emergency_is_seen_however_it_is_said(text):
    assert ask(text).emergency is not None


def test_words_that_were_not_used_are_named():
    assert "Not used       zebra" in first_screen(answer("does acupuncture help with lower back pain zebra"))


def test_questions_that_are_not_about_the_effect_are_answered_as_asked():
    assert "Medicare" in answer("does medicare cover acupuncture for back pain").headline
    assert "10 sessions" in answer("how many sessions of acupuncture do I need").headline.replace("\n", " ")
    assert answer("will acupuncture cure my back pain").headline.startswith("No trial here shows")
    assert "ranks all treatments" in answer("what should I try first for back pain").headline


def test_people_like_the_one_asked_about_are_counted():
    (age, bones) = answer("does acupuncture work for my sister, 70, with osteoporosis").fits
    assert "trials were in such people" in age
    assert "does not say" in bones
