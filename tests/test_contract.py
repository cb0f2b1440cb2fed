"""Every public question, put to every kind of fit and to hard inputs: an answer, a note or a refusal, nothing else."""

from __future__ import annotations

import inspect

import pytest

import needlepoint as n
from contract import kept

TABLE = {
    "yi": [0.2, 0.4, 0.1, 0.7, 0.5, 0.9, 0.3, 0.6],
    "vi": [0.02, 0.03, 0.02, 0.05, 0.04, 0.02, 0.03, 0.06],
    "lab": list("aabbccdd"),
    "dose": [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 9.0],
    "one": list("xxxxxxxy"),
}
COUNTS = {"ai": [4, 6, 3, 0], "n1i": [123, 306, 231, 60], "ci": [11, 29, 11, 4], "n2i": [139, 303, 220, 60]}
LETTERS = {name: name for name in COUNTS}
NETWORK = {
    "study": list("12345"),
    "treat1": list("aaaab"),
    "treat2": list("bbccc"),
    "yi": [0.2, 0.4, 0.6, 0.5, 0.3],
    "sei": [0.2, 0.1, 0.3, 0.2, 0.2],
}


def rows(table, keep):
    return {name: [values[i] for i in keep] for name, values in table.items()}


FITS = {
    "pooled": lambda: n.pool(TABLE),
    "equal effects": lambda: n.pool(TABLE, method="EE"),
    "regression": lambda: n.pool(TABLE, mods="~ dose"),
    "one study a level": lambda: n.pool(TABLE, mods="~ one"),
    "own weights": lambda: n.pool(TABLE, weights="equal"),
    "one study": lambda: n.pool(rows(TABLE, [0])),
    "two studies": lambda: n.pool(rows(TABLE, [0, 3])),
    "no spread": lambda: n.pool(yi=[0.2] * 5, vi=[0.1] * 5),
    "multilevel": lambda: n.multilevel(TABLE, random="~ 1 | lab"),
    "two clusters": lambda: n.multilevel(rows(TABLE, range(4)), random="~ 1 | lab"),
    "multilevel regression": lambda: n.multilevel(TABLE, random="~ 1 | lab", mods="~ dose"),
    "location-scale": lambda: n.location_scale(TABLE, scale="~ dose"),
    "glmm": lambda: n.glmm(COUNTS, **LETTERS),
    "beta-binomial": lambda: n.beta_binomial(COUNTS, **LETTERS),
    "penalised": lambda: n.penalised_logistic(COUNTS, **LETTERS),
    "exact": lambda: n.exact_conditional(COUNTS, **LETTERS),
    "Mantel-Haenszel": lambda: n.mantel_haenszel(COUNTS, **LETTERS),
    "Peto": lambda: n.peto(COUNTS, **LETTERS),
    "network": lambda: n.network(NETWORK),
    "robust": lambda: n.robust(n.pool(TABLE), cluster=TABLE["lab"]),
    "posterior": lambda: n.posterior(TABLE),
    "posterior of one": lambda: n.posterior(yi=[0.2], vi=[0.1]),
    "counts posterior": lambda: n.posterior_counts(COUNTS, **LETTERS),
    "effect sizes": lambda: n.effect_sizes(COUNTS, measure="OR", **LETTERS),
    "trim and fill": lambda: n.trim_fill(n.pool(TABLE)),
    "selection model": lambda: n.selection_model(n.pool(TABLE), kind="stepfun"),
}
MORE = {
    "contrast": {"L": [[1.0]]},
    "robust": {"cluster": list(range(8))},
    "subgroups": {"by": list("aabbaabb")},
    "bootstrap": {"draws": 20},
    "permutation_test": {"draws": 50},
    "gosh": {"draws": 50},
    "forward_search": {"start": 3},
    "simulate": {"draws": 5},
    "aggregate": {"cluster": list("aabbccdd"), "rho": 0.5},
    "network_regression": {"covariate": dict.fromkeys("12345", 1.0)},
    "league_table": {"better": "lower"},
    "network_posterior": {"better": "lower"},
    "threshold_analysis": {"better": "lower"},
    "network_batch": {"yi": [[0.1] * 5]},
    "p_scores": {"better": "lower"},
    "rankogram": {"better": "lower"},
    "average_models": {"mods": ["dose"], "data": TABLE},
    "average_moderators": {"mods": "~ dose", "data": TABLE},
    "posterior_multilevel": {"cluster": list("aabbccdd")},
    "sequential": {"required": 400},
    "likelihood_ratio_test": {"reduced": "itself"},
    "location_scale": {"scale": "~ 1"},
    "multilevel": {"random": "~ 1 | lab"},
}
HARD = {
    "k = 0": {"yi": [], "vi": []},
    "k = 1": {"yi": [0.1], "vi": [0.1]},
    "k = 2": {"yi": [0.1, 0.4], "vi": [0.1, 0.2]},
    "a NaN": {"yi": [0.1, float("nan"), 0.4], "vi": [0.1, 0.1, 0.1]},
    "all NaN": {"yi": [float("nan")] * 3, "vi": [0.1] * 3},
    "infinite": {"yi": [0.1, float("inf"), 0.4], "vi": [0.1, 0.1, 0.1]},
    "tiny": {"yi": [1e-300, 2e-300, 5e-300], "vi": [0.1, 0.1, 0.1]},
    "tiny variances": {"yi": [0.1, 0.2, 0.4], "vi": [1e-300, 1e-300, 1e-300]},
    "one tiny variance": {"yi": [0.1, 0.2, 0.4], "vi": [1e-20, 1.0, 1.0]},
    "huge": {"yi": [1e300, 2e300, 5e300], "vi": [0.1, 0.1, 0.1]},
    "huge variances": {"yi": [0.1, 0.2, 0.4], "vi": [1e300, 1e300, 1e300]},
    "large": {"yi": [1e60, 2e60, 5e60], "vi": [1e60, 1e61, 1e60]},
    "zero variance": {"yi": [0.1, 0.2, 0.4], "vi": [0.0, 0.1, 0.1]},
    "equal": {"yi": [0.3] * 4, "vi": [0.1] * 4},
    "text": {"yi": ["a", "b", "c"], "vi": [0.1, 0.1, 0.1]},
    "same labels": {"yi": [0.1, 0.5, 0.4], "vi": [0.1] * 3, "study": ["a", "a", "b"]},
    "unicode labels": {"yi": [0.1, 0.5, 0.4], "vi": [0.1] * 3, "study": ["Ärztin 東京", "\u202e", "🧪"]},
}
TAKERS = [
    name
    for name in n.__all__
    if callable(getattr(n, name))
    and not isinstance(getattr(n, name), type)
    and next(iter(inspect.signature(getattr(n, name)).parameters), "") in {"fit", "effects", "pooled", "full"}
]


