"""What must hold of every test of small-study effects, whatever the data."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from needlepoint import (
    InputError,
    NotEnoughStudies,
    effect_sizes,
    egger,
    excess_significance,
    fail_safe_n,
    peese,
    pet,
    pet_peese,
    pool,
    rank_test,
    small_study_test,
    trim_fill,
    waap,
)
from needlepoint.bias.small_study_effects import SMALL_STUDY_TESTS


@st.composite
def studies(draw, least=5, most=12):
    k = draw(st.integers(least, most))
    yi = np.array(draw(st.lists(st.integers(-2000, 2000), min_size=k, max_size=k, unique=True))) / 1000
    vi = np.array(draw(st.lists(st.floats(0.01, 1), min_size=k, max_size=k, unique=True)))
    vi[0] = vi.max() + draw(st.floats(0.05, 0.5))  # precision varies, by construction
    return yi, vi


@given(studies(), st.floats(-3, 3))
@settings(deadline=None, max_examples=30)
def test_shifting_every_study_shifts_only_the_limit(data, shift):
    yi, vi = data
    one, other = egger(yi, vi), egger(yi + shift, vi)
    assert other.slope == pytest.approx(one.slope, abs=1e-7)
    assert other.limit == pytest.approx(one.limit + shift, abs=1e-7)
    assert pet(yi + shift, vi).estimate == pytest.approx(pet(yi, vi).estimate + shift, abs=1e-7)
    assert peese(yi + shift, vi).estimate == pytest.approx(peese(yi, vi).estimate + shift, abs=1e-7)


@given(studies(), st.randoms())
@settings(deadline=None, max_examples=20)
def test_the_order_of_studies_does_not_matter(data, random):
    yi, vi = data
    order = list(range(len(yi)))
    random.shuffle(order)
    assert egger(yi[order], vi[order]).p_value == pytest.approx(egger(yi, vi).p_value, abs=1e-8)
    assert rank_test(yi[order], vi[order]).p_value == pytest.approx(rank_test(yi, vi).p_value, abs=1e-12)
    assert waap(yi[order], vi[order]).estimate == pytest.approx(waap(yi, vi).estimate, abs=1e-9)


@given(studies(), st.floats(0.1, 10))
@settings(deadline=None, max_examples=20)
def test_the_unit_does_not_matter_to_tests(data, unit):
    yi, vi = data
    assert egger(unit * yi, unit**2 * vi).statistic == pytest.approx(
        egger(yi, vi).statistic, rel=1e-6, abs=1e-6
    )
    assert rank_test(unit * yi, unit**2 * vi).tau == pytest.approx(rank_test(yi, vi).tau, abs=1e-9)
    one, other = excess_significance(yi, vi), excess_significance(unit * yi, unit**2 * vi)
    assert other.p_value == pytest.approx(one.p_value, abs=1e-6)


@given(st.lists(st.floats(0.1, 3), min_size=2, max_size=5), st.floats(0.01, 0.5))
@settings(deadline=None, max_examples=20)
def test_trim_and_fill_adds_nothing_to_symmetric_data(distances, vi):
    yi = np.concatenate([distances, np.negative(distances), [0.0]])
    result = trim_fill(yi, np.full(len(yi), vi))
    assert result.missing == 0
    assert result.estimate == result.estimate_observed


@given(studies())
@settings(deadline=None, max_examples=20)
def test_trim_and_fill_mirrors_with_the_signs(data):
    yi, vi = data
    one, other = trim_fill(yi, vi, side="left"), trim_fill(-yi, vi, side="right")
    assert other.missing == one.missing
    assert other.estimate == pytest.approx(-one.estimate, abs=1e-8)


@given(studies())
@settings(deadline=None, max_examples=15)
def test_one_more_null_study_than_needed_keeps_the_result_overturned(data):
    yi, vi = data
    pooled = pool(yi=np.abs(yi) + 0.5, vi=vi, method="DL", test="z")
    result = fail_safe_n(pooled)
    assert result.p_value_with_n >= 0.05
    larger = fail_safe_n(pooled, alpha=0.01)
    assert larger.n <= result.n


def test_general_equals_rosenberg_under_equal_effects():
    pooled = pool(yi=[0.4, 0.5, 0.6], vi=[0.01, 0.02, 0.01], method="EE", test="z")
    assert fail_safe_n(pooled, method="General").n == fail_safe_n(pooled, method="Rosenberg").n
    general, orwin = (fail_safe_n(pooled, method=m, target=0.1) for m in ("General", "Orwin"))
    assert general.n == orwin.n


def test_pet_is_the_limit_of_eggers_test():
    yi, vi = [0.9, 0.7, 0.5, 0.3, 0.2], [0.20, 0.12, 0.05, 0.02, 0.01]
    assert pet(yi, vi).estimate == pytest.approx(egger(yi, vi).limit, abs=1e-12)
    assert peese(yi, vi).estimate == pytest.approx(egger(yi, vi, predictor="vi").limit, abs=1e-12)
    assert pet_peese(yi, vi).estimate == pet(yi, vi).estimate
    assert "PET is reported" in pet_peese(yi, vi).notes[0]


def test_waap_keeps_the_powered_studies():
    yi, vi = [0.5, 0.52, 0.6, 2.0], [0.001, 0.002, 0.003, 0.9]
    result = waap(yi, vi)
    wi = 1 / np.array(vi[:3])
    assert result.k_used == 3
    assert result.estimate == pytest.approx(float(wi @ yi[:3] / wi.sum()), abs=1e-12)
    weak = waap([0.01, 0.02, 0.05], [0.5, 0.6, 0.7])
    assert (weak.method, weak.k_used) == ("WLS", 3)


TABLES = {"ai": [15, 12, 29, 42, 14, 44, 14, 29, 10, 17], "bi": [85, 88, 71, 58, 86, 56, 86, 71, 90, 83],
          "ci": [7, 8, 21, 40, 17, 30, 9, 15, 13, 20], "di": [93, 72, 89, 60, 73, 80, 91, 95, 77, 60]}  # fmt: skip


@pytest.mark.parametrize("name", [n for n in SMALL_STUDY_TESTS if n not in {"Pustejovsky"}])
def test_tests_on_tables_do_not_depend_on_the_order_of_studies(name):
    es = effect_sizes(TABLES, measure="OR", ai="ai", bi="bi", ci="ci", di="di")
    turned = effect_sizes(
        {k: v[::-1] for k, v in TABLES.items()}, measure="OR", ai="ai", bi="bi", ci="ci", di="di"
    )
    one, other = small_study_test(es, test=name), small_study_test(turned, test=name)
    assert 0 < one.p_value <= 1
    assert other.p_value == pytest.approx(one.p_value, abs=1e-9)


NAMED = json.loads((Path(__file__).parents[1] / "reference" / "bias" / "named_tests.json").read_text())


@pytest.mark.parametrize("name", sorted(NAMED["tests"]))
def test_named_tests_agree_with_their_definition_in_r(name):
    if name == "Pustejovsky":
        es = effect_sizes(NAMED["means"], measure="SMD", **{column: column for column in NAMED["means"]})
    else:
        es = effect_sizes(NAMED["tables"], measure="OR", **{column: column for column in NAMED["tables"]})
    result, want = small_study_test(es, test=name), NAMED["tests"][name]
    assert result.statistic == pytest.approx(want["statistic"], rel=1e-9)
    assert result.p_value == pytest.approx(want["p"], rel=1e-9)
    if "slope" in want:
        assert (result.slope, result.se) == pytest.approx((want["slope"], want["se"]), rel=1e-9)


def test_harbord_is_egger_on_petos_scale():
    es = effect_sizes(TABLES, measure="OR", ai="ai", bi="bi", ci="ci", di="di")
    peto = effect_sizes(TABLES, measure="PETO", ai="ai", bi="bi", ci="ci", di="di")
    assert small_study_test(es, test="Harbord").statistic == pytest.approx(egger(peto).statistic, abs=1e-10)


def test_pustejovskys_predictor_ignores_the_effect():
    data = {"m1i": [5, 6, 7, 5.5], "sd1i": [1, 1.2, 1, 0.9], "n1i": [10, 20, 40, 80],
            "m2i": [4, 5, 5, 5], "sd2i": [1, 1, 1.1, 1], "n2i": [12, 20, 38, 70]}  # fmt: skip
    es = effect_sizes(
        data, measure="SMD", m1i="m1i", sd1i="sd1i", n1i="n1i", m2i="m2i", sd2i="sd2i", n2i="n2i"
    )
    assert small_study_test(es, test="Pustejovsky").df == 2


def test_refusals_say_what_is_missing():
    yi, vi = [0.1, 0.4, 0.2, 0.3], [0.1, 0.2, 0.3, 0.1]
    with pytest.raises(InputError, match="2x2 tables"):
        small_study_test(yi, vi, test="Peters")
    with pytest.raises(InputError, match="unknown test"):
        small_study_test(yi, vi, test="Nobody")
    with pytest.raises(InputError, match="exactly on a line"):
        egger([0.0] * 4, vi)
    with pytest.raises(InputError, match="same value"):
        egger(yi, [0.1] * 4)
    with pytest.raises(NotEnoughStudies, match="3 studies, got 2"):
        egger(yi[:2], vi[:2])
    with pytest.raises(NotEnoughStudies):
        rank_test(yi[:2], vi[:2])
    with pytest.raises(InputError, match="nothing to rank"):
        rank_test(yi, [0.1] * 4)
    with pytest.raises(NotEnoughStudies):
        trim_fill(yi[:2], vi[:2])
    with pytest.raises(InputError, match="moderators"):
        trim_fill(pool(yi=yi, vi=vi, mods=[1.0, 2.0, 4.0, 3.0]))
    with pytest.raises(InputError, match="alpha"):
        fail_safe_n(yi, vi, alpha=5)
