"""Models with random terms against metafor's rma.mv and clubSandwich, and what they must do by themselves."""

import gzip
import json
from pathlib import Path

import numpy as np
import pytest

from needlepoint import (
    InputError,
    NotEnoughStudies,
    contrast,
    influence,
    likelihood_ratio_test,
    multilevel,
    pool,
    predict,
    random_effects,
    robust,
    sampling_covariance,
    variance_intervals,
)

FILE = Path(__file__).parents[1] / "reference" / "pooling" / "multilevel.json.gz"
REFERENCE = json.loads(gzip.decompress(FILE.read_bytes()))

SEARCHED = 1e-5  # the oracle's optimiser stops about there; the likelihood is judged at 1e-8
RELEVELLED = {"dat.senn2013"}  # another reference treatment: coefficients differ, the model does not


def fitted(case):
    held = REFERENCE["sets"][case["dataset"]]
    options = dict(case["options"])
    V = options.pop("V", None)
    if isinstance(V, float):
        V = sampling_covariance("vi", "study", rho=V, data=held["data"])
    elif V is None and held["V"] is not None:
        V = np.array(held["V"])
    return multilevel(held["data"], V=None if isinstance(V, str) else V, **options)


@pytest.mark.parametrize("case", REFERENCE["cases"], ids=lambda c: f"{c['dataset']}-{c['id']}")
def test_agrees_with_metafor(case):
    got, out = fitted(case), case["out"]
    assert got.log_likelihood >= out["fit"]["ll"] - 1e-8
    assert got.log_likelihood == pytest.approx(out["fit"]["ll"], abs=1e-6)
    assert (got.q, got.qm) == pytest.approx((out["QE"], out["QM"]), rel=SEARCHED)
    if case["dataset"] in RELEVELLED:
        return
    se = np.atleast_1d(out["se"])
    names = {"estimate": "beta", "se": "se", "ci_low": "ci.lb", "ci_high": "ci.ub"}
    for ours, theirs in names.items():
        found = np.array([getattr(row, ours) for row in got.coefficients])
        assert np.abs((found - np.atleast_1d(out[theirs])) / se).max() < 2 * SEARCHED, ours
    variances = np.sort(np.concatenate([np.atleast_1d(r.variances) for r in got.random] or [np.zeros(1)]))
    theirs = np.sort(
        np.atleast_1d(out["sigma2"] if case["options"].get("random", "~1").startswith("~1") else out["tau2"])
    )
    assert variances == pytest.approx(theirs, rel=1e-4, abs=1e-6)


KINDS = [
    c for c in REFERENCE["robust"] if c["id"].startswith("coef_test.CR") and c["dataset"] != "dat.assink2016"
]


@pytest.mark.parametrize("case", KINDS, ids=lambda c: c["id"])
def test_cluster_robust_tests_agree_with_club_sandwich(case):
    model = "year" if case["id"].endswith("year") else "3level.REML"
    fit = fitted(next(c for c in REFERENCE["cases"] if c["id"] == model))
    got = robust(fit, cluster="district", kind=case["id"].split(".")[1], df="Satterthwaite")
    assert [c.se for c in got.coefficients] == pytest.approx(case["out"]["SE"], rel=1e-7)
    assert [c.df for c in got.coefficients] == pytest.approx(case["out"]["df_Satt"], rel=1e-7)
    assert [c.p_value for c in got.coefficients] == pytest.approx(case["out"]["p_Satt"], rel=1e-6)


WHOLE = [c for c in REFERENCE["robust"] if c["id"].startswith("robust")]


@pytest.mark.parametrize("case", WHOLE, ids=lambda c: f"{c['dataset']}-{c['id']}")
def test_cluster_robust_fits_agree_with_metafor(case):
    name, cluster = {"dat.assink2016": ("3level.V.rho6", "study")}.get(
        case["dataset"], ("3level.REML", "district")
    )
    fit = fitted(next(c for c in REFERENCE["cases"] if (c["dataset"], c["id"]) == (case["dataset"], name)))
    kind = {"robust": "CR1p", "robust.noadj": "CR0", "robust.CR2": "CR2"}[case["id"]]
    got, out = robust(fit, cluster=cluster, kind=kind), case["out"]
    want = [out[name] for name in ("beta", "se", "zval", "pval", "ci.lb", "ci.ub", "QM", "QMp")]
    found = [got.estimate, got.se, got.statistic, got.p_value, got.ci_low, got.ci_high, got.qm, got.qm_p]
    assert found == pytest.approx(want, rel=1e-6)
    assert got.df == pytest.approx(out["dfs"], rel=1e-6)


