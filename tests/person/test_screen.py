"""Screen: every rule fires, an emergency always wins, nothing reassures beyond the evidence."""

import itertools
import json
import re
from html import escape

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

import needlepoint
from needlepoint.cli import cli
from needlepoint.errors import InputError
from needlepoint.person.rules import LEVELS, load_rules
from needlepoint.person.screen import _findings, clean, evaluate, screen
from needlepoint.report.screen_html import screen_html

BOOK = load_rules()
RULES = {rule.id: rule for rule in BOOK.rules}
EMERGENCY = {name for rule in BOOK.rules if rule.level == LEVELS[0] for when in rule.when for name in when}


def firing(condition):
    """Answers that satisfy one alternative of a rule."""
    return {name: value(wanted) for name, wanted in condition.items()}


def value(wanted):
    if isinstance(wanted, dict):
        return wanted.get("from", wanted["above"] + 1 if "above" in wanted else wanted.get("below", 0) - 1)
    return wanted[0] if isinstance(wanted, list) else wanted


@pytest.mark.parametrize(
    ("rule", "condition"),
    [(rule, when) for rule in BOOK.rules for when in rule.when],
    ids=lambda x: getattr(x, "id", ""),
)
def test_each_rule_fires_on_each_of_its_conditions(rule, condition):
    result = screen(firing(condition))
    found = {finding.rule: finding for finding in result.findings}
    assert rule.id in found
    assert found[rule.id].level == rule.level
    assert found[rule.id].url.startswith("http")
    assert found[rule.id].tier in {"primary", "authority", "secondary", "mirror"}
    assert len(found[rule.id].because) == len(condition)
    assert LEVELS.index(result.level) <= LEVELS.index(rule.level)


@pytest.mark.parametrize("rule", BOOK.rules, ids=lambda rule: rule.id)
def test_no_rule_fires_when_every_answer_is_the_harmless_one(rule):
    harmless = {q.id: {"number": 40, "choice": q.choices[:1]}.get(q.kind, "no") for q in BOOK.questions}
    harmless["duration"] = "more than a year"
    result = screen(harmless)
    assert result.level == "nothing found by these questions"
    assert rule.id not in {finding.rule for finding in result.findings}


def test_an_emergency_wins_against_every_combination_of_up_to_three_answers():
    states = [(q.id, a) for q in BOOK.questions if q.kind == "yes/no" for a in ("yes",)]
    states += [
        ("age", 12.0),
        ("age", 80.0),
        *(("duration", choice) for choice in ("2 weeks or less", "more than a year")),
    ]
    seen = 0
    for size in (1, 2, 3):
        for combination in itertools.combinations(states, size):
            answers = dict(combination)
            if len(answers) < size:
                continue  # two answers to one question
            level = evaluate(BOOK, answers).level
            assert (level == LEVELS[0]) == bool(EMERGENCY & set(answers)), answers
            seen += 1
    assert seen > 10_000


@pytest.mark.parametrize(
    ("answers", "level"),
    [
        ({"infection_risk": "no", "immune": "yes", "ill": "yes"}, "doctor today"),
        ({"infection_risk": "no", "diabetes_feet": "yes", "ill": "yes"}, "doctor today"),
        ({"infection_risk": "no", "diabetes_feet": "yes", "fever": "yes"}, "doctor today"),
        ({"diabetes_feet": "yes", "ill": "yes"}, "doctor today"),
        ({"infection_risk": "yes", "fever": "yes"}, "doctor today"),
        ({"infection_risk": "no", "immune": "not sure", "ill": "yes"}, "doctor today"),
        ({"saddle": "not sure"}, "doctor today"),
        ({"fall": "yes", "blood_thinner": "yes"}, "doctor today"),
        ({"tearing_pain": "yes"}, "emergency now"),
    ],
)
def test_facts_count_whatever_the_summary_question_says(answers, level):
    result = screen(answers)
    assert result.level == level
    assert result.headline == BOOK.headlines[level]


def test_the_reason_is_the_fact_that_was_told():
    found = screen({"infection_risk": "no", "immune": "yes", "ill": "yes"}).findings[0]
    assert found.because[0].endswith("steroids? yes")


def test_nothing_found_is_not_said_where_emergencies_are_open():
    assert "no warning sign" not in screen({}).headline
    assert screen({}).headline.startswith("Questions about emergencies")


@settings(deadline=None, max_examples=300)
@given(st.data())
def test_one_more_true_fact_never_lowers_the_urgency(data):
    names = [q.id for q in BOOK.questions if q.kind == "yes/no"]
    answers = data.draw(st.dictionaries(st.sampled_from(names), st.sampled_from(["yes", "no", "not sure"])))
    before = LEVELS.index(evaluate(BOOK, answers).level)
    name = data.draw(st.sampled_from(names))
    assert LEVELS.index(evaluate(BOOK, {**answers, name: "yes"}).level) <= before


