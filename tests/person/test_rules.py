"""The rules file: what the loader refuses, and how plain its texts are."""

import tomllib
from pathlib import Path

import pytest

from needlepoint.errors import EvidenceError, PackError
from needlepoint.person.rules import load_rules, pack_file

GOOD = pack_file("low-back-pain", "rules.toml").read_text()
MINI = """
version = "1"
reviewed = "2026-11-22"
[unsure]
level = "doctor within days"
action = "Phone."
[headlines]
"emergency now" = "a"
"doctor today" = "a2"
"doctor within days" = "b"
"ask before booking" = "c"
"tell the practitioner" = "d"
"nothing found by these questions" = "e"
[limits]
always = ["x"]
source = "s"
[[questions]]
id = "q"
ask = "Q?"
[[questions]]
id = "n"
ask = "N?"
kind = "number"
low = 0
high = 9
[[questions]]
id = "c"
ask = "C?"
kind = "choice"
choices = ["a", "b"]
[[rules]]
id = "R"
kind = "red flag"
level = "emergency now"
when = [{ q = "yes" }]
statement = "S"
action = "A"
source = "s"
[[populations]]
id = "P"
trial = "T"
who = "W"
needs = [{ n = { from = 3 } }]
excludes = [{ c = ["a"] }]
source = "s"
[[sources]]
id = "s"
title = "T"
url = "http://example.org"
tier = "primary"
"""


def write(tmp_path: Path, text: str) -> Path:
    folder = tmp_path / "pack"
    folder.mkdir()
    (folder / "rules.toml").write_text(text)
    return folder


def test_a_pack_given_as_a_folder_loads(tmp_path):
    book = load_rules(write(tmp_path, MINI))
    assert book.pack == "pack"
    assert [rule.id for rule in book.rules] == ["R"]


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('version = "1"', "version = ", "not valid TOML"),
        ('[unsure]\nlevel = "doctor within days"\naction = "Phone."', "", "unsure: is missing"),
        (
            'level = "doctor within days"\naction = "Phone."',
            'level = "soon"\naction = "Phone."',
            "a level and an action",
        ),
        ('"emergency now" = "a"', "", "no headline for 'emergency now'"),
        ('source = "s"\n[[questions]]\nid = "q"', '[[questions]]\nid = "q"', "unknown source None"),
        ('id = "n"', 'id = "q"', "stands twice"),
        ('ask = "Q?"', 'ask = "Q?"\ncolour = "red"', "unknown field 'colour'"),
        ('ask = "Q?"', "", "no 'ask'"),
        ('kind = "number"', 'kind = "text"', "unknown kind 'text'"),
        ("low = 0", "", "a number without low and high"),
        ('choices = ["a", "b"]', "", "a choice without choices"),
        ('level = "emergency now"', 'level = "nothing found by these questions"', "unknown level"),
        ('when = [{ q = "yes" }]', "when = []", "never fires"),
        ('when = [{ q = "yes" }]', 'when = [{ z = "yes" }]', "unknown question 'z'"),
        ('when = [{ q = "yes" }]', 'when = [{ q = "maybe" }]', "q can never be 'maybe'"),
        ('when = [{ q = "yes" }]', "when = [{ q = 3 }]", "q can never be 3"),
        ('when = [{ q = "yes" }]', "when = [{ n = { over = 3 } }]", "n can never be"),
        ('when = [{ q = "yes" }]', 'when = [{ c = ["z"] }]', "c can never be"),
        ('statement = "S"', 'statement = "S"\nevidence = ["z"]', "unknown evidence 'z'"),
    ],
)
def test_a_faulty_entry_is_refused_by_name(tmp_path, old, new, says):
    assert old in MINI
    with pytest.raises(PackError, match=says):
        load_rules(write(tmp_path, MINI.replace(old, new, 1)))


def test_a_pack_without_rules_says_so(tmp_path):
    with pytest.raises(EvidenceError, match="cannot be used for one person"):
        load_rules(tmp_path)


def test_every_statement_is_sourced_and_no_source_is_idle():
    table = tomllib.loads(GOOD)
    used = {row["source"] for part in ("rules", "evidence", "populations") for row in table[part]}
    used.add(table["limits"]["source"])
    assert used == {row["id"] for row in table["sources"]}


def test_every_question_serves_a_rule_or_a_population():
    table = tomllib.loads(GOOD)
    used = {name for rule in table["rules"] for when in rule["when"] for name in when}
    used |= {n for p in table["populations"] for part in ("needs", "excludes") for c in p[part] for n in c}
    assert used == {row["id"] for row in table["questions"]}


def test_texts_for_patients_are_at_or_below_grade_eight(grade):
    table = tomllib.loads(GOOD)
    groups = {
        "questions": [q["ask"] + " " + q.get("help", "") for q in table["questions"]],
        "statements": [rule["statement"] for rule in table["rules"]],
        "actions": [rule["action"] for rule in table["rules"]],
        "evidence": [row["text"] for row in table["evidence"]],
        "frame": [*table["headlines"].values(), *table["limits"]["always"], table["unsure"]["action"]],
    }
    grades = {name: round(grade(" ".join(texts)), 1) for name, texts in groups.items()}
    assert all(value <= 8 for value in grades.values()), grades
