"""The contract that every measure keeps: one study at a time, in any order, with gaps, given or derived."""

from __future__ import annotations

import numpy as np
import pytest

from needlepoint import InputError, effect_sizes
from needlepoint.effects.measures import MEASURES

COUNTS = {"ai": [4, 9, 7], "bi": [20, 15, 30], "ci": [8, 12, 5], "di": [17, 11, 31]}
MEANS = {
    "m1i": [10.0, 12.5, 9.0],
    "sd1i": [2.0, 3.0, 1.5],
    "n1i": [20, 35, 12],
    "m2i": [9.0, 13.0, 7.5],
    "sd2i": [2.5, 2.0, 1.0],
    "n2i": [22, 30, 15],
}
PAIRED = {
    "m1i": [10.0, 12.5, 9.0],
    "m2i": [9.0, 13.0, 7.5],
    "sd1i": [2.0, 3.0, 1.5],
    "sd2i": [2.5, 2.0, 1.0],
    "ri": [0.5, 0.7, 0.2],
    "ni": [20, 35, 12],
}
EXAMPLES = {
    "two arms, events of participants (2x2 table)": COUNTS,
    "pairs by their two outcomes (paired 2x2 table)": COUNTS,
    "the marginal table of pairs and their correlation": {
        "ai": [4, 9, 7],
        "n1i": [24, 24, 37],
        "ci": [7, 12, 5],
        "n2i": [24, 24, 37],
        "ri": [0.3, 0.2, 0.1],
    },
    "two arms, events over person-time": {
        "x1i": [4, 9, 7],
        "t1i": [100.0, 90.0, 80.0],
        "x2i": [8, 12, 5],
        "t2i": [101.0, 95.0, 60.0],
    },
    "events over person-time": {"xi": [4, 9, 7], "ti": [100.0, 90.0, 80.0]},
    "two arms, means and standard deviations": MEANS,
    "a probability of superiority and the sizes of the arms": {
        "ai": [0.6, 0.4, 0.75],
        "n1i": [20, 35, 12],
        "n2i": [22, 30, 15],
    },
    "a correlation and the number of pairs": {"ri": [0.3, -0.6, 0.1], "ni": [20, 35, 12]},
    "a regression coefficient's test and the size of its model": {
        "ti": [2.1, -1.0, 0.3],
        "mi": [3, 2, 1],
        "ni": [20, 35, 12],
    },
    "a regression coefficient's test, the size of its model and its R squared": {
        "ti": [2.1, -1.0, 0.3],
        "mi": [3, 2, 1],
        "ni": [20, 35, 12],
        "r2i": [0.5, 0.2, 0.1],
    },
    "R squared, number of predictors, sample size": {
        "r2i": [0.5, 0.2, 0.1],
        "mi": [3, 2, 1],
        "ni": [20, 35, 12],
    },
    "events of participants, one group": {"xi": [4, 9, 7], "ni": [24, 24, 37]},
    "mean and standard deviation of one group": {
        "mi": [10.0, 12.5, 9.0],
        "sdi": [2.0, 3.0, 1.5],
        "ni": [20, 35, 12],
    },
    "one group at two times, or pairs: means, standard deviations, correlation": PAIRED,
    "Cronbach's alpha, number of items, number of people": {
        "ai": [0.8, 0.7, 0.9],
        "mi": [10, 12, 8],
        "ni": [20, 35, 12],
    },
    "counts of three genotypes": {"ai": [30, 20, 15], "bi": [50, 44, 40], "ci": [20, 30, 33]},
    "estimates with their sampling variances": {"yi": [0.1, 0.2, -0.3], "vi": [0.01, 0.02, 0.03]},
}
ALONE = [(m, v) for m, spec in MEASURES.items() for v in spec.vtypes if not v.startswith("AV")]
AVERAGED = [
    (m, v)
    for m, spec in MEASURES.items()
    for v in spec.vtypes
    if v.startswith("AV") or (m, v) == ("MN", "HO")
]


def example(measure):
    return {k: np.array(v, dtype=float) for k, v in EXAMPLES[MEASURES[measure].family.title].items()}


@pytest.mark.parametrize("measure", sorted(MEASURES))
def test_the_example_suffices_and_gives_values(measure):
    es = effect_sizes(measure=measure, **example(measure))
    assert es.k == 3
    assert (es.vi > 0).all()
    low, estimate, high = (es.transform()[i] for i in (1, 0, 2))
    assert (low <= estimate).all()
    assert (estimate <= high).all()
    assert (
        np.isfinite(es.ni).all() or "time" in MEASURES[measure].family.title or measure in {"HR", "HD", "GEN"}
    )


