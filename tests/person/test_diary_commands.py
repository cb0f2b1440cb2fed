"""The diary's commands under the hands of people: odd dates, odd files, forgotten passphrases, second thoughts."""

import json
import os
import re
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from needlepoint.cli import cli
from needlepoint.errors import InputError
from needlepoint.person.diary import Diary
from needlepoint.person.durations import match_duration
from needlepoint.person.priors import load_priors

RANGES = list(load_priors().courses)


def run(*args, **kwargs):
    return CliRunner().invoke(cli, ["diary", *args], catch_exceptions=False, **kwargs)


@pytest.fixture
def path(tmp_path):
    where = str(tmp_path / "d.sqlite")
    run("--file", where, "start", "--from", "2026-03-01", "--seed", "1", "--duration", "2 years")
    return where


@pytest.mark.parametrize(
    ("args", "row"),
    [
        (["--pain", "4,5"], {"pain": 4.5}),
        (["--pain", " 7 ", "--set", "flare=😀 garden 🌱"], {"pain": 7.0, "flare": "😀 garden 🌱"}),
        (["--no-session", "--medicine", "2"], {"session": False, "medicine": 2.0}),
        (
            ["--rmdq=1,4,9"],
            {"rmdq": 3, "notes": ["A score below 4 leaves little room to show that you got better."]},
        ),
        (
            ["--rmdq=none"],
            {"rmdq": 0, "notes": ["A score below 4 leaves little room to show that you got better."]},
        ),
        (
            ["--rmdq=12,"],
            {"rmdq": 1, "notes": ["A score below 4 leaves little room to show that you got better."]},
        ),
        (["--set", "peg=5.3"], {"peg": 5.3}),
    ],
)
def test_values_are_taken_as_people_write_them(path, args, row):
    out = run("--file", path, "add", "--day", "1.3.2026", "--json", *args).output
    assert json.loads(out) == {"day": "2026-03-01", **row}


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (["--pain", "much"], "not on the scale"),
        (["--pain", "nan"], "not on the scale"),
        (["--pain", "4", "--day", "2026-02-30"], "not a date"),
        (["--pain", "4", "--day", "3/1/2026"], "cannot be told apart"),
        (["--rmdq=12"], "a total, or the number"),
        (["--rmdq=25,1"], "not the number"),
        (["--rmdq"], "rmdq.org"),
        (["--set", "colour=red"], "no such field"),
        ([], "nothing to write down"),
    ],
)
def test_what_cannot_be_read_is_refused_and_nothing_is_written(path, args, says):
    with pytest.raises(InputError, match=re.escape(says)):
        run("--file", path, "add", *args)
    assert Diary(path).entries() == ()


def test_a_value_is_taken_back_and_its_history_kept(path):
    run("--file", path, "add", "--day", "2026-03-01", "--pain", "5", "--session")
    out = run(
        "--file", path, "add", "--day", "2026-03-01", "--clear", "session", "--clear", "flare", "--json"
    ).output
    assert json.loads(out) == {"day": "2026-03-01", "pain": 5.0}
    run("--file", path, "add", "--day", "1.3.2026", "--clear", "pain", "--pain", "6")
    assert Diary(path).entries()[0].pain == 6
    assert [each.get("cleared") for each in Diary(path).history("2026-03-01")] == [
        None,
        ["session", "flare"],
        ["pain"],
        None,
    ]
    run("--file", path, "add", "--day", "2026-03-01", "--session")
    assert Diary(path).entries()[0].session
    for args, says in (
        (["--clear", "colour"], "no such field"),
        (["--day", "2026-03-09", "--clear", "pain"], "nothing is"),
    ):
        with pytest.raises(InputError, match=says):
            run("--file", path, "add", *args)


def test_yesterday_is_a_day_and_the_future_is_noted(path):
    run("--file", path, "add", "--day", "yesterday", "--pain", "3")
    assert Diary(path).entries()[0].day == date.today() - timedelta(1)
    ahead = str(date.today() + timedelta(40))
    assert "lies in the future" in run("--file", path, "add", "--day", ahead, "--pain", "3").output


