"""Permutation tests: the oracle's exact p-values, and one by one against the scalar fit."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import numpy as np
import pytest

from needlepoint import InputError, permutation_test, pool
from needlepoint.pooling.heterogeneity.tau2 import TAU2
from needlepoint.pooling.resampling.batch import fit_batch

RNG = np.random.default_rng(4)
YI, VI, X = RNG.normal(0.2, 0.4, 9), RNG.uniform(0.01, 0.3, 9), RNG.normal(size=(9, 2))
# exact two-sided p-values of metafor 5.1-12, permutest(rma(yi, vi), exact = TRUE)
EXACT = {
    "dat.bcg": 0.00146484375,
    "dat.hart1999": 0.03125,
    "dat.hine1989": 0.0625,
    "dat.meeker2017": 0.001953125,
    "dat.nielweise2008": 0.07421875,
    "dat.normand1999": 0.13671875,
}
with gzip.open(Path(__file__).parent.parent / "reference" / "pooling" / "cases.json.gz") as stream:
    DATA = {c["dataset"]: c["data"] for c in json.load(stream)["sets"]}


@pytest.mark.parametrize("method", sorted(TAU2))
@pytest.mark.parametrize("moderators", [0, 2])
def test_fitting_together_equals_fitting_one_by_one(method, moderators):
    rng = np.random.default_rng(7)
    design = np.column_stack([np.ones(9), X[:, :moderators]])
    weights = rng.uniform(1, 2, 9) if method in {"GENQ", "GENQM"} else None
    Y = rng.normal(0, 0.5, (30, 9))
    together = fit_batch(Y, VI, design, method, weights=weights)
    for i, y in enumerate(Y):
        alone = pool(yi=y, vi=VI, method=method, test="z", mods=design, intercept=False, weights=weights)
        assert together.tau2[i] == pytest.approx(alone.tau2, rel=1e-9, abs=1e-11)
        assert together.beta[i] == pytest.approx(alone.beta, abs=1e-10)
        assert together.vb[i] == pytest.approx(alone.vb, abs=1e-10)


@pytest.mark.parametrize("method", ["ML", "REML"])
def test_of_several_maxima_the_highest_is_taken(method):
    """Three studies whose likelihood has two, in the company of others."""
    yi, vi = np.array([0.117, 0.081, 1.013]), np.array([0.00097, 0.00688, 0.11094])
    Y = np.array([yi, yi[::-1], 0.5 * yi, [0.0, 0.0, 0.0], 3.0 * yi])
    together = fit_batch(Y, vi, np.ones((3, 1)), method)
    alone = [pool(yi=y, vi=vi, method=method, test="z").tau2 for y in Y]
    assert together.tau2 == pytest.approx(alone, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("dataset", sorted(EXACT))
def test_exact_p_values_equal_the_oracle(dataset):
    data = DATA[dataset]
    result = permutation_test(pool(yi=data["yi"], vi=data["vi"], test="z"), draws="exact")
    assert result.exact
    assert result.p_value[0] == EXACT[dataset]
    assert result.qm_p == EXACT[dataset]


def test_few_permutations_are_listed_without_being_asked():
    assert permutation_test(pool(yi=YI, vi=VI), draws=600).draws == 512


def test_a_factor_has_as_many_orders_as_distinct_assignments():
    group = [0, 0, 0, 0, 0, 1, 1, 1, 1]
    result = permutation_test(pool(yi=YI, vi=VI, mods=group), draws="exact")
    assert result.draws == 126


def test_sampled_and_exact_p_values_agree():
    fit = pool(yi=YI[:7], vi=VI[:7], mods=X[:7, 0])
    exact, sampled = permutation_test(fit, draws="exact"), permutation_test(fit, draws=4000)
    assert sampled.p_value[1] == pytest.approx(exact.p_value[1], abs=0.03)


def test_the_same_seed_gives_the_same_answer():
    fit = pool(yi=YI, vi=VI, mods=X)
    assert permutation_test(fit, seed=3) == permutation_test(fit, seed=3)


def test_the_interval_holds_the_estimate_and_its_ends_have_the_right_p_value():
    fit = pool(yi=YI, vi=VI, method="DL", test="z")
    result = permutation_test(fit, draws="exact", interval=True)
    assert result.ci_low < fit.estimate < result.ci_high
    outside = permutation_test(
        pool(yi=YI - result.ci_high - 1e-3, vi=VI, method="DL", test="z"), draws="exact"
    )
    inside = permutation_test(
        pool(yi=YI - result.ci_high + 1e-3, vi=VI, method="DL", test="z"), draws="exact"
    )
    assert outside.p_value[0] <= 0.05 < inside.p_value[0]


def test_too_many_permutations_are_refused():
    many = np.linspace(-1, 1, 30)
    with pytest.raises(InputError, match="too many permutations"):
        permutation_test(pool(yi=many, vi=np.ones(30)), draws="exact")
    with pytest.raises(InputError, match="no permutation form"):
        permutation_test(pool(yi=many, vi=np.ones(30), test="KR"))
