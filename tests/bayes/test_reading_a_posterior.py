"""Heterogeneity in every currency, effects given tau, exact cross-validation, priors' scales and plain sentences."""

from __future__ import annotations

import math

import numpy as np
import pytest

from needlepoint.bayes import (
    HalfLogistic,
    HalfNormal,
    Lomax,
    NoBias,
    Normal,
    Rayleigh,
    average_moderators,
    bayes_factor,
    effects_given_tau,
    ensemble,
    evidence_in_words,
    interpret,
    posterior,
    posterior_heterogeneity,
    predictive_check,
    robma,
    study_effects,
    unit_information_sd,
)
from needlepoint.bayes.prior_tau import TAU_PRIORS
from needlepoint.errors import InputError
from needlepoint.stats.quadrature import integrate

DATA = {"yi": [0.1, 0.9, 0.4, 0.2], "vi": [0.02, 0.03, 0.01, 0.05]}
FITTED = posterior(**DATA, prior_effect="normal(0, 1)", prior_tau="half-normal(0.5)", measure="SMD")


def test_i2_is_what_its_definition_makes_of_tau():
    got = posterior_heterogeneity(FITTED)
    w = 1 / np.array(DATA["vi"])
    typical = 3 * w.sum() / (w.sum() ** 2 - (w**2).sum())
    for end in ("", "_low", "_high"):
        tau2 = getattr(FITTED, f"tau{end}") ** 2
        assert getattr(got, f"i2{end}") == pytest.approx(tau2 / (tau2 + typical))
        assert getattr(got, f"h2{end}") == pytest.approx(1 + tau2 / typical)


def test_effects_given_tau_average_to_the_posterior():
    tau = np.linspace(1e-6, 4.0, 8001)
    trace = effects_given_tau(FITTED, tau)
    weight = trace.density * (tau[1] - tau[0])
    assert weight.sum() == pytest.approx(1.0, abs=1e-3)
    assert weight @ trace.estimate == pytest.approx(FITTED.estimate, abs=1e-3)
    studies = [s.estimate for s in study_effects(FITTED)]
    assert weight @ trace.study_estimate == pytest.approx(studies, abs=1e-3)


def test_effects_given_tau_end_at_pooling_and_at_the_studies_themselves():
    trace = effects_given_tau(FITTED, [0.0, 1e4])
    assert np.ptp(trace.study_estimate[0]) < 1e-9
    assert trace.study_estimate[1] == pytest.approx(DATA["yi"], abs=1e-6)
    assert trace.study_se[1] == pytest.approx(np.sqrt(DATA["vi"]), rel=1e-6)
    fixed = effects_given_tau(posterior(**DATA, prior_tau="fixed(0.2)"), [0.2])
    assert fixed.estimate[0] == pytest.approx(posterior(**DATA, prior_tau="fixed(0.2)").estimate)
    assert len(effects_given_tau(FITTED).tidy()) == 404


def test_cross_validation_is_the_evidence_that_each_study_adds():
    got = predictive_check(FITTED)
    options = {"prior_effect": "normal(0, 1)", "prior_tau": "half-normal(0.5)"}
    for i, study in enumerate(got.studies):
        rest = posterior(yi=np.delete(DATA["yi"], i), vi=np.delete(DATA["vi"], i), **options)
        assert study.log_density == pytest.approx(FITTED.log_evidence - rest.log_evidence, abs=1e-7)
    assert got.elpd == pytest.approx(sum(s.log_density for s in got.studies))


@pytest.mark.parametrize(
    ("prior", "median"),
    [
        (HalfLogistic(0.4), 0.4 * math.log(3)),
        (Lomax(2.0, 0.4), 0.4 * (math.sqrt(2) - 1)),
        (Rayleigh(0.4), 0.4 * math.sqrt(2 * math.log(2))),
    ],
)
def test_priors_of_tau_integrate_to_one_and_have_their_median(prior, median):
    vi = np.array(DATA["vi"])
    found = integrate(lambda t: prior.log_density(t, vi), prior.axis(vi))
    assert found.log_evidence == pytest.approx(0.0, abs=1e-7)
    assert found.marginal(0).quantile(0.5) == pytest.approx(median, rel=1e-5)
    twice = integrate(lambda t: prior.scaled(2.0).log_density(t, vi), prior.axis(vi))
    assert twice.marginal(0).quantile(0.5) == pytest.approx(2 * median, rel=1e-5)


@pytest.mark.parametrize("name", TAU_PRIORS)
def test_every_prior_of_tau_scales_with_its_unit(name):
    make = TAU_PRIORS[name]
    prior = make(-1.0, 0.5) if name in {"log-normal", "log-t"} else make(0.3) if name == "fixed" else make()
    vi = np.array(DATA["vi"])
    tau = np.array([0.3]) if name == "fixed" else np.array([0.05, 0.3, 1.2])
    gap = prior.scaled(3.0).log_density(3.0 * tau, 9.0 * vi) - prior.log_density(tau, vi)
    expected = 0.0 if name == "fixed" else -math.log(3.0)
    if prior.proper:
        assert gap == pytest.approx(expected, abs=1e-6)
    else:
        assert np.ptp(gap) < 1e-9  # an improper prior is known up to a constant


def test_a_prior_of_unit_information_is_worth_one_participant():
    n, sd = np.array([40, 100, 250]), 1.7
    assert unit_information_sd(sd**2 / n, n) == pytest.approx(sd)
    with pytest.raises(InputError, match="one variance"):
        unit_information_sd([0.1], [10, 20])
    with pytest.raises(InputError, match="positive"):
        unit_information_sd([0.1, 0.2], [10, 0])


@pytest.mark.parametrize(
    ("factor", "words"),
    [
        (2, "weak evidence for"),
        (0.05, "strong evidence against"),
        (1e6, "extreme evidence for"),
        (0, "extreme evidence against"),
    ],
)
def test_bayes_factors_have_words(factor, words):
    assert evidence_in_words(factor) == words


def test_every_result_can_be_said_in_sentences():
    average = robma(**DATA, measure="SMD", models=ensemble(bias=[(NoBias(), 1.0)]))
    text = interpret(average).replace("\n", " ")
    assert "4 models were averaged over 4 studies" in text
    assert "publication bias" not in text
    mods = average_moderators(**DATA, mods={"dose": [1, 4, 2, 3]}, measure="SMD")
    assert "dose as a moderator" in interpret(mods).replace("\n", " ")
    assert "Bayes factor" in interpret(bayes_factor(FITTED))
    assert f"{FITTED.estimate:.2f}" in interpret(FITTED)
    with_mods = posterior(
        **DATA, mods={"dose": [1, 4, 2, 3]}, prior_tau=HalfNormal(0.5), prior_effect=Normal(0, 1)
    )
    assert "all moderators are zero" in interpret(with_mods)
    with pytest.raises(InputError, match="moderators"):
        effects_given_tau(with_mods)
