"""What effect_sizes promises whatever the numbers: symmetry, order, gaps told, errors that help."""

from __future__ import annotations

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from needlepoint import InputError, effect_sizes, pool, predict
from needlepoint.effects.measures import MEASURES
from needlepoint.options import Measure
from needlepoint.result import frame

counts = st.integers(0, 40)
tables = st.lists(st.tuples(counts, counts, counts, counts), min_size=1, max_size=8).filter(
    lambda rows: all(a + b > 0 and c + d > 0 for a, b, c, d in rows)
)
finite = st.floats(-50, 50).map(lambda x: round(x, 3))
positive = st.floats(0.1, 20).map(lambda x: round(x, 3))
sizes = st.integers(3, 500)
arms = st.lists(st.tuples(finite, positive, sizes, finite, positive, sizes), min_size=1, max_size=8)
MEANS = ("m1i", "sd1i", "n1i", "m2i", "sd2i", "n2i")
CELLS = ("ai", "bi", "ci", "di")

FLIPPING_TABLES = [
    m for m, s in MEASURES.items() if s.family.title.startswith("two arms, events of") and s.flips
]
FLIPPING_MEANS = [m for m in ("MD", "SMD", "SMDH", "VR", "RPB", "ZPB", "RBIS", "D2OR", "D2ORN", "D2ORL")]


def columns(letters, rows):
    return {
        letter: np.array(values, dtype=float)
        for letter, values in zip(letters, zip(*rows, strict=True), strict=True)
    }


def swapped(given, pairs):
    other = dict(given)
    for a, b in pairs:
        other[a], other[b] = given[b], given[a]
    return other


def test_the_vocabulary_is_the_dictionary():
    assert set(MEASURES) == set(Measure.__args__)
    assert len(MEASURES) == 87


@pytest.mark.parametrize("measure", FLIPPING_TABLES)
@given(rows=tables)
@settings(deadline=None, max_examples=25)
def test_swapping_the_arms_turns_the_sign_of_tables(measure, rows):
    given = columns(CELLS, rows)
    here = effect_sizes(measure=measure, **given)
    there = effect_sizes(measure=measure, **swapped(given, (("ai", "ci"), ("bi", "di"))))
    np.testing.assert_allclose(there.yi, -here.yi, atol=1e-9)
    np.testing.assert_allclose(there.vi, here.vi, rtol=1e-6, atol=1e-12)


