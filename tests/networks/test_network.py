"""What must hold of every network: equality with pool, invariances, and what is refused in which words."""

from __future__ import annotations

import re

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import needlepoint as n
from network_oracle import fitted

EVENTS = {
    "events": ([10, 14, 3, 9, 20, 25], [12, 20, 5, 9, 31, 20]),
    "n": ([50, 60, 41, 70, 80, 90], [52, 61, 40, 69, 85, 88]),
}
MEANS = {
    "mean": ([3.1, 4.0, 2.2, 5.1, 3.3, 4.4], [3.9, 4.2, 3.1, 5.0, 4.5, 4.6]),
    "sd": ([1.1, 1.4, 0.9, 2.0, 1.3, 1.5], [1.2, 1.3, 1.0, 1.9, 1.6, 1.2]),
    "n": ([30, 41, 25, 60, 33, 52], [31, 40, 27, 58, 35, 50]),
}
RATES = {
    "events": ([10, 14, 3, 9, 20, 25], [12, 20, 5, 9, 31, 20]),
    "time": ([50.0, 60, 41, 70, 80, 90], [52.0, 61, 40, 69, 85, 88]),
}
LETTERS = {
    "OR RR RD AS PETO YUQ YUY RTET PHI": (EVENTS, {"events": ("ai", "ci"), "n": ("n1i", "n2i")}),
    "MD SMD SMDH ROM VR CVR": (MEANS, {"mean": ("m1i", "m2i"), "sd": ("sd1i", "sd2i"), "n": ("n1i", "n2i")}),
    "IRR IRD IRSD": (RATES, {"events": ("x1i", "x2i"), "time": ("t1i", "t2i")}),
}
MEASURES = [(m, *what) for names, what in LETTERS.items() for m in names.split()]


def long_rows(table, order=("B", "A")):
    rows = {"study": [], "treatment": []} | {name: [] for name in table}
    for i in range(6):
        for arm, treatment in enumerate(order):
            rows["study"].append(f"S{i}")
            rows["treatment"].append(treatment)
            for name in table:
                rows[name].append(float(table[name][arm][i]))
    return rows


def sizes(table, letters, measure):
    wide = {letter: table[name][arm] for name, pair in letters.items() for arm, letter in enumerate(pair)}
    if measure in {"VR"}:
        wide = {k: v for k, v in wide.items() if not k.startswith("m")}
    return n.effect_sizes(measure=measure, study=[f"S{i}" for i in range(6)], **wide)


@pytest.mark.parametrize(("measure", "table", "letters"), MEASURES, ids=[m[0] for m in MEASURES])
@pytest.mark.parametrize("method", ["REML", "ML", "DL", "PM", "HE", "SJ", "EB", "HS", "EE"])
@pytest.mark.parametrize("test", ["z", "t", "HKSJ", "HKSJ-adhoc", "KR"])
def test_two_treatments_are_pool_to_the_last_digit(measure, table, letters, method, test):
    if test == "KR" and method == "EE":
        return
    if measure == "VR":
        table = {k: v for k, v in table.items()}
    expected = n.pool(sizes(table, letters, measure), method=method, test=test)
    fit = n.network(long_rows(table), measure=measure, reference="A", method=method, test=test)
    ours, theirs = fit.coefficients[0], expected.coefficients[0]
    for name in ("estimate", "se", "statistic", "p_value", "ci_low", "ci_high", "df"):
        assert getattr(ours, name) == getattr(theirs, name), name
    assert (fit.tau2, fit.q, fit.i2) == (expected.tau2, expected.q, expected.i2)
    assert fit.log_likelihood == expected.log_likelihood


@pytest.mark.parametrize("test", ["PL", "HC"])
def test_two_treatments_have_the_tests_of_a_mean(test):
    expected = n.pool(sizes(EVENTS, LETTERS["OR RR RD AS PETO YUQ YUY RTET PHI"][1], "OR"), test=test)
    fit = n.network(long_rows(EVENTS), measure="OR", reference="A", test=test)
    assert (fit.estimate, fit.ci_low, fit.ci_high) == (expected.estimate, expected.ci_low, expected.ci_high)


