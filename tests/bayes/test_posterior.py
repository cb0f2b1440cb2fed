"""Posteriors against 50-digit integration, bayesmeta's published example, closed forms and invariances."""

from __future__ import annotations

import inspect
import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from needlepoint.bayes.api import posterior
from needlepoint.bayes.bayes_factors import bayes_factor
from needlepoint.bayes.prediction import posterior_predict
from needlepoint.bayes.prior_effect import Cauchy, Flat, Normal, NormalMixture, StudentT
from needlepoint.bayes.prior_tau import TAU_PRIORS, Fixed, HalfCauchy, HalfNormal, InverseGamma
from needlepoint.bayes.shrinkage import study_distribution, study_effects
from needlepoint.errors import ConvergenceError, InputError

REFERENCE = json.loads((Path(__file__).parents[1] / "reference" / "bayes" / "posteriors.json").read_text())
TOLERANCE = 1e-6  # promised of densities, probabilities and log evidence; most are a thousand times closer


def _prior(spec):
    kind, *numbers = spec
    return {"flat": Flat, "normal": Normal, "t": StudentT}[kind](*(float(x) for x in numbers))


def _fit(case):
    yi, vi = ([float(x) for x in column] for column in REFERENCE["data"][case["data"]])
    return posterior(yi=yi, vi=vi, prior_effect=_prior(case["prior_effect"]), prior_tau=case["prior_tau"])


@pytest.mark.parametrize(
    "case", REFERENCE["cases"], ids=lambda c: f"{c['data']}-{c['prior_effect'][0]}-{c['prior_tau']}"
)
def test_agrees_with_integration_to_fifty_digits(case):
    got = _fit(case)
    unit = 20.0 if case["data"] == "eight schools" else 1.0
    at = np.array([float(x) for x in case["at"]])
    assert got.fit.log_evidence == pytest.approx(float(case["log_evidence"]), abs=TOLERANCE)
    assert got.estimate == pytest.approx(float(case["mean"]), abs=TOLERANCE * unit)
    assert got.effect.cdf(at) == pytest.approx([float(x) for x in case["cdf"]], abs=TOLERANCE)
    assert got.effect.density(at) == pytest.approx([float(x) for x in case["density"]], abs=TOLERANCE)
    assert got.effect.quantile([float(x) for x in case["cdf"]]) == pytest.approx(
        at, abs=TOLERANCE * unit * 10
    )
    if case.get("variance"):
        assert got.se**2 == pytest.approx(float(case["variance"]), rel=TOLERANCE)
    if "tau_at" in case:
        tau = np.array([float(x) for x in case["tau_at"]])
        assert got.predictive.cdf(at) == pytest.approx(
            [float(x) for x in case["predictive_cdf"]], abs=TOLERANCE
        )
        assert got.heterogeneity.cdf(tau) == pytest.approx([float(x) for x in case["tau_cdf"]], abs=TOLERANCE)
        assert got.heterogeneity.density(tau) == pytest.approx(
            [float(x) for x in case["tau_density"]], abs=1e-5
        )


SCHOOLS = {
    "yi": [28.39, 7.94, -2.75, 6.82, -0.64, 0.63, 18.01, 12.16],
    "sei": [14.9, 10.2, 16.3, 11.0, 9.4, 11.4, 10.4, 17.6],
}


def test_agrees_with_the_eight_schools_of_the_bayesmeta_vignette():
    # bayesmeta, vignette "An introduction to meta-analysis using the bayesmeta package", print(schools.example.1).
    # Its tau comes from integrate() (six decimals); its mu from a discrete approximation with a stated divergence
    # of 0.01, hence the wider tolerance there: 50-digit integration sides with us to 1e-6 (case "eight schools").
    got = posterior(**SCHOOLS, prior_effect=Normal(0, 50), prior_tau=HalfCauchy(25), interval="shortest")
    tau = got.heterogeneity
    assert (got.tau, tau.mean(), got.tau_low, got.tau_high) == pytest.approx(
        (4.758539, 5.884511, 0.0, 15.165894), abs=1e-6
    )
    found = (got.effect.mode, got.median, got.estimate, got.se, got.ci_low, got.ci_high)
    assert found == pytest.approx((7.929503, 7.962961, 7.985729, 4.995762, -1.823353, 17.824562), abs=3e-3)


