"""Beta-binomial models: scipy's distribution maximised otherwise, closed forms, invariances, limits."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from needlepoint.errors import ConvergenceError, InputError
from needlepoint.pooling.counts.beta_binomial import beta_binomial
from needlepoint.pooling.counts.beta_binomial_likelihood import derivatives, tally
from needlepoint.stats.distributions import chi2_quantile
from pooling.count_cases import SPARSE

WITH_EMPTY = {"ai": [0, 1, 3, 0], "n1i": [50, 60, 80, 40], "ci": [2, 0, 9, 0], "n2i": [50, 60, 80, 40]}


def expit(eta):
    return 1 / (1 + math.exp(-eta))


def negative(table, p1, p2, rho):
    """Minus the log-likelihood by scipy's beta-binomial distribution."""
    from scipy.stats import betabinom

    total, size = 0.0, 1 / rho - 1
    for x, n, p in ((table["ai"], table["n1i"], p1), (table["ci"], table["n2i"], p2)):
        total -= betabinom.logpmf(x, n, p * size, (1 - p) * size).sum()
    return total


def maximum(function, start):
    from scipy.optimize import minimize

    options = {"xatol": 1e-9, "fatol": 1e-12, "maxiter": 10_000}
    return minimize(function, start, method="Nelder-Mead", options=options)


@pytest.mark.parametrize("table", [SPARSE, WITH_EMPTY], ids=["sparse", "with empty studies"])
def test_agrees_with_scipys_distribution_maximised_otherwise(table):
    res = beta_binomial(table, **{c: c for c in table})
    found = maximum(lambda v: negative(table, expit(v[0]), expit(v[1]), expit(v[2])), [-3, -3, -3])
    assert res.log_likelihood == pytest.approx(-found.fun, abs=1e-8)
    assert res.estimate == pytest.approx(found.x[0] - found.x[1], abs=1e-6)
    assert res.rho == pytest.approx(expit(found.x[2]), rel=1e-5)
    assert (res.risk1, res.risk2) == pytest.approx((expit(found.x[0]), expit(found.x[1])), rel=1e-5)


@pytest.mark.parametrize("measure", ["OR", "RR", "RD"])
def test_the_ends_of_the_interval_lie_where_the_profile_says(measure):
    res = beta_binomial(SPARSE, measure=measure, **{c: c for c in SPARSE})
    first = {
        "OR": lambda effect, p: expit(math.log(p / (1 - p)) + effect),
        "RR": lambda effect, p: math.exp(effect) * p,
        "RD": lambda effect, p: p + effect,
    }[measure]

    def profile(effect):
        def function(v):
            p1 = first(effect, expit(v[0]))
            return negative(SPARSE, p1, expit(v[0]), expit(v[1])) if 0 < p1 < 1 else 1e10

        return -maximum(function, [-3.5, -3.5]).fun

    for end in (res.ci_low, res.ci_high):
        assert 2 * (res.log_likelihood - profile(end)) == pytest.approx(chi2_quantile(0.95, 1), abs=1e-5)
    assert res.statistic**2 == pytest.approx(2 * (res.log_likelihood - profile(0.0)), abs=1e-6)


def test_long_sums_are_exact():
    x, n = np.array([700.0, 31.0, 5000.0]), np.array([90_000.0, 2000.0, 60_000.0])
    mu, theta = 0.03, 0.02
    total = 0.0
    for events, size in zip(x, n, strict=True):
        total += (
            np.log(mu + np.arange(events) * theta).sum()
            + np.log(1 - mu + np.arange(size - events) * theta).sum()
        )
        total -= np.log1p(np.arange(size) * theta).sum()
    found = derivatives([tally(x, n)], np.array([mu]), theta)
    assert found.value == pytest.approx(total, rel=1e-13)


def test_derivatives_agree_with_differences():
    groups = [tally(np.array([3.0, 0.0, 40.0]), np.array([50.0, 70.0, 900.0]))]
    here = derivatives(groups, np.array([0.04]), 0.03)
    h = 1e-6
    right, left = (
        derivatives(groups, np.array([0.04 + h]), 0.03),
        derivatives(groups, np.array([0.04 - h]), 0.03),
    )
    up, down = (
        derivatives(groups, np.array([0.04]), 0.03 + h),
        derivatives(groups, np.array([0.04]), 0.03 - h),
    )
    assert here.gradient == pytest.approx(
        [(right.value - left.value) / 2 / h, (up.value - down.value) / 2 / h], rel=1e-5
    )
    assert here.hessian[0] == pytest.approx((right.gradient - left.gradient) / 2 / h, rel=1e-5)
    assert here.hessian[1] == pytest.approx((up.gradient - down.gradient) / 2 / h, rel=1e-5)