def random_network(seed, treatments=5, trials=14):
    """Arms with means: connected by a chain, some trials with three or four arms."""
    rng = np.random.default_rng(seed)
    rows = {"study": [], "treatment": [], "mean": [], "sd": [], "n": []}
    for i in range(trials):
        size = int(rng.choice([2, 2, 2, 3, 4]))
        arms = [i % treatments, (i + 1) % treatments]
        arms += [a for a in rng.permutation(treatments).tolist() if a not in arms][: size - 2]
        for a in arms:
            rows["study"].append(f"S{i}")
            rows["treatment"].append("ABCDEFGH"[a])
            rows["mean"].append(float(a * 0.4 + rng.normal(0.0, 0.5)))
            rows["sd"].append(float(rng.uniform(0.8, 1.6)))
            rows["n"].append(int(rng.integers(15, 80)))
    return rows


def effects(fit):
    found = n.relative_effects(fit)
    return {(r["treatment"], r["comparator"]): (r["estimate"], r["se"]) for r in found.tidy()}


def close(one, two):
    assert one.keys() == two.keys()
    for pair in one:
        np.testing.assert_allclose(one[pair], two[pair], rtol=1e-7, atol=1e-9)


SEEDS = st.integers(0, 10_000)


@settings(max_examples=15, deadline=None)
@given(SEEDS, st.sampled_from(["REML", "ML", "DL", "PM"]))
def test_relabelling_changes_the_names_only(seed, method):
    rows = random_network(seed)
    renamed = dict(zip("ABCDE", "ECADB", strict=True))
    there = rows | {"treatment": [renamed[t] for t in rows["treatment"]]}
    one, two = (n.relative_effects(n.network(r, measure="MD", method=method)) for r in (rows, there))
    for a in "ABCDE":
        for b in "ABCDE":
            x, y = one.between(a, b), two.between(renamed[a], renamed[b])
            np.testing.assert_allclose((x.estimate, x.se), (y.estimate, y.se), rtol=1e-7, atol=1e-9)


@settings(max_examples=15, deadline=None)
@given(SEEDS, st.sampled_from(["A", "C", "E"]))
def test_the_reference_and_the_order_of_rows_change_nothing(seed, reference):
    rows = random_network(seed)
    turned = {name: values[::-1] for name, values in rows.items()}
    close(
        effects(n.network(rows, measure="MD")),
        effects(n.network(turned, measure="MD", reference=reference)),
    )


@settings(max_examples=15, deadline=None)
@given(SEEDS, st.sampled_from(["MD", "ROM"]))
def test_arms_and_all_their_contrasts_say_the_same(seed, measure):
    rows = random_network(seed)
    rows["mean"] = [m + 5.0 for m in rows["mean"]]
    fit = n.network(rows, measure=measure)
    c = fit.given.contrasts
    again = n.network(study=c.study, treat1=c.treat1, treat2=c.treat2, yi=c.yi, vi=c.vi)
    close(effects(fit), effects(again))
    flipped = n.network(study=c.study, treat1=c.treat2, treat2=c.treat1, yi=-c.yi, vi=c.vi)
    close(effects(fit), effects(flipped))
    assert not again.notes


@settings(max_examples=10, deadline=None)
@given(SEEDS)
def test_a_trial_that_knows_nothing_changes_nothing(seed):
    c = n.network(random_network(seed), measure="MD").given.contrasts
    study, one, two = (*c.study, "vague"), (*c.treat1, "A"), (*c.treat2, "C")
    plain = n.network(
        study=c.study, treat1=c.treat1, treat2=c.treat2, yi=c.yi, vi=c.vi, method="EE", test="z"
    )
    more = n.network(
        study=study,
        treat1=one,
        treat2=two,
        yi=np.append(c.yi, 3.0),
        vi=np.append(c.vi, 1e9),
        method="EE",
        test="z",
    )
    for pair, value in effects(plain).items():
        np.testing.assert_allclose(effects(more)[pair], value, rtol=1e-5, atol=1e-6)


