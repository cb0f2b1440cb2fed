"""Mantel-Haenszel: agreement with metafor 5.1-12, invariances, limits, refusals."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import needlepoint
from agreement_table import read
from needlepoint.errors import InputError, NotEnoughStudies
from needlepoint.pooling.counts.mantel_haenszel import MantelHaenszel, mantel_haenszel
from needlepoint.pooling.counts.peto import peto
from pooling.count_cases import COLUMNS, COMMON_EFFECT, PINNED, REFERENCE, cases, cells, name, relative_error

# closed forms: only rounding separates two right answers; tail areas lose digits as they get small
TOLERANCE = {"value": 1e-10, "p": 1e-9}
SAME = {
    **COMMON_EFFECT,
    "cmh": "MH",
    "cmh_p": "MHp",
    "breslow_day": "BD",
    "breslow_day_p": "BDp",
    "tarone": "TA",
    "tarone_p": "TAp",
}


def fit(case: dict) -> MantelHaenszel:
    measure = case["id"].split(".")[2]
    options = {}
    if case["id"].endswith("nocorrect"):
        options["correct"] = False
    if case["id"].endswith(".add"):
        options |= {"add": (0.5, 0.5), "to": ("only0", "only0")}
    return mantel_haenszel(REFERENCE["data"][case["data"]], measure=measure, **COLUMNS[measure], **options)


@pytest.mark.parametrize("case", cases("rma.mh"), ids=name)
def test_agrees_with_metafor(case):
    got = fit(case).to_dict()
    assert got["i2"] * 100 == pytest.approx(case["out"]["I2"], rel=TOLERANCE["value"], abs=1e-10)
    for ours, theirs in SAME.items():
        tolerance = TOLERANCE["p" if ours.endswith(("_p", "p_value")) else "value"]
        assert relative_error(got[ours], case["out"][theirs]) < tolerance, ours


OPTIONS = read(PINNED / "exact_options.json.gz")["cases"]  # metafor 3.8-1; the file says more


@pytest.mark.parametrize("measure", ["OR", "RR", "RD", "IRR", "IRD", "PETO"])
def test_zero_cell_rules_mean_what_they_mean_in_metafor(measure):
    for case in (case for case in OPTIONS if case["measure"] == measure):
        rules = {name: case[name] for name in ("add", "to", "drop00", "correct")}
        if measure in {"IRR", "IRD"}:
            table = {"x1i": case["a"], "t1i": case["t1"], "x2i": case["c"], "t2i": case["t2"]}
        else:
            table = {"ai": case["a"], "n1i": case["n1"], "ci": case["c"], "n2i": case["n2"]}
        res = peto(**table) if measure == "PETO" else mantel_haenszel(measure=measure, **table, **rules)
        want = dict(case["want"])
        if (
            want["q"] is None
        ):  # a study without sampling error: Q is infinite there, the study is left out of it here
            assert want.pop("k_effects") == res.k_effects + 1
            want = {name: want[name] for name in ("estimate", "se", "k")}
        else:
            assert 100 * res.i2 == pytest.approx(want.pop("i2_percent"), abs=1e-9)
        for quantity, value in want.items():
            if value is not None:
                assert getattr(res, quantity) == pytest.approx(value, rel=1e-10, abs=1e-12), quantity


tables = st.lists(
    st.tuples(st.integers(1, 30), st.integers(1, 60), st.integers(1, 30), st.integers(1, 60)),
    min_size=1,
    max_size=6,
)


@settings(deadline=None, max_examples=40)
@given(tables, st.sampled_from(["OR", "RR", "RD"]))
def test_swapping_the_groups_flips_the_sign(rows, measure):
    one = mantel_haenszel(**cells(rows), measure=measure)
    other = mantel_haenszel(**cells(rows, (2, 3, 0, 1)), measure=measure)
    assert other.estimate == pytest.approx(-one.estimate, abs=1e-12)
    assert other.se == pytest.approx(one.se)


@settings(deadline=None, max_examples=40)
@given(tables)
def test_swapping_events_and_non_events_flips_the_odds_ratio(rows):
    one, other = mantel_haenszel(**cells(rows)), mantel_haenszel(**cells(rows, (1, 0, 3, 2)))
    assert (other.estimate, other.se) == pytest.approx((-one.estimate, one.se), abs=1e-12)


@settings(deadline=None, max_examples=40)
@given(tables, st.sampled_from(["OR", "RR", "RD"]), st.randoms())
def test_the_order_of_studies_does_not_matter(rows, measure, random):
    shuffled = random.sample(rows, len(rows))
    one, other = (mantel_haenszel(**cells(r), measure=measure) for r in (rows, shuffled))
    assert (other.estimate, other.se, other.q) == pytest.approx((one.estimate, one.se, one.q))


@settings(deadline=None, max_examples=40)
@given(tables, st.sampled_from(["OR", "RR", "RD"]))
def test_every_study_twice_halves_the_variance(rows, measure):
    one, two = (
        mantel_haenszel(**cells(rows), measure=measure),
        mantel_haenszel(**cells(rows * 2), measure=measure),
    )
    assert two.estimate == pytest.approx(one.estimate)
    assert two.se**2 == pytest.approx(one.se**2 / 2)


@settings(deadline=None, max_examples=40)
@given(tables, st.floats(1e-3, 1e3))
def test_the_unit_of_person_time_leaves_the_rate_ratio(rows, unit):
    x1i, t1i, x2i, t2i = np.array(rows, dtype=float).T
    one, other = (
        mantel_haenszel(measure="IRR", x1i=x1i, t1i=u * t1i, x2i=x2i, t2i=u * t2i) for u in (1, unit)
    )
    assert (other.estimate, other.se, other.cmh) == pytest.approx((one.estimate, one.se, one.cmh), abs=1e-9)
    difference = mantel_haenszel(measure="IRD", x1i=x1i, t1i=unit * t1i, x2i=x2i, t2i=unit * t2i)
    plain = mantel_haenszel(measure="IRD", x1i=x1i, t1i=t1i, x2i=x2i, t2i=t2i)
    assert difference.estimate * unit == pytest.approx(plain.estimate, abs=1e-9)


@settings(deadline=None, max_examples=40)
@given(tables.map(lambda rows: rows[:1]))
def test_a_single_study_is_its_own_odds_ratio(rows):
    ((a, b, c, d),) = rows
    res = mantel_haenszel(**cells(rows))
    assert res.estimate == pytest.approx(math.log(a * d / (b * c)), abs=1e-12)
    assert res.se**2 == pytest.approx(1 / a + 1 / b + 1 / c + 1 / d)
    assert (res.q, res.q_df, res.q_p) == (0.0, 0, 1.0)
    assert res.breslow_day is None


def test_studies_without_events_change_nothing_and_are_named():
    some = {"ai": [4, 6, 3], "n1i": [123, 306, 231], "ci": [11, 29, 11], "n2i": [139, 303, 220]}
    more = {"ai": [4, 6, 0, 3], "n1i": [123, 306, 50, 231], "ci": [11, 29, 0, 11], "n2i": [139, 303, 60, 220]}
    one, other = mantel_haenszel(**some), mantel_haenszel(**more, study=["A", "B", "Empty", "C"])
    assert (other.estimate, other.se, other.tarone) == pytest.approx((one.estimate, one.se, one.tarone))
    assert (other.k, other.k_effects) == (4, 3)
    assert any("Empty" in note for note in other.notes)


def test_a_study_without_events_pulls_a_risk_difference_to_zero():
    some = {"ai": [4, 6], "n1i": [40, 60], "ci": [1, 2], "n2i": [40, 60]}
    more = {"ai": [4, 6, 0], "n1i": [40, 60, 50], "ci": [1, 2, 0], "n2i": [40, 60, 50]}
    assert 0 < mantel_haenszel(**more, measure="RD").estimate < mantel_haenszel(**some, measure="RD").estimate


def test_incomplete_studies_are_left_out_and_named():
    res = mantel_haenszel(ai=[4, 6, 3], n1i=[123, None, 231], ci=[11, 29, 11], n2i=[139, 303, 220])
    assert res.k == 2
    assert any("missing" in note and note.endswith("2") for note in res.notes)


def test_effect_sizes_carry_their_counts():
    table = {"ai": [4, 6, 3], "n1i": [123, 306, 231], "ci": [11, 29, 11], "n2i": [139, 303, 220]}
    es = needlepoint.effect_sizes(**table, measure="RR")
    assert mantel_haenszel(es).estimate == mantel_haenszel(**table).estimate
    assert mantel_haenszel(es, measure="RD").q == mantel_haenszel(**table, measure="RD").q


def test_effect_sizes_without_counts_are_refused():
    es = needlepoint.effect_sizes(measure="MD", m1i=[1], sd1i=[1], n1i=[9], m2i=[2], sd2i=[1], n2i=[9])
    with pytest.raises(InputError, match="keep no counts for OR"):
        mantel_haenszel(es)


def test_a_group_without_events_is_refused_with_a_way_out():
    with pytest.raises(InputError, match="penalised_logistic"):
        mantel_haenszel(ai=[0, 0], n1i=[50, 60], ci=[1, 2], n2i=[50, 60])


def test_a_correction_for_the_estimate_is_possible_and_told():
    res = mantel_haenszel(
        ai=[0, 0], n1i=[50, 60], ci=[1, 2], n2i=[50, 60], add=(0.5, 0.5), to=("only0", "only0")
    )
    assert res.estimate < 0
    assert any("also for the estimate" in note for note in res.notes)


def test_nothing_complete_is_not_enough():
    with pytest.raises(NotEnoughStudies):
        mantel_haenszel(ai=[None], n1i=[5.0], ci=[1], n2i=[4])


def test_a_level_in_percent_is_refused():
    with pytest.raises(InputError, match="level"):
        mantel_haenszel(ai=[1], n1i=[5], ci=[1], n2i=[4], level=95)


def test_an_empty_group_is_no_comparison():
    some = {"ai": [1, 4], "bi": [1, 9], "ci": [1, 3], "di": [1, 8]}
    more = {name: [1 if name in {"ai", "bi"} else 0, *values] for name, values in some.items()}
    res = mantel_haenszel(**more)
    assert (res.estimate, res.k) == (mantel_haenszel(**some).estimate, 2)
    assert any("a group is empty: 1" in note for note in res.notes)


def test_columns_of_another_table_are_refused():
    rates = {"x1i": [9, 8], "t1i": [413, 263], "x2i": [19, 19], "t2i": [398, 245]}
    with pytest.raises(InputError, match="does not read ai"):
        mantel_haenszel(measure="IRR", ai=[1, 2], **rates)


def test_one_study_has_an_h2_of_one_as_in_pool():
    """metafor 3.8-1: rma.mh(ai=3, n1i=20, ci=5, n2i=20) gives H2 = 1."""
    assert mantel_haenszel(ai=[3], n1i=[20], ci=[5], n2i=[20]).h2 == 1.0


def test_events_in_parts_and_labels_that_occur_twice_are_noted():
    found = mantel_haenszel(
        ai=[4, 6.5, 3], n1i=[20, 30, 25], ci=[5, 9, 4], n2i=[21, 30, 25], study=["Ada", "Bo", "Ada"]
    )
    assert any("no whole numbers, taken as given: Bo" in note for note in found.notes)
    assert any("occurs more than once" in note and "Ada" in note for note in found.notes)
    whole = mantel_haenszel(ai=[4, 6, 3], n1i=[20, 30, 25], ci=[5, 9, 4], n2i=[21, 30, 25])
    assert not any("whole" in note or "once" in note for note in whole.notes)
