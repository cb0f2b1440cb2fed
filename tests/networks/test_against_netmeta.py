"""Every output that netmeta has too: closed forms to 1e-9, searches by likelihood (tests/reference/networks)."""

from __future__ import annotations

import numpy as np
import pytest

import needlepoint as n
from network_oracle import WHOLE, at_their_tau2, cases, data, fitted, matrix

CLOSED = {"rtol": 1e-9, "atol": 1e-9}
METHODS = ("DL", "REML", "ML")


@pytest.mark.parametrize("name", WHOLE)
def test_moment_estimate_and_q(name):
    out, fit = cases(name)["netmeta.DL"], fitted(name, "DL")
    ours = [
        fit.tau2, fit.q, fit.q_df, fit.i2, fit.q_heterogeneity, fit.q_heterogeneity_df,
        fit.q_inconsistency, fit.q_inconsistency_df,
    ]  # fmt: skip
    theirs = [
        out["tau2"], out["Q"], out["df.Q"], out["I2"], out["Q.heterogeneity"], out["df.Q.heterogeneity"],
        out["Q.inconsistency"], out["df.Q.inconsistency"],
    ]  # fmt: skip
    np.testing.assert_allclose(ours, theirs, **CLOSED)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("name", WHOLE)
def test_likelihood_is_never_below_theirs(name, method):
    if method == "DL":
        return
    free, theirs = fitted(name, method), at_their_tau2(name, method)
    assert free.log_likelihood >= theirs.log_likelihood - 1e-12
    assert free.tau2**0.5 == pytest.approx(cases(name)[f"netmeta.{method}"]["tau"], abs=3e-3)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("name", WHOLE)
def test_effects_intervals_and_predictions(name, method):
    out = cases(name)[f"netmeta.{method}"]
    found = n.relative_effects(at_their_tau2(name, method))
    for ours, theirs in (
        ("estimate", "TE.random"), ("se", "seTE.random"), ("ci_low", "lower.random"), ("ci_high", "upper.random"),
        ("p_value", "pval.random"), ("pi_low", "lower.predict"), ("pi_high", "upper.predict"),
    ):  # fmt: skip
        expected = matrix(out[theirs])
        told = np.isfinite(expected) & ~np.eye(len(expected), dtype=bool)
        if ours.startswith("pi") and found.pi_low is None:
            assert not told.any()
            continue
        np.testing.assert_allclose(getattr(found, ours)[told], expected[told], **CLOSED)
    common = n.relative_effects(fitted(name, "EE"))
    off = ~np.eye(len(common.estimate), dtype=bool)
    np.testing.assert_allclose(common.estimate[off], matrix(out["TE.common"])[off], **CLOSED)
    np.testing.assert_allclose(common.se[off], matrix(out["seTE.common"])[off], **CLOSED)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("name", WHOLE)
def test_back_calculation(name, method):
    out = cases(name)[f"netsplit.back.{method}"]
    splits = n.node_splitting(at_their_tau2(name, method))
    for i, comparison in enumerate(out["comparison"]):
        split = splits.between(*comparison.split(":"))
        indirect, compare = out["indirect.random"]["value"], out["compare.random"]["value"]
        pairs = [
            (split.proportion, out["prop.random"][i]), (split.indirect, indirect["TE"][i]),
            (split.indirect_se, indirect["seTE"][i]), (split.difference, compare["TE"][i]),
            (split.p_value, compare["p"][i]), (split.direct, out["direct.random"]["value"]["TE"][i]),
        ]  # fmt: skip
        assert split.k == out["k"][i]
        for ours, theirs in pairs:
            assert ours == (None if theirs is None else pytest.approx(theirs, rel=1e-9, abs=1e-9)), comparison


@pytest.mark.parametrize("name", ["parkinson", "woods2010"])
def test_separate_designs_at_no_heterogeneity(name):
    """The oracle's own tau2 is zero in both, so that nothing is searched for."""
    out = cases(name)["netsplit.SIDDE.nREML"]
    splits = n.node_splitting(at_their_tau2(name, "REML"), method="SIDDE")
    for i, comparison in enumerate(out["comparison"]):
        try:
            split = splits.between(*comparison.split(":"))
        except KeyError:
            continue
        for side in ("direct", "indirect"):
            expected = out[f"{side}.random"]["value"]
            ours = getattr(split, side), getattr(split, f"{side}_se")
            for mine, theirs in zip(ours, (expected["TE"][i], expected["seTE"][i]), strict=True):
                assert mine == (None if theirs is None else pytest.approx(theirs, rel=1e-8, abs=1e-8))


@pytest.mark.parametrize("name", WHOLE)
def test_q_by_design(name):
    out, found = cases(name)["decomp"], n.design_by_treatment(fitted(name, "DL"))
    designs = {frozenset(d.design): d for d in found.designs}
    within = out["Q.het.design"]["value"]
    for i, label in enumerate(within["design"]):
        design = designs[frozenset(label.split(":"))]
        assert design.q_heterogeneity == pytest.approx(within["Q"][i] or 0.0, abs=1e-9)
        assert design.q_heterogeneity_df == within["df"][i]
    detached = out["Q.inc.detach"]["value"]
    for i, label in enumerate(detached["design"]):
        design = designs[frozenset(label.split(":"))]
        if detached["df"][i]:
            assert design.q_detached == pytest.approx(detached["Q"][i], abs=1e-9)
            assert design.q_detached_df == detached["df"][i]
    interaction = out["Q.inc.random"]["value"]
    assert found.q_random == pytest.approx(interaction["Q"][0], rel=1e-9)
    assert found.tau2_within**0.5 == pytest.approx(interaction["tau.within"][0], abs=1e-9)


