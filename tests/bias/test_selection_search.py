"""The search of selection models finds the highest maximum, and its integrals resolve weights as steep as a jump."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest

from needlepoint import pool, selection_model
from needlepoint.bias._selection_likelihood import SmoothSelection
from needlepoint.bias._selection_search import climb_from
from needlepoint.bias.selection_model import _fit, _Setup

HIGHER = 1e-6  # of log-likelihood: more than this is another maximum


def correlations(seed: int, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Correlations of large and of small studies, many with p-values beyond 1e-20."""
    rng = np.random.default_rng(seed)
    n = np.exp(rng.normal(np.log(120), 0.9, k)).astype(int) + 8
    r = np.tanh(
        rng.normal(rng.uniform(0.1, 0.5), rng.uniform(0.05, 0.35), k) + rng.normal(0, 1 / np.sqrt(n - 3))
    )
    return r, (1 - r**2) ** 2 / (n - 1)


@pytest.mark.parametrize("kind", ["beta", "negexppow"])
@pytest.mark.parametrize("method", ["EE", "ML"])
@pytest.mark.parametrize("alternative", ["greater", "less", "two.sided"])
@pytest.mark.parametrize(("seed", "k"), [(1, 97), (2, 30)])
def test_no_other_start_climbs_higher(kind, method, alternative, seed, k):
    yi, vi = correlations(seed, k)
    pooled = pool(yi=yi, vi=vi, method=method, test="z")
    problem, fit, _ = _fit(_Setup(pooled, pooled, kind, alternative, None, None, None, True, False, 100.0))
    assert problem.value(fit.theta)[0] == pytest.approx(fit.log_likelihood, rel=1e-12)
    rng = np.random.default_rng(seed)
    for _ in range(3):
        delta = np.clip(np.exp(rng.uniform(-8, 4.6, len(problem.delta))), problem.low, problem.high)
        start = np.concatenate([[rng.uniform(-1, 1)], [rng.choice([0.0, 0.05]) * (method == "ML")], delta])
        assert climb_from(problem, start)[1] <= fit.log_likelihood + HIGHER


def exact(kind: str, delta: tuple[float, ...], alternative: str, m: float, s: float) -> float:
    """The mean of the weight under the normal, to fifteen digits, cut where the weight bends."""
    d1, d2 = (mpmath.mpf(d) for d in delta)

    def mean(u):
        p = 2 * mpmath.ncdf(-abs(u)) if alternative == "two.sided" else mpmath.ncdf(-u)
        if kind == "beta":
            p = min(max(p, mpmath.mpf("1e-5")), 1 - mpmath.mpf("1e-5"))
            weight = p ** (d1 - 1) * (1 - p) ** (d2 - 1)
        else:
            weight = mpmath.exp(-d1 * p ** (1 / d2))
        return weight * mpmath.npdf(u, m, s)

    cuts = sorted({*np.linspace(-9, 9, 37).tolist(), *(x * 2.0**-i for i in range(24) for x in (-1, 1)), 0.0})
    if kind == "beta":
        ends = [mpmath.sqrt(2) * mpmath.erfinv(1 - 2 * mpmath.mpf("1e-5"))]
        if alternative == "two.sided":
            ends = [
                mpmath.sqrt(2) * mpmath.erfinv(1 - q) for q in (mpmath.mpf("1e-5"), 1 - mpmath.mpf("1e-5"))
            ]
        cuts = sorted([*cuts, *ends, *(-e for e in ends)])
    return float(mpmath.quad(mean, [m - 40 * s, *(c for c in cuts if abs(c - m) < 40 * s), m + 40 * s]))


@pytest.mark.parametrize(
    ("kind", "delta"),
    [
        ("negexppow", (100.0, 0.0027)),
        ("negexppow", (100.0, 0.02)),
        ("negexppow", (30.0, 1e-4)),
        ("beta", (1.4316, 0.2548)),
        ("beta", (40.0, 1e-5)),
    ],
)
@pytest.mark.parametrize("alternative", ["greater", "two.sided"])
@pytest.mark.parametrize(("m", "s"), [(0.3, 1.0), (4.0, 6.0)])
def test_integrals_of_steep_weights_equal_arbitrary_precision(kind, delta, alternative, m, s):
    selection = SmoothSelection.of(kind, np.array([1.0]), alternative, step=0.0, prec=None, fine=True)
    got = selection.constants(np.array(delta), np.array([m]), np.array([s]))[0][0]
    with mpmath.workdps(20):
        assert got == pytest.approx(exact(kind, delta, alternative, m, s), rel=1e-9)


def test_a_fit_at_a_jump_states_the_likelihood_of_its_own_parameters():
    yi, vi = correlations(4, 60)
    found = selection_model(pool(yi=yi, vi=vi, method="ML"), kind="negexppow", alternative="two.sided")
    assert all(0 <= d <= 100 for d in found.delta)
