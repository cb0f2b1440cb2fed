"""Options, moderators, groups and new data, each put in every wrong and odd shape."""

from __future__ import annotations

import numpy as np
import pytest

import needlepoint as n
from contract import kept
from needlepoint.effects.measures import MEASURES

NAN, INF = float("nan"), float("inf")
TABLE = {
    "yi": [0.2, 0.4, 0.1, 0.7, 0.5, 0.9],
    "vi": [0.02, 0.03, 0.02, 0.05, 0.04, 0.02],
    "lab": list("aabbcc"),
    "dose": [1.0, 2.0, 3.0, 4.0, 5.0, 7.0],
    "twice": [2.0, 4.0, 6.0, 8.0, 10.0, 14.0],
    "single": list("xxxxxy"),
    "flat": ["z"] * 6,
    "gap": [1.0, NAN, 3.0, 4.0, 5.0, 6.0],
    "none": [None, "b", "b", "c", "c", "c"],
    "endless": [1.0, INF, 3.0, 4.0, 5.0, 6.0],
    "huge": [1e300] * 5 + [2e300],
    "tiny": [1e-300 * i for i in range(1, 7)],
    "one_cluster": ["c"] * 6,
    "two_clusters": list("ppppqq"),
    "lone": list("aabbbq"),
}
NUMBERS = [0, 1, -1, 95, NAN, INF, "x", None, True]
MODERATORS = [
    "~ dose", "~ single", "~ flat", "~ C(flat)", "~ gap", "~ none", "~ endless", "~ huge", "~ tiny", "~ dose + twice",
    "~ dose*single", "~ nope", "~ (", "", "~", "~ 0", "~ 1", "dose ~ yi", "~ log(dose)", "~ I(dose**2)", "dose",
    ["dose"], ["nope"], [1, 2, 3, 4, 5, 6], [[1, 2]] * 6, 3, [1, 2], "~ poly(dose, 2)",
    "~ __import__('os').getcwd()",
]  # fmt: skip
GROUPS = ["lab", "single", "one_cluster", "two_clusters", "lone", "none", "gap", "nope", "dose",
          [1, 2], [1] * 6, list(range(6)), None, 3]  # fmt: skip
FIT = n.pool(TABLE)
REGRESSION = n.pool(TABLE, mods="~ dose")
FACTOR = n.pool(TABLE, mods="~ single")
NESTED = n.multilevel(TABLE, random="~ 1 | lab")
WITH_MODERATORS = {
    "pool": lambda m: n.pool(TABLE, mods=m),
    "multilevel": lambda m: n.multilevel(TABLE, random="~ 1 | lab", mods=m),
    "location_scale": lambda m: n.location_scale(TABLE, scale=m),
    "posterior": lambda m: n.posterior(TABLE, mods=m),
    "average_models": lambda m: n.average_models(TABLE, mods=m),
    "average_moderators": lambda m: n.average_moderators(TABLE, mods=m),
}
WITH_GROUPS = {
    "robust": lambda g: n.robust(FIT, cluster=g),
    "robust regression": lambda g: n.robust(FACTOR, cluster=g),
    "robust CR0": lambda g: n.robust(REGRESSION, cluster=g, kind="CR0"),
    "multilevel": lambda g: n.multilevel(TABLE, random=f"~ 1 | {g}", mods="~ single"),
    "unstructured": lambda g: n.multilevel(TABLE, random=f"~ {g} | lab", struct="UN"),
    "autoregressive": lambda g: n.multilevel(TABLE, random=f"~ {g} | lab", struct="CAR"),
    "posterior_multilevel": lambda g: n.posterior_multilevel(TABLE, cluster=g),
    "aggregate": lambda g: n.aggregate(TABLE, cluster=g, rho=0.5),
    "influence": lambda g: n.influence(FIT, by=g),
    "influence of a multilevel model": lambda g: n.influence(NESTED, by=g),
    "subgroups": lambda g: n.subgroups(TABLE, by=g),
    "cumulative": lambda g: n.cumulative(TABLE, order=g),
    "sampling_covariance": lambda g: n.sampling_covariance("vi", g, rho=0.5, data=TABLE),
    "weights": lambda g: n.pool(TABLE, weights=g),
}
WITH_A_NUMBER = {
    "level": lambda x: n.pool(TABLE, level=x),
    "tau2": lambda x: n.pool(TABLE, tau2=x),
    "sei": lambda x: n.pool(yi=TABLE["yi"], sei=[x, *[0.1] * 5]),
    "data": lambda x: n.pool(data=x, yi="yi", vi="vi"),
    "study": lambda x: n.pool(TABLE, study=x),
    "rho": lambda x: n.aggregate(TABLE, cluster="lab", rho=x),
    "V": lambda x: n.multilevel(TABLE, V=x, random="~ 1 | lab"),
    "random": lambda x: n.multilevel(TABLE, random=x),
    "bootstrap draws": lambda x: n.bootstrap(FIT, draws=x) if x != 95 else None,
    "bootstrap seed": lambda x: n.bootstrap(FIT, draws=5, seed=x),
    "permutation draws": lambda x: n.permutation_test(FIT, draws=x),
    "simulate draws": lambda x: n.simulate(FIT, draws=x),
    "tau2_profile": lambda x: n.tau2_profile(FIT, [x, 0.1]),
    "tau2_profile points": lambda x: n.tau2_profile(FIT, points=x),
    "forward_search": lambda x: n.forward_search(FIT, start=x),
    "contrast": lambda x: n.contrast(FIT, x),
    "predict a value": lambda x: n.predict(REGRESSION, {"dose": [x]}),
    "predict a level": lambda x: n.predict(FACTOR, {"single": [x]}),
    "predict newdata": lambda x: n.predict(REGRESSION, x),
    "power": lambda x: n.power(x, [0.1, 0.2]),
    "power k": lambda x: n.power(0.2, 0.1, k=x),
    "power tau2": lambda x: n.power_heterogeneity([0.1, 0.1], tau2=x),
    "power_moderator": lambda x: n.power_moderator([0.1, x], [0.1, 0.1], k=[3, 3]),
    "studies_needed": lambda x: n.studies_needed(x, 0.1),
    "studies_needed vi": lambda x: n.studies_needed(0.2, x),
    "egger ni": lambda x: n.egger(FIT, ni=x),
    "steps": lambda x: n.selection_model(FIT, steps=x),
    "target": lambda x: n.selection_sensitivity(FIT, target=x),
    "fail_safe_n": lambda x: n.fail_safe_n(FIT, target=x),
    "excess effect": lambda x: n.excess_significance(FIT, effect=x),
    "excess tau2": lambda x: n.excess_significance(FIT, tau2=x),
    "prior_tau": lambda x: n.posterior(TABLE, prior_tau=f"half-normal({x})"),
    "prior_effect": lambda x: n.posterior(TABLE, prior_effect=f"normal(0, {x})"),
    "simulate_many": lambda x: n.simulate_many([0.1, x], draws=5, compiled=False),
    "simulate_many tau2": lambda x: n.simulate_many([0.1, 0.2], tau2=x, draws=5, compiled=False),
    "counts": lambda x: n.effect_sizes(measure="OR", ai=x, n1i=10, ci=3, n2i=10),
    "add": lambda x: n.effect_sizes(measure="OR", ai=2, n1i=10, ci=3, n2i=10, add=x),
    "icon_array": n.icon_array,
    "screen": n.screen,
    "score": lambda x: n.score("rmdq", x),
    "ask": lambda x: n.ask(x) if not isinstance(x, str) else None,
    "check": lambda x: n.check(x) if not isinstance(x, str) else None,
    "read_table": n.read_table,
    "load_pack": lambda x: n.load_pack(x) if x is not None else None,
}


