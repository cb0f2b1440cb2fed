"""Every escalc case of metafor 5.1-12 that is pinned, to ten digits; exceptions are named with their reason."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import numpy as np
import pytest

from needlepoint.effects.api import effect_sizes
from needlepoint.effects.measures import MEASURES

REFERENCE = json.loads(
    gzip.decompress((Path(__file__).parents[1] / "reference/effects/escalc.json.gz").read_bytes())
)
RTOL = 1e-10  # closed forms: only rounding may differ
CASES = [c for c in REFERENCE["cases"] if "error" not in c and c["measure"] in MEASURES]
# a study with sd 0 has no SMD; metafor lets its infinity into the mean and gives every study NA, we leave it out
OURS_IS_RIGHT = {("dat.poole2003", "SMD", "AV")}


def name(case):
    return "-".join(
        [case["data"], case["measure"], *(f"{k}={v}" for k, v in case.get("options", {}).items())]
    )


def array(values):
    return np.array([np.nan if v in (None, "NA") else v for v in values], dtype=float)


@pytest.mark.parametrize("measure", sorted({c["measure"] for c in CASES}))
def test_every_pinned_case_agrees_with_metafor(measure):
    for case in (c for c in CASES if c["measure"] == measure):
        if (case["data"], measure, case.get("options", {}).get("vtype")) in OURS_IS_RIGHT:
            continue
        got = effect_sizes(
            REFERENCE["data"][case["data"]], measure=measure, **case["columns"], **case.get("options", {})
        )
        for quantity in ("yi", "vi"):
            np.testing.assert_allclose(
                getattr(got, quantity), array(case[quantity]), rtol=RTOL, atol=1e-15, err_msg=name(case)
            )
