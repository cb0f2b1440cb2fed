"""Pooling, regression, resampling and effect sizes beside metafor (R) and pimeta (PyPI), in one run.

Run: python benchmarks/pooling_vs_peers.py [--quick]
metafor: Rscript with the package metafor (Debian: r-cran-metafor). pimeta: the Python named by PIMETA_PYTHON, an
environment of its own. A peer that is missing is left out. One thread each; processor time, so that what else the
machine does counts little; medians over repetitions; every task runs on the three sides within the same minutes;
ratios are what counts.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS", "POLARS_MAX_THREADS"):
    os.environ[name] = "1"

import numpy as np

# dat.bcg: tuberculosis in 13 trials of BCG vaccine (Colditz et al. 1994, doi:10.1001/jama.1994.03510330076038)
BCG = {
    "ai": [4, 6, 3, 62, 33, 180, 8, 505, 29, 17, 186, 5, 27],
    "bi": [119, 300, 228, 13536, 5036, 1361, 2537, 87886, 7470, 1699, 50448, 2493, 16886],
    "ci": [11, 29, 11, 248, 47, 372, 10, 499, 45, 65, 141, 3, 29],
    "di": [128, 274, 209, 12619, 5761, 1079, 619, 87892, 7232, 1600, 27197, 2338, 17825],
    "ablat": [44, 55, 42, 52, 13, 44, 19, 13, 27, 42, 18, 33, 33],
    "year": [1948, 1949, 1960, 1977, 1973, 1953, 1973, 1980, 1968, 1961, 1974, 1969, 1976],
}

PEER = r"""
import json, sys, time, statistics, numpy as np, pimeta as pm
folder, quick = sys.argv[1], sys.argv[2] == "1"
load = lambda n: np.loadtxt(f"{folder}/{n}.csv", delimiter=",", ndmin=2)
bcg, d100, d1000 = load("bcg"), load("k100"), load("k1000")
y, v = bcg[:, 0], bcg[:, 1]
def timed(f, n):
    out = []
    f()
    for _ in range(n):
        t = time.process_time(); f(); out.append(time.process_time() - t)
    return statistics.median(out)
tasks = {
  "REML k=13": (lambda: pm.rma(yi=y, vi=v), 50), "REML k=100": (lambda: pm.rma(yi=d100[:,0], vi=d100[:,1]), 20),
  "REML k=1000": (lambda: pm.rma(yi=d1000[:,0], vi=d1000[:,1]), 3),
  "regression k=13": (lambda: pm.rma(yi=y, vi=v, mods=bcg[:, 2:4], test="knha"), 30),
}
res = pm.rma(yi=y, vi=v)
reg = pm.rma(yi=y, vi=v, mods=bcg[:, 2:4])
tasks["permutation 1000"] = (lambda: pm.permutest(reg, iter=1000), 1)
tasks["GOSH 2^13"] = (lambda: pm.gosh(y, v), 1)
e6 = np.load(f"{folder}/e6.npy")
tasks["escalc OR 1e6"] = (lambda: pm.escalc(measure="OR", ai=e6[0], bi=e6[1], ci=e6[2], di=e6[3]), 1)
out = {}
for name, (f, n) in tasks.items():
    try: out[name] = timed(f, n)
    except Exception as error: out[name] = None; print(name, repr(error)[:200], file=sys.stderr)
print(json.dumps(out))
"""

R = r"""
suppressMessages({library(metafor); library(jsonlite)})
folder <- commandArgs(TRUE)[1]
rd <- function(n) read.csv(file.path(folder, paste0(n, ".csv")), header = FALSE)
bcg <- rd("bcg"); d100 <- rd("k100"); d1000 <- rd("k1000"); counts <- rd("counts")
e6 <- matrix(readBin(file.path(folder, "e6.bin"), "double", 4e6), ncol = 4)
out <- list()
# n repetitions of m calls each; a task that fails is left out and says so
time <- function(name, n, m, f) tryCatch({
  one <- function() for (i in 1:m) f()
  if (n > 1) one()
  out[[name]] <<- median(sapply(1:n, function(i) sum(system.time(one())[1:2]))) / m
}, error = function(e) message(name, ": ", conditionMessage(e)))
res <- rma(bcg$V1, bcg$V2); reg <- rma(bcg$V1, bcg$V2, mods = cbind(bcg$V3, bcg$V4))
time("REML k=13", 5, 50, function() rma(bcg$V1, bcg$V2))
time("REML k=100", 5, 10, function() rma(d100$V1, d100$V2))
time("REML k=1000", 3, 1, function() rma(d1000$V1, d1000$V2))
time("regression k=13", 5, 50, function() rma(bcg$V1, bcg$V2, mods = cbind(bcg$V3, bcg$V4), test = "knha"))
time("permutation 1000", 3, 1, function() permutest(reg, iter = 1000, progbar = FALSE))
time("GOSH 2^13", 1, 1, function() gosh(res, progbar = FALSE))
time("escalc OR 1e6", 3, 1, function() escalc(measure = "OR", ai = e6[, 1], bi = e6[, 2], ci = e6[, 3], di = e6[, 4]))
time("CM.EL BCG", 1, 1, function()
  rma.glmm(measure = "OR", ai = counts$V1, bi = counts$V2, ci = counts$V3, di = counts$V4, model = "CM.EL"))
