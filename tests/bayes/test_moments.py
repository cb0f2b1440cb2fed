"""A mean is printed where there is one: the tail of tau tells, and truncated moments agree."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from needlepoint.bayes import posterior
from needlepoint.bayes.moments import prior_tail
from needlepoint.bayes.parse_prior import tau_prior

VI = np.array([0.1, 0.2, 0.1])


@pytest.mark.parametrize(
    ("prior", "power"),
    [
        ("half-cauchy(1)", 2),
        ("half-t(0.5, 3)", 4),
        ("inverse-gamma(1, 0.15)", 2),
        ("shrinkage", 3),
        ("uniform", 0),
    ],
)
def test_the_power_with_which_priors_fall(prior, power):
    assert prior_tail(tau_prior(prior), VI) == pytest.approx(power, abs=1e-5)


@pytest.mark.parametrize("prior", ["half-normal(0.5)", "exponential(2)", "fixed(0.2)"])
def test_priors_that_fall_faster_than_any_power(prior):
    assert prior_tail(tau_prior(prior), VI) == math.inf


def test_without_a_mean_the_median_is_given_and_the_note_says_why():
    found = posterior(yi=[0.3], vi=[0.1], prior_tau="half-cauchy(0.5)")
    assert math.isnan(found.estimate)
    assert found.median == pytest.approx(0.3, abs=1e-9)
    assert "mean of the effect does not exist (k = 1, flat prior" in found.notes[0]
    assert "0.3000  (median)" in str(found)
    assert json.loads(json.dumps(found.to_dict()))["estimate"] is None


def test_the_truncated_mean_deviation_grows_without_bound_where_the_mean_does_not_exist():
    found = posterior(yi=[0.0], vi=[0.1], prior_tau="half-cauchy(0.5)")

    def truncated(reach):
        x = np.concatenate([[0.0], np.geomspace(1e-3, reach, 4000)])
        return float(np.trapezoid(2 * x * found.effect.density(x), x))

    steps = np.diff([truncated(10.0**p) for p in (1, 2, 3, 4)])
    assert steps == pytest.approx(np.full(3, steps.mean()), rel=0.05)  # a logarithm: each decade adds as much


def test_two_studies_have_a_mean_but_no_standard_deviation():
    found = posterior(yi=[0.3, 0.5], vi=[0.1, 0.1], prior_tau="half-cauchy(0.5)")
    assert found.estimate == pytest.approx(0.4)
    assert found.se == math.inf
    assert "standard deviation" in found.notes[0]


@pytest.mark.parametrize("kind", [{"prior_effect": "normal(0, 2)"}, {"prior_tau": "half-normal(0.5)"}])
def test_a_proper_prior_of_the_effect_or_a_light_tail_gives_a_mean(kind):
    found = posterior(yi=[0.3], vi=[0.1], **({"prior_tau": "half-cauchy(0.5)"} | kind))
    assert math.isfinite(found.estimate)
    assert math.isfinite(found.se)


def test_an_update_in_two_steps_has_the_moments_of_one():
    first = posterior(yi=[0.3], vi=[0.1], prior_tau="half-cauchy(0.5)")
    two = posterior(yi=[0.5, 0.4], vi=[0.1, 0.1], prior=first)
    assert math.isfinite(two.estimate)
    assert math.isfinite(two.se)
