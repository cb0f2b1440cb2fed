"""Penalised logistic regression: closed form, a dense maximiser, thirty digits, invariances, limits."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from needlepoint.errors import InputError
from needlepoint.pooling.counts.glmm.glmm import glmm
from needlepoint.pooling.counts.penalised_logistic import penalised_logistic
from needlepoint.stats.distributions import chi2_quantile

SPARSE = {
    "ai": [1, 0, 14, 1, 0, 8],
    "n1i": [40, 41, 119, 98, 30, 36],
    "ci": [1, 3, 16, 2, 0, 11],
    "n2i": [42, 40, 130, 94, 35, 57],
}


def penalised_log_likelihood(table, value, alpha):
    """Likelihood times Jeffreys' prior with a dense design and determinant."""
    k = len(table["ai"])
    y, n = (np.concatenate([table[a], table[c]]).astype(float) for a, c in (("ai", "ci"), ("n1i", "n2i")))
    X = np.column_stack([np.repeat([1.0, 0.0], k), np.vstack([np.eye(k), np.eye(k)])])
    eta = X @ np.concatenate([[value], alpha])
    p = 1 / (1 + np.exp(-eta))
    information = X.T @ (X * (n * p * (1 - p))[:, None])
    return float((y * eta - n * np.logaddexp(0, eta)).sum()) + 0.5 * np.linalg.slogdet(information)[1]


def dense_maximum(table, fixed=None):
    from scipy.optimize import minimize

    k = len(table["ai"])

    def negative(v):
        return -penalised_log_likelihood(table, *((v[0], v[1:]) if fixed is None else (fixed, v)))

    found = minimize(negative, np.full(k + (fixed is None), -1.0), method="BFGS", options={"gtol": 1e-7})
    return -found.fun, found.x


def test_one_study_is_its_table_with_half_a_person_added_to_every_cell():
    res = penalised_logistic(ai=[3], n1i=[20], ci=[0], n2i=[25])
    assert res.estimate == pytest.approx(math.log(3.5 * 25.5 / (17.5 * 0.5)), abs=1e-10)
    assert (res.q_df, res.phi) == (0, 1.0)


def test_agrees_with_a_dense_maximiser():
    res = penalised_logistic(**SPARSE)
    top, where = dense_maximum(SPARSE)
    assert res.log_likelihood == pytest.approx(top, abs=1e-8)
    assert res.estimate == pytest.approx(where[0], abs=1e-5)
    null, _ = dense_maximum(SPARSE, fixed=0.0)
    assert res.statistic**2 == pytest.approx(2 * (top - null), abs=1e-7)


def test_the_ends_of_the_interval_lie_where_the_profile_says():
    res = penalised_logistic(**SPARSE, level=0.9)
    for end in (res.ci_low, res.ci_high):
        profile, _ = dense_maximum(SPARSE, fixed=end)
        assert 2 * (res.log_likelihood - profile) == pytest.approx(chi2_quantile(0.9, 1), abs=1e-5)


def test_the_penalised_score_is_zero_to_thirty_digits():
    import mpmath

    table = {"ai": [0, 2], "n1i": [15, 20], "ci": [3, 1], "n2i": [16, 22]}
    res = penalised_logistic(**table)

    def value(theta, a1, a2):
        total, weights = mpmath.mpf(0), []
        for alpha, (a, n, c, m) in zip((a1, a2), zip(*table.values(), strict=True), strict=True):
            pair = []
            for y, size, eta in ((a, n, alpha + theta), (c, m, alpha)):
                p = 1 / (1 + mpmath.exp(-eta))
                total += y * mpmath.log(p) + (size - y) * mpmath.log(1 - p)
                pair.append(size * p * (1 - p))
            weights.append(pair)
        common = sum(w * v / (w + v) for w, v in weights)
        return total + (sum(mpmath.log(w + v) for w, v in weights) + mpmath.log(common)) / 2

    with mpmath.workdps(30):
        score = [
            lambda *v, i=i: mpmath.diff(value, v, tuple(int(i == j) for j in range(3))) for i in range(3)
        ]
        root = mpmath.findroot(score, (res.estimate, -2, -2), tol=1e-18)
    assert res.estimate == pytest.approx(float(root[0]), abs=1e-10)


tables = st.lists(
    st.tuples(st.integers(0, 12), st.integers(1, 40), st.integers(0, 12), st.integers(1, 40)),
    min_size=1,
    max_size=5,
)


def cells(rows, order=(0, 1, 2, 3)):
    columns = np.array(rows, dtype=float).T[list(order)]
    return dict(zip(("ai", "bi", "ci", "di"), columns, strict=True))


@settings(deadline=None, max_examples=30)
@given(tables)
def test_swapping_groups_or_outcomes_mirrors_everything(rows):
    one = penalised_logistic(**cells(rows))
    for order in ((2, 3, 0, 1), (1, 0, 3, 2)):
        other = penalised_logistic(**cells(rows, order))
        assert other.estimate == pytest.approx(-one.estimate, abs=1e-8)
        assert (other.ci_low, other.ci_high) == pytest.approx((-one.ci_high, -one.ci_low), abs=1e-6)


@settings(deadline=None, max_examples=30)
@given(tables, st.randoms())
def test_the_order_of_studies_does_not_matter(rows, random):
    one, other = (
        penalised_logistic(**cells(rows)),
        penalised_logistic(**cells(random.sample(rows, len(rows)))),
    )
    assert (other.estimate, other.se, other.phi) == pytest.approx((one.estimate, one.se, one.phi), abs=1e-8)


def test_much_data_makes_the_penalty_vanish():
    many = {c: [10_000 * v for v in values] for c, values in SPARSE.items()}
    plain = glmm(**many, model="UM.FS", method="EE")
    assert penalised_logistic(**many).estimate == pytest.approx(plain.estimate, abs=1e-4)


def test_a_group_without_events_has_a_finite_estimate():
    res = penalised_logistic(ai=[0, 0], n1i=[50, 60], ci=[3, 2], n2i=[50, 60])
    assert res.ci_low < res.estimate < res.ci_high < 0


def test_studies_without_events_stay_in_and_are_named():
    res = penalised_logistic(**SPARSE, study=["A", "B", "C", "D", "Empty", "F"])
    assert res.k == 6
    assert any("Empty" in note for note in res.notes)


def test_overdispersion_widens_but_never_narrows():
    for table in (SPARSE, {"ai": [1, 30, 4], "n1i": [50] * 3, "ci": [20, 2, 9], "n2i": [50] * 3}):
        common, spread = (
            penalised_logistic(**table, interval="wald"),
            penalised_logistic(**table, method="ME"),
        )
        assert spread.interval == "wald"
        assert spread.se == pytest.approx(common.se * math.sqrt(max(1.0, common.phi)))


def test_impossible_counts_are_refused():
    with pytest.raises(InputError):
        penalised_logistic(ai=[5], n1i=[4], ci=[1], n2i=[4])