@pytest.mark.parametrize("effects", ["common", "random"])
@pytest.mark.parametrize("name", WHOLE)
def test_p_scores(name, effects):
    out = cases(name)["netrank.REML"][f"ranking.{effects}"]
    fit = fitted(name, "EE") if effects == "common" else at_their_tau2(name, "REML")
    better = "lower" if cases(name)["netmeta.REML"]["small.values"] == "desirable" else "higher"
    found = n.p_scores(fit, better=better)
    expected = dict(zip(out["names"], out["value"], strict=True)) if isinstance(out, dict) else None
    values = out if expected is None else [expected[t] for t in found.treatments]
    np.testing.assert_allclose(found.p_score, values, **CLOSED)


@pytest.mark.parametrize("effects", ["common", "random"])
@pytest.mark.parametrize("name", WHOLE)
def test_contributions(name, effects):
    fit = fitted(name, "EE") if effects == "common" else at_their_tau2(name, "REML")
    for method in ("randomwalk", "shortestpath"):
        if method == "shortestpath" and name == "senn2013":
            continue  # several equally short paths: which is taken first is a convention
        out = cases(name)[f"netcontrib.{method}"][effects]
        found = n.contributions(fit, method=method)
        rows = [found.pairs.index(tuple(x.split(":"))) for x in out["rows"]]
        columns = [found.comparisons.index(tuple(x.split(":"))) for x in out["cols"]]
        np.testing.assert_allclose(found.share[np.ix_(rows, columns)], matrix(out), **CLOSED)
        np.testing.assert_allclose(found.share.sum(axis=1), 1.0, rtol=1e-9)
        np.testing.assert_allclose(found.study_share.sum(axis=1), 1.0, rtol=1e-9)


def test_rounded_contrasts_of_a_multi_arm_trial_pass():
    for case in ("round2", "round1"):
        out = cases("senn2013").get(case)
        if out is None or "studlab" not in out:
            continue
        fit = n.network(
            study=out["studlab"], treat1=out["treat1"], treat2=out["treat2"], yi=out["TE"], sei=out["seTE"],
            method="DL", test="z",
        )  # fmt: skip
        assert fit.q == pytest.approx(out["Q"], rel=1e-9)


@pytest.mark.parametrize("case", ["discomb", "discomb.inactive", "discomb.tau.preset"])
def test_components_of_a_network_in_parts(case):
    out, rows = cases("linde2016_cut")[case], data("linde2016_cut")
    contrasts = {
        "study": rows["studlab"], "treat1": rows["treat1"], "treat2": rows["treat2"], "yi": rows["TE"],
        "sei": rows["seTE"],
    }  # fmt: skip
    with pytest.raises(n.InputError, match="falls into 2 parts"):
        n.network(contrasts)
    inactive = "Placebo" if case == "discomb.inactive" else None
    for side, method, tau2 in (
        ("common", "EE", None),
        ("random", "DL", out["tau"] ** 2 if "preset" in case else None),
    ):
        found = n.network_components(contrasts, inactive=inactive, method=method, test="z", tau2=tau2)
        if side == "random":
            assert found.tau2**0.5 == pytest.approx(out["tau"], abs=1e-9)
        else:
            assert found.q == pytest.approx(out["Q.additive"], rel=1e-9)
            assert found.q_df == out["df.Q.additive"]
        ours = {c.term: (c.estimate, c.se) for c in found.coefficients}
        for name, estimate, se in zip(out["comps"], out[f"Comp.{side}"], out[f"seComp.{side}"], strict=True):
            if name == inactive:
                continue
            if estimate is None:
                assert name in found.not_identifiable
            else:
                assert ours[name] == pytest.approx((estimate, se), rel=1e-8, abs=1e-9)


@pytest.mark.parametrize(
    ("case", "slopes"), [("netmetareg.ind", "independent"), ("netmetareg.com", "shared")]
)
def test_regression_on_a_feature_of_trials(case, slopes):
    """R keeps the tau2 that its search found: it is taken over, the rest is closed."""
    out, rows = cases("smokingcessation")[case], data("smokingcessation")
    base = cases("smokingcessation")["netmeta.REML"]
    fit = n.network(
        study=base["studlab"], treat1=base["treat1"], treat2=base["treat2"], yi=base["TE"], sei=base["seTE"],
        reference="A", test="z", tau2=out["tau2"],
    )  # fmt: skip
    values = dict(zip(map(str, rows["studlab"]), rows["rob"], strict=True))
    found = n.network_regression(fit, values, slopes=slopes)
    np.testing.assert_allclose([c.estimate for c in found.coefficients], matrix(out["b"])[:, 0], rtol=1e-6)
    np.testing.assert_allclose([c.se for c in found.coefficients], out["se"], rtol=1e-6)
    assert found.q == pytest.approx(out["QE"], rel=1e-6)
