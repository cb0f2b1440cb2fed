"""Random data sets of every scale against a brute-force grid: the stated error holds, and so do the quantiles."""

from __future__ import annotations

import numpy as np
import pytest

from needlepoint.bayes import (
    Conventional,
    DuMouchel,
    Exponential,
    Flat,
    HalfCauchy,
    HalfNormal,
    InverseGamma,
    LogNormal,
    LogT,
    Normal,
    Shrinkage,
    UniformI2,
    WeightFunction,
    _ensemble_fit,
    posterior,
)
from needlepoint.bayes._ensemble_fit import fit_model

RULE = np.polynomial.legendre.leggauss(20)


def _grid(scale, peak):
    """Composite Gauss-Legendre over log tau from 1e-130 to 1e65 scales, panels narrowing towards a peak."""
    near = np.geomspace(1e-5, 3, 80)
    parts = [-np.geomspace(300, 45, 60), np.linspace(-45, 45, 901), np.geomspace(45, 150, 30)]
    ends = np.unique(np.concatenate([*parts, peak - near, peak + near]))
    half = np.diff(ends)[:, None] / 2
    tau = scale * np.exp((ends[:-1, None] + half * (RULE[0] + 1)).ravel())
    return tau, (half * RULE[1]).ravel() * tau


def _brute(yi, vi, effect, prior_tau, scale):
    """Evidence, posterior masses at the grid's tau, and the normals given them."""
    peak = 0.0
    for _ in range(2):
        tau, width = _grid(scale, peak)
        log_f, m, a = _log_joint(yi, vi, effect, prior_tau, tau)
        peak = float(np.log(tau[np.argmax(log_f)] / scale))
    mass = width * np.exp(log_f - log_f.max())
    return log_f.max() + np.log(mass.sum()), mass / mass.sum(), m, 1 / np.sqrt(a), tau


def _log_joint(yi, vi, effect, prior_tau, tau):
    """Log of prior of tau times evidence given tau; mean and precision of the effect given tau."""
    h0, m0 = (0.0, 0.0) if isinstance(effect, Flat) else (effect.sd**-2, effect.mean)
    w = 1 / (vi + tau[:, None] ** 2)
    a = w.sum(axis=1) + h0
    m = ((w * yi).sum(axis=1) + h0 * m0) / a
    log_f = 0.5 * (np.log(w) - np.log(2 * np.pi)).sum(axis=1) - 0.5 * (w * (yi - m[:, None]) ** 2).sum(axis=1)
    log_f += -0.5 * np.log(a / (2 * np.pi)) - 0.5 * h0 * (m - m0) ** 2
    log_f += 0.5 * np.log(h0 / (2 * np.pi)) if h0 else 0.0
    with np.errstate(all="ignore"):
        log_f = log_f + prior_tau.log_density(tau, vi)
    return np.where(np.isfinite(log_f), log_f, -np.inf), m, a


def _problem(rng):
    """Two to sixty studies on a scale from 1e-4 to 1e4, any heterogeneity, now and then an outlier."""
    k, s = int(rng.choice([2, 3, 4, 5, 8, 12, 20, 40, 60])), float(10 ** rng.uniform(-4, 4))
    vi = (s * np.exp(rng.normal(0, rng.choice([0.1, 0.7, 2.0]), k))) ** 2
    mu, tau = s * rng.choice([0, 1, 30]), s * rng.choice([0, 0.1, 1, 5, 50])
    yi = rng.normal(mu, np.sqrt(vi + tau**2))
    yi[0] += 100 * s * (rng.random() < 0.1)
    wide = float(s * 10 ** rng.uniform(-2, 2))
    taus = [HalfNormal(wide), HalfCauchy(wide), Exponential(s), LogNormal(float(np.log(s)), 1.0)]
    taus += [InverseGamma(1, 0.15 * s), LogT(float(np.log(s)), 1.3, 5)]
    taus += [Shrinkage(), DuMouchel(), UniformI2(), Conventional()]
    effects = [Flat(), Normal(0, s), Normal(float(mu), 10 * s), Normal(0, 100 * s)]
    return yi, vi, effects[rng.integers(len(effects))], taus[rng.integers(len(taus))], s


def _check(seed, n):
    from scipy.special import ndtr

    rng = np.random.default_rng(seed)
    for _ in range(n):
        yi, vi, effect, prior_tau, s = _problem(rng)
        got = posterior(yi=yi, vi=vi, prior_effect=effect, prior_tau=prior_tau)
        log_evidence, p, m, sd, tau = _brute(yi, vi, effect, prior_tau, s)
        noise = 1e-13 * len(yi) * (1 + abs(log_evidence))  # of doubles, in a sum of so many terms
        assert abs(got.fit.log_evidence - log_evidence) <= got.error + noise
        assert got.estimate == pytest.approx(p @ m, abs=1e-7 * got.se)
        total = np.sqrt(sd**2 + tau**2)
        for q, at in ((0.025, got.ci_low), (0.5, got.median), (0.975, got.ci_high)):
            assert p @ ndtr((at - m) / sd) == pytest.approx(q, abs=1e-7)
        for q, at in ((0.025, got.pi_low), (0.975, got.pi_high)):
            assert p @ ndtr((at - m) / total) == pytest.approx(q, abs=1e-7)
        for q, at in ((0.025, got.tau_low), (0.5, got.tau), (0.975, got.tau_high)):
            i = np.searchsorted(tau, at)  # the grid knows the quantile to the mass about it
            assert p[:i].sum() == pytest.approx(q, abs=1e-7 + p[max(0, i - 2) : i + 2].max())


def test_the_stated_error_bounds_the_error():
    _check(seed=20, n=40)


@pytest.mark.slow
def test_the_stated_error_bounds_the_error_of_five_hundred():
    _check(seed=21, n=500)


@pytest.mark.parametrize("seed", [1, 2])
def test_an_interpolated_selection_factor_stays_within_its_stated_error(monkeypatch, seed):
    rng = np.random.default_rng(seed)
    vi = rng.gamma(2, 0.03, 60) + 0.01
    yi = rng.normal(0.2, np.sqrt(vi + 0.02))
    bias, tau = WeightFunction("one-sided", (0.025, 0.05, 0.5)), InverseGamma(1.0, 0.15)
    quick = fit_model(Normal(0.0, 1.0), tau, bias, yi, vi)
    monkeypatch.setattr(_ensemble_fit, "_LARGE", float("inf"))  # the rule for the weights at every node
    direct = fit_model(Normal(0.0, 1.0), tau, bias, yi, vi)
    assert abs(quick.log_evidence - direct.log_evidence) <= quick.error + direct.error
    assert quick.error <= 2e-4
    for name, value in direct.bias.items():
        assert quick.bias[name] == pytest.approx(value, abs=1e-4)
