"""Meta-regression: formulas, predictions at new data, contrasts, likelihood ratios, collinearity."""

from __future__ import annotations

import numpy as np
import pandas as pd
import polars as pl
import pytest

from needlepoint import InputError, contrast, likelihood_ratio_test, pool, predict, variance_inflation

RNG = np.random.default_rng(12)
K = 24
DATA = {
    "yi": RNG.normal(0.3, 0.4, K),
    "vi": RNG.uniform(0.02, 0.2, K),
    "year": RNG.integers(1980, 2020, K).astype(float),
    "dose": RNG.uniform(0, 10, K),
    "alloc": ["random", "alternate", "systematic"] * 8,
    "trial": [f"t{i}" for i in range(K)],
}


@pytest.mark.parametrize("make", [dict, pd.DataFrame, pl.DataFrame])
@pytest.mark.parametrize(
    "mods", ["~ year", "~ year + C(alloc)", "~ year * alloc", "~ bs(dose, df=4)", "~ log(dose)"]
)
def test_formulas_give_the_same_model_on_every_frame(make, mods):
    reference = pool(yi="yi", vi="vi", data=DATA, mods=mods)
    got = pool(make(DATA), mods=mods, study="trial")
    assert got.beta == pytest.approx(reference.beta, rel=1e-12)
    assert got.study[0] == "t0"


def test_a_sum_of_numeric_columns_equals_its_matrix():
    formula = pool(DATA, mods="~ year + dose")
    names = pool(DATA, mods=["year", "dose"])
    matrix = pool(DATA, mods=np.column_stack([DATA["year"], DATA["dose"]]))
    assert formula.beta == pytest.approx(names.beta)
    assert formula.beta == pytest.approx(matrix.beta)
    assert [c.term for c in formula.coefficients] == ["intercept", "year", "dose"]


def test_shifting_a_moderator_changes_only_the_intercept():
    a = pool(DATA, mods="~ year", test="KR")
    b = pool(DATA | {"year": DATA["year"] - 2000}, mods="~ year", test="KR")
    assert b.coefficients[1].estimate == pytest.approx(a.coefficients[1].estimate, rel=1e-9)
    assert b.coefficients[1].p_value == pytest.approx(a.coefficients[1].p_value, rel=1e-9)
    assert b.tau2 == pytest.approx(a.tau2, rel=1e-9)


def test_a_factor_without_intercept_gives_group_means():
    groups = pool(DATA, mods="~ alloc", intercept=False, tau2=0.1, test="z")
    for term, estimate in zip(groups.coefficients, groups.beta, strict=True):
        level = term.term.split("[")[1].rstrip("]").removeprefix("T.")
        rows = [i for i, a in enumerate(DATA["alloc"]) if a == level]
        alone = pool(yi=DATA["yi"][rows], vi=DATA["vi"][rows], tau2=0.1, test="z")
        assert estimate == pytest.approx(alone.estimate)


def test_predictions_at_the_studies_own_values_are_the_fitted_values():
    fit = pool(DATA, mods="~ year + alloc")
    own, again = predict(fit), predict(fit, DATA)
    assert own.estimate == pytest.approx(fit.X @ fit.beta)
    assert again.estimate == pytest.approx(own.estimate)
    assert again.pi_low == pytest.approx(own.pi_low)


@pytest.mark.parametrize("mods", ["~ bs(dose, df=4)", "~ poly(dose, 2)", "~ year + dose", "~ scale(dose)"])
def test_formulas_are_applied_to_new_data_with_the_state_of_the_fit(mods):
    fit = pool(DATA, mods=mods)
    some = {name: list(values)[:3] for name, values in DATA.items()}
    assert predict(fit, some).estimate == pytest.approx(predict(fit).estimate[:3])


def test_predictions_refuse_what_the_fit_did_not_see():
    fit = pool(DATA, mods="~ alloc")
    with pytest.raises(InputError, match="no column 'alloc'"):
        predict(fit, {"year": [2000]})
    with pytest.raises(InputError, match="one column"):
        predict(pool(DATA, mods=DATA["year"]), np.ones((1, 2)))


def test_a_transformed_prediction_keeps_its_standard_error_and_says_so():
    result = predict(pool(DATA), transform=np.exp)
    assert result.estimate[0] == pytest.approx(np.exp(pool(DATA).estimate))
    assert "analysis scale" in result.notes[0]


def test_a_contrast_of_a_single_coefficient_is_that_coefficient():
    for test in ("z", "HKSJ", "KR"):
        fit = pool(DATA, mods="~ year + alloc", test=test)
        got = contrast(fit, [0, 1, 0, 0]).contrasts[0]
        assert (got.estimate, got.p_value) == pytest.approx((fit.beta[1], fit.coefficients[1].p_value))


def test_all_moderators_together_are_the_omnibus_test():
    for test in ("z", "HKSJ", "KR"):
        fit = pool(DATA, mods="~ year + alloc", test=test)
        got = contrast(fit, terms=["year", "alloc"])
        assert (got.statistic, got.p_value) == pytest.approx((fit.qm, fit.qm_p))
        assert got.df == fit.qm_df


