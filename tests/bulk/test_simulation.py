"""Simulated syntheses have the properties that theory gives them."""

from __future__ import annotations

import pytest

import needlepoint
from needlepoint.bulk.simulation import simulate_many
from needlepoint.errors import InputError
from needlepoint.stats.distributions import normal_cdf, normal_quantile


def test_power_of_the_common_effect_is_that_of_the_normal_test():
    found = simulate_many([0.04] * 10, effect=0.15, method="EE", test="z", draws=4000)
    z = 0.15 / (0.04 / 10) ** 0.5
    power = normal_cdf(z - normal_quantile(0.975)) + normal_cdf(-z - normal_quantile(0.975))
    assert found.power == pytest.approx(power, abs=4 * (power * (1 - power) / 4000) ** 0.5)
    assert found.prediction_coverage is None


def test_hartung_knapp_and_the_q_profile_cover_as_they_say():
    found = simulate_many([0.05] * 6, tau2=0.05, test="HKSJ", draws=4000, seed=2)
    assert abs(found.coverage - 0.95) < 4 * found.coverage_se  # exact for equal variances
    assert found.tau2_coverage == pytest.approx(0.95, abs=0.015)
    assert abs(found.bias) < 4 * found.rmse / 4000**0.5


def test_the_same_seed_gives_the_same_study_compiled_or_not():
    how = {"effect": 0.2, "tau2": 0.1, "draws": 300}
    assert simulate_many([0.1, 0.2, 0.3], compiled=False, **how) == simulate_many(
        [0.1, 0.2, 0.3], compiled=True, **how
    )
    assert needlepoint.simulate_many([0.1, 0.2, 0.3], **how) == simulate_many([0.1, 0.2, 0.3], **how)


@pytest.mark.parametrize(
    ("vi", "how", "field"),
    [
        ([0.1], {}, "vi"),
        ([0.1, 0.0], {}, "vi"),
        ([0.1, 0.2], {"tau2": -1.0}, "tau2"),
        ([0.1, 0.2], {"draws": 0}, "draws"),
        ([0.1, 0.2], {"test": "KR"}, "test"),
        ([0.1, 0.2], {"method": "PMM"}, "method"),
    ],
)
def test_what_cannot_be_simulated_is_said(vi, how, field):
    with pytest.raises(InputError) as caught:
        simulate_many(vi, **how)
    assert caught.value.field == field
