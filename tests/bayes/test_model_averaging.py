"""Model averaging against RoBMA's published numbers, brute-force integration of selection models, and invariances."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest

from needlepoint.bayes import (
    PEESE,
    PET,
    Fixed,
    HalfCauchy,
    HalfNormal,
    InverseGamma,
    Model,
    NoBias,
    Normal,
    Point,
    WeightFunction,
    ensemble,
    posterior,
)
from needlepoint.bayes._ensemble_fit import fit_model
from needlepoint.bayes.model_averaging import PSMA_BIAS, robma
from needlepoint.errors import InputError

HERE = Path(__file__).parents[1] / "reference" / "bayes"
SELECTION = json.loads((HERE / "selection.json").read_text())
EGO = json.loads((HERE / "lehmann2018.json").read_text())

# RoBMA 2.x, tests/results/summary.models/1.txt: log marginal likelihoods by bridge sampling, two decimals, of three
# correlations .1, .2, .3 (n 15, 20, 50) on Fisher's z, where the priors of Cohen's d are halved
ROBMA_LOG_EVIDENCE = {
    ("none", "none", "none"): -0.83,
    ("none", "none", "PET"): 0.16,
    ("none", "none", "PEESE"): -0.86,
    ("none", "tau", "none"): -0.62,
    ("none", "tau", "PET"): -0.11,
    ("none", "tau", "PEESE"): -0.97,
    ("effect", "none", "none"): -0.03,
    ("effect", "none", "PET"): -0.59,
    ("effect", "none", "PEESE"): -1.53,
    ("effect", "tau", "none"): -0.39,
    ("effect", "tau", "PET"): -0.87,
    ("effect", "tau", "PEESE"): -1.71,
}


@pytest.mark.parametrize("model", ROBMA_LOG_EVIDENCE, ids="-".join)
def test_evidence_agrees_with_robma_to_its_sampling_error(model):
    z = np.arctanh([0.1, 0.2, 0.3])
    vi = 1 / (np.array([15, 20, 50]) - 3)
    effect = Normal(0, 0.5) if model[0] == "effect" else Point(0)
    tau = InverseGamma(1, 0.075) if model[1] == "tau" else Fixed(0)
    bias = {"none": NoBias(), "PET": PET(), "PEESE": PEESE(HalfCauchy(10))}[model[2]]
    got = fit_model(effect, tau, bias, z, vi)
    assert got.error < 1e-6
    assert got.log_evidence == pytest.approx(ROBMA_LOG_EVIDENCE[model], abs=0.025)


@pytest.mark.parametrize("case", SELECTION["cases"], ids=lambda c: f"{c['side']}-{c['steps']}-{c['model']}")
def test_selection_models_agree_with_brute_force_integration(case):
    yi, vi = (np.array([float(x) for x in SELECTION["data"][key]]) for key in ("yi", "vi"))
    effect = Normal(0, 1) if "effect" in case["model"] else Point(0)
    tau = HalfNormal(0.5) if "tau" in case["model"] else Fixed(0)
    bias = WeightFunction(case["side"], tuple(float(s) for s in case["steps"]))
    got = fit_model(effect, tau, bias, yi, vi)
    truth = float(case["log_evidence"])
    assert abs(got.log_evidence - truth) <= got.error + 1e-9
    assert got.error <= 2.1e-4
    if "omega" in case:
        assert list(got.bias.values()) == pytest.approx([float(w) for w in case["omega"]], abs=2e-4)
    if "effect_mean" in case:
        assert got.effect.mean() == pytest.approx(float(case["effect_mean"]), abs=2e-4)


def test_agrees_with_the_ego_depletion_example_of_the_robma_vignette():
    # RoBMA 4.0, vignette "Robust Bayesian Meta-Analysis" (dat.lehmann2018, 81 effects): component inclusion,
    # estimates and bias models, by a sampler that jumps between models: its shares carry about +-0.03
    got = robma(
        yi=EGO["yi"],
        vi=EGO["vi"],
        measure="SMD",
        models=ensemble(Normal(0, math.sqrt(2) / 2), HalfNormal(math.sqrt(2) / 4)),
    )
    assert (got.p_effect, got.p_heterogeneity, got.p_bias) == pytest.approx((0.175, 1.0, 0.960), abs=0.02)
    assert (got.estimate, got.se, got.median) == pytest.approx((0.012, 0.057, 0.0), abs=0.004)
    assert (got.ci_low, got.ci_high) == pytest.approx((-0.064, 0.203), abs=0.01)
    assert (got.tau, got.tau_low, got.tau_high) == pytest.approx((0.305, 0.229, 0.391), abs=0.003)
    share = {}
    for model in got.models:
        share[model.bias] = share.get(model.bias, 0) + model.posterior_probability
    published = [0.040, 0.001, 0.000, 0.004, 0.006, 0.009, 0.025, 0.766, 0.149]
    assert list(share.values()) == pytest.approx(published, abs=0.04)
    assert got.error < 2e-4
    assert got.k == 81


DATA = {"yi": [0.4, 0.35, 0.6, 0.1, 0.5], "vi": [0.04, 0.03, 0.09, 0.01, 0.06]}


def test_probabilities_and_bayes_factors_fit_together():
    got = robma(**DATA, measure="SMD")
    assert len(got.models) == 36
    assert sum(m.posterior_probability for m in got.models) == pytest.approx(1)
    assert sum(m.prior_probability for m in got.models) == pytest.approx(1)
    for name in ("effect", "heterogeneity", "bias"):
        p = getattr(got, f"p_{name}")
        assert getattr(got, f"bf_{name}") == pytest.approx(p / (1 - p), rel=1e-9)
    assert got.effect.spike(0.0) == pytest.approx(1 - got.p_effect)
    assert got.conditional_estimate == pytest.approx(got.estimate / got.p_effect, rel=1e-6)
    assert got.effect.cdf(got.ci_high) == pytest.approx(0.975, abs=1e-6)


def test_an_ensemble_without_bias_is_the_average_of_two_by_two_models():
    got = robma(**DATA, models=ensemble(bias=[(NoBias(), 1.0)]))
    assert len(got.models) == 4
    assert got.bf_bias is None
    full = posterior(**DATA, prior_effect=Normal(0, 1), prior_tau=InverseGamma(1, 0.15))
    assert got.models[-1].log_evidence == pytest.approx(full.log_evidence, abs=1e-9)


def test_models_can_be_chosen_one_by_one():
    models = [Model(Point(0.0), Fixed(0.0)), Model(Normal(0, 1), Fixed(0.0), weight=3.0)]
    got = robma(**DATA, models=models)
    assert [m.prior_probability for m in got.models] == [0.25, 0.75]
    assert got.p_heterogeneity == 0.0
    assert got.bf_heterogeneity is None


def test_turning_every_sign_turns_the_answer():
    bias = [PSMA_BIAS[0], PSMA_BIAS[4], PSMA_BIAS[7]]
    up = robma(**DATA, models=ensemble(bias=bias))
    down = robma(yi=[-y for y in DATA["yi"]], vi=DATA["vi"], models=ensemble(bias=bias), favours="negative")
    assert down.estimate == pytest.approx(-up.estimate, rel=1e-5)
    assert (down.ci_low, down.ci_high) == pytest.approx((-up.ci_high, -up.ci_low), rel=1e-4)
    assert down.bf_bias == pytest.approx(up.bf_bias, rel=1e-4)


def test_no_selection_is_a_limit_of_selection():
    # a Dirichlet that puts nearly all its mass on the least significant interval leaves the weight at about 0.999
    yi, vi = np.array(DATA["yi"]), np.array(DATA["vi"])
    free = fit_model(Normal(0, 1), HalfNormal(0.3), NoBias(), yi, vi)
    bound = fit_model(
        Normal(0, 1), HalfNormal(0.3), WeightFunction("one-sided", (0.025,), alpha=(900.0, 1.0)), yi, vi
    )
    assert bound.log_evidence == pytest.approx(free.log_evidence, abs=5e-3)
    assert bound.effect.mean() == pytest.approx(free.effect.mean, abs=1e-3)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: WeightFunction("sideways", (0.05,)), "one-sided"),
        (lambda: WeightFunction("one-sided", (0.5, 0.05)), "rising"),
        (lambda: WeightFunction("one-sided", (0.01, 0.02, 0.05, 0.5)), "three"),
        (lambda: WeightFunction("one-sided", (0.05,), alpha=(1.0,)), "alpha"),
        (lambda: robma(**DATA, favours="up"), "positive"),
        (lambda: robma(**DATA, models=[]), "ensemble"),
        (lambda: robma(**DATA, models=ensemble("flat")), "proper"),
    ],
)
def test_what_cannot_be_used_is_refused(make, words):
    with pytest.raises(InputError, match=words):
        make()


def test_the_result_reads_as_rows_and_as_text():
    got = robma(**DATA, models=ensemble(bias=PSMA_BIAS[:2]))
    assert len(got.tidy()) == 8
    assert "inclusion BF" in got.summary()
    assert json.dumps(got.to_dict())


def test_studies_that_are_all_significant_are_no_trouble():
    # the effect may then be zero or below with hardly anything else published: a pole next to the weights' range
    got = robma(yi=[1.0, 0.62, 0.71], vi=[0.01, 0.04, 0.06], measure="SMD")
    assert got.error < 3e-4
    assert got.ci_low <= got.median <= got.ci_high