def test_with_tau_known_the_posterior_is_the_conjugate_normal():
    yi, vi, tau = np.array([0.3, -0.1, 0.6]), np.array([0.04, 0.09, 0.02]), 0.2
    got = posterior(yi=yi, vi=vi, prior_effect=Normal(0.1, 0.5), prior_tau=Fixed(tau))
    w = 1 / (vi + tau**2)
    precision = w.sum() + 4
    mean = (w @ yi + 0.4) / precision
    assert (got.estimate, got.se) == pytest.approx((mean, precision**-0.5), rel=1e-14)
    assert (got.ci_low, got.ci_high) == pytest.approx(
        mean + np.array([-1, 1]) * 1.959963984540054 / precision**0.5
    )
    assert got.heterogeneity is None
    assert (got.tau, got.tau_low, got.tau_high) == (tau, tau, tau)
    covariance = np.diag(vi + tau**2) + 0.25
    residual = yi - 0.1
    log_evidence = -0.5 * (
        residual @ np.linalg.solve(covariance, residual)
        + np.linalg.slogdet(covariance)[1]
        + 3 * math.log(2 * math.pi)
    )
    assert got.log_evidence == pytest.approx(log_evidence, abs=1e-12)


def test_a_mixture_prior_is_its_components_weighted_by_their_evidence():
    data = {"yi": [0.3, 0.5, 0.1], "vi": [0.02, 0.05, 0.03], "prior_tau": HalfNormal(0.3)}
    parts = [posterior(**data, prior_effect=prior) for prior in (Normal(0, 0.1), Normal(0.4, 1))]
    mixed = posterior(**data, prior_effect=NormalMixture((0.25, 0.75), (0, 0.4), (0.1, 1)))
    weights = np.array([0.25, 0.75]) * np.exp([p.log_evidence for p in parts])
    assert math.exp(mixed.log_evidence) == pytest.approx(weights.sum(), rel=1e-8)
    expected = weights @ [p.effect.cdf(0.3) for p in parts] / weights.sum()
    assert mixed.effect.cdf(0.3) == pytest.approx(expected, abs=1e-8)


def test_a_t_prior_with_many_degrees_of_freedom_is_normal():
    data = {"yi": [0.3, 0.5, 0.1], "vi": [0.02, 0.05, 0.03], "prior_tau": HalfNormal(0.3)}
    normal = posterior(**data, prior_effect=Normal(0, 0.4))
    t = posterior(**data, prior_effect=StudentT(0, 0.4, 1e6))
    assert t.log_evidence == pytest.approx(normal.log_evidence, abs=1e-5)
    assert t.estimate == pytest.approx(normal.estimate, abs=1e-5)


@pytest.mark.parametrize("effect", [Normal(0, 50), Flat(), Cauchy(0, 30)], ids=["normal", "flat", "cauchy"])
def test_a_posterior_as_the_next_prior_equals_the_joint_analysis(effect):
    halves = [{key: values[s] for key, values in SCHOOLS.items()} for s in (slice(0, 5), slice(5, 8))]
    first = posterior(**halves[0], prior_effect=effect, prior_tau=HalfCauchy(25))
    second = posterior(**halves[1], prior=first)
    joint = posterior(**SCHOOLS, prior_effect=effect, prior_tau=HalfCauchy(25))
    assert (second.estimate, second.se, second.tau) == pytest.approx(
        (joint.estimate, joint.se, joint.tau), rel=1e-6
    )
    assert second.effect.cdf([0.0, 10.0]) == pytest.approx(joint.effect.cdf([0.0, 10.0]), abs=1e-9)
    if effect.proper:
        total = first.log_evidence + second.log_evidence
        assert total == pytest.approx(joint.log_evidence, abs=1e-7)


def test_meta_regression_with_tau_known_is_weighted_least_squares():
    x, vi = np.array([0.0, 1.0, 2.0, 4.0]), np.array([0.1, 0.2, 0.05, 0.3])
    yi = np.array([0.1, 0.4, 0.3, 0.9])
    got = posterior(yi=yi, vi=vi, mods=x[:, None], prior_tau=Fixed(0.1))
    X = np.column_stack([np.ones(4), x])
    W = np.diag(1 / (vi + 0.01))
    beta = np.linalg.solve(X.T @ W @ X, X.T @ W @ yi)
    se = np.sqrt(np.diag(np.linalg.inv(X.T @ W @ X)))
    assert [c.estimate for c in got.coefficients] == pytest.approx(beta, rel=1e-12)
    assert [c.se for c in got.coefficients] == pytest.approx(se, rel=1e-12)
    assert got.pi_low is None


