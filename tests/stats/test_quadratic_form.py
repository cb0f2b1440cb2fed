"""Sums of weighted chi-squares."""

from __future__ import annotations

import numpy as np
import pytest

from needlepoint.stats.distributions import chi2_cdf
from needlepoint.stats.quadratic_form import chi2_mixture_cdf


@pytest.mark.parametrize("df", [1, 2, 5, 40, 300, 3000])
@pytest.mark.parametrize("prob_point", [0.3, 1.0, 1.6])
def test_equal_weights_are_a_chi_square(df, prob_point):
    q = prob_point * df
    assert chi2_mixture_cdf(2.5 * q, np.full(df, 2.5)) == pytest.approx(chi2_cdf(q, df), abs=1e-13)


def test_two_pairs_have_a_closed_form():
    """Pairs of equal weights are exponentials: 1 - (a e^(-q/2a) - b e^(-q/2b)) / (a - b)."""
    a, b = 3.0, 0.02
    for q in (0.01, 1.0, 9.0):
        exact = 1.0 - (a * np.exp(-q / (2 * a)) - b * np.exp(-q / (2 * b))) / (a - b)
        assert chi2_mixture_cdf(q, np.array([a, a, b, b])) == pytest.approx(exact, abs=1e-13)


def test_weights_of_zero_and_points_below_zero_are_harmless():
    assert chi2_mixture_cdf(2.0, np.array([1.0, 0.0])) == pytest.approx(chi2_cdf(2.0, 1), abs=1e-13)
    assert chi2_mixture_cdf(-1.0, np.array([1.0])) == 0.0
