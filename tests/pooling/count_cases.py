"""What the tests of methods for counts share: metafor's cases, how far two numbers are apart, tables."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from agreement_table import read

PINNED = Path(__file__).parents[1] / "reference" / "pooling"
REFERENCE = read(PINNED / "exact.json.gz")  # metafor 5.1-12; the file says more
COLUMNS = {
    "OR": {c: c for c in ("ai", "n1i", "ci", "n2i")},
    "IRR": {c: c for c in ("x1i", "t1i", "x2i", "t2i")},
    "PLO": {"xi": "xi", "ni": "ni"},
    "IRLN": {"xi": "x2i", "ti": "t2i"},
}
COLUMNS |= {"RR": COLUMNS["OR"], "RD": COLUMNS["OR"], "IRD": COLUMNS["IRR"]}
COMMON_EFFECT = {
    "estimate": "beta",
    "se": "se",
    "statistic": "zval",
    "p_value": "pval",
    "ci_low": "ci.lb",
    "ci_high": "ci.ub",
    "k": "k",
    "k_effects": "k.yi",
    "q": "QE",
    "q_p": "QEp",
    "h2": "H2",
}
"""Our name of a quantity of a common effect -> metafor's."""

SPARSE = {
    "ai": [1, 1, 14, 1, 5, 8, 7, 8, 4, 5],
    "n1i": [407, 414, 1197, 989, 139, 136, 304, 214, 111, 231],
    "ci": [1, 1, 16, 1, 4, 11, 4, 11, 0, 8],
    "n2i": [422, 407, 1300, 494, 80, 157, 152, 227, 37, 234],
}


def cases(start: str) -> list[dict]:
    return [case for case in REFERENCE["cases"] if case["id"].startswith(start)]


def name(case: dict) -> str:
    return f"{case['data']}-{case['id']}"


def relative_error(got: float | None, want: float | None) -> float:
    if got is None or want is None:
        return 0.0 if got is want else float("inf")
    return abs(got - want) / max(abs(want), 1e-8)


def cells(rows, order=(0, 1, 2, 3)):
    """Rows of (ai, bi, ci, di), or of another order of these, as columns."""
    columns = np.array(rows, dtype=float).T[list(order)]
    return dict(zip(("ai", "bi", "ci", "di"), columns, strict=True))
