"""Estimators of tau2: global optima, closed relations between estimators."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from needlepoint import InputError, pool
from needlepoint.pooling.heterogeneity.generalised_q import Distribution
from needlepoint.pooling.kernels.normal import column_at
from needlepoint.pooling.kernels.tabulated import Table

NUMBER = st.floats(-3, 3).map(lambda x: round(x, 3))


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.tuples(NUMBER, st.floats(-7, 1)), min_size=3, max_size=8),
    st.sampled_from(["ML", "REML"]),
)
def test_no_value_of_tau2_has_a_higher_likelihood(studies, method):
    """Variances over eight powers of e: likelihoods with several modes and at the boundary."""
    yi, vi = np.array([s[0] for s in studies]), np.exp([s[1] for s in studies])
    best = pool(yi=yi, vi=vi, method=method, test="z")
    for tau2 in [0.0, *np.geomspace(1e-6, 30, 40)]:
        other = pool(yi=yi, vi=vi, method=method, test="z", tau2=tau2)
        assert best.log_likelihood >= other.log_likelihood - 1e-9


def test_a_likelihood_with_two_maxima_reports_the_higher_and_says_so():
    rng = np.random.default_rng(0)
    Y, vi = rng.normal(0, 0.5, (40, 12)), rng.uniform(0.01, 0.4, 12)
    notes = [pool(yi=y, vi=vi, method="ML", test="z") for y in Y]
    two = [r for r in notes if r.notes]
    assert len(two) == 1
    assert "2 local maxima" in two[0].notes[0]
    assert two[0].tau2 == pytest.approx(0.033724, abs=1e-6)


def test_a_maximum_beside_one_at_zero_is_found():
    """The score falls below zero at once, and is above it only between zero and the next point of the scan."""
    fit = pool(yi=[0.344, 0.0, -0.93, 0.5], vi=[0.796875, 0.625, 0.0859375, 1.0], method="ML", test="z")
    assert fit.tau2 == pytest.approx(0.0348791889, abs=1e-9)
    assert "2 local maxima" in fit.notes[0]


def test_equal_variances_make_the_moment_estimators_agree():
    yi, vi = np.array([0.1, 0.5, 1.4, -0.3]), np.full(4, 0.1)
    found = {m: pool(yi=yi, vi=vi, method=m).tau2 for m in ("DL", "DL2", "HE", "PM", "EB", "REML", "SJIT")}
    assert list(found.values()) == pytest.approx([yi.var(ddof=1) - 0.1] * len(found), rel=1e-9)


def test_the_median_unbiased_estimator_puts_q_at_its_median():
    yi, vi = np.array([0.1, 0.5, 1.4, -0.3]), np.array([0.1, 0.2, 0.05, 0.3])
    weights = np.array([1.0, 2, 3, 4])
    tau2 = pool(yi=yi, vi=vi, method="GENQM", weights=weights).tau2
    assert Distribution(yi, vi, weights, np.ones(4), None).cdf(tau2) == pytest.approx(0.5, abs=1e-10)


def test_inverse_variance_weights_make_the_generalised_estimator_dersimonian_laird():
    yi, vi = np.array([0.1, 0.5, 1.4, -0.3]), np.array([0.1, 0.2, 0.05, 0.3])
    a, b = pool(yi=yi, vi=vi, method="GENQ", weights=1 / vi), pool(yi=yi, vi=vi, method="DL")
    assert (a.tau2, a.tau2_se) == pytest.approx((b.tau2, b.tau2_se))


def test_the_generalised_estimator_asks_for_weights():
    with pytest.raises(InputError, match="needs weights"):
        pool(yi=[1, 2, 3], vi=[1, 1, 1], method="GENQ")


def test_short_and_long_data_take_the_same_road():
    """Sixty studies run in loops over lists, sixty-one in arrays."""
    rng = np.random.default_rng(2)
    yi, vi = rng.normal(size=61), rng.uniform(0.1, 1, 61)
    a = pool(yi=yi[:60], vi=vi[:60])
    far = pool(yi=np.append(yi[:60], 0.0), vi=np.append(vi[:60], 1e14))
    assert far.tau2 == pytest.approx(a.tau2, rel=1e-9)
    assert far.estimate == pytest.approx(a.estimate, rel=1e-9)


@pytest.mark.parametrize("columns", [0, 1, 2, 4])
@pytest.mark.parametrize("tau2", [0.0, 0.01, 3.0])
def test_the_table_gives_the_sums_of_the_matrix_definition(columns, tau2):
    rng = np.random.default_rng(3)
    yi, vi = rng.normal(size=9), rng.uniform(0.01, 1, 9)
    X = np.column_stack([np.ones(9), rng.normal(size=(9, columns))])
    W = np.diag(1 / (vi + tau2))
    P = W - W @ X @ np.linalg.inv(X.T @ W @ X) @ X.T @ W
    got = Table(yi, vi, X).at(tau2)
    want = [
        yi @ P @ yi,
        yi @ P @ P @ yi,
        yi @ P @ P @ P @ yi,
        np.trace(P),
        np.trace(P @ P),
        W.trace(),
        (W @ W).trace(),
    ]
    assert list(got[:7]) == pytest.approx(want, rel=1e-10)
    if columns == 0:
        assert list(column_at(yi, vi, np.ones(9), tau2)[:8]) == pytest.approx(
            [*want, got.logdet_v], rel=1e-10
        )


@pytest.mark.parametrize(
    ("method", "tau2", "se"),
    [
        ("DLIT", 0.157574420287, 0.1684502),
        ("SJIT", 0.318068452205, 0.173663),
        ("PMM", 0.343387906896, 0.1847757),
    ],
)
def test_iterated_estimators_equal_metafor_on_the_bcg_trials(method, tau2, se):
    """metafor 3.8, dat.bcg, log risk ratios, threshold 1e-12."""
    with gzip.open(Path(__file__).parent.parent / "reference" / "pooling" / "cases.json.gz") as stream:
        data = next(c["data"] for c in json.load(stream)["sets"] if c["dataset"] == "dat.bcg")
    fit = pool(yi=data["yi"], vi=data["vi"], method=method)
    assert fit.tau2 == pytest.approx(tau2, rel=1e-10)
    assert fit.tau2_se == pytest.approx(se, rel=1e-5)


def test_the_iterated_estimator_is_zero_without_excess_spread():
    assert pool(yi=[0.1, 0.11, 0.12], vi=[0.1, 0.1, 0.2], method="DLIT").tau2 == 0.0
