"""The guide's table of agreement with metafor is what the comparison gives."""

from __future__ import annotations

import gzip
import json
import math
import re
from pathlib import Path

import numpy as np

from needlepoint import effect_sizes
from needlepoint.effects.measures import MEASURES

ROOT = Path(__file__).parents[2]
# metafor itself is only approximate there: see test_agrees_with_metafor
APART = {"RTET", "ZTET"}


def differences():
    """Per measure: cases, values and the worst relative difference of yi and vi."""
    reference = json.loads(gzip.decompress((ROOT / "tests/reference/effects/escalc.json.gz").read_bytes()))
    found = {}
    for case in reference["cases"]:
        if "error" in case:
            continue
        data = reference["data"][case["data"]]
        got = effect_sizes(data, measure=case["measure"], **case["columns"], **case.get("options", {}))
        cases, values, worst = found.get(case["measure"], (0, 0, 0.0))
        for quantity in ("yi", "vi"):
            want = np.array([np.nan if v in (None, "NA") else v for v in case[quantity]], dtype=float)
            have = getattr(got, quantity)
            both = np.isfinite(want) & np.isfinite(have) & (np.abs(have - want) > 1e-15)
            values += int(np.isfinite(want).sum())
            if both.any():
                worst = max(worst, float(np.max(np.abs(have - want)[both] / np.abs(want[both]))))
        found[case["measure"]] = (cases + 1, values, worst)
    return found


def table():
    """Rows of the guide's table; the worst difference as the next power of ten."""
    rows = ["| measure | cases | values | worst relative difference |", "| --- | ---: | ---: | --- |"]
    found = differences()
    for measure in (m for m in MEASURES if m in found):
        cases, values, worst = found[measure]
        power = max(-14, math.ceil(math.log10(worst or 1e-16)))
        bound = "metafor stops at 1e-5" if measure in APART else f"< 1e{power}"
        rows.append(f"| {measure} | {cases} | {values:,} | {bound} |")
    return rows


def stated():
    """The guide's rows: measure -> (cases, values, bound)."""
    guide = (ROOT / "docs/effects.md").read_text()
    rows = re.findall(
        r"^\| (\w+) \| (\d+) \| ([\d,]+) \| (?:< (1e-\d+)|metafor stops at 1e-5) \|$", guide, re.M
    )
    return {m: (int(c), int(v.replace(",", "")), float(bound or 1)) for m, c, v, bound in rows}


def test_the_guide_states_the_agreement_that_is_measured():
    rows = stated()
    found = differences()
    assert {m: row[:2] for m, row in rows.items()} == {m: row[:2] for m, row in found.items()}, "\n".join(
        table()
    )
    for measure in set(found) - APART:
        # another processor may round another way: ten times the stated bound is still that agreement
        assert found[measure][2] <= 10 * rows[measure][2], measure


def measures():
    """Rows of the guide's table of measures."""
    rows = ["| measure | what | takes | variances |", "| --- | --- | --- | --- |"]
    for name, spec in MEASURES.items():
        takes = "; ".join(" ".join(letters) for letters in spec.alternatives)
        rows.append(f"| {name} | {spec.label} | {takes} | {' '.join(spec.vtypes)} |")
    return rows


def test_the_guide_lists_every_measure_with_what_it_takes():
    guide = (ROOT / "docs/effects.md").read_text().splitlines()
    missing = [row for row in measures() if row not in guide]
    assert not missing, "\n".join(["docs/effects.md lacks:", *missing])
