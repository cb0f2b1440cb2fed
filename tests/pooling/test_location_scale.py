"""Location-scale models: derivatives, limits, links, refusals (oracle cases stand in ``test_agreement``)."""

from __future__ import annotations

import numpy as np
import pytest

from needlepoint import InputError, NotEnoughStudies, location_scale, pool, predict
from needlepoint.pooling.location_scale.likelihood import Scale, evaluate

RNG = np.random.default_rng(6)
K = 40
X = RNG.normal(size=K)
VI = RNG.uniform(0.02, 0.2, K)
YI = 0.2 + 0.3 * X + RNG.normal(0, np.sqrt(VI + np.exp(-1.5 + 0.8 * X)))


@pytest.mark.parametrize("restricted", [True, False])
@pytest.mark.parametrize("log_link", [True, False])
def test_gradient_and_hessian_equal_finite_differences(restricted, log_link):
    Q = np.linalg.qr(np.column_stack([np.ones(K), X]))[0]
    Z = np.column_stack([np.ones(K), X])
    m = Scale(YI, VI, Q, Z, log_link, restricted)
    a = np.array([-1.0, 0.4]) if log_link else np.array([0.5, 0.1])
    state, h = evaluate(m, a), 1e-5
    for j in range(2):
        step = h * np.eye(2)[j]
        up, down = evaluate(m, a + step), evaluate(m, a - step)
        assert state.gradient[j] == pytest.approx((up.value - down.value) / (2 * h), rel=1e-6)
        assert state.hessian[j] == pytest.approx((up.gradient - down.gradient) / (2 * h), rel=1e-5)


@pytest.mark.parametrize("link", ["log", "identity"])
@pytest.mark.parametrize("method", ["REML", "ML"])
def test_a_constant_scale_is_the_ordinary_model(link, method):
    constant = location_scale(
        yi=YI, vi=VI, mods=X, scale="~ 1", data={"yi": YI}, link=link, method=method, test="z"
    )
    plain = pool(yi=YI, vi=VI, mods=X, method=method, test="z")
    assert constant.tau2 == pytest.approx(plain.tau2, rel=1e-5)
    assert constant.log_likelihood == pytest.approx(plain.log_likelihood, abs=1e-8)
    assert constant.coefficients[1].estimate == pytest.approx(plain.coefficients[1].estimate, rel=1e-5)


def test_both_links_agree_for_a_factor():
    group = (np.arange(K) % 2).astype(float)
    fits = [location_scale(yi=YI, vi=VI, scale=group, link=link) for link in ("log", "identity")]
    assert fits[0].log_likelihood == pytest.approx(fits[1].log_likelihood, abs=1e-6)
    assert fits[0].tau2 == pytest.approx(fits[1].tau2, rel=1e-3)


def test_changing_the_unit_of_a_moderator_changes_only_its_coefficient():
    a = location_scale(yi=YI, vi=VI, scale=X)
    b = location_scale(yi=YI, vi=VI, scale=1000 * X)
    assert a.scale[1].estimate == pytest.approx(1000 * b.scale[1].estimate, rel=1e-6)
    assert a.scale[1].p_value == pytest.approx(b.scale[1].p_value, rel=1e-6)


def test_a_group_without_heterogeneity_is_named_and_has_no_interval():
    yi = np.concatenate([np.full(10, 0.3), RNG.normal(0, 1, 10)])
    fit = location_scale(yi=yi, vi=np.full(20, 0.05), scale=np.repeat([0.0, 1.0], 10))
    assert "tends to zero" in fit.notes[-1]
    assert fit.to_dict()["scale"][0]["se"] is None
    assert "[not determined]" in str(fit)


def test_too_few_studies_and_a_missing_scale_are_refused():
    with pytest.raises(NotEnoughStudies):
        location_scale(yi=YI[:3], vi=VI[:3], scale=X[:3])
    with pytest.raises(InputError, match="scale"):
        location_scale(yi=YI, vi=VI, scale=None)


def test_predictions_at_the_studies_own_values_are_the_fit():
    data = {"yi": YI, "vi": VI, "x": X}
    fit = location_scale(data, mods="~ x", scale="~ x")
    own, again = predict(fit), predict(fit, data)
    assert own.tau2 == pytest.approx(fit.tau2)
    assert again.pi_low == pytest.approx(own.pi_low)
    assert len(own.tidy()) == K


@pytest.mark.parametrize("link", ["log", "identity"])
def test_a_constant_scale_predicts_like_the_ordinary_model(link):
    data = {"yi": YI, "vi": VI, "x": X}
    fit = location_scale(data, mods="~ x", scale="~ 1", link=link)
    got, plain = (
        predict(fit, {"x": [0.0, 1.0]}),
        predict(pool(data, mods="~ x"), {"x": [0.0, 1.0]}),
    )
    assert got.estimate == pytest.approx(plain.estimate, rel=1e-4)
    assert got.pi_high == pytest.approx(plain.pi_high, rel=1e-4)
