"""What papers leave out: against metafor's conv.* functions, published examples, and there and back."""

from __future__ import annotations

import functools
import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from needlepoint import InputError, effect_sizes
from needlepoint.effects import recovery as rec

REFERENCE = json.loads((Path(__file__).parents[1] / "reference/effects/transforms.json").read_text())["calls"]
positive = st.floats(0.1, 50)
sizes = st.integers(4, 400)


@pytest.mark.parametrize(
    ("given", "row", "case"),
    [
        ({"low": 2, "median": 6, "high": 14, "n": 20}, 0, "conv.fivenum"),
        ({"q1": 5, "median": 7, "q3": 9, "n": 30}, 1, "conv.fivenum"),
        ({"low": 2, "q1": 4, "median": 6, "q3": 8, "high": 14, "n": 20}, 0, "conv.fivenum.shi"),
    ],
)
def test_quantiles_agree_with_metafor(given, row, case):
    found = rec.mean_sd_from_quantiles(**given)
    want = REFERENCE[case]["value"]
    assert found["mean"] == pytest.approx(want["mean"][row], rel=1e-12)
    # normal quantiles: metafor uses R's qnorm, we scipy's ndtri
    assert found["sd"] == pytest.approx(want["sd"][row], rel=1e-12)
    assert not found.notes


@pytest.mark.parametrize(
    "given",
    [
        {"low": 10, "median": 12, "high": 30, "n": 40},
        {"low": 1, "q1": 5, "median": 7, "q3": 9, "high": 22, "n": 30},
        {"low": 10, "q1": 11, "median": 12, "q3": 15, "high": 30, "n": 40},
    ],
)
def test_skewed_quantiles_are_told_where_metafor_gives_nothing(given):
    assert any("skewed" in note for note in rec.mean_sd_from_quantiles(**given).notes)
    assert not rec.mean_sd_from_quantiles(**given, method="QE").notes


@pytest.mark.parametrize("method", ["Luo-Shi", "Wan", "QE", "BC"])
def test_normal_quantiles_give_the_normal_distribution_back(method):
    from needlepoint.stats.distributions import normal_quantile

    n, mean, sd = 101, 50.0, 6.0
    # where each paper puts the smallest of n: McGrath at 1/n, the others at Blom's position
    low = 1 / n if method == "QE" else (1 - 0.375) / (n + 0.25)
    at = {
        "low": normal_quantile(low),
        "q1": normal_quantile(0.25),
        "median": 0.0,
        "q3": normal_quantile(0.75),
        "high": -normal_quantile(low),
    }
    found = rec.mean_sd_from_quantiles(n=n, method=method, **{k: mean + sd * z for k, z in at.items()})
    assert found["mean"] == pytest.approx(mean, rel=0.002)
    assert found["sd"] == pytest.approx(sd, rel=0.06)


@pytest.mark.parametrize("method", ["QE", "BC"])
def test_lognormal_quartiles_give_its_mean(method):
    q = [math.exp(2 + 0.5 * z) for z in (-0.6744897501960817, 0, 0.6744897501960817)]
    found = rec.mean_sd_from_quantiles(q1=q[0], median=q[1], q3=q[2], n=10_000, method=method)
    mean = math.exp(2 + 0.125)
    assert found["mean"] == pytest.approx(mean, rel=0.002)
    assert found["sd"] == pytest.approx(mean * math.sqrt(math.expm1(0.25)), rel=0.01)


def test_quantile_estimation_finds_weibull_and_gamma():
    from scipy.special import gammaincinv

    p = np.array([0.25, 0.5, 0.75])
    q1, m, q3 = 3 * (-np.log1p(-p)) ** (1 / 1.2)
    found = rec.mean_sd_from_quantiles(q1=q1, median=m, q3=q3, n=200, method="QE")
    assert "Weibull" in found.how
    assert found["mean"] == pytest.approx(3 * math.gamma(1 + 1 / 1.2), rel=1e-4)
    q1, m, q3 = 2 * gammaincinv(1.5, p)
    found = rec.mean_sd_from_quantiles(q1=q1, median=m, q3=q3, n=200, method="QE")
    assert "gamma" in found.how
    assert found["mean"] == pytest.approx(3.0, rel=1e-4)