def test_one_random_intercept_a_study_is_the_ordinary_random_effects_model():
    yi, vi = [0.1, 0.5, -0.2, 0.9, 0.4], [0.02, 0.05, 0.03, 0.04, 0.02]
    plain = pool(yi=yi, vi=vi, test="z")
    got = multilevel({"yi": yi, "vi": vi, "id": list("abcde")}, random="~ 1 | id", test="z")
    assert got.random[0].variances[0] == pytest.approx(plain.tau2, rel=1e-6)
    assert (got.estimate, got.se) == pytest.approx((plain.estimate, plain.se), rel=1e-6)
    assert (got.log_likelihood, got.aicc, got.i2) == pytest.approx(
        (plain.log_likelihood, plain.aicc, plain.i2)
    )


def test_no_random_terms_is_generalised_least_squares():
    V = np.array([[0.04, 0.01], [0.01, 0.09]])
    got = multilevel(yi=[0.1, 0.5], V=V, test="z")
    weights = np.linalg.inv(V).sum(axis=0)
    assert got.estimate == pytest.approx(weights @ [0.1, 0.5] / weights.sum())
    assert got.se == pytest.approx(weights.sum() ** -0.5)


def test_the_order_and_the_unit_of_estimates_play_no_part():
    rng = np.random.default_rng(4)
    lab = np.repeat(np.arange(8), 3)
    yi = rng.normal(size=8)[lab] * 0.4 + rng.normal(size=24) * 0.3
    table = {"yi": yi, "vi": np.full(24, 0.02), "lab": lab, "row": np.arange(24)}
    order = rng.permutation(24)
    shuffled = {name: values[order] for name, values in table.items()}
    scaled = table | {"yi": 1000 * yi, "vi": np.full(24, 2e4)}
    base, other, large = (multilevel(t, random="~1|lab/row") for t in (table, shuffled, scaled))
    assert (other.estimate, other.se) == pytest.approx((base.estimate, base.se), rel=1e-6)
    assert (large.estimate, large.se) == pytest.approx((1000 * base.estimate, 1000 * base.se), rel=1e-6)
    assert base.random[0].i2 + base.random[1].i2 == pytest.approx(base.i2)


def test_a_variance_of_zero_is_zero():
    table = {"yi": [0.1, 0.5, 0.5, 0.1], "vi": [1.0] * 4, "lab": [1, 1, 2, 2]}
    assert multilevel(table, random="~1|lab").random[0].variances == (0.0,)


def test_degrees_of_freedom_are_those_of_the_groups_a_moderator_does_not_vary_within():
    rng = np.random.default_rng(1)
    lab = np.repeat(np.arange(6), 4)
    table = {
        "yi": rng.normal(size=24),
        "vi": np.full(24, 0.1),
        "lab": lab,
        "x": rng.normal(size=24),
        "year": lab * 2.0,
    }
    got = multilevel(table, random="~1|lab", mods="~ x + year")
    assert [c.df for c in got.coefficients] == [3.0, 21.0, 3.0]


def test_what_cannot_be_read_is_refused():
    table = {"yi": [0.1, 0.5, 0.3], "vi": [0.1] * 3, "lab": ["a", None, "b"]}
    with pytest.raises(InputError, match="no lab is given"):
        multilevel(table, random="~1|lab")
    with pytest.raises(InputError, match="cannot be read"):
        multilevel(table, random="1+lab")
    with pytest.raises(InputError, match="not symmetric"):
        multilevel(yi=[0.1, 0.2], V=[[1.0, 0.5], [0.1, 1.0]])
    with pytest.raises(InputError, match="positive definite"):
        multilevel(yi=[0.1, 0.2], V=[[1.0, 2.0], [2.0, 1.0]])
    with pytest.raises(InputError, match="unknown struct"):
        multilevel(table | {"lab": [1, 1, 2]}, random="~yi|lab", struct="XX")
    with pytest.raises(NotEnoughStudies):
        multilevel(yi=[0.1], vi=[0.1])
    fit = multilevel(table | {"lab": [1, 1, 2]}, random="~1|lab", test="z")
    with pytest.raises(InputError, match="cuts through"):
        robust(fit, cluster=["a", "b", "c"])


def konstantopoulos():
    return fitted(next(c for c in REFERENCE["cases"] if c["id"] == "3level.REML"))


def berkey(struct="UN"):
    found = (c for c in REFERENCE["cases"] if c["dataset"] == "dat.berkey1998" and c["id"] == struct)
    return fitted(next(found))


def test_predicted_effects_of_districts_agree_with_metafor():
    """metafor 5.1-12: ranef(r)[[1]] of dat.konstantopoulos2011, districts 11 and 71."""
    district = random_effects(konstantopoulos())
    place = district.group.index("71")
    assert district.prediction[district.group.index("11")] == pytest.approx(-0.1899859556332392, rel=1e-6)
    assert district.prediction[place] == pytest.approx(0.5342778037883036, rel=1e-6)
    assert district.pi_low[district.group.index("11")] == pytest.approx(-0.5163976872104048, rel=1e-6)


