"""Fits per second beside a loop of metafor, and agreement with it, in one run.

    python benchmarks/many_metafor.py [cochrane/studies.csv.gz]

Ragged groups (k 3-30) for the speed, R's loop in processor time; with the reviews' file also every Cochrane analysis for the agreement. Where the
two differ by more than 1e-6, both restricted likelihoods say who found the higher optimum.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import polars as pl

from needlepoint.bulk.api import many
from needlepoint.bulk.chunk import _usable
from needlepoint.bulk.columns import find_columns
from needlepoint.bulk.effects import chunk_effects
from needlepoint.bulk.groups import group_starts
from needlepoint.bulk.numbers import _compiled_kernel, group_numbers
from needlepoint.bulk.plan import make_plan
from needlepoint.pooling.kernels.likelihood import log_likelihood
from needlepoint.pooling.kernels.normal import column_at

LOOP = """
suppressMessages(library(metafor))
a <- commandArgs(TRUE); d <- read.csv(a[1]); parts <- split(d, d$g)
how <- list(threshold = 1e-12, maxiter = 10000)
fit <- function(p) tryCatch({ f <- suppressWarnings(if (is.null(p$x))
    rma(yi, vi, data = p, method = a[3], test = "knha", control = how)
  else rma(yi, vi, mods = ~ x, data = p, method = a[3], test = "knha", control = how))
  n <- length(f$b); c(f$b[n], f$se[n], f$tau2) }, error = function(e) c(NA, NA, NA))