def test_hozo_keeps_its_three_rules():
    for n, divisor in ((16, 4), (71, 6)):
        assert rec.mean_sd_from_quantiles(low=0, median=5, high=12, n=n, method="Hozo")["sd"] == 12 / divisor
    small = rec.mean_sd_from_quantiles(low=0, median=5, high=12, n=10, method="Hozo")
    assert small["sd"] == pytest.approx(math.sqrt((2**2 / 4 + 144) / 12))


def test_tables_agree_with_metafor():
    want = REFERENCE["conv.2x2"]["value"]
    tables = ((5, 50, 20, 15), (2.1, 100, 45, 50))
    for i, (odds_ratio, n, n1, events) in enumerate(tables):
        found = rec.table_from_odds_ratio(odds_ratio, n, n1, events)
        assert [found[c] for c in ("ai", "bi", "ci", "di")] == [want[c][i] for c in ("ai", "bi", "ci", "di")]


def test_wald_intervals_agree_with_metafor():
    want = REFERENCE["conv.wald"]["value"]
    for i, (estimate, low, high) in enumerate(((1.5, 1.1, 2.0), (2.2, 0.9, 5.0))):
        found = rec.effect_from_ci(estimate, low, high, ratio=True)
        assert found["yi"] == pytest.approx(want["yi"][i], rel=1e-14)
        assert found["vi"] == pytest.approx(want["vi"][i], rel=1e-12)


@given(a=st.integers(1, 60), b=st.integers(1, 60), c=st.integers(1, 60), d=st.integers(1, 60))
@settings(deadline=None, max_examples=100)
def test_tables_come_back_from_their_odds_ratio_and_phi(a, b, c, d):
    n, n1, events = a + b + c + d, a + b, a + c
    cells = {"ai": a, "bi": b, "ci": c, "di": d}
    by_or = rec.table_from_odds_ratio(a * d / (b * c), n, n1, events)
    assert dict(by_or.values) == cells
    phi = effect_sizes(measure="PHI", **cells).yi[0]
    assert dict(rec.table_from_phi(phi, n, n1, events).values) == cells


@given(mean=st.floats(-50, 50), sd=positive, n=sizes, reference=st.sampled_from(["t", "z"]))
@settings(deadline=None, max_examples=50)
def test_a_standard_deviation_comes_back_from_its_interval(mean, sd, n, reference):
    from needlepoint.effects.recovery.standard_deviation import critical_value

    half = critical_value(0.95, n - 1, reference) * sd / math.sqrt(n)
    assert rec.sd_from_ci(mean - half, mean + half, n, reference=reference)["sd"] == pytest.approx(
        sd, rel=1e-9
    )
    assert rec.sd_from_se(sd / math.sqrt(n), n)["sd"] == pytest.approx(sd)


@given(diff=st.floats(0.1, 9), sd=positive, n1=sizes, n2=sizes)
@settings(deadline=None, max_examples=50)
def test_a_standard_deviation_comes_back_from_t_f_and_p(diff, sd, n1, n2):
    from needlepoint.stats.distributions import two_sided_t

    se = sd * math.sqrt(1 / n1 + 1 / n2)
    t = diff / se
    assert rec.sd_from_t(diff, t, n1, n2)["sd"] == pytest.approx(sd)
    assert rec.sd_from_f(diff, t**2, n1, n2)["sd"] == pytest.approx(sd)
    p = two_sided_t(t, n1 + n2 - 2)
    if 1e-10 < p < 0.999:
        assert rec.sd_from_p(diff, p, n1, n2)["sd"] == pytest.approx(sd, rel=1e-6)
    half = rec.sd_from_mean_difference_ci(diff - 1, diff + 1, n1, n2)
    assert half["se"] < 1


