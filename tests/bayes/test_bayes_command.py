"""``needlepoint bayes`` and the figure of prior and posterior."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from needlepoint.bayes import HalfNormal, Normal, posterior
from needlepoint.cli import cli, main
from needlepoint.figures.prior_posterior import prior_posterior

TABLE = "trial,yi,vi\nA,0.1,0.02\nB,0.9,0.03\nC,0.4,0.01\nD,0.2,0.05\n"


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "trials.csv"
    path.write_text(TABLE)
    return str(path)


def _json(*arguments):
    done = CliRunner().invoke(cli, ["bayes", *arguments, "--json"])
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def test_json_holds_the_posterior_and_its_evidence(table):
    got = _json(table, "--prior-effect", "normal(0, 1)", "--prior-tau", "half-normal(0.5)", "--beyond", "0.2")
    want = posterior(
        yi=[0.1, 0.9, 0.4, 0.2],
        vi=[0.02, 0.03, 0.01, 0.05],
        prior_effect=Normal(0, 1),
        prior_tau=HalfNormal(0.5),
    )
    assert got["estimate"] == pytest.approx(want.estimate)
    assert got["log_evidence"] == pytest.approx(want.log_evidence)
    assert got["beyond"]["p_above"] == pytest.approx(want.probability(low=0.2))
    assert got["bf_effect"] > 0
    assert got["bf_heterogeneity"] > 0


def test_text_is_for_people(table):
    done = CliRunner().invoke(cli, ["bayes", table, "--prior-tau", "half-normal(0.5)", "--sensitivity"])
    assert done.exit_code == 0
    assert "P(>0)" in done.stdout
    assert "HalfNormal(scale=0.25)" in done.stdout
    assert "Bayes factor for an effect" not in done.stdout  # flat prior


def test_robust_adds_the_model_average(table):
    got = _json(table, "--robust")
    assert len(got["robust"]["models"]) == 36


def test_the_figure_is_written(table, tmp_path):
    path = tmp_path / "figure.svg"
    done = CliRunner().invoke(cli, ["bayes", table, "--figure", str(path)])
    assert done.exit_code == 0, done.output
    assert path.read_text().startswith("<?xml")


@pytest.mark.parametrize(
    "arguments", [["nowhere.csv"], ["TABLE", "--prior-tau", "half-moon(1)"], ["TABLE", "--level", "95"]]
)
def test_bad_input_is_one_line_and_exit_code_two(table, arguments, capsys):
    with pytest.raises(SystemExit) as stop:
        main(["bayes", *(table if a == "TABLE" else a for a in arguments)])
    assert stop.value.code == 2
    lines = [line for line in capsys.readouterr().err.splitlines() if not line.startswith("understood")]
    assert len(lines) == 1


def test_the_figure_shows_prior_posterior_and_a_new_study():
    fitted = posterior(
        yi=[0.1, 0.9, 0.4], vi=[0.02, 0.03, 0.01], prior_effect=Normal(0, 1), prior_tau=HalfNormal(0.5)
    )
    figure = prior_posterior(fitted)
    labels = [text.get_text() for axes in figure.axes for text in axes.get_legend().get_texts()]
    assert labels == ["a new study", "prior", "posterior", "prior", "posterior"]
    alone = prior_posterior(posterior(yi=[0.1, 0.9], vi=[0.02, 0.03], prior_tau="fixed(0)"))
    assert len(alone.axes) == 1


def test_a_bayes_factor_beyond_doubles_is_told_by_its_logarithm(tmp_path):
    path = tmp_path / "apart.csv"
    path.write_text("trial,yi,vi\nA,400,0.04\nB,-1000,0.02\nC,5000,0.1\n")
    got = _json(str(path))
    assert got["bf_heterogeneity"] is None
    assert got["log_bf_heterogeneity"] > 1e6
    assert "10^" in CliRunner().invoke(cli, ["bayes", str(path)]).stdout


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("trial,yi,vi\nA,0.1,-0.02\nB,0.3,0.1\n", "negative variance"),
        ("trial,yi,sei\nA,0.1,-0.02\nB,0.3,0.1\n", "negative standard error"),
        ("trial,yi,vi\nA,0.1,0\nB,0.3,0.1\n", "above zero"),
        ("trial,yi,vi\nA,1e300,0.1\nB,0.3,0.1\n", "another unit"),
        ("trial,yi,vi\nA,x,0.1\n", "not a number"),
        ("trial,yi,vi\n", "0 rows"),
    ],
)
def test_tables_that_cannot_be_used_are_told_in_one_line(tmp_path, capsys, text, words):
    path = tmp_path / "odd.csv"
    path.write_text(text)
    with pytest.raises(SystemExit) as left:
        main(["bayes", str(path)])
    assert left.value.code == 2
    error = capsys.readouterr().err
    assert words in error
    assert "Traceback" not in error


def test_one_study_and_missing_values_are_answered_with_notes(tmp_path):
    path = tmp_path / "one.csv"
    path.write_text("trial,yi,vi\nA,0.4,0.04\nB,,0.02\nC,0.2,\n")
    got = _json(str(path), "--prior-tau", "half-normal(0.5)")
    assert got["k"] == 1
    assert any("left out" in note for note in got["notes"])
    robust = _json(str(path), "--measure", "SMD", "--robust", "--critical", "t")
    assert 0 < robust["robust"]["p_effect"] < 1


def test_averages_without_bias_and_over_moderators(tmp_path):
    path = tmp_path / "dose.csv"
    path.write_text("trial,yi,vi,dose\nA,0.1,0.02,1\nB,0.4,0.03,2\nC,0.4,0.01,3\nD,0.7,0.05,4\n")
    plain = _json(str(path), "--average", "--prior-effect", "normal(0, 1)", "--measure", "SMD")
    assert len(plain["average"]["models"]) == 4
    assert plain["average"]["p_bias"] == 0.0
    mods = _json(str(path), "--average", "--mods", "~ dose", "--prior-tau", "half-normal(0.5)")
    assert mods["average"]["models"] == 8
    assert mods["average"]["moderators"][0]["moderator"] == "dose"
