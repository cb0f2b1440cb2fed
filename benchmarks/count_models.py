"""Times of the count methods on the BCG trials, beside metafor's on the same machine where R has it.

``python benchmarks/count_models.py``
"""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Callable

import needlepoint as npt

BCG = {
    "ai": [4, 6, 3, 62, 33, 180, 8, 505, 29, 17, 186, 5, 27],
    "n1i": [123, 306, 231, 13598, 5069, 1541, 2545, 88391, 7499, 1716, 50634, 2498, 16913],
    "ci": [11, 29, 11, 248, 47, 372, 10, 499, 45, 65, 141, 3, 29],
    "n2i": [139, 303, 220, 12867, 5808, 1451, 629, 88391, 7277, 1665, 27338, 2341, 17854],
}
COLUMNS = {name: name for name in BCG}
OURS: dict[str, Callable[[], object]] = {
    "MH": lambda: npt.mantel_haenszel(BCG, **COLUMNS),
    "UM.FS": lambda: npt.glmm(BCG, model="UM.FS", **COLUMNS),
    "UM.RS": lambda: npt.glmm(BCG, model="UM.RS", **COLUMNS),
    "CM.AL": lambda: npt.glmm(BCG, model="CM.AL", **COLUMNS),
    "CM.EL": lambda: npt.glmm(BCG, model="CM.EL", **COLUMNS),
    "exact": lambda: npt.exact_conditional(BCG, **COLUMNS),
    "penalised": lambda: npt.penalised_logistic(BCG, **COLUMNS),
    "beta-binomial": lambda: npt.beta_binomial(BCG, **COLUMNS),
}
R = """
suppressMessages(library(metafor)); d <- dat.bcg
a <- list(measure="OR", ai=d$tpos, bi=d$tneg, ci=d$cpos, di=d$cneg)
f <- list(MH=function() do.call(rma.mh, a))
for (m in c("UM.FS", "UM.RS", "CM.AL", "CM.EL")) local({
  model <- m; f[[m]] <<- function() suppressWarnings(do.call(rma.glmm, c(a, list(model=model))))})
for (n in names(f)) {
  t <- tryCatch({f[[n]](); min(replicate(3, system.time(f[[n]]())[["elapsed"]]))}, error=function(e) NA)
  cat(n, t, "\n")}
"""


def best(f: Callable[[], object], runs: int = 9) -> float:
    f()
    times: list[float] = []
    for _ in range(runs):
        start = time.perf_counter()
        f()
        times.append(time.perf_counter() - start)
    return min(times)


def metafor() -> dict[str, float]:
    if shutil.which("Rscript") is None:
        return {}
    out = subprocess.run(["Rscript", "-e", R], capture_output=True, text=True, check=False).stdout
    rows = [line.split() for line in out.splitlines()]
    return {name: float(seconds) for name, seconds in rows if seconds != "NA"}


if __name__ == "__main__":
    theirs = metafor()
    for name, f in OURS.items():
        ours = best(f)
        beside = (
            f"   metafor {1e3 * theirs[name]:7.1f} ms   {theirs[name] / ours:6.0f} x"
            if name in theirs
            else ""
        )
        print(f"{name:14} {1e3 * ours:7.1f} ms{beside}")