def test_handbook_example_of_a_p_value():
    # Cochrane Handbook 6.5.2.3: MD 3.8, t = 2.78 (P 0.008) with 25 + 22 people: SE 1.37, SD 4.69
    found = rec.sd_from_t(3.8, 2.78, 25, 22)
    assert found["se"] == pytest.approx(1.37, abs=0.005)
    assert found["sd"] == pytest.approx(4.69, abs=0.02)


def test_handbook_example_of_an_interval():
    # Cochrane Handbook 6.5.2.2: mean 32.1, 95 % CI 30.0 to 34.2 of 25 people: SD 5.09 by t with 24 df
    assert rec.sd_from_ci(30.0, 34.2, 25)["sd"] == pytest.approx(5.09, abs=0.005)


@given(before=positive, after=positive, r=st.floats(-0.95, 0.95))
@settings(deadline=None, max_examples=50)
def test_the_correlation_comes_back_from_the_change(before, after, r):
    change = rec.change_sd(before, after, r)["sd"]
    assert rec.correlation_from_change(before, after, change)["r"] == pytest.approx(r, abs=1e-6)


@given(data=st.lists(st.lists(st.floats(-20, 20), min_size=2, max_size=8), min_size=2, max_size=4))
@settings(deadline=None, max_examples=50)
def test_combined_arms_are_the_joined_data(data):
    found = rec.combine_arms([(len(x), float(np.mean(x)), float(np.std(x, ddof=1))) for x in data])
    joined = np.concatenate(data)
    assert found["n"] == joined.size
    assert found["mean"] == pytest.approx(joined.mean(), abs=1e-9)
    assert found["sd"] == pytest.approx(joined.std(ddof=1), rel=1e-6, abs=1e-7)


def test_a_shared_arm_is_divided():
    assert rec.split_shared_arm(90, 5, 2, 3)["n"] == 30
    assert dict(rec.split_events(10, 100, 4).values) == {"events": 2.5, "n": 25}


def test_hazard_ratios_agree_between_routes():
    by_test = rec.hazard_ratio_from_logrank(40, 52.0, 24.0)
    z = abs(by_test["yi"]) / by_test["se"]
    from needlepoint.stats.distributions import two_sided_normal

    by_p = rec.hazard_ratio_from_p(two_sided_normal(z), favours=1, events=96)
    assert by_p["yi"] == pytest.approx(by_test["yi"])
    assert by_p["vi"] == pytest.approx(by_test["vi"])
    low, high = (math.exp(by_test["yi"] + s * 1.959963984540054 * by_test["se"]) for s in (-1, 1))
    by_ci = rec.hazard_ratio_from_ci(None, low, high)
    assert by_ci["yi"] == pytest.approx(by_test["yi"])
    assert by_ci["se"] == pytest.approx(by_test["se"])


def test_exponential_curves_give_their_hazard_ratio():
    times = [0, 1, 2, 3, 4, 5]
    s1, s2 = ([math.exp(-h * t) for t in times] for h in (0.1, 0.2))
    start = rec.hazard_ratio_from_curves(times, s1, s2, at_risk1=[200], at_risk2=[200])
    full = rec.hazard_ratio_from_curves(
        times, s1, s2, at_risk1=[200 * s for s in s1], at_risk2=[200 * s for s in s2]
    )
    for found in (
        start,
        full,
    ):  # risks over steps, not hazards: a little nearer to 1 is expected of the method
        assert found["yi"] == pytest.approx(math.log(0.5), abs=0.06)
    assert start["events1"] == pytest.approx(200 * (1 - s1[-1]))
    assert full["events1"] == pytest.approx(start["events1"], rel=0.02)


def test_censoring_takes_people_out_of_the_risk_set():
    times, s = [0, 1, 2, 3, 4], [1, 0.9, 0.8, 0.7, 0.6]
    whole = rec.hazard_ratio_from_curves(times, s, s, at_risk1=[100], at_risk2=[100])
    lost = rec.hazard_ratio_from_curves(times, s, s, at_risk1=[100], at_risk2=[100], follow_up=(1, 5))
    assert lost["events1"] < whole["events1"]
    assert lost["se"] > whole["se"]
    assert lost["yi"] == pytest.approx(0)


