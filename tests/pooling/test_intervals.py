"""Intervals: Kenward-Roger, Henmi-Copas, profile likelihood, prediction, heterogeneity."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from needlepoint import InputError, pool, tau2_profile, variance_intervals
from needlepoint.options import HeterogeneityInterval, Prediction
from needlepoint.pooling.coefficients.henmi_copas import henmi_copas
from needlepoint.pooling.coefficients.kenward_roger import kenward_roger
from needlepoint.pooling.heterogeneity.generalised_q import Distribution
from needlepoint.stats.distributions import t_quantile

# log risk ratios of the 13 BCG vaccine trials (Colditz et al. 1994)
YI = np.array(
    [
        -0.8893,
        -1.5854,
        -1.3481,
        -1.4416,
        -0.2175,
        -0.7861,
        -1.6209,
        0.0120,
        -0.4694,
        -1.3713,
        -0.3394,
        0.4459,
        -0.0173,
    ]
)
VI = np.array(
    [0.3256, 0.1946, 0.4154, 0.0200, 0.0512, 0.0069, 0.2230, 0.0040, 0.0564, 0.0730, 0.0124, 0.5325, 0.0714]
)
X = np.column_stack([np.ones(13), [44, 55, 42, 52, 13, 44, 19, 13, 27, 42, 18, 33, 33]]).astype(float)


@pytest.mark.parametrize("columns", [1, 2])
def test_kenward_roger_equals_its_matrix_definition(columns):
    """Against the formulas of Kenward & Roger (1997) with every k x k matrix written out."""
    x, tau2 = X[:, :columns], 0.2
    sigma = np.diag(VI + tau2)
    inverse = np.linalg.inv(sigma)
    phi = np.linalg.inv(x.T @ inverse @ x)
    P = -x.T @ inverse @ inverse @ x
    Q = x.T @ inverse @ inverse @ inverse @ x
    middle = inverse - inverse @ x @ phi @ x.T @ inverse
    w = 2.0 / np.trace(middle @ middle)
    adjusted = phi + 2 * w * phi @ (Q - P @ phi @ P) @ phi
    got = kenward_roger(VI, x, tau2)
    assert got.vb == pytest.approx(adjusted, rel=1e-9)
    unit = np.eye(columns)[-1]
    theta = np.outer(unit, unit) / (unit @ phi @ unit)
    a = w * np.trace(theta @ phi @ P @ phi) ** 2
    assert got.df(unit) == pytest.approx(2 / a)
    joint = got.omnibus(np.array([-0.5, 0.1])[:columns], np.eye(columns))
    theta = phi_inverse = np.linalg.inv(phi)
    a1 = w * np.trace(theta @ phi @ P @ phi) ** 2
    a2 = w * np.trace(theta @ phi @ P @ phi @ theta @ phi @ P @ phi)
    mean = 1 / (1 - a2 / columns)
    beta = np.array([-0.5, 0.1])[:columns]
    raw = beta @ np.linalg.inv(adjusted) @ beta / columns
    assert joint.statistic == pytest.approx(joint.df2 / (mean * (joint.df2 - 2)) * raw)
    assert a1 > 0
    assert phi_inverse.shape == (columns, columns)


def test_kenward_roger_widens_the_interval_and_lowers_the_degrees_of_freedom():
    kr, z = pool(yi=YI, vi=VI, test="KR"), pool(yi=YI, vi=VI, test="z")
    assert kr.df < 12
    assert kr.ci_low < z.ci_low < z.ci_high < kr.ci_high


def test_tests_that_do_not_fit_the_model_are_refused():
    with pytest.raises(InputError, match="fixed"):
        pool(yi=YI, vi=VI, test="KR", method="EE")
    with pytest.raises(InputError, match="without moderators"):
        pool(yi=YI, vi=VI, test="HC", mods=X[:, 1])
    with pytest.raises(InputError, match="own weights"):
        pool(yi=YI, vi=VI, test="PL", weights=1 / VI)


def test_profile_likelihood_ends_lie_at_the_chi_square_cut():
    fit = pool(yi=YI, vi=VI, test="PL")
    ends = []
    for mean in (fit.ci_low, fit.ci_high, fit.estimate):
        best = max(_likelihood(mean, t) for t in np.linspace(0, 2, 20_001))
        ends.append(best)
    assert 2 * (ends[2] - ends[0]) == pytest.approx(3.841459, abs=1e-4)
    assert 2 * (ends[2] - ends[1]) == pytest.approx(3.841459, abs=1e-4)
    assert fit.method == "ML"


def _likelihood(mean, tau2):
    return -0.5 * float((np.log(VI + tau2) + (YI - mean) ** 2 / (VI + tau2)).sum())


def test_henmi_copas_covers_between_normal_and_wide():
    hc = henmi_copas(YI, VI, 0.95)
    assert hc.estimate == pytest.approx(float((YI / VI).sum() / (1 / VI).sum()))
    assert hc.ci_high - hc.ci_low > 2 * 1.96 * hc.se
    boundary = henmi_copas(YI - hc.ci_low, VI, 0.95)
    assert boundary.p_value == pytest.approx(0.05, abs=1e-9)


def test_henmi_copas_is_the_normal_interval_without_heterogeneity_and_many_studies():
    rng = np.random.default_rng(1)
    vi = np.full(400, 0.1)
    hc = henmi_copas(rng.normal(0, 0.25, 400), vi, 0.95)
    assert hc.tau2 == 0.0
    assert (hc.ci_high - hc.ci_low) / 2 == pytest.approx(1.96 * (0.1 / 400) ** 0.5, rel=0.02)


@pytest.mark.parametrize("kind", [k for k in Prediction.__args__ if k != "NNF"])
def test_prediction_intervals_have_their_published_parts(kind):
    fit = pool(yi=YI, vi=VI, prediction=kind)
    classic, hk = pool(yi=YI, vi=VI, test="z"), pool(yi=YI, vi=VI, test="HKSJ")
    kr = pool(yi=YI, vi=VI, test="KR")
    se, df = {
        "z": (fit.se, float("inf")),
        "t": (fit.se, 12),
        "Riley": (fit.se, 11),
        "HTS": (classic.se, 11),
        "V": (classic.se, 12),
        "HK": (hk.se, 12),
        "HK-PR": (hk.se, 11),
        "KR": (kr.se, kr.df),
        "KR-PR": (kr.se, kr.df - 1),
    }[kind]
    assert fit.pi_high - fit.estimate == pytest.approx(t_quantile(0.975, df) * (fit.tau2 + se**2) ** 0.5)


def test_the_nnf_interval_is_the_limit_of_its_bootstrap():
    rng = np.random.default_rng(8)
    law = Distribution(YI, VI, 1 / VI, np.ones(13), None)
    grid = np.concatenate([[0], np.geomspace(1e-4, 50, 400)])
    below = np.array([law.cdf(t) for t in grid])
    tau2 = np.interp(rng.random(200_000), (1 - below), grid)
    w = 1 / (VI + tau2[:, None])
    mean = (w @ YI) / w.sum(1)
    se = np.sqrt((w * (YI - mean[:, None]) ** 2).sum(1) / (12 * w.sum(1)))
    draws = mean + np.sqrt(tau2) * rng.standard_normal(200_000) - se * rng.standard_t(12, 200_000)
    fit = pool(yi=YI, vi=VI, prediction="NNF")
    assert [fit.pi_low, fit.pi_high] == pytest.approx(np.quantile(draws, [0.025, 0.975]), abs=0.03)


def test_equal_effects_have_no_prediction_interval():
    assert pool(yi=YI, vi=VI, method="EE").pi_low is None


@pytest.mark.parametrize("kind", HeterogeneityInterval.__args__)
def test_every_heterogeneity_interval_is_ordered_and_holds_the_estimate(kind):
    got = variance_intervals(pool(yi=YI, vi=VI), kind=kind)
    assert 0 <= got.tau2_low <= got.tau2 <= got.tau2_high
    assert got.i2_low <= got.i2 <= got.i2_high <= 1
    narrow = variance_intervals(pool(yi=YI, vi=VI), kind=kind, level=0.5)
    assert narrow.tau2_high < got.tau2_high


def test_exact_and_q_profile_intervals_agree_for_equal_variances():
    fit = pool(yi=YI, vi=np.full(13, 0.1))
    bj, qp = variance_intervals(fit, kind="BJ"), variance_intervals(fit, kind="QP")
    assert (bj.tau2_low, bj.tau2_high) == pytest.approx((qp.tau2_low, qp.tau2_high), rel=1e-8)


def test_profile_likelihood_of_tau2_needs_a_likelihood():
    with pytest.raises(InputError, match="likelihood fit"):
        variance_intervals(pool(yi=YI, vi=VI, method="DL"), kind="PL")


@settings(deadline=None, max_examples=20)
@given(st.floats(0.05, 20))
def test_heterogeneity_intervals_scale_with_the_unit(unit):
    a = variance_intervals(pool(yi=YI, vi=VI, method="DL"))
    b = variance_intervals(pool(yi=unit * YI, vi=unit**2 * VI, method="DL"))
    assert b.tau2_high == pytest.approx(unit**2 * a.tau2_high, rel=1e-9)
    assert b.i2_high == pytest.approx(a.i2_high, rel=1e-9)


@pytest.mark.slow
@pytest.mark.parametrize("test", ["HKSJ", "KR", "HC", "PL"])
def test_intervals_cover_near_their_level(test):
    rng = np.random.default_rng(9)
    hits = 0
    for _ in range(2000):
        result = pool(yi=rng.normal(0.3, np.sqrt(VI + 0.1)), vi=VI, test=test)
        hits += result.ci_low < 0.3 < result.ci_high
    assert 0.92 < hits / 2000 < 0.97


def test_the_profile_peaks_at_the_estimate_and_covers_the_interval():
    fit = pool(yi=YI, vi=VI)
    profile = tau2_profile(fit, points=200)
    assert profile.log_likelihood.max() <= fit.log_likelihood
    assert profile.tau2[profile.log_likelihood.argmax()] == pytest.approx(fit.tau2, abs=0.01)
    assert profile.log_likelihood[-1] < fit.log_likelihood - 1.9207
    assert len(profile.tidy()) == 200
    with pytest.raises(InputError, match="likelihood fit"):
        tau2_profile(pool(yi=YI, vi=VI, method="DL"))
