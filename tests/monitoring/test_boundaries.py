"""Sequential designs against RTSA, textbook values, exact probabilities and simulation."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import needlepoint as n
from needlepoint import InputError
from needlepoint.monitoring.recursion import start

PINNED = json.loads((Path(__file__).parents[1] / "reference" / "monitoring" / "boundaries.json").read_text())
CASES = PINNED["boundaries"]
# RTSA searches its boundaries to about 1e-6 without and 4e-5 with binding futility, its inflation to 3e-5
LIMIT = {"none": 2e-6, "non-binding": 1e-5, "binding": 5e-5}


@pytest.mark.parametrize(
    "case", CASES, ids=lambda c: f"{c['sides']}-{c['spending']}-{c['futility']}-{len(c['timing'])}"
)
def test_boundaries_agree_with_rtsa(case):
    asked = {name: case[name] for name in ("alpha", "beta", "sides", "spending", "futility")}
    found = n.boundaries(case["timing"], **asked)
    assert found.upper == pytest.approx(case["upper"], abs=LIMIT[case["futility"]])
    if case["inner"] is not None:
        for got, want in zip(found.futility_upper, case["inner"], strict=True):
            assert (got is None) == (want is None)
            assert want is None or got == pytest.approx(want, abs=LIMIT[case["futility"]])
    # two looks with binding futility: RTSA's boundaries agree to 1e-8, the inflation that it prints does not fit them
    if not (case["futility"] == "binding" and len(case["timing"]) == 2 and case["sides"] == 2):
        assert found.inflation == pytest.approx(case["root"], abs=4e-5)


def test_published_boundaries():
    """O'Brien-Fleming-type spending, five equal looks, two-sided .05: Lan & DeMets; Jennison & Turnbull, table 7.1."""
    found = n.boundaries([0.2, 0.4, 0.6, 0.8, 1.0])
    assert found.upper == pytest.approx([4.877, 3.357, 2.680, 2.290, 2.031], abs=1e-3)


def test_one_look_is_an_ordinary_test():
    found = n.boundaries([1.0], alpha=0.05, beta=0.2)
    assert found.upper[0] == pytest.approx(1.959963984540054, rel=1e-10)
    assert found.inflation == pytest.approx(1.0, abs=1e-9)
    assert found.power[0] == pytest.approx(0.8, abs=1e-9)


def test_the_recursion_keeps_all_probability():
    process = start(1.3)
    total = 0.0
    for t, z in ((0.2, 2.5), (0.5, 2.2), (0.9, 2.0)):
        total += process.above(t, z) + process.below(t, -z)
        process = process.go_on(t, ((-z, z),))
    total += process.above(1.0, 0.0) + process.below(1.0, 0.0)
    assert total == pytest.approx(1.0, abs=1e-12)


@settings(deadline=None, max_examples=25)
@given(
    st.lists(st.integers(1, 99), min_size=1, max_size=5, unique=True),
    st.sampled_from(["OF", "Pocock", "power", "HSD"]),
)
def test_the_looks_together_use_alpha(percent, spending):
    timing = [p / 100 for p in sorted(percent)] + [1.0]
    found = n.boundaries(timing, spending=spending)
    process, used = start(0.0), 0.0
    for t, z in zip(timing, found.upper, strict=True):
        used += process.above(t, z)
        if t < 1:
            process = process.go_on(t, ((-z, z),))
    assert used == pytest.approx(0.025, abs=1e-9)
    assert sum(found.power) == pytest.approx(0.9, abs=1e-8)
    assert found.inflation >= 1 - 1e-9


@pytest.mark.slow
def test_type_one_error_over_ten_looks():
    """20,000 runs; at most nominal plus three Monte Carlo standard errors."""
    timing = [(i + 1) / 10 for i in range(10)]
    bound = np.array(n.boundaries(timing).upper)
    steps = np.random.default_rng(7).normal(size=(20_000, 10)) * np.sqrt(0.1)
    z = np.cumsum(steps, axis=1) / np.sqrt(timing)
    rate = float((np.abs(z) >= bound).any(axis=1).mean())
    assert rate <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 20_000)


def test_information_sizes_agree_with_rtsa():
    """RTSA 0.2.2: ris() with mc = 0.8, pC = 0.15, and with mc = 5, sd_mc = 10."""
    found = n.information_size("RR", effect=0.8, control_risk=0.15, diversity=0.5, i2=0.4, tau2=0.05)
    assert (found.fixed, found.diversity, found.i2, found.min_trials) == (5454, 10908, 9090, 11)
    per_trial = [people / trials for trials, people in found.by_trials]
    assert per_trial == pytest.approx([12223, 3787, 2241, 1591], rel=2e-3)
    assert n.information_size("MD", effect=5, sd=10).fixed == 169


TRIALS = {
    "yi": [-0.3, -0.1, -0.5, -0.4, -0.35, -0.42],
    "vi": [0.09, 0.07, 0.05, 0.04, 0.05, 0.03],
    "n": [60, 80, 120, 150, 110, 200],
}


def test_an_effect_that_is_there_is_found_before_the_end():
    found = n.sequential(TRIALS, required=600, people="n", data=TRIALS)
    assert found.crossed is not None
    assert "below zero" in found.conclusion
    assert found.looks[-1].information == pytest.approx(720 / found.inflated)
    assert "below zero" in str(found)


def test_early_significance_is_not_enough():
    table = {"yi": [-0.5, -0.45, -0.1], "vi": [0.04, 0.05, 0.05], "n": [60, 50, 60]}
    found = n.sequential(table, required=5000, people="n", data=table)
    assert n.pool(table, method="EE", test="z").p_value < 0.05
    assert found.crossed is None
    assert "Not settled" in found.conclusion


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: n.boundaries([0.5, 0.9]), "end with 1"),
        (lambda: n.boundaries([0.5, 0.5, 1.0]), "must rise"),
        (lambda: n.boundaries([]), "end with 1"),
        (lambda: n.boundaries([0.5, 1.0], spending="OBF"), "spending"),
        (lambda: n.boundaries([0.5, 1.0], sides=3), "one side or two"),
        (lambda: n.information_size("RR", effect=1.0, control_risk=0.2), "no effect"),
        (lambda: n.information_size("RR", effect=0.8), "control group"),
        (lambda: n.information_size("MD", effect=2.0), "standard deviation"),
        (lambda: n.sequential(TRIALS, required=0), "above zero"),
    ],
)
def test_bad_designs_are_refused_with_the_mend(call, says):
    with pytest.raises(InputError, match=says):
        call()
