"""All methods for rare events side by side: the same numbers as one by one, refusals in their row, the command line."""

from __future__ import annotations

import json
import math

import pytest
from click.testing import CliRunner

from needlepoint.cli import cli, main
from needlepoint.pooling.counts.mantel_haenszel import mantel_haenszel
from needlepoint.pooling.counts.rare_events import METHODS, rare_events

TABLE = {"ai": [1, 0, 14, 0], "n1i": [407, 414, 1197, 50], "ci": [3, 1, 16, 0], "n2i": [422, 407, 1300, 60]}
NONE = {"ai": [0, 0], "n1i": [50, 60], "ci": [3, 2], "n2i": [50, 60]}


@pytest.mark.parametrize("method", METHODS)
def test_every_method_answers_as_it_does_alone(method):
    row = next(row for row in rare_events(**TABLE).rows if row.method == method)
    alone = METHODS[method](**TABLE)
    assert (row.estimate, row.ci_low, row.ci_high, row.p_value) == (
        alone.estimate,
        alone.ci_low,
        alone.ci_high,
        alone.p_value,
    )


def test_all_methods_roughly_agree_where_events_suffice():
    table = {"ai": [10, 12, 9], "n1i": [100, 120, 90], "ci": [20, 22, 18], "n2i": [100, 120, 90]}
    estimates = [row.estimate for row in rare_events(**table).rows]
    assert max(estimates) - min(estimates) < 0.06
    assert estimates[0] == mantel_haenszel(**table).estimate


def test_refusals_stay_in_their_row():
    res = rare_events(**NONE)
    refused = {row.method for row in res.rows if row.refused}
    assert "Mantel-Haenszel" in refused
    assert "penalised logistic" not in refused
    assert "none: the Mantel-Haenszel OR is not finite" in res.summary()
    exact = next(row for row in res.rows if row.method == "exact")
    assert (exact.estimate, exact.refused) == (-math.inf, None)
    assert (res.k, res.k_without_events, res.events1, res.events2) == (2, 0, 0, 5)


def test_the_command_prints_the_table_for_people_and_programs(tmp_path):
    path = tmp_path / "trials.csv"
    path.write_text("trial,events_t,n_t,events_c,n_c\nA,1,407,3,422\nB,0,414,1,407\nC,14,1197,16,1300\n")
    text = CliRunner().invoke(cli, ["rare", str(path)])
    assert text.exit_code == 0
    assert "penalised logistic" in text.stdout
    rows = json.loads(CliRunner().invoke(cli, ["rare", str(path), "--json"]).stdout)["rows"]
    assert [row["method"] for row in rows] == list(METHODS)
    assert CliRunner().invoke(cli, ["rare", str(path), "--csv"]).stdout.startswith("method,estimate")


def test_a_table_without_events_is_one_line_and_exit_code_two(tmp_path, capsys):
    path = tmp_path / "means.csv"
    path.write_text("trial,mean_t,sd_t,n_t,mean_c,sd_c,n_c\nA,0,1,40,1,2,42\n")
    with pytest.raises(SystemExit) as stop:
        main(["rare", str(path)])
    assert stop.value.code == 2
    assert capsys.readouterr().err.strip().splitlines()[-1].startswith("needlepoint: ")