def test_redundant_contrasts_are_tested_by_their_rank():
    fit = pool(DATA, mods="~ year + alloc", test="z")
    twice = contrast(fit, [[0, 1, 0, 0], [0, 2, 0, 0]])
    assert twice.df == 1
    assert twice.p_value == pytest.approx(fit.coefficients[1].p_value)


def test_the_coding_of_a_factor_does_not_change_its_joint_test():
    a = contrast(pool(DATA, mods="~ C(alloc)"), terms="C(alloc)")
    b = contrast(pool(DATA, mods="~ C(alloc, contr.sum)"), terms="C(alloc, contr.sum)")
    assert a.statistic == pytest.approx(b.statistic)


def test_wrong_contrasts_are_refused():
    fit = pool(DATA, mods="~ year")
    with pytest.raises(InputError, match="one number a coefficient"):
        contrast(fit, [1, 2, 3])
    with pytest.raises(InputError, match="no coefficient"):
        contrast(fit, terms="dose")
    with pytest.raises(InputError, match="L= or terms="):
        contrast(fit)


def test_uncorrelated_moderators_are_not_inflated():
    x = np.array([-1.0, -1, 1, 1] * 6)
    z = np.array([-1.0, 1, -1, 1] * 6)
    fit = pool(yi=DATA["yi"], vi=np.full(K, 0.1), mods={"x": x, "z": z})
    assert variance_inflation(fit) == pytest.approx({"x": 1.0, "z": 1.0})


def test_generalised_inflation_of_a_factor_does_not_depend_on_its_coding():
    a = variance_inflation(pool(DATA, mods="~ year + C(alloc)"), terms=["C(alloc)"])
    b = variance_inflation(pool(DATA, mods="~ year + C(alloc, contr.sum)"), terms=["C(alloc, contr.sum)"])
    assert list(a.values()) == pytest.approx(list(b.values()))


def test_a_likelihood_ratio_refits_restricted_models():
    full, reduced = pool(DATA, mods="~ year"), pool(DATA)
    got = likelihood_ratio_test(full, reduced)
    ml = [pool(DATA, mods=m, method="ML") for m in ("~ year", None)]
    assert got.statistic == pytest.approx(2 * (ml[0].log_likelihood - ml[1].log_likelihood))
    assert "refitted" in got.notes[0]
    assert got.df == 1


def test_a_likelihood_ratio_of_other_studies_is_refused():
    with pytest.raises(InputError, match="same studies"):
        likelihood_ratio_test(pool(DATA, mods="~ year"), pool(yi=DATA["yi"][1:], vi=DATA["vi"][1:]))
    with pytest.raises(InputError, match="more parameters"):
        likelihood_ratio_test(pool(DATA, method="ML"), pool(DATA, method="ML"))


def test_a_missing_moderator_leaves_its_study_out_by_name():
    year = list(DATA["year"])
    year[3] = None
    fit = pool(DATA | {"year": year}, mods="~ year", study="trial")
    assert fit.k == K - 1
    assert "t3" in fit.notes[0]
    with_factor = pool(DATA | {"alloc": [None, *DATA["alloc"][1:]]}, mods="~ alloc", study="trial")
    assert "t0" in with_factor.notes[0]


def test_a_formula_that_cannot_be_read_is_explained():
    with pytest.raises(InputError, match="no column 'dosage'"):
        pool(DATA, mods="~ dosage")
    with pytest.raises(InputError, match="formula cannot be read"):
        pool(DATA, mods="~ year +* dose")
    with pytest.raises(InputError, match="no column 'x'"):
        pool(yi=[1, 2, 3], vi=[1, 1, 1], mods="~ x")


def test_factor_is_another_name_for_a_category():
    a, b = pool(DATA, mods="~ factor(alloc)"), pool(DATA, mods="~ C(alloc)")
    assert a.beta == pytest.approx(b.beta)
    assert [c.term for c in a.coefficients] == [c.term for c in b.coefficients]


def test_columns_with_blanks_are_named_in_backquotes():
    named = pool(DATA | {"my dose": DATA["dose"]}, mods="~ `my dose` + alloc")
    assert named.beta == pytest.approx(pool(DATA, mods="~ dose + alloc").beta)


def test_hartung_knapp_under_weights_of_the_users_own_scales_by_the_residuals_about_the_optimum():
    """metafor 3.8-1: rma(yi, vi, method="DL", weights=1/sqrt(vi), test="knha")."""
    vi = np.array([0.1, 0.05, 0.2, 0.07])
    got = pool(yi=[0.1, 0.5, 0.3, 0.9], vi=vi, method="DL", weights=1 / np.sqrt(vi), test="HKSJ")
    assert got.s2w == pytest.approx(0.991369898497067581, rel=1e-12)
    assert got.se == pytest.approx(0.171633076792524319, rel=1e-12)


def test_moderators_explain_nothing_where_there_is_no_heterogeneity():
    """metafor 5.1-12 gives R2 = 0 where tau2 is zero without moderators too (dat.meeker2017, ~division)."""
    assert pool(yi=[0.1, 0.1, 0.2, 0.1], vi=[0.1] * 4, mods=[1.0, 2.0, 3.0, 4.0]).r2 == 0.0
