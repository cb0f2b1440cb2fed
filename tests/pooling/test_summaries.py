"""What people and programs read of the results of pooling."""

from __future__ import annotations

import json

import numpy as np
import pytest

from needlepoint import (
    InputError,
    NotEnoughStudies,
    average_models,
    bootstrap,
    contrast,
    likelihood_ratio_test,
    location_scale,
    permutation_test,
    pool,
    predict,
    tau2_profile,
    variance_inflation,
    variance_intervals,
)

RNG = np.random.default_rng(31)
DATA = {"yi": RNG.normal(0.2, 0.4, 12), "vi": RNG.uniform(0.02, 0.2, 12), "x": RNG.normal(size=12)}
FIT, MODEL = pool(DATA), pool(DATA, mods="~ x")
RESULTS = [
    FIT,
    MODEL,
    pool(DATA, method="EE", test="z"),
    FIT.coefficients[0],
    predict(MODEL),
    predict(pool(DATA, method="EE")),
    contrast(MODEL, [0, 1]),
    contrast(pool(DATA, mods="~ x", test="z"), terms="x"),
    variance_intervals(FIT),
    likelihood_ratio_test(MODEL, FIT),
    tau2_profile(FIT, points=3),
    permutation_test(FIT, draws=50),
    bootstrap(FIT, draws=50),
    location_scale(DATA, scale="~ x"),
    average_models(DATA, mods=["x"]),
]


@pytest.mark.parametrize("result", RESULTS, ids=lambda r: type(r).__name__)
def test_every_result_is_json_rows_a_frame_and_text(result):
    assert json.loads(json.dumps(result.to_dict()))
    rows = result.tidy()
    assert rows
    assert len(result.to_frame()) == len(rows)
    assert len(str(result)) > 20


def test_the_text_of_a_regression_names_terms_test_and_explained_share():
    text = str(MODEL)
    assert "intercept" in text
    assert "moderators: F(1, 10)" in text
    assert "R²" in text
    assert "QM(1)" in str(pool(DATA, mods="~ x", test="z"))


def test_html_holds_the_prediction_interval_and_the_notes():
    html = pool(yi=[0.1, None, 0.4, 0.2], vi=[0.1, 0.1, 0.1, 0.2], measure="SMD")._repr_html_()
    assert "prediction interval" in html
    assert "1 left out" in html
    assert "(SMD)" in html
    assert "prediction" not in pool(DATA, method="EE")._repr_html_()


def test_a_prediction_without_new_data_keeps_the_interval_of_its_test():
    hc = pool(DATA, test="HC")
    assert predict(hc).ci_low[0] == hc.ci_low


def test_the_kenward_roger_interval_is_kept_at_new_values():
    kr = pool(DATA, mods="~ x", test="KR")
    at_zero = predict(kr, {"x": [0.0]})
    assert (at_zero.ci_low[0], at_zero.ci_high[0]) == pytest.approx((kr.ci_low, kr.ci_high))


def test_what_has_no_meaning_is_refused():
    with pytest.raises(InputError, match="has no moderators"):
        predict(MODEL, prediction="NNF")
    with pytest.raises(InputError, match="needs moderators"):
        variance_inflation(FIT)
    with pytest.raises(InputError, match="no coefficient"):
        variance_inflation(MODEL, terms=["z"])
    with pytest.raises(InputError, match="no standard error"):
        variance_intervals(pool(DATA, tau2=0.1), kind="Wald")
    with pytest.raises(NotEnoughStudies, match="test-based"):
        variance_intervals(pool(yi=[0.1, 0.2], vi=[1, 1]), kind="HT")
    with pytest.raises(NotEnoughStudies, match="interval for tau2"):
        variance_intervals(pool(yi=[0.1], vi=[1]))
    with pytest.raises(InputError, match="too many subsets"):
        average_models(DATA, mods=[f"x{i}" for i in range(20)])
    with pytest.raises(InputError, match="without moderators"):
        pool(DATA, test="PL", tau2=0.1)
