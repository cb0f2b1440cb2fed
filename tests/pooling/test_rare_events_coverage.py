"""Do intervals of rare-event methods cover? Simulated trials with one to three events in a hundred."""

from __future__ import annotations

import math

import numpy as np
import pytest

from needlepoint.errors import NeedlepointError
from needlepoint.pooling.counts.exact_conditional import exact_conditional
from needlepoint.pooling.counts.glmm.glmm import glmm
from needlepoint.pooling.counts.mantel_haenszel import mantel_haenszel
from needlepoint.pooling.counts.penalised_logistic import penalised_logistic
from needlepoint.pooling.counts.peto import peto

METHODS = {
    "exact": lambda t: exact_conditional(**t),
    "mid-p": lambda t: exact_conditional(**t, interval="mid-p"),
    "penalised": lambda t: penalised_logistic(**t),
    "Mantel-Haenszel": lambda t: mantel_haenszel(**t),
    "Peto": lambda t: peto(**t),
    "conditional model": lambda t: glmm(**t, model="CM.EL", interval="profile"),
}
RUNS = 500
CHANCE = 0.02  # two standard errors of a share of 95 % in 500 runs


def simulate(rng: np.random.Generator, log_or: float) -> dict[str, np.ndarray]:
    n1i, n2i = rng.integers(80, 400, 7), rng.integers(80, 400, 7)
    logit = np.log(rng.uniform(0.01, 0.03, 7))
    ai = rng.binomial(n1i, 1 / (1 + np.exp(-logit - log_or)))
    ci = rng.binomial(n2i, 1 / (1 + np.exp(-logit)))
    return {
        "ai": ai.astype(float),
        "n1i": n1i.astype(float),
        "ci": ci.astype(float),
        "n2i": n2i.astype(float),
    }


@pytest.mark.slow
@pytest.mark.parametrize("log_or", [0.0, math.log(2.0)])
@pytest.mark.parametrize("method", METHODS)
def test_intervals_cover_a_common_odds_ratio(method, log_or):
    rng = np.random.default_rng(20)
    covered = refused = 0
    for _ in range(RUNS):
        try:
            res = METHODS[method](simulate(rng, log_or))
        except NeedlepointError:
            refused += 1
            continue
        covered += res.ci_low <= log_or <= res.ci_high
    share = covered / (RUNS - refused)
    assert refused < 0.02 * RUNS
    assert share > 0.95 - CHANCE
    if method == "exact":
        assert share > 0.95 - CHANCE / 2
