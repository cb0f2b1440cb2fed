"""Every pooled number of the answers equals metafor's on the same rows.

rows.csv (trial numbers) and pooled.json (metafor 3.8) are pinned in tests/reference/answer; metafor.R there
re-creates the second from the first. Tolerance 1e-6: metafor's search stops at a threshold of 1e-12.
"""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from reference.answer import rows as rows_script

HERE = Path(__file__).parents[1] / "reference" / "answer"
PINNED = json.loads((HERE / "pooled.json").read_text())["cells"]
CELLS = rows_script.cells()


def test_the_pinned_rows_are_those_of_the_pack_today():
    with (HERE / "rows.csv").open(encoding="utf-8") as file:
        pinned = list(csv.DictReader(file))
    now = [
        {k: "" if v is None else str(v) for k, v in r.items()}
        for c in CELLS.values()
        for r in rows_script.rows(c)
    ]
    assert len(pinned) == len(now), "run tests/reference/answer/rows.py and metafor.R again"
    for old, new in zip(pinned, now, strict=True):
        assert {k: v for k, v in old.items() if v} == {k: v for k, v in new.items() if v}


@pytest.mark.parametrize("name", sorted(CELLS))
def test_cell_equals_metafor(name):
    cell, want = CELLS[name], PINNED[name]
    yi, vi = want["yi"], want["vi"]
    yi, vi = (yi, vi) if isinstance(yi, list) else ([yi], [vi])
    assert [t.yi for t in cell.trials] == pytest.approx(yi, rel=1e-9, abs=1e-12)
    assert [t.vi for t in cell.trials] == pytest.approx(vi, rel=1e-9)
    if cell.k == 1:
        return
    fields = ["k", "estimate", "se", "ci_low", "ci_high", "tau2", "i2", "q", "q_p"]
    if cell.k > 2:
        fields += ["pi_low", "pi_high"]
    else:
        assert cell.pi_low is None, "two trials give no prediction interval here, although metafor prints one"
    for field in fields:
        assert getattr(cell, field) == pytest.approx(want[field], rel=1e-6, abs=1e-6), field


def test_enough_cells_are_compared():
    assert sum(cell.k > 1 for cell in CELLS.values()) >= 8
