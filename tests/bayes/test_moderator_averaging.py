"""Meta-regression averaged over moderators: dense integration of every model, invariances, refusals."""

from __future__ import annotations

import json
from itertools import product

import numpy as np
import pytest

from needlepoint.bayes import PEESE, PET, NoBias, Normal, WeightFunction, average_moderators, posterior
from needlepoint.errors import InputError

RNG = np.random.default_rng(7)
K = 14
DATA = {
    "dose": np.round(RNG.normal(5, 2, K), 2).tolist(),
    "age": RNG.integers(20, 60, K).tolist(),
    "arm": ["a", "b", "c", "a", "b", "c", "a", "b", "c", "a", "a", "b", "c", "c"],
    "vi": np.round(RNG.uniform(0.02, 0.09, K), 3).tolist(),
}
DATA["yi"] = np.round(
    0.2 + 0.1 * (np.array(DATA["dose"]) - 5) + 0.2 * (np.array(DATA["arm"]) == "b") + RNG.normal(0, 0.25, K),
    3,
).tolist()
GIVEN = {"yi": "yi", "vi": "vi", "data": DATA, "measure": "SMD"}


def _dense(columns, effect, heterogeneous):
    """Evidence with effect and coefficients integrated out of a dense normal, tau by a fine Gauss-Legendre rule."""
    y, v = np.array(DATA["yi"]), np.array(DATA["vi"])
    prior = 0.25**2 * sum(c @ c.T for c in columns) + (np.ones((K, K)) if effect else 0.0)

    def log_normal(tau):
        V = np.diag(v + tau * tau) + prior
        return -0.5 * (np.linalg.slogdet(2 * np.pi * V)[1] + y @ np.linalg.solve(V, y))

    if not heterogeneous:
        return np.exp(log_normal(0.0))
    x, w = np.polynomial.legendre.leggauss(30)
    ends = np.linspace(-9, 6, 61)
    half = np.diff(ends)[:, None] / 2
    t = np.exp((ends[:-1, None] + half * (x + 1)).ravel())
    density = 0.15 / t**2 * np.exp(-0.15 / t)
    return float((half * w).ravel() @ (t * density * np.exp([log_normal(s) for s in t])))


def _standard(name):
    x = np.array(DATA[name], dtype=float)
    return ((x - x.mean()) / x.std(ddof=1))[:, None]


def _levels():
    """Indicators of the levels less their mean: the same prior as orthonormal contrasts scaled by sqrt(K / (K - 1))."""
    ones = np.array([[float(a == level) for level in "abc"] for a in DATA["arm"]])
    return (ones - 1 / 3) * np.sqrt(3 / 2)


def test_every_inclusion_agrees_with_dense_integration():
    columns = {"dose": _standard("dose"), "age": _standard("age"), "arm": _levels()}
    evidence = {
        key: _dense([c for c, there in zip(columns.values(), key, strict=False) if there], key[3], key[4])
        for key in product((0, 1), repeat=5)
    }
    total = sum(evidence.values())
    got = average_moderators(**GIVEN, mods="~ dose + age + arm")
    share = [sum(e for key, e in evidence.items() if key[j]) / total for j in range(5)]
    assert [m.p_inclusion for m in got.moderators] == pytest.approx(share[:3], rel=1e-6)
    assert (got.p_effect, got.p_heterogeneity) == pytest.approx(share[3:], rel=1e-6)
    assert got.moderators[0].bf_inclusion == pytest.approx(share[0] / (1 - share[0]), rel=1e-5)
    assert got.models == 32
    assert got.error < 1e-7


def test_the_model_with_everything_is_the_meta_regression_itself():
    full = posterior(
        **GIVEN,
        mods={"dose": _standard("dose")[:, 0]},
        prior_effect=Normal(0, 1),
        prior_tau="inverse-gamma(1, 0.15)",
        prior_mods=Normal(0, 0.25),
    )
    got = average_moderators(**GIVEN, mods="~ dose")
    (dose,) = got.moderators[0].coefficients
    assert dose.conditional_ci_low < full.coefficients[1].estimate < dose.conditional_ci_high
    assert dose.estimate == pytest.approx(dose.conditional_estimate * got.moderators[0].p_inclusion, rel=1e-6)
    assert dose.per_unit == pytest.approx(dose.estimate / np.std(DATA["dose"], ddof=1))


def test_neither_the_unit_of_a_covariate_nor_the_order_of_levels_matters():
    one = average_moderators(**GIVEN, mods="~ dose + arm")
    data = DATA | {
        "dose": [10 + 1000 * d for d in DATA["dose"]],
        "arm": [{"a": "z"}.get(a, a) for a in DATA["arm"]],
    }
    two = average_moderators(**(GIVEN | {"data": data}), mods="~ dose + arm")
    for first, second in zip(one.moderators, two.moderators, strict=True):
        assert first.p_inclusion == pytest.approx(second.p_inclusion, rel=1e-6)
    means = {c.term: c.estimate for c in one.moderators[1].coefficients}
    turned = {c.term: c.estimate for c in two.moderators[1].coefficients}
    assert sorted(means.values()) == pytest.approx(sorted(turned.values()), abs=1e-7)
    assert sum(means.values()) == pytest.approx(0.0, abs=1e-9)
    assert list(means) == ["arm[a]", "arm[b]", "arm[c]"]


def test_bias_can_be_averaged_over_too():
    got = average_moderators(**GIVEN, mods="~ dose", bias=[(NoBias(), 0.5), (PET(), 0.25), (PEESE(), 0.25)])
    assert got.models == 24
    assert 0 < got.p_bias < 1
    assert got.bf_bias == pytest.approx(got.p_bias / (1 - got.p_bias))
    turned = average_moderators(
        **(GIVEN | {"data": DATA | {"yi": [-y for y in DATA["yi"]]}}),
        mods="~ dose",
        bias=[(NoBias(), 0.5), (PET(), 0.25), (PEESE(), 0.25)],
        favours="negative",
    )
    assert turned.estimate == pytest.approx(-got.estimate, rel=1e-5)


def test_it_reads_as_text_and_as_rows():
    got = average_moderators(**GIVEN, mods="~ dose + arm")
    assert "dose: P(included" in got.summary()
    assert [row["term"] for row in got.tidy()] == ["dose", "arm[a]", "arm[b]", "arm[c]"]
    assert json.dumps(got.to_dict())


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"mods": None}, "moderators are needed"),
        ({"mods": {f"x{i}": RNG.normal(size=K) for i in range(13)}}, "few enough"),
        ({"mods": "~ dose", "prior_effect": "flat"}, "proper"),
        ({"mods": "~ dose", "bias": [(WeightFunction("one-sided", (0.05,)), 1)]}, "PET"),
        ({"mods": "~ dose", "favours": "up"}, "favours"),
    ],
)
def test_what_cannot_be_averaged_is_refused(options, words):
    with pytest.raises(InputError, match=words):
        average_moderators(**GIVEN, **options)