def test_in_a_terminal_it_asks_and_asks_again(path, monkeypatch):
    class Terminal(type(sys.stdin)):
        pass

    monkeypatch.setattr(
        "needlepoint.cli.diary.sys", type("S", (), {"stdin": type("T", (), {"isatty": lambda _: True})()})
    )
    out = run("--file", path, "add", input="eleven\n6\nyes\n\n").output
    assert "not on the scale" in out
    assert "pain 6.0, session True" in out
    with pytest.raises(InputError, match="at least one"):
        run("--file", path, "add", input="\n\n\n")
    out = run("--file", path, "add", "--rmdq", input="7\n").output
    assert "rmdq.org" in out
    assert "rmdq 1" in out


def test_the_duration_is_kept_as_the_screen_asks_it(path):
    assert Diary(path).settings()["duration"] == "more than a year"


@pytest.mark.parametrize(
    ("told", "found"),
    [("2 years", "more than a year"), ("a year", "6 to 12 months"), ("28 days", "2 to 4 weeks"),
     ("14 days", "2 weeks or less"), ("0 days", "2 weeks or less"), ("about 5 weeks", "4 to 6 weeks"),
     ("six weeks", "4 to 6 weeks"), ("4 months", "3 to 6 months"), ("1,5 months", "6 to 12 weeks"),
     ("More than a  Year", "more than a year"), ("long", None), ("x weeks", None)],
)  # fmt: skip
def test_a_duration_in_any_words_falls_into_one_range(told, found):
    assert match_duration(told, RANGES) == found


def test_every_length_falls_into_a_range():
    assert all(match_duration(f"{days} days", RANGES) in RANGES for days in range(800))


def test_show_lists_days_gaps_history_and_the_next_step(path):
    assert "Nothing is written yet" in run("--file", path, "show").output
    for day, pain in ((1, "5"), (2, "6"), (5, "4")):
        run("--file", path, "add", "--day", f"2026-03-0{day}", "--pain", pain)
    run("--file", path, "add", "--day", "2026-03-05", "--pain", "3")
    out = json.loads(run("--file", path, "show", "--json").output)
    assert out["missing"] == ["2026-03-03", "2026-03-04"]
    assert [row["pain"] for row in out["entries"]] == [5.0, 6.0, 3.0]
    assert "drawn for" in out["next"]
    assert run("--file", path, "show", "--day", "2026-03-05").output.count("pain") == 2
    assert "Nothing is written for 2026-03-09" in run("--file", path, "show", "--day", "2026-03-09").output
    run("--file", path, "add", "--day", "2026-04-01", "--session")
    assert "1 sessions so far. Review at session 12" in run("--file", path, "show").output
    run("--file", path, "add", "--day", "2026-12-01", "--pain", "2")
    assert json.loads(run("--file", path, "show", "--json").output)["missing"] == []  # too many to list


def test_show_of_a_diary_without_a_plan_names_no_next_step(tmp_path):
    Diary.start(tmp_path / "bare.sqlite")
    assert json.loads(run("--file", str(tmp_path / "bare.sqlite"), "show", "--json").output)["next"] == ""


def test_show_says_what_to_do_today_in_a_trial_on_and_off(tmp_path):
    where = str(tmp_path / "p.sqlite")
    run("--file", where, "periods", "--days", "5", "--pairs", "2", "--treatment", "heat", "--from", "today")
    on = Diary(where).settings()["treated"][0] == "1"
    assert f"Today: {'use it' if on else 'leave it out'}." in run("--file", where, "show").output
    for first, says in (("2026-01-01", "are over"), ("2999-01-01", "starts on 2999-01-01")):
        Diary(where).set(first_day=first)
        assert says in run("--file", where, "show").output
    assert "next" in json.loads(run("--file", where, "show", "--json").output)


def test_the_test_by_lot_is_left_out_where_the_first_session_was_not_on_the_day_drawn(path):
    diary = Diary(path)
    drawn = date.fromisoformat(diary.settings()["start_day"])
    first = date(2026, 3, 1)
    rows = [{"day": first + timedelta(i), "pain": 5 + i % 3} for i in range(80)]
    diary.extend(rows)
    diary.add(day=drawn + timedelta(1), session=True)
    late = diary.report(sensitivity=False)
    assert late.draw is None
    assert "not on the day drawn" in late.notes[-1]
    diary.add(day=drawn, session=True)
    assert diary.report(sensitivity=False).draw.days == 20


