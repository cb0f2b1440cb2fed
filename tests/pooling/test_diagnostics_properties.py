"""What must hold of every diagnostic, whatever the data."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.stats import ncx2, norm

from needlepoint import (
    InputError,
    NotEnoughStudies,
    baujat,
    cumulative,
    effect_sizes,
    forward_search,
    gosh,
    influence,
    influence_line,
    leave_one_out,
    mantel_haenszel,
    pool,
    power,
    power_heterogeneity,
    power_moderator,
    random_effects,
    simulate,
    small_study_line,
    studies_needed,
    subgroups,
)


@st.composite
def studies(draw, least=4, most=9):
    k = draw(st.integers(least, most))
    yi = np.array(draw(st.lists(st.floats(-2, 2).map(lambda x: round(x, 3)), min_size=k, max_size=k)))
    vi = np.array(draw(st.lists(st.floats(0.02, 1), min_size=k, max_size=k)))
    assume(len(set(yi)) > 2)
    return yi, vi


METHODS = st.sampled_from(["EE", "DL", "PM", "REML", "ML"])
TESTS = st.sampled_from(["z", "HKSJ-adhoc"])


@given(studies(), METHODS, TESTS)
@settings(deadline=None, max_examples=25)
def test_leave_one_out_equals_pooling_the_others(data, method, test):
    yi, vi = data
    series = leave_one_out(pool(yi=yi, vi=vi, method=method, test=test))
    for i, row in enumerate(series.rows):
        alone = pool(yi=np.delete(yi, i), vi=np.delete(vi, i), method=method, test=test)
        assert (row.estimate, row.ci_low, row.tau2) == (alone.estimate, alone.ci_low, alone.tau2)


@given(studies(), METHODS)
@settings(deadline=None, max_examples=20)
def test_the_last_cumulative_step_is_the_whole(data, method):
    yi, vi = data
    whole = pool(yi=yi, vi=vi, method=method)
    last = cumulative(whole, order=-vi).rows[-1]
    assert last.k == len(yi)
    assert last.estimate == pytest.approx(whole.estimate, abs=1e-8)


@given(studies(), METHODS, st.floats(-3, 3), st.floats(0.3, 3))
@settings(deadline=None, max_examples=20)
def test_influence_does_not_depend_on_origin_or_unit(data, method, shift, unit):
    yi, vi = data
    one = influence(pool(yi=yi, vi=vi, method=method, test="z"))
    other = influence(pool(yi=shift + unit * yi, vi=unit**2 * vi, method=method, test="z"))
    for name in ("studentized", "dffits", "cook", "covariance_ratio", "hat"):
        assert getattr(other, name) == pytest.approx(getattr(one, name), rel=1e-4, abs=1e-5)


@given(studies(), METHODS)
@settings(deadline=None, max_examples=20)
def test_predicted_effects_lie_between_the_study_and_the_mean(data, method):
    yi, vi = data
    fit = pool(yi=yi, vi=vi, method=method)
    found = random_effects(fit, with_mean=True).prediction
    low, high = np.minimum(yi, fit.estimate), np.maximum(yi, fit.estimate)
    assert np.all((found >= low - 1e-12) & (found <= high + 1e-12))
    assert found - fit.estimate == pytest.approx(random_effects(fit).prediction, abs=1e-12)


@given(studies(least=3, most=7), METHODS)
@settings(deadline=None, max_examples=15)
def test_every_subset_of_gosh_equals_pooling_it(data, method):
    yi, vi = data
    found = gosh(pool(yi=yi, vi=vi, method=method, test="z"))
    assert found.subsets == 2 ** len(yi) - 1
    for n in np.linspace(0, found.subsets - 1, 12).astype(int):
        inside = found.included[n]
        alone = pool(yi=yi[inside], vi=vi[inside], method=method, test="z")
        assert found.estimate[n, 0] == pytest.approx(alone.estimate, abs=1e-7)
        assert found.tau2[n] == pytest.approx(alone.tau2, abs=1e-7)
        assert found.q[n] == pytest.approx(alone.q, abs=1e-8)
        assert found.i2[n] == pytest.approx(alone.i2, abs=1e-6)


def test_gosh_with_moderators_and_by_sampling():
    rng = np.random.default_rng(1)
    yi, vi, x = rng.normal(size=9), rng.uniform(0.05, 0.5, 9), np.arange(9.0)
    fit = pool(yi=yi, vi=vi, mods=x, method="DL", test="z")
    whole, some = gosh(fit), gosh(fit, draws=50, seed=3)
    assert (whole.complete, some.complete, some.subsets) == (True, False, 50)
    assert whole.estimate[-1] == pytest.approx(fit.beta)
    again = gosh(fit, draws=50, seed=3)
    assert np.array_equal(again.estimate, some.estimate)
    seen: list[tuple[int, int]] = []
    gosh(fit, progress=lambda done, total: seen.append((done, total)))
    assert seen[-1] == (whole.subsets, whole.subsets)


@given(studies())
@settings(deadline=None, max_examples=15)
def test_the_order_of_studies_does_not_matter(data):
    yi, vi = data
    one, other = baujat(yi, vi), baujat(yi[::-1], vi[::-1])
    assert other.influence[::-1] == pytest.approx(one.influence, rel=1e-5, abs=1e-8)


def test_the_outlier_enters_a_forward_search_last_and_raises_the_outside_residual():
    yi, vi = np.array([0.1, 0.2, 0.15, 0.12, 0.22, 3.0, 0.18]), np.full(7, 0.02)
    found = forward_search(yi, vi)
    assert found.entered[-1] == "6"
    assert found.size.tolist() == [3, 4, 5, 6, 7]
    assert found.outside[-2] == max(found.outside[:-1])
    assert found.tau2[-1] > found.tau2[-2]


@given(studies(least=6))
@settings(deadline=None, max_examples=15)
def test_subgroups_of_one_tau2_are_the_meta_regression_on_the_group(data):
    yi, vi = data
    by = ["a" if i % 2 else "b" for i in range(len(yi))]
    x = np.array([float(b == "a") for b in by])
    found = subgroups(pool(yi=yi, vi=vi, method="DL", test="z"), by=by, common_tau2=True)
    regression = pool(yi=yi, vi=vi, mods=x, method="DL", test="z")
    assert found.q_between == pytest.approx(regression.qm, abs=1e-7)
    assert {g.group for g in found.groups} == {"a", "b"}
    apart = subgroups(pool(yi=yi, vi=vi, method="DL", test="z"), by=by)
    inside = np.array(by) == "a"
    alone = pool(yi=yi[inside], vi=vi[inside], method="DL", test="z")
    assert next(g for g in apart.groups if g.group == "a").estimate == alone.estimate


def test_simulated_studies_have_the_models_moments():
    fit = pool(yi=[0.1, 0.5, 0.9], vi=[0.1, 0.2, 0.3], tau2=0.2)
    draws = simulate(fit, draws=40_000, seed=5)
    assert draws.mean(axis=0) == pytest.approx([fit.estimate] * 3, abs=0.02)
    assert draws.var(axis=0) == pytest.approx(fit.vi + 0.2, rel=0.04)
    assert np.array_equal(draws, simulate(fit, draws=40_000, seed=5))


def test_power_equals_its_definition():
    vi = np.array([0.05, 0.1, 0.2])
    shift = 0.3 * np.sqrt((1 / (vi + 0.01)).sum())
    assert power(0.3, vi, tau2=0.01) == pytest.approx(
        norm.sf(1.959963985 - shift) + norm.cdf(-1.959963985 - shift)
    )
    assert power(0.0, vi) == pytest.approx(0.05)
    n = studies_needed(0.15, 0.08, tau2=0.03, power=0.9)
    assert power(0.15, 0.08, k=n, tau2=0.03) >= 0.9 > power(0.15, 0.08, k=n - 1, tau2=0.03)
    weights = np.array([10, 6]) / (0.05 + 0.02)
    centre = weights @ [0.2, 0.5] / weights.sum()
    shift = weights @ (np.array([0.2, 0.5]) - centre) ** 2
    assert power_moderator([0.2, 0.5], 0.05, k=[10, 6], tau2=0.02) == pytest.approx(
        ncx2.sf(3.841458821, 1, shift)
    )


def test_power_of_q_equals_simulation():
    vi = np.array([0.02, 0.05, 0.1, 0.2, 0.3])
    assert power_heterogeneity(vi, tau2=0.0) == pytest.approx(0.05, abs=1e-9)
    rng = np.random.default_rng(2)
    y = rng.normal(scale=np.sqrt(vi + 0.1), size=(100_000, 5))
    centre = (y / vi).sum(1) / (1 / vi).sum()
    found = ((y - centre[:, None]) ** 2 / vi).sum(1) > 9.487729036781154
    assert power_heterogeneity(vi, tau2=0.1) == pytest.approx(found.mean(), abs=0.006)


def test_lines_for_reports_carry_their_numbers():
    fit = pool(yi=[0.1, 0.3, 0.2, 0.6, 0.4], vi=[0.01, 0.03, 0.02, 0.09, 0.05])
    assert influence_line(fit).startswith("Leaving out any one study moves the estimate between ")
    assert "k = 5" in small_study_line(fit)
    assert "cannot be examined" in influence_line(pool(yi=[0.1, 0.2], vi=[0.1, 0.1]))
    assert "cannot be examined" in small_study_line(pool(yi=[0.1, 0.2], vi=[0.1, 0.1]))


def test_series_take_effect_sizes_with_their_counts():
    table = {
        "ai": [4, 6, 3, 62],
        "n1i": [123, 306, 231, 13598],
        "ci": [11, 29, 11, 248],
        "n2i": [139, 303, 220, 12867],
    }
    es = effect_sizes(table, measure="OR", ai="ai", n1i="n1i", ci="ci", n2i="n2i")
    series = leave_one_out(es, estimator=lambda rows: mantel_haenszel(rows, measure="OR"))
    direct = mantel_haenszel(
        {k: v[1:] for k, v in table.items()}, measure="OR", ai="ai", n1i="n1i", ci="ci", n2i="n2i"
    )
    assert series.rows[0].estimate == pytest.approx(direct.estimate, abs=1e-12)


def test_refusals_say_what_is_needed():
    with pytest.raises(NotEnoughStudies):
        leave_one_out([0.1], [0.1])
    with pytest.raises(NotEnoughStudies):
        forward_search([0.1, 0.2, 0.3], [0.1] * 3)
    with pytest.raises(InputError, match="two groups"):
        subgroups([0.1, 0.2], [0.1, 0.1], by=["a", "a"])
    with pytest.raises(InputError, match="no group"):
        subgroups([0.1, 0.2], [0.1, 0.1], by=["a", None])
    with pytest.raises(InputError, match=r"draws is a whole number.*allowed: 1 or more"):
        simulate([0.1, 0.2], [0.1, 0.1], draws=0)
    with pytest.raises(InputError, match="typical variance"):
        power(0.2, [0.1, 0.2], k=3)
    with pytest.raises(InputError, match="one value a study"):
        cumulative([0.1, 0.2], [0.1, 0.1], order=[1, 2, 3])
    with pytest.raises(NotEnoughStudies):
        power_heterogeneity(0.1, k=1, tau2=0.1)