time("UM.RS BCG", 3, 1, function() suppressWarnings(
  rma.glmm(measure = "OR", ai = counts$V1, bi = counts$V2, ci = counts$V3, di = counts$V4, model = "UM.RS")))
cat(toJSON(out, auto_unbox = TRUE, digits = 10))
"""


def timed(task: Callable[[], object], repetitions: int) -> float:
    task()
    out = []
    for _ in range(repetitions):
        start = time.process_time()
        task()
        out.append(time.process_time() - start)
    return statistics.median(out)


def simulated(k: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(k)
    vi = rng.chisquare(5, k) / 50
    return rng.normal(0.3, np.sqrt(0.05 + vi)), vi


def write_inputs(folder: Path) -> dict[str, np.ndarray]:
    import needlepoint

    bcg = needlepoint.effect_sizes(BCG, measure="RR", ai="ai", bi="bi", ci="ci", di="di")
    table = np.column_stack([bcg.yi, bcg.vi, BCG["ablat"], BCG["year"]])
    np.savetxt(folder / "bcg.csv", table, delimiter=",", fmt="%.17g")
    np.savetxt(
        folder / "counts.csv",
        np.column_stack([BCG[c] for c in ("ai", "bi", "ci", "di")]),
        delimiter=",",
        fmt="%d",
    )
    for k in (100, 1000):
        np.savetxt(folder / f"k{k}.csv", np.column_stack(simulated(k)), delimiter=",", fmt="%.17g")
    e6 = np.random.default_rng(6).integers(1, 60, (4, 1_000_000)).astype(float)
    np.save(folder / "e6.npy", e6)
    e6.tofile(folder / "e6.bin")
    return {"yi": bcg.yi, "vi": bcg.vi, "e6": e6}


def ours(data: dict[str, np.ndarray], quick: bool) -> dict[str, float]:
    import needlepoint as nd

    yi, vi, e6 = data["yi"], data["vi"], data["e6"]
    y100, v100 = simulated(100)
    y1000, v1000 = simulated(1000)
    mods = np.column_stack([BCG["ablat"], BCG["year"]])
    pooled = nd.pool(yi=yi, vi=vi, test="z")
    reg = nd.pool(yi=yi, vi=vi, mods=mods, test="z")
    tasks: dict[str, tuple[Callable[[], object], int]] = {
        "REML k=13": (lambda: nd.pool(yi=yi, vi=vi, test="z"), 200),
        "REML k=100": (lambda: nd.pool(yi=y100, vi=v100, test="z"), 50),
        "REML k=1000": (lambda: nd.pool(yi=y1000, vi=v1000, test="z"), 20),
        "regression k=13": (lambda: nd.pool(yi=yi, vi=vi, mods=mods, test="HKSJ"), 100),
        "permutation 1000": (lambda: nd.permutation_test(reg, draws=1000), 9),
        "GOSH 2^13": (lambda: nd.gosh(pooled), 3),
        "CM.EL BCG": (
            lambda: nd.glmm(BCG, measure="OR", model="CM.EL", ai="ai", bi="bi", ci="ci", di="di"),
            3,
        ),
        "UM.RS BCG": (
            lambda: nd.glmm(BCG, measure="OR", model="UM.RS", ai="ai", bi="bi", ci="ci", di="di"),
            9,
        ),
        "escalc OR 1e6": (
            lambda: nd.effect_sizes(measure="OR", ai=e6[0], bi=e6[1], ci=e6[2], di=e6[3]),
            3,
        ),
    }
    if not quick:
        y20, v20 = simulated(20)
        twenty = nd.pool(yi=y20, vi=v20, test="z")
        tasks["GOSH 2^20"] = (lambda: nd.gosh(twenty), 1)
    return {name: timed(task, n) for name, (task, n) in tasks.items()}


def peer(command: list[str]) -> dict[str, float]:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.stderr.strip():
        print(done.stderr.strip()[-500:], file=sys.stderr)
    if done.returncode:
        return {}
    return json.loads(done.stdout.strip().splitlines()[-1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="leave out GOSH over 2^20 subsets")
    quick = parser.parse_args().quick
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        data = write_inputs(folder)
        mine = ours(data, quick)
        metafor: dict[str, float] = {}
        if shutil.which("Rscript"):
            (folder / "bench.R").write_text(R)
            metafor = peer(["Rscript", str(folder / "bench.R"), name])
        pimeta: dict[str, float] = {}
        if os.environ.get("PIMETA_PYTHON"):
            pimeta = peer([os.environ["PIMETA_PYTHON"], "-c", PEER, name, str(int(quick))])
    print(f"{'task':<18} {'ours s':>10} {'metafor s':>10} {'ratio':>8} {'pimeta s':>10} {'ratio':>8}")
    for task, seconds in mine.items():
        line = f"{task:<18} {seconds:10.6f}"
        for other in (metafor, pimeta):
            value = other.get(task)
            line += f" {value:10.5f} {value / seconds:7.0f}x" if value else f" {'-':>10} {'-':>8}"
        print(line)


if __name__ == "__main__":
    main()