def test_questions_that_can_find_an_emergency_come_first():
    first = [question.id for question in BOOK.questions[: len(EMERGENCY)]]
    assert set(first) == EMERGENCY


@pytest.mark.parametrize("name", sorted(EMERGENCY))
def test_not_being_sure_about_an_emergency_sign_leads_to_a_doctor(name):
    result = screen({name: "not sure"})
    assert result.level == "doctor today"
    assert "today" in result.findings[0].action


def test_not_being_sure_about_a_lesser_sign_counts_as_the_sign():
    assert screen({"implant": "not sure"}).level == "tell the practitioner"
    assert screen({"infection_risk": "not sure", "ill": "yes"}).findings[0].rule == "RF-INFECTION-RISK"


def test_an_emergency_is_shown_without_base_rates_and_a_lesser_flag_with_them():
    assert all(not f.evidence for f in screen({"after_needling": "yes"}).findings)
    for rule in BOOK.rules:
        if rule.kind == "red flag" and rule.level in {"doctor today", "doctor within days"}:
            assert any("Henschke" in e.source.title or "Finucane" in e.source.title for e in rule.evidence), (
                rule.id
            )


def test_an_emergency_is_said_loudly_and_first():
    assert screen({"saddle": "yes", "fever": "yes"}).summary().startswith("GO TO EMERGENCY CARE NOW.")


def test_nothing_found_never_says_safe():
    text = screen({}).summary().lower()
    assert "found no warning sign" not in text  # nothing was asked
    assert "found no warning sign" in screen(dict.fromkeys(EMERGENCY, "no")).summary().lower()
    assert "rule out" in text
    assert "11 of them ask about emergencies" in text
    assert text.startswith("questions about emergencies that are still open: 11. answer them first.")
    for word in ("you are safe", "safe for you", "all clear", "nothing to worry"):
        assert word not in text


def test_unanswered_questions_are_named_in_the_order_of_asking():
    result = screen({"bladder": "no"})
    assert result.answered == 1
    assert result.unanswered == tuple(q.ask for q in BOOK.questions if q.id != "bladder")


def test_trial_populations_answer_in_four_ways():
    gerac = {"age": 50, "duration": "more than a year", **dict.fromkeys(
        ("leg_pain", "back_surgery", "unstable_spine", "cancer", "bleeding_disorder", "blood_thinner", "skin",
         "pregnant", "epilepsy"), "no")}  # fmt: skip

    def standing(answers):
        return next(p for p in screen(answers).populations if "GERAC" in p.trial)

    assert standing(gerac).standing == "like you"
    assert standing({**gerac, "blood_thinner": "yes"}).standing == "would have left you out"
    assert "blood thinner" in standing({**gerac, "blood_thinner": "yes"}).because[0]
    assert standing({**gerac, "duration": "4 to 6 weeks"}).standing == "not like you"
    assert standing({**gerac, "cancer": "not sure"}).standing == "cannot tell"
    assert standing({}).standing == "cannot tell"


def test_answers_are_read_in_several_spellings():
    assert clean(BOOK, {"fever": True, "ill": "Y", "cancer": " No ", "age": "44", "fall": None, "lump": ""}) == {
        "fever": "yes", "ill": "yes", "cancer": "no", "age": 44.0,
    }  # fmt: skip
    spelled = {
        "Fever": 1,
        "NIGHT-PAIN": "false",
        "How old are you?": "44,5",
        "duration": "3 years",
        "ill": float("nan"),
    }
    assert clean(BOOK, spelled) == {
        "fever": "yes", "night_pain": "no", "age": 44.5, "duration": "more than a year"
    }  # fmt: skip