@settings(max_examples=10, deadline=None)
@given(SEEDS)
def test_an_unconnected_pair_is_left_out_of_the_largest_part(seed):
    rows = random_network(seed)
    more = {k: [*v] for k, v in rows.items()}
    for treatment in ("Y", "Z"):
        for name, value in (
            ("study", "far"),
            ("treatment", treatment),
            ("mean", 1.0),
            ("sd", 1.0),
            ("n", 30),
        ):
            more[name].append(value)
    fit = n.network(more, measure="MD", part="largest")
    close(effects(n.network(rows, measure="MD")), effects(fit))
    assert any("far" in why for why in fit.left_out)
    with pytest.raises(n.InputError, match=r"2 parts .*\(2\) Y, Z"):
        n.network(more, measure="MD")


def test_likelihood_is_that_of_the_basic_contrasts():
    fit = fitted("smokingcessation", "ML")
    total = 0.0
    for trial in fit.trials.trials:
        arms = list(trial.arms)
        v = trial.v + fit.tau2 * (1.0 - np.eye(len(arms)))
        s = 0.5 * (v[0, 1:, None] + v[0, None, 1:] - v[1:, 1:])
        left = (trial.y[1:] - trial.y[0]) - (fit.effects[arms[1:]] - fit.effects[arms[0]])
        _, logdet = np.linalg.slogdet(2 * np.pi * s)
        total -= 0.5 * (logdet + left @ np.linalg.solve(s, left))
    assert fit.log_likelihood == pytest.approx(total, rel=1e-12)


def test_wide_arms_long_arms_and_any_frame_say_the_same():
    long = {
        "trial": [1, 1, 1, 2, 2],
        "arm": ["A", "B", "C", "A", "C"],
        "r": [5, 8, 9, 4, 9],
        "n": [40, 41, 39, 30, 31],
    }
    wide = pl.DataFrame(
        {"study": [1, 2], "t1": ["A", "A"], "t2": ["B", "C"], "t3": ["C", None], "r1": [5, 4], "r2": [8, 9],
         "r3": [9, None], "n1": [40, 30], "n2": [41, 31], "n3": [39, None]}
    )  # fmt: skip
    close(effects(n.network(long, measure="OR")), effects(n.network(pl.DataFrame(long), measure="OR")))
    close(effects(n.network(long, measure="OR")), effects(n.network(wide, measure="OR")))


def test_a_tree_of_trials_has_no_heterogeneity_to_estimate():
    fit = n.network(study=["1", "2"], treat1=["A", "B"], treat2=["B", "C"], yi=[1.0, 2.0], sei=[0.3, 0.4])
    assert n.relative_effects(fit).between("A", "C").estimate == 3.0
    assert n.relative_effects(fit).between("A", "C").se == pytest.approx(0.5, rel=1e-15)
    assert "cannot be estimated" in fit.notes[-1]


def test_zero_cells_of_a_multi_arm_trial_are_corrected_alike():
    rows = {
        "study": ["1"] * 3 + ["2"] * 2,
        "treatment": ["A", "B", "C", "A", "B"],
        "r": [0, 4, 5, 3, 6],
        "n": [20] * 5,
    }
    fit = n.network(rows, measure="OR", method="EE")
    assert any("0.5 added to every cell" in note for note in fit.notes)
    first = fit.trials.trials[0]
    expected = np.log(4.5 / 16.5) - np.log(5.5 / 15.5)
    assert first.y[1] - first.y[2] == pytest.approx(expected, rel=1e-12)


BASE = {
    "study": ["1", "2", "3"],
    "treat1": ["A", "A", "B"],
    "treat2": ["B", "C", "C"],
    "yi": [1.0, 2.0, 1.0],
    "sei": [0.5, 0.5, 0.5],
}


def changed(**new):
    return {**BASE, **new}


