"""Exact likelihoods of counts against brute-force integration, the normal model at large counts, and refusals."""

from __future__ import annotations

import math

import numpy as np
import pytest

from needlepoint.bayes import HalfNormal, Normal, posterior, posterior_counts
from needlepoint.errors import ConvergenceError, InputError

CASES = {
    "OR": {"ai": [1, 0, 3], "n1i": [50, 40, 90], "ci": [4, 2, 9], "n2i": [50, 45, 88]},
    "IRR": {"x1i": [2, 0, 5], "t1i": [100.0, 80.0, 150.0], "x2i": [6, 1, 8], "t2i": [110.0, 90.0, 140.0]},
    "PLO": {"xi": [5, 0, 3], "ni": [50, 30, 40]},
    "IRLN": {"xi": [5, 0, 3], "ti": [50.0, 30.0, 40.0]},
}


def _likelihood(measure, cells, i, theta):
    """Likelihood of study i at its own effect, written out plainly."""
    c = {name: values[i] for name, values in cells.items()}
    if measure == "OR":
        total = c["ai"] + c["ci"]
        support = range(max(0, total - c["n2i"]), min(c["n1i"], total) + 1)
        weight = {u: math.comb(c["n1i"], u) * math.comb(c["n2i"], total - u) for u in support}
        theta = np.clip(theta, -40, 40)  # far out in the Hermite rule, where the weights are nil
        return 1 / sum(w / weight[c["ai"]] * np.exp((u - c["ai"]) * theta) for u, w in weight.items())
    if measure == "IRR":
        n, odds = c["x1i"] + c["x2i"], np.exp(theta) * c["t1i"] / c["t2i"]
        p = odds / (1 + odds)
        return math.comb(n, c["x1i"]) * p ** c["x1i"] * (1 - p) ** c["x2i"]
    if measure == "PLO":
        p = 1 / (1 + np.exp(-theta))
        return math.comb(c["ni"], c["xi"]) * p ** c["xi"] * (1 - p) ** (c["ni"] - c["xi"])
    rate = np.exp(theta) * c["ti"]
    return rate ** c["xi"] * np.exp(-rate) / math.factorial(c["xi"])


def _panels(ends, points=16):
    x, w = np.polynomial.legendre.leggauss(points)
    a, b = np.array(ends[:-1])[:, None], np.array(ends[1:])[:, None]
    return ((a + b) / 2 + (b - a) / 2 * x).ravel(), ((b - a) / 2 * w).ravel()


def _brute(measure, cells):
    """Evidence, mean and P(effect < 0) under Normal(0, 2) and HalfNormal(0.5), by fixed fine rules."""
    mu, wm = _panels([-14.0, -8, -5, -3.5, -2.5, -1.5, -0.5, 0.0, 1, 3, 8])
    tau, wt = _panels([0.0, 0.2, 0.6, 1.2, 4.0], 12)
    z, wz = np.polynomial.hermite_e.hermegauss(90)
    theta = mu[:, None, None] + tau[:, None] * z
    like = np.ones((len(mu), len(tau)))
    for i in range(3):
        like = like * (_likelihood(measure, cells, i, theta) @ (wz / wz.sum()))
    prior = np.exp(Normal(0, 2).log_density(mu))[:, None] * np.exp(HalfNormal(0.5).log_density(tau, tau))
    joint = like * prior * np.multiply.outer(wm, wt)
    evidence = joint.sum()
    return math.log(evidence), (mu[:, None] * joint).sum() / evidence, joint[mu < 0].sum() / evidence


@pytest.mark.parametrize("measure", CASES)
def test_agrees_with_brute_force_integration(measure):
    got = posterior_counts(
        measure=measure, **CASES[measure], prior_effect=Normal(0, 2), prior_tau=HalfNormal(0.5)
    )
    log_evidence, mean, below = _brute(measure, CASES[measure])
    assert abs(got.log_evidence - log_evidence) <= got.error
    assert got.error <= 1e-4
    assert got.estimate == pytest.approx(mean, abs=1e-4)
    assert 1 - got.p_above_zero == pytest.approx(below, abs=1e-4)


def test_many_events_give_the_normal_model():
    a, n1, c, n2 = (np.array(x) for x in ([210, 190], [900, 950], [250, 225], [1000, 980]))
    got = posterior_counts(ai=a, n1i=n1, ci=c, n2i=n2)
    yi = np.log(a * (n2 - c) / (c * (n1 - a)))
    want = posterior(yi=yi, vi=1 / a + 1 / (n1 - a) + 1 / c + 1 / (n2 - c), prior_tau=HalfNormal(0.5))
    for name in ("estimate", "se", "ci_low", "ci_high", "pi_low", "pi_high", "tau"):
        assert getattr(got, name) == pytest.approx(getattr(want, name), abs=2e-3)