def test_answers_come_in_every_shape_a_caller_may_hold(tmp_path):
    import pandas as pd
    import polars as pl

    wanted = {"saddle": "no", "age": 45, "fever": "yes"}
    rows = [{"question": name, "answer": str(value)} for name, value in wanted.items()]
    files = {
        "a.json": json.dumps(wanted), "b.json": json.dumps({"answers": wanted}), "c.json": json.dumps(rows),
        "a.toml": 'saddle = "no"\nage = 45\nfever = true\n',
        "a.csv": "\ufeffQuestion;Answer\nsaddle;no\nage;45\nfever;yes\n", "b.csv": "saddle,age,fever\nno,45,yes\n",
    }  # fmt: skip
    shapes = [
        wanted,
        {"answers": rows},
        rows,
        pl.DataFrame(rows),
        pd.DataFrame(rows),
        pd.Series(wanted),
        pl.DataFrame([wanted]),
    ]
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
        shapes += [tmp_path / name, str(tmp_path / name)]
    found = [screen(shape).to_dict() for shape in shapes]
    assert all(each == found[0] for each in found)
    assert found[0]["level"] == "doctor within days"
    assert needlepoint.decide(tmp_path / "a.csv").screening.level == "doctor within days"


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [("a.json", b"\xff\xfe{", "cannot read"), ("a.csv", b"", "table of questions"), ("a.json", b"[1]", "table of"),
     ("a.csv", b"fever,ill\nno,no\nyes,no\n", "several rows"), ("a.csv", b"id,answer\nfever,no\nfever,yes\n", "twice"),
     ("none.json", None, "cannot read"), ("a.toml", b"=", "cannot read")],
)  # fmt: skip
def test_a_file_without_answers_is_refused(tmp_path, name, content, says):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=says):
        screen(tmp_path / name)
    with pytest.raises(InputError, match="table of questions"):
        screen(3)


def test_the_page_shows_findings_with_sources_and_an_emergency_alone(tmp_path, grade):
    answers = {"fever": "yes", "implant": "yes", "age": 44, "duration": "2 years"}
    html = screen_html(screen(answers))
    assert "<script" not in html
    assert (
        "Questions about emergencies" not in html.split("<main>")[0]
    )  # something was found: that comes first
    for finding in screen(answers).findings:
        assert html.count(f"<h3>{escape(finding.statement)}</h3>") == 1
        assert escape(finding.url) in html
    assert "no electric stimulation" in html
    assert "Are you like the people in the trials?" in html
    stopped = screen_html(screen({"saddle": "yes", "fever": "yes"}))
    assert 'class="emergency"' in stopped
    assert "people in the trials" not in stopped
    page = tmp_path / "me.HTML"
    (tmp_path / "a.json").write_text(json.dumps(answers))
    run = CliRunner().invoke(cli, ["screen", "--answers", str(tmp_path / "a.json"), "-o", str(page)])
    assert run.exit_code == 0
    assert page.read_text() == html
    bad = CliRunner().invoke(cli, ["screen", "--answers", str(tmp_path / "a.json"), "-o", "x.docx"])
    assert "cannot tell the kind" in str(bad.exception)
    words = re.sub(
        r"<style.*?</style>|<table.*?</table>|<footer.*?</footer>|<span.*?</span>|<p class=.note.*?</p>",
        "",
        html,
        flags=re.S,
    )
    text = " ".join(
        re.sub(r"<[^>]+>", "", block) for block in re.findall(r"<(?:p|li|h3)[^>]*>(.*?)</(?:p|li|h3)>", words)
    )
    assert grade(text) <= 8


@pytest.mark.slow
def test_an_emergency_wins_against_every_combination_of_three_answers_of_any_kind():
    states = [(q.id, a) for q in BOOK.questions if q.kind == "yes/no" for a in ("yes", "no", "not sure")]
    states += [("age", age) for age in (12.0, 45.0, 80.0)]
    states += [("duration", each) for each in next(q for q in BOOK.questions if q.id == "duration").choices]
    seen = 0
    for combination in itertools.combinations(states, 3):
        answers = dict(combination)
        if len(answers) < 3:
            continue
        result = list(_findings(BOOK, answers))
        level = min((LEVELS.index(finding.level) for finding in result), default=len(LEVELS) - 1)
        assert (level == 0) == any(answers[name] == "yes" for name in EMERGENCY & set(answers)), answers
        unsure = any(answers[name] == "not sure" for name in EMERGENCY & set(answers))
        assert level <= 1 or not unsure, answers
        seen += 1
    assert seen > 250_000


@pytest.mark.parametrize(
    ("answers", "word"),
    [({"colour": "yes"}, "no such question"), ({"fever": "maybe"}, "not sure"), ({"age": "old"}, "0 to 120"),
     ({"age": 500}, "0 to 120"), ({"duration": "long"}, "more than a year"), ({"age": True}, "takes a number"),
     ({"blader": "no"}, "did you mean 'bladder'"), ({"fever": "no", "FEVER": "yes"}, "answered twice")],
)  # fmt: skip
def test_wrong_answers_are_refused_with_what_is_allowed(answers, word):
    with pytest.raises(InputError, match=word):
        screen(answers)


def test_the_public_name_is_the_function():
    assert needlepoint.screen is screen


