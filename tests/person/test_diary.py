"""The diary's store: edits keep history, deletion deletes, encryption, a killed process loses nothing confirmed."""

import errno
import io
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing, contextmanager
from datetime import date, timedelta

import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import needlepoint
from needlepoint.cli import cli
from needlepoint.errors import InputError, MissingExtra, NeedlepointError
from needlepoint.person import diary as diary_module
from needlepoint.person.diary import Diary, default_path
from needlepoint.person.entries import FIELDS, Entry, entry

MARK = "zebra-stampede-41"


@pytest.fixture
def diary(tmp_path):
    return Diary.start(tmp_path / "diary.sqlite", duration="more than a year")


def test_the_public_name_is_the_class():
    assert needlepoint.Diary is Diary


def test_a_day_is_completed_and_corrected_field_by_field_and_keeps_its_history(diary):
    diary.add(day="2026-03-01", pain=6, other="massage")
    diary.add(day=date(2026, 3, 1), session=True)
    now = diary.add(day="2026-03-01", pain=5)
    assert now == Entry(day=date(2026, 3, 1), pain=5.0, session=True, other="massage")
    assert [record.get("pain") for record in diary.history("2026-03-01")] == [6.0, None, 5.0]
    assert all(record["written"] for record in diary.history("2026-03-01"))


def test_days_come_back_in_order_whatever_the_order_of_writing(diary):
    for day in ("2026-03-05", "2026-03-01", "2026-03-03"):
        diary.add(day=day, pain=1)
    assert [each.day.day for each in diary.entries()] == [1, 3, 5]


def test_settings_are_kept(diary):
    diary.set(start_day="2026-04-01", treatment=None)
    assert diary.settings()["duration"] == "more than a year"
    assert diary.settings()["start_day"] == "2026-04-01"
    assert "treatment" not in diary.settings()


@pytest.mark.parametrize("values", [{"pain": 11}, {"rmdq": 2.5}, {"session": "perhaps"}, {"day": "tomorrow"},
                                    {"colour": 1}, {"pain": "much"}])  # fmt: skip
def test_a_wrong_value_is_refused_and_nothing_is_written(diary, values):
    with pytest.raises(InputError):
        diary.add({"day": "2026-03-01", **values})
    assert diary.entries() == ()


def test_an_entry_needs_its_day():
    with pytest.raises(InputError, match="needs its day"):
        entry({"pain": 3})


def test_there_must_be_a_diary_and_only_one(tmp_path, diary):
    with pytest.raises(InputError, match="no diary here"):
        Diary(tmp_path / "other.sqlite")
    with pytest.raises(InputError, match="already"):
        Diary.start(diary.path)
    with pytest.raises(InputError, match="no such setting"):
        Diary.start(tmp_path / "third.sqlite", colour="red")


@pytest.mark.parametrize("content", [b"no database at all, but long enough to be looked at" * 40, b""])
def test_another_file_is_refused_and_left_alone(tmp_path, content):
    path = tmp_path / "notes.txt"
    path.write_bytes(content)
    with pytest.raises(InputError, match="no diary"):
        Diary(path)
    assert path.read_bytes() == content


def test_another_sqlite_file_is_refused(tmp_path):
    path = tmp_path / "x.sqlite"
    db = sqlite3.connect(path)
    db.execute("CREATE TABLE a (b)")
    db.commit()
    db.close()
    with pytest.raises(InputError, match="no diary"):
        Diary(path)


def test_a_start_that_was_cut_short_can_be_repeated(tmp_path):
    (tmp_path / "d.sqlite").touch()
    assert Diary.start(tmp_path / "d.sqlite").entries() == ()


def test_a_diary_in_use_elsewhere_is_reported_and_left_alone(diary, monkeypatch):
    monkeypatch.setattr("needlepoint.person.diary._PATIENCE", 0)
    other = sqlite3.connect(diary.path, isolation_level=None)
    try:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(NeedlepointError, match="cannot be used now"):
            diary.add(day="2026-03-01", pain=3)
        other.execute("ROLLBACK")
    finally:
        other.close()
    assert diary.entries() == ()


def test_nobody_else_may_read_the_file(diary):
    assert diary.path.stat().st_mode & 0o077 == 0