def test_bayes_factors_are_ratios_of_evidence():
    data = {"yi": [0.3, 0.5, 0.1, 0.4], "vi": [0.02, 0.05, 0.03, 0.02]}
    fitted = posterior(**data, prior_effect=Normal(0, 1), prior_tau=InverseGamma(1, 0.15))
    common = posterior(**data, prior_effect=Normal(0, 1), prior_tau=Fixed(0))
    of_tau = bayes_factor(fitted, of="heterogeneity")
    assert of_tau.log_bf10 == pytest.approx(fitted.log_evidence - common.log_evidence, abs=1e-10)
    # Savage and Dickey: prior density over posterior density at the null
    of_effect = bayes_factor(fitted)
    ratio = Normal(0, 1).log_density(np.array(0.0)) - math.log(fitted.effect.density(0.0))
    assert of_effect.log_bf10 == pytest.approx(float(ratio), abs=1e-7)
    shifted = bayes_factor(fitted, null=0.2)
    ratio = Normal(0, 1).log_density(np.array(0.2)) - math.log(fitted.effect.density(0.2))
    assert shifted.log_bf10 == pytest.approx(float(ratio), abs=1e-7)


def test_bayes_factors_refuse_improper_priors_of_what_they_test():
    flat = posterior(yi=[0.1, 0.2, 0.3], vi=[0.1, 0.1, 0.1], prior_tau="jeffreys")
    for of in ("effect", "heterogeneity"):
        with pytest.raises(InputError, match="proper prior"):
            bayes_factor(flat, of=of)


def test_shrinkage_estimates_average_to_the_law_of_total_expectation():
    got = posterior(**SCHOOLS, prior_effect=Normal(0, 50), prior_tau=HalfCauchy(25))
    rows = study_effects(got)
    assert all(min(got.estimate, r.yi) < r.estimate < max(got.estimate, r.yi) for r in rows)
    assert all(r.se < r.sei for r in rows)
    common = posterior(**SCHOOLS, prior_tau=Fixed(0))
    assert study_distribution(common, 0).mean == pytest.approx(common.estimate)
    apart = posterior(**SCHOOLS, prior_tau=Fixed(1e6))
    assert study_distribution(apart, "1").mean == pytest.approx(28.39, rel=1e-6)
    assert study_distribution(apart, "1").sd == pytest.approx(14.9, rel=1e-6)


def test_draws_follow_the_posterior():
    got = posterior(**SCHOOLS, prior_effect=Normal(0, 50), prior_tau=HalfCauchy(25))
    n = 40_000
    draws = got.draw(n, seed=3)
    for q in (0.1, 0.5, 0.9):  # within four standard errors of a binomial share
        slack = 4 * math.sqrt(q * (1 - q) / n)
        assert np.mean(draws["intercept"] < got.effect.quantile(q)) == pytest.approx(q, abs=slack)
        assert np.mean(draws["tau"] < got.heterogeneity.quantile(q)) == pytest.approx(q, abs=slack)
    t = posterior(**SCHOOLS, prior_effect=Cauchy(0, 30), prior_tau=HalfCauchy(25))
    draws = t.draw(4_000, seed=3)
    assert np.mean(draws["tau"] < t.tau) == pytest.approx(0.5, abs=0.035)
    assert np.mean(draws["intercept"] < t.median) == pytest.approx(0.5, abs=0.035)


def test_shortest_intervals_have_their_probability_and_equal_density_at_the_ends():
    got = posterior(
        yi=[0.1, 0.9, 0.4], vi=[0.02, 0.03, 0.01], prior_tau="half-normal(0.5)", interval="shortest"
    )
    assert got.probability(got.ci_low, got.ci_high) == pytest.approx(0.95, abs=1e-9)
    assert got.effect.density(got.ci_low) == pytest.approx(got.effect.density(got.ci_high), rel=1e-6)
    central = posterior(yi=[0.1, 0.9, 0.4], vi=[0.02, 0.03, 0.01], prior_tau="half-normal(0.5)")
    assert got.ci_high - got.ci_low < central.ci_high - central.ci_low
    assert got.tau_high - got.tau_low < central.tau_high - central.tau_low


