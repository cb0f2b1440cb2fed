"""Bayesian models by quadrature beside a sampler: the same posteriors, and how many times faster.

Needs NumPyro, which is no dependency: in an environment of its own,

    pip install numpyro && pip install -e . && python benchmarks/bayes_vs_sampler.py

NUTS, 4 chains of 1,000 + 5,000 (non-centred, compiled once outside the clock); differences are in units of the
sampler's own Monte-Carlo standard error.
"""

from __future__ import annotations

import json
import statistics
import sys
import time

import jax
import jax.numpy as jnp
import numpy as np
import numpyro
import numpyro.distributions as dist
from numpyro.diagnostics import effective_sample_size
from numpyro.infer import MCMC, NUTS

from needlepoint.bayes import HalfNormal, Normal, posterior, robma

numpyro.set_host_device_count(4)
jax.config.update("jax_enable_x64", True)
REPEATS = 31


def data(k: int, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    vi = rng.uniform(0.01, 0.2, k)
    return rng.normal(0.3, 0.25, k) + rng.normal(size=k) * np.sqrt(vi), vi


def model(yi, vi):
    mu = numpyro.sample("mu", dist.Normal(0.0, 1.0))
    tau = numpyro.sample("tau", dist.HalfNormal(0.5))
    numpyro.sample("y", dist.Normal(mu, jnp.sqrt(vi + tau**2)), obs=yi)


def sampled(yi, vi) -> tuple[float, dict[str, np.ndarray]]:
    kernel = NUTS(model, target_accept_prob=0.95)
    runner = MCMC(
        kernel, num_warmup=1000, num_samples=5000, num_chains=4, chain_method="sequential", progress_bar=False
    )
    runner.run(jax.random.PRNGKey(0), yi, vi)  # compiles
    start = time.perf_counter()
    runner.run(jax.random.PRNGKey(1), yi, vi)
    draws = {name: np.asarray(x) for name, x in runner.get_samples(group_by_chain=True).items()}
    return time.perf_counter() - start, draws


def timed(run) -> float:
    run()
    seconds = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        run()
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds)


def pairwise(k: int) -> dict[str, float]:
    yi, vi = data(k)

    def run():
        return posterior(yi=yi, vi=vi, prior_effect=Normal(0, 1), prior_tau=HalfNormal(0.5))

    ours, exact = timed(run), run()
    theirs, draws = sampled(yi, vi)
    out = {"k": k, "quadrature_s": ours, "sampler_s": theirs, "times_faster": theirs / ours}
    for name, truth in (("mu", exact.estimate), ("tau", exact.heterogeneity.mean())):
        ess = float(effective_sample_size(draws[name]))
        error = float(draws[name].std()) / ess**0.5
        out[f"{name}_differs_by_mcse"] = abs(float(draws[name].mean()) - truth) / error
        out[f"{name}_ess"] = ess
    return out


def ensemble(k: int) -> dict[str, float]:
    yi, vi = data(k)
    robma(yi=yi, vi=vi, measure="SMD")
    seconds = []
    for _ in range(5):
        start = time.perf_counter()
        error = robma(yi=yi, vi=vi, measure="SMD").error
        seconds.append(time.perf_counter() - start)
    return {"k": k, "models": 36, "seconds": statistics.median(seconds), "log_evidence_error": error}


def main() -> None:
    report = {"pairwise": [pairwise(k) for k in (5, 10, 30)], "ensemble": [ensemble(k) for k in (10, 30)]}
    json.dump(report, sys.stdout, indent=1)
    print()
    worst = max(row[f"{name}_differs_by_mcse"] for row in report["pairwise"] for name in ("mu", "tau"))
    print(f"largest difference {worst:.1f} Monte-Carlo standard errors", file=sys.stderr)


if __name__ == "__main__":
    main()
