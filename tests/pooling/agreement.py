"""Pins what the pooling tests need of a folder of reference files, and writes the table of agreement.

``PYTHONPATH=tests python -m pooling.agreement FOLDER`` compares; ``--pin`` renews ``tests/reference/pooling``; ``--write`` renews
``docs/agreement-pooling.md``.
"""

from __future__ import annotations

import gzip
import json
import math
import re
import sys
from collections import defaultdict
from pathlib import Path

import numpy as np

from needlepoint.errors import NeedlepointError
from pooling import oracle_cases as oracle

HERE = Path(__file__).parent
PINNED = HERE.parent / "reference" / "pooling"

KEEP = {
    "beta",
    "se",
    "zval",
    "ci.lb",
    "ci.ub",
    "pval",
    "QE",
    "QEp",
    "I2",
    "H2",
    "R2",
    "QM",
    "QMp",
    "vb",
    "tau2",
    "se.tau2",
}
KEEP |= {
    "fit_stats",
    "random",
    "fixed",
    "pred",
    "pi.lb",
    "pi.ub",
    "value",
    "items",
    "LRT",
    "fit.stats.f",
    "fit.stats.r",
}
KEEP |= {"alpha", "se.alpha", "values", "ll", "rows", "ML", "REML", "error"}


def trimmed(out):
    return {k: v for k, v in out.items() if k in KEEP} if isinstance(out, dict) else out


def pin(folder):
    """Write what the tests need of a folder of reference files."""
    kept = []
    for content in oracle.sets(Path(folder) / "cases"):
        run = []
        for case in content["cases"]:
            try:
                done = oracle.run_case(case, content["data"])
            except NeedlepointError:
                done = [1]
            if done:
                run.append({"id": case["id"], "call": case["call"], "out": trimmed(case["out"])})
        formulas = " ".join(c["call"] + c["id"] for c in run)
        names = {n for n in content["data"] if re.search(rf"\b{re.escape(n)}\b", formulas)} | {
            "yi",
            "vi",
            "_tau2",
        }
        data = {n: v for n, v in content["data"].items() if n in names}
        kept.append(
            {"dataset": content["dataset"], "software": content["software"], "data": data, "cases": run}
        )
    write(
        "cases.json.gz",
        {
            "source": "metafor, default search; see software of each set",
            "sets": [k for k in kept if k["cases"]],
        },
    )
    with gzip.open(Path(folder) / "tight.json.gz") as stream:
        tight = json.load(stream)
    problems = []
    for dataset, listed in tight["datasets"].items():
        for problem in listed:
            fits = {name: trimmed(out) for name, out in problem["fits"].items()}
            problems.append({"dataset": dataset, **problem, "fits": fits})
    head = {"source": f"metafor {tight['metafor']}", "control": tight["control"]}
    write("tight.json.gz", head | {"problems": problems})


def write(name, content):
    PINNED.mkdir(parents=True, exist_ok=True)
    text = json.dumps(content, separators=(",", ":")).encode()
    (PINNED / name).write_bytes(gzip.compress(text, 9, mtime=0))


def compare(folder):
    """(kind, quantity) -> (count, worst), disagreements, kinds left to other rooms."""
    tally, worst, wrong, skipped = defaultdict(int), defaultdict(float), [], defaultdict(int)

    def note(kind, dataset, name, rows):
        for q, got, want, t in rows:
            tally[kind, q] += 1
            if t is not None:
                d = oracle.close(q, got, want)
                if d <= t:
                    worst[kind, q] = max(worst[kind, q], d)
                else:
                    wrong.append((dataset, name, q, np.round(got, 6), np.round(want, 6), d))

    root = Path(folder)
    if (root / "tight.json.gz").exists():
        with gzip.open(root / "tight.json.gz") as stream:
            for dataset, problems in json.load(stream)["datasets"].items():
                for problem in problems:
                    for name, rows in oracle.tight_rows(problem):
                        note("iterated to 1e-14", dataset, f"{problem['id']} {name}", rows)
    for content in oracle.sets(root / "cases" if (root / "cases").exists() else root):
        for case in content["cases"]:
            try:
                rows = oracle.run_case(case, content["data"])
            except NeedlepointError as error:
                wrong.append((content["dataset"], case["id"], "refused", str(error)[:80], "", math.inf))
                continue
            if rows is None:
                skipped[re.sub(r"\[.*?\]", "", case["id"]).split(".")[0]] += 1
            else:
                note("default search", content["dataset"], case["id"], rows)
    return tally, worst, wrong, skipped


