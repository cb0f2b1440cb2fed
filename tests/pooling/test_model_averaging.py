"""Multimodel inference over subsets of moderators."""

from __future__ import annotations

import numpy as np
import pytest

from needlepoint import InputError, NotEnoughStudies, average_models, pool

RNG = np.random.default_rng(21)
K = 30
DATA = {
    "yi": RNG.normal(0, 0.3, K),
    "vi": RNG.uniform(0.02, 0.1, K),
    "a": RNG.normal(size=K),
    "b": RNG.normal(size=K),
    "c": ["x", "y", "z"] * 10,
}
DATA["yi"] = DATA["yi"] + 0.6 * DATA["a"]


def test_every_subset_is_there_and_the_weights_add_to_one():
    result = average_models(DATA, mods=["a", "b", "c"])
    assert len(result.models) == 8
    assert sum(m.weight for m in result.models) == pytest.approx(1)
    assert "a" in result.models[0].moderators
    assert result.importance["a"] > 0.99 > result.importance["b"]


def test_each_model_is_the_one_that_pool_fits():
    result = average_models(DATA, mods=["a", "c"])
    for model in result.models:
        alone = pool(DATA, mods="~ " + (" + ".join(model.moderators) or "1"), method="ML", test="z")
        assert model.criterion == pytest.approx(alone.aicc)


def test_one_overwhelming_model_is_its_own_average():
    strong = DATA | {"yi": 50 * DATA["a"], "vi": np.full(K, 0.01)}
    result = average_models(strong, mods=["a"], criterion="BIC")
    alone = pool(strong, mods="~ a", method="ML", test="z")
    assert [c.estimate for c in result.coefficients] == pytest.approx(list(alone.beta))
    assert [c.se for c in result.coefficients] == pytest.approx([c.se for c in alone.coefficients])


def test_all_models_see_the_same_studies():
    result = average_models(DATA | {"b": [None, *DATA["b"][1:]]}, mods=["a", "b"])
    assert result.k == K - 1
    alone = pool({n: list(v)[1:] for n, v in DATA.items()}, mods="~ a", method="ML", test="z")
    assert next(m for m in result.models if m.moderators == ("a",)).log_likelihood == pytest.approx(
        alone.log_likelihood
    )


def test_size_limits_and_refusals():
    assert len(average_models(DATA, mods=["a", "b", "c"], most=1).models) == 4
    with pytest.raises(InputError, match="full likelihoods"):
        average_models(DATA, mods=["a"], method="REML")
    with pytest.raises(NotEnoughStudies):
        average_models({n: list(v)[:4] for n, v in DATA.items()}, mods=["a", "b"])
