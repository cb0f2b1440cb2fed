"""The three-level model against dense covariance matrices, the two-level model and simulation."""

from __future__ import annotations

import math

import numpy as np
import pytest

from needlepoint.bayes import HalfNormal, Normal, posterior, posterior_multilevel
from needlepoint.bayes._normal_normal import log_total, update_clustered
from needlepoint.bayes.joint_prior import joint_prior
from needlepoint.errors import InputError, NotEnoughStudies

YI = np.array([0.1, 0.2, 0.6, 0.7, 0.4, -0.1, 0.3])
VI = np.array([0.02, 0.03, 0.02, 0.04, 0.03, 0.05, 0.02])
CLUSTER = ["a", "a", "b", "b", "b", "c", "d"]


def test_each_point_agrees_with_the_dense_multivariate_normal():
    member = np.array([[float(c == name) for name in "abcd"] for c in CLUSTER])
    X = np.column_stack([np.ones(7), np.arange(7.0)])
    between, within = np.array([0.01, 0.3, 2.0]), np.array([0.5, 0.02, 0.4])
    joint = joint_prior(HalfNormal(0.5), Normal(0.2, 0.7), Normal(0, 0.4), 2, VI)
    got = update_clustered(joint(between), YI, VI, X, member, between, within)
    for i in range(3):
        V = np.diag(VI + within[i] ** 2) + between[i] ** 2 * member @ member.T
        P0 = np.diag([0.7**-2, 0.4**-2])
        A = X.T @ np.linalg.solve(V, X) + P0
        mean = np.linalg.solve(A, X.T @ np.linalg.solve(V, YI) + P0 @ [0.2, 0])
        assert got.mean[i, 0] == pytest.approx(mean, rel=1e-10)
        assert got.precision[i, 0] == pytest.approx(A, rel=1e-10)
        marginal = V + X @ np.linalg.inv(P0) @ X.T
        r = YI - X @ [0.2, 0]
        log_f = -0.5 * (
            r @ np.linalg.solve(marginal, r) + np.linalg.slogdet(marginal)[1] + 7 * math.log(2 * math.pi)
        )
        prior = HalfNormal(0.5).log_density(between[i : i + 1], VI)[0]
        assert log_total(got)[i] == pytest.approx(log_f + prior, abs=1e-10)


def test_the_posterior_agrees_with_a_fine_grid():
    got = posterior_multilevel(
        yi=YI,
        vi=VI,
        cluster=CLUSTER,
        prior_effect=Normal(0, 1),
        prior_between="half-normal(0.4)",
        prior_within="half-normal(0.2)",
    )
    member = np.array([[float(c == name) for name in "abcd"] for c in CLUSTER])
    x, w = np.polynomial.legendre.leggauss(120)
    b, wb = 1.25 * (x + 1), 1.25 * w
    s, ws = 0.7 * (x + 1), 0.7 * w
    bb, ss = (g.ravel() for g in np.meshgrid(b, s, indexing="ij"))
    joint = joint_prior(HalfNormal(0.4), Normal(0, 1), Normal(0, 1), 1, VI)
    state = update_clustered(joint(bb), YI, VI, np.ones((7, 1)), member, bb, ss)
    log_f = log_total(state) + HalfNormal(0.2).log_density(ss, VI)
    mass = np.exp(log_f) * np.multiply.outer(wb, ws).ravel()
    assert got.log_evidence == pytest.approx(math.log(mass.sum()), abs=1e-6)
    assert got.estimate == pytest.approx(mass @ state.mean[:, 0, 0] / mass.sum(), abs=1e-7)
    assert got.between_heterogeneity.mean() == pytest.approx(mass @ bb / mass.sum(), abs=1e-6)
    assert got.within_heterogeneity.mean() == pytest.approx(mass @ ss / mass.sum(), abs=1e-6)


def test_effects_alone_in_their_clusters_with_little_within_are_the_two_level_model():
    three = posterior_multilevel(
        yi=YI, vi=VI, cluster=range(7), prior_between="half-normal(0.5)", prior_within="half-normal(0.001)"
    )
    two = posterior(yi=YI, vi=VI, prior_tau="half-normal(0.5)")
    assert (three.estimate, three.se, three.between) == pytest.approx(
        (two.estimate, two.se, two.tau), abs=1e-5
    )
    assert (three.pi_low, three.pi_high) == pytest.approx((two.pi_low, two.pi_high), abs=1e-4)


def test_columns_moderators_and_rows_left_out():
    data = {"yi": [*YI, None], "vi": [*VI, 0.1], "lab": [*CLUSTER, "d"], "dose": [0, 1, 0, 1, 2, 0, 1, 1]}
    got = posterior_multilevel(data, cluster="lab", mods="~ dose")
    assert (got.k, got.clusters, len(got.coefficients)) == (7, 4, 2)
    assert got.pi_low is None
    assert "left out" in got.notes[0]
    assert got.log_evidence is None


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"cluster": ["a"] * 7}, NotEnoughStudies),
        ({"cluster": ["a", "b"]}, InputError),
        ({"cluster": CLUSTER, "prior_within": "fixed(0)"}, InputError),
        ({"cluster": CLUSTER, "level": 95}, InputError),
    ],
)
def test_what_cannot_be_used_is_refused(options, error):
    with pytest.raises(error):
        posterior_multilevel(yi=YI, vi=VI, **options)


@pytest.mark.slow
def test_three_level_posteriors_are_calibrated():
    rng = np.random.default_rng(21)
    ranks = {"effect": [], "between": [], "within": []}
    for _ in range(200):
        mu, b, w = rng.normal(0, 0.5), abs(rng.normal(0, 0.4)), abs(rng.normal(0, 0.3))
        cluster = np.repeat(np.arange(4), 3)
        vi = rng.uniform(0.02, 0.2, 12)
        yi = mu + b * rng.normal(size=4)[cluster] + rng.normal(size=12) * np.sqrt(vi + w**2)
        got = posterior_multilevel(
            yi=yi,
            vi=vi,
            cluster=cluster,
            prior_effect=Normal(0, 0.5),
            prior_between="half-normal(0.4)",
            prior_within="half-normal(0.3)",
        )
        ranks["effect"].append(got.effect.cdf(mu))
        ranks["between"].append(got.between_heterogeneity.cdf(b))
        ranks["within"].append(got.within_heterogeneity.cdf(w))
    for values in ranks.values():
        u = np.sort(values)
        distance = max(np.max(np.arange(1, 201) / 200 - u), np.max(u - np.arange(200) / 200))
        assert distance < 1.95 / math.sqrt(200)
