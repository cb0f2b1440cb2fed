"""Predictive checks, conflict of prior and data, sensitivity, meta-analytic-predictive priors."""

from __future__ import annotations

import math

import numpy as np
import pytest

from needlepoint.bayes import (
    HalfNormal,
    Normal,
    NormalMixture,
    effective_sample_size,
    map_prior,
    posterior,
    predictive_check,
    prior_conflict,
    prior_sensitivity,
)
from needlepoint.errors import InputError, NotEnoughStudies
from needlepoint.stats.distributions import chi2_sf

DATA = {"yi": np.array([0.1, 0.9, 0.4, 0.2]), "vi": np.array([0.02, 0.03, 0.01, 0.05])}


def test_with_tau_known_the_overall_check_is_cochrans_test():
    got = predictive_check(posterior(**DATA, prior_tau="fixed(0)"))
    w = 1 / DATA["vi"]
    mean = w @ DATA["yi"] / w.sum()
    q = w @ (DATA["yi"] - mean) ** 2
    assert got.p_value == pytest.approx(chi2_sf(q, 3), rel=1e-10)


def test_a_left_out_study_is_judged_by_the_others():
    got = predictive_check(posterior(**DATA, prior_tau=HalfNormal(0.5)))
    without = posterior(yi=DATA["yi"][1:], vi=DATA["vi"][1:], prior_tau=HalfNormal(0.5))
    first = got.studies[0]
    assert first.predicted == pytest.approx(without.estimate)
    seen = without.fit.along(np.ones(1), without.fit.tau**2 + 0.02)
    assert first.p_value == pytest.approx(2 * min(seen.cdf(0.1), 1 - seen.cdf(0.1)))
    outlier = predictive_check(posterior(yi=[0.1, 0.12, 0.08, 3.0], vi=[0.01] * 4, prior_tau=HalfNormal(0.2)))
    assert outlier.studies[3].p_value < 1e-3 < outlier.studies[0].p_value


def test_checks_need_enough_studies():
    with pytest.raises(NotEnoughStudies):
        predictive_check(posterior(yi=[0.1, 0.2], vi=[0.1, 0.1], prior_tau=HalfNormal(0.5)))


def test_prior_conflict_is_the_tail_of_the_prior_predictive():
    fitted = posterior(**DATA, prior_effect=Normal(0.3, 0.4), prior_tau="fixed(0)")
    got = prior_conflict(fitted)
    w = 1 / DATA["vi"]
    z = (w @ DATA["yi"] / w.sum() - 0.3) / math.sqrt(0.16 + 1 / w.sum())
    assert got.effect_p == pytest.approx(math.erfc(abs(z) / math.sqrt(2)), rel=1e-9)
    q = w @ (DATA["yi"] - w @ DATA["yi"] / w.sum()) ** 2
    assert got.heterogeneity_p == pytest.approx(chi2_sf(q, 3), rel=1e-8)


def test_prior_conflict_agrees_with_simulation_from_the_prior():
    fitted = posterior(**DATA, prior_effect=Normal(0, 0.5), prior_tau=HalfNormal(0.3))
    got = prior_conflict(fitted)
    rng = np.random.default_rng(5)
    n, w = 200_000, 1 / DATA["vi"]
    mu, tau = rng.normal(0, 0.5, n), np.abs(rng.normal(0, 0.3, n))
    y = mu[:, None] + rng.normal(size=(n, 4)) * np.sqrt(DATA["vi"] + tau[:, None] ** 2)
    mean = y @ w / w.sum()
    q = ((y - mean[:, None]) ** 2) @ w
    observed = w @ DATA["yi"] / w.sum()
    below = np.mean(mean < observed)
    assert got.effect_p == pytest.approx(2 * min(below, 1 - below), abs=0.006)
    q_observed = w @ (DATA["yi"] - observed) ** 2
    assert got.heterogeneity_p == pytest.approx(np.mean(q > q_observed), abs=0.005)


