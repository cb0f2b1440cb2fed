"""Distributions against mpmath, at forty digits."""

from __future__ import annotations

import math

import mpmath as mp
import pytest

from needlepoint.stats.distributions import (
    chi2_cdf,
    chi2_quantile,
    chi2_sf,
    f_sf,
    normal_cdf,
    normal_quantile,
    normal_sf,
    t_cdf,
    t_quantile,
    two_sided_normal,
    two_sided_t,
)

mp.mp.dps = 40
RTOL = 2e-13


def exact_t_tail(x, df):
    return mp.betainc(mp.mpf(df) / 2, 0.5, 0, df / (df + mp.mpf(x) ** 2), regularized=True) / 2


@pytest.mark.parametrize("x", [-38.0, -6.0, -1.0, 0.0, 0.3, 2.0, 8.0])
def test_the_normal_is_exact_in_both_tails(x):
    assert normal_cdf(x) == pytest.approx(float(mp.ncdf(x)), rel=RTOL)
    assert normal_sf(x) == pytest.approx(float(mp.ncdf(-x)), rel=RTOL)
    assert two_sided_normal(x) == pytest.approx(float(2 * mp.ncdf(-abs(x))), rel=RTOL)


@pytest.mark.parametrize("df", [1, 2.5, 9, 47, 1e4])
@pytest.mark.parametrize("x", [-40.0, -3.0, -0.1, 0.0, 0.7, 12.0])
def test_t_is_exact_in_both_tails(df, x):
    tail = exact_t_tail(x, df)
    assert t_cdf(x, df) == pytest.approx(float(tail if x < 0 else 1 - tail), rel=1e-11)
    assert two_sided_t(x, df) == pytest.approx(float(2 * tail), rel=1e-11)


@pytest.mark.parametrize("df", [1, 3, 6.5, 30, 500])
@pytest.mark.parametrize("prob", [0.005, 0.4, 0.5, 0.975, 0.9995])
def test_t_quantiles_invert_the_distribution(df, prob):
    assert t_cdf(t_quantile(prob, df), df) == pytest.approx(prob, rel=1e-12)


def test_infinite_degrees_of_freedom_are_the_normal_and_chi_square():
    assert t_cdf(1.5, math.inf) == normal_cdf(1.5)
    assert t_quantile(0.975, math.inf) == normal_quantile(0.975)
    assert f_sf(2.0, 3, math.inf) == chi2_sf(6.0, 3)


@pytest.mark.parametrize("df", [1, 4, 12, 200])
@pytest.mark.parametrize("x", [0.01, 3.0, 40.0, 400.0])
def test_chi_square_is_exact_in_both_tails(df, x):
    upper = mp.gammainc(mp.mpf(df) / 2, mp.mpf(x) / 2, mp.inf, regularized=True)
    assert chi2_sf(x, df) == pytest.approx(float(upper), rel=1e-11, abs=1e-300)
    lower = mp.gammainc(mp.mpf(df) / 2, 0, mp.mpf(x) / 2, regularized=True)
    assert chi2_cdf(x, df) == pytest.approx(float(lower), rel=1e-11, abs=1e-300)


@pytest.mark.parametrize("prob", [0.025, 0.5, 0.95])
def test_chi_square_quantiles_invert_the_distribution(prob):
    assert chi2_cdf(chi2_quantile(prob, 7), 7) == pytest.approx(prob, rel=1e-12)


@pytest.mark.parametrize("x", [0.0, 0.5, 4.0, 90.0])
def test_f_is_exact_in_the_upper_tail(x):
    exact = mp.betainc(mp.mpf(9) / 2, mp.mpf(3) / 2, 0, mp.mpf(9) / (9 + 3 * mp.mpf(x)), regularized=True)
    assert f_sf(x, 3, 9) == pytest.approx(float(exact), rel=1e-11)