@pytest.mark.parametrize(("measure", "vtype"), [x for x in ALONE if x != ("MN", "HO")])
def test_a_study_does_not_feel_its_neighbours(measure, vtype):
    given = example(measure)
    together = effect_sizes(measure=measure, vtype=vtype, **given)
    backwards = effect_sizes(measure=measure, vtype=vtype, **{k: v[::-1] for k, v in given.items()})
    # not to the last bit: a processor may take neighbours four at a time, and the rest one by one
    np.testing.assert_allclose(backwards.yi[::-1], together.yi, rtol=1e-14)
    np.testing.assert_allclose(backwards.vi[::-1], together.vi, rtol=1e-14)
    for i in range(3):
        alone = effect_sizes(measure=measure, vtype=vtype, **{k: v[i] for k, v in given.items()})
        np.testing.assert_allclose(alone.yi, together.yi[i], rtol=1e-14)
        np.testing.assert_allclose(alone.vi, together.vi[i], rtol=1e-14)


@pytest.mark.parametrize(("measure", "vtype"), AVERAGED)
def test_an_averaged_variance_is_shared_and_its_estimate_is_not(measure, vtype):
    given = example(measure)
    together = effect_sizes(measure=measure, vtype=vtype, **given)
    np.testing.assert_array_equal(together.yi, effect_sizes(measure=measure, **given).yi)
    assert (together.vi > 0).all()
    alone = effect_sizes(measure=measure, vtype=vtype, **{k: v[0] for k, v in given.items()})
    assert alone.vi[0] != together.vi[0]


@pytest.mark.parametrize("measure", sorted(MEASURES))
def test_a_gap_in_any_column_is_told_and_spares_the_others(measure):
    given = example(measure)
    read = MEASURES[measure].alternatives[0]
    for letter in set(given) & set(read):
        broken = {k: v.copy() for k, v in given.items()}
        broken[letter][1] = np.nan
        es = effect_sizes(measure=measure, study=["Ada", "Bo", "Cy"], **broken)
        assert np.isfinite(es.yi[[0, 2]]).all()
        if np.isfinite(es.vi[1]):  # not every measure of a family needs every column
            whole = effect_sizes(measure=measure, **given)
            assert (es.yi[1], es.vi[1]) == pytest.approx((whole.yi[1], whole.vi[1]))
        else:
            assert any("Bo" in note for note in es.notes), letter


@pytest.mark.parametrize("measure", sorted(MEASURES))
def test_inputs_are_never_written_to(measure):
    given = example(measure)
    before = {k: v.copy() for k, v in given.items()}
    for v in given.values():
        v.setflags(write=False)
    effect_sizes(measure=measure, **given)
    effect_sizes(measure=measure, impossible="note", **given)
    for k, v in given.items():
        np.testing.assert_array_equal(v, before[k])


def test_studies_may_mix_what_they_report():
    full = effect_sizes(measure="SMD", **{k: np.array(v, dtype=float) for k, v in MEANS.items()})
    d = effect_sizes(
        measure="SMD", correct=False, **{k: np.array(v, dtype=float) for k, v in MEANS.items()}
    ).yi
    n1, n2 = (np.array(MEANS[k], dtype=float) for k in ("n1i", "n2i"))
    t = d / np.sqrt(1 / n1 + 1 / n2)
    gap = [np.nan]
    mixed = effect_sizes(
        measure="SMD",
        m1i=[10.0, np.nan, np.nan],
        sd1i=[2.0, np.nan, np.nan],
        m2i=[9.0, np.nan, np.nan],
        sd2i=[2.5, np.nan, np.nan],
        n1i=n1,
        n2i=n2,
        di=[*gap, d[1], np.nan],
        ti=[*gap, *gap, t[2]],
        study=["Ada", "Bo", "Cy"],
    )
    np.testing.assert_allclose(mixed.yi, full.yi, rtol=1e-13)
    np.testing.assert_allclose(mixed.vi, full.vi, rtol=1e-13)
    assert mixed.derived == ("d from t: Cy",)


