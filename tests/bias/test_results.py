"""Every result of the room can be written as JSON, shown as rows, and printed."""

from __future__ import annotations

import json

import pytest

import needlepoint as npt
from needlepoint.result import jsonable

YI = [0.90, 0.75, 0.40, 0.85, 0.48, 0.10, 0.35, 0.05, 0.25, 0.15, 0.12]
VI = [0.160, 0.120, 0.090, 0.080, 0.060, 0.030, 0.040, 0.015, 0.010, 0.008, 0.005]
POOLED = npt.pool(yi=YI, vi=VI)

RESULTS = {
    "egger": lambda: npt.egger(POOLED),
    "rank_test": lambda: npt.rank_test(POOLED),
    "trim_fill": lambda: npt.trim_fill(POOLED),
    "fail_safe_n": lambda: npt.fail_safe_n(POOLED),
    "excess_significance": lambda: npt.excess_significance(POOLED),
    "pet_peese": lambda: npt.pet_peese(POOLED),
    "waap": lambda: npt.waap(POOLED),
    "small_study_test": lambda: npt.small_study_test(POOLED, test="Begg"),
    "selection_model": lambda: npt.selection_model(POOLED),
    "selection_sensitivity": lambda: npt.selection_sensitivity(POOLED),
    "p_uniform": lambda: npt.p_uniform(POOLED),
    "limit_meta_analysis": lambda: npt.limit_meta_analysis(POOLED),
    "copas": lambda: npt.copas(POOLED, seen=(0.9, 0.4)),
    "influence": lambda: npt.influence(POOLED),
    "leave_one_out": lambda: npt.leave_one_out(POOLED),
    "cumulative": lambda: npt.cumulative(POOLED),
    "baujat": lambda: npt.baujat(POOLED),
    "blup": lambda: npt.random_effects(POOLED, with_mean=True),
    "gosh": lambda: npt.gosh(POOLED, draws=40),
    "forward_search": lambda: npt.forward_search(POOLED),
    "subgroups": lambda: npt.subgroups(POOLED, by=["a", "b"] * 5 + ["a"]),
    "studentized_residuals": lambda: npt.studentized_residuals(POOLED),
}


@pytest.mark.parametrize("name", sorted(RESULTS))
def test_results_are_readable_by_programs_and_people(name):
    result = RESULTS[name]()
    record = json.loads(json.dumps(result.to_dict(), allow_nan=False))
    assert "notes" in record
    rows = result.tidy()
    assert rows
    json.dumps(jsonable(rows), allow_nan=False)
    assert result.to_frame("pandas").shape[0] == len(rows)
    assert str(result).strip()
    assert "nan" not in str(result).lower()


@pytest.mark.parametrize("test", ["Pustejovsky", "Peters", "Harbord", "arcsine", "Schwarzer"])
def test_a_study_without_an_effect_is_left_out_of_every_test_of_tables(test):
    table = {
        "ai": [4, 6, 3, 9, 12],
        "n1i": [123, 306, 231, 200, 90],
        "ci": [11, 29, 11, 20, 8],
        "n2i": [139, 303, 220, 190, 95],
    }
    whole = npt.effect_sizes(table, measure="OR", **{c: c for c in table})
    wider = {name: [*values, 0] for name, values in table.items() if name in {"ai", "ci"}}
    wider |= {name: [*values, 50] for name, values in table.items() if name in {"n1i", "n2i"}}
    with_empty = npt.effect_sizes(wider, measure="OR", drop00=True, **{c: c for c in wider})
    assert npt.small_study_test(with_empty, test=test).statistic == pytest.approx(
        npt.small_study_test(whole, test=test).statistic
    )
