"""Moderators by compiled code give what ``pool`` gives, to rounding; what it does not serve goes through ``pool``."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

import needlepoint
from needlepoint.bulk.api import many
from needlepoint.bulk.plan import KERNEL_METHODS, Plan

pytest.importorskip("numba")

NUMBERS = (
    *("estimate", "se", "statistic", "df", "p_value", "ci_low", "ci_high", "tau2", "tau2_se", "tau2_low"),
    *("tau2_high", "q", "q_df", "q_p", "i2", "h2", "log_likelihood"),
)
METHODS = sorted(KERNEL_METHODS - {"HE"})


def ragged(groups: int, seed: int = 1, sizes: tuple[int, int] = (6, 20)) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    k = rng.integers(*sizes, groups)
    vi = rng.gamma(2.0, 0.05, k.sum()) + 0.005
    dose = rng.normal(size=k.sum())
    yi = rng.normal(0.3 + 0.2 * dose, np.sqrt(vi + np.repeat(rng.choice([0.0, 0.05, 0.5], groups), k)))
    return pl.DataFrame(
        {
            "g": np.repeat(np.arange(groups), k),
            "yi": yi,
            "vi": vi,
            "dose": dose,
            "year": rng.integers(1990, 2025, k.sum()),
            "blind": rng.integers(0, 2, k.sum()),
            "arm": rng.normal(50.0, 9.0, k.sum()),
        }
    )


def both(table: pl.DataFrame, **how):
    return [many(table, by="g", yi="yi", vi="vi", compiled=c, **how).to_frame() for c in (True, False)]


def coefficients(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.select(pl.col("coefficients").explode()).unnest("coefficients")


def assert_equal_to_rounding(fast: pl.DataFrame, slow: pl.DataFrame, tolerance: float = 1e-9) -> None:
    assert fast.columns == slow.columns
    for name in slow.columns:
        if slow[name].dtype == pl.Float64:
            assert fast[name].is_null().equals(slow[name].is_null()), name
            expected = pytest.approx(slow[name].drop_nulls().to_list(), rel=tolerance, abs=1e-12)
            assert fast[name].drop_nulls().to_list() == expected, name
        elif name not in {"coefficients", "modes"}:
            assert fast[name].equals(slow[name]), name


@pytest.mark.parametrize(
    "method", [m if m in {"REML", "DL"} else pytest.param(m, marks=pytest.mark.slow) for m in METHODS]
)
@pytest.mark.parametrize("mods", ["~ dose", "~ dose + year + blind + arm"])
def test_every_method_gives_the_numbers_of_pool(method, mods):
    fast, slow = both(ragged(40), mods=mods, method=method)
    assert_equal_to_rounding(fast, slow)
    assert_equal_to_rounding(coefficients(fast), coefficients(slow))


@pytest.mark.parametrize("test", ["z", "t", "HKSJ"])
def test_every_test_gives_the_numbers_of_pool(test):
    fast, slow = both(ragged(20, seed=2), mods="~ year", method="DL", test=test, level=0.9)
    assert_equal_to_rounding(coefficients(fast), coefficients(slow))


def test_groups_of_every_kind_stand_side_by_side():
    table = ragged(30, seed=3, sizes=(1, 9)).with_columns(
        dose=pl.when(pl.col("g") % 5 == 4)
        .then(1.0)
        .when(pl.int_range(pl.len()) == 60)
        .then(None)
        .otherwise("dose"),
        yi=pl.when(pl.int_range(pl.len()) == 77).then(None).otherwise("yi"),
    )
    fast, slow = both(table, mods="~ dose + year")
    assert_equal_to_rounding(fast, slow)
    assert set(fast["status"]) == {"ok", "one study", "refused"}
    assert fast["notes"].str.contains("redundant moderators left out: dose").sum() >= 2
    assert fast["notes"].str.contains("a moderator or weight is missing").sum() == 1


def test_years_lose_no_digits():
    table = ragged(1, seed=4, sizes=(12, 13))
    row = many(table, by="g", yi="yi", vi="vi", mods="~ year", compiled=True).to_frame().row(0, named=True)
    shifted = needlepoint.pool(table.with_columns(year=pl.col("year") - 2000), mods="~ year")
    assert row["tau2"] == pytest.approx(shifted.tau2, rel=1e-10)
    assert row["coefficients"][1]["estimate"] == pytest.approx(shifted.coefficients[1].estimate, rel=1e-10)


@pytest.mark.parametrize(
    ("mods", "served"),
    [
        ("~ dose", True),
        ("~ dose+year ", True),
        ("~ a + b + c + d", True),
        ("~ a + b + c + d + e", False),
        ("~ log(dose)", False),
        ("~ dose * year", False),
        (None, False),
    ],
)
def test_sums_of_few_columns_are_served(mods, served):
    plan = Plan(by=("g",), columns=(), measure="GEN", mods=mods)
    assert (plan.route == "regression") is served


def test_categories_go_through_pool():
    table = ragged(5, seed=5).with_columns(side=pl.Series(["left", "right"] * 200)[: len(ragged(5, seed=5))])
    fast, slow = both(table, mods="~ side")
    assert fast.equals(slow)


def test_the_engine_is_part_of_what_was_asked():
    options = {"by": ("g",), "columns": (), "measure": "GEN"}
    asked = [Plan(**options, mods="~ dose", engine=e).arguments() for e in ("compiled", "interpreted")]
    assert asked[0] != asked[1]  # equal to rounding only: a stopped run goes on with the same one
    asked = [Plan(**options, engine=e).arguments() for e in ("compiled", "interpreted")]
    assert asked[0] == asked[1]
