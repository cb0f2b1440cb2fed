"""Posteriors against an independent engine: NumPyro's NUTS on dense matrices (benchmarks/nof1_numpyro.py)."""

import json
from pathlib import Path

import numpy as np
import pytest

from needlepoint.person.posterior import Noise, fit

REFERENCE = json.loads((Path(__file__).parents[1] / "reference" / "person" / "numpyro.json").read_text())
GATE = 0.05  # points of pain; the sampler's own standard error is about 0.02


def exact(row):
    prior = REFERENCE["priors"]
    t, y = np.array(row["days"]), np.array(row["pain"])
    common = np.column_stack([np.ones_like(t), 1 - np.exp(-(t - t[0]) / 42)])
    ramps = np.array(prior["ramps"])
    shapes = np.where(t[:, None] >= 0, 1 - np.exp(-(np.maximum(t, 0)[:, None] + 1) / ramps), 0.0)
    noise = Noise(
        sigma0=prior["sigma0"], log_sd=prior["log_sd"], phi_max=prior["phi_max"], w=tuple(prior["w"])
    )
    return fit(t, y, common, shapes, prior_mean=prior["mean"], prior_sd=prior["sd"], noise=noise)


@pytest.mark.parametrize("i", range(len(REFERENCE["diaries"])))
def test_posterior_mean_and_sd_agree_with_nuts(i):
    row = REFERENCE["diaries"][i]
    posterior = exact(row)
    effect = posterior.coefficient(-1)
    assert effect.mean == pytest.approx(row["mean"], abs=GATE)
    assert effect.sd == pytest.approx(row["sd"], abs=GATE)
    assert posterior.mean_of(posterior.phi) == pytest.approx(row["phi"], abs=0.05)
    assert posterior.mean_of(posterior.sigma) == pytest.approx(row["sigma"], abs=0.05)


def test_the_differences_are_the_samplers_noise_and_no_bias():
    z = [
        (exact(row).coefficient(-1).mean - row["mean"]) / (row["sd"] / row["ess"] ** 0.5)
        for row in REFERENCE["diaries"]
    ]
    assert abs(np.mean(z)) < 3 / len(z) ** 0.5
    assert np.mean(np.square(z)) < 2
