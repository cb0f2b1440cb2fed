"""``needlepoint evidence``: list, show, sources, check, template; text and JSON; exit codes."""

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from needlepoint.cli import cli, main
from needlepoint.errors import InputError, PackError

COUGH = str(Path(__file__).parent / "packs" / "winter-cough")


def run(*args):
    result = CliRunner().invoke(cli, ["evidence", *args])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def test_list_names_every_pack_with_its_counts():
    assert "low-back-pain  Low back pain, version" in run("list").output
    (pack,) = json.loads(run("list", "--json").output)
    assert pack["rows"]["trials"] == 117
    assert "acupuncture" in pack["terms"]["treatment"]


def test_show_gives_a_trial_with_its_rows_and_sources():
    text = run("show", "witt2006").output
    assert "Witt2006" in text
    assert "function, immediate, hfaq, acupuncture: mean 74.5 (SE 0.4), n = 1451" in text
    assert "https://" in text
    record = json.loads(run("show", "Witt2006", "--json").output)
    assert [m["use"] for m in record["measurements"]] == ["main", "main", "never", "never"]
    assert record["sources"]


def test_show_gives_the_rows_behind_a_question():
    text = run("show", "acupuncture vs sham for sciatica").output
    assert "Tu2024" in text
    assert "MD -16 [-21.3, -10.6]" in text
    rows = json.loads(run("show", "acupuncture vs usual care for chronic low back pain", "--json").output)
    assert {c["trial"] for c in rows["contrasts"]} >= {"Thomas2006", "DeBar2025", "Heo2021"}
    assert any(p["review"] == "Cochrane 2020 (Mu)" for p in rows["published"])
    assert all(p["comparator"] == "usual care" for p in rows["published"])


def test_show_finds_a_difference_from_its_other_side():
    rows = json.loads(
        run("show", "usual care vs acupuncture for chronic low back pain, pain", "--json").output
    )
    assert "Thomas2006" in {c["trial"] for c in rows["contrasts"]}


def test_show_says_when_a_pack_has_no_row():
    assert "the pack has no row" in run("show", "gabapentin vs yoga for sciatica").output


def test_show_names_the_closest_trial():
    with pytest.raises(InputError, match="did you mean 'Witt2006'"):
        run("show", "Wit2006")


def test_sources_lists_all_or_one():
    assert "ostelo2008" in run("sources").output
    (source,) = json.loads(run("sources", "ostelo2008", "--json").output)
    assert source["kind"] == "mirror"
    with pytest.raises(InputError, match="unknown source"):
        run("sources", "ostelo1908")


def test_another_pack_is_read_by_its_folder():
    assert "winter-cough" in run("list", "--pack", COUGH).output
    assert "Alder2020" in run("show", "green light box vs dark box", "--pack", COUGH).output


def test_check_lists_every_problem_at_once_and_exits_with_2(tmp_path):
    folder = tmp_path / "pack"
    shutil.copytree(COUGH, folder)
    trials = folder / "trials.csv"
    trials.write_text(
        trials.read_text().replace("Alder 2020,2020", "Alder 2020,20020").replace("made-up,", "made-op,")
    )
    result = run("check", str(folder), "--json")
    assert result.exit_code == 2
    report = json.loads(result.output)
    assert report["ok"] is False
    assert {(p["file"], p["row"], p["column"]) for p in report["problems"]} >= {
        ("trials.csv", 2, "year"),
        ("trials.csv", 2, "source"),
        ("trials.csv", 3, "source"),
    }
    assert all(p["mend"] for p in report["problems"])


def test_check_writes_a_manifest_that_finds_a_changed_number(tmp_path):
    folder = tmp_path / "pack"
    shutil.copytree(COUGH, folder)
    assert run("check", str(folder), "--write-manifest").exit_code == 0
    rows = folder / "measurements.csv"
    rows.write_text(rows.read_text().replace(",30,12,", ",31,12,"))
    result = run("check", str(folder))
    assert result.exit_code == 2
    assert "has changed since the manifest was written" in result.output
    assert run("check", str(folder), "--write-manifest").exit_code == 0


def test_a_manifest_of_an_incomplete_pack_is_refused(tmp_path):
    with pytest.raises(PackError, match="the file is missing"):
        run("check", str(tmp_path), "--write-manifest")


def test_template_writes_a_pack_that_is_valid(tmp_path):
    folder = tmp_path / "new"
    assert "pack.toml" in run("template", str(folder)).output
    assert run("check", str(folder)).output == "no problems\n"
    with pytest.raises(InputError, match="not empty"):
        run("template", str(folder))


def test_a_problem_is_one_line_and_exit_code_2(capsys):
    with pytest.raises(SystemExit) as stop:
        main(["evidence", "list", "--pack", "/no/such/folder"])
    assert stop.value.code == 2
    err = capsys.readouterr().err
    assert err.startswith("needlepoint: unknown pack")
    assert err.count("\n") == 1
