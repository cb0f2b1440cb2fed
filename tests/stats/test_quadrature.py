"""The quadrature against closed forms: its answer, its stated error, its refusals, its continuous marginals."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import erf, gammainc, gammaln

from needlepoint.errors import ConvergenceError
from needlepoint.stats.quadrature import Interval, Positive, Real, integrate

ROUNDING = 1e-13  # arithmetic of the log gamma function in the closed forms


def _gamma(a, scale=1.0):
    return lambda x: (a - 1) * np.log(x / scale) - x / scale - gammaln(a) - math.log(scale)


def _half_cauchy(x):
    return math.log(2 / math.pi) - np.log1p(x * x)


ONE = {
    "exponential": (_gamma(1), Positive(), 0.0),
    "exponential a million times wider than hinted": (_gamma(1, 1e6), Positive(), 0.0),
    "pole at zero": (_gamma(0.5), Positive(), 0.0),
    "gamma 3": (_gamma(3), Positive(), 0.0),
    "gamma 300": (_gamma(300), Positive(), 0.0),
    "half-Cauchy": (_half_cauchy, Positive(), 0.0),
    "heavy inverse gamma": (
        lambda x: 0.1 * math.log(0.1) - gammaln(0.1) - 1.1 * np.log(x) - 0.1 / x,
        Positive(),
        0.0,
    ),
    "uniform": (np.zeros_like, Interval(0, 3), math.log(3)),
    "beta": (lambda x: 4 * np.log(x) + 2 * np.log1p(-x), Interval(0, 1), math.log(1 / 105)),
    "correlation": (lambda x: 3 * np.log1p(-x * x), Interval(-1, 1), math.log(32 / 35)),
    "Cauchy": (lambda x: -np.log1p((x - 7) ** 2) - math.log(math.pi), Real(), 0.0),
    "narrow normal": (
        lambda x: -0.5 * ((x - 5) / 0.01) ** 2 - math.log(0.01 * math.sqrt(2 * math.pi)),
        Real(),
        0.0,
    ),
    "two modes": (
        lambda x: (
            np.logaddexp(-0.5 * ((np.log(x) - 3) / 0.3) ** 2, -0.5 * ((np.log(x) + 9) / 0.3) ** 2) - np.log(x)
        ),
        Positive(),
        math.log(0.6 * math.sqrt(2 * math.pi)),
    ),
}


@pytest.mark.parametrize("name", ONE)
def test_one_parameter_agrees_with_the_closed_form_within_the_stated_error(name):
    log_f, axis, truth = ONE[name]
    fit = integrate(log_f, axis)
    assert abs(fit.log_evidence - truth) <= max(fit.error, ROUNDING)
    assert fit.error <= 1e-8
    assert fit.weights.sum() == pytest.approx(1, abs=1e-14)


def _correlated(x, y, r=0.95):
    a, b = np.log(x), np.log(y)
    quadratic = (a * a + b * b - 2 * r * a * b) / (1 - r * r)
    return -0.5 * quadratic - a - b - math.log(2 * math.pi * math.sqrt(1 - r * r))


MANY = {
    "two half-Cauchys": (lambda x, y: _half_cauchy(x) + _half_cauchy(y), 2),
    "two exponentials": (lambda x, y: -x - y, 2),
    "a ridge": (_correlated, 2),
    "three gammas": (lambda x, y, z: _gamma(10)(x) + _gamma(1)(y) + _gamma(30)(z), 3),
}


@pytest.mark.parametrize("name", MANY)
def test_several_parameters_agree_with_the_closed_form_within_the_stated_error(name):
    log_f, d = MANY[name]
    fit = integrate(log_f, [Positive()] * d)
    assert abs(fit.log_evidence) <= max(fit.error, ROUNDING)
    assert fit.nodes.shape == (len(fit.weights), d)


def test_expectations_are_weighted_sums_over_the_nodes():
    fit = integrate(lambda x, y: _gamma(10)(x) + _gamma(4)(y), [Positive(), Positive()])
    x, y = fit.nodes.T
    assert fit.mean(x) == pytest.approx(10, rel=1e-8)
    assert fit.mean(x * y) == pytest.approx(40, rel=1e-8)
    assert fit.mean(np.log(y)) == pytest.approx(1.25611766843180, rel=1e-8)  # digamma(4)


@pytest.mark.parametrize(
    ("log_f", "axis"),
    [
        (lambda x: -np.log(x) - x, Positive()),
        (lambda x: 0 * x, Positive()),
        (lambda x: -np.log(x), Interval(0, 1)),
        (lambda x: np.where(x < 1.3, 0, -np.inf), Positive()),
        (lambda x: np.full_like(x, np.nan), Positive()),
        (lambda x: np.where(x > 1, np.inf, 0), Positive()),
    ],
    ids=["1/x at zero", "flat", "1/x on an interval", "a jump", "undefined", "infinite"],
)
def test_what_cannot_be_integrated_is_refused(log_f, axis):
    with pytest.raises(ConvergenceError):
        integrate(log_f, axis)


def test_a_lattice_beyond_the_bound_is_refused():
    with pytest.raises(ConvergenceError, match="with 500 points"):
        integrate(lambda x, y: -x - y, [Positive(), Positive()], max_nodes=500)


def test_marginal_cdf_and_density_agree_with_the_gamma_distribution():
    fit = integrate(lambda x, y: _gamma(3)(x) + _gamma(1)(y), [Positive(), Positive()])
    x = np.array([0.01, 0.5, 2, 3, 7, 15.0])
    assert fit.marginal(0).cdf(x) == pytest.approx(gammainc(3, x), abs=1e-7)
    assert fit.marginal(0).density(x) == pytest.approx(np.exp(_gamma(3)(x)), abs=1e-6)
    assert fit.marginal(1).cdf(x) == pytest.approx(-np.expm1(-x), abs=1e-7)
    assert fit.marginal(0).mean() == pytest.approx(3, rel=1e-8)


def test_marginal_quantiles_agree_with_the_half_normal_distribution():
    margin = integrate(lambda x: -0.5 * x * x, Positive()).marginal()
    x = np.array([0.001, 0.1, 0.5, 1, 2, 4])
    assert margin.quantile(erf(x / math.sqrt(2))) == pytest.approx(x, rel=1e-5, abs=1e-8)
    assert margin.quantile(0.5) == pytest.approx(0.674489750196082, abs=1e-8)


@settings(deadline=None, max_examples=40)
@given(
    a=st.floats(0.3, 2000),
    scale=st.floats(1e-6, 1e6),
)
def test_the_stated_error_covers_the_true_error(a, scale):
    fit = integrate(_gamma(a, scale), Positive())
    assert abs(fit.log_evidence) <= max(fit.error, 1e-15 * a * (1 + abs(math.log(a))) + ROUNDING)


@settings(deadline=None, max_examples=20)
@given(scale=st.floats(1e-3, 1e3))
def test_rescaling_a_parameter_shifts_only_the_log_evidence(scale):
    def log_f(x):
        return _gamma(2.5)(x) + _half_cauchy(x)

    base = integrate(log_f, Positive())
    scaled = integrate(lambda x: log_f(x / scale), Positive(scale))
    assert scaled.log_evidence == pytest.approx(base.log_evidence + math.log(scale), abs=1e-8)
    assert scaled.mean(scaled.nodes[:, 0]) == pytest.approx(scale * base.mean(base.nodes[:, 0]), rel=1e-6)


def test_the_same_integrand_gives_the_same_bits():
    one, two = (integrate(_gamma(2.5), Positive()) for _ in range(2))
    assert one.log_evidence == two.log_evidence
    assert one.nodes.tobytes() == two.nodes.tobytes()


def test_marginal_moments_intervals_and_probabilities_are_those_of_the_gamma_distribution():
    margin = integrate(_gamma(4), Positive()).marginal()
    assert (margin.mean(), margin.sd()) == pytest.approx((4, 2), rel=1e-7)
    low, high = margin.interval(0.9)
    assert gammainc(4, [low, high]) == pytest.approx([0.05, 0.95], abs=1e-7)
    assert margin.probability(1, 6) == pytest.approx(gammainc(4, 6) - gammainc(4, 1), abs=1e-7)
    assert margin.probability(low=6) == pytest.approx(1 - gammainc(4, 6), abs=1e-7)


def test_a_cheaper_look_only_finds_the_way():
    plain = integrate(_gamma(4), Positive())
    guided = integrate(_gamma(4), Positive(), look=lambda x: -0.5 * (np.log(x) - 1.2) ** 2 - np.log(x))
    assert guided.log_evidence == pytest.approx(plain.log_evidence, abs=1e-8)