@pytest.mark.parametrize(
    ("content", "args", "days", "says"),
    [
        ("\ufeffDate;NRS;Note\n01.09.2026;4,5;x\n02.09.2026;NA;y\n", [], 2, "columns left out: Note"),
        ("DAY\tPain\n2026-09-03\t4\n", [], 1, "read from"),
        (
            "when,score\n31/08/2026,4\n",
            ["--column", "day=when", "--column", "pain=score", "--dates", "%d/%m/%Y"],
            1,
            "1",
        ),
        ("day,pain\n2026-03-01,9\n", [], 1, "1 days stood there before"),
    ],
)
def test_a_csv_of_another_program_is_read(path, tmp_path, content, args, days, says):
    run("--file", path, "add", "--day", "2026-03-01", "--pain", "5")
    file = tmp_path / "phone.csv"
    file.write_text(content, encoding="utf-8")
    out = run("--file", path, "import", str(file), *args).output
    assert out.startswith(f"{days} days read")
    assert says in out


FHIR = '{"resourceType": "Bundle", "entry": %s}'


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("a.csv", b"", "is empty"),
        ("a.csv", b"pain\n4\n", "no column with the day"),
        ("a.csv", b"day,date,pain\n1,1,1\n", "two columns"),
        ("a.csv", b"day,pain\n2026-03-01,4,5\n", "row 2: more values than columns"),
        ("a.csv", b"day,pain\n3/1/2026,4\n", "cannot be told apart"),
        ("a.csv", b"day,pain\n2026-03-01,4\n2026-03-01,4\n", "keep one of them"),
        ("a.csv", b"\xe9\xe8,\n", "not UTF-8"),
        ("a.json", b'{"entries": [1]}', "row 1: not the entry of a day"),
        ("a.json", b'{"entries": [{"pain": 1}]}', "needs its day"),
        ("a.fhir", b"[1]", "no FHIR Bundle"),
        ("none.csv", None, "cannot read the file"),
    ],
)
def test_a_faulty_file_is_refused_whole_with_its_row_and_a_mend(path, tmp_path, name, content, says):
    file = tmp_path / name
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(InputError, match=says):
        run("--file", path, "import", str(file))
    assert Diary(path).entries() == ()


@pytest.mark.parametrize(
    ("args", "says"),
    [(["--dates", "%d/%m/%Y"], "row 2: not a date of the form"), (["--column", "colour=pain"], "no such field"),
     (["--column", "pain"], "FIELD=VALUE"), (["--column", "pain=NRS"], "no such column")],
)  # fmt: skip
def test_how_a_file_is_to_be_read_must_fit_it(path, tmp_path, args, says):
    (tmp_path / "a.csv").write_text("day,pain\n2026-03-01,4\n")
    with pytest.raises(InputError, match=says):
        run("--file", path, "import", str(tmp_path / "a.csv"), *args)


@pytest.mark.parametrize(
    "entry",
    ["[1, 2]", '{"a": 1}', '"x"', "null",
     '[{"resource": {"resourceType": "Observation", "code": {"coding": 3}, "valueQuantity": 5}}]',
     '[{"resource": {"resourceType": "QuestionnaireResponse", '
     '"questionnaire": "urn:needlepoint:diary:questionnaire", "item": [{"linkId": "pain"}]}}]'],
)  # fmt: skip
def test_resources_that_are_no_diary_are_left_out_and_counted(path, tmp_path, entry):
    file = tmp_path / "w.fhir"
    file.write_text(FHIR % entry)
    assert run("--file", path, "import", str(file)).output.startswith("0 days read")


def test_a_spreadsheet_in_utf_16_is_read(path, tmp_path):
    file = tmp_path / "excel.csv"
    file.write_bytes("day\tpain\r\n2026-03-01\t4\r\n".encode("utf-16"))
    run("--file", path, "import", str(file))
    assert Diary(path).entries()[0].pain == 4


def test_an_export_needs_a_known_kind_and_a_folder(path, tmp_path):
    with pytest.raises(InputError, match="cannot tell the kind"):
        run("--file", path, "export", str(tmp_path / "x.xml"))
    with pytest.raises(InputError, match="cannot write"):
        run("--file", path, "export", str(tmp_path / "none" / "x.csv"))
    assert "0 days" in run("--file", path, "export", str(tmp_path / "x.txt"), "--format", "csv").output


