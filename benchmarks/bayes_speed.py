"""CPU time of the Bayesian models: medians in milliseconds. Run: python benchmarks/bayes_speed.py."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from needlepoint.bayes import average_moderators, posterior, posterior_counts, robma


def median_ms(work: Callable[[], Any], repeats: int = 7) -> float:
    """Median CPU time of ``work``, warmed up."""
    work()
    times = []
    for _ in range(repeats):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return 1e3 * statistics.median(times)


def main() -> None:
    """Print a line a model."""
    rng = np.random.default_rng(1)
    yi, vi = rng.normal(0.3, 0.3, 20), rng.uniform(0.01, 0.1, 20)
    mods = {f"x{j}": rng.normal(size=20) for j in range(4)}
    priors = {"prior_effect": "normal(0, 1)", "prior_tau": "half-normal(0.5)"}
    works: dict[str, Callable[[], Any]] = {
        "bayes, 20 studies": lambda: posterior(yi=yi, vi=vi, **priors),
        "average_moderators, 64 models": lambda: average_moderators(yi=yi, vi=vi, mods=mods, measure="SMD"),
    }
    for k in (10, 30, 100):
        v = rng.gamma(2, 0.03, k) + 0.01
        y = rng.normal(0.25, np.sqrt(v + 0.03))
        works[f"robma, 36 models, {k} studies"] = lambda y=y, v=v: robma(yi=y, vi=v, measure="SMD")
    for size in (500, 20_000):
        n = rng.integers(size // 2, 2 * size, 10)
        a, c = rng.binomial(n, 0.2), rng.binomial(n, 0.22)
        works[f"posterior_counts, {a.sum() + c.sum()} events"] = lambda a=a, c=c, n=n: posterior_counts(
            ai=a, n1i=n, ci=c, n2i=n
        )
    for name, work in works.items():
        print(f"{name:<40} {median_ms(work):8.1f} ms")


if __name__ == "__main__":
    main()