def test_a_deleted_day_leaves_no_trace_in_the_file(diary):
    diary.add(day="2026-03-01", pain=6, other=MARK)
    diary.add(day="2026-03-01", other="nothing")
    diary.add(day="2026-03-02", pain=2)
    assert MARK.encode() in diary.path.read_bytes()
    assert diary.delete_day("2026-03-01") == 2
    assert MARK.encode() not in diary.path.read_bytes()
    assert [each.pain for each in diary.entries()] == [2.0]
    assert diary.history("2026-03-01") == ()


def test_a_deleted_diary_is_overwritten_before_it_is_removed(tmp_path, diary):
    diary.add(day="2026-03-01", other=MARK)
    for suffix in ("-journal", "-wal", "-shm"):
        (tmp_path / f"diary.sqlite{suffix}").write_bytes(MARK.encode())
    kept = tmp_path / "link"
    os.link(diary.path, kept)  # a second name for the same bytes on disk
    diary.delete()
    assert list(tmp_path.iterdir()) == [kept]
    assert set(kept.read_bytes()) == {0}


def test_the_default_path_follows_the_environment(monkeypatch, tmp_path):
    monkeypatch.setenv("NEEDLEPOINT_DIARY", str(tmp_path / "d"))
    assert default_path() == tmp_path / "d"
    monkeypatch.delenv("NEEDLEPOINT_DIARY")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert default_path() == tmp_path / "needlepoint" / "diary.sqlite"
    monkeypatch.delenv("XDG_DATA_HOME")
    assert default_path().parts[-4:-1] == (".local", "share", "needlepoint")


def test_an_encrypted_diary_opens_with_its_passphrase_only(tmp_path):
    pytest.importorskip("cryptography")
    path = tmp_path / "d.sqlite"
    made = Diary.start(path, passphrase="open sesame", duration="more than a year")
    assert made.encrypted
    made.add(day="2026-03-01", pain=6, other=MARK)
    raw = path.read_bytes()
    for secret in (MARK, "2026-03-01", "more than a year"):
        assert secret.encode() not in raw
    again = Diary(path, passphrase="open sesame")
    assert again.entries()[0].other == MARK
    assert again.settings()["duration"] == "more than a year"
    with pytest.raises(InputError, match="is encrypted"):
        Diary(path)
    with pytest.raises(InputError, match="cannot be opened"):
        Diary(path, passphrase="guess")
    with pytest.raises(InputError, match="empty"):
        Diary.start(tmp_path / "e.sqlite", passphrase="")


def test_without_the_package_encryption_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "cryptography.hazmat.primitives.ciphers.aead", None)
    with pytest.raises(MissingExtra, match="private"):
        Diary.start(tmp_path / "d.sqlite", passphrase="x")
    assert not (tmp_path / "d.sqlite").exists()


values = st.fixed_dictionaries(
    {"day": st.dates(date(2020, 1, 1), date(2026, 1, 1))},
    optional={
        "pain": st.integers(0, 100).map(lambda v: v / 10),
        "rmdq": st.integers(0, 24),
        "session": st.booleans(),
        "other": st.text(st.characters(exclude_categories=["Cs", "Cc", "Z"]), min_size=1),
    },
)


@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(values, max_size=8, unique_by=lambda row: row["day"]))
def test_what_is_written_comes_back(tmp_path_factory, rows):
    diary = Diary.start(tmp_path_factory.mktemp("d") / "d.sqlite")
    diary.extend([entry(row) for row in rows])
    assert diary.entries() == tuple(sorted((entry(row) for row in rows), key=lambda each: each.day))


WRITER = """
import sys
from datetime import date, timedelta
from needlepoint.person.diary import Diary
diary = Diary(sys.argv[1])
for i in range(int(sys.argv[2]), 10**6):
    diary.add(day=date(1901, 1, 1) + timedelta(i), pain=i % 11, other="x" * 500)
    print(i, flush=True)
"""


def kill_while_writing(path, times, rng):
    """Kill a writing process at random moments; returns the last number that it confirmed."""
    confirmed = -1
    for _ in range(times):
        process = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(path), str(confirmed + 1)], stdout=subprocess.PIPE, text=True
        )
        with process:
            assert process.stdout is not None
            first = process.stdout.readline()  # it is writing now
            time.sleep(rng.uniform(0, 0.05))
            os.kill(process.pid, signal.SIGKILL)
            lines = [first, *process.stdout.readlines()]
            process.wait()
        confirmed = max([confirmed, *(int(line) for line in lines if line.endswith("\n"))])
        check_nothing_lost(path, confirmed)
    return confirmed


