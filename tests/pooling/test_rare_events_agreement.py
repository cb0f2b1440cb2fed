"""The agreement table of docs/rare-events.md, made by this file and checked by it.

``PYTHONPATH=tests python -m pooling.test_rare_events_agreement --write`` renews the table.
"""

from __future__ import annotations

import math
import sys
from collections import defaultdict
from pathlib import Path

from pooling import test_glmm as glmm
from pooling import test_mantel_haenszel as mantel_haenszel
from pooling import test_peto as peto
from pooling.count_cases import COMMON_EFFECT, cases, relative_error

HERE = Path(__file__).parent
GUIDE = HERE.parents[1] / "docs" / "rare-events.md"
START, END = "<!-- agreement: made by tests -->", "<!-- end of agreement -->"
CLOSED, SEARCHED = 1e-10, 1e-8  # smaller differences are rounding: their size depends on the machine


def bound(worst: float, floor: float) -> str:
    """The next of 1, 2, 5 times a power of ten above, so that the last bit of a machine changes nothing."""
    if worst < floor:
        return f"< {floor:.0e}"
    power = 10.0 ** math.floor(math.log10(worst))
    step = next(s for s in (1, 2, 5, 10) if worst < s * power)
    return f"< {step * power:.0e}"


def closed_forms() -> list[tuple[str, int, str]]:
    worst: dict[str, list[float]] = defaultdict(list)
    for case in cases("rma.mh"):
        got = mantel_haenszel.fit(case).to_dict()
        differences = [relative_error(got[o], case["out"][t]) for o, t in mantel_haenszel.SAME.items()]
        worst[f"Mantel-Haenszel {got['measure']}"].append(max(differences))
    for case in cases("rma.peto"):
        got = peto.fit(case).to_dict()
        worst["Peto"].append(max(relative_error(got[o], case["out"][t]) for o, t in COMMON_EFFECT.items()))
    return [(name, len(found), bound(max(found), CLOSED)) for name, found in worst.items()]


def count_models() -> list[str]:
    worst: dict[str, dict[str, list[float]]] = defaultdict(lambda: {q: [] for q in glmm.QUANTITIES})
    for case in glmm.CASES:
        want = case.get("out") or {}
        if want.get("beta") is None or glmm.kind(case) == "nAGQ1":
            continue
        res = glmm.fit(case["data"], case["call"])
        kind = f"{res.model if res.measure in {'OR', 'IRR'} else 'one arm'}, {res.method}"
        for ours, theirs in zip(glmm.QUANTITIES, glmm.THEIRS, strict=True):
            if (case["data"], case["id"], ours) not in glmm.WRONG_THERE:
                difference = abs(getattr(res, ours) - want[theirs]) / max(abs(want[theirs]), 1e-3)
                worst[kind][ours].append(difference)
    rows: list[str] = []
    for kind, found in sorted(worst.items()):
        cells = [bound(max(values), SEARCHED) for values in found.values()]
        rows.append(f"| {kind} | {len(found['estimate'])} | {' | '.join(cells)} |")
    return rows


def table() -> str:
    rows = [
        "| closed form | cases | worst relative difference of anything reported |",
        "| --- | ---: | ---: |",
    ]
    rows += [f"| {name} | {count} | {worst} |" for name, count, worst in closed_forms()]
    rows += ["", "| count model | cases | estimate | se | tau2 | likelihood-ratio test | Wald test |"]
    rows += ["| --- | ---: | ---: | ---: | ---: | ---: | ---: |", *count_models()]
    return "\n".join(rows)


def test_the_guide_shows_the_agreement_as_it_is():
    text = GUIDE.read_text(encoding="utf-8")
    assert table() in text[text.index(START) : text.index(END)]


if __name__ == "__main__" and "--write" in sys.argv:
    text = GUIDE.read_text(encoding="utf-8")
    before, after = text[: text.index(START) + len(START)], text[text.index(END) :]
    GUIDE.write_text(f"{before}\n\n{table()}\n\n{after}", encoding="utf-8")
