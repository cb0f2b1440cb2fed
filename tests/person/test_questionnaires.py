"""Scores of questionnaires by their published rules, and what a change means."""

import json
import tomllib

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

import needlepoint
from needlepoint.cli import cli
from needlepoint.errors import InputError, PackError
from needlepoint.person.questionnaires import SCORES, load_questionnaires, score
from needlepoint.person.rules import pack_file

FORMS = load_questionnaires()


@settings(deadline=None, max_examples=50)
@given(st.sets(st.integers(1, 24)))
def test_roland_morris_counts_the_ticks_however_they_are_given(ticked):
    boxes = [i in ticked for i in range(1, 25)]
    by_number = {f"q{i}": "yes" for i in ticked}
    for answers in (boxes, by_number, [1 if each else None for each in boxes], sorted(ticked)):
        assert score("rmdq", answers).score == len(ticked)
    if len(ticked) != 1:
        assert score("rmdq", ", ".join(map(str, ticked))).score == len(ticked)


def test_no_answer_is_no_tick_and_is_said():
    found = score("rmdq", {1: "yes", 4: "yes", 9: "no", 10: "yes", 11: "yes"})
    assert (found.score, found.answered, found.items) == (4.0, 5, 24)
    assert found.notes == ("19 sentences have no answer and count as not ticked.",)


@pytest.mark.parametrize(("ticks", "says"), [(3, "got better"), (4, None), (20, None), (21, "got worse")])
def test_scores_at_the_ends_have_little_room_to_change(ticks, says):
    notes = " ".join(score("rmdq", [i < ticks for i in range(24)]).notes)
    assert (says in notes) if says else notes == ""


def test_a_lone_number_is_not_guessed_to_be_a_total():
    for answers in (12, "12"):
        with pytest.raises(InputError, match="a total, or the number of an item"):
            score("rmdq", answers)
    assert score("rmdq", [12]).score == 1


@pytest.mark.parametrize(
    ("answers", "total"),
    [([5] * 10, 100), ([0] * 10, 0), ([2, 1, 3, None, 2, 2, 1, 0, 2, 2], 100 * 15 / 45),
     ([2, (1, 3), 0, 0, 0, 0, 0, 0, 0, 0], 10)],
)  # fmt: skip
def test_oswestry_is_a_share_of_what_the_answered_sections_could_give(answers, total):
    assert score("odi", answers).score == pytest.approx(total)


def test_peg_is_a_mean_and_takes_decimal_commas_and_no_gaps():
    assert score("peg", ["4,5", 6, 7.5]).score == pytest.approx(6)
    with pytest.raises(InputError, match="every answer"):
        score("peg", [4, None, 6])


@pytest.mark.parametrize(
    ("first", "last", "group"),
    [(0, 3, "low"), (1, 3, "medium"), (4, 0, "medium"), (3, 0, "low"), (0, 4, "high"), (4, 5, "high")],
)
def test_start_back_groups_by_total_and_distress(first, last, group):
    answers = [i < first for i in range(4)] + [i < last for i in range(5)]
    found = score("start-back", answers)
    assert (found.score, found.parts["distress"], found.group) == (first + last, last, group)
    assert group in found.summary()


def test_promis_is_a_raw_sum_whose_range_follows_its_length():
    found = score("promis", [3, 3, 4, 5])
    assert (found.score, found.low, found.high) == (15, 4, 20)
    assert score("promis", {1: 2, 2: 2, 3: 2, 4: 2, 5: 2, 6: 2}).high == 30


def test_a_pain_score_is_itself():
    assert score("nrs", 6.5).score == 6.5
    assert score("NRS-10", "7").score == 7


