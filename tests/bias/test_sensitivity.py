"""Selection sensitivity, p-uniform* and limit meta-analysis against their definitions, computed another way."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize
from scipy.stats import norm

from needlepoint import (
    InputError,
    NotEnoughStudies,
    limit_meta_analysis,
    p_uniform,
    pool,
    selection_sensitivity,
)
from needlepoint.bias.selection_sensitivity import selected_estimate

YI = np.array([0.90, 0.75, 0.40, 0.85, 0.48, 0.10, 0.35, 0.05, 0.25, 0.15, 0.12])
VI = np.array([0.160, 0.120, 0.090, 0.080, 0.060, 0.030, 0.040, 0.015, 0.010, 0.008, 0.005])


@st.composite
def studies(draw):
    k = draw(st.integers(4, 10))
    yi = np.array(draw(st.lists(st.floats(-0.5, 1.5).map(lambda x: round(x, 3)), min_size=k, max_size=k)))
    vi = np.array(draw(st.lists(st.floats(0.02, 0.5), min_size=k, max_size=k, unique=True)))
    assume(len(set(yi)) > 2 and np.ptp(vi) > 0.05)
    return yi, vi


@given(studies())
@settings(deadline=None, max_examples=40)
def test_at_the_s_value_the_weighted_mean_is_the_target(data):
    yi, vi = data
    fit = pool(yi=yi, vi=vi, method="DL", test="z")
    affirmative = yi / np.sqrt(vi) > norm.ppf(0.975)
    assume(fit.estimate > 0 and not affirmative.all() and affirmative.any())
    found = selection_sensitivity(fit, favours="positive")
    assert found.affirmative == affirmative.sum()
    rest = pool(yi=yi[~affirmative], vi=vi[~affirmative], method="DL", test="z")
    assert found.worst_estimate == rest.estimate
    if found.s_value is not None and found.s_value > 1:
        assert selected_estimate(fit, affirmative, found.s_value)[0] == pytest.approx(0, abs=1e-9)
    if found.s_value_ci is not None and found.s_value is not None:
        assert found.s_value_ci <= found.s_value * (1 + 1e-9)


def test_a_ratio_of_one_is_the_pooled_estimate():
    fit = pool(yi=YI, vi=VI, method="DL", test="z")
    assert selected_estimate(fit, YI > 0.3, 1.0)[0] == pytest.approx(fit.estimate, abs=1e-12)
    far = selected_estimate(fit, YI > 0.3, 1e9)[0]
    weights = 1 / (VI + fit.tau2)
    low = YI <= 0.3
    assert far == pytest.approx(float(weights[low] @ YI[low] / weights[low].sum()), abs=1e-6)


def test_turning_the_signs_turns_the_sensitivity():
    one, other = selection_sensitivity(YI, VI, target=0.18), selection_sensitivity(-YI, VI, target=-0.18)
    assert (one.favours, other.favours) == ("positive", "negative")
    assert other.s_value == pytest.approx(one.s_value)
    assert other.worst_estimate == pytest.approx(-one.worst_estimate)


def _p_uniform_directly(yi, vi):
    """Maximum of the product of conditional densities, by scipy's Nelder-Mead from many starts."""
    sei = np.sqrt(vi)
    significant = yi / sei > norm.ppf(0.975)

    def loss(theta):
        sd = np.sqrt(vi + theta[1] ** 2)
        beyond = norm.logsf(norm.ppf(0.975) * sei, theta[0], sd)
        below = norm.logcdf(norm.ppf(0.975) * sei, theta[0], sd)
        return -float((norm.logpdf(yi, theta[0], sd) - np.where(significant, beyond, below)).sum())

    starts = [(m, t) for m in (-0.5, 0.0, 0.3, 0.8) for t in (0.05, 0.5)]
    return min((minimize(loss, s, method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-12, "maxiter": 4000})
                for s in starts), key=lambda r: r.fun)  # fmt: skip


def test_p_uniform_is_the_maximum_of_the_conditional_densities():
    found, direct = p_uniform(YI, VI), _p_uniform_directly(YI, VI)
    assert found.log_likelihood == pytest.approx(-direct.fun, abs=1e-8)
    assert found.estimate == pytest.approx(direct.x[0], abs=1e-5)
    assert found.tau2 == pytest.approx(direct.x[1] ** 2, abs=1e-6)


@given(studies())
@settings(deadline=None, max_examples=10)
def test_p_uniform_turns_with_the_signs(data):
    yi, vi = data
    one, other = p_uniform(yi, vi, favours="positive"), p_uniform(-yi, vi, favours="negative")
    assert other.log_likelihood == pytest.approx(one.log_likelihood, abs=1e-7)


def test_p_uniform_finds_the_effect_that_selection_hides():
    rng = np.random.default_rng(4)
    vi = rng.uniform(0.02, 0.2, 4000)
    yi = rng.normal(0.2, np.sqrt(vi + 0.02))
    seen = (yi / np.sqrt(vi) > 1.96) | (rng.random(4000) < 0.3)
    found = p_uniform(yi[seen], vi[seen])
    assert found.estimate == pytest.approx(0.2, abs=0.04)
    assert found.estimate_unadjusted > 0.26


def test_the_limit_is_that_of_the_radial_regression():
    fit = pool(yi=YI, vi=VI, method="DL", test="z")
    assert fit.tau2 > 0
    total = np.sqrt(VI + fit.tau2)
    slope, intercept = np.polyfit(1 / total, YI / total, 1)
    found = limit_meta_analysis(fit)
    assert found.estimate == pytest.approx(slope + np.sqrt(fit.tau2) * intercept, abs=1e-10)
    assert found.bias == pytest.approx(intercept, abs=1e-10)
    assert found.q_small + found.q_rest == pytest.approx(fit.q, abs=1e-9)
    # shrunken to infinite precision, the studies scatter about the limit
    assert found.limit_yi.mean() == pytest.approx(found.estimate, abs=0.2)


@given(studies(), st.floats(-2, 2), st.floats(0.3, 3))
@settings(deadline=None, max_examples=20)
def test_the_limit_moves_with_origin_and_unit(data, shift, unit):
    yi, vi = data
    one = limit_meta_analysis(pool(yi=yi, vi=vi, method="DL"))
    other = limit_meta_analysis(pool(yi=shift + unit * yi, vi=unit**2 * vi, method="DL"))
    assert other.estimate == pytest.approx(shift + unit * one.estimate, abs=1e-6)
    assert other.q_small == pytest.approx(one.q_small, rel=1e-5, abs=1e-6)


def test_refusals_say_what_is_needed():
    with pytest.raises(InputError, match="beyond the target"):
        selection_sensitivity(YI, VI, target=2.0)
    with pytest.raises(NotEnoughStudies, match="every study is affirmative"):
        selection_sensitivity([1.0, 1.2], [0.01, 0.01])
    with pytest.raises(NotEnoughStudies):
        limit_meta_analysis([0.1, 0.2], [0.1, 0.2])
    with pytest.raises(InputError, match="same standard error"):
        limit_meta_analysis([0.1, 0.2, 0.3], [0.1] * 3)
    with pytest.raises(NotEnoughStudies):
        p_uniform([0.1], [0.1])
    for method in (selection_sensitivity, p_uniform, limit_meta_analysis):
        with pytest.raises(InputError, match="moderators"):
            method(pool(yi=YI, vi=VI, mods=np.arange(11.0)))
