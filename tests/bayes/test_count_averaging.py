"""Averages of count models against brute-force evidences, the normal approximation and refusals."""

from __future__ import annotations

import math

import numpy as np
import pytest

from needlepoint.bayes import HalfNormal, NoBias, Normal, average_counts, ensemble, robma
from needlepoint.errors import InputError

TABLES = {"ai": [1, 0, 3], "n1i": [50, 40, 90], "ci": [4, 2, 9], "n2i": [50, 45, 88]}
RATES = {"x1i": [2, 0, 5], "t1i": [100.0, 80.0, 150.0], "x2i": [6, 1, 8], "t2i": [110.0, 90.0, 140.0]}
PRIORS = {"prior_effect": Normal(0, 1), "prior_tau": HalfNormal(0.5)}


def _table(i, theta):
    a, n1, c, n2 = (TABLES[name][i] for name in ("ai", "n1i", "ci", "n2i"))
    weight = {
        u: math.comb(n1, u) * math.comb(n2, a + c - u) for u in range(max(0, a + c - n2), min(n1, a + c) + 1)
    }
    theta = np.clip(theta, -40, 40)
    return 1 / sum(w / weight[a] * np.exp((u - a) * theta) for u, w in weight.items())


def _rate(i, theta):
    x1, t1, x2, t2 = (RATES[name][i] for name in ("x1i", "t1i", "x2i", "t2i"))
    p = 1 / (1 + np.exp(-theta) * t2 / t1)
    return math.comb(x1 + x2, x1) * p**x1 * (1 - p) ** x2


def _brute(likelihood):
    """Evidence of (no effect, no tau), (no effect, tau), (effect, no tau), (effect, tau)."""
    x, w = np.polynomial.legendre.leggauss(16)

    def rule(ends):
        ends = np.array(ends)
        half = np.diff(ends)[:, None] / 2
        return (ends[:-1, None] + half * (x + 1)).ravel(), (half * w).ravel()

    mu, wm = rule([-8.0, -4, -2.5, -1.5, -0.7, 0, 0.7, 1.5, 3, 8])
    tau, wt = rule([0.0, 0.2, 0.6, 1.2, 4.0])
    z, wz = np.polynomial.hermite_e.hermegauss(90)

    def like(m, t):
        theta = m[:, None, None] + t[:, None] * z
        return np.prod([likelihood(i, theta) @ (wz / wz.sum()) for i in range(3)], axis=0)

    zero = np.zeros(1)
    wm = wm * np.exp(Normal(0, 1).log_density(mu))
    wt = wt * np.exp(HalfNormal(0.5).log_density(tau, tau))
    return [
        like(zero, zero)[0, 0],
        (like(zero, tau) @ wt)[0],
        wm @ like(mu, zero)[:, 0],
        wm @ like(mu, tau) @ wt,
    ]


@pytest.mark.parametrize(("measure", "data", "likelihood"), [("OR", TABLES, _table), ("IRR", RATES, _rate)])
def test_the_four_evidences_agree_with_brute_force(measure, data, likelihood):
    got = average_counts(measure=measure, **data, **PRIORS)
    truth = np.array(_brute(likelihood))
    found = np.array([m.log_evidence for m in got.models])
    assert found - found[0] == pytest.approx(np.log(truth / truth[0]), abs=2e-5)
    assert got.error < 1e-4
    share = truth / truth.sum()
    assert got.p_effect == pytest.approx(share[2] + share[3], abs=1e-5)
    assert got.p_heterogeneity == pytest.approx(share[1] + share[3], abs=1e-5)
    assert got.bf_bias is None


def test_large_tables_say_what_the_normal_model_says():
    rng = np.random.default_rng(3)
    n = np.full(8, 20_000)
    data = {"ai": rng.binomial(n, 0.21), "n1i": n, "ci": rng.binomial(n, 0.2), "n2i": n}
    a, c, m = data["ai"].astype(float), data["ci"].astype(float), n.astype(float)
    yi, vi = np.log(a / (m - a) * (m - c) / c), 1 / a + 1 / (m - a) + 1 / c + 1 / (m - c)
    exact = average_counts(**data, **PRIORS)
    normal = robma(
        yi=yi, vi=vi, measure="OR", models=ensemble(Normal(0, 1), HalfNormal(0.5), [(NoBias(), 1.0)])
    )
    assert exact.p_heterogeneity == pytest.approx(normal.p_heterogeneity, abs=2e-3)
    assert exact.estimate == pytest.approx(normal.estimate, abs=1e-4)
    assert math.log(exact.bf_effect) == pytest.approx(math.log(normal.bf_effect), rel=2e-3)


def test_default_priors_are_those_of_cochranes_reviews():
    got = average_counts(**TABLES)
    assert "StudentT(mean=0.0, scale=0.58, df=4)" in {m.effect for m in got.models}
    assert "log odds ratios" in average_counts(measure="IRR", **RATES).notes[-1]
    assert average_counts(measure="PLO", xi=[3, 5], ni=[20, 30], null=-1.0, **PRIORS).k == 2


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"measure": "PLO", "xi": [1], "ni": [5]}, "no default priors"),
        ({**TABLES, "prior_effect": "flat"}, "proper"),
        ({**TABLES, "prior_tau": "fixed(0)"}, "proper"),
        ({**TABLES, "measure": "RR"}, "measure"),
    ],
)
def test_what_cannot_be_averaged_is_refused(options, words):
    with pytest.raises(InputError, match=words):
        average_counts(**options)