def test_a_diary_of_a_few_days_says_that_it_is_too_short(path):
    Diary(path).extend({"day": ["2026-03-01", "2026-03-02", "2026-03-07"], "pain": [4, 5, 6]})
    with pytest.raises(InputError, match="too short to show a change"):
        run("--file", path, "report")
    Diary(path).add(day="2026-03-08", pain=4)
    assert "Your change" in run("--file", path, "report").output
    Diary(path).add(day="2026-03-09", session=True)  # nothing is known after it yet
    assert "your first week" in run("--file", path, "report").output


def test_the_report_is_html_or_pdf(path, tmp_path):
    Diary(path).extend({"day": [f"2026-03-{i:02}" for i in range(1, 21)], "pain": [4, 5] * 10})
    with pytest.raises(InputError, match="cannot tell the kind"):
        run("--file", path, "report", "-o", str(tmp_path / "r.docx"))
    page = tmp_path / "r.HTML"
    run("--file", path, "report", "--html", str(page))
    assert page.read_text().startswith("<!doctype html>")


def test_the_report_is_printed_as_pdf(path, tmp_path, monkeypatch):
    Diary(path).extend({"day": [f"2026-03-{i:02}" for i in range(1, 21)], "pain": [4, 5] * 10})
    monkeypatch.setattr("needlepoint.report.pdf.page_pdf", lambda html: b"%PDF" + html[:9].encode())
    run("--file", path, "report", "-o", str(tmp_path / "r.pdf"))
    assert (tmp_path / "r.pdf").read_bytes() == b"%PDF<!doctype"


def test_a_day_that_is_not_there_is_not_deleted(path):
    for day, says in (("2026-01-01", "nothing is written"), ("foo", "not a date")):
        with pytest.raises(InputError, match=says):
            run("--file", path, "delete", "--day", day, "--yes")


def test_a_forgotten_passphrase_does_not_keep_a_diary_alive(tmp_path, monkeypatch):
    pytest.importorskip("cryptography")
    where = tmp_path / "e.sqlite"
    Diary.start(where, passphrase="open sesame")
    monkeypatch.setenv("NEEDLEPOINT_DIARY_PASSPHRASE", "guess")
    with pytest.raises(InputError, match="cannot be opened"):
        run("--file", str(where), "add", "--pain", "3")
    run("--file", str(where), "delete", "--yes")
    assert not where.exists()


def test_another_file_is_never_deleted(tmp_path):
    other = tmp_path / "letter.txt"
    other.write_text("dear" * 1000)
    with pytest.raises(InputError, match="no diary"):
        run("--file", str(other), "delete", "--yes")
    assert other.read_text() == "dear" * 1000
    with pytest.raises(InputError, match="needlepoint diary start"):
        run("--file", str(tmp_path / "none"), "delete", "--yes")