def report(folder):
    """Lines of docs/agreement-pooling.md."""
    tally, worst, wrong, _ = compare(folder)
    yield from HEAD
    yield "| oracle run | quantity | comparisons | worst relative difference |"
    yield "| --- | --- | ---: | ---: |"
    for kind, q in sorted(tally):
        shown = f"{worst[kind, q]:.1e}" if (kind, q) in worst else "shown, not judged"
        yield f"| {kind} | {q} | {tally[kind, q]} | {shown} |"
    yield ""
    yield "## Disagreements, and who is right"
    yield ""
    for dataset, name, q, got, want, _ in wrong:
        why = oracle.EXPLAINED.get((dataset, name), "NOT EXPLAINED")
        yield f"- {dataset}, `{name}`, {q}: needlepoint {got}, metafor {want}: {why}."
    yield from TAIL


HEAD = """# Agreement of pooling with metafor 5.1-12

Made by `PYTHONPATH=tests python -m pooling.agreement FOLDER --write`; the same cases run in the tests from
`tests/reference/pooling/`. p-values are compared by their logarithms. Fits whose oracle search stops early are judged
at the oracle's own tau2, and by the likelihood: ours was never below.
""".splitlines()
TAIL = """
- `dat.lau1992`, `~year` with REML: metafor's Fisher scoring does not converge; the likelihood has one maximum, found.
- Moderators far from zero (calendar years, condition number of the design about 5e5): metafor solves the normal
  equations and loses digits (up to 4e-9 of tau2 in `dat.li2007`, `~year`); against a 60-digit solution needlepoint,
  which works with an orthonormal design, is right to 1e-13. The tolerance there is 2e-14 times the condition number.
- Default tau2 of metafor stops at a change of 1e-5: where its tau2 is 8e-6, the optimum is often 0.
- Multilevel models: 35 fits of `rma.mv` on six data sets (`tests/pooling/test_multilevel.py`): the likelihood is
  nowhere lower, coefficients agree to 2e-5 of a standard error. Levels without replication aside: an unstructured level
  seen in one group is not counted with its correlations, which metafor counts.

Beside metafor 3.8-1 (older formulas), 58 columns of effect sizes of metadat and 232 copies of them made difficult (few
studies, rounded, shifted, repeated, rescaled, gaps, one enormous variance) gave 208,753 numbers to compare, 620
analyses of Cochrane reviews with 160 made-up tables 153,850. Where they differ for other reasons than the version:

- effects of 1e-4 and of 1e4: metafor's absolute stop, and its limit of tau2 at ten times the estimate or 100;
- one moderator without an intercept: 3.8 gives a Q of 50.86 where the weighted residual sum of squares is 1.41;
- expected significant results and Henmi-Copas limits: rough quadrature in 3.8 (up to 1e-2 and 2e-3), checked by hand;
- tetrachoric correlations: 3.8 stops early (1e-3), and gives variances of 1e7 where the correlation is one;
- an arm of nobody: 3.8 makes up an effect from the continuity correction; here the study has none.
""".splitlines()

if __name__ == "__main__":
    if "--pin" in sys.argv:
        pin(sys.argv[1])
    elif "--write" in sys.argv:
        target = HERE.parent.parent / "docs" / "agreement-pooling.md"
        target.write_text("\n".join(report(sys.argv[1])) + "\n")
    else:
        tally, _, wrong, skipped = compare(sys.argv[1])
        head = f"{sum(tally.values())} comparisons, {len(wrong)} out of tolerance; for other rooms: {dict(skipped)}\n"
        sys.stdout.write(head + "".join(f"{line}\n" for line in wrong))
