"""The diary's likelihood and posterior against independent engines: dense matrices and a dense grid."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from needlepoint.person._ar1_noise import contrast_variance, whiten
from needlepoint.person.posterior import Mixture, Noise, fit

RTOL = 1e-9  # the filter against dense matrices: rounding only
ATOL_GRID = 2e-3  # posterior mean and SD against a dense grid of 120 x 200 points, whose own error this is


def correlation(days, phi, w):
    gaps = np.abs(days[:, None] - days)
    return (1 - w) * np.where(gaps == 0, 1.0, phi**gaps) + w * np.eye(len(days))


def diary(seed, before=28, after=60, missing=0.15, effect=-1.5, phi=0.5):
    rng = np.random.default_rng(seed)
    t = np.arange(-before, after, dtype=float)
    t = t[rng.random(len(t)) > missing]
    natural = 1 - np.exp(-(t - t[0]) / 42)
    noise = 1.2 * np.linalg.cholesky(correlation(t, phi, 0.25)) @ rng.standard_normal(len(t))
    ramp = np.where(t >= 0, 1 - np.exp(-(t + 1) / 14), 0)
    y = np.clip(np.round(5.8 - 0.8 * natural + effect * ramp + noise), 0, 10)
    shapes = np.where(
        t[:, None] >= 0, 1 - np.exp(-(np.maximum(t, 0)[:, None] + 1) / np.array([1, 7, 14, 28.0])), 0
    )
    return t, y, np.column_stack([np.ones_like(t), natural]), shapes


@settings(deadline=None, max_examples=30)
@given(
    days=st.lists(st.integers(0, 200), min_size=2, max_size=20, unique=True),
    phi=st.floats(0, 0.95),
    w=st.floats(0, 0.9),
    seed=st.integers(0, 2**32 - 1),
)
def test_the_filter_whitens_as_the_dense_cholesky_factor_does(days, phi, w, seed):
    t = np.array(sorted(days), dtype=float)
    z = np.random.default_rng(seed).standard_normal((len(t), 3))
    rows, logdet = whiten(t, z, np.array([0.3, phi]), np.array([w, 0.5]))
    factor = np.linalg.cholesky(correlation(t, phi, w))
    np.testing.assert_allclose(rows[:, 1, 0], np.linalg.solve(factor, z), rtol=1e-7, atol=1e-9)
    running = 2 * np.cumsum(np.log(np.diag(factor)))
    np.testing.assert_allclose(logdet[:, 1, 0], running, rtol=1e-7, atol=1e-9)


@settings(deadline=None, max_examples=30)
@given(days=st.lists(st.integers(0, 200), min_size=2, max_size=20, unique=True), phi=st.floats(0, 0.95))
def test_the_variance_of_a_contrast_is_the_quadratic_form(days, phi):
    t = np.array(sorted(days), dtype=float)
    c = np.cos(t)
    assert contrast_variance(t, c, np.array([phi]))[0] == pytest.approx(
        c @ correlation(t, phi, 0) @ c, rel=RTOL
    )


def dense_grid(t, y, common, shapes, mean, sd, noise):
    """An independent engine: dense matrices, midpoints in phi and log sigma, everything summed."""
    phis = (np.arange(120) + 0.5) / 120 * noise.phi_max
    edges = np.linspace(np.log(12**-0.5), np.log(10), 201)
    log_sigma = (edges[1:] + edges[:-1]) / 2
    precision = np.diag(1 / np.asarray(sd) ** 2)
    logs, means, variances = [], [], []
    for phi in phis:
        for w in noise.w:
            r = correlation(t, phi, w)
            logdet = np.linalg.slogdet(r)[1]
            for column in shapes.T:
                x = np.column_stack([common, column])
                rx, ry = np.linalg.solve(r, x), np.linalg.solve(r, y)
                s2 = np.exp(2 * log_sigma)[:, None, None]
                a = x.T @ rx / s2 + precision
                b = (x.T @ ry)[None] / s2[:, 0] + precision @ mean
                v = np.linalg.inv(a)
                m = np.einsum("nij,nj->ni", v, b)
                s2 = s2[:, 0, 0]
                logs.append(
                    -0.5 * (len(t) * np.log(s2) + logdet + y @ ry / s2 - np.sum(b * m, axis=1))
                    + 0.5 * np.linalg.slogdet(v)[1]
                    - 0.5 * ((log_sigma - np.log(noise.sigma0)) / noise.log_sd) ** 2
                )
                means.append(m[:, -1])
                variances.append(v[:, -1, -1])
    weights = np.exp(np.concatenate(logs) - np.max(logs))
    weights /= weights.sum()
    m, v = np.concatenate(means), np.concatenate(variances)
    centre = weights @ m
    return centre, np.sqrt(weights @ (v + (m - centre) ** 2))


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_posterior_agrees_with_a_dense_grid(seed):
    t, y, common, shapes = diary(seed, phi=(0.2, 0.5, 0.8)[seed - 1])
    mean, sd, noise = [5.0, -0.8, -1.0], [5.0, 0.8, 1.06], Noise(sigma0=1.2)
    got = fit(t, y, common, shapes, prior_mean=mean, prior_sd=sd, noise=noise).coefficient(-1)
    want = dense_grid(t, y, common, shapes, np.array(mean), sd, noise)
    assert (got.mean, got.sd) == pytest.approx(want, abs=ATOL_GRID)


def test_another_prior_on_the_same_lattice_agrees_with_a_fit_from_scratch():
    t, y, common, shapes = diary(4)
    kw = {"noise": Noise(sigma0=1.2)}
    first = fit(t, y, common, shapes, prior_mean=[5, -0.8, -1], prior_sd=[5, 0.8, 1], **kw)
    fresh = fit(t, y, common, shapes, prior_mean=[5, 0, -0.5], prior_sd=[5, 0.8, 2], **kw)
    moved = first.under([5, 0, -0.5], [5, 0.8, 2])
    assert moved.coefficient(-1).mean == pytest.approx(fresh.coefficient(-1).mean, abs=1e-4)
    assert moved.log_evidence == pytest.approx(fresh.log_evidence, abs=1e-3)


def test_with_no_data_about_the_effect_the_posterior_is_the_prior():
    t, y, common, _ = diary(5)
    p = fit(t, y, common, np.zeros((len(t), 1)), prior_mean=[5, -0.8, -1], prior_sd=[5, 0.8, 1.06],
            noise=Noise(sigma0=1.2)).coefficient(-1)  # fmt: skip
    assert (p.mean, p.sd) == pytest.approx((-1, 1.06), abs=1e-9)


@settings(deadline=None, max_examples=5)
@given(shift=st.floats(-3, 3))
def test_shifting_every_day_shifts_only_the_level(shift):
    t, y, common, shapes = diary(6)
    kw = {"prior_sd": [5, 0.8, 1], "noise": Noise(sigma0=1.2)}
    here = fit(t, y, common, shapes, prior_mean=[5, -0.8, -1], **kw)
    there = fit(t, y + shift, common, shapes, prior_mean=[5 + shift, -0.8, -1], **kw)
    assert there.coefficient(-1).mean == pytest.approx(here.coefficient(-1).mean, abs=1e-4)
    assert there.coefficient(0).mean == pytest.approx(here.coefficient(0).mean + shift, abs=1e-4)


def test_a_constant_diary_does_not_break_the_noise():
    t, _, common, shapes = diary(7)
    p = fit(t, np.full(len(t), 4.0), common, shapes, prior_mean=[5, -0.8, -1], prior_sd=[5, 0.8, 1],
            noise=Noise(sigma0=1.2))  # fmt: skip
    assert 12**-0.5 < p.mean_of(p.sigma) < 0.4
    assert abs(p.coefficient(-1).mean) < 0.2


def test_a_mixture_knows_its_quantiles():
    mixture = Mixture(np.array([0.25, 0.75]), np.array([-1.0, 2.0]), np.array([0.5, 1.0]))
    low, high = mixture.interval(0.9)
    assert mixture.below(low) == pytest.approx(0.05)
    assert mixture.below(high) == pytest.approx(0.95)
    x = np.linspace(-8, 10, 4001)
    assert np.trapezoid(mixture.density(x), x) == pytest.approx(1, abs=1e-6)
    assert mixture.mean == pytest.approx(1.25)
    assert mixture.sd == pytest.approx(np.sqrt(0.25 * 0.25 + 0.75 * 1 + 0.25 * 0.75 * 9))


def test_a_quantile_is_found_between_two_far_peaks():
    far = Mixture(np.array([0.5, 0.5]), np.array([-100.0, 100.0]), np.array([0.01, 0.01]))
    assert far.quantile(0.25) == pytest.approx(-100, abs=1e-3)
    assert far.below(far.quantile(0.9)) == pytest.approx(0.9, abs=1e-6)
