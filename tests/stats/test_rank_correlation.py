"""Kendall's tau against SciPy, and its exact test against counting all orders."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.stats import kendalltau

from needlepoint.stats.rank_correlation import kendall


@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), min_size=3, max_size=9))
@settings(deadline=None, max_examples=60)
def test_kendalls_tau_equals_scipys(pairs):
    x, y = (np.array(c, float) for c in zip(*pairs, strict=True))
    assume(np.ptp(x) > 0 and np.ptp(y) > 0)
    tied = len(set(x)) < len(x) or len(set(y)) < len(y)
    ours, theirs = kendall(x, y, exact=True), kendalltau(x, y, method="asymptotic" if tied else "exact")
    assert ours.tau == pytest.approx(theirs.statistic, abs=1e-12)
    assert ours.p_value == pytest.approx(theirs.pvalue, abs=1e-10)


@pytest.mark.parametrize("n", [2, 7, 40])
def test_the_extreme_order_has_twice_the_share_of_one_order(n):
    """Also where that share is far below the rounding of the whole distribution."""
    ranks = np.arange(n, dtype=float)
    found = kendall(ranks, ranks, exact=True)
    assert found.exact
    assert found.p_value == pytest.approx(2 / math.factorial(n), rel=1e-13)


def test_what_does_not_vary_has_no_correlation():
    assert math.isnan(kendall(np.ones(4), np.arange(4.0), exact=True).tau)