@pytest.mark.parametrize(
    ("measure", "given", "says"),
    [
        ("OR", {"ai": [30, 2], "n1i": 20, "ci": 3, "n2i": 20}, "more events than participants"),
        ("MD", MEANS | {"sd1i": [-1, 1, 1]}, "negative sd"),
        ("COR", {"ri": [1.5, 0.1], "ni": 20}, "not a correlation"),
        ("PR", {"xi": [21, 2], "ni": 20}, "more events than participants"),
        ("IR", {"xi": [-1, 2], "ti": 20}, "below zero"),
        ("MN", {"mi": 1, "sdi": [-1, 2], "ni": 20}, "negative sd"),
        ("MC", PAIRED | {"ri": [2, 0.1, 0.1]}, "not a correlation"),
        ("ARAW", {"ai": [1.5, 0.8], "mi": 10, "ni": 20}, "not an alpha"),
        ("R2", {"r2i": [1.5, 0.8], "mi": 3, "ni": 20}, "not an R squared"),
        ("PCOR", {"ti": 2.0, "mi": 3, "ni": [3, 20]}, "fewer observations"),
        ("SPCOR", {"ti": 2.0, "mi": 3, "ni": 20, "r2i": [-0.1, 0.5]}, "not an R squared"),
        ("REH", {"ai": [-1, 9], "bi": 9, "ci": 9}, "below zero"),
        ("MPRD", {"ai": [-1, 9], "bi": 9, "ci": 9, "di": 9}, "below zero"),
        ("CLES", {"ai": [1.1, 0.9], "n1i": 9, "n2i": 9}, "not a probability"),
        ("GEN", {"yi": 0.1, "vi": [-1, 1]}, "negative variance"),
        ("GEN", {"yi": 0.1, "sei": [-1, 1]}, "negative standard error"),
        ("SMD", {"pi": [2, 0.1], "n1i": 9, "n2i": 9}, "not a p-value"),
    ],
)
def test_impossible_numbers_are_refused_or_left_out_with_a_note(measure, given, says):
    k = max(len(v) for v in given.values() if isinstance(v, list))
    study = ["Ada", "Bo", "Cy"][:k]
    with pytest.raises(InputError, match=says) as told:
        effect_sizes(measure=measure, study=study, **given)
    assert told.value.study == "Ada"
    es = effect_sizes(measure=measure, study=study, impossible="note", **given)
    assert not np.isfinite(es.vi[0])
    assert np.isfinite(es.yi[1:]).all()
    assert any("Ada" in note and says in note for note in es.notes)


def test_counts_that_do_not_add_up_are_refused():
    with pytest.raises(InputError, match=r"ai \+ bi is not n1i"):
        effect_sizes(measure="OR", ai=3, bi=4, n1i=9, ci=2, di=2)


@pytest.mark.parametrize("measure", ["PR", "IRR", "IR", "REH"])
def test_corrections_for_tables_are_refused_elsewhere(measure):
    with pytest.raises(InputError, match="2x2"):
        effect_sizes(measure=measure, add="treatment-arm", **example(measure))


@pytest.mark.parametrize(
    ("measure", "given"),
    [
        ("IRR", {"x1i": [0, 3], "t1i": 10.0, "x2i": [0, 4], "t2i": 10.0}),
        ("IRR", {"x1i": [0, 3], "t1i": 10.0, "x2i": [2, 4], "t2i": 10.0}),
        ("IRLN", {"xi": [0, 3], "ti": 10.0}),
        ("PLO", {"xi": [0, 3], "ni": 10.0}),
        ("MPORC", {"ai": [4, 3], "bi": [0, 2], "ci": 5, "di": 3}),
    ],
)
def test_a_zero_is_corrected_where_it_must_be_and_told(measure, given):
    es = effect_sizes(measure=measure, study=["Ada", "Bo"], **given)
    assert es.k == 2
    assert any("continuity correction" in note and note.endswith(": Ada") for note in es.notes)
    bare = effect_sizes(measure=measure, study=["Ada", "Bo"], add=0, **given)
    assert not np.isfinite(bare.vi[0])


def test_genotypes_are_corrected_only_when_asked():
    given = {"ai": [0, 3], "bi": 4, "ci": 5, "study": ["Ada", "Bo"]}
    assert any("Ada" in note for note in effect_sizes(measure="REH", **given).notes)
    assert effect_sizes(measure="REH", **given).k == 1
    assert effect_sizes(measure="REH", add=0.5, **given).k == 2


def test_rates_without_any_event_can_be_left_out():
    es = effect_sizes(measure="IRR", x1i=[0, 3], t1i=10, x2i=[0, 4], t2i=10, drop00=True, study=["Ada", "Bo"])
    assert np.isnan(es.yi[0])
    assert any("Ada" in note and "drop00" in note for note in es.notes)


