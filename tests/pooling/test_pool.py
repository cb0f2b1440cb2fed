"""``pool``: invariances of the model, edge cases, refusals."""

from __future__ import annotations

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from needlepoint import EffectSizes, InputError, NotEnoughStudies, pool
from needlepoint.pooling.heterogeneity.tau2 import TAU2

ITERATED = ["DL", "HE", "SJ", "ML", "REML", "PM"]
SETTINGS = settings(deadline=None, max_examples=25)


@st.composite
def effects(draw, least=3, most=12):
    k = draw(st.integers(least, most))
    number = st.floats(-3, 3, allow_nan=False).map(lambda x: round(x, 3))
    yi = draw(st.lists(number, min_size=k, max_size=k))
    vi = draw(st.lists(st.floats(0.01, 2).map(lambda x: round(x, 3)), min_size=k, max_size=k))
    return np.array(yi), np.array(vi)


@SETTINGS
@given(effects(), st.floats(-50, 50), st.sampled_from(ITERATED))
def test_shifting_every_study_shifts_only_the_estimate(data, shift, method):
    yi, vi = data
    a, b = pool(yi=yi, vi=vi, method=method), pool(yi=yi + shift, vi=vi, method=method)
    assert b.estimate - shift == pytest.approx(a.estimate, abs=1e-9)
    assert b.se == pytest.approx(a.se, rel=1e-7)
    assert b.tau2 == pytest.approx(a.tau2, rel=1e-7, abs=1e-9)


@SETTINGS
@given(effects(), st.floats(0.01, 100), st.sampled_from(ITERATED))
def test_changing_the_unit_scales_everything_with_it(data, unit, method):
    yi, vi = data
    a, b = pool(yi=yi, vi=vi, method=method), pool(yi=unit * yi, vi=unit**2 * vi, method=method)
    assert b.estimate / unit == pytest.approx(a.estimate, abs=1e-9)
    assert b.tau2 / unit**2 == pytest.approx(a.tau2, rel=1e-7, abs=1e-9)
    assert b.i2 == pytest.approx(a.i2, abs=1e-7)
    assert b.p_value == pytest.approx(a.p_value, rel=1e-6)


@SETTINGS
@given(effects(), st.sampled_from(ITERATED))
def test_changing_the_sign_mirrors_the_interval(data, method):
    yi, vi = data
    a, b = pool(yi=yi, vi=vi, method=method), pool(yi=-yi, vi=vi, method=method)
    assert (b.estimate, b.ci_low, b.ci_high) == pytest.approx((-a.estimate, -a.ci_high, -a.ci_low), abs=1e-9)


@SETTINGS
@given(effects(), st.randoms(use_true_random=False), st.sampled_from(ITERATED))
def test_the_order_of_studies_does_not_matter(data, random, method):
    yi, vi = data
    order = list(range(len(yi)))
    random.shuffle(order)
    a, b = pool(yi=yi, vi=vi, method=method), pool(yi=yi[order], vi=vi[order], method=method)
    assert b.estimate == pytest.approx(a.estimate, abs=1e-9)
    assert b.tau2 == pytest.approx(a.tau2, rel=1e-7, abs=1e-9)


@SETTINGS
@given(effects())
def test_every_study_twice_halves_the_equal_effects_variance(data):
    yi, vi = data
    a = pool(yi=yi, vi=vi, method="EE", test="z")
    b = pool(yi=np.tile(yi, 2), vi=np.tile(vi, 2), method="EE", test="z")
    assert b.estimate == pytest.approx(a.estimate, abs=1e-12)
    assert b.se**2 == pytest.approx(a.se**2 / 2)


@SETTINGS
@given(effects())
def test_a_study_without_information_changes_nothing(data):
    yi, vi = data
    a = pool(yi=yi, vi=vi, method="EE", test="z")
    b = pool(yi=np.append(yi, 9.0), vi=np.append(vi, 1e14), method="EE", test="z")
    assert b.estimate == pytest.approx(a.estimate, abs=1e-9)


@pytest.mark.parametrize("method", sorted(TAU2))
def test_every_estimator_of_tau2_is_finite_and_not_negative(method):
    yi, vi = [0.1, 0.6, -0.2, 0.9, 0.4], [0.02, 0.1, 0.05, 0.2, 0.01]
    result = pool(yi=yi, vi=vi, method=method, weights=[1, 2, 3, 4, 5])
    assert 0.0 <= result.tau2 < np.inf
    assert result.ci_low < result.estimate < result.ci_high


@pytest.mark.parametrize("method", ["REML", "ML", "PM", "DL"])
def test_homogeneous_studies_give_no_heterogeneity(method):
    result = pool(yi=[0.3, 0.3, 0.3], vi=[0.1, 0.2, 0.3], method=method)
    assert (result.tau2, result.i2, result.q) == pytest.approx((0, 0, 0), abs=1e-15)


def test_one_study_keeps_its_own_normal_interval_and_says_so():
    result = pool(yi=[0.5], vi=[0.04])
    assert (result.ci_low, result.ci_high) == pytest.approx((0.5 - 0.2 * 1.959963984540054, 0.891992796908))
    assert "one study" in result.notes[0]
    assert result.pi_low is None


def test_two_studies_give_an_interval_but_no_prediction():
    result = pool(yi=[0.5, 0.1], vi=[0.04, 0.09])
    assert result.df == 1
    assert result.pi_low is None