def test_data_far_from_the_prior_are_told():
    near = posterior(
        yi=[0.1, 0.2, 0.0], vi=[0.01] * 3, prior_effect=Normal(0, 0.2), prior_tau=HalfNormal(0.1)
    )
    far = posterior(yi=[2.1, 2.2, 2.0], vi=[0.01] * 3, prior_effect=Normal(0, 0.2), prior_tau=HalfNormal(0.1))
    wide = posterior(yi=[-3, 0, 3], vi=[0.01] * 3, prior_effect=Normal(0, 0.2), prior_tau=HalfNormal(0.1))
    assert prior_conflict(near).effect_p > 0.3
    assert prior_conflict(far).effect_p < 1e-6
    assert prior_conflict(wide).heterogeneity_p < 1e-6
    assert prior_conflict(posterior(yi=[0, 1, 2], vi=[1] * 3, prior_tau="jeffreys")).heterogeneity_p is None


def test_sensitivity_strip_gives_a_row_a_prior_and_names_what_it_leaves_out():
    got = prior_sensitivity(**DATA, priors=["half-normal(0.5)", "fixed(0)", "jeffreys"])
    assert [row["prior_tau"] for row in got.tidy()] == [
        "HalfNormal(scale=0.5)",
        "Fixed(tau=0.0)",
        "Jeffreys()",
    ]
    assert got.spread > 0
    two = prior_sensitivity(yi=[0.1, 0.5], vi=[0.1, 0.1], priors=["uniform", "half-normal(0.5)"])
    assert len(two.rows) == 1
    assert "Uniform" in two.notes[0]


def test_the_map_prior_is_the_predictive_distribution():
    past = posterior(**DATA, prior_tau=HalfNormal(0.5))
    prior = map_prior(past)
    x = np.array([-0.5, 0.3, 1.2])
    assert np.exp(prior.log_density(x)) == pytest.approx(past.predictive.density(x), rel=1e-9)
    robust = map_prior(past, robust=0.3, vague=Normal(0, 5))
    mixed = 0.7 * np.exp(prior.log_density(x)) + 0.3 * np.exp(Normal(0, 5).log_density(x))
    assert np.exp(robust.log_density(x)) == pytest.approx(mixed, rel=1e-9)


def test_a_new_study_under_the_map_prior_equals_its_shrinkage_in_the_joint_analysis():
    # Neuenschwander et al. (2010): analysing the new study with the predictive prior is the joint hierarchical model
    from needlepoint.bayes import study_distribution

    past = posterior(yi=DATA["yi"][:3], vi=DATA["vi"][:3], prior_tau=HalfNormal(0.5))
    new = posterior(yi=DATA["yi"][3:], vi=DATA["vi"][3:], prior_effect=map_prior(past), prior_tau="fixed(0)")
    joint = study_distribution(posterior(**DATA, prior_tau=HalfNormal(0.5)), 3)
    assert (new.estimate, new.se) == pytest.approx((joint.mean, joint.sd), rel=1e-7)
    assert new.effect.cdf([0.0, 0.5]) == pytest.approx(joint.cdf([0.0, 0.5]), abs=1e-8)


def test_effective_sample_sizes_of_normals_and_of_mixtures():
    assert effective_sample_size(Normal(1, 0.25), 2.0) == pytest.approx(64)
    same = NormalMixture((0.5, 0.5), (1, 1), (0.25, 0.25))
    assert effective_sample_size(same, 2.0) == pytest.approx(64, rel=1e-6)
    assert effective_sample_size(same, 2.0, method="moment") == pytest.approx(64)
    # far-apart halves: each is as informative as itself, while the moments see one wide prior
    apart = NormalMixture((0.5, 0.5), (-10, 10), (0.5, 0.5))
    assert effective_sample_size(apart, 1.0) == pytest.approx(4, rel=1e-4)
    assert effective_sample_size(apart, 1.0, method="moment") < 0.01
    # heavier tails are worth less than the normal of the same central width
    robust = NormalMixture((0.8, 0.2), (0, 0), (0.5, 5))
    assert 0 < effective_sample_size(robust, 1.0) < 4


@pytest.mark.parametrize(
    "call",
    [
        lambda: map_prior(posterior(**DATA, prior_tau=HalfNormal(0.5)), robust=1.5),
        lambda: map_prior(posterior(**DATA, mods=np.arange(4.0)[:, None], prior_tau=HalfNormal(0.5))),
        lambda: effective_sample_size(Normal(0, 1), -1),
        lambda: effective_sample_size(NormalMixture((1,), (0,), (1,)), 1, method="guess"),
        lambda: prior_conflict(posterior(**DATA, mods=np.arange(4.0)[:, None], prior_tau=HalfNormal(0.5))),
    ],
)
def test_what_cannot_be_used_is_refused(call):
    with pytest.raises(InputError):
        call()
