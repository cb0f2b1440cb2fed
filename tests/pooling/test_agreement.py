"""Every pinned case of the oracle, run through the public functions (tolerances: ``oracle_cases.py``)."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import numpy as np
import pytest

from pooling import oracle_cases as oracle

HERE = Path(__file__).parent
PINNED = HERE.parent / "reference" / "pooling"


def pinned(name):
    with gzip.open(PINNED / name) as stream:
        return json.load(stream)


CASES = pinned("cases.json.gz")["sets"] if PINNED.joinpath("cases.json.gz").exists() else []
PROBLEMS = pinned("tight.json.gz")["problems"] if PINNED.joinpath("tight.json.gz").exists() else []


@pytest.mark.parametrize("content", CASES, ids=lambda c: c["dataset"])
def test_agrees_with_the_oracle_on(content):
    wrong = []
    for case in content["cases"]:
        if (content["dataset"], case["id"]) not in oracle.EXPLAINED:
            wrong += [
                (case["id"], *line) for line in oracle.judge(oracle.run_case(case, content["data"]) or [])
            ]
    assert not wrong


@pytest.mark.parametrize("problem", PROBLEMS, ids=lambda p: f"{p['dataset']} {p['id']}")
def test_agrees_with_the_oracle_at_a_tight_threshold_on(problem):
    assert not [(name, *line) for name, rows in oracle.tight_rows(problem) for line in oracle.judge(rows)]


def test_the_pinned_grid_does_not_shrink():
    assert len(CASES) >= 29
    assert sum(len(c["cases"]) for c in CASES) >= 2340
    assert len(PROBLEMS) >= 50


@pytest.mark.parametrize("test", ["z", "HKSJ", "HKSJ-adhoc"])
def test_a_fit_on_which_the_oracle_gives_up_has_its_optimum(test):
    """dat.lau1992 with moderator year: Fisher scoring does not converge, the likelihood has one maximum."""
    data = next(c["data"] for c in CASES if c["dataset"] == "dat.lau1992")
    best = oracle.fit("rma(yi, vi)", data, mods="~ year", test=test)
    grid = [
        oracle.fit("rma(yi, vi)", data, mods="~ year", tau2=t).log_likelihood for t in np.linspace(0, 0.2, 81)
    ]
    assert best.log_likelihood >= max(grid) - 1e-12
