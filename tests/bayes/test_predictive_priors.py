"""Published predictive priors: what the sources state, and the additive pattern that tells a misprint."""

from __future__ import annotations

import math

import numpy as np
import pytest

from needlepoint.bayes import cochrane, posterior, rhodes, turner
from needlepoint.bayes.predictive_priors import _tables
from needlepoint.errors import InputError


def test_the_general_settings_are_those_of_the_papers():
    assert (turner().mu, turner().sigma) == (-1.28, 0.87)
    assert (rhodes().location, rhodes().scale, rhodes().df) == (-1.72, 1.295, 5)
    effect, tau = cochrane()
    assert (effect.scale, effect.df, tau.shape, tau.scale) == (0.43, 5, 1.71, 0.40)


def test_a_log_normal_of_tau_squared_halves_on_the_scale_of_tau():
    # tau squared ~ LN(-2.29, 1.58^2) for signs and symptoms, drug against drug: median tau = exp(-2.29 / 2)
    prior = turner("signs or symptoms", "pharmacological vs pharmacological")
    at = np.array([math.exp(-2.29 / 2)])
    assert (prior.mu, prior.sigma) == pytest.approx((-1.145, 0.79))
    density = math.exp(prior.log_density(at, at)[0])
    assert density == pytest.approx(1 / (at[0] * 0.79 * math.sqrt(2 * math.pi)))


@pytest.mark.parametrize("table", ["turner", "other", "respiratory", "cancer"])
def test_locations_are_sums_of_an_outcome_and_a_comparison_except_where_a_doubt_is_noted(table):
    tables = _tables()
    outcomes = tables["turner"]["outcomes"] if table == "turner" else tables["rhodes"][table]
    source = tables["turner" if table == "turner" else "rhodes"]
    location = np.array([[cell[0] for cell in row] for row in outcomes.values()])
    pattern = np.median(location - location[:, :1], axis=0)
    middle = np.median(location - pattern, axis=1)
    off = np.abs(location - pattern - middle[:, None]) > 0.025
    noted = {
        (d["outcome"], d["comparison"])
        for d in source.get("doubts", [])
        if d["area"] == table and "pattern asks" in d["note"]
    }
    found = {(list(outcomes)[i], source["comparisons"][j]) for i, j in zip(*np.nonzero(off), strict=True)}
    assert found == noted


def test_a_number_in_doubt_says_so():
    assert "misprint" in rhodes("mental health", "non-pharmacological").source
    assert "misprint" not in rhodes("biological", "non-pharmacological").source


def test_predictive_priors_are_priors():
    got = posterior(
        yi=[-0.4, -0.1, -0.6],
        vi=[0.04, 0.09, 0.1],
        prior_tau=turner("pain", "non-pharmacological vs placebo/control"),
    )
    assert got.error < 1e-8
    effect, tau = cochrane("back and neck")
    assert posterior(yi=[0.3, 0.2], vi=[0.05, 0.02], prior_effect=effect, prior_tau=tau).estimate > 0


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: turner("pain"), "both"),
        (lambda: turner("pian", "pharmacological vs pharmacological"), "did you mean 'pain'"),
        (lambda: rhodes(area="dental"), "respiratory"),
        (lambda: cochrane("Back"), "Back and Neck"),
        (lambda: cochrane(measure="RD"), "SMD"),
    ],
)
def test_unknown_names_are_refused_with_what_there_is(call, words):
    if words == "Back and Neck":
        assert call()[0].scale == 0.37  # a part that fits one name is enough
        return
    with pytest.raises(InputError, match=words):
        call()