def test_derived_numbers_say_so():
    assert effect_sizes(measure="R2", fi=5.0, mi=3, ni=40).derived == ("R squared from F: 1",)
    both = effect_sizes(measure="R2", pi=0.01, mi=3, ni=40).derived
    assert both == ("F from the p-value: 1", "R squared from F: 1")
    assert effect_sizes(measure="SMCC", fi=-4.0, ni=20).yi[0] < 0
    assert effect_sizes(measure="SMD", fi=4.0, n1i=20, n2i=20).yi[0] > 0


def test_the_share_with_both_events_gives_the_correlation_of_pairs():
    table = {"ai": 10, "n1i": 40, "ci": 20, "n2i": 40}
    r = (8 / 40 - 0.25 * 0.5) / np.sqrt(0.25 * 0.75 * 0.5 * 0.5)
    by_share = effect_sizes(measure="MPORM", pi=8 / 40, **table)
    np.testing.assert_allclose(by_share.vi, effect_sizes(measure="MPORM", ri=r, **table).vi)
    # the paired table itself: 8 both, 2 and 12 once, 18 never
    np.testing.assert_allclose(by_share.vi, effect_sizes(measure="MPOR", ai=8, bi=2, ci=12, di=18).vi)
    assert np.isnan(effect_sizes(measure="MPORM", ri=0.9, **table).vi[0])


CORRECTED = [
    "SMD",
    "SMDH",
    "SMD1",
    "SMD1H",
    "ROM",
    "VR",
    "CVR",
    "SMN",
    "SDLN",
    "CVLN",
    "SMCC",
    "SMCR",
    "SMCRH",
    "SMCRP",
    "SMCRPH",
    "ROMC",
    "CVRC",
]


@pytest.mark.parametrize("measure", sorted(MEASURES))
def test_small_sample_corrections_can_be_left_away_and_vanish_in_large_samples(measure):
    given = example(measure)
    plain = effect_sizes(measure=measure, correct=False, **given)
    usual = effect_sizes(measure=measure, **given)
    if measure not in CORRECTED:
        np.testing.assert_array_equal(plain.yi, usual.yi)
        return
    assert (plain.yi != usual.yi).all()
    large = given | {k: v * 1e6 for k, v in given.items() if k in {"n1i", "n2i", "ni"}}
    np.testing.assert_allclose(
        effect_sizes(measure=measure, **large).yi,
        effect_sizes(measure=measure, correct=False, **large).yi,
        rtol=1e-5,
        atol=1e-7,
    )


def test_events_and_non_events_give_the_same_proportion_as_events_of_all():
    by_rest = effect_sizes(measure="PLO", xi=[4, 0], mi=[20, 9])
    by_all = effect_sizes(measure="PLO", xi=[4, 0], ni=[24, 9])
    np.testing.assert_array_equal(by_rest.yi, by_all.yi)
    assert effect_sizes(measure="PLO", xi=4, ni=24).transform()[0][0] == pytest.approx(4 / 24)


def test_freeman_tukey_effects_read_back_as_what_was_seen():
    assert effect_sizes(measure="PFT", xi=4, ni=24).transform()[0][0] == pytest.approx(4 / 24)
    assert effect_sizes(measure="IRFT", xi=4, ti=24.0).transform()[0][0] == pytest.approx(4 / 24)


def test_partial_correlations_may_be_given_themselves():
    for measure in ("PCOR", "SPCOR"):
        by_t = effect_sizes(measure=measure, **example(measure))
        given = {k: v for k, v in example(measure).items() if k != "ti"}
        by_r = effect_sizes(measure=measure, ri=by_t.yi, **given)
        np.testing.assert_allclose(by_r.vi, by_t.vi)


def test_tables_fill_from_whatever_half_of_a_row_is_known():
    whole = effect_sizes(measure="OR", **example("OR"))
    n1i, n2i = (np.array(COUNTS[a]) + np.array(COUNTS[b]) for a, b in (("ai", "bi"), ("ci", "di")))
    ai, bi = [4.0, np.nan, 7.0], [np.nan, 15.0, np.nan]
    mixed = effect_sizes(measure="OR", ai=ai, bi=bi, n1i=n1i, ci=COUNTS["ci"], di=COUNTS["di"], n2i=n2i)
    np.testing.assert_array_equal(mixed.yi, whole.yi)
