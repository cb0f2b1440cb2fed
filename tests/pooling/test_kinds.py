"""A question answers for the very fit that it was given, or refuses; what rests on one study is said."""

from __future__ import annotations

import numpy as np
import pytest

import needlepoint as n
from needlepoint import InputError

TABLE = {
    "yi": [0.2, 0.4, 0.1, 0.7, 0.5, 0.9, 0.3],
    "vi": [0.02, 0.03, 0.02, 0.05, 0.04, 0.02, 0.03],
    "lab": list("aabbccd"),
    "dose": [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0],
}
COUNTS = {"ai": [4, 6, 3, 5], "n1i": [123, 306, 231, 60], "ci": [11, 29, 11, 4], "n2i": [139, 303, 220, 60]}
COLUMNS = {name: name for name in COUNTS}
FITS = {
    "pool": lambda: n.pool(TABLE),
    "regression": lambda: n.pool(TABLE, mods="~ dose"),
    "multilevel": lambda: n.multilevel(TABLE, random="~ 1 | lab"),
    "location_scale": lambda: n.location_scale(TABLE, scale="~ dose"),
    "glmm": lambda: n.glmm(COUNTS, **COLUMNS),
    "beta_binomial": lambda: n.beta_binomial(COUNTS, **COLUMNS),
    "penalised_logistic": lambda: n.penalised_logistic(COUNTS, **COLUMNS),
    "mantel_haenszel": lambda: n.mantel_haenszel(COUNTS, **COLUMNS),
    "peto": lambda: n.peto(COUNTS, **COLUMNS),
    "posterior": lambda: n.posterior(TABLE),
    "robust": lambda: n.robust(n.pool(TABLE), cluster=TABLE["lab"]),
}
VERBS = {
    "predict": ({"pool", "regression", "multilevel", "location_scale", "glmm"}, n.predict),
    "influence": ({"pool", "regression", "multilevel"}, n.influence),
    "variance_intervals": ({"pool", "regression", "multilevel"}, n.variance_intervals),
    "random_effects": ({"pool", "regression", "multilevel"}, n.random_effects),
    "leave_one_out": ({"pool", "regression"}, n.leave_one_out),
    "egger": ({"pool", "regression"}, n.egger),
    "trim_fill": ({"pool"}, n.trim_fill),
    "baujat": ({"pool", "regression"}, n.baujat),
    "studentized_residuals": ({"pool", "regression"}, n.studentized_residuals),
    "pool": (set(), n.pool),
}


@pytest.mark.parametrize("kind", FITS)
@pytest.mark.parametrize("verb", VERBS)
def test_a_verb_answers_for_this_fit_or_refuses(verb, kind):
    defined, ask = VERBS[verb]
    fit = FITS[kind]()
    if kind in defined:
        assert ask(fit).tidy()
    else:
        with pytest.raises(InputError):
            ask(fit)


def test_influence_of_a_multilevel_model_is_not_that_of_a_pooled_one():
    """Leaving an estimate out by hand gives the same model as ``influence`` does."""
    fit = n.multilevel(TABLE, random="~ 1 | lab")
    found = n.influence(fit)
    rest = n.multilevel({name: values[1:] for name, values in TABLE.items()}, random="~ 1 | lab")
    assert found.estimate[0, 0] == pytest.approx(rest.estimate, rel=1e-6)
    assert found.estimate[0, 0] != pytest.approx(n.leave_one_out(n.pool(TABLE)).rows[0].estimate, rel=1e-3)


def test_influence_by_cluster_leaves_whole_clusters_out():
    fit = n.pool(TABLE)
    found = n.influence(fit, by="lab")
    keep = [i for i, lab in enumerate(TABLE["lab"]) if lab != "b"]
    rest = n.pool({name: [values[i] for i in keep] for name, values in TABLE.items()})
    assert found.cluster == ("a", "b", "c", "d")
    assert found.estimate[1, 0] == pytest.approx(rest.estimate, rel=1e-9)


def test_single_clusters_are_single_studies():
    fit = n.pool(TABLE, mods="~ dose")
    cases, clusters = n.influence(fit), n.influence(fit, by=list(range(7)))
    assert clusters.cook == pytest.approx(cases.cook, rel=1e-9)
    assert clusters.dfbetas == pytest.approx(cases.dfbetas, rel=1e-9)


def test_true_effects_of_a_two_level_model_are_those_of_pooling():
    """One estimate a group: the multilevel model is the random-effects model."""
    table = TABLE | {"lab": list("abcdefg")}
    nested = n.random_effects(n.multilevel(table, random="~ 1 | lab", test="z"), with_mean=True)
    plain = n.random_effects(n.pool(table, test="z"), with_mean=True)
    assert nested.prediction == pytest.approx(plain.prediction, rel=1e-4)
    assert nested.se == pytest.approx(plain.se, rel=1e-3)


LEVEL = {"yi": [0.1, 0.4, 0.3, 0.8, 0.5], "vi": [0.02] * 5, "group": ["x", "x", "x", "x", "y"]}


def test_a_factor_level_with_one_study_costs_that_row_alone():
    fit = n.pool(LEVEL, mods="~ group", study=["a", "b", "c", "d", "e"])
    found = n.influence(fit)
    assert np.isnan(found.cook).tolist() == [False] * 4 + [True]
    assert "cannot be estimated without: e" in found.notes[0]
    rows = n.leave_one_out(fit).rows
    assert np.isfinite([row.estimate for row in rows[:4]]).all()
    assert np.isnan(rows[4].estimate)
    assert "e     cannot be estimated" in n.leave_one_out(fit).summary()
    assert np.isnan(n.studentized_residuals(fit).z).tolist() == [False] * 4 + [True]
    assert n.baujat(fit).notes == found.notes


def test_results_are_values():
    one, same, other = n.pool(TABLE), n.pool(TABLE), n.pool(TABLE, method="DL")
    assert one == same
    assert hash(one) == hash(same)
    assert one != other
    assert len({one, same, other}) == 2


def test_the_json_of_a_fit_is_flat():
    found = n.pool(TABLE).to_dict()
    assert {"estimate", "ci_low", "tau2", "log_likelihood", "aic", "k", "coefficients"} <= set(found)
    assert "studies" not in found
    assert "likelihood" not in found
