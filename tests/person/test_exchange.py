"""CSV, JSON and FHIR: what goes out comes back; what is left out is said."""

import json
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from needlepoint.errors import InputError
from needlepoint.person.entries import Entry
from needlepoint.person.exchange import READERS, read_entries, write_entries

word = st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=12)
tenth = st.integers(0, 100).map(lambda v: v / 10)
entries = st.lists(
    st.builds(
        Entry,
        day=st.dates(date(2020, 1, 1), date(2026, 1, 1)),
        pain=tenth,
        pain_week=st.none() | tenth,
        rmdq=st.none() | st.integers(0, 24),
        session=st.none() | st.booleans(),
        medicine=st.none() | tenth,
        other=st.none() | word,
        global_change=st.none() | st.integers(-3, 3),
        peg=st.none() | tenth,
        event=st.none() | word,
    ),
    max_size=6,
    unique_by=lambda each: each.day,
).map(lambda rows: sorted(rows, key=lambda each: each.day))


@settings(deadline=None, max_examples=40)
@given(rows=entries, format=st.sampled_from(sorted(READERS)))
def test_what_goes_out_comes_back(rows, format):
    assert read_entries(write_entries(rows, format), format) == (rows, [])


def test_the_weekly_score_carries_its_loinc_code_and_the_daily_one_claims_none():
    text = write_entries([Entry(day=date(2026, 3, 1), pain=4.5, pain_week=5.0)], "fhir")
    daily, weekly = (item["resource"] for item in json.loads(text)["entry"])
    assert {"system": "http://loinc.org", "code": "75893-8"} in weekly["code"]["coding"]
    assert all(coding["system"] != "http://loinc.org" for coding in daily["code"]["coding"])
    assert daily["valueQuantity"] == {"value": 4.5}
    assert weekly["valueInteger"] == 5


def test_an_observation_from_elsewhere_is_read_by_its_code_and_others_are_counted():
    def observation(code, value):
        return {"resource": {"resourceType": "Observation", "effectiveDateTime": "2026-03-01T08:00:00Z",
                             "code": {"coding": [{"system": "http://loinc.org", "code": code}]}, **value}}  # fmt: skip

    bundle = {"resourceType": "Bundle", "entry": [
        observation("75893-8", {"valueInteger": 6}), observation("8867-4", {"valueInteger": 70}),
        {"resource": {"resourceType": "Patient"}},
    ]}  # fmt: skip
    found, notes = read_entries(json.dumps(bundle), "fhir")
    assert found == [Entry(day=date(2026, 3, 1), pain_week=6.0)]
    assert notes == ["2 resources left out: none of the diary's codes"]
    bundle["entry"].append(observation("75893-8", {"valueInteger": 7}))
    with pytest.raises(InputError, match="two values"):
        read_entries(json.dumps(bundle), "fhir")


def test_a_csv_of_another_program_is_read_through_its_column_names():
    text = "\ufeffDate,NRS,mood\n2026-03-01,4,fine\n2026-03-02,,\n"
    found, notes = read_entries(text, "csv", columns={"day": "Date", "pain": "NRS"})
    assert found == [Entry(day=date(2026, 3, 1), pain=4.0), Entry(day=date(2026, 3, 2))]
    assert notes == ["columns left out: mood"]


def test_a_running_number_that_slips_against_the_dates_is_refused():
    good = "index,day,pain\n1,2026-03-01,4\n2,2026-03-02,4\n4,2026-03-04,5\n"
    assert len(read_entries(good, "csv")[0]) == 3
    with pytest.raises(InputError, match="row 4: index and day disagree"):
        read_entries(good.replace("4,2026-03-04", "3,2026-03-04"), "csv")
    with pytest.raises(InputError, match="cannot be checked"):
        read_entries(good.replace("1,2026", "x,2026"), "csv")


@pytest.mark.parametrize(
    ("text", "format", "says"),
    [
        ("day,pain\n2026-03-01,44\n", "csv", "row 2: not on the scale"),
        ("day,pain\n2026-03-01,4\n2026-03-01,5\n", "csv", "rows 2 and 3 are of the same day"),
        ("{", "json", "not valid JSON"),
        ('{"days": []}', "json", "no list of entries"),
        ("[]", "fhir", "no FHIR Bundle"),
        ("", "xml", "no such format"),
    ],
)
def test_a_faulty_file_is_refused_by_row(text, format, says):
    with pytest.raises(InputError, match=says):
        read_entries(text, format)


def test_a_column_that_is_not_there_and_a_format_that_is_not_there_are_refused():
    with pytest.raises(InputError, match="no such column"):
        read_entries("day\n2026-03-01\n", "csv", columns={"pain": "NRS"})
    with pytest.raises(InputError, match="no such format"):
        write_entries([], "xml")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 30) | st.text(max_size=5) | st.sampled_from(["2026-03-01", "Bundle"]),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(
            ["resourceType", "entry", "entries", "resource", "day", "pain", "code", "coding", "item", "answer", "linkId",
             "valueInteger", "valueQuantity", "value", "questionnaire", "effectiveDateTime", "authored", "system"]
        ), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


@settings(deadline=None, max_examples=150)
@given(
    text=st.text('day,pain;\t\n2026-03-01"0459.x', max_size=60)
    | st.text(max_size=30)
    | json_values.map(json.dumps)
    | json_values.map(lambda inner: json.dumps({"resourceType": "Bundle", "entry": inner})),
    format=st.sampled_from(sorted(READERS)),
)
def test_no_text_whatever_breaks_the_reader(text, format):
    try:
        found, _ = read_entries(text, format)
    except InputError:
        return
    assert all(isinstance(each, Entry) for each in found)


def test_brackets_without_end_are_refused():
    with pytest.raises(InputError, match="not valid JSON"):
        read_entries("[" * 100_000, "json")