def check_nothing_lost(path, confirmed):
    db = sqlite3.connect(path)
    try:
        assert db.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
    finally:
        db.close()
    entries = Diary(path).entries()
    assert confirmed + 1 <= len(entries) <= confirmed + 2  # one may be on disk and not yet confirmed
    for i, each in enumerate(entries):
        assert (each.day.toordinal() - date(1901, 1, 1).toordinal(), each.pain) == (i, float(i % 11))


def test_killing_add_at_random_moments_loses_nothing_confirmed(diary):
    assert kill_while_writing(diary.path, 20, random.Random(1)) >= 19


@pytest.mark.slow
def test_killing_add_two_hundred_times_loses_nothing_confirmed(diary):
    assert kill_while_writing(diary.path, 200, random.Random(2)) >= 199


def run(*args, **kwargs):
    return CliRunner().invoke(cli, ["diary", *args], catch_exceptions=False, **kwargs)


def test_the_commands_start_add_export_import_and_delete(tmp_path):
    path, other = str(tmp_path / "d.sqlite"), str(tmp_path / "e.sqlite")
    made = json.loads(run("--file", path, "start", "--from", "2026-03-01", "--seed", "1", "--json").output)
    assert made["start_day"] in made["start_days"]
    assert len(made["start_days"]) == 20
    assert "lot" in run("--file", other, "start", "--from", "2026-03-01").output
    run("--file", path, "add", "--day", "2026-03-01", "--pain", "6", "--set", "sleep=4")
    out = json.loads(run("--file", path, "add", "--day", "2026-03-01", "--session", "--json").output)
    assert out == {"day": "2026-03-01", "pain": 6.0, "session": True, "sleep": 4.0}
    for kind in ("csv", "json", "fhir"):
        file = str(tmp_path / f"out.{kind}")
        assert "1 days written" in run("--file", path, "export", file).output
        assert json.loads(run("--file", other, "import", file, "--json").output)["days"] == 1
        assert Diary(other).entries() == Diary(path).entries()
    out = json.loads(run("--file", path, "delete", "--day", "2026-03-01", "--yes", "--json").output)
    assert out["deleted"] == 2  # both records of the day
    assert "Deleted" in run("--file", path, "delete", "--yes").output
    assert not os.path.exists(path)


@pytest.mark.parametrize(
    ("args", "says"),
    [(["add"], "nothing to write"), (["add", "--set", "sleep"], "FIELD=VALUE"), (["delete"], "nothing was deleted"),
     (["start", "--duration", "long", "--from", "2026-03-01"], "no such duration")],
)  # fmt: skip
def test_the_commands_say_what_is_wrong(diary, args, says):
    with pytest.raises(InputError, match=says):
        run("--file", str(diary.path), *args)


def test_the_commands_take_the_passphrase_from_the_environment(tmp_path, monkeypatch):
    pytest.importorskip("cryptography")
    path = str(tmp_path / "d.sqlite")
    with pytest.raises(InputError, match="nobody to ask"):
        run("--file", path, "start", "--private")
    monkeypatch.setenv("NEEDLEPOINT_DIARY_PASSPHRASE", "open sesame")
    run("--file", path, "start", "--private")
    assert "pain 3.0" in run("--file", path, "add", "--pain", "3").output
    monkeypatch.delenv("NEEDLEPOINT_DIARY_PASSPHRASE")
    with pytest.raises(InputError, match="encrypted"):
        run("--file", path, "add", "--pain", "3")


def test_every_field_has_a_place_in_the_entry():
    assert FIELDS[0] == "day"
    assert {"pain", "session", "rmdq", "medicine", "other", "control"} <= set(FIELDS)


def _filled(path):
    diary = Diary.start(path)
    for i in range(40):
        diary.add(day=date(2026, 1, 1) + timedelta(i), pain=i % 11, other="x" * 200)
    return diary


def test_a_day_without_values_writes_nothing(tmp_path):
    diary = Diary.start(tmp_path / "d.sqlite")
    with pytest.raises(InputError, match="nothing to write down"):
        diary.add(day="2026-03-01", pain="")
    assert diary.entries() == ()