ARMS = {
    "study": ["1", "1", "2", "2"],
    "treatment": ["A", "B", "A", "B"],
    "events": [1, 2, 3, 4],
    "n": [20, 20, 20, 20],
}
REFUSED = {
    "trial twice": (changed(study=["1", "1", "3"], treat1=["A", "A", "B"], treat2=["B", "B", "C"]), "stands twice.*1.*row 2.*to mend"),
    "arm twice": ({**ARMS, "treatment": ["A", "A", "A", "B"]}, "arm A stands twice.*rows? 1 and row 2.*to mend"),
    "text for a number": (changed(yi=["1", "two", "3"]), "not a number.*row 2.*two"),
    "spelt two ways": (changed(treat1=["A", "A", "b x"], treat2=["B-X", "B X", "B X"]), "spelt in two ways.*did you mean"),
    "se 0": (changed(sei=[0.5, 0.0, 0.5]), "above zero.*2 \\(row 2\\).*to mend"),
    "se below 0": (changed(sei=[0.5, -1.0, 0.5]), "above zero.*row 2"),
    "itself": (changed(treat2=["A", "C", "C"]), "compared with itself.*row 1"),
    "in parts": (changed(treat1=["A", "C", "C"], treat2=["B", "D", "D"]), r"2 parts.*\(1\) A, B; \(2\) C, D"),
    "a contrast dropped": (changed(study=["1", "1", "3"]), "3 arms need 3 comparisons; 2 are given.*study: 1"),
    "impossible covariance": (
        changed(study=["1"] * 3, sei=[0.1, 0.9, 0.1]), "no covariance of 3 arms.*study: 1.*to mend",
    ),
    "does not add up": (changed(study=["1"] * 3, yi=[1.0, -2.0, 1.0]), "do not add up.*study: 1"),
    "no columns": ({"a": [1]}, "which rows belong to one trial"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_bad_input_names_the_place_and_the_mend(case):
    rows, words = REFUSED[case]
    with pytest.raises(n.InputError) as error:
        n.network(rows)
    assert re.search(words, str(error.value)), str(error.value)


def test_rounding_is_mended_with_a_note():
    fit = n.network(changed(study=["1"] * 3, sei=[0.1, 0.21, 0.1], yi=[0.5, 1.1, 0.5]))
    assert any("nearest consistent" in note for note in fit.notes)
    assert any("do not add up" in note for note in fit.notes)
    assert np.isfinite(fit.se)


def test_what_was_left_out_is_said():
    fit = n.network(changed(study=["1", "2", "3"], yi=[1.0, float("nan"), 1.0], treat2=["B", "C", "C"]))
    assert fit.left_out == ("2 (row 2): A : C has no estimate or standard error",)
    fit = n.network({**ARMS, "events": [1, None, 3, 4]}, measure="OR")
    assert any("xi missing" in why for why in fit.left_out)
    assert any("only one arm" in why for why in fit.left_out)


def test_a_slip_of_the_pen_is_pointed_out():
    fit = n.network(changed(treat1=["placebo", "placebo", "plcebo"], treat2=["B", "C", "C"]))
    assert any("'placebo' and 'plcebo'" in note for note in fit.notes)


def test_full_refit_finds_the_loop():
    fit = n.network(changed(yi=[1.0, 2.5, 1.0]), method="EE", test="z")
    back, refit = (n.node_splitting(fit, method=m).between("A", "C") for m in ("back-calculation", "refit"))
    assert refit.difference == pytest.approx(back.difference, rel=1e-12)
    assert refit.difference_se == pytest.approx(back.difference_se, rel=1e-12)


@pytest.mark.parametrize("name", ["parkinson", "smokingcessation"])
def test_rank_probabilities_agree_with_the_exact_scores(name):
    found = n.rankogram(fitted(name, "REML"), better="higher")
    ranks = np.arange(1, len(found.treatments) + 1)
    np.testing.assert_allclose(found.probability @ ranks, found.mean_rank, atol=20 * found.error)
    np.testing.assert_allclose(found.probability.sum(axis=0), 1.0, rtol=1e-12)


def test_nothing_is_best_that_is_not_separated():
    close_ = n.p_scores(n.network(changed(yi=[0.1, 0.2, 0.1]), method="EE"), better="higher")
    assert close_.best is None
    assert close_.cannot_be_told_apart == (("A", "B", "C"),)
    assert "do not single out" in close_.summary()
    far = n.p_scores(n.network(changed(yi=[9.0, 18.0, 9.0]), method="EE"), better="higher")
    assert far.best == "A"
    assert far.covers == (("A", "B"), ("B", "C"))
