"""Peto's method: agreement with metafor 5.1-12, invariances, warnings, refusals."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from needlepoint.errors import InputError
from needlepoint.pooling.counts.peto import Peto, peto
from pooling.count_cases import COLUMNS, COMMON_EFFECT, REFERENCE, cases, cells, name, relative_error

# closed forms: only rounding separates two right answers
TOLERANCE = 1e-10


def fit(case: dict) -> Peto:
    return peto(REFERENCE["data"][case["data"]], **COLUMNS["OR"])


@pytest.mark.parametrize("case", cases("rma.peto"), ids=name)
def test_agrees_with_metafor(case):
    res = fit(case).to_dict()
    assert res["i2"] * 100 == pytest.approx(case["out"]["I2"], rel=TOLERANCE, abs=1e-10)
    for ours, theirs in COMMON_EFFECT.items():
        assert relative_error(res[ours], case["out"][theirs]) < TOLERANCE, ours


tables = st.lists(
    st.tuples(st.integers(0, 30), st.integers(1, 60), st.integers(1, 30), st.integers(1, 60)),
    min_size=1,
    max_size=6,
)


@settings(deadline=None, max_examples=40)
@given(tables)
def test_swapping_groups_or_outcomes_flips_the_sign(rows):
    one = peto(**cells(rows))
    for order in ((2, 3, 0, 1), (1, 0, 3, 2)):
        other = peto(**cells(rows, order))
        assert (other.estimate, other.se) == pytest.approx((-one.estimate, one.se), abs=1e-12)


@settings(deadline=None, max_examples=40)
@given(tables)
def test_every_study_twice_halves_the_variance(rows):
    one, two = peto(**cells(rows)), peto(**cells(rows * 2))
    assert (two.estimate, two.se**2) == pytest.approx((one.estimate, one.se**2 / 2))


def test_the_estimate_is_observed_minus_expected_over_its_variance():
    # one study: E = 15 * 123 / 262, V = hypergeometric variance
    res = peto(ai=[4], n1i=[123], ci=[11], n2i=[139])
    variance = 15 * 247 * 123 * 139 / (262**2 * 261)
    assert res.variance_of_events == pytest.approx(variance)
    assert res.observed_minus_expected == pytest.approx(4 - 15 * 123 / 262)
    assert res.estimate == pytest.approx((4 - 15 * 123 / 262) / variance)


def test_large_effects_and_unequal_groups_are_flagged():
    res = peto(ai=[30], n1i=[100], ci=[2], n2i=[300])
    assert sum("biased" in note for note in res.notes) == 2


def test_no_event_at_all_is_refused():
    with pytest.raises(InputError, match="no study has both"):
        peto(ai=[0, 0], n1i=[10, 20], ci=[0, 0], n2i=[10, 20])