NUMBERS = {
    "log-normal": "(-1, 1)",
    "log-t": "(-1, 1)",
    "uniform": "(3)",
}


@pytest.mark.parametrize("name", TAU_PRIORS)
def test_every_prior_of_tau_gives_a_posterior_and_says_whether_it_is_proper(name):
    from needlepoint.stats.quadrature import integrate

    got = posterior(
        yi=[0.1, 0.9, 0.4, 0.2], vi=[0.02, 0.03, 0.01, 0.05], prior_tau=name + NUMBERS.get(name, "")
    )
    assert 0.1 < got.estimate < 0.9
    assert got.error <= 1e-8
    prior = got.tau_prior
    if prior.proper and name != "fixed":
        mass = integrate(lambda tau: prior.log_density(tau, got.vi), prior.axis(got.vi))
        assert mass.log_evidence == pytest.approx(0, abs=1e-7)


effects = st.lists(st.tuples(st.floats(-2, 2), st.floats(0.01, 1)), min_size=4, max_size=12).map(
    lambda rows: tuple(np.array(column) for column in zip(*rows, strict=True))
)


@settings(deadline=None, max_examples=25)
@given(effects, st.floats(-3, 3))
def test_shifting_every_study_shifts_only_the_effect_under_a_flat_prior(data, shift):
    yi, vi = data
    base = posterior(yi=yi, vi=vi, prior_tau="half-normal(0.5)")
    moved = posterior(yi=yi + shift, vi=vi, prior_tau="half-normal(0.5)")
    assert moved.estimate == pytest.approx(base.estimate + shift, abs=1e-7)
    assert (moved.se, moved.tau) == pytest.approx((base.se, base.tau), rel=1e-6)


@settings(deadline=None, max_examples=25)
@given(effects, st.floats(0.1, 50))
def test_the_scale_free_priors_scale_with_the_unit(data, unit):
    yi, vi = data
    base = posterior(yi=yi, vi=vi, prior_tau="shrinkage")
    scaled = posterior(yi=unit * yi, vi=unit**2 * vi, prior_tau="shrinkage")
    assert scaled.estimate == pytest.approx(unit * base.estimate, abs=1e-6 * unit)
    assert (scaled.se, scaled.tau) == pytest.approx((unit * base.se, unit * base.tau), rel=1e-6)


@settings(deadline=None, max_examples=20)
@given(effects)
def test_the_order_of_studies_does_not_matter(data):
    yi, vi = data
    one = posterior(yi=yi, vi=vi, prior_effect=Normal(0, 1), prior_tau="half-cauchy(0.5)")
    two = posterior(yi=yi[::-1], vi=vi[::-1], prior_effect=Normal(0, 1), prior_tau="half-cauchy(0.5)")
    assert (one.estimate, one.log_evidence) == pytest.approx((two.estimate, two.log_evidence), abs=1e-9)


def test_an_improper_posterior_is_refused():
    with pytest.raises(ConvergenceError, match="improper"):
        posterior(yi=[0.1, 0.5], vi=[0.1, 0.1], prior_tau="uniform")


def test_a_single_study_has_a_posterior_under_proper_priors():
    got = posterior(yi=[0.4], vi=[0.04], prior_effect=Normal(0, 1), prior_tau="half-normal(0.5)")
    assert 0 < got.estimate < 0.4
    assert got.pi_high > got.ci_high


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"prior_tau": "half-moon(1)"}, "half-normal"),
        ({"prior_tau": "half-normal(-1)"}, "positive"),
        ({"prior_tau": "half-normal(1, 2, 3, 4)"}, "do not fit"),
        ({"prior_effect": "normal(a)"}, "do not fit"),
        ({"level": 95}, "fraction"),
        ({"interval": "widest"}, "central"),
        ({"mods": np.ones((3, 1)) * [[1], [2], [4]], "prior_mods": [Flat(), Flat()]}, "moderator"),
    ],
)
def test_what_cannot_be_used_is_refused_with_what_is_allowed(options, words):
    with pytest.raises(InputError, match=words):
        posterior(yi=[0.1, 0.2, 0.3], vi=[0.1, 0.1, 0.1], **options)


