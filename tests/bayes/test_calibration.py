"""Simulation-based calibration (Talts et al. 2018, arXiv:1804.06788): ranks of what was drawn from the prior.

Parameters are drawn from the prior, studies from the parameters; where the posterior is right, the posterior
probability of values below the true one is uniform. Judged by the Kolmogorov-Smirnov distance at a level of 0.001.
"""

from __future__ import annotations

import numpy as np
import pytest

from needlepoint.bayes import (
    PET,
    Fixed,
    HalfCauchy,
    HalfNormal,
    InverseGamma,
    NoBias,
    Normal,
    Point,
    StudentT,
    WeightFunction,
    posterior,
    posterior_counts,
    study_distribution,
)
from needlepoint.bayes._ensemble_fit import fit_model

pytestmark = pytest.mark.slow

RUNS = 400


def _uniform(ranks):
    """Kolmogorov's distance is below its 0.999 quantile."""
    u = np.sort(np.asarray(ranks))
    n = len(u)
    distance = max(np.max(np.arange(1, n + 1) / n - u), np.max(u - np.arange(n) / n))
    return distance < 1.95 / np.sqrt(n)


def _studies(rng, k, mu, tau):
    vi = rng.uniform(0.02, 0.3, k)
    return mu + rng.normal(size=k) * np.sqrt(vi + tau**2), vi


FAMILIES = {
    "normal, half-normal": (
        Normal(0.2, 0.5),
        HalfNormal(0.4),
        lambda r: (r.normal(0.2, 0.5), abs(r.normal(0, 0.4))),
    ),
    "t, half-Cauchy": (
        StudentT(0, 0.5, 3),
        HalfCauchy(0.2),
        lambda r: (0.5 * r.standard_t(3), abs(0.2 * r.standard_cauchy())),
    ),
    "normal, inverse gamma": (
        Normal(0, 1),
        InverseGamma(1, 0.15),
        lambda r: (r.normal(), 0.15 / r.gamma(1.0)),
    ),
}


@pytest.mark.parametrize("name", FAMILIES)
def test_pairwise_posteriors_are_calibrated(name):
    effect, tau_prior, draw = FAMILIES[name]
    rng = np.random.default_rng(11)
    ranks = {"effect": [], "tau": [], "new study": [], "study": []}
    for _ in range(RUNS):
        mu, tau = draw(rng)
        k = int(rng.integers(2, 9))
        vi = rng.uniform(0.02, 0.3, k)
        theta = rng.normal(mu, tau, k)
        got = posterior(yi=rng.normal(theta, np.sqrt(vi)), vi=vi, prior_effect=effect, prior_tau=tau_prior)
        ranks["effect"].append(got.effect.cdf(mu))
        ranks["tau"].append(got.heterogeneity.cdf(tau))
        ranks["new study"].append(got.predictive.cdf(rng.normal(mu, tau)))
        ranks["study"].append(study_distribution(got, 0).cdf(theta[0]))
    assert {key: _uniform(values) for key, values in ranks.items()} == dict.fromkeys(ranks, True)


def test_meta_regression_is_calibrated():
    rng = np.random.default_rng(12)
    ranks = []
    for _ in range(RUNS):
        beta, tau = rng.normal(0, [0.5, 0.3]), abs(rng.normal(0, 0.3))
        x = rng.normal(size=7)
        vi = rng.uniform(0.02, 0.3, 7)
        yi = beta[0] + beta[1] * x + rng.normal(size=7) * np.sqrt(vi + tau**2)
        got = posterior(
            yi=yi,
            vi=vi,
            mods=x[:, None],
            prior_effect=Normal(0, 0.5),
            prior_mods=Normal(0, 0.3),
            prior_tau=HalfNormal(0.3),
        )
        ranks.append(got.fit.along(np.array([0.0, 1.0])).cdf(beta[1]))
    assert _uniform(ranks)


def test_exact_likelihoods_are_calibrated():
    rng = np.random.default_rng(13)
    ranks = []
    for _ in range(RUNS // 2):
        mu, tau = rng.normal(-1.5, 0.7), abs(rng.normal(0, 0.4))
        n = rng.integers(15, 60, 4)
        p = 1 / (1 + np.exp(-rng.normal(mu, tau, 4)))
        got = posterior_counts(
            measure="PLO",
            xi=rng.binomial(n, p),
            ni=n,
            prior_effect=Normal(-1.5, 0.7),
            prior_tau=HalfNormal(0.4),
        )
        ranks.append(got.effect.cdf(mu))
    assert _uniform(ranks)


def test_regression_on_the_standard_error_is_calibrated():
    rng = np.random.default_rng(14)
    ranks = []
    for _ in range(RUNS // 2):
        mu, tau, slope = rng.normal(0, 0.5), abs(rng.normal(0, 0.3)), abs(rng.standard_cauchy())
        vi = rng.uniform(0.02, 0.3, 6)
        yi = mu + slope * np.sqrt(vi) + rng.normal(size=6) * np.sqrt(vi + tau**2)
        got = fit_model(Normal(0, 0.5), HalfNormal(0.3), PET(), yi, vi)
        ranks.append(got.effect.cdf(mu))
    assert _uniform(ranks)


def test_selection_models_are_calibrated():
    rng = np.random.default_rng(15)
    ranks = []
    for _ in range(RUNS // 2):
        mu, tau, kept = rng.normal(0, 0.5), abs(rng.normal(0, 0.3)), rng.random()
        vi = rng.uniform(0.02, 0.3, 5)
        yi = np.empty(5)
        for i, v in enumerate(vi):  # each study is run again until one is published
            while True:
                yi[i] = mu + rng.normal() * np.sqrt(v + tau**2)
                if yi[i] > 1.6448536269514722 * np.sqrt(v) or rng.random() < kept:
                    break
        got = fit_model(Normal(0, 0.5), HalfNormal(0.3), WeightFunction("one-sided", (0.05,)), yi, vi)
        ranks.append(got.effect.cdf(mu))
    assert _uniform(ranks)


def test_model_probabilities_are_calibrated():
    # of the data sets to which the effect model has probability p, a share p has an effect
    rng = np.random.default_rng(16)
    chances, truths = [], []
    for _ in range(RUNS * 2):
        has = rng.random() < 0.5
        mu = rng.normal(0, 0.5) if has else 0.0
        yi, vi = _studies(rng, 5, mu, 0.0)
        one = fit_model(Normal(0, 0.5), Fixed(0), NoBias(), yi, vi).log_evidence
        two = fit_model(Point(0), Fixed(0), NoBias(), yi, vi).log_evidence
        chances.append(1 / (1 + np.exp(two - one)))
        truths.append(has)
    chances, truths = np.array(chances), np.array(truths)
    spread = np.sqrt(np.sum(chances * (1 - chances)))
    assert abs(np.sum(truths - chances)) < 3.3 * spread
    high = chances > 0.6
    assert abs(np.sum((truths - chances)[high])) < 3.3 * np.sqrt(np.sum((chances * (1 - chances))[high]))