@pytest.mark.parametrize("verb", WITH_MODERATORS)
def test_moderators_of_every_shape(verb):
    for moderators in MODERATORS:
        kept(lambda m=moderators: WITH_MODERATORS[verb](m))


@pytest.mark.parametrize("verb", WITH_GROUPS)
def test_groups_of_every_shape(verb):
    for groups in GROUPS:
        kept(lambda g=groups: WITH_GROUPS[verb](g))


@pytest.mark.parametrize("option", WITH_A_NUMBER)
def test_an_option_of_every_kind(option):
    for value in NUMBERS:
        kept(lambda x=value: WITH_A_NUMBER[option](x))


def test_a_missing_moderator_value_is_named():
    with pytest.raises(n.InputError, match="row 2"):
        n.predict(REGRESSION, {"dose": [1.0, NAN]})


def test_the_records_of_nested_results_make_a_frame():
    assert n.decide().to_frame().shape[0] == 1


ORDINARY = {
    "ai": 5, "bi": 10, "ci": 3, "di": 12, "n1i": 15, "n2i": 15, "x1i": 4, "x2i": 6, "t1i": 30.0, "t2i": 40.0,
    "m1i": 5.0, "m2i": 4.0, "sd1i": 1.0, "sd2i": 1.2, "xi": 4, "mi": 6, "ri": 0.4, "ti": 2.1, "fi": 3.0, "pi": 0.03,
    "sdi": 1.0, "r2i": 0.3, "ni": 20, "yi": 0.2, "vi": 0.1, "sei": 0.3,
}  # fmt: skip
ODD = [0.0, -1.0, NAN, INF, 1e80, 1e-300, 1.0, 0.5]


@pytest.mark.parametrize("measure", MEASURES)
def test_every_measure_of_every_odd_number(measure):
    """A value, a note or a refusal; what is computed can be pooled or is refused."""
    for letters in MEASURES[measure].alternatives:
        usual = {letter: [ORDINARY.get(letter, 1.0)] * 2 for letter in letters}
        for letter in letters:
            for odd in ODD:
                columns = usual | {letter: [odd, ORDINARY.get(letter, 1.0)]}
                effects = kept(lambda c=columns: n.effect_sizes(measure=measure, impossible="note", **c))
                assert effects is None or effects.notes or np.isfinite(effects.yi).all()
                if effects is not None:
                    kept(lambda e=effects: n.pool(e))