def test_a_missing_estimate_is_named_in_the_notes():
    result = pool(yi=[0.5, None, 0.1], vi=[0.04, 0.09, 0.1], study=["a", "b", "c"])
    assert result.k == 2
    assert "b" in result.notes[0]


@pytest.mark.parametrize("variance", [0.0, -1.0, float("inf")])
def test_an_impossible_variance_is_refused_with_the_study(variance):
    with pytest.raises(InputError, match="study: b"):
        pool(yi=[0.5, 0.2], vi=[0.04, variance], study=["a", "b"])


def test_a_redundant_moderator_is_named():
    x = np.array([1.0, 2.0, 3.0, 4.0, 6.0])
    result = pool(yi=x**2, vi=np.ones(5), mods={"x": x, "twice": 2 * x})
    assert [c.term for c in result.coefficients] == ["intercept", "x"]
    assert "twice" in result.notes[0]


def test_more_coefficients_than_studies_are_refused():
    with pytest.raises(NotEnoughStudies):
        pool(yi=[0.1, 0.2], vi=[1, 1], mods=[1, 2])


def test_a_hundred_thousand_studies_are_pooled_without_square_matrices():
    rng = np.random.default_rng(3)
    vi = rng.uniform(0.01, 1, 100_000)
    yi = rng.normal(0.3, np.sqrt(vi + 0.2))
    result = pool(yi=yi, vi=vi)
    assert result.tau2 == pytest.approx(0.2, rel=0.05)
    assert result.estimate == pytest.approx(0.3, abs=0.02)


def test_text_and_html_show_the_estimate_and_escape_labels():
    result = pool(yi=[1, 2, 4.0], vi=[1, 1, 1.0], mods={"<b>": [1, 2, 4]})
    assert "F(1, 1)" in str(result)
    assert "&lt;b&gt;" in result._repr_html_()


@pytest.mark.parametrize("values", [[0.3, 0.3, 0.3], [0.0, 0.0, 0.0]])
def test_estimates_that_agree_exactly_have_a_note_instead_of_a_crash(values):
    result = pool(yi=values, vi=[0.1, 0.1, 0.1], test="HKSJ")
    assert "no width" in result.notes[0]
    assert 0.0 <= result.p_value <= 1.0


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"yi": [1e95, 1.0]}, "another unit"),
        ({"vi": [1e-300, 1.0]}, "another unit"),
        ({"vi": [0.1] * 3}, "one sampling variance a study"),
        ({"vi": None}, "variances are missing"),
        ({"sei": [1, 1]}, "not both"),
        ({"level": 95}, "level=0.95"),
        ({"method": "reml"}, "did you mean 'REML'"),
        ({"tau2": -1.0}, "not negative"),
        ({"weights": [0, 0]}, "above zero"),
        ({"weights": [1, -1]}, "not negative"),
        ({"weights": [1, 0], "method": "GENQ"}, "more than 1 above zero"),
        ({"weights": [1]}, "one weight a study"),
        ({"study": ["a"]}, "one label a study"),
        ({"intercept": False}, "intercept is needed"),
        ({"mods": [1, 2, 3]}, "one row a study"),
        ({"yi": [None, None]}, "no study has an estimate"),
    ],
)
def test_what_cannot_be_used_is_refused_in_words(options, match):
    with pytest.raises(InputError, match=match):
        pool(**({"yi": [0.1, 0.2], "vi": [0.1, 0.1]} | options))


@pytest.mark.parametrize("frame", [dict, pd.DataFrame, pl.DataFrame])
def test_a_frame_is_read_by_its_columns(frame):
    by_frame = pool(
        frame({"yi": [0.1, 0.4, 0.2], "sei": [0.1, 0.2, 0.3], "who": ["a", "b", "c"]}), study="who"
    )
    assert by_frame.study == ("a", "b", "c")
    assert by_frame.estimate == pool(yi=[0.1, 0.4, 0.2], sei=[0.1, 0.2, 0.3]).estimate


def test_effect_sizes_bring_their_measure_labels_and_notes():
    effects = EffectSizes(
        measure="SMD",
        yi=np.array([0.1, 0.4]),
        vi=np.array([0.1, 0.2]),
        study=("a", "b"),
        ni=np.array([20.0, 30.0]),
        notes=("mind this",),
    )
    result = pool(effects)
    assert (result.measure, result.study, result.notes) == ("SMD", ("a", "b"), ("mind this",))


def test_the_digest_changes_with_the_data_and_the_options():
    digests = {
        pool(yi=y, vi=[0.1, 0.2], test=t).input_digest for y in ([0.1, 0.2], [0.1, 0.3]) for t in ("z", "t")
    }
    assert len(digests) == 4


def test_keys_are_the_words_of_the_house():
    keys = set(pool(yi=[0.1, 0.4, 0.3], vi=[0.1, 0.2, 0.3]).to_dict())
    assert {
        "estimate",
        "se",
        "ci_low",
        "ci_high",
        "pi_low",
        "pi_high",
        "tau2",
        "q",
        "q_df",
        "q_p",
        "i2",
        "h2",
        "k",
    } <= keys
    assert not keys & {"yi", "vi", "X", "weights"}


def test_a_misspelt_column_is_answered_with_the_one_that_was_meant():
    with pytest.raises(InputError, match=r"there is no column 'varience'.*did you mean 'variance'"):
        pool({"yi": [0.1, 0.2], "variance": [0.1, 0.1]}, vi="varience")