@given(d=st.floats(-3, 3), v=st.floats(0.01, 2))
@settings(deadline=None, max_examples=50)
def test_conversions_undo_each_other(d, v):
    there = rec.d_to_log_odds(d, v)
    back = rec.log_odds_to_d(there["yi"], there["vi"])
    assert (back["yi"], back["vi"]) == pytest.approx((d, v))
    there = rec.d_to_r(d, v)
    back = rec.r_to_d(there["yi"], there["vi"])
    assert (back["yi"], back["vi"]) == pytest.approx((d, v))


def test_the_delta_method_matches_the_closed_form():
    found = rec.delta_method(0.3, 0.02, math.tanh)
    assert found["vi"] == pytest.approx(0.02 * (1 - math.tanh(0.3) ** 2) ** 2, rel=1e-10)


def test_units_and_scales():
    assert rec.smd_to_units(-0.5, 0.1, 22.0, unit="mm")["yi"] == -11.0
    turned = rec.rescale_difference(2.0, 0.5, from_range=(0, 10), to_range=(100, 0))
    assert (turned["yi"], turned["se"]) == (-20.0, 5.0)


def test_every_recovered_value_says_how_and_from_where():
    text = str(rec.sd_from_se(1.0, 9))
    assert "derived" in text
    assert "Handbook" in text
    assert rec.sd_from_se(1.0, 9).to_dict()["values"] == {"sd": 3.0}


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: rec.sd_from_se(-1, 9), "above zero"),
        (lambda: rec.sd_from_p(1, 1.2, 9, 9), "probability"),
        (lambda: rec.sd_from_t(0, 2, 9, 9), "no difference"),
        (lambda: rec.mean_sd_from_quantiles(median=3, n=9), "alone"),
        (lambda: rec.mean_sd_from_quantiles(median=3, n=9, q1=4, q3=5), "out of order"),
        (lambda: rec.mean_sd_from_quantiles(median=3, n=9, q1=-1, q3=5, method="BC"), "above zero"),
        (lambda: rec.mean_sd_from_quantiles(median=3, n=9, q1=1, q3=5, method="Hozo"), "range"),
        (lambda: rec.table_from_odds_ratio(2, 50, 60, 10), "below the total"),
        (lambda: rec.table_from_phi(0.99, 100, 50, 10), "does not fit"),
        (lambda: rec.correlation_from_change(1, 1, 9), "fit no correlation"),
        (lambda: rec.effect_from_ci(3, 1, 2), "outside its interval"),
        (lambda: rec.effect_from_p(0, 0.5), "no effect"),
        (lambda: rec.hazard_ratio_from_p(0.02, favours=3), "1 or 2"),
        (lambda: rec.hazard_ratio_from_p(0.02, favours=1), "events"),
        (
            lambda: rec.hazard_ratio_from_curves([0, 1], [1, 0.9], [1, 1.1], at_risk1=[9], at_risk2=[9]),
            "curve",
        ),
        (
            lambda: rec.hazard_ratio_from_curves([0, 1], [1, 1], [1, 1], at_risk1=[9], at_risk2=[9]),
            "no events",
        ),
        (lambda: rec.combine_arms([(5, 1, 1)]), "two arms"),
        (lambda: rec.split_events(9, 5, 2), "more events"),
        (lambda: rec.split_shared_arm(9, 5, 2, 1), "two comparisons"),
        (lambda: rec.change_sd(1, 1, 2), "correlation"),
        (lambda: rec.r_to_d(1, 0.1), "correlation"),
    ],
)
def test_what_cannot_be_recovered_is_refused(call, says):
    with pytest.raises(InputError, match=says):
        call()


