"""``needlepoint effects`` from the outside: text, JSON, files, and errors in one line."""

from __future__ import annotations

import json
import subprocess
import sys

import polars as pl
import pytest
from click.testing import CliRunner

from needlepoint import InputError
from needlepoint.cli.effects import LETTERS, command
from needlepoint.effects.measures import MEASURES

TABLE = "trial,mean_t,sd_t,n_t,mean_c,sd_c,n_c\nAda,5,2,20,6,2,21\nBo,4,1,30,6,2,31\nCy,,1,30,6,2,31\n"


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "trials.csv"
    path.write_text(TABLE)
    return str(path)


def run(*arguments):
    return CliRunner().invoke(command, arguments, catch_exceptions=False)


def test_options_are_the_letters_that_measures_read():
    read = {x for spec in MEASURES.values() for alternative in spec.alternatives for x in alternative}
    assert set(LETTERS) == read


def test_plain_column_names_are_understood_and_told(table):
    result = run(table, "--measure", "MD")
    assert result.exit_code == 0
    assert "understood: measure MD; m1i = mean_t" in result.stderr
    assert "Cy" in result.stdout
    assert "no value" in result.stdout


def test_json_is_one_object_with_the_studies_and_the_notes(table):
    result = run(table, "--measure", "SMD", "--m1i", "mean_t", "--level", "0.9", "--json")
    body = json.loads(result.stdout)
    assert body["measure"] == "SMD"
    assert [row["study"] for row in body["effects"]] == ["Ada", "Bo", "Cy"]
    assert body["effects"][2]["yi"] is None
    assert any("Cy" in note for note in body["notes"])


def test_rows_go_to_a_file(table, tmp_path):
    out = tmp_path / "effects.csv"
    result = run(table, "--measure", "MD", "--out", str(out))
    assert result.stdout == ""
    assert pl.read_csv(out)["yi"].to_list() == [-1.0, -2.0, None]


def test_options_reach_the_effect_sizes(tmp_path):
    path = tmp_path / "counts.csv"
    path.write_text("study,ai,n1i,ci,n2i\nAda,0,50,0,100\nBo,3,20,5,20\n")
    plain = json.loads(run(str(path), "--measure", "OR", "--json").stdout)
    arms = json.loads(run(str(path), "--measure", "OR", "--add", "treatment-arm", "--json").stdout)
    gone = json.loads(run(str(path), "--measure", "OR", "--drop00", "--json").stdout)
    everywhere = json.loads(run(str(path), "--measure", "OR", "--add", "0.1", "--to", "all", "--json").stdout)
    values = [[row["yi"] for row in body["effects"]] for body in (plain, arms, gone, everywhere)]
    assert values[0][0] != values[1][0]
    assert values[2] == [None, values[0][1]]
    assert values[3][1] != values[0][1]


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--measure", "SMDX"), "did you mean 'SMD'"),
        (("--measure", "OR"), "ai n1i ci n2i"),
        (("--measure", "MD", "--m1i", "nope"), "no column 'nope'"),
        (("--measure", "MD", "--vtype", "XX"), "LS, HO"),
    ],
)
def test_bad_input_is_answered(table, options, says):
    with pytest.raises(InputError, match=says):
        run(table, *options)


def test_the_shell_sees_one_line_and_exit_code_two(table):
    done = subprocess.run(
        [sys.executable, "-m", "needlepoint", "effects", table, "--measure", "OR"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert done.stderr.splitlines()[-1].startswith("needlepoint: the columns given do not suffice")
