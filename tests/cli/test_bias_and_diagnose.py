"""The bias and diagnose commands on a user's table."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from needlepoint import effect_sizes, egger, influence, pool
from needlepoint.cli import cli, main

COUNTS = """trial,events_t,n_t,events_c,n_c
Aronson,4,123,11,139
Ferguson,6,306,29,303
Rosenthal,3,231,11,220
Hart,62,13598,248,12867
Frimodt,33,5069,47,5808
Stein,180,1541,372,1451
"""


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "trials.csv"
    path.write_text(COUNTS)
    return path


def run(*args):
    return CliRunner().invoke(cli, [str(a) for a in args])


def effects():
    rows = [line.split(",") for line in COUNTS.strip().splitlines()[1:]]
    ai, n1i, ci, n2i = (list(map(float, column)) for column in list(zip(*rows, strict=True))[1:])
    return effect_sizes({"ai": ai, "n1i": n1i, "ci": ci, "n2i": n2i}, measure="OR",
                        ai="ai", n1i="n1i", ci="ci", n2i="n2i")  # fmt: skip


def test_bias_gives_the_numbers_of_the_library(table):
    result = run("bias", table, "--measure", "OR", "--json")
    assert result.exit_code == 0, result.stderr
    got = json.loads(result.stdout)
    assert got["egger"]["statistic"] == pytest.approx(egger(pool(effects())).statistic)
    assert {"harbord", "peters", "trim_fill", "pet_peese", "selection_model", "sensitivity"} <= set(got)
    assert got["selection_model"]["alternative"] == "less"


def test_bias_in_words_leads_with_one_plain_sentence(table):
    lines = run("bias", table, "--measure", "OR").stdout.splitlines()
    assert lines[0].startswith("Egger's test")
    assert any(line.startswith("trim and fill") for line in lines)


def test_a_method_that_cannot_be_used_says_why(tmp_path):
    path = tmp_path / "two.csv"
    path.write_text("trial,yi,vi\na,0.1,0.2\nb,0.4,0.1\n")
    got = json.loads(run("bias", path, "--json").stdout)
    assert "needs at least 3 studies" in got["refused"]["egger"]


def test_diagnose_gives_the_numbers_of_the_library(table):
    got = json.loads(run("diagnose", table, "--measure", "OR", "--subsets", "--json").stdout)
    assert got["influence"]["cook"] == pytest.approx(influence(pool(effects())).cook.tolist())
    assert got["subsets"]["subsets"] == 63
    text = run("diagnose", table, "--measure", "OR").stdout
    assert text.startswith("Leaving out any one study moves the estimate between")
    rows = run("diagnose", table, "--measure", "OR", "--csv").stdout.splitlines()
    assert len(rows) == 7


def test_one_study_is_an_answered_error(tmp_path, capsys):
    path = tmp_path / "one.csv"
    path.write_text("trial,yi,vi\na,0.1,0.2\n")
    with pytest.raises(SystemExit) as stop:
        main(["diagnose", str(path)])
    assert stop.value.code == 1
    assert "needs at least 2 studies" in capsys.readouterr().err
