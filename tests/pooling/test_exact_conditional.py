"""Exact conditional inference: Fisher's test and SciPy for one study, R for several, invariances, infinite ends."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from needlepoint.errors import InputError
from needlepoint.pooling.counts.exact_conditional import exact_conditional
from needlepoint.pooling.counts.glmm.glmm import glmm
from pooling.count_cases import SPARSE

NONE = {"ai": [0, 0], "n1i": [50, 60], "ci": [3, 2], "n2i": [50, 60]}
FEW = {"ai": [4, 6, 3], "n1i": [123, 306, 231], "ci": [11, 29, 11], "n2i": [139, 303, 220]}

# R 4.2.2, mantelhaen.test(exact=TRUE): log estimate, log interval, p; its roots stop at about 1e-4
R = {
    "sparse": (SPARSE, -0.162356973943805, -0.565651326721352, 0.239642541658276, 0.43441598523524),
    "no events": (NONE, -math.inf, -math.inf, 0.0722872904298134, 0.0600967659791189),
    "few": (FEW, -1.41650063243372, -2.1222738792992, -0.780115742472679, 1.06322492921648e-06),
}


@pytest.mark.parametrize("name", R)
def test_agrees_with_r(name):
    table, estimate, low, high, p = R[name]
    res = exact_conditional(**table)
    assert (res.estimate, res.ci_low, res.ci_high) == pytest.approx((estimate, low, high), rel=3e-4)
    assert res.p_value == pytest.approx(p, rel=1e-11)


def test_the_estimate_is_the_common_effect_of_the_conditional_count_model():
    exact, model = exact_conditional(**SPARSE), glmm(**SPARSE, model="CM.EL", method="EE")
    assert (exact.estimate, exact.se) == pytest.approx((model.estimate, model.se), abs=1e-9)
    rates = {
        "x1i": [9, 8, 3],
        "t1i": [413.0, 263.0, 487.0],
        "x2i": [19, 19, 13],
        "t2i": [398.0, 245.0, 435.0],
    }
    exact, model = (
        f(**rates, measure="IRR", **o) for f, o in ((exact_conditional, {}), (glmm, {"model": "CM.EL"}))
    )
    assert model.tau2 == 0
    assert (exact.estimate, exact.se) == pytest.approx((model.estimate, model.se), abs=1e-9)


single = st.tuples(st.integers(0, 12), st.integers(1, 15), st.integers(0, 12), st.integers(1, 15)).filter(
    lambda r: r[0] + r[2] > 0
)


@settings(deadline=None, max_examples=25)
@given(single)
def test_one_study_is_fishers_exact_test(row):
    from scipy.stats import fisher_exact
    from scipy.stats.contingency import odds_ratio

    a, b, c, d = row
    res = exact_conditional(ai=[a], bi=[b], ci=[c], di=[d])
    assert res.p_value == pytest.approx(fisher_exact([[a, b], [c, d]])[1], rel=1e-9)
    want = odds_ratio([[a, b], [c, d]], kind="conditional")
    ends = want.confidence_interval(0.95)
    with np.errstate(divide="ignore"):
        expected = np.log([want.statistic, ends.low, ends.high])
    assert (res.estimate, res.ci_low, res.ci_high) == pytest.approx(tuple(expected), abs=1e-6)


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 20), st.integers(0, 20), st.floats(0.2, 5))
def test_one_rate_ratio_is_a_binomial_test(x1, x2, share):
    from scipy.stats import binomtest

    if x1 + x2 == 0:
        return
    res = exact_conditional(measure="IRR", x1i=[x1], t1i=[share], x2i=[x2], t2i=[1.0])
    want = binomtest(x1, x1 + x2, share / (1 + share))
    ends = want.proportion_ci(0.95, "exact")
    assert res.p_value == pytest.approx(want.pvalue, rel=1e-6)
    for got, p in ((res.ci_low, ends.low), (res.ci_high, ends.high)):
        if 0 < p < 1:
            assert got == pytest.approx(math.log(p / (1 - p) / share), abs=1e-6)
        else:
            assert math.isinf(got)


@settings(deadline=None, max_examples=25)
@given(st.lists(single, min_size=1, max_size=4))
def test_swapping_groups_or_outcomes_mirrors_everything(rows):
    columns = np.array(rows, dtype=float).T
    one = exact_conditional(**dict(zip(("ai", "bi", "ci", "di"), columns, strict=True)))
    for names in (("ci", "di", "ai", "bi"), ("bi", "ai", "di", "ci")):
        other = exact_conditional(**dict(zip(names, columns, strict=True)))
        assert (other.ci_low, other.ci_high) == pytest.approx((-one.ci_high, -one.ci_low), abs=1e-8)
        assert other.p_value == pytest.approx(one.p_value, rel=1e-8)


def test_mid_p_is_shorter():
    exact, mid = exact_conditional(**SPARSE), exact_conditional(**SPARSE, interval="mid-p")
    assert exact.ci_low < mid.ci_low < mid.ci_high < exact.ci_high
    assert mid.p_value < exact.p_value


def test_a_group_without_events_keeps_its_finite_end():
    res = exact_conditional(**NONE)
    assert (res.estimate, res.ci_low, res.se) == (-math.inf, -math.inf, None)
    assert math.isfinite(res.ci_high)


def test_nothing_to_learn_from_is_refused():
    with pytest.raises(InputError, match="no study has both"):
        exact_conditional(ai=[0], n1i=[5], ci=[0], n2i=[5])
    with pytest.raises(InputError, match="whole numbers"):
        exact_conditional(ai=[0.5], n1i=[5], ci=[1], n2i=[5])
