"""A pack's trials as a network: who is in, what is said, and what is never said."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import pytest

from needlepoint import EvidenceError, ask, load_pack
from needlepoint.answer.network import compare_treatments, pack_network

ALL = ("main", "sensitivity")
CELLS = [
    (outcome, window, uses)
    for outcome in ("pain", "function")
    for window in ("immediate", "short", "intermediate", "long")
    for uses in (("main",), ALL)
]


@cache
def joined(outcome, window, uses=("main",)):
    return pack_network(
        load_pack(),
        condition="low back pain",
        population="chronic",
        outcome=outcome,
        window=window,
        uses=uses,
    )


def cells():
    for cell in CELLS:
        try:
            yield joined(*cell)
        except EvidenceError as error:
            assert "no three treatments are connected" in str(error)  # noqa: PT017  a refusal in these words


def test_some_cells_are_networks():
    assert len(list(cells())) >= 8


def test_no_trial_stands_in_it_twice():
    for found in cells():
        assert len(found.trials) == len(set(found.trials))


def test_rows_for_sensitivity_stay_out_unless_asked_for():
    assert set(joined("pain", "immediate").trials) < set(joined("pain", "immediate", ALL).trials)


def test_every_trial_of_the_cell_is_in_or_named_with_its_reason():
    pack = load_pack()
    found = joined("pain", "immediate")
    with_rows = {m.trial for m in pack.measurements if (m.outcome, m.window) == ("pain", "immediate")}
    trials = {t.id for t in pack.trials if (t.condition, t.population) == ("low back pain", "chronic")}
    told = {why.split(":")[0] for why in found.excluded}
    assert with_rows & trials <= set(found.trials) | told


def test_nothing_is_called_best_that_rests_on_one_trial():
    for found in cells():
        said = "\n".join(found.words)
        if "stands apart from all others" in said:
            for other in found.treatments:
                if other != found.ranking.best:
                    two = compare_treatments(found, load_pack(), found.ranking.best, other)
                    assert not two.warning
        else:
            assert "do not single out" in said or "Too few trials to call any" in said


def test_what_cannot_be_told_apart_is_said_wherever_it_is_so():
    for found in cells():
        for group in found.ranking.cannot_be_told_apart:
            assert len(group) > 1
            assert any("Cannot be told apart" in line for line in found.words)


def test_a_comparison_says_on_what_it_rests():
    found = joined("pain", "immediate")
    direct = compare_treatments(found, load_pack(), "acupuncture", "sham")
    assert direct.evidence == "direct"
    assert direct.ci_high < 0.0
    indirect = compare_treatments(found, load_pack(), "acupuncture", "usual care")
    assert indirect.evidence == "indirect"
    assert "No trial compared the two" in indirect.summary()
    assert "one thin path" in indirect.warning
    assert sum(indirect.rests_on.values()) == pytest.approx(1.0)


def test_turning_a_comparison_turns_its_sign():
    found = joined("function", "immediate")
    one = compare_treatments(found, load_pack(), "acupuncture", "massage")
    two = compare_treatments(found, load_pack(), "massage", "acupuncture")
    assert one.estimate == pytest.approx(-two.estimate)
    assert (one.ci_low, one.ci_high) == pytest.approx((-two.ci_high, -two.ci_low))


def test_a_treatment_that_is_not_in_it_is_refused_with_those_that_are():
    with pytest.raises(EvidenceError, match="not among the treatments"):
        compare_treatments(joined("pain", "immediate"), load_pack(), "surgery", "sham")


def test_a_pack_without_rows_is_refused():
    pack = replace(load_pack(), measurements=(), contrasts=())
    with pytest.raises(EvidenceError, match="no three treatments"):
        pack_network(pack, condition="low back pain", population="chronic", outcome="pain", window="short")


BEST = """what is the best treatment for chronic low back pain?
which treatment works best for low back pain?
what works best for lower back pain?
best treatment for back pain
what is the most effective treatment for chronic low back pain
which therapy is best for chronic back pain?
what should I try first for low back pain?
what helps most with chronic low back pain?
is there a best treatment for low back pain?""".splitlines()
NOT_COMPARED = {
    "electroacupuncture or acupuncture for low back pain?": ("electroacupuncture", "acupuncture"),
    "is electroacupuncture better than massage for low back pain?": ("electroacupuncture", "massage"),
    "does electroacupuncture work better than an nsaid for low back pain?": ("electroacupuncture", "nsaid"),
    "spinal manipulation or usual care for chronic low back pain?": ("spinal manipulation", "usual care"),
}
COMPARED = {
    "acupuncture or massage for chronic low back pain?": ("acupuncture", "massage"),
    "is acupuncture better than massage for low back pain?": ("acupuncture", "massage"),
    "compare acupuncture and massage for low back pain": ("acupuncture", "massage"),
    "massage or acupuncture for back pain?": ("massage", "acupuncture"),
    "does massage work better than acupuncture for chronic low back pain?": ("massage", "acupuncture"),
    "does acupuncture work better than sham for chronic low back pain?": ("acupuncture", "sham"),
    "acupuncture vs usual care for chronic low back pain": ("acupuncture", "usual care"),
    "is massage better than usual care for low back pain?": ("massage", "usual care"),
    "is spinal manipulation better than acupuncture for low back pain?": (
        "spinal manipulation",
        "acupuncture",
    ),
    "is acupuncture better than spinal manipulation for low back pain?": (
        "acupuncture",
        "spinal manipulation",
    ),
    "acupuncture compared to an nsaid for chronic low back pain": ("acupuncture", "nsaid"),
    "is acupuncture better than no treatment for chronic low back pain?": ("acupuncture", "no treatment"),
}
NOT_CONNECTED = {
    "acupuncture or exercise for chronic low back pain?": ("acupuncture", "exercise"),
    "does exercise work better than surgery for low back pain?": ("exercise", "surgery"),
    "is yoga better than exercise for low back pain?": ("yoga", "exercise"),
    "does tens work better than acupuncture for low back pain": ("tens", "acupuncture"),
    "pilates or yoga for chronic low back pain?": ("pilates", "yoga"),
}


@pytest.mark.parametrize("question", BEST)
def test_the_best_treatment_is_not_named_where_trials_do_not_separate_it(question):
    said = ask(question)
    assert said.question.about == "choose"
    assert "do not single out a best treatment" in said.headline


@pytest.mark.parametrize("question", NOT_COMPARED)
def test_what_no_trial_compared_is_answered_by_way_of_others(question):
    said = ask(question)
    assert (said.question.treatment, said.question.comparator) == NOT_COMPARED[question]
    assert said.headline.startswith("No usable trial here")
    assert "By way of other treatments" in said.headline
    assert "Caution" in said.headline


@pytest.mark.parametrize("question", COMPARED)
def test_what_trials_compared_is_answered_by_them(question):
    said = ask(question)
    assert (said.question.treatment, said.question.comparator) == COMPARED[question]
    assert said.cells
    assert "By way of other treatments" not in said.headline


@pytest.mark.parametrize("question", NOT_CONNECTED)
def test_what_nothing_connects_is_refused_plainly(question):
    said = ask(question)
    assert (said.question.treatment, said.question.comparator) == NOT_CONNECTED[question]
    assert said.headline.startswith("No usable trial here")
    assert "By way of other treatments" not in said.headline