def test_results_are_plain_numbers_and_rows():
    got = posterior(yi=[0.1, 0.9, 0.4], vi=[0.02, 0.03, 0.01], measure="SMD")
    record = json.loads(json.dumps(got.to_dict()))
    assert record["prior_tau"] == "HalfNormal(scale=0.5)"
    assert record["log_evidence"] is None
    assert got.tidy()[0]["pi_low"] == record["pi_low"]
    assert "P(>0)" in got.summary()
    assert got.weights.sum() == pytest.approx(100)


def test_the_default_prior_of_tau_is_said_where_the_scale_is_unknown():
    got = posterior(yi=[10, 12, 9], vi=[4, 5, 3], measure="MD")
    assert got.prior_tau == "Shrinkage()"
    assert "uniform shrinkage" in got.notes[0]


def test_quantiles_of_very_heavy_tails_are_where_the_distribution_function_says():
    # two studies under Jeffreys' prior: the posterior of tau falls as tau^-2, its nodes reach 1e17
    got = posterior(yi=[-8.0, -3.4], vi=[63.5, 0.82], prior_tau="jeffreys")
    p = np.array([0.001, 0.025, 0.5, 0.975, 0.999])
    assert got.effect.cdf(got.effect.quantile(p)) == pytest.approx(p, abs=1e-12)
    assert got.predictive.cdf(got.predictive.quantile(p)) == pytest.approx(p, abs=1e-12)
    assert got.ci_low < got.median < got.ci_high
    assert got.se == math.inf


def test_predictions_at_new_moderator_values_follow_the_formula():
    data = {"yi": [0.1, 0.3, 0.6, 0.5], "vi": [0.02, 0.03, 0.02, 0.05], "dose": [0.0, 1.0, 2.0, 3.0]}
    fitted = posterior(data, mods="~ dose", prior_tau="half-normal(0.3)")
    intercept, slope = (c.estimate for c in fitted.coefficients)
    here, far = posterior_predict(fitted, {"dose": [1.5, 6.0]})
    assert here.estimate == pytest.approx(intercept + 1.5 * slope)
    assert far.se > here.se
    assert here.pi_low < here.ci_low < here.estimate < here.ci_high < here.pi_high
    own = posterior_predict(fitted)
    assert [row.label for row in own] == ["1", "2", "3", "4"]
    with pytest.raises(InputError):
        posterior_predict(fitted, {"weight": [1.0]})


@pytest.mark.parametrize(
    "prior", [Normal(0.1, 0.5), StudentT(0, 0.5, 3), NormalMixture((0.5, 0.5), (0, 0.4), (0.2, 1))]
)
def test_one_sided_bayes_factors_cut_the_prior(prior):
    yi, vi = np.array([0.3, 0.05]), np.array([0.04, 0.02])
    fitted = posterior(yi=yi, vi=vi, prior_effect=prior, prior_tau=Fixed(0.1))
    mu = np.linspace(0, 6, 600_001)
    like = np.exp(sum(Normal(y, math.sqrt(v + 0.01)).log_density(mu) for y, v in zip(yi, vi, strict=True)))
    density = np.exp(prior.log_density(mu)) / (1 - prior.cdf(0.0))
    f = like * density
    above = (f.sum() - f[0] / 2) * (mu[1] - mu[0])
    assert bayes_factor(fitted, side="above").bf10 == pytest.approx(above / like[0], rel=1e-6)
    sides = [bayes_factor(fitted, side=side).bf10 for side in ("above", "below")]
    both = sides[0] * (1 - prior.cdf(0.0)) + sides[1] * prior.cdf(0.0)
    assert bayes_factor(fitted).bf10 == pytest.approx(both, rel=1e-9)


def test_sides_are_of_effects_only():
    fitted = posterior(yi=[0.1, 0.2], vi=[0.1, 0.1], prior_effect=Normal(0, 1), prior_tau="half-normal(0.5)")
    for options in ({"side": "left"}, {"side": "above", "of": "heterogeneity"}):
        with pytest.raises(InputError, match="above"):
            bayes_factor(fitted, **options)


def test_pooling_takes_no_prior_and_the_room_is_a_room():
    import needlepoint

    assert "prior" not in inspect.signature(needlepoint.pool).parameters
    assert needlepoint.bayes.posterior is needlepoint.posterior