def test_arms_that_vary_no_more_than_chance_are_one_table():
    res = beta_binomial(ai=[5, 5, 5], n1i=[50, 50, 50], ci=[10, 10, 10], n2i=[50, 50, 50], interval="wald")
    assert res.rho == 0.0
    assert res.estimate == pytest.approx(math.log(15 * 120 / (135 * 30)), abs=1e-9)
    assert res.se == pytest.approx(math.sqrt(1 / 15 + 1 / 135 + 1 / 30 + 1 / 120), abs=1e-9)
    assert (res.q, res.q_p) == (0.0, 1.0)


def test_measures_share_one_likelihood_and_one_test():
    fits = [beta_binomial(SPARSE, measure=m, **{c: c for c in SPARSE}) for m in ("OR", "RR", "RD")]
    assert len({round(fit.log_likelihood, 8) for fit in fits}) == 1
    assert [fit.p_value for fit in fits] == pytest.approx([fits[0].p_value] * 3, abs=1e-7)
    assert fits[1].estimate == pytest.approx(math.log(fits[0].risk1 / fits[0].risk2), abs=1e-8)
    assert fits[2].estimate == pytest.approx(fits[0].risk1 - fits[0].risk2, abs=1e-10)


def test_a_single_proportion_is_on_the_logit_scale():
    res = beta_binomial(measure="PLO", xi=[3, 0, 5, 1], ni=[20, 15, 40, 22])
    assert res.estimate == pytest.approx(math.log(res.risk1 / (1 - res.risk1)))
    assert res.ci_low < res.estimate < res.ci_high < 0
    assert res.risk2 is None


tables = st.lists(
    st.tuples(st.integers(0, 9), st.integers(10, 40), st.integers(0, 9), st.integers(10, 40)),
    min_size=2,
    max_size=5,
).filter(lambda rows: min(sum(r[0] for r in rows), sum(r[2] for r in rows)) > 0)


def cells(rows, order=(0, 1, 2, 3)):
    columns = np.array(rows, dtype=float).T[list(order)]
    return dict(zip(("ai", "bi", "ci", "di"), columns, strict=True))


@settings(deadline=None, max_examples=15)
@given(tables, st.sampled_from(["OR", "RR", "RD"]))
def test_swapping_the_groups_mirrors_everything(rows, measure):
    one = beta_binomial(**cells(rows), measure=measure)
    other = beta_binomial(**cells(rows, (2, 3, 0, 1)), measure=measure)
    assert other.estimate == pytest.approx(-one.estimate, abs=1e-5)
    assert (other.ci_low, other.ci_high) == pytest.approx((-one.ci_high, -one.ci_low), abs=1e-4)


@settings(deadline=None, max_examples=15)
@given(tables)
def test_swapping_events_and_non_events_flips_the_odds_ratio(rows):
    one, other = (
        beta_binomial(**cells(rows, order), interval="wald") for order in ((0, 1, 2, 3), (1, 0, 3, 2))
    )
    assert (other.estimate, other.se) == pytest.approx((-one.estimate, one.se), abs=1e-5)


@settings(deadline=None, max_examples=15)
@given(tables)
def test_every_study_twice_halves_the_variance(rows):
    one, two = (beta_binomial(**cells(r), interval="wald") for r in (rows, rows * 2))
    assert (two.estimate, two.se**2) == pytest.approx((one.estimate, one.se**2 / 2), rel=1e-4, abs=1e-6)


def test_studies_without_events_count_and_unequal_groups_are_told():
    res = beta_binomial(WITH_EMPTY, **{c: c for c in WITH_EMPTY})
    fewer = {c: v[:3] for c, v in WITH_EMPTY.items()}
    assert res.k == 4
    assert res.risk1 < beta_binomial(fewer, **{c: c for c in fewer}).risk1
    assert any("kept: 4" in note for note in res.notes)
    assert any("size ratio" in note for note in beta_binomial(SPARSE, **{c: c for c in SPARSE}).notes)


def test_a_group_without_events_and_parts_of_people_are_refused():
    with pytest.raises(ConvergenceError, match="penalised_logistic"):
        beta_binomial(ai=[0, 0], n1i=[50, 60], ci=[3, 2], n2i=[50, 60])
    with pytest.raises(InputError, match="whole numbers"):
        beta_binomial(ai=[0.5, 1], n1i=[50, 60], ci=[3, 2], n2i=[50, 60])
