"""The agreement table of docs/rare-events.md, made by this file and checked by it.

``python tests/pooling/test_rare_events_agreement.py --write`` renews the table.
"""

from __future__ import annotations

import importlib.util
import math
import sys
from collections import defaultdict
from pathlib import Path
from types import ModuleType

HERE = Path(__file__).parent
GUIDE = HERE.parents[1] / "docs" / "rare-events.md"
START, END = "<!-- agreement: made by tests -->", "<!-- end of agreement -->"
CLOSED, SEARCHED = 1e-10, 1e-8  # smaller differences are rounding: their size depends on the machine


def sibling(name: str) -> ModuleType:
    """A test module beside this one."""
    spec = importlib.util.spec_from_file_location(name, HERE / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def bound(worst: float, floor: float) -> str:
    """The next of 1, 2, 5 times a power of ten above, so that the last bit of a machine changes nothing."""
    if worst < floor:
        return f"< {floor:.0e}"
    power = 10.0 ** math.floor(math.log10(worst))
    step = next(s for s in (1, 2, 5, 10) if worst < s * power)
    return f"< {step * power:.0e}"


def closed_forms() -> list[tuple[str, int, str]]:
    mh, peto = sibling("test_mantel_haenszel"), sibling("test_peto")
    worst: dict[str, list[float]] = defaultdict(list)
    for case in mh.cases("rma.mh"):
        got = mh.fit(case).to_dict()
        differences = [mh.relative_error(got[o], case["out"][t]) for o, t in mh.SAME.items()]
        worst[f"Mantel-Haenszel {got['measure']}"].append(max(differences))
    for case in peto.cases("rma.peto"):
        got = peto.peto(
            peto.REFERENCE["data"][case["data"]], ai="ai", n1i="n1i", ci="ci", n2i="n2i"
        ).to_dict()
        worst["Peto"].append(max(peto.relative_error(got[o], case["out"][t]) for o, t in peto.SAME.items()))
    return [(name, len(found), bound(max(found), CLOSED)) for name, found in worst.items()]


def count_models() -> list[str]:
    glmm = sibling("test_glmm")
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
