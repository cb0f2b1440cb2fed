"""Extras equal the methods of one synthesis; draws do not depend on chunks."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

import needlepoint
from needlepoint.bulk.api import many
from needlepoint.errors import InputError
from needlepoint.pooling.resampling.permutation import permutation_test

RNG = np.random.default_rng(8)
SIZES = RNG.integers(1, 9, 25)
VI = RNG.gamma(2.0, 0.05, SIZES.sum()) + 0.005
TABLE = pl.DataFrame(
    {"g": np.repeat(np.arange(25), SIZES), "yi": RNG.normal(0.3, np.sqrt(VI + 0.05)), "vi": VI}
)
PARTS = [part for _, part in TABLE.group_by("g", maintain_order=True)]


def rows(**how):
    return many(TABLE, by="g", **how).to_frame().iter_rows(named=True)


def test_leave_one_out_gives_the_range_of_the_single_results():
    for row, part in zip(rows(extras=["leave_one_out"]), PARTS, strict=True):
        if len(part) < 3:
            assert row["loo_estimate_low"] is None
            continue
        each = needlepoint.leave_one_out(part).column("estimate")
        assert (row["loo_estimate_low"], row["loo_estimate_high"]) == pytest.approx(
            (each.min(), each.max()), rel=1e-9
        )


def test_egger_is_the_regression_test():
    bias = pytest.importorskip("needlepoint.bias.egger")
    for row, part in zip(rows(extras=["egger"]), PARTS, strict=True):
        if len(part) < 3:
            assert row["egger_p"] is None
            continue
        one = bias.egger(part)
        assert row["egger_slope"] == pytest.approx(one.slope, rel=1e-9)
        assert row["egger_p"] == pytest.approx(one.p_value, rel=1e-8)


@pytest.mark.parametrize("tied", [False, True])
def test_rank_is_the_rank_test(tied):
    table = TABLE.with_columns(pl.col("vi").round(1) + 0.05) if tied else TABLE
    found = many(table, by="g", extras=["rank"]).to_frame()
    parts = [part for _, part in table.group_by("g", maintain_order=True)]
    for row, part in zip(found.iter_rows(named=True), parts, strict=True):
        if len(part) < 3 or part["vi"].n_unique() == 1:
            assert row["rank_p"] is None
            continue
        one = needlepoint.rank_test(part)
        assert (row["rank_tau"], row["rank_p"]) == pytest.approx((one.tau, one.p_value), rel=1e-9)


def test_exact_sign_flips_are_the_exact_permutation_test():
    for row, part in zip(rows(extras=["permutation"], method="DL", test="z"), PARTS, strict=True):
        if len(part) >= 2:
            one = permutation_test(needlepoint.pool(part, method="DL", test="z"))
            assert row["perm_flips"] == 2 ** len(part)
            assert row["perm_p"] == pytest.approx(one.p_value[0])


def test_gosh_takes_every_subset_of_two_or_more():
    for row, part in zip(rows(extras=["gosh"], level=0.5), PARTS, strict=True):
        if len(part) >= 3:
            every = needlepoint.gosh(part)
            large = every.size >= 2
            assert row["gosh_subsets"] == large.sum()
            want = np.quantile(every.estimate[large].ravel(), [0.25, 0.75])
            assert [row["gosh_estimate_low"], row["gosh_estimate_high"]] == pytest.approx(want, rel=1e-6)


def test_bootstrap_intervals_hold_the_estimate_and_do_not_depend_on_chunks():
    how = {"extras": ["bootstrap"], "draws": 99, "method": "DL"}
    whole = many(TABLE, by="g", **how).to_frame()
    cut = many(TABLE, by="g", rows_at_once=17, **how).to_frame()
    assert whole.equals(cut)
    known = whole.filter(pl.col("boot_ci_low").is_not_null())
    assert len(known) == sum(len(part) >= 2 for part in PARTS)
    assert ((known["boot_ci_low"] < known["estimate"]) & (known["estimate"] < known["boot_ci_high"])).all()


ARMS = {
    "g": [1, 1, 1, 2, 2, 3],
    "ai": [4, 6, 3, 0, 0, 5],
    "n1i": [123, 306, 231, 20, 30, 40],
    "ci": [11, 29, 11, 0, 0, 9],
    "n2i": [139, 303, 220, 20, 30, 41],
}


@pytest.mark.parametrize("measure", ["OR", "RR", "RD"])
def test_mantel_haenszel_and_peto_come_along(measure):
    found = many(ARMS, by="g", measure=measure, extras=["mantel_haenszel", "peto"]).to_frame()
    first = {name: values[:3] for name, values in ARMS.items() if name != "g"}
    mh, peto = needlepoint.mantel_haenszel(**first, measure=measure), needlepoint.peto(**first)
    assert found["mh_estimate"][0] == mh.estimate
    assert found["mh_p_value"][0] == mh.p_value
    assert found["peto_se"][0] == peto.se
    assert found["peto_estimate"][1] is None  # no events at all


def test_extras_come_with_compiled_methods_only():
    with pytest.raises(InputError, match="compiled methods"):
        many(TABLE, by="g", test="KR", extras=["egger"])


def turned(table, how):
    """Whether the interval holds zero, by effect_sizes and pool."""
    effects = needlepoint.effect_sizes(measure="OR", **table)
    fit = needlepoint.pool(effects, **how)
    return max(fit.ci_low, -fit.ci_high)


@pytest.mark.parametrize("ci", [[11, 29, 11], [7, 9, 4]])
def test_fragility_follows_the_change_that_brings_the_turn_nearest(ci):
    how = {"method": "DL", "test": "z"}
    table = {"ai": [4, 6, 3], "n1i": [123, 306, 231], "ci": ci, "n2i": [139, 303, 220]}
    index = many({"g": [1] * 3, **table}, by="g", measure="OR", extras=["fragility"], **how).tidy()[0][
        "fragility_index"
    ]
    start = turned(table, how) > 0
    steps = 0
    while (turned(table, how) > 0) == start:
        choices = []
        for arm in ("ai", "ci"):
            for i in range(3):
                for change in (1, -1):
                    tried = {**table, arm: [v + change * (j == i) for j, v in enumerate(table[arm])]}
                    if tried[arm][i] >= 0:
                        choices.append((turned(tried, how), tried))
        table = (min if start else max)(choices, key=lambda c: c[0])[1]
        steps += 1
    assert index == steps


def test_fragility_is_for_two_arms_of_events():
    assert many(TABLE, by="g", extras=["fragility"]).to_frame()["fragility_index"].is_null().all()
