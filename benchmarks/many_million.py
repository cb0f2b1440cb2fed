"""A million groups from Parquet to Parquet: wall time, peak memory, and the machine's limits in the same run.

    python benchmarks/many_million.py [groups]

REML, Hartung-Knapp interval, prediction interval and Q-profile interval of every group (k 3-30). The limits: bytes a
second that memory copies, and divisions a second that compiled loops do, on the same threads.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numba
import numpy as np
import polars as pl

RUN = """
import resource, sys, time
start = time.perf_counter()
from needlepoint.bulk.api import many
print(many(sys.argv[1], by="group", out=sys.argv[2]).summary().splitlines()[0])
print(time.perf_counter() - start, time.process_time(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
"""


def write_groups(path: Path, groups: int) -> int:
    rng = np.random.default_rng(1)
    k = rng.integers(3, 31, groups)
    vi = rng.gamma(2.0, 0.05, k.sum()) + 0.005
    yi = rng.normal(0.3, np.sqrt(vi + np.repeat(rng.choice([0.0, 0.05, 0.2], groups), k)))
    pl.DataFrame({"group": np.repeat(np.arange(groups), k), "yi": yi, "vi": vi}).write_parquet(path)
    return int(k.sum())


@numba.njit("float64(float64[::1], int64)", nogil=True)
def divisions(x: np.ndarray, times: int) -> float:
    """Two dependent sums of quotients, as the kernels have them: a division each."""
    a = b = 0.0
    for t in range(times):
        for v in x:
            w = 1.0 / (v + t)
            a += w
            b += w * w
    return a + b


def both(work, threads: int) -> float:
    best = np.inf
    for _ in range(3):
        with ThreadPoolExecutor(threads) as pool:
            start = time.perf_counter()
            list(pool.map(lambda _: work(), range(threads)))
            best = min(best, time.perf_counter() - start)
    return best


def main(groups: int) -> None:
    threads = os.cpu_count() or 1
    with tempfile.TemporaryDirectory() as folder:
        data, out = Path(folder) / "data.parquet", Path(folder) / "out.parquet"
        rows = write_groups(data, groups)
        run = [sys.executable, "-c", RUN, str(data), str(out)]
        subprocess.run(run, check=True, capture_output=True)  # compiled code is on disk from here on
        said, numbers = subprocess.run(run, check=True, capture_output=True, text=True).stdout.splitlines()
        wall, cpu, peak = map(float, numbers.split())
        size = data.stat().st_size + out.stat().st_size
    print(f"{said}; {rows:,} rows; load of the machine {os.getloadavg()[0]:.1f} on {threads} threads")
    print(f"wall {wall:.1f} s, processor {cpu:.1f} s, peak memory {peak:.0f} MB, files {size / 1e6:.0f} MB")
    big = np.ones(30_000_000)
    copy = both(lambda: np.copyto(np.empty_like(big), big), threads)
    bandwidth = threads * 2 * big.nbytes / copy
    x = np.linspace(1.0, 2.0, 10_000)
    rate = threads * len(x) * 2000 / both(lambda: divisions(x, 2000), threads)
    print(
        f"memory copies {bandwidth / 1e9:.1f} GB/s: the input alone would take {24 * rows / bandwidth:.2f} s"
    )
    # counted: 18 evaluations of the model or its score a group, and two fits, with two divisions a study each
    print(f"{rate / 1e9:.2f} billion divisions/s in such loops: {41 * rows / rate:.1f} s for 41 a study")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
    print(f"(this process: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB)")