invisible(fit(parts[[1]]))
s <- sum(proc.time()[1:2]); r <- t(sapply(parts, fit)); s <- sum(proc.time()[1:2]) - s
write.csv(data.frame(g = as.integer(names(parts)), b = r[, 1], se = r[, 2], tau2 = r[, 3]), a[2], row.names = FALSE)
cat(s)
"""


def ragged(groups: int, seed: int = 1) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    k = rng.integers(3, 31, groups)
    vi = rng.gamma(2.0, 0.05, k.sum()) + 0.005
    yi = rng.normal(0.3, np.sqrt(vi + np.repeat(rng.choice([0.0, 0.05, 0.2], groups), k)))
    return pl.DataFrame({"g": np.repeat(np.arange(groups), k), "yi": yi, "vi": vi})


def metafor(table: pl.DataFrame, method: str) -> tuple[pl.DataFrame, float]:
    with tempfile.TemporaryDirectory() as folder:
        script, data, out = (Path(folder) / name for name in ("loop.R", "data.csv", "out.csv"))
        script.write_text(LOOP)
        table.write_csv(data, float_precision=17)
        run = ["Rscript", str(script), str(data), str(out), method]
        seconds = float(subprocess.run(run, check=True, capture_output=True, text=True).stdout)
        return pl.read_csv(out, null_values="NA"), seconds


def agreement(table: pl.DataFrame, method: str, name: str) -> float:
    """Seconds a fit of metafor; prints what agrees and what does not."""
    theirs, seconds = metafor(table, method)
    ours = many(table, by="g", method=method, test="HKSJ", measure="GEN").to_frame().join(theirs, on="g")
    fitted = ours.filter(pl.col("b").is_not_null())
    off = pl.max_horizontal(
        (pl.col("estimate") - pl.col("b")).abs() / (pl.col("estimate").abs() + pl.col("se")),
        (pl.col("se") - pl.col("se_right")).abs() / pl.col("se"),
        (pl.col("tau2") - pl.col("tau2_right")).abs() / (pl.col("tau2") + pl.col("se") ** 2),
    )
    apart = fitted.with_columns(off=off).filter(pl.col("off") > 1e-6).sort("g")
    print(
        f"{name} {method}: {ours.height} groups, {ours.height - fitted.height} without a metafor fit, "
        f"{fitted.height - apart.height} agree to 1e-6, {apart.height} do not"
    )
    higher = 0
    for row in apart.iter_rows(named=True):
        part = table.filter(pl.col("g") == row["g"])
        yi, vi = part["yi"].to_list(), part["vi"].to_list()
        heights = [
            log_likelihood(column_at(yi, vi, [1.0] * len(yi), row[t]), restricted=True)
            for t in ("tau2", "tau2_right")
        ]
        higher += heights[0] >= heights[1]
        print(
            f"   group {row['g']} k={row['k']}: tau2 {row['tau2']:.8g} (log-likelihood {heights[0]:.10g}), "
            f"metafor {row['tau2_right']:.8g} ({heights[1]:.10g})"
        )
    if apart.height:
        print(f"   needlepoint's likelihood is the higher one, or equal, in {higher} of {apart.height}")
    return seconds / ours.height


def cochrane(path: Path) -> pl.DataFrame:
    by = ["review", "analysis_group", "analysis_number"]
    table = pl.read_csv(path, infer_schema_length=None)
    columns, measure = find_columns(table.columns, {}, by, "auto")
    plan = make_plan(table.columns, by=by, measure=measure, columns=columns)
    starts = group_starts(table, by)
    found = chunk_effects(table, starts, plan)
    keep, bad = _usable(found)
    group = np.repeat(np.arange(len(starts) - 1), np.diff(starts))
    keep &= ~np.isin(group, [*bad, *found.refusals])
    kept = pl.DataFrame({"g": group[keep], "yi": found.yi[keep], "vi": found.vi[keep]})
    return kept.filter(pl.len().over("g") >= 2)


def moderators(groups: int = 1000) -> None:
    table = ragged(groups, seed=3).filter(pl.len().over("g") >= 4)
    rng = np.random.default_rng(4)
    table = table.with_columns(x=rng.normal(2000.0, 10.0, len(table)))
    theirs, seconds = metafor(table, "REML")
    how = {"by": "g", "yi": "yi", "vi": "vi", "mods": "~ x", "test": "HKSJ", "compiled": True}
    many(table, **how)
    start = time.process_time()
    ours = many(table, **how).to_frame()
    took = (time.process_time() - start) / ours.height
    slope = pl.col("coefficients").list.get(1)
    both = ours.select("g", "tau2", b=slope.struct.field("estimate"), se=slope.struct.field("se"))
    both = both.join(theirs.drop_nulls(), on="g", suffix="_theirs")
    off = [
        ((both[n] - both[f"{n}_theirs"]).abs() / (both[f"{n}_theirs"].abs() + 1e-9)).to_numpy()
        for n in ("b", "se")
    ]
    agree = int((np.maximum(*off) < 1e-6).sum())
    print(
        f"one moderator, REML: {both.height} groups fitted by both, slope and its error agree to 1e-6 in {agree}; "
        f"{1e6 * took:.1f} us a group, table to table, {seconds / ours.height / took:,.0f} times metafor's loop "
        f"({1e3 * seconds / ours.height:.2f} ms a fit)"
    )


def speed(per_fit: float, groups: int = 200_000) -> None:
    from concurrent.futures import ThreadPoolExecutor

    table = ragged(groups, seed=2)
    yi, vi = table["yi"].to_numpy(), table["vi"].to_numpy()
    starts = group_starts(table, ["g"])
    _compiled_kernel("REML")
    half = groups // 2
    cuts = [starts[: half + 1], starts[half:]]

    def fit(cut: np.ndarray) -> None:
        rows = slice(cut[0], cut[-1])
        group_numbers(yi[rows], vi[rows], cut - cut[0], "REML", None, engine="compiled")

    best = {1: np.inf, 2: np.inf}
    for _ in range(9):
        start = time.process_time()
        fit(starts)
        best[1] = min(best[1], time.process_time() - start)
        with ThreadPoolExecutor(2) as pool:
            start = time.perf_counter()
            list(pool.map(fit, cuts))
            best[2] = min(best[2], time.perf_counter() - start)
    for threads, seconds in best.items():
        ours = seconds / groups
        clock = {1: "processor time", 2: "wall time"}[threads]
        print(
            f"REML kernel, {threads} thread(s), {clock}: {1e6 * ours:.2f} us a fit, {1 / ours:,.0f} fits/s, "
            f"{per_fit / ours:,.0f} times metafor's loop ({1e3 * per_fit:.2f} ms a fit)"
        )


if __name__ == "__main__":
    per_fit = agreement(ragged(1500), "REML", "ragged")
    speed(per_fit)
    moderators()
    agreement(ragged(500), "DL", "ragged")
    if len(sys.argv) > 1:
        for method in ("REML", "DL"):
            agreement(cochrane(Path(sys.argv[1])), method, "Cochrane")
