"""Printed effects of 122 Cochrane reviews, from the arm data beside them (rows stay outside the project)."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from needlepoint import InputError
from needlepoint.effects.cochrane import cochrane_effects
from needlepoint.effects.infer import infer_measure

ROOT = Path(__file__).parents[2]
ROWS = ROOT.parent / "shared/cochrane/studies.csv.gz"
NAMES = {
    "estimate": "mean",
    "ci_low": "ci_start",
    "ci_high": "ci_end",
    "ai": "experimental_cases",
    "ci": "control_cases",
    "n1i": "experimental_n",
    "n2i": "control_n",
    "m1i": "experimental_mean",
    "sd1i": "experimental_sd",
    "m2i": "control_mean",
    "sd2i": "control_sd",
    "yi": "giv_mean",
    "sei": "giv_se",
    "oi": "o_e",
    "vi": "variance",
}
# RevMan's rules on tables it prints, checked on all rows below
TABLES = {
    # (events 1, size 1, events 2, size 2): printed RR and its interval
    (1, 5, 4, 4): (0.277778, 0.067387, 1.145033),
    (28, 28, 29, 29): (1.0, 0.935159, 1.069337),
}


@pytest.mark.parametrize(("table", "printed"), TABLES.items())
def test_a_table_with_nothing_but_events_keeps_its_ratio_and_widens_its_interval(table, printed):
    ai, n1i, ci, n2i = table
    found = infer_measure(
        ai=ai, n1i=n1i, ci=ci, n2i=n2i, estimate=printed[0], ci_low=printed[1], ci_high=printed[2]
    )
    assert (found.measure, found.matched) == ("RR", 1)


def kind(row):
    """Why RevMan prints no effect for a row."""
    events = row["ai"] + row["ci"]
    size = row["n1i"] + row["n2i"]
    if not size > 0 and not row["sei"] > 0:
        return "no participants"
    if row["n1i"] == 0 or row["n2i"] == 0:
        return "an empty arm"
    if row["ai"] > row["n1i"] or row["ci"] > row["n2i"]:
        return "more events than participants"
    if (row["m1i"] != 0 or row["m2i"] != 0) and 0 in (row["sd1i"], row["sd2i"]):
        return "a standard deviation of 0"
    if events == 0:
        return "no events in both arms, or nothing reported"
    if row["ai"] == row["n1i"] and row["ci"] == row["n2i"]:
        return "nothing but events in both arms"
    return "unexplained"


@pytest.fixture(scope="module")
def analyses():
    import polars as pl

    data = pl.read_csv(ROWS, infer_schema_length=100_000)
    columns = {k: data[v].cast(pl.Float64).fill_null(np.nan).to_numpy() for k, v in NAMES.items()}
    key = (
        data["review"]
        + "|"
        + data["analysis_group"].cast(pl.String)
        + "|"
        + data["analysis_number"].cast(pl.String)
    )
    _, group = np.unique(key.to_numpy(), return_inverse=True)
    parts = np.split(np.argsort(group, kind="stable"), np.cumsum(np.bincount(group))[:-1])
    return columns, parts


@pytest.mark.skipif(not ROWS.exists(), reason="the Cochrane rows are not here")
def test_every_printed_effect_and_interval_is_reproduced_to_its_last_decimal(analyses):
    columns, parts = analyses
    rows = Counter()
    found = Counter()
    silent = Counter()
    for part in parts:
        here = {k: v[part] for k, v in columns.items()}
        inferred = infer_measure(**here)
        assert inferred.unmatched == ()
        assert inferred.matched == inferred.of
        rows[inferred.candidate] += inferred.matched
        found[inferred.candidate if inferred.of else "not printed"] += 1
        for i in np.flatnonzero(~np.isfinite(here["estimate"])):
            silent[kind({k: v[i] for k, v in here.items()})] += 1
    assert sum(rows.values()) == 16_766
    assert len(parts) == 4_070
    assert silent["unexplained"] == 0
    guide = (ROOT / "docs/effects.md").read_text()
    for name, count in rows.items():
        line = rf"\| {re.escape(name)} \| {found[name]:,} \| {count:,} \| {count:,} \|"
        assert re.search(line, guide), (name, found[name], count)
    for why, count in silent.items():
        assert f"| {why} | {count:,} |" in guide, (why, count)


@pytest.mark.parametrize(
    ("given", "measure"),
    [
        (
            {"m1i": [5, 6], "sd1i": [2, 2], "n1i": [20, 30], "m2i": [4, 4], "sd2i": [1, 2], "n2i": [20, 31]},
            "MD",
        ),
        (
            {"m1i": [5, 6], "sd1i": [2, 2], "n1i": [20, 30], "m2i": [4, 4], "sd2i": [1, 2], "n2i": [20, 31]},
            "SMD",
        ),
        ({"ai": [5, 6], "n1i": [20, 30], "ci": [4, 9], "n2i": [20, 31]}, "RR"),
        ({"ai": [5, 6], "n1i": [20, 30], "ci": [4, 0], "n2i": [20, 31]}, "OR"),
        ({"ai": [5, 0], "n1i": [20, 30], "ci": [4, 9], "n2i": [20, 31]}, "RD"),
        ({"ai": [5, 6], "n1i": [20, 30], "ci": [4, 9], "n2i": [20, 31]}, "PETO"),
    ],
)
def test_the_measure_is_found_again_from_rounded_print(given, measure):
    columns = {k: np.array(v, dtype=float) for k, v in given.items()}
    yi, vi = cochrane_effects(measure, columns)
    half = 1.959963984540054 * np.sqrt(vi)
    read = np.exp if measure in {"RR", "OR", "PETO"} else np.positive
    printed = {
        "estimate": np.round(read(yi), 2),
        "ci_low": np.round(read(yi - half), 2),
        "ci_high": np.round(read(yi + half), 2),
    }
    found = infer_measure(**columns, **printed, decimals=2)
    assert found.measure == measure
    assert found.matched == 2


NOTHING = {
    "ai": [0, 0],
    "ci": [0, 0],
    "sd1i": [0, 0],
    "sd2i": [0, 0],
    "m1i": [0, 0],
    "m2i": [0, 0],
    "yi": [0, 0],
}
SIZES = {"n1i": [20, 30], "n2i": [20, 31], "sei": [0, 0]}


@pytest.mark.parametrize(
    ("data", "measure"),
    [
        ({"ai": [5, 6], "ci": [4, 9]}, "RR"),
        ({"m1i": [5, 6], "m2i": [4, 9], "sd1i": [1, 2], "sd2i": [1, 2]}, "MD"),
        ({"yi": [0.5, 0.6], "sei": [0.1, 0.2]}, "GEN"),
    ],
)
@pytest.mark.parametrize("printed", [{}, {"estimate": [np.nan, np.nan]}])
def test_without_print_the_measure_is_assumed_from_the_data_and_said_so(data, measure, printed):
    found = infer_measure(**(NOTHING | SIZES | data), **printed)
    assert found.measure == measure
    assert "assumed" in found.notes[0]
    assert (found.matched, found.of, found.also) == (0, 0, ())


def test_spreads_of_different_instruments_are_pointed_out():
    arms = {
        "m1i": [5, 60],
        "m2i": [4, 50],
        "sd1i": [1.5, 22],
        "sd2i": [1, 20],
        "n1i": [20, 30],
        "n2i": [20, 31],
    }
    assert "15-fold" in infer_measure(**arms).notes[1]


def test_an_empty_table_falls_back_to_its_first_measure():
    assert infer_measure(ai=0, n1i=20, ci=0, n2i=20).measure == "RR"


def test_effects_that_fit_nothing_are_told():
    found = infer_measure(ai=5, n1i=20, ci=4, n2i=20, estimate=7.0, ci_low=6.0, ci_high=8.0)
    assert found.unmatched == (0,)
    assert found.measure == "RR"
    assert found.also == ()
    assert "not reproduced" in found.notes[0]


def test_columns_that_give_no_measure_are_refused():
    with pytest.raises(InputError, match="no measure"):
        infer_measure(ai=[1, 2])


def test_estimates_without_intervals_are_enough_to_tell_ratios_from_differences():
    found = infer_measure(
        ai=[5, 6], n1i=[20, 30], ci=[4, 9], n2i=[20, 31], estimate=[1.25, 0.689], decimals=3
    )
    assert found.measure == "RR"