def test_a_diary_where_none_can_be_made_says_so(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(InputError, match="no diary can be made here"):
        run("--file", str(tmp_path / "file" / "d.sqlite"), "start")


@pytest.mark.parametrize("args", [["--baseline", "3"], ["--baseline", "999999"], ["--window", "0"], ["--window", "999999"],
                                  ["--from", "2026-13-01"], ["--duration", "long"]])  # fmt: skip
def test_a_plan_that_cannot_be_is_refused_and_no_file_is_made(tmp_path, args):
    where = tmp_path / "d.sqlite"
    with pytest.raises(InputError):
        run("--file", str(where), "start", *args)
    assert not where.exists()


def test_the_calendar_holds_the_plan_and_a_reminder_for_each_day(path, tmp_path):
    file = tmp_path / "plan.ics"
    assert "5 entries" in run("--file", path, "calendar", str(file), "--at", "07:30").output
    text = file.read_bytes().decode()
    assert text.startswith("BEGIN:VCALENDAR\r\nVERSION:2.0\r\n")
    assert text.endswith("END:VCALENDAR\r\n")
    assert "DTSTART:20260301T073000" in text
    drawn = Diary(path).settings()["start_day"].replace("-", "")
    assert f"DTSTART;VALUE=DATE:{drawn}" in text
    assert max(len(line.encode()) for line in text.split("\r\n")) <= 75
    assert text.count("BEGIN:VEVENT") == text.count("END:VEVENT") == len(set(re.findall(r"UID:(.*)\r", text)))
    with pytest.raises(InputError, match="not a time"):
        run("--file", path, "calendar", str(file), "--at", "noon")


def test_the_calendar_of_a_trial_on_and_off_names_each_period(tmp_path):
    where, file = str(tmp_path / "p.sqlite"), tmp_path / "p.ics"
    run("--file", where, "periods", "--days", "5", "--pairs", "2", "--from", "2026-03-01")
    run("--file", where, "calendar", str(file))
    text = file.read_text()
    assert text.count("use it") == text.count("leave it out") == 2
    Diary.start(tmp_path / "bare.sqlite")
    with pytest.raises(InputError, match="no plan"):
        run("--file", str(tmp_path / "bare.sqlite"), "calendar", str(file))


def test_the_diaries_of_several_people_are_pooled_from_diaries_and_exports(tmp_path):
    files = []
    for i, gain in enumerate((3, 2, 1)):
        rows = [{"day": date(2026, 3, 1) + timedelta(t), "pain": 5 + (t * 7 + i) % 4 - gain * (t >= 28),
                 "session": t in {28, 35}} for t in range(84)]  # fmt: skip
        diary = Diary.start(tmp_path / f"person{i}.sqlite")
        diary.extend(rows)
        files.append(str(diary.path))
    run("--file", files[2], "export", str(tmp_path / "c.csv"))
    page = tmp_path / "people.html"
    files[2] = str(tmp_path / "c.csv")
    out = json.loads(run("pool", *files, "-o", str(page), "--json").output)
    assert [each["label"] for each in out["people"]] == ["person0", "person1", "c"]
    assert out["ci_low"] < out["estimate"] < out["ci_high"]
    assert "Diaries of several people" in page.read_text()
    (tmp_path / "bad.csv").write_text("day,pain\n")
    with pytest.raises(InputError, match=r"bad\.csv: .*two days"):
        run("pool", files[0], str(tmp_path / "bad.csv"))


def test_processes_at_once_lose_nothing(path):
    code = (
        "import sys; from needlepoint.person.diary import Diary; d = Diary(sys.argv[1])\n"
        "for i in range(5): d.add(day=f'2026-0{sys.argv[2]}-0{i + 1}', pain=i)"
    )
    writers = [subprocess.Popen([sys.executable, "-c", code, path, str(month)]) for month in (1, 2, 3, 4)]
    assert [writer.wait() for writer in writers] == [0] * 4
    assert len(Diary(path).entries()) == 20


@pytest.mark.parametrize("command", ["start", "periods"])
@pytest.mark.parametrize("first", ["9999-01-01", "0001-01-01"])
def test_a_plan_out_of_reach_is_refused_and_leaves_no_file(tmp_path, command, first):
    where = tmp_path / "d.sqlite"
    with pytest.raises(InputError, match="no day of a diary"):
        run("--file", str(where), command, "--from", first)
    assert not where.exists()


def test_a_damaged_diary_is_not_mended_by_a_new_one(path):
    file = Path(path)
    file.write_bytes(file.read_bytes()[:3000])
    out = subprocess.run(
        [sys.executable, "-m", "needlepoint", "diary", "--file", path, "show"],
        check=False,
        capture_output=True,
        text=True,
    )
    assert out.returncode == 2
    assert "damaged" in out.stderr
    assert "copy" in out.stderr
    assert "start one" not in out.stderr


def test_an_export_goes_through_a_link_and_into_a_pipe(path, tmp_path):
    run("--file", path, "add", "--day", "1.3.2026", "--pain", "4")
    kept, link = tmp_path / "kept.csv", tmp_path / "link.csv"
    kept.write_text("old")
    link.symlink_to(kept)
    run("--file", path, "export", str(link))
    assert link.is_symlink()
    assert "2026-03-01,4" in kept.read_text()
    pipe = tmp_path / "pipe.csv"
    os.mkfifo(pipe)
    with subprocess.Popen(["cat", str(pipe)], stdout=subprocess.PIPE, text=True) as reader:
        run("--file", path, "export", str(pipe))
        assert "2026-03-01,4" in reader.communicate()[0]
    assert pipe.is_fifo()
