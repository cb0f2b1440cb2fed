"""Bootstrap: agreement with theory, intervals, reproducibility."""

from __future__ import annotations

import numpy as np
import pytest

from needlepoint import InputError, bootstrap, pool

RNG = np.random.default_rng(5)
VI = RNG.uniform(0.02, 0.2, 15)
X = RNG.normal(size=15)
YI = 0.3 + 0.5 * X + RNG.normal(0, np.sqrt(VI + 0.05))


def test_parametric_standard_errors_equal_theory_under_equal_effects():
    fit = pool(yi=YI, vi=VI, mods=X, method="EE", test="z")
    result = bootstrap(fit, draws=20_000)
    assert result.se[:2] == pytest.approx([c.se for c in fit.coefficients], rel=0.02)
    assert result.ci_low[0] == pytest.approx(fit.ci_low, abs=0.02)
    assert result.bias[:2] == pytest.approx([0, 0], abs=0.005)


@pytest.mark.parametrize("interval", ["percentile", "basic", "BCa"])
def test_nonparametric_intervals_hold_the_estimate(interval):
    fit = pool(yi=YI, vi=VI, mods=X)
    result = bootstrap(fit, kind="nonparametric", interval=interval)
    rows = result.tidy()
    assert [r["term"] for r in rows] == ["intercept", "x1", "tau2"]
    assert all(r["ci_low"] < r["estimate"] < r["ci_high"] for r in rows[:2])
    assert rows[2]["ci_low"] >= 0.0


def test_the_same_seed_gives_the_same_draws():
    fit = pool(yi=YI, vi=VI)
    assert np.array_equal(bootstrap(fit, seed=2).samples, bootstrap(fit, seed=2).samples)


def test_resamples_without_full_rank_are_counted_in_a_note():
    rare = np.zeros(15)
    rare[0] = 1.0
    result = bootstrap(pool(yi=YI, vi=VI, mods=rare), kind="nonparametric", draws=200)
    assert "without full rank" in result.notes[0]
    assert result.draws < 200


def test_a_fixed_tau2_stays_fixed_and_weights_travel_with_their_study():
    fit = pool(yi=YI, vi=VI, tau2=0.1, weights=np.arange(1, 16))
    assert set(bootstrap(fit, kind="nonparametric", draws=50).tau2_samples) == {0.1}


@pytest.mark.parametrize("method", ["DLIT", "GENQM"])
@pytest.mark.parametrize("kind", ["parametric", "nonparametric"])
def test_every_estimator_can_be_bootstrapped(method, kind):
    fit = pool(yi=YI, vi=VI, method=method, weights=1 / VI)
    draws = bootstrap(fit, kind=kind, draws=40, seed=6).tau2_samples
    assert draws.min() >= 0.0
    assert abs(np.median(draws) - fit.tau2) < 0.1


def test_what_does_not_fit_is_refused():
    with pytest.raises(InputError, match="BCa belongs"):
        bootstrap(pool(yi=YI, vi=VI), interval="BCa")
