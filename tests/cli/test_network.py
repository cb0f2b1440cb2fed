"""``needlepoint network``: tables in, text, JSON, CSV and figures out; errors with the mend."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from needlepoint.cli import cli, main

CONTRASTS = "study,treat1,treat2,TE,seTE\n1,A,B,0.5,0.2\n2,A,C,0.9,0.2\n3,B,C,0.3,0.2\n4,A,B,0.4,0.3\n"
ARMS = "study,treatment,events,n\n1,A,10,50\n1,B,14,52\n2,A,5,40\n2,C,11,41\n3,B,9,60\n3,C,12,58\n"


@pytest.fixture
def table(tmp_path):
    def write(text):
        path = tmp_path / "trials.csv"
        path.write_text(text)
        return str(path)

    return write


def test_text_says_effects_ranks_and_splits(table):
    found = CliRunner().invoke(cli, ["network", table(CONTRASTS), "--better", "higher", "--split"])
    assert found.exit_code == 0, found.output
    for words in ("4 trials of 3 treatments", "P-score", "between designs", "indirect"):
        assert words in found.output


def test_json_of_arms(table):
    found = CliRunner().invoke(cli, ["network", table(ARMS), "--measure", "OR", "--reference", "A", "--json"])
    told = json.loads(found.stdout)
    assert told["treatments"] == ["A", "B", "C"]
    assert told["reference"] == "A"


def test_figures_are_written(table, tmp_path):
    graph, forest = tmp_path / "g.svg", tmp_path / "f.svg"
    path = table(CONTRASTS)
    found = CliRunner().invoke(cli, ["network", path, "--graph", str(graph), "--forest", str(forest)])
    assert found.exit_code == 0, found.output
    assert "<svg" in graph.read_text()
    assert "<svg" in forest.read_text()


def test_a_network_in_parts_is_one_line_and_exit_code_2(table, capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["network", table("study,treat1,treat2,TE,seTE\n1,A,B,0.5,0.2\n2,C,D,0.9,0.2\n")])
    assert stopped.value.code == 2
    told = capsys.readouterr().err
    assert "2 parts" in told
    assert len(told.strip().splitlines()) == 1
