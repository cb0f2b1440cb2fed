"""Sampling variances without an oracle, against the spread of simulated studies."""

from __future__ import annotations

import numpy as np
import pytest

from needlepoint import effect_sizes

STUDIES = 4_000
RNG_SEED = 20_26


def ratio(es):
    """Mean stated over actual variance; 1 when the formula is right."""
    return float(np.mean(es.vi) / np.var(es.yi))


def regressions(n, beta, fixed):
    """t of the first coefficient and R squared of STUDIES regressions on three predictors."""
    rng = np.random.default_rng(RNG_SEED)
    X = rng.normal(size=(1 if fixed else STUDIES, n, 3))
    X = X - X.mean(axis=1, keepdims=True)
    if fixed:  # exactly uncorrelated with unit variance, so that the population R squared is known
        q, _ = np.linalg.qr(X[0])
        X = np.broadcast_to(q * np.sqrt(n), (STUDIES, n, 3))
    y = X @ np.array(beta) + rng.normal(size=(STUDIES, n))
    y = y - y.mean(axis=1, keepdims=True)
    inverse = np.linalg.inv(np.swapaxes(X, 1, 2) @ X)
    b = inverse @ (np.swapaxes(X, 1, 2) @ y[:, :, None])
    rest = np.sum((y - (X @ b)[:, :, 0]) ** 2, axis=1)
    t = b[:, 0, 0] / np.sqrt(rest / (n - 4) * inverse[:, 0, 0])
    return t, 1 - rest / np.sum(y**2, axis=1)


@pytest.mark.parametrize(("measure", "n"), [("PCOR", 60), ("ZPCOR", 60), ("SPCOR", 400), ("ZSPCOR", 400)])
def test_variances_of_partial_correlations(measure, n):
    # the semi-partial's is a large-sample formula: 10 % too small at 60
    t, r2 = regressions(n, (0.4, 0.3, 0.3), fixed=False)
    given = {"ti": t, "mi": 3, "ni": n} | ({"r2i": r2} if "S" in measure else {})
    assert ratio(effect_sizes(measure=measure, **given)) == pytest.approx(1, abs=0.08)


@pytest.mark.parametrize(("measure", "fixed"), [("R2", False), ("ZR2", False), ("R2F", True), ("ZR2F", True)])
def test_variances_of_coefficients_of_determination(measure, fixed):
    _, r2 = regressions(300, (0.5, 0.4, 0.4), fixed=fixed)
    es = effect_sizes(measure=measure, r2i=r2, mi=3, ni=300)
    assert ratio(es) == pytest.approx(1, abs=0.08)


@pytest.mark.parametrize("measure", ["R2F", "ZR2F"])
def test_fixed_predictors_vary_less_than_random_ones(measure):
    _, r2 = regressions(300, (0.5, 0.4, 0.4), fixed=True)
    random = effect_sizes(measure=measure.removesuffix("F"), r2i=r2, mi=3, ni=300)
    assert ratio(random) > 1.2


def superiority(n1, n2, d):
    rng = np.random.default_rng(RNG_SEED)
    x, y = rng.normal(d, 1, size=(STUDIES, n1)), rng.normal(0, 1, size=(STUDIES, n2))
    ranks = np.argsort(np.argsort(np.concatenate([x, y], axis=1), axis=1), axis=1) + 1
    return (ranks[:, :n1].sum(axis=1) - n1 * (n1 + 1) / 2) / (n1 * n2)


@pytest.mark.parametrize(
    ("vtype", "d", "tolerance"), [("LS", 0.5, 0.12), ("LS2", 0.5, 0.1), ("H0", 0.0, 0.06)]
)
def test_variances_of_the_probability_of_superiority(vtype, d, tolerance):
    p = superiority(25, 30, d)
    es = effect_sizes(measure="CLES", ai=p, n1i=25, n2i=30, vtype=vtype)
    assert ratio(es) == pytest.approx(1, abs=tolerance)


def test_the_largest_variance_is_an_upper_bound():
    p = superiority(25, 30, 0.5)
    largest = effect_sizes(measure="AUC", ai=p, n1i=25, n2i=30, vtype="MAX")
    usual = effect_sizes(measure="AUC", ai=p, n1i=25, n2i=30)
    assert (largest.vi >= usual.vi).all()