def test_rows_are_recovered_one_by_one_and_what_fails_is_named():
    table = {
        "m": [7, 12, 5, None],
        "a": [5, None, 6, 1],
        "b": [9, 13, 4, 3],
        "n": 30,
        "trial": ["A", "B", "C", "D"],
    }
    found = rec.recover_rows(
        rec.mean_sd_from_quantiles, table, median="m", q1="a", q3="b", n="n", study="trial"
    )
    assert found["mean"] == [pytest.approx(7.0), None, None, None]
    assert [note.split(":")[0] for note in found.notes] == ["B", "C", "D"]
    assert found.notes[2] == "D: median missing"
    assert found.tidy()[0]["sd"] == pytest.approx(3.1136808751481677)
    with pytest.raises(InputError, match="no row"):
        rec.recover_rows(rec.sd_from_se, se=[None], n=[3])
    with pytest.raises(InputError, match="different lengths"):
        rec.recover_rows(rec.sd_from_se, se=[1, 2], n=[3, 4, 5])


def test_spreads_follow_the_normal_distribution():
    from needlepoint.stats.distributions import normal_quantile

    iqr = 2 * normal_quantile(0.75) * 6.0
    assert rec.sd_from_iqr(10, 10 + iqr)["sd"] == pytest.approx(6.0)
    assert rec.sd_from_iqr(4, 9, 40)["sd"] == pytest.approx(3.8447, abs=1e-4)
    found = rec.sd_from_range(2, 14, 20)
    assert found["sd"] == pytest.approx(REFERENCE["conv.fivenum"]["value"]["sd"][0], rel=1e-12)
    assert found.notes


def test_wan_means_are_plain_averages():
    assert rec.mean_sd_from_quantiles(low=2, median=6, high=14, n=20, method="Wan")["mean"] == 7.0
    assert rec.mean_sd_from_quantiles(q1=5, median=7, q3=9, n=20, method="Wan")["mean"] == 7.0
    five = rec.mean_sd_from_quantiles(low=2, q1=4, median=6, q3=8, high=14, n=20, method="Wan")
    assert five["mean"] == pytest.approx((2 + 2 * 4 + 2 * 6 + 2 * 8 + 14) / 8)


def test_an_estimate_and_its_error_from_p():
    found = rec.effect_from_p(1.5, 0.01, ratio=True)
    assert found["yi"] == pytest.approx(math.log(1.5))
    assert found["se"] == pytest.approx(math.log(1.5) / 2.5758293035489)
    assert rec.effect_from_p(-2.0, 0.05)["se"] == pytest.approx(2 / 1.959963984540054)
    # a non-inferiority test against a margin of 1.2
    assert rec.effect_from_p(1.0, 0.05, ratio=True, null=1.2)["se"] == pytest.approx(
        math.log(1.2) / 1.959964, rel=1e-6
    )


def test_an_interval_that_is_not_symmetrical_is_told():
    assert not rec.effect_from_ci(2.0, 1.0, 3.0).notes
    assert "off the middle" in rec.effect_from_ci(1.5, 1.0, 3.0).notes[0]
    assert rec.effect_from_ci(None, 1.0, 3.0)["yi"] == 2.0


def test_an_odds_ratio_of_one_gives_the_expected_table():
    assert rec.table_from_odds_ratio(1, 40, 20, 10)["ai"] == 5


def test_margins_that_fit_only_roughly_are_told():
    assert "came out at" in rec.table_from_odds_ratio(5.6, 50, 20, 15).notes[0]


def test_hazard_ratios_use_each_arms_events_when_known():
    found = rec.hazard_ratio_from_p(0.05, favours=2, events1=30, events2=60)
    assert found["vi"] == pytest.approx(1 / 30 + 1 / 60)
    assert found["yi"] == pytest.approx(1.959963984540054 * math.sqrt(1 / 30 + 1 / 60))
    by_arm = rec.hazard_ratio_from_p(0.05, favours=2, events=90, n1=100, n2=200)
    assert by_arm["vi"] == pytest.approx(1 / (90 * 2 / 9))


