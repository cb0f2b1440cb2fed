"""Networks against netmeta, against ``pool`` for two treatments, and their invariances."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import needlepoint as n
from needlepoint import InputError

with gzip.open(Path(__file__).parents[1] / "reference" / "networks" / "cases.json.gz") as stream:
    PINNED = json.load(stream)["sets"]
CASES = [(name, method) for name in PINNED for method in ("DL", "REML", "ML")]
CLOSED = 1e-9  # at the oracle's tau2 everything is closed form
SETTINGS = settings(deadline=None, max_examples=30)


def matrix(values):
    return np.array([[np.nan if v is None else v for v in row] for row in values], dtype=float)


def fitted(name, method, **options):
    case = PINNED[name]["cases"][method]
    fit = n.network(PINNED[name]["data"], method=method, reference=case["reference.group"] or None, **options)
    order = [case["treatments"].index(t) for t in fit.treatments]
    return fit, case, np.ix_(order, order)


def at_their_tau(name, method):
    return fitted(name, method, tau2=PINNED[name]["cases"][method]["tau"] ** 2)


@pytest.mark.parametrize(("name", "method"), CASES)
def test_the_model_agrees_with_netmeta(name, method):
    fit, case, at = at_their_tau(name, method)
    assert fit.k == case["k"]
    split = {"q": "Q", "q_heterogeneity": "Q.heterogeneity", "q_inconsistency": "Q.inconsistency"}
    for mine, theirs in split.items():
        assert getattr(fit, mine) == pytest.approx(case[theirs], rel=CLOSED, abs=1e-9)
    assert (fit.q_df, fit.q_inconsistency_df) == (case["df.Q"], case["df.Q.inconsistency"])
    assert fit.i2 == pytest.approx(case["I2"] or 0.0, rel=CLOSED)
    names = {"estimate": "TE.random", "se": "seTE.random", "ci_low": "lower.random", "p_value": "pval.random"}
    names |= {"pi_low": "lower.predict"}
    for mine, theirs in names.items():
        got, want = getattr(fit, mine), matrix(case[theirs])[at]
        off = ~np.eye(len(got), dtype=bool) & np.isfinite(want)
        assert got[off] == pytest.approx(want[off], rel=CLOSED, abs=1e-9)


@pytest.mark.parametrize(("name", "method"), CASES)
def test_heterogeneity_agrees_with_netmeta(name, method):
    """Closed form for DL; by likelihood else: R's search is good to three or four digits."""
    fit, case, _ = fitted(name, method)
    if method == "DL":
        assert np.sqrt(fit.tau2) == pytest.approx(case["tau"], rel=CLOSED, abs=1e-12)
        return
    there, _, _ = at_their_tau(name, method)
    assert fit.log_likelihood >= there.log_likelihood - 1e-9
    assert np.sqrt(fit.tau2) == pytest.approx(case["tau"], rel=2e-2, abs=1e-4)


@pytest.mark.parametrize(("name", "method"), CASES)
def test_node_splitting_agrees_with_netmeta(name, method):
    fit, case, _ = at_their_tau(name, method)
    mine = {(c.treatment, c.against): (c, 1.0) for c in n.node_split(fit).comparisons}
    mine |= {(b, a): (c, -1.0) for (a, b), (c, _) in list(mine.items())}
    fields = {"direct.random": "direct", "indirect.random": "indirect", "compare.random": "difference"}
    for i, pair in enumerate(case["comparison"]):
        comparison, sign = mine[tuple(pair.split(":"))]
        for theirs, field in fields.items():
            want, se = case["split"][theirs]["TE"][i], case["split"][theirs]["seTE"][i]
            got = getattr(comparison, field)
            assert (got is None) == (want is None), (pair, field)
            if want is not None:
                assert sign * got == pytest.approx(want, rel=1e-8, abs=1e-9)
                assert getattr(comparison, f"{field}_se") == pytest.approx(se, rel=1e-8)


@pytest.mark.parametrize(("name", "method"), CASES)
def test_p_scores_agree_with_netmeta(name, method):
    fit, case, _ = at_their_tau(name, method)
    found = n.ranking(fit, small_values=case["small"], draws=100)
    assert found.p_score == pytest.approx([case["ranking"][t] for t in fit.treatments], abs=1e-9)


