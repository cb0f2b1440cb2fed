"""The Copas model against its definition: a density given publication, its maximum, and simulated selection."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.optimize import minimize
from scipy.stats import norm

from needlepoint import InputError, NotEnoughStudies, copas, pool
from needlepoint.bias.copas import copas_log_likelihood

YI = np.array([0.90, 0.75, 0.40, 0.85, 0.48, 0.10, 0.35, 0.05, 0.25, 0.15, 0.12])
VI = np.array([0.160, 0.120, 0.090, 0.080, 0.060, 0.030, 0.040, 0.015, 0.010, 0.008, 0.005])


@pytest.mark.parametrize(("u", "rho", "tau2"), [(-0.8, 0.7, 0.05), (0.3, -0.9, 0.0), (2.0, 0.4, 0.3)])
def test_the_density_of_a_published_study_integrates_to_one(u, rho, tau2):
    sei, at = np.array([0.3]), np.array([u])
    area = quad(
        lambda y: np.exp(copas_log_likelihood(np.array([y]), sei, at, 0.2, tau2, rho)), -8, 8, epsabs=1e-11
    )[0]
    assert area == pytest.approx(1, abs=1e-9)


def test_the_density_is_that_of_simulated_selection():
    rng = np.random.default_rng(3)
    sei, u, rho, mean, tau2 = 0.3, -0.5, 0.8, 0.2, 0.04
    mills = norm.pdf(u) / norm.cdf(u)
    sigma = sei / np.sqrt(1 - rho**2 * mills * (u + mills))
    error, other = rng.standard_normal((2, 400_000))
    delta = rho * error + np.sqrt(1 - rho**2) * other
    y = mean + rng.normal(0, tau2**0.5, 400_000) + sigma * error
    seen = y[u + delta > 0]
    assert (y[u + delta > 0] - mean).std() ** 2 - tau2 == pytest.approx(
        sei**2, rel=0.02
    )  # what studies report
    edges = np.quantile(seen, [0.1, 0.5, 0.9])
    for edge, share in zip(edges, [0.1, 0.5, 0.9], strict=True):
        below = quad(
            lambda v: np.exp(copas_log_likelihood(np.array([v]), np.array([sei]), np.array([u]), mean, tau2, rho)),
            -6, edge,
        )[0]  # fmt: skip
        assert below == pytest.approx(share, abs=0.004)


def test_without_correlation_it_is_the_normal_model():
    u = np.linspace(-1, 2, len(YI))
    direct = norm.logpdf(YI, 0.2, np.sqrt(VI + 0.03)).sum()
    assert copas_log_likelihood(YI, np.sqrt(VI), u, 0.2, 0.03, 0.0) == pytest.approx(direct, abs=1e-10)


def test_the_estimate_is_the_highest_likelihood():
    found = copas(YI, VI, seen=(0.5,)).rows[0]
    sei = np.sqrt(VI)
    low, high = norm.ppf([0.5, 0.995])
    g1 = (high - low) / (1 / sei.min() - 1 / sei.max())
    u = low - g1 / sei.max() + g1 / sei

    def loss(x):
        if abs(x[2]) > 0.999:
            return 1e9
        return -copas_log_likelihood(YI, sei, u, x[0], x[1] ** 2, x[2])

    starts = [(m, t, r) for m in (0.1, 0.3) for t in (0.05, 0.3) for r in (-0.6, 0.2, 0.8)]
    best = min(
        minimize(loss, s, method="Nelder-Mead", options={"maxiter": 4000, "fatol": 1e-12}).fun for s in starts
    )
    ours = copas_log_likelihood(YI, sei, u, found.estimate, found.tau2, found.rho)
    assert ours >= -best - 1e-6


def test_hardly_any_selection_gives_the_pooled_estimate():
    found = copas(YI, VI, seen=(0.994,)).rows[0]
    assert found.estimate == pytest.approx(pool(yi=YI, vi=VI, method="ML").estimate, abs=0.005)
    assert found.missing < 0.1


def test_more_selection_moves_the_estimate_towards_the_large_studies_and_explains_the_funnel():
    result = copas(YI, VI, seen=(0.99, 0.5))
    first, last = result.rows
    assert last.estimate < first.estimate
    assert last.residual_p > first.residual_p
    turned = copas(-YI, VI, seen=(0.5,)).rows[0]
    assert turned.estimate == pytest.approx(-last.estimate, abs=1e-4)


def test_refusals_say_what_is_needed():
    with pytest.raises(NotEnoughStudies):
        copas(YI[:3], VI[:3])
    with pytest.raises(InputError, match="chances"):
        copas(YI, VI, seen=(1.2,))
    with pytest.raises(InputError, match="same standard error"):
        copas(YI, np.full(11, 0.1))