def test_the_command_reads_json_and_toml_and_lists_questions(tmp_path):
    path = tmp_path / "a.json"
    path.write_text('{"saddle": "yes"}')
    out = CliRunner().invoke(cli, ["screen", "--answers", str(path), "--json"])
    assert json.loads(out.output)["level"] == "emergency now"
    toml = tmp_path / "a.toml"
    toml.write_text('saddle = "no"\nblood_thinner = true\n')
    out = CliRunner().invoke(cli, ["screen", "--answers", str(toml)])
    assert out.output.startswith(
        "Questions about emergencies that are still open: 10. Answer them first. Ask "
    )
    assert "(mirror)" in out.output or "mirror" in out.output
    assert CliRunner().invoke(cli, ["screen", "--questions"]).output.startswith("bladder")
    assert (
        json.loads(CliRunner().invoke(cli, ["screen", "--questions", "--json"]).output)[0]["id"] == "bladder"
    )


@pytest.mark.parametrize("text", ["[1]", "{", "3"])
def test_the_command_refuses_a_file_that_is_no_table(tmp_path, text):
    path = tmp_path / "a.json"
    path.write_text(text)
    result = CliRunner().invoke(cli, ["screen", "--answers", str(path)])
    assert isinstance(result.exception, InputError)


def test_without_answers_and_without_a_terminal_the_command_says_what_to_do():
    result = CliRunner().invoke(cli, ["screen"])
    assert isinstance(result.exception, InputError)
    assert "--answers" in str(result.exception)


def test_asking_stops_at_the_first_emergency(monkeypatch):
    import click

    from needlepoint.cli.screen import ask

    given = iter(["no", "perhaps", "no", "yes"])
    asked = []
    monkeypatch.setattr(click, "prompt", lambda text, **_: asked.append(text) or next(given))
    monkeypatch.setattr(click, "echo", lambda *_, **__: None)
    assert ask(BOOK) == {"bladder": "no", "bowel": "no", "saddle": "yes"}
    assert len(asked) == 4


def test_limits_and_a_full_set_of_emergency_answers_show_in_the_text():
    answers = {**dict.fromkeys(EMERGENCY, "no"), "implant": "yes"}
    text = screen(answers).summary()
    assert "Limit: no electric stimulation." in text
    assert "ask about emergencies" not in text


def test_a_full_set_of_answers_leaves_no_note():
    answers = {q.id: {"number": 40, "choice": q.choices[-1:]}.get(q.kind, "no") for q in BOOK.questions}
    answers["duration"] = "more than a year"
    assert screen(answers).notes == ()
    assert screen(answers).unanswered == ()


@settings(deadline=None, max_examples=100)
@given(
    st.recursive(
        st.none()
        | st.booleans()
        | st.floats()
        | st.integers(-5, 130)
        | st.sampled_from(["yes", "no", "not sure", "x"]),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["answers", "question", "answer", "fever", "age", "duration", "q"]), inner
            )
        ),
        max_leaves=8,
    )
)
def test_no_answers_whatever_break_the_screen(answers):
    try:
        result = screen(answers)
    except InputError:
        return
    assert result.level in LEVELS


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.json", '{"saddle": "yes", "saddle": "no"}'),
        ("a.json", '{"saddle": "yes", " Saddle": "no"}'),
        ("a.csv", "saddle,fever,saddle\nyes,no,no\n"),
        ("a.csv", "question,answer\nsaddle,yes\nSaddle,no\n"),
    ],
)
def test_of_two_answers_to_one_question_none_is_dropped_unseen(tmp_path, name, text):
    path = tmp_path / name
    path.write_text(text)
    with pytest.raises(InputError, match="the question is answered twice"):
        screen(path)


def test_a_row_that_is_too_long_is_named(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("question,answer\nsaddle,no\nfever,no,yes\n")
    with pytest.raises(InputError, match="row 3: 3 values under 2 columns"):
        screen(path)


@pytest.mark.parametrize("answers", [{"drive": "yes"}, {"blood_thinner": "yes"}, {}])
def test_nobody_is_told_to_book_before_the_emergencies_were_asked(answers):
    assert "Answer them first." in screen(answers).headline
    whole = screen({**dict.fromkeys(EMERGENCY, "no"), **answers})
    assert "Answer them first." not in whole.headline


def test_a_rule_that_says_today_is_graded_so():
    for rule in BOOK.rules:
        if "today" in rule.action or " now" in rule.action:
            assert rule.level in {"emergency now", "doctor today"}


def test_brackets_without_end_are_refused(tmp_path):
    path = tmp_path / "a.json"
    path.write_text("[" * 100_000)
    with pytest.raises(InputError, match="cannot read the answers"):
        screen(path)
