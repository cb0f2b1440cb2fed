"""Networks beside netmeta's recorded times (R 4.2.2, netmeta 3.5-0, one core): python benchmarks/networks.py."""

from __future__ import annotations

import gzip
import json
import resource
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import needlepoint as n

NETMETA_MS = {"Senn2013": 4473.0, "node splitting, Senn2013": 66.9}  # medians of 5 and 3 runs
REFERENCE = Path(__file__).parents[1] / "tests" / "reference" / "networks"


def median_ms(work: Callable[[], Any], repeats: int) -> float:
    """Median time of ``work``, warmed up."""
    work()
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return 1e3 * statistics.median(times)


def senn() -> dict[str, Any]:
    """Contrasts of Senn et al. (2013), 26 trials of 10 treatments."""
    with gzip.open(REFERENCE / "senn2013.json.gz") as file:
        cases = {case["id"]: case["out"] for case in json.load(file)["cases"]}
    out = cases["netmeta.DL"]
    names = {"study": "studlab", "treat1": "treat1", "treat2": "treat2", "yi": "TE", "sei": "seTE"}
    return {ours: out[theirs] for ours, theirs in names.items()}


def made_up(treatments: int = 100, trials: int = 2000) -> dict[str, Any]:
    """A connected network of two-arm trials with heterogeneity 0.2."""
    rng = np.random.default_rng(1)
    effects = rng.normal(size=treatments)
    rows: dict[str, list[Any]] = {name: [] for name in ("study", "treat1", "treat2", "yi", "sei")}
    for i in range(trials):
        a, b = (i, (i + 1) % treatments) if i < treatments else rng.choice(treatments, 2, replace=False)
        se = rng.uniform(0.1, 0.5)
        values = (str(i), f"t{a}", f"t{b}", effects[a] - effects[b] + rng.normal(0.0, np.hypot(se, 0.2)), se)
        for column, value in zip(rows.values(), values, strict=True):
            column.append(value)
    return rows


def main() -> None:
    """Print a line a task; the ratio is netmeta's time over ours."""
    small, large = senn(), made_up()
    fit = n.network(small, test="z")
    yi = fit.given.contrasts.yi + np.zeros((10_000, 1))
    works: dict[str, tuple[Callable[[], Any], int]] = {
        "Senn2013": (lambda: n.network(small, test="z"), 15),
        "node splitting, Senn2013": (lambda: n.node_splitting(fit), 15),
        "node splitting by refits": (lambda: n.node_splitting(fit, method="refit"), 5),
        "posterior, Senn2013": (lambda: n.network_posterior(fit, better="lower"), 3),
        "10,000 networks like Senn2013, REML": (lambda: n.network_batch(fit, yi), 3),
        "100 treatments, 2,000 trials": (lambda: n.network(large, test="z"), 3),
    }
    for name, (work, repeats) in works.items():
        ms = median_ms(work, repeats)
        beside = (
            f"  netmeta {NETMETA_MS[name]:.0f} ms, ratio {NETMETA_MS[name] / ms:.0f}"
            if name in NETMETA_MS
            else ""
        )
        print(f"{name:<40} {ms:9.2f} ms{beside}")
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


if __name__ == "__main__":
    main()