@pytest.mark.parametrize(
    ("instrument", "before", "answers", "noticed"),
    [("rmdq", 12, [i < 7 for i in range(24)], True),  # 5 points
     ("rmdq", 12, [i < 8 for i in range(24)], True),  # 30 % of 12 is 3.6
     ("rmdq", 20, [i < 16 for i in range(24)], False),
     ("rmdq", 4, [i < 8 for i in range(24)], False),
     ("nrs", 5, 3.4, True), ("nrs", 8, 6.1, False), ("odi", 40, [1.0] * 10, True), ("peg", 6, [3, 3, 3], None),
     ("nrs", 0, 1, False)],
)  # fmt: skip
def test_a_change_is_noticed_by_the_instruments_points_or_by_a_third_of_the_start(
    instrument, before, answers, noticed
):
    found = score(instrument, answers, before=before)
    assert found.noticed is noticed
    assert found.change == pytest.approx(found.score - before)
    assert ("Most people" in found.summary()) == (noticed is not None)


@pytest.mark.parametrize(
    ("instrument", "answers", "says"),
    [("sf-12", [1], "no such questionnaire"), ("rmdq", [25, 1], "not the number of an item"),
     ("rmdq", [3, 3], "stands twice"), ("rmdq", ["a", "b"], "not the number"), ("odi", [6] * 10, "does not have"),
     ("odi", [1] * 9, "another number of items"), ("odi", [None] * 10, "no section"), ("odi", [1.5] * 10, "does not"),
     ("peg", [11, 1, 1], "item 1"), ("peg", object(), "no list"), ("rmdq", {25: 1}, "not the number"),
     ("rmdq", {"1": 1, 1: 1}, "not the number"), ("start-back", [1] * 8 + [None], "every answer"),
     ("nrs", "much", "does not have"), ("rmdq", [True, False], "not the number"), ("rmdq", [float("inf"), 2], "not the")],
)  # fmt: skip
def test_what_a_form_does_not_have_is_refused(instrument, answers, says):
    with pytest.raises(InputError, match=says):
        score(instrument, answers)


def test_an_earlier_score_must_be_on_the_scale():
    with pytest.raises(InputError, match="not on the scale"):
        score("rmdq", [], before=25)


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_every_form_says_who_may_use_it_where_to_get_it_and_ships_no_sentence_without_a_licence(form):
    assert form.licence_source.url.startswith("http")
    assert form.scoring_source.url.startswith("http")
    assert form.licence
    assert form.form
    assert not form.items_verbatim  # none is shipped


def test_every_rule_is_used_and_the_public_name_is_the_function():
    assert {form.rule for form in FORMS.values()} == set(SCORES)
    assert needlepoint.score is score


@pytest.mark.parametrize(
    ("old", "new", "says"), [('rule = "count"', 'rule = "guess"', "no rule"),
                             ('licence_source = "roland2000"', 'licence_source = "me"', "no licence_source")]
)  # fmt: skip
def test_a_form_without_a_rule_or_a_licence_is_refused(tmp_path, old, new, says):
    text = pack_file("low-back-pain", "questionnaires.toml").read_text()
    assert tomllib.loads(text)
    (tmp_path / "questionnaires.toml").write_text(text.replace(old, new))
    with pytest.raises(PackError, match=says):
        load_questionnaires(tmp_path)


def run(*args):
    return CliRunner().invoke(cli, ["score", *args], catch_exceptions=False).output


def test_the_command_scores_and_lists():
    assert json.loads(run("rmdq", "1,4,9", "--before", "12", "--json"))["noticed"] is True
    assert run("rmdq", "1 4 9") == run("rmdq", "1,4,9,")
    assert "24 sentences: 1 (" in run("rmdq", "12,")
    assert "24 sentences: 2 (" in run("rmdq", "1,," + ",".join("0" * 21) + ",1")
    assert "40 (0 is best, 100 is worst)" in run("odi", "2,2,2,2,2,2,2,2,,2")
    assert "1 of 10 have no answer" in run("odi", "2,2,2,2,2,2,2,2,,2")
    assert all(form.id in run() for form in FORMS.values())
    assert [row["id"] for row in json.loads(run("--json"))] == list(FORMS)
    with pytest.raises(InputError, match="no answers"):
        run("peg")