def put(name, *args, **more):
    """The answer to a question, or None for a refusal in the house's shape."""
    return kept(lambda: getattr(n, name)(*args, **more))


@pytest.fixture(scope="module")
def fits():
    return {name: make() for name, make in FITS.items()}


def test_the_verbs_are_many():
    assert len(TAKERS) > 40


@pytest.mark.parametrize("name", TAKERS)
def test_every_verb_answers_or_refuses_every_fit(name, fits):
    for fit in fits.values():
        more = dict(MORE.get(name, {}))
        if more.get("reduced") == "itself":
            more["reduced"] = fit
        put(name, fit, **more)


@pytest.mark.parametrize("name", TAKERS)
def test_every_verb_answers_or_refuses_every_input(name):
    for table in HARD.values():
        more = {k: v for k, v in MORE.get(name, {}).items() if k not in {"cluster", "by", "reduced"}}
        if "cluster" in MORE.get(name, {}):
            more["cluster"] = list(range(len(table["yi"])))
        if "by" in MORE.get(name, {}):
            more["by"] = list("ab" * len(table["yi"]))[: len(table["yi"])]
        if name == "likelihood_ratio_test":
            more["reduced"] = table
        put(name, dict(table), **more)


def test_frames_of_every_library_give_the_same_numbers():
    import pandas as pd
    import polars as pl
    import pyarrow as pa

    plain = {"yi": TABLE["yi"], "vi": TABLE["vi"], "dose": TABLE["dose"]}
    want = n.pool(plain, mods="~ dose").estimate
    for make in (pd.DataFrame, pl.DataFrame, pa.table, dict):
        assert n.pool(make(plain), mods="~ dose").estimate == want
    assert n.pool(yi=TABLE["yi"], vi=tuple(TABLE["vi"])).estimate == n.pool(plain).estimate
