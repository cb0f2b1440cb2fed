"""The pool command on tables as people have them."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from needlepoint.cli import cli, main

MEANS = """trial,mean_t,sd_t,n_t,mean_c,sd_c,n_c
Kerr,51.3,22.4,26,61.7,30.6,20
Leibing,21,22,35,32,22,40
Mendelson,30.2,18,36,40,24.3,41
Molsberger,26,21,58,36,19,58
"""


def run(*args: str):
    return CliRunner().invoke(cli, ["pool", *map(str, args)])


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "trials.csv"
    path.write_text(MEANS)
    return path


def test_the_published_figure(table):
    result = run(table, "--method", "EE", "--test", "z", "--json")
    got = json.loads(result.stdout)
    assert [round(got[k], 2) for k in ("estimate", "ci_low", "ci_high", "q")] == [-10.21, -14.99, -5.44, 0.03]


def test_it_says_what_it_took_for_what(table):
    assert "m1i = mean_t" in run(table).stderr


def test_a_forest_plot_is_written(table, tmp_path):
    out = tmp_path / "forest.svg"
    assert run(table, "--forest", out).exit_code == 0
    assert "Molsberger" in out.read_text()


def test_columns_may_be_told(tmp_path):
    path = tmp_path / "x.csv"
    path.write_text("name,a,b\nx,0.1,0.2\ny,0.3,0.1\n")
    assert run(path, "--col", "yi=a", "--col", "sei=b", "--json").exit_code == 0


def test_ratios_with_intervals_are_logged(tmp_path):
    path = tmp_path / "x.csv"
    path.write_text("study,OR,lower,upper\na,0.5,0.25,1.0\nb,0.8,0.5,1.28\n")
    result = run(path, "--method", "EE", "--test", "z", "--json")
    assert -0.7 < json.loads(result.stdout)["estimate"] < -0.2


def test_csv_out(table):
    assert run(table, "--csv").stdout.startswith("term,")


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (["--method", "REMl"], "did you mean 'REML'"),
        (["--col", "yi=nothing"], "there is no column 'nothing'"),
        (["--measure", "XYZ"], "unknown measure"),
    ],
)
def test_a_wrong_word_is_one_line_and_exit_code_2(table, args, says, capsys):
    with pytest.raises(SystemExit) as stop:
        main(["pool", str(table), *args])
    assert stop.value.code == 2
    error = capsys.readouterr().err
    assert says in error
    assert "Traceback" not in error


def test_intervals_of_tau2_and_leave_one_out_come_on_demand(table):
    result = run(table, "--tau2-interval", "QP", "--leave-one-out", "--json")
    got = json.loads(result.stdout)
    assert got["tau2_interval"]["tau2_low"] == 0
    assert len(next(v for v in got["leave_one_out"].values() if isinstance(v, list) and v)) == 4


def test_weights_of_the_users_own(tmp_path):
    path = tmp_path / "x.csv"
    path.write_text("study,yi,vi,w\na,0.1,0.2,1\nb,0.3,0.1,1\nc,0.8,0.1,2\n")
    got = json.loads(run(path, "--weights", "w", "--json").stdout)
    assert got["estimate"] == pytest.approx(0.5)
