"""Many groups at once give what one group at a time gives, to the last bit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

import needlepoint
from needlepoint.bulk.api import many
from needlepoint.bulk.plan import KERNEL_METHODS
from needlepoint.errors import InputError

COCHRANE = Path(needlepoint.__file__).parents[3] / "shared" / "cochrane" / "studies.csv.gz"
SAME = (
    *("k", "estimate", "se", "statistic", "df", "p_value", "ci_low", "ci_high", "pi_low", "pi_high", "tau2"),
    *("tau2_se", "q", "q_df", "q_p", "i2", "h2", "log_likelihood"),
)


def ragged(groups: int, seed: int = 1, sizes: tuple[int, int] = (1, 20)) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    k = rng.integers(*sizes, groups)
    vi = rng.gamma(2.0, 0.05, k.sum()) + 0.005
    tau2 = np.repeat(rng.choice([0.0, 0.05, 0.5], groups), k)
    yi = rng.normal(0.3, np.sqrt(vi + tau2))
    return pl.DataFrame({"group": np.repeat(np.arange(groups), k), "yi": yi, "vi": vi})


def number(value):
    """None for a number that is not defined."""
    return None if value is None or value != value else value


def assert_row_is_pooled(row, pooled, fields=SAME):
    for field in fields:
        assert row[field] == number(getattr(pooled, field)), field


@pytest.mark.parametrize("method", sorted(KERNEL_METHODS))
def test_every_method_gives_the_bits_of_pool(method):
    table = ragged(30)
    rows = many(table, by="group", method=method).to_frame()
    for row, (_, part) in zip(
        rows.iter_rows(named=True), table.group_by("group", maintain_order=True), strict=True
    ):
        assert_row_is_pooled(row, needlepoint.pool(part, method=method))


@pytest.mark.parametrize("test", ["z", "t", "HKSJ", "HKSJ-adhoc"])
@pytest.mark.parametrize("prediction", [None, "z", "t", "Riley", "HTS", "V", "HK", "HK-PR"])
def test_every_interval_gives_the_bits_of_pool(test, prediction):
    table = ragged(12, seed=4)
    rows = many(table, by="group", method="DL", test=test, prediction=prediction, level=0.9).to_frame()
    for row, (_, part) in zip(
        rows.iter_rows(named=True), table.group_by("group", maintain_order=True), strict=True
    ):
        assert_row_is_pooled(
            row, needlepoint.pool(part, method="DL", test=test, prediction=prediction, level=0.9)
        )


@pytest.mark.parametrize(
    "method",
    [m if m in {"REML", "SJ"} else pytest.param(m, marks=pytest.mark.slow) for m in sorted(KERNEL_METHODS)],
)
def test_compiled_code_gives_the_bits_of_interpreted_code(method):
    table = ragged(2000, seed=2, sizes=(1, 120))
    compiled = many(table, by="group", method=method, compiled=True, threads=2, rows_at_once=5000)
    interpreted = many(table, by="group", method=method, compiled=False)
    assert compiled.to_frame().equals(interpreted.to_frame())


def test_long_groups_agree_with_pool_to_rounding():
    table = ragged(5, sizes=(61, 300))
    rows = many(table, by="group").to_frame()
    for row, (_, part) in zip(
        rows.iter_rows(named=True), table.group_by("group", maintain_order=True), strict=True
    ):
        pooled = needlepoint.pool(part)  # above 60 studies pool() sums with arrays, in another order
        assert row["estimate"] == pytest.approx(pooled.estimate, rel=1e-11)
        assert row["tau2"] == pytest.approx(pooled.tau2, rel=1e-9, abs=1e-14)


def test_the_q_profile_interval_and_the_common_effect_come_along():
    table = ragged(20, seed=3, sizes=(2, 9))
    rows = many(table, by="group").to_frame()
    for row, (_, part) in zip(
        rows.iter_rows(named=True), table.group_by("group", maintain_order=True), strict=True
    ):
        interval = needlepoint.variance_intervals(needlepoint.pool(part))
        assert (row["tau2_low"], row["tau2_high"]) == (interval.tau2_low, interval.tau2_high)
        common = needlepoint.pool(part, method="EE", test="z")
        assert (row["common_estimate"], row["common_se"]) == (common.estimate, common.se)


@pytest.mark.parametrize("size", [50, 173, 10_000])
def test_the_size_of_chunks_changes_nothing(size):
    table = ragged(100, seed=5)
    assert many(table, by="group", rows_at_once=size).to_frame().equals(many(table, by="group").to_frame())


def test_groups_that_are_scattered_come_in_the_order_of_their_first_rows():
    table = pl.DataFrame({"g": ["b", "a", "b", "a", "c"], "yi": [1.0, 2.0, 3.0, 4.0, 5.0], "vi": [1.0] * 5})
    rows = many(table, by="g").to_frame()
    assert rows["g"].to_list() == ["b", "a", "c"]
    assert rows["estimate"].to_list() == [2.0, 3.0, 5.0]


def test_a_group_that_cannot_be_pooled_is_refused_and_stops_nothing():
    table = pl.DataFrame(
        {
            "g": [1, 1, 2, 2, 3, 3, 4],
            "yi": [0.1, 0.2, 0.3, 0.4, 0.5, None, None],
            "vi": [0.1, 0.1, 0.1, 0.0, 0.1, 0.1, 0.1],
        }
    )
    result = many(table, by="g")
    rows = result.to_frame()
    assert rows["status"].to_list() == ["ok", "refused", "one study", "no study"]
    assert rows["left_out"].to_list() == [0, 2, 1, 1]
    assert "vi = 0" in rows["notes"][1]
    assert rows["notes"][2] == "1 left out (no estimate or variance)"
    assert rows["estimate"].is_null().to_list() == [False, True, False, True]
    assert (result.refused, result.no_study) == (1, 1)


def test_arm_summaries_become_effects_of_the_measure():
    table = {
        "g": [1, 1, 2],
        "ai": [4, 6, 3],
        "n1i": [123, 306, 231],
        "ci": [11, 29, 11],
        "n2i": [139, 303, 220],
    }
    rows = many(table, by="g", measure="OR").to_frame()
    arms = {name: values[:2] for name, values in table.items() if name != "g"}
    assert rows["estimate"][0] == needlepoint.pool(needlepoint.effect_sizes(measure="OR", **arms)).estimate


def test_impossible_arms_refuse_their_group_only():
    table = {
        "g": [1, 2, 3],
        "ai": [4, 600, 3],
        "n1i": [123, 306, 231],
        "ci": [11, 29, 11],
        "n2i": [139, 303, 220],
    }
    rows = many(table, by="g", measure="RR").to_frame()
    assert rows["status"].to_list() == ["one study", "refused", "one study"]
    assert "ai" in rows["notes"][1]


def test_two_likelihood_peaks_are_noted():
    yi, vi = [0.117, 0.081, 1.013], [0.00097, 0.00688, 0.11094]
    pooled = needlepoint.pool(yi=yi, vi=vi)
    row = many({"g": [1] * 3, "yi": yi, "vi": vi}, by="g").to_frame().row(0, named=True)
    assert row["tau2"] == pooled.tau2
    assert row["modes"] == 2
    assert pooled.notes == (row["notes"],)


@pytest.mark.parametrize("how", [{"test": "KR"}, {"method": "PMM"}, {"test": "PL"}, {"prediction": "KR"}])
def test_what_has_no_compiled_kernel_goes_through_pool(how):
    table = ragged(6, seed=6, sizes=(3, 9))
    rows = many(table, by="group", **how).to_frame()
    for row, (_, part) in zip(
        rows.iter_rows(named=True), table.group_by("group", maintain_order=True), strict=True
    ):
        assert_row_is_pooled(row, needlepoint.pool(part, **how))


def test_moderators_are_fitted_in_every_group():
    table = ragged(6, seed=7, sizes=(2, 12)).with_columns(x=pl.int_range(pl.len()).over("group") % 4)
    rows = many(table, by="group", mods="~ x", yi="yi", vi="vi").to_frame()
    for row, (_, part) in zip(
        rows.iter_rows(named=True), table.group_by("group", maintain_order=True), strict=True
    ):
        if len(part) <= 2:
            assert row["status"] == "refused"
            continue
        pooled = needlepoint.pool(part, mods="~ x")
        assert row["coefficients"] == [c.to_dict() | {"notes": []} for c in pooled.coefficients]


def test_chunks_without_a_fitted_group_join_the_others():
    table = ragged(4, seed=9, sizes=(5, 9)).with_columns(x=pl.int_range(pl.len()).over("group") % 3)
    short = table.filter(pl.col("group") == 0)[:2].with_columns(group=pl.lit(9, dtype=pl.Int64))
    how = {"by": "group", "mods": "~ x", "yi": "yi", "vi": "vi"}
    rows = many(pl.concat([table, short]), rows_at_once=10, **how).to_frame()
    assert rows["status"].to_list() == ["ok"] * 4 + ["refused"]


@pytest.mark.parametrize("library", ["pandas", "pyarrow", "duckdb", "mapping", "lazy"])
def test_any_table_will_do(library):
    table = ragged(9)
    if library == "pandas":
        data = table.to_pandas()
    elif library == "pyarrow":
        data = table.to_arrow()
    elif library == "duckdb":
        import duckdb

        data = duckdb.connect().from_arrow(table.to_arrow())
    else:
        data = table.to_dict(as_series=False) if library == "mapping" else table.lazy()
    assert many(data, by="group").to_frame().equals(many(table, by="group").to_frame())


@pytest.mark.parametrize(
    ("how", "field"),
    [
        ({"by": "nowhere"}, "by"),
        ({"by": []}, "by"),
        ({"method": "XX"}, "method"),
        ({"test": "XX"}, "test"),
        ({"level": 95}, "level"),
        ({"extras": ["XX"]}, "extras"),
        ({"yi": "nowhere", "vi": "vi"}, "yi"),
        ({"method": "GENQ"}, "method"),
        ({"mods": "~ nowhere"}, "mods"),
    ],
)
def test_what_cannot_be_done_is_said(how, field):
    with pytest.raises(InputError) as caught:
        many(ragged(3), **{"by": "group", **how})
    assert caught.value.field == field


def test_the_package_is_the_function():
    table = ragged(3)
    assert needlepoint.many(table, by="group").to_frame().equals(many(table, by="group").to_frame())


@pytest.mark.skipif(not COCHRANE.exists(), reason="the reviews' rows are not here")
def test_every_cochrane_analysis_gives_the_bits_of_pool():
    by = ["review", "analysis_group", "analysis_number"]
    table = pl.read_csv(COCHRANE, infer_schema_length=None)
    rows = many(table, by=by).to_frame()
    assert len(rows) == 4070
    assert (rows["status"] == "refused").sum() < 20
    some = rows.filter(pl.col("status") == "ok", pl.col("measure") != "GEN", pl.col("k") <= 60).sample(
        150, seed=1
    )
    counts = {"ai": "experimental_cases", "ci": "control_cases"}
    means = {
        "m1i": "experimental_mean",
        "sd1i": "experimental_sd",
        "m2i": "control_mean",
        "sd2i": "control_sd",
    }
    for row in some.iter_rows(named=True):
        part = table.filter(*[pl.col(key) == row[key] for key in by])
        columns = (means if row["measure"] in {"MD", "SMD"} else counts) | {
            "n1i": "experimental_n",
            "n2i": "control_n",
        }
        effects = needlepoint.effect_sizes(part, measure=row["measure"], **columns)
        assert_row_is_pooled(row, needlepoint.pool(effects))