def test_intervals_without_events_do_not_count():
    times, s = [0, 1, 2, 3], [1, 1, 0.9, 0.8]
    late = rec.hazard_ratio_from_curves(times, s, s, at_risk1=[100], at_risk2=[100])
    early = rec.hazard_ratio_from_curves([1, 2, 3], s[1:], s[1:], at_risk1=[100], at_risk2=[100])
    assert late["vi"] == pytest.approx(early["vi"], rel=1e-4)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"times": [0, 2, 1]}, "must grow"),
        ({"survival2": [1, 0.9]}, "one value a time"),
        ({"at_risk1": [9, 8]}, "numbers at risk"),
    ],
)
def test_curves_must_fit_their_times(change, says):
    good = {"times": [0, 1, 2], "survival1": [1, 0.9, 0.8], "survival2": [1, 0.9, 0.8]}
    good |= {"at_risk1": [90], "at_risk2": [90]} | change
    with pytest.raises(InputError, match=says):
        rec.hazard_ratio_from_curves(good.pop("times"), good.pop("survival1"), good.pop("survival2"), **good)


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: rec.combine_arms([(5, 1, -1), (5, 1, 1)]), "negative sd"),
        (lambda: rec.mean_sd_from_quantiles(median=3, n=2, q1=1, q3=5), "too few"),
        (
            lambda: rec.mean_sd_from_quantiles(median=-3, n=20, q1=-5, q3=1, method="QE").values["nothing"],
            "nothing",
        ),
    ],
)
def test_more_that_cannot_be(call, says):
    with pytest.raises((InputError, KeyError), match=says):
        call()


def test_quantile_estimation_takes_negative_values_as_normal():
    assert "normal" in rec.mean_sd_from_quantiles(median=-3, n=20, q1=-5, q3=1, method="QE").how


def test_studies_may_report_different_quantiles_as_in_metafors_conv_fivenum():
    want = REFERENCE["conv.fivenum"]["value"]
    rows = {
        "low": [2, None, 10],
        "q1": [None, 5, None],
        "median": [6, 7, 12],
        "q3": [None, 9, None],
        "high": [14, None, 30],
    }
    found = rec.recover_rows(rec.mean_sd_from_quantiles, n=[20, 30, 40], study=["A", "B", "C"], **rows)
    assert found["mean"][:2] == pytest.approx(want["mean"][:2], rel=1e-12)
    assert found["sd"][:2] == pytest.approx(want["sd"][:2], rel=1e-12)
    # the third is skewed: metafor gives nothing, here the value comes with the warning
    assert want["mean"][2] is None
    assert found.notes[0].startswith("C: the quantiles are skewed")
    partial = functools.partial(rec.mean_sd_from_quantiles, method="QE")
    assert rec.recover_rows(partial, n=[20, 30, 40], **rows).notes == ()


def test_a_borrowed_sd_is_the_pooled_one():
    found = rec.sd_from_others([10, 12, 11], [50, 30, 20])
    squares = 49 * 100 + 29 * 144 + 19 * 121
    assert found["sd"] == pytest.approx(math.sqrt(squares / 97))
    assert "borrowed" in found.notes[0]
    with pytest.raises(InputError, match="one size"):
        rec.sd_from_others([10, 12], [50])
    with pytest.raises(InputError, match="above zero"):
        rec.sd_from_others([10, -12], [50, 50])


def test_a_cluster_trial_is_worth_less():
    # Cochrane Handbook 23.1.4: 63 of 295 pupils in classes of 29.8, ICC 0.02: design effect 1.576, 40.0 of 187.2
    found = rec.effective_sample_size(295, cluster_size=29.8, icc=0.02, events=63)
    assert found["design_effect"] == pytest.approx(1.576)
    assert found["n"] == pytest.approx(187.2, abs=0.05)
    assert found["events"] == pytest.approx(40.0, abs=0.05)
    assert rec.effective_sample_size(50, cluster_size=1, icc=0.3)["n"] == 50
    with pytest.raises(InputError, match="intracluster"):
        rec.effective_sample_size(50, cluster_size=5, icc=1.3)
    with pytest.raises(InputError, match="member"):
        rec.effective_sample_size(50, cluster_size=0.5, icc=0.3)