@pytest.mark.parametrize("name", [name for name in PINNED if "interaction" in PINNED[name]["cases"]["DL"]])
def test_the_design_by_treatment_interaction_agrees_with_netmeta(name):
    fit, case, _ = fitted(name, "DL")
    found = n.inconsistency(fit)
    assert found.interaction == pytest.approx(case["interaction"], rel=CLOSED)
    assert np.sqrt(found.tau2_within) == pytest.approx(case["tau.within"], rel=CLOSED)
    assert sum(d.within for d in found.designs) == pytest.approx(fit.q_heterogeneity, rel=CLOSED, abs=1e-12)


TWO = {
    "study": list("abcdef"),
    "treat1": ["X", "Y", "X", "X", "Y", "X"],
    "treat2": ["Y", "X", "Y", "Y", "X", "Y"],
    "yi": [0.2, -0.4, 0.1, 0.9, -0.6, 0.3],
    "vi": [0.02, 0.05, 0.03, 0.04, 0.02, 0.06],
}


@pytest.mark.parametrize("method", ["EE", "DL", "REML", "ML", "PM", "EB", "SJ", "HS", "HE"])
@pytest.mark.parametrize("test", ["z", "t", "HKSJ", "HKSJ-adhoc"])
def test_two_treatments_are_ordinary_pooling(method, test):
    sign = [1.0 if a == "X" else -1.0 for a in TWO["treat1"]]
    yi = [s * y for s, y in zip(sign, TWO["yi"], strict=True)]
    plain = n.pool(yi=yi, vi=TWO["vi"], method=method, test=test)
    found = n.network(TWO, reference="Y", method=method, test=test)
    for name in ("estimate", "se", "ci_low", "ci_high", "p_value"):
        assert getattr(found, name)[0, 1] == pytest.approx(getattr(plain, name), rel=1e-12)
    assert found.tau2 == pytest.approx(plain.tau2, rel=1e-12)
    assert found.q == pytest.approx(plain.q, rel=1e-12)
    if plain.pi_low is not None and test in {"z", "t"}:
        assert found.pi_low[0, 1] == pytest.approx(plain.pi_low, rel=1e-12)


@st.composite
def arms(draw):
    """Trials of two to four of five treatments, connected through the first."""
    rows = {"study": [], "treat": [], "m": [], "sd": [], "n": []}
    for t in range(draw(st.integers(3, 6))):
        others = draw(st.lists(st.sampled_from("BCDE"), min_size=1, max_size=3, unique=True))
        for arm in ["A", *others]:
            rows["study"].append(f"t{t}")
            rows["treat"].append(arm)
            rows["m"].append(draw(st.floats(-2, 2).map(lambda x: round(x, 2))))
            rows["sd"].append(draw(st.floats(0.5, 2).map(lambda x: round(x, 2))))
            rows["n"].append(draw(st.integers(10, 90)))
    return rows


def by_arms(rows, **options):
    columns = {"study": "study", "treat": "treat", "mi": "m", "sdi": "sd", "ni": "n"}
    return n.network(rows, measure="MD", method="DL", **columns, **options)


@SETTINGS
@given(arms(), st.randoms())
def test_names_order_and_reference_change_nothing(rows, chance):
    fit = by_arms(rows)
    places = list(range(len(rows["study"])))
    chance.shuffle(places)
    shuffled = by_arms({k: [v[i] for i in places] for k, v in rows.items()}, reference=fit.treatments[-1])
    assert shuffled.estimate == pytest.approx(fit.estimate, abs=1e-8)
    assert shuffled.se == pytest.approx(fit.se, abs=1e-8)
    renamed = by_arms(rows | {"treat": ["z" if t == "A" else t for t in rows["treat"]]})
    other = renamed.treatments[0]
    got = renamed.estimate[renamed.place("z"), renamed.place(other)]
    assert got == pytest.approx(fit.estimate[fit.place("A"), fit.place(other)], abs=1e-8)