@pytest.mark.parametrize("day", ["9999-12-31", "0001-01-01", "1899-12-31", date.today() + timedelta(400)])
def test_a_day_out_of_reach_is_refused(tmp_path, day):
    diary = Diary.start(tmp_path / "d.sqlite")
    with pytest.raises(InputError, match="no day of a diary"):
        diary.add(day=day, pain=3)


def test_a_newer_diary_is_left_alone(tmp_path):
    path = tmp_path / "d.sqlite"
    _filled(path)
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA user_version=2")
    before = path.read_bytes()
    with pytest.raises(InputError, match="newer needlepoint"):
        Diary(path).add(day="2026-03-01", pain=3)
    assert path.read_bytes() == before


def test_a_damaged_diary_is_called_damaged(tmp_path):
    path = tmp_path / "d.sqlite"
    _filled(path)
    whole = path.read_bytes()
    path.write_bytes(whole[:4096] + bytes(len(whole) - 4096))
    with pytest.raises(InputError, match="this diary is damaged"):
        Diary(path)


def test_a_record_that_is_no_json_is_named(tmp_path):
    path = tmp_path / "d.sqlite"
    diary = _filled(path)
    with closing(sqlite3.connect(path)) as db:
        db.execute("UPDATE record SET body = x'00ff' WHERE id = 7")
        db.commit()
    with pytest.raises(InputError, match="record 7"):
        diary.entries()


def test_a_deletion_without_room_to_tidy_still_deletes_and_says_so(tmp_path, monkeypatch):
    path = tmp_path / "d.sqlite"
    diary = _filled(path)
    real = diary_module._opened
    calls = []

    @contextmanager
    def full(where):
        with real(where) as db:
            calls.append(where)
            if len(calls) == 3:  # read, delete, then tidy up
                db.execute("PRAGMA max_page_count=1")
                raise NeedlepointError("the diary cannot be used now (database or disk is full)")
            yield db

    monkeypatch.setattr(diary_module, "_opened", full)
    assert diary.delete_day("2026-01-05") == 1
    monkeypatch.setattr(diary_module, "_opened", real)
    assert all(each.day != date(2026, 1, 5) for each in diary.entries())


def test_a_deletion_that_fails_changes_nothing(tmp_path, monkeypatch):
    path = tmp_path / "d.sqlite"
    diary = _filled(path)
    with closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TRIGGER no BEFORE DELETE ON record BEGIN SELECT RAISE(ABORT, 'full'); END")
        db.commit()
    with pytest.raises(NeedlepointError):
        diary.delete_day("2026-01-05")
    assert any(each.day == date(2026, 1, 5) for each in diary.entries())


def test_an_export_to_a_full_disk_is_a_clear_error(tmp_path, monkeypatch):
    from needlepoint.report import files

    class Full(io.BytesIO):
        def write(self, content):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    target = tmp_path / "out.csv"
    target.write_text("old")
    monkeypatch.setattr(files.os, "fdopen", lambda handle, mode: (os.close(handle), Full())[1])
    with pytest.raises(InputError, match="No space left"):
        files.write_text(target, "new")
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


@settings(deadline=None, max_examples=50)
@given(st.text(st.characters(exclude_categories=["Cs", "Cc", "Z"]), min_size=1))
def test_words_go_through_a_spreadsheet_unharmed(words):
    from needlepoint.person.exchange import armed, disarmed

    assert armed(disarmed(words)) == words
    assert not disarmed(words).startswith(("=", "+", "-", "@"))


@pytest.mark.parametrize(
    ("name", "value"),
    [("first_day", b"\xff"), ("first_day", b"soon"), ("start_day", "text"), ("baseline_days", b"many")],
)
def test_a_damaged_setting_is_named(tmp_path, name, value):
    path = tmp_path / "d.sqlite"
    Diary.start(path, first_day="2026-03-01", baseline_days=28, start_day="2026-04-01")
    with sqlite3.connect(path) as db:
        db.execute("UPDATE setting SET value = ? WHERE name = ?", (value, name))
    db.close()
    with pytest.raises(InputError, match="a setting of this diary is damaged") as error:
        Diary(path).settings()
    assert error.value.field == name
