"""The gates of the diary's analysis by simulation, as benchmarks/nof1_validation.py runs them at length."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest

PATH = Path(__file__).parents[2] / "benchmarks" / "nof1_validation.py"


@pytest.fixture(scope="module")
def bench():
    spec = importlib.util.spec_from_file_location("nof1_validation", PATH)
    module = importlib.util.module_from_spec(spec)
    import sys

    sys.modules["nof1_validation"] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    yield module
    del sys.modules["nof1_validation"]


def named(bench, name):
    return next(truth for truth in bench.ROWS if truth.name == name)


def test_false_help_is_rare_under_no_effect(bench):
    row = bench.row(np.random.default_rng(1), named(bench, "no effect, natural -0.8, baseline 28"), 40)
    assert row["helps"] <= 0.05
    assert row["coverage"] >= 0.93


def test_the_shape_of_the_ramp_is_averaged(bench):
    by = bench.borckardt()
    ramps = [value for name, value in by.items() if name != "averaged"]
    assert min(ramps) < by["averaged"] < max(ramps)
    assert max(ramps) - min(ramps) > 1  # so much hangs on the shape


def test_a_real_randomised_series_shows_no_effect_under_permuted_labels(bench):
    found = bench.melatonin(np.random.default_rng(2), 20)
    assert found["permuted_helps"] <= 0.1
    assert found["interval"][0] < 0 < found["interval"][1]


@pytest.mark.slow
@pytest.mark.parametrize("phi", [0.2, 0.5, 0.8])
def test_intervals_cover_as_often_as_they_say_when_the_truth_is_drawn_from_the_prior(bench, phi):
    row = bench.row(np.random.default_rng(3), named(bench, f"truth from the prior, phi {phi}"), 300)
    assert row["coverage"] >= 0.92  # .93 less what 300 diaries leave to chance
    assert (row["type_s"] or 0) <= 0.03


@pytest.mark.slow
def test_ranks_of_the_truth_are_uniform(bench):
    ranks = bench.calibration(np.random.default_rng(4), 300)
    assert all(each["chi2"] < 43.8 for each in ranks.values())  # 19 df, p > .001


@pytest.mark.slow
def test_looks_do_not_inflate_false_help(bench):
    found = bench.looks(np.random.default_rng(5), 150, -0.8)
    assert found["any_look"] <= 0.05 * 150