def test_swapping_the_groups_turns_the_sign():
    given = CASES["OR"]
    one = posterior_counts(**given)
    two = posterior_counts(ai=given["ci"], n1i=given["n2i"], ci=given["ai"], n2i=given["n1i"])
    assert two.estimate == pytest.approx(-one.estimate, abs=1e-5)
    assert (two.ci_low, two.ci_high) == pytest.approx((-one.ci_high, -one.ci_low), abs=1e-5)


def test_a_study_without_events_changes_nothing():
    given = CASES["OR"]
    one = posterior_counts(**given)
    more = {name: [*values, new] for (name, values), new in zip(given.items(), [0, 60, 0, 55], strict=True)}
    two = posterior_counts(**more)
    assert two.k == 4
    assert (two.estimate, two.se, two.tau) == pytest.approx((one.estimate, one.se, one.tau), abs=1e-4)


def test_without_any_event_a_flat_prior_has_no_posterior():
    with pytest.raises(ConvergenceError):
        posterior_counts(ai=[0, 0], n1i=[50, 40], ci=[0, 0], n2i=[50, 45])


@pytest.mark.parametrize(
    ("options", "words"),
    [({"measure": "RD"}, "OR"), ({"prior_tau": "fixed(0)"}, "free"), ({"prior_effect": "point(0)"}, "free")],
)
def test_what_cannot_be_used_is_refused(options, words):
    with pytest.raises(InputError, match=words):
        posterior_counts(**CASES["OR"] | options)


def _tables(n, share, k=6, seed=4):
    rng = np.random.default_rng(seed)
    n1i, n2i = (rng.integers(n // 2, 2 * n, k) for _ in range(2))
    return {"ai": rng.binomial(n1i, share), "n1i": n1i, "ci": rng.binomial(n2i, share), "n2i": n2i}


@pytest.mark.parametrize(("n", "share"), [(30, 0.05), (400, 0.3), (3000, 0.1)])
def test_the_tabulated_likelihood_is_the_formula_to_its_stated_error(n, share):
    from needlepoint.bayes._count_likelihood import exact_kernel, kernel_of

    data = {name: np.asarray(column, dtype=float) for name, column in _tables(n, share).items()}
    cells = {
        "ai": data["ai"],
        "bi": data["n1i"] - data["ai"],
        "ci": data["ci"],
        "di": data["n2i"] - data["ci"],
    }
    a, b, c, d = (cells[name] + 0.5 for name in ("ai", "bi", "ci", "di"))
    table = kernel_of("OR", cells, np.log(a * d / b / c), 1 / a + 1 / b + 1 / c + 1 / d)
    theta = np.tile(np.linspace(table.low, table.high, 500), (6, 1))
    exact = exact_kernel("OR", cells).log_likelihood(theta)
    assert np.max(np.abs(table.log_likelihood(theta) - exact).sum(axis=0)) < 1e-8
    beyond = np.array([[table.low - 0.5, table.high + 0.5]] * 6)
    assert np.all(table.log_likelihood(beyond) > exact_kernel("OR", cells).log_likelihood(beyond) - 1e-8)


def test_a_posterior_off_the_table_falls_back_on_the_formula():
    # a prior far from the data: the effect lies where no study's likelihood was tabulated
    data = _tables(300, 0.3, k=3)
    got = posterior_counts(**data, prior_effect="normal(9, 0.01)", prior_tau="half-normal(0.01)")
    assert got.estimate == pytest.approx(9.0, abs=0.2)
    assert got.error < 1e-4


def test_a_hundred_thousand_events_are_those_of_the_normal_model():
    data = _tables(20_000, 0.2, k=10)
    exact = posterior_counts(**data, prior_effect="normal(0, 1)")
    a, n1, c, n2 = (np.asarray(data[name], dtype=float) for name in ("ai", "n1i", "ci", "n2i"))
    yi, vi = np.log(a / (n1 - a) * (n2 - c) / c), 1 / a + 1 / (n1 - a) + 1 / c + 1 / (n2 - c)
    normal = posterior(yi=yi, vi=vi, measure="OR", prior_effect="normal(0, 1)", prior_tau="half-normal(0.5)")
    assert exact.estimate == pytest.approx(normal.estimate, abs=2e-4)
    assert (exact.ci_low, exact.ci_high) == pytest.approx((normal.ci_low, normal.ci_high), abs=5e-4)
    assert exact.error < 1e-5