@pytest.mark.parametrize("measure", FLIPPING_MEANS)
@given(rows=arms)
@settings(deadline=None, max_examples=25)
def test_swapping_the_arms_turns_the_sign_of_means(measure, rows):
    given = columns(MEANS, rows)
    here = effect_sizes(measure=measure, **given)
    there = effect_sizes(
        measure=measure, **swapped(given, (("m1i", "m2i"), ("sd1i", "sd2i"), ("n1i", "n2i")))
    )
    np.testing.assert_allclose(there.yi, -here.yi, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(there.vi, here.vi, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("measure", ["OR", "RR", "RD", "PETO"])
@given(rows=tables)
@settings(deadline=None, max_examples=25)
def test_swapping_events_and_non_events_turns_odds_and_differences(measure, rows):
    given = columns(CELLS, rows)
    here = effect_sizes(measure=measure, **given)
    there = effect_sizes(measure=measure, **swapped(given, (("ai", "bi"), ("ci", "di"))))
    if measure != "RR":  # the risk ratio of non-events is another quantity
        np.testing.assert_allclose(there.yi, -here.yi, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("measure", ["SMD", "SMDH", "RPB", "RBIS", "CLESN", "D2OR"])
@given(rows=arms, shift=st.floats(-100, 100), scale=st.floats(0.1, 10))
@settings(deadline=None, max_examples=25)
def test_standardised_measures_know_no_unit(measure, rows, shift, scale):
    given = columns(MEANS, rows)
    moved = {
        k: v * scale + (shift if k.startswith("m") else 0) if k[0] in "ms" else v for k, v in given.items()
    }
    here, there = effect_sizes(measure=measure, **given), effect_sizes(measure=measure, **moved)
    np.testing.assert_allclose(there.yi, here.yi, rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(there.vi, here.vi, rtol=1e-6, atol=1e-9)


@given(rows=arms, scale=st.floats(0.1, 10))
@settings(deadline=None, max_examples=25)
def test_a_mean_difference_takes_its_unit_along(rows, scale):
    given = columns(MEANS, rows)
    moved = {k: v * scale if k[0] in "ms" else v for k, v in given.items()}
    here, there = effect_sizes(measure="MD", **given), effect_sizes(measure="MD", **moved)
    np.testing.assert_allclose(there.yi, scale * here.yi, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(there.vi, scale**2 * here.vi, rtol=1e-9)


@pytest.mark.parametrize("measure", ["OR", "RR", "RD", "PETO", "PHI", "AS"])
@given(rows=tables, seed=st.integers(0, 99))
@settings(deadline=None, max_examples=15)
def test_order_and_company_do_not_matter(measure, rows, seed):
    given = columns(CELLS, rows)
    together = effect_sizes(measure=measure, **given)
    order = np.random.default_rng(seed).permutation(len(rows))
    shuffled = effect_sizes(measure=measure, **{k: v[order] for k, v in given.items()})
    np.testing.assert_allclose(shuffled.yi, together.yi[order], rtol=1e-13, atol=1e-15)
    for i in range(len(rows)):
        alone = effect_sizes(measure=measure, **{k: v[i] for k, v in given.items()})
        np.testing.assert_allclose(alone.yi, together.yi[i : i + 1], rtol=1e-13, atol=1e-15)
        np.testing.assert_allclose(alone.vi, together.vi[i : i + 1], rtol=1e-13)


@given(rows=tables)
@settings(deadline=None, max_examples=40)
def test_no_study_goes_missing_without_a_word(rows):
    given = columns(CELLS, rows)
    for measure in ("OR", "RR", "PETO", "PHI"):
        es = effect_sizes(measure=measure, drop00=True, study=[f"S{i}" for i in range(len(rows))], **given)
        assert len(es) == len(rows)
        told = " ".join(es.notes)
        for i in np.flatnonzero(np.isnan(es.yi)):
            assert f"S{i}" in told


def test_double_zero_studies_are_named_and_dropped_only_on_demand():
    table = {"ai": [0, 3], "n1i": [20, 30], "ci": [0, 5], "n2i": [21, 30], "study": ["Ada", "Bo"]}
    kept, dropped = effect_sizes(measure="RR", **table), effect_sizes(measure="RR", drop00=True, **table)
    assert np.isfinite(kept.yi).all()
    assert any("Ada" in n and "both arms" in n for n in kept.notes)
    assert np.isnan(dropped.yi[0])
    assert any("Ada" in n and "drop00" in n for n in dropped.notes)


def test_missing_values_are_told():
    es = effect_sizes(measure="MD", m1i=[1, None], sd1i=1, n1i=10, m2i=0, sd2i=1, n2i=10, study=["Ada", "Bo"])
    assert np.isnan(es.yi[1])
    assert any("Bo" in note for note in es.notes)
    assert es.k == 1


def test_treatment_arm_correction_keeps_the_odds_ratio_of_an_empty_table_at_one():
    es = effect_sizes(measure="OR", ai=0, n1i=50, ci=0, n2i=100, add="treatment-arm")
    # Sweeting et al. (2004): cells 1/3 and 2/3 keep the arms' ratio
    assert es.yi[0] == pytest.approx(np.log((1 / 3) / (50 + 1 / 3) / ((2 / 3) / (100 + 2 / 3))))


def test_empirical_correction_needs_a_study_with_events():
    with pytest.raises(InputError, match="without zero cells"):
        effect_sizes(measure="OR", ai=0, n1i=50, ci=1, n2i=100, add="empirical")


def test_the_empirical_correction_leans_towards_the_other_studies():
    es = effect_sizes(measure="OR", ai=[0, 5], n1i=[50, 100], ci=[0, 20], n2i=[50, 100], add="empirical")
    assert es.yi[0] == pytest.approx(es.yi[1], abs=0.05)


@pytest.mark.parametrize("frame", [pd.DataFrame, pl.DataFrame, dict], ids=["pandas", "polars", "mapping"])
def test_columns_come_by_name_from_any_frame(frame):
    data = frame({"e": [1, 2], "n": [10, 20], "c": [3, 4], "m": [11, 21], "trial": ["Ada", "Bo"]})
    es = effect_sizes(data, measure="OR", ai="e", n1i="n", ci="c", n2i="m", study="trial")
    assert tuple(es.study) == ("Ada", "Bo")
    assert es.ni.tolist() == [21, 41]
    assert type(es.to_frame()).__module__.split(".")[0] == (
        "pandas" if isinstance(data, pd.DataFrame) else "polars"
    )


def test_rows_can_be_kept_and_turned():
    data = {"m1i": [1.0, 2.0, 3.0], "m2i": 0.0, "sd1i": 1.0, "sd2i": 1.0, "n1i": 10.0, "n2i": 10.0}
    es = effect_sizes(measure="MD", subset=[0, 2], flip=[False, True, True], study=["A", "B", "C"], **data)
    assert es.yi.tolist() == [1.0, -3.0]
    assert tuple(es.study) == ("A", "C")
    by_mask = effect_sizes(measure="MD", subset=[True, False, True], study=["A", "B", "C"], **data)
    assert tuple(by_mask.study) == ("A", "C")
    assert any("C" in note for note in es.notes)


def test_variance_types_may_stand_in_a_column():
    data = {"a": [4, 4], "b": [8, 8], "c": [9, 9], "d": [5, 5], "design": ["ST", "CS"]}
    named = effect_sizes(data, measure="PHI", vtype="design", ai="a", bi="b", ci="c", di="d")
    given = effect_sizes(data, measure="PHI", vtype=["ST", "CS"], ai="a", bi="b", ci="c", di="d")
    np.testing.assert_array_equal(named.vi, given.vi)


def test_a_vector_of_variance_types_picks_each_studys_own():
    data = {"ai": [4, 4], "bi": [8, 8], "ci": [9, 9], "di": [5, 5]}
    mixed = effect_sizes(measure="PHI", vtype=["ST", "CS"], **data)
    for i, kind in enumerate(("ST", "CS")):
        assert mixed.vi[i] == effect_sizes(measure="PHI", vtype=kind, **data).vi[i]


def test_any_measure_can_be_given_as_it_is():
    es = effect_sizes(measure="HR", yi=[-0.3, 0.1], sei=[0.2, 0.1], ni=[100, 200])
    assert es.vi == pytest.approx([0.04, 0.01])
    estimate, low, high = es.transform()
    assert estimate == pytest.approx(np.exp([-0.3, 0.1]))
    assert (low < estimate).all()
    assert (estimate < high).all()


def test_wald_intervals_stand_at_the_quantile():
    low, high = effect_sizes(measure="GEN", yi=1.0, vi=0.25).ci(0.95)
    assert (low[0], high[0]) == pytest.approx((1 - 1.959963984540054 / 2, 1 + 1.959963984540054 / 2))


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"measure": "SMDD", "m1i": 1}, "did you mean 'SMD'"),
        ({"measure": "OR", "ai": 1, "ci": 2}, "ai n1i ci n2i"),
        ({"measure": "OR", "ai": 5, "n1i": 4, "ci": 2, "n2i": 9}, "more events than participants"),
        ({"measure": "OR", "ai": -5, "n1i": 4, "ci": 2, "n2i": 9}, "below zero"),
        ({"measure": "MD", "m1i": 1, "m2i": 0, "sd1i": -1, "sd2i": 1, "n1i": 5, "n2i": 5}, "negative sd"),
        ({"measure": "COR", "ri": 1.2, "ni": 5}, "not a correlation"),
        ({"measure": "COR", "ri": [0.1, 0.2], "ni": [5, 6, 7]}, "different lengths"),
        ({"measure": "OR", "ai": 1, "n1i": 4, "ci": 2, "n2i": 9, "vtype": "XX"}, "allowed: LS"),
        ({"measure": "OR", "ai": 1, "n1i": 4, "ci": 2, "n2i": 9, "to": "some"}, "only0"),
        ({"measure": "OR", "ai": 1, "n1i": 4, "ci": 2, "n2i": 9, "add": -1}, "below zero"),
        ({"measure": "OR", "ai": 1, "n1i": 4, "ci": 2, "n2i": 9, "m1i": 3}, "does not read m1i"),
        ({"measure": "MD"}, "no columns"),
        ({"measure": "OR", "ai": 1, "n1i": 4, "ci": 2, "n2i": 9, "add": "some"}, "treatment-arm"),
        ({"measure": "PHI", "ai": [1, 2], "n1i": 4, "ci": 2, "n2i": 9, "vtype": ["ST"] * 3}, "one a study"),
        ({"measure": "GEN", "yi": 1, "vi": 1, "impossible": "ignore"}, "raise, note"),
        ({"measure": "GEN", "yi": [1, 2], "vi": 1, "subset": [3]}, "no such rows"),
        ({"measure": "GEN", "yi": [1, 2], "vi": 1, "subset": [True]}, "one entry a study"),
        ({"measure": "GEN", "yi": [1, 2], "vi": 1, "flip": [True]}, "one entry a study"),
    ],
)
def test_bad_input_is_answered_with_what_would_do(given, says):
    with pytest.raises(InputError, match=says):
        effect_sizes(**given)


@pytest.mark.parametrize("measure", sorted(MEASURES))
def test_every_measure_names_what_it_takes(measure):
    if measure in {"HR", "HD", "GEN"}:
        return
    with pytest.raises(InputError) as told:
        effect_sizes(measure=measure)
    for letter in MEASURES[measure].alternatives[0]:
        assert letter in str(told.value)


def test_a_million_studies_are_numbered_only_when_read():
    es = effect_sizes(measure="GEN", yi=np.zeros(20_000), vi=1.0)
    assert es.study[-1] == "20000"
    assert list(es.study[:2]) == ["1", "2"]
    assert es.study == effect_sizes(measure="GEN", yi=np.zeros(20_000), vi=1.0).study
    assert es.to_dict()["study"][:2] == ["1", "2"]
    assert repr(es.study) == "Numbered(range(1, 20001))"
    assert hash(es.study) == hash(effect_sizes(measure="GEN", yi=np.zeros(20_000), vi=1.0).study)


def test_effect_sizes_read_as_a_table():
    es = effect_sizes(
        measure="MD", m1i=[1, 2], sd1i=1, n1i=10, m2i=0, sd2i=[1, None], n2i=10, study=["Ada", "Bo"]
    )
    text = str(es)
    assert "95% CI" in text
    assert "Bo    no value" in text
    row = es.tidy()[0]
    assert row["study"] == "Ada"
    assert row["ci_low"] < row["yi"] < row["ci_high"]


def test_people_behind_rates_are_kept_when_told():
    rates = {"x1i": [4, 9], "t1i": [100, 90], "x2i": [8, 12], "t2i": [101, 95]}
    assert effect_sizes(measure="IRR", ni=[50, 60], **rates).ni.tolist() == [50, 60]
    assert effect_sizes(measure="IRR", n1i=[20, 30], n2i=30, **rates).ni.tolist() == [50, 60]
    assert np.isnan(effect_sizes(measure="IRR", **rates).ni).all()


TRIALS = {"m1i": [20, 22, 19, 21], "m2i": [25, 26, 23, 24], "n1i": [40, 30, 50, 36], "n2i": [40, 30, 50, 36]}
NAMES = {"study": ["Ada", "Bo", "Cy", "Di"]}


def test_a_standard_error_in_place_of_an_sd_is_noticed():
    slip = effect_sizes(measure="MD", sd1i=[8, 9, 8, 1.4], sd2i=[8, 8, 9, 1.5], **TRIALS, **NAMES)
    assert slip.notes == ("an sd that looks like a standard error (times √n it fits the other studies): Di",)
    slip = effect_sizes(measure="SMD", sd1i=[8, 9, 8, 1.4], sd2i=[8, 8, 9, 1.5], **TRIALS, **NAMES)
    wide = effect_sizes(measure="SMD", cutoff=5, sd1i=[8, 9, 8, 1.4], sd2i=[8, 8, 9, 1.5], **TRIALS, **NAMES)
    assert wide.notes == ()
    assert slip.notes == ("larger than 2 standard deviations: is an sd really a standard error?: Di",)


def test_usual_spreads_raise_no_suspicion():
    usual = {"sd1i": [8, 6, 8, 4.5], "sd2i": [8, 8, 9, 5]}
    assert effect_sizes(measure="MD", **usual, **TRIALS).notes == ()
    assert effect_sizes(measure="SMD", **usual, **TRIALS).notes == ()
    few = {k: v[1:] for k, v in (TRIALS | {"sd1i": [8, 9, 8, 1.4], "sd2i": [8, 8, 9, 1.5]}).items()}
    assert effect_sizes(measure="MD", **few).notes == ()
    assert effect_sizes(measure="MD", yi=[1, 2], vi=[1, 1]).notes == ()


@pytest.mark.parametrize("measure", ["OR", "RR", "RD", "MD", "SMD", "IRR"])
def test_turning_a_sign_is_swapping_the_arms(measure):
    tables = {"ai": [4.0, 9.0], "bi": [20.0, 15.0], "ci": [8.0, 12.0], "di": [17.0, 11.0]}
    rates = {"x1i": [4.0, 9.0], "t1i": [100.0, 90.0], "x2i": [8.0, 12.0], "t2i": [101.0, 95.0]}
    means = {k: np.array(v, dtype=float) for k, v in TRIALS.items()} | {
        "sd1i": 8.0,
        "sd2i": [8.0, 8.0, 9.0, 9.0],
    }
    given = tables if measure in {"OR", "RR", "RD"} else rates if measure == "IRR" else means
    k = len(given.get("ai", given.get("x1i", means["m1i"])))
    flip = [True] + [False] * (k - 1)
    turned = effect_sizes(measure=measure, flip=flip, **given)
    plain = effect_sizes(measure=measure, **given)
    assert turned.yi[0] == -plain.yi[0]
    np.testing.assert_array_equal(turned.yi[1:], plain.yi[1:])
    again = effect_sizes(measure=measure, **turned.raw)
    np.testing.assert_allclose(again.yi, turned.yi)
    np.testing.assert_allclose(again.vi, turned.vi)


def test_an_arm_of_nobody_gives_no_effect_whatever_the_continuity_correction():
    es = effect_sizes(
        measure="RR", ai=[0, 3], n1i=[0, 20], ci=[2, 5], n2i=[20, 20], study=["Ada", "Bo"], to="all"
    )
    assert np.isnan(es.yi[0])
    assert es.k == 1
    assert "an arm without participants: left without a value: Ada" in es.notes


@pytest.mark.parametrize(
    ("measure", "columns"),
    [
        ("SMD", {"n1i": [20], "n2i": [20]}),
        ("COR", {"ni": [20]}),
        ("SMCC", {"ni": [20]}),
        ("PCOR", {"mi": [2], "ni": [20]}),
        ("R2", {"mi": [2], "ni": [20]}),
    ],
)
def test_a_p_value_beyond_one_is_refused_by_every_measure_that_reads_one(measure, columns):
    with pytest.raises(InputError, match=r"not a p-value; field: pi; study: 1; got: 1\.5"):
        effect_sizes(measure=measure, pi=[1.5], **columns)


def test_the_second_large_sample_variance_of_change_over_the_first_sd():
    """metafor 3.8-1: escalc("SMCR", vtype="LS2")."""
    es = effect_sizes(
        measure="SMCR",
        vtype="LS2",
        m1i=[5, 7, 9],
        m2i=[4, 8, 6.5],
        sd1i=[2, 3, 2.5],
        ri=[0.5, 0.7, 0.3],
        ni=[12, 15, 40],
    )
    assert es.vi == pytest.approx([0.08107737, 0.03905227, 0.04567714], rel=2e-7)


VACCINE = {
    "trial": ["A", "B", "C", "D", "E", "F"],
    "tpos": [4, 6, 3, 62, 33, 180],
    "n1": [123, 306, 231, 13598, 5069, 1541],
    "cpos": [11, 29, 11, 248, 47, 372],
    "n2": [139, 303, 220, 12867, 5808, 1451],
    "ablat": [44, 55, 42, 52, 13, 44],
    "alloc": ["random", "random", "random", "alternate", "alternate", "random"],
}


@pytest.mark.parametrize("library", ["mapping", "polars", "pandas", "pyarrow"])
def test_effects_keep_their_table_for_moderators_and_groups(library):
    table = (
        VACCINE
        if library == "mapping"
        else frame(
            [dict(zip(VACCINE, row, strict=True)) for row in zip(*VACCINE.values(), strict=True)], library
        )
    )
    es = effect_sizes(table, measure="RR", ai="tpos", n1i="n1", ci="cpos", n2i="n2", study="trial")
    fit = pool(es, mods="~ ablat + alloc")
    told = pool(yi=es.yi, vi=es.vi, mods="~ ablat + alloc", data=table)
    assert fit.beta == pytest.approx(told.beta, rel=1e-14)
    assert predict(fit, {"ablat": [30], "alloc": ["random"]}).estimate.shape == (1,)
    assert "data" not in es.to_dict()


def test_a_subset_keeps_its_own_rows_of_the_table():
    rows = [5, 0, 3, 1]
    columns = {"measure": "RR", "ai": "tpos", "n1i": "n1", "ci": "cpos", "n2i": "n2", "study": "trial"}
    es = effect_sizes(VACCINE, subset=rows, **columns)
    by_hand = effect_sizes({name: [values[i] for i in rows] for name, values in VACCINE.items()}, **columns)
    assert es.study == ("F", "A", "D", "B") == tuple(es.data["trial"])
    assert pool(es, mods="~ ablat").beta == pytest.approx(pool(by_hand, mods="~ ablat").beta, rel=1e-14)


def test_a_moderator_that_is_not_there_is_answered_with_the_nearest_and_the_mend():
    es = effect_sizes(VACCINE, measure="RR", ai="tpos", n1i="n1", ci="cpos", n2i="n2")
    with pytest.raises(InputError, match="did you mean 'ablat'"):
        pool(es, mods="~ ablut")
    with pytest.raises(InputError, match="give the table that holds it as data="):
        pool(es, mods="~ zzzz + C(alloc)")


@pytest.mark.parametrize(
    ("measure", "columns"),
    [
        ("OR", {"ai": [4.5, 6], "n1i": [20, 30], "ci": [5, 7], "n2i": [20, 30]}),
        ("IRR", {"x1i": [4, 6], "t1i": [20.5, 30], "x2i": [5.2, 7], "t2i": [20, 30]}),
        ("PLO", {"xi": [4.1, 6], "ni": [20, 30]}),
    ],
)
def test_events_that_are_no_whole_numbers_are_noted_and_others_are_not(measure, columns):
    assert effect_sizes(measure=measure, **columns).notes == (
        "events that are no whole numbers, taken as given: 1",
    )
    rounded = {letter: np.rint(values) for letter, values in columns.items()}
    assert not effect_sizes(measure=measure, **rounded).notes


def test_one_number_is_repeated_and_a_list_of_one_is_not():
    means = {"m1i": [1, 2], "m2i": [0, 0], "sd2i": [1, 1], "n1i": [9, 9], "n2i": [9, 9]}
    assert effect_sizes(measure="MD", sd1i=1.0, **means).vi.shape == (2,)
    with pytest.raises(InputError, match="columns of different lengths"):
        effect_sizes(measure="MD", sd1i=[1.0], **means)


def test_an_infinite_number_is_refused_or_left_out_by_name():
    columns = {"ai": [4, 6], "n1i": [np.inf, 30], "ci": [5, 7], "n2i": [20, 30]}
    with pytest.raises(InputError, match="an infinite number; field: n1i; study: 1"):
        effect_sizes(measure="OR", **columns)
    lenient = effect_sizes(measure="OR", impossible="note", **columns)
    assert np.isnan(lenient.yi[0])
    assert "n1i left out, an infinite number" in lenient.notes[0]