def test_predicted_effects_of_outcomes_agree_with_metafor():
    """metafor 5.1-12: ranef(r)[[1]] of dat.berkey1998, struct="UN", trial 1."""
    found = random_effects(berkey())
    first = {name: value for name, value in zip(found.group, found.prediction, strict=True)}
    assert first["AL | 1"] == pytest.approx(0.014322242561481187, rel=1e-5)
    assert first["PD | 1"] == pytest.approx(0.06414791316489318, rel=1e-5)


def test_intervals_of_variances_agree_with_metafor():
    """metafor 5.1-12: confint(r), whose root search stops at about 1e-5 (dat.konstantopoulos2011, dat.berkey1998)."""
    district, school = variance_intervals(konstantopoulos()).rows
    assert (district.ci_low, district.ci_high) == pytest.approx((0.02223279, 0.20724173), rel=1e-3)
    assert (school.ci_low, school.ci_high) == pytest.approx((0.016273528, 0.062825460), rel=1e-3)
    al, pd, bond = variance_intervals(berkey()).rows
    assert (al.level_name, bond.parameter) == ("AL", "correlation")
    assert (al.ci_low, al.ci_high) == pytest.approx((0.0094895, 0.2067776), rel=1e-3)
    assert pd.ci_high == pytest.approx(0.1114420, rel=1e-3)
    assert (bond.ci_low, bond.ci_high) == pytest.approx((-0.5996439, 1.0), rel=1e-3)


def test_nested_models_and_contrasts_agree_with_metafor():
    """metafor 5.1-12: anova(r, r.CS), anova(r, X=c(1, -1)) of dat.berkey1998."""
    full, reduced = berkey(), berkey("CS")
    got = likelihood_ratio_test(full, reduced)
    assert (got.statistic, got.df) == (pytest.approx(0.762413169251686, rel=1e-5), 1)
    assert (got.parameters_full, got.parameters_reduced) == (5, 4)
    assert contrast(full, [[1, -1]]).statistic == pytest.approx(86.71391886991951, rel=1e-5)
    other = fitted(next(c for c in REFERENCE["cases"] if c["id"] == "year"))
    with pytest.raises(InputError, match="ML"):
        likelihood_ratio_test(other, konstantopoulos())


def test_a_level_seen_in_one_group_has_no_variance_of_its_own():
    """metafor 5.1-12 likewise holds it at zero and does not count it (dat.assink2016, struct="HCS")."""
    found = (c for c in REFERENCE["cases"] if c["id"] == "HCS.deltype")
    case = next(found)
    got = fitted(case)
    assert got.random[0].variances[0] == 0.0
    assert got.aicc == pytest.approx(case["out"]["fit"]["AICc"], abs=1e-6)


def test_a_correlation_that_no_group_can_tell_of_is_noted():
    table = {"yi": [0.1, 0.4, 0.3, 0.8], "vi": [0.02] * 4, "lab": list("abcd"), "kind": list("xxyy")}
    got = multilevel(table, random="~kind|lab", struct="CS", test="z")
    assert any("do not determine a correlation" in note for note in got.notes)


def test_influence_of_districts_agrees_with_metafor():
    """metafor 5.1-12: cooks.distance(r, cluster = district), dfbetas(...) of dat.konstantopoulos2011."""
    got = influence(konstantopoulos(), by="district")
    at = [got.cluster.index(name) for name in ("11", "71", "644")]
    assert got.cook[at] == pytest.approx(
        [0.06937841404462773, 0.5585174856392869, 0.00034416465315201554], rel=1e-4
    )
    assert got.dfbetas[at, 0] == pytest.approx(
        [-0.26250155524933655, 1.0825698405909774, -0.01771071179710146], rel=1e-4
    )
    assert got.k[at[0]] == 4


def test_a_coefficient_that_one_cluster_tells_of_has_no_influence_without_it():
    table = {"yi": [0.1, 0.4, 0.3, 0.2, 0.8], "vi": [0.02] * 5, "lab": list("aabbc"), "x": [0.0] * 4 + [1.0]}
    got = influence(multilevel(table, random="~1|lab", mods="~x", test="z"), by="lab")
    assert got.cluster == ("a", "b", "c")
    assert np.isnan(got.cook).tolist() == [False, False, True]
    assert got.notes == ("cannot be estimated without: c (a coefficient rests on it alone)",)


def test_predictions_within_an_outcome_agree_with_metafor():
    """metafor 5.1-12: predict(r, newmods, tau2.levels = c("AL", "PD")) of dat.berkey1998."""
    fit = berkey()
    got = predict(fit, {"outcome": ["AL", "PD"]}, within=["AL", "PD"])
    assert got.estimate == pytest.approx([-0.3392151803668052, 0.35342816996605475], rel=1e-6)
    assert got.ci_low == pytest.approx([-0.5115060537529179, 0.2380869794638572], rel=1e-6)
    assert got.pi_low == pytest.approx([-0.7330588652380599, 0.1118179154817602], rel=1e-6)
    assert predict(fit, {"outcome": ["AL"]}).pi_low is None
    with pytest.raises(InputError, match="no such level"):
        predict(fit, {"outcome": ["AL"]}, within="XX")
