"""Cut priors and t-test critical values against nested integration, and against what RoBMA 2 and 3 print."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from needlepoint.bayes import (
    PEESE,
    PET,
    Fixed,
    InverseGamma,
    Model,
    NoBias,
    Normal,
    Point,
    StudentT,
    Truncated,
    WeightFunction,
    ensemble,
    posterior,
    robma,
)
from needlepoint.bayes._ensemble_fit import fit_model
from needlepoint.bayes.critical_values import critical_values
from needlepoint.bayes.model_averaging import PSMA_BIAS
from needlepoint.bayes.parse_prior import effect_prior, tau_prior
from needlepoint.bayes.truncated_mixture import TruncatedMixture
from needlepoint.errors import InputError

HERE = Path(__file__).parents[1] / "reference" / "bayes"
REFERENCE = json.loads((HERE / "ensembles.json").read_text())
ROBMA = json.loads((HERE / "robma.json").read_text())
BIAS = {"none": NoBias(), "PET": PET(), "one-sided: 0.05": WeightFunction("one-sided", (0.05,))}
DATA = {"yi": [0.4, 0.35, 0.6, 0.1, 0.5], "vi": [0.04, 0.03, 0.09, 0.01, 0.06]}


@pytest.mark.parametrize(
    "case", REFERENCE["cut"], ids=lambda c: "-".join(str(c[k]) for k in ("effect", "tau", "bias"))
)
def test_cut_priors_agree_with_nested_integration(case):
    yi, vi = (np.array([float(x) for x in REFERENCE["data"][key]]) for key in ("yi", "vi"))
    prior = effect_prior(case["effect"])
    got = fit_model(prior, tau_prior(case["tau"]), BIAS[case["bias"]], yi, vi)
    assert abs(got.log_evidence - float(case["log_evidence"])) <= got.error + 1e-9
    assert got.error < 2e-4
    average = robma(
        yi=yi, vi=vi, measure="SMD", models=[Model(prior, tau_prior(case["tau"]), BIAS[case["bias"]])]
    )
    assert average.estimate == pytest.approx(
        float(case["mean"]), abs=3e-4 if "sided" in case["bias"] else 1e-7
    )
    assert prior.low <= average.ci_low < average.median < average.ci_high <= prior.high


@pytest.mark.parametrize("case", REFERENCE["critical"], ids=lambda c: f"{c['critical']}-{c['steps']}")
def test_both_kinds_of_critical_values_agree_with_nested_integration(case):
    d, se = (np.array([float(x) for x in REFERENCE["bem"][key]]) for key in ("d", "se"))
    vi = 1.0 / ((d * d + 8) / (2 * se * se) - 3)
    bias = WeightFunction("one-sided", tuple(case["steps"]))
    rule = critical_values(case["critical"], "ZCOR")
    got = fit_model(Point(0), Fixed(0), bias, np.arcsinh(d / 2), vi, critical=rule)
    assert abs(got.log_evidence - float(case["log_evidence"])) <= got.error + 1e-9


@pytest.mark.parametrize("name", ["fisher z", "log odds ratio"])
def test_every_printed_evidence_of_robma_3_is_met_with_t_tests(name):
    # three correlations on two scales; its bridge sampling errs by about 0.01 with the default chains, 0.03 with 500 draws
    case = ROBMA[name]
    r, n = np.array([0.1, 0.2, 0.3]), np.array([15.0, 20.0, 50.0])
    d = 2 * r / np.sqrt(1 - r * r)
    unit = math.pi / math.sqrt(3)
    yi, vi = (
        (np.arctanh(r), 1 / (n - 3))
        if name == "fisher z"
        else (unit * d, unit**2 * (4 / n + d * d / (2 * n)))
    )
    models = ensemble(rescale=0.5 if name == "fisher z" else unit)
    got = robma(yi=yi, vi=vi, measure=case["measure"], models=models, critical="t")
    gaps = np.array([m.log_evidence for m in got.models]) - np.array(case["log_evidence"])
    assert np.max(np.abs(gaps)) < case["largest"]
    assert np.sqrt(np.mean(gaps**2)) < case["typical"]
    z = robma(yi=yi, vi=vi, measure=case["measure"], models=models)
    away = [
        m.log_evidence - e for m, e in zip(z.models, case["log_evidence"], strict=True) if "sided" in m.bias
    ]
    assert np.sqrt(np.mean(np.square(away))) > 0.06


def test_agrees_with_the_custom_ensemble_of_the_robma_vignette():
    # RoBMA 3, vignette "Fitting custom meta-analytic ensembles": nine experiments of Bem (2011), a prior cut to
    # positive effects, selection by t-tests; every printed digit
    d, se = (np.array([float(x) for x in REFERENCE["bem"][key]]) for key in ("d", "se"))
    yi, vi = np.arcsinh(d / 2), 1.0 / ((d * d + 8) / (2 * se * se) - 3)
    cut, none = Truncated(Normal(0.15, 0.1), low=0), Point(0)
    chosen = [
        (none, Fixed(0), NoBias(), -3.28),
        (cut, Fixed(0), NoBias(), 14.91),
        (cut, InverseGamma(1, 0.15), NoBias(), 12.85),
        (none, Fixed(0), WeightFunction("one-sided", (0.05,)), 13.70),
        (none, Fixed(0), WeightFunction("one-sided", (0.05, 0.1)), 12.58),
        (none, Fixed(0), PET(), 15.75),
        (none, Fixed(0), PEESE(), 15.65),
    ]
    models = [Model(e.scaled(0.5), t.scaled(0.5), b.scaled(0.5)) for e, t, b, _ in chosen]
    got = robma(yi=yi, vi=vi, measure="ZCOR", models=models, critical="t")
    assert [m.log_evidence for m in got.models] == pytest.approx([c[3] for c in chosen], abs=0.0151)
    assert (got.p_effect, got.p_heterogeneity, got.p_bias) == pytest.approx((0.189, 0.021, 0.811), abs=6e-4)
    assert (got.bf_effect, got.bf_heterogeneity, got.bf_bias) == pytest.approx(
        (0.584, 0.132, 3.212), abs=6e-4
    )
    assert (2 * got.estimate, 2 * got.ci_high) == pytest.approx((0.036, 0.226), abs=1e-3)
    published = {
        "omega[0, 0.05]": 1.0,
        "omega[0.05, 0.1]": 0.938,
        "omega[0.1, 1]": 0.935,
        "PET": 0.820,
        "PEESE": 14.568,
    }
    assert got.bias_means == pytest.approx(published, rel=2e-2)


@settings(deadline=None, max_examples=25)
@given(st.floats(-1, 1), st.floats(0.4, 1), st.floats(-0.5, 0.5))
def test_a_prior_cut_in_two_halves_puts_the_whole_together(mean, sd, where):
    yi, vi = np.array(DATA["yi"]), np.array(DATA["vi"])
    whole = Normal(mean, sd)
    below, above = Truncated(whole, high=where), Truncated(whole, low=where)
    tau = tau_prior("half-normal(0.3)")
    parts = [fit_model(p, tau, NoBias(), yi, vi) for p in (below, above)]
    masses = [below.mass, above.mass]
    total = sum(m * math.exp(p.log_evidence) for m, p in zip(masses, parts, strict=True))
    one = fit_model(whole, tau, NoBias(), yi, vi)
    assert math.log(total) == pytest.approx(one.log_evidence, abs=1e-7)
    share = [m * math.exp(p.log_evidence) / total for m, p in zip(masses, parts, strict=True)]
    assert share[0] == pytest.approx(one.effect.cdf(where), abs=1e-7)
    mean_of = sum(s * p.effect.mean for s, p in zip(share, parts, strict=True))
    assert mean_of == pytest.approx(one.effect.mean, abs=1e-7)


def test_a_cut_that_takes_nothing_off_changes_nothing():
    yi, vi = np.array(DATA["yi"]), np.array(DATA["vi"])
    tau = tau_prior("half-normal(0.3)")
    for prior in (Normal(0, 1), StudentT(0, 0.5, 3)):
        whole = fit_model(prior, tau, NoBias(), yi, vi)
        cut = fit_model(Truncated(prior, -1e6, 1e6), tau, NoBias(), yi, vi)
        assert cut.log_evidence == pytest.approx(whole.log_evidence, abs=1e-8)
        assert cut.effect.sd == pytest.approx(whole.effect.sd, rel=1e-7)
        assert cut.effect.quantile(0.2) == pytest.approx(whole.effect.quantile(0.2), abs=1e-8)


def test_a_cut_mixture_far_in_the_tail_keeps_its_digits():
    # a normal cut to what lies 12 sd above its mean: mean 12.0823..., by continued fraction of Mills' ratio
    part = TruncatedMixture(np.ones(1), np.zeros(1), np.ones(1), 12.0, math.inf)
    assert part.mean == pytest.approx(12.08219, abs=5e-4)
    assert part.cdf(part.quantile(0.3)) == pytest.approx(0.3, abs=1e-10)
    assert part.density(11.9) == 0.0
    assert 0.075 < part.sd < 0.083


def test_a_new_unit_changes_nothing_but_the_unit():
    bias = [PSMA_BIAS[i] for i in (0, 3, 7, 8)]
    yi, vi = np.array(DATA["yi"]), np.array(DATA["vi"])
    one = robma(yi=yi, vi=vi, measure="SMD", models=ensemble(bias=bias))
    two = robma(yi=2 * yi, vi=4 * vi, measure="MD", models=ensemble(bias=bias, rescale=2.0))
    assert two.estimate == pytest.approx(2 * one.estimate, rel=1e-5)
    assert (two.bf_effect, two.bf_bias) == pytest.approx((one.bf_effect, one.bf_bias), rel=2e-4)


def test_a_null_hypothesis_may_be_a_narrow_prior():
    models = ensemble("normal(0.6, 0.2)[0, inf]", null_effect="normal(0, 0.1)", bias=[(NoBias(), 1.0)])
    got = robma(**DATA, measure="SMD", models=models)
    assert [m.has_effect for m in models] == [False, False, True, True]
    assert got.bf_effect is not None
    assert got.p_effect == pytest.approx(sum(m.posterior_probability for m in got.models[2:]))


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: robma(**DATA, critical="t", measure="MD"), "standardised"),
        (lambda: robma(**DATA, critical="p", measure="SMD"), "critical"),
        (lambda: robma(yi=[1.0], vi=[9.0], critical="t", measure="SMD"), "three participants"),
        (lambda: Truncated(Normal(0, 1), 2, 1), "below high"),
        (lambda: Truncated(Normal(0, 1), 40), "next to nothing"),
        (lambda: effect_prior("normal(0, 1)[a, b]"), "numbers"),
        (lambda: effect_prior("flat[0, inf]"), "cannot be cut"),
        (lambda: ensemble(rescale=0), "unit"),
        (lambda: posterior(**DATA, prior_effect="normal(0, 1)[0, inf]", prior_tau="fixed(0)"), "ensemble"),
    ],
)
def test_what_cannot_be_used_is_refused(make, words):
    with pytest.raises(InputError, match=words):
        make()
