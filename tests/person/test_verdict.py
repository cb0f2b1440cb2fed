"""The verdict is a pure function of the posterior; its words are plain and promise nothing."""

import itertools
from typing import get_args

import pytest

from needlepoint.person.plan import CAN
from needlepoint.person.priors import load_priors
from needlepoint.person.verdict import (
    Verdict,
    advice,
    decide_verdict,
    diary_cannot,
    in_percent,
    people_cannot,
    people_words,
    period_advice,
    period_words,
    periods_cannot,
    review_due,
    words,
)

LIMITS = load_priors().limits
WORDS = load_priors().words


@pytest.mark.parametrize(
    ("below", "worse", "change", "mixed", "verdict"),
    [
        (None, None, -3.0, False, "change only"),
        (0.95, 0.00, -2.0, False, "likely helping you"),
        (0.90, 0.00, -1.8, False, "likely helping you"),  # 30 % of 6
        (0.95, 0.00, -1.7, False, "some help, less than most people call worthwhile"),
        (0.89, 0.00, -4.0, False, "cannot tell yet"),
        (0.10, 0.50, -4.0, False, "no worthwhile help"),
        (0.11, 0.90, -4.0, False, "no worthwhile help"),
        (0.11, 0.89, 0.0, False, "cannot tell yet"),
        (0.99, 0.00, -4.0, True, "cannot tell yet"),
        (0.01, 0.99, 4.0, True, "cannot tell yet"),
    ],
)
def test_the_rule_as_it_is_stated(below, worse, change, mixed, verdict):
    got = decide_verdict(
        below=below, worse=worse, change=change, baseline=6.0, mixed=mixed, due=True, limits=LIMITS
    )
    assert got == verdict


def test_without_pain_at_the_start_no_share_of_it_counts():
    got = decide_verdict(below=0.95, worse=0, change=0.0, baseline=0.0, mixed=False, due=True, limits=LIMITS)
    assert got == "some help, less than most people call worthwhile"


def every_text():
    for verdict in get_args(Verdict):
        for mixed, days in itertools.product((False, True), (None, 21)):
            yield words(verdict, mixed=mixed, days_needed=days)
        for due in (False, True):
            yield advice(verdict, due=due, limits=LIMITS)
            yield period_advice(verdict, over=due)
        yield period_words(verdict)
    for low, high in ((-2, -1), (-0.4, 1), (-2, 1)):
        yield people_words(low, high, worthwhile=LIMITS.worthwhile)


def test_every_text_is_at_or_below_grade_eight(grade):
    limits = (*diary_cannot(WORDS.apart), *periods_cannot(WORDS.lasting), *people_cannot(WORDS.apart))
    texts = sorted({*every_text(), *CAN, *limits})
    assert len(texts) > 15
    assert grade(" ".join(texts)) <= 8
    assert max(grade(text) for text in texts) <= 9.5  # single short sentences scatter


def test_no_text_promises_or_prints_a_p_value():
    for text in every_text():
        lowered = text.lower()
        assert not any(
            word in lowered for word in ("cure", "will help", "guarantee", "proven", "significant", "p =")
        )


def test_cannot_tell_says_how_long_or_why_not():
    assert "about 21 more days" in words("cannot tell yet", mixed=False, days_needed=21)
    assert "second course" in words("cannot tell yet", mixed=False, days_needed=None)
    assert "another treatment" in words("cannot tell yet", mixed=True, days_needed=21)


def test_a_course_without_gain_is_not_continued_past_its_review():
    for verdict in (
        "cannot tell yet",
        "no worthwhile help",
        "some help, less than most people call worthwhile",
    ):
        assert "Stopping is reasonable" in advice(verdict, due=True, limits=LIMITS)
    assert "Stopping" not in advice("cannot tell yet", due=False, limits=LIMITS)


@pytest.mark.parametrize(
    ("sessions", "since", "due"), [(0, None, False), (11, 89, False), (12, 40, True), (3, 90, True)]
)
def test_the_review_is_due_by_sessions_or_by_days(sessions, since, due):
    assert review_due(sessions=sessions, days_since=since, limits=LIMITS) is due


def test_before_the_review_help_takes_more_certainty():
    early = {"worse": 0.0, "change": -3.0, "baseline": 6.0, "mixed": False, "due": False, "limits": LIMITS}
    assert decide_verdict(below=0.94, **early) == "cannot tell yet"
    assert decide_verdict(below=0.95, **early) == "likely helping you"
    assert decide_verdict(below=0.10, **early) == "no worthwhile help"


def test_a_probability_is_never_certainty():
    assert [in_percent(p) for p in (0.0, 0.004, 0.5, 0.996, 1.0)] == [
        "less than 1%", "less than 1%", "50%", "more than 99%", "more than 99%"
    ]  # fmt: skip