@SETTINGS
@given(arms())
def test_all_contrasts_of_a_trial_are_its_arms(rows):
    fit = by_arms(rows)
    table = {"study": [], "treat1": [], "treat2": [], "yi": [], "vi": []}
    for trial in fit.trials:
        for a in range(len(trial.arms)):
            for b in range(a):
                table["study"].append(trial.label)
                table["treat1"].append(trial.arms[b])
                table["treat2"].append(trial.arms[a])
                table["yi"].append(trial.effects[b] - trial.effects[a])
                table["vi"].append(trial.variances[b, a])
    again = n.network(table, method="DL")
    assert again.estimate == pytest.approx(fit.estimate, abs=1e-8)
    assert again.tau2 == pytest.approx(fit.tau2, abs=1e-8)


def test_rounded_numbers_are_taken():
    data = PINNED["senn2013"]["data"]
    rounded = data | {"seTE": [round(s, 1) for s in data["seTE"]], "TE": [round(y, 2) for y in data["TE"]]}
    assert np.isfinite(n.network(rounded, method="DL").estimate).all()


TRIANGLE = {"study": ["1", "1", "1"], "treat1": ["A", "A", "B"], "treat2": ["B", "C", "C"]}


@pytest.mark.parametrize(
    ("table", "says"),
    [
        ({"yi": [0.1, 0.2, 0.1], "sei": [0.1, 0.1, 0.0]}, "above zero"),
        ({"yi": [0.1, 0.2, 0.1], "sei": [1.0, 0.1, 0.1]}, "contradict"),
        ({"yi": [0.1, 0.9, -0.5], "sei": [0.1, 0.1, 0.1]}, "do not add up"),
        ({"yi": [0.1, float("nan"), 0.1], "sei": [0.1, 0.1, 0.1]}, "all 3 pairs"),
        ({"yi": ["x", 0.2, 0.1], "sei": [0.1, 0.1, 0.1]}, "not a number"),
    ],
)
def test_contradictory_trials_are_named(table, says):
    with pytest.raises(InputError, match=says):
        n.network(TRIANGLE | table)


def test_what_cannot_be_a_network_is_refused_with_the_mend():
    with pytest.raises(InputError, match="2 parts"):
        n.network(
            {"study": ["1", "2"], "treat1": ["A", "C"], "treat2": ["B", "D"], "yi": [0, 1], "sei": [1, 1]}
        )
    with pytest.raises(InputError, match="with itself"):
        n.network({"study": ["1"], "treat1": ["A"], "treat2": ["A"], "yi": [0.1], "sei": [1]})
    with pytest.raises(InputError, match="twice"):
        n.network(
            {"study": ["1", "1"], "treat1": ["A", "B"], "treat2": ["B", "A"], "yi": [1, -1], "sei": [1, 1]}
        )
    rows = {"s": ["1"] * 3, "t": ["A", "A", "B"], "e": [1, 2, 3], "n": [9, 9, 9]}
    with pytest.raises(InputError, match="two arms in one trial"):
        n.network(rows, study="s", treat="t", ai="e", ni="n", measure="OR")
    with pytest.raises(InputError, match="did you mean 'plac'"):
        n.network(PINNED["senn2013"]["data"], reference="placebo")


def test_two_spellings_are_pointed_out():
    table = {
        "study": ["1", "2"],
        "treat1": ["Placebo", "placebo "],
        "treat2": ["Drug A", "Drug A"],
        "yi": [0, 1],
    }
    fit = n.network(table | {"sei": [1, 1]})
    assert any("one spelling" in note for note in fit.notes)


def test_wide_and_long_arms_are_one():
    wide = {"id": ["1", "2"], "t1": ["A", "A"], "t2": ["B", "B"], "t3": ["C", None]}
    wide |= {"e1": [5, 9], "e2": [8, 4], "e3": [7, None], "n1": [40, 50], "n2": [42, 51], "n3": [39, None]}
    long = {"id": ["1", "1", "1", "2", "2"], "t": ["A", "B", "C", "A", "B"]}
    long |= {"e": [5, 8, 7, 9, 4], "n": [40, 42, 39, 50, 51]}
    events = {"ai": ["e1", "e2", "e3"], "ni": ["n1", "n2", "n3"]}
    a = n.network(wide, study="id", treat=["t1", "t2", "t3"], **events, measure="OR", method="EE")
    b = n.network(long, study="id", treat="t", ai="e", ni="n", measure="OR", method="EE")
    assert a.estimate == pytest.approx(b.estimate, abs=1e-12)
