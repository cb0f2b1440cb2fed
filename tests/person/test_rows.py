"""A diary in any shape gives the same answer; what cannot be read is named by its row."""

import json
from datetime import date, datetime, timedelta

import pandas as pd
import polars as pl
import pytest

import needlepoint
from needlepoint.errors import InputError
from needlepoint.person.diary import Diary
from needlepoint.person.diary_data import as_entries
from needlepoint.person.entries import Entry, as_day
from needlepoint.person.exchange import write_entries
from needlepoint.person.nof1 import analyse_diary

START = date(2026, 3, 1)
ROWS = [
    {"day": START + timedelta(i), "pain": float(4 + i * 7 % 4 - 2 * (i >= 28)), "session": i in {28, 35}}
    for i in range(70)
    if i not in {5, 40}
]


def same(answer):
    return {name: value for name, value in answer.to_dict().items() if name != "notes"}


@pytest.fixture(scope="module")
def wanted():
    return same(analyse_diary([Entry(**row) for row in ROWS], sensitivity=False))


def test_every_shape_gives_the_same_answer(wanted, tmp_path):
    columns = {name: [row[name] for row in ROWS] for name in ("day", "pain", "session")}
    shapes = {
        "mappings": ROWS,
        "generator": (row for row in ROWS[::-1]),
        "columns": columns,
        "pandas": pd.DataFrame(columns).assign(mood="fine"),
        "pandas dates": pd.DataFrame({**columns, "day": pd.to_datetime(columns["day"])}),
        "polars": pl.DataFrame(columns),
        "polars text": pl.DataFrame({**columns, "day": [str(day) for day in columns["day"]]}),
        "other names": pl.DataFrame(
            {"Date": columns["day"], "NRS": columns["pain"], "SESSION": columns["session"]}
        ),
    }
    for name, shape in shapes.items():
        assert same(analyse_diary(shape, sensitivity=False)) == wanted, name
    for kind in ("csv", "json", "fhir"):
        file = tmp_path / f"d.{kind}"
        file.write_text(write_entries([Entry(**row) for row in ROWS], kind))
        assert same(analyse_diary(str(file), sensitivity=False)) == wanted, kind
    diary = Diary.start(tmp_path / "d.sqlite")
    assert diary.extend(shapes["pandas"]) == ("columns left out: mood",)
    assert same(diary.report(sensitivity=False)) == wanted


def test_gaps_of_a_data_frame_are_gaps():
    frame = pd.DataFrame({"day": ["2026-03-01", "2026-03-02"], "pain": [4, None], "other": [None, "heat"]})
    found, notes = as_entries(frame)
    assert found == [Entry(day=START, pain=4.0), Entry(day=START + timedelta(1), other="heat")]
    assert notes == []


def test_the_first_session_may_be_told_as_a_date_or_as_the_number_of_a_day(wanted):
    bare = [{"day": row["day"], "pain": row["pain"]} for row in ROWS]
    for first in (START + timedelta(28), "2026-03-29"):
        assert analyse_diary(bare, first_session=first, sensitivity=False).effect == pytest.approx(
            wanted["effect"]
        )
    numbered = {
        "day": [(row["day"] - START).days - 28 for row in ROWS],
        "pain": [row["pain"] for row in ROWS],
    }
    answer = analyse_diary(numbered, first_session=0, sensitivity=False)
    assert answer.effect == pytest.approx(wanted["effect"])
    assert answer.notes[0] == "The days are numbers: day 0 stands as 2000-01-01."


def test_the_answer_names_its_numbers_and_goes_into_json_and_a_frame():
    answer = needlepoint.analyse_diary(ROWS, duration="2 years")
    row = json.loads(json.dumps(answer.to_dict()))
    for name in (
        "verdict",
        "change",
        "effect",
        "effect_low",
        "effect_high",
        "p_helps",
        "p_worse",
        "prior_mean",
    ):
        assert row[name] is not None
    assert answer.to_frame("pandas")["verdict"].tolist() == [answer.verdict]


@pytest.mark.parametrize(
    ("data", "says"),
    [([{"day": "2026-03-01", "pain": 11}], "row 1: not on the scale"), ([{"day": "2026-03-01", "colour": 1}], "no such field"),
     ([ROWS[0], ROWS[0]], "rows 1 and 2 are of the same day"), ([3], "row 1: not the entry"),
     ({"day": ["2026-03-01"], "pain": [1, 2]}, "differ in length"), ({"pain": [1]}, "no column with the day"),
     ({"day": [20260301], "pain": [1]}, "not the number of a day"), ({"day": [0.5], "pain": [1]}, "not the number of a day"),
     ("none.csv", "cannot read the file"), (ROWS[:3], "too short"), (ROWS[:1], "at least two days")],
)  # fmt: skip
def test_what_cannot_be_read_is_named(data, says):
    with pytest.raises(InputError, match=says):
        analyse_diary(data)


def test_an_unknown_duration_is_refused_and_a_told_one_is_read():
    with pytest.raises(InputError, match="no such duration"):
        analyse_diary(ROWS, duration="long")
    assert analyse_diary(ROWS, duration="3 weeks").expected < analyse_diary(ROWS, duration="3 years").expected


@pytest.mark.parametrize(
    ("told", "day"),
    [(datetime(2026, 3, 1, 8, 30), START), ("2026-03-01T08:30:00Z", START), ("20260301", START), (" 1.3.2026 ", START),
     ("today", date.today())],
)  # fmt: skip
def test_a_day_is_read_from_dates_and_from_text(told, day):
    assert as_day(told) == day
    assert type(as_day(told)) is date


def test_a_prior_and_a_course_may_be_told_as_mean_and_sd():
    usual = analyse_diary(ROWS, duration="2 years", sensitivity=False)
    told = analyse_diary(ROWS, prior=(0.0, 0.3), course=(-0.5, 0.8), sensitivity=False)
    assert (told.prior_mean, told.prior_sd) == (0.0, 0.3)
    assert told.effect > usual.effect
    assert not any("did not say" in note for note in told.notes)
    same_again = analyse_diary(
        ROWS, prior=(usual.prior_mean, usual.prior_sd), duration="2 years", sensitivity=False
    )
    assert same_again.effect == pytest.approx(usual.effect)
    for wrong in ({"prior": (1,)}, {"prior": (0, 0)}, {"course": ("a", 1)}, {"course": (0, float("inf"))}):
        with pytest.raises(InputError, match="a mean and a positive SD"):
            analyse_diary(ROWS, **wrong)
