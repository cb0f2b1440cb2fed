"""Every escalc case of metafor 5.1-12 that is pinned, to ten digits; exceptions are named with their reason."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import numpy as np
import pytest

from needlepoint import effect_sizes
from needlepoint.effects.measures import MEASURES

REFERENCE = json.loads(
    gzip.decompress((Path(__file__).parents[1] / "reference/effects/escalc.json.gz").read_bytes())
)
RTOL = 1e-10  # closed forms: only rounding may differ
CASES = [c for c in REFERENCE["cases"] if "error" not in c]
# metafor's optimiser stops at about 1e-5; ours is the root to 1e-15 (mpmath, below)
BY_OPTIMISER = {"RTET", "ZTET"}
# a study with sd 0 has no SMD; metafor lets its infinity into the mean and gives every study NA, we leave it out
OURS_IS_RIGHT = {("dat.poole2003", "SMD", "AV")}


def name(case):
    return "-".join(
        [case["data"], case["measure"], *(f"{k}={v}" for k, v in case.get("options", {}).items())]
    )


def array(values):
    return np.array([np.nan if v in (None, "NA") else v for v in values], dtype=float)


def compute(case):
    return effect_sizes(
        REFERENCE["data"][case["data"]],
        measure=case["measure"],
        **case["columns"],
        **case.get("options", {}),
    )


@pytest.mark.parametrize("measure", sorted({c["measure"] for c in CASES} - BY_OPTIMISER))
def test_every_pinned_case_agrees_with_metafor(measure):
    for case in (c for c in CASES if c["measure"] == measure):
        if (case["data"], measure, case.get("options", {}).get("vtype")) in OURS_IS_RIGHT:
            continue
        got = compute(case)
        for quantity in ("yi", "vi"):
            np.testing.assert_allclose(
                getattr(got, quantity), array(case[quantity]), rtol=RTOL, atol=1e-15, err_msg=name(case)
            )


@pytest.mark.parametrize("measure", sorted(BY_OPTIMISER))
def test_tetrachoric_correlations_agree_within_the_optimisers_tolerance(measure):
    for case in (c for c in CASES if c["measure"] == measure):
        got = compute(case)
        known = np.isfinite(got.vi) & np.isfinite(array(case["vi"]))
        read = np.tanh if measure == "ZTET" else np.positive
        ours, theirs = read(got.yi[known]), read(array(case["yi"])[known])
        np.testing.assert_allclose(ours, theirs, atol=5e-5, err_msg=name(case))
        np.testing.assert_allclose(got.vi[known], array(case["vi"])[known], rtol=1e-3, err_msg=name(case))


# roots of the bivariate normal probability by mpmath (25 digits), tables of dat.bcg, collins1985a, moore1998
@pytest.mark.parametrize(
    ("table", "rho"),
    [
        ((4, 119, 11, 128), -0.26312303718839186),
        ((6, 300, 29, 274), -0.43612704105895206),
        ((5, 13, 1, 11), 0.4523279224921054),
        ((24, 5, 14, 13), 0.5171401785970333),
        ((173, 5158, 210, 5086), -0.057070249982537395),
    ],
)
def test_tetrachoric_correlation_is_the_exact_root(table, rho):
    cells = dict(zip(("ai", "bi", "ci", "di"), table, strict=True))
    assert effect_sizes(measure="RTET", **cells).yi[0] == pytest.approx(rho, rel=1e-13)


def test_a_study_without_a_standard_deviation_does_not_erase_the_others_from_an_average():
    case = next(c for c in CASES if (c["data"], c["measure"]) == ("dat.poole2003", "SMD"))
    got = compute({**case, "options": {"vtype": "AV"}})
    assert 0 < np.isnan(got.yi).sum() < len(got)
    assert any("no effect size" in note for note in got.notes)


# metafor 3.8-1 (R 4.2.2), for measures and variances that the 5.1-12 cases do not hold
VERSION_3_8 = [
    ("SPCOR", {"ti": [2.1, -1.3], "ni": [40, 60], "mi": [3, 5], "r2i": [0.4, 0.25]}, "LS",
     [0.2711088342345192, -0.15320646925708528], [0.01449744375, 0.012295215727880658]),
    ("UCOR", {"ri": [0.3, -0.6], "ni": [12, 40]}, "LS",
     [0.31700861268421837, -0.60524723855526597], [0.073555474142040986, 0.010296025498435338]),
    ("UCOR", {"ri": [0.3, -0.6], "ni": [12, 40]}, "UB",
     [0.31700861268421837, -0.60524723855526597], [0.095834476314487937, 0.010758372242608338]),
    ("ARAW", {"ai": [0.8, 0.93], "mi": [10, 21], "ni": [100, 54]}, "LS",
     [0.8, 0.93], [0.00090702947845804939, 0.0001978846153846151]),
    ("AHW", {"ai": [0.8, 0.93], "mi": [10, 21], "ni": [100, 54]}, "LS",
     [0.41519645235742686, 0.58787147001914442], [0.00085680435529863423, 0.00075407720818642483]),
    ("ABT", {"ai": [0.8, 0.93], "mi": [10, 21], "ni": [100, 54]}, "LS",
     [1.6094379124341005, 2.6592600369327788], [0.022675736961451247, 0.040384615384615387]),
    ("RPB", {"m1i": [3, 4], "m2i": [2, 1], "sd1i": [1, 2], "sd2i": [2, 2], "n1i": [10, 12], "n2i": [20, 10]}, "CS",
     [0.26967994498529685, 0.61666983884477844], [0.027879489105935386, 0.014192913880825126]),
    ("SMD1", {"m1i": [3, 4], "m2i": [2, 1], "sd2i": [2, 2], "n1i": [10, 12], "n2i": [20, 10]}, "LS2",
     [0.4799551764621266, 1.3708123376888288], [0.14397310713299444, 0.24707033153028471]),
    ("SMD1", {"m1i": [3, 4], "m2i": [2, 1], "sd2i": [2, 2], "n1i": [10, 12], "n2i": [20, 10]}, "UB",
     [0.4799551764621266, 1.3708123376888288], [0.1566727608864753, 0.31245979849324512]),
]  # fmt: skip


@pytest.mark.parametrize(("measure", "columns", "vtype", "yi", "vi"), VERSION_3_8)
def test_measures_without_a_newer_case_agree_with_metafor_3_8(measure, columns, vtype, yi, vi):
    got = effect_sizes(measure=measure, vtype=vtype, **columns)
    np.testing.assert_allclose(got.yi, yi, rtol=RTOL)
    np.testing.assert_allclose(got.vi, vi, rtol=RTOL)


@pytest.mark.parametrize(
    ("measure", "columns", "printed"),
    [  # the four worked p-values of metafor's documentation of escalc
        ("SMD", {"pi": -0.018, "n1i": 20, "n2i": 20}, -0.7664),
        ("COR", {"pi": -0.07, "ni": 30}, -0.3354),
        ("SMCC", {"pi": -0.018, "ni": 50}, -0.3408),
        ("PCOR", {"pi": -0.07, "mi": 5, "ni": 30}, -0.3610),
    ],
)
def test_signed_p_values_give_the_documented_effects(measure, columns, printed):
    got = effect_sizes(measure=measure, **columns)
    assert got.yi[0] == pytest.approx(printed, abs=5e-5)
    assert got.derived


def test_every_measure_has_an_oracle_or_says_why_not():
    # no oracle: formulas follow from theory and are checked by simulation (test_simulation.py), or are as given
    without = {"PCOR", "ZPCOR", "ZSPCOR", "R2", "ZR2", "R2F", "ZR2F", "CLES", "AUC", "HR", "HD", "GEN"}
    pinned = {c["measure"] for c in CASES} | {m for m, *_ in VERSION_3_8}
    assert set(MEASURES) - pinned == without


# Fleiss & Berlin (2009), Handbook of Research Synthesis, table 13.4: 135, 15, 40, 10
@pytest.mark.parametrize(
    ("measure", "estimate", "se"),
    [
        ("PHI", 0.1309, 0.0789),
        ("YUQ", 0.3846, 0.1901),
        ("YUY", 0.2000, 0.1071),
        ("OR", 0.8109, 0.4462),
    ],
)
def test_handbook_of_research_synthesis_table_13_4(measure, estimate, se):
    got = effect_sizes(measure=measure, ai=135, bi=15, ci=40, di=10)
    assert got.yi[0] == pytest.approx(estimate, abs=5e-5)
    assert got.sei[0] == pytest.approx(se, abs=5e-5)


def test_borenstein_2009_example_of_a_standardised_mean_difference():
    # Borenstein et al. (2009), chapter 4: means 103 and 100, sds 5.5 and 4.5, 50 a group: d 0.5970, g 0.5924
    given = {"m1i": 103, "sd1i": 5.5, "n1i": 50, "m2i": 100, "sd2i": 4.5, "n2i": 50}
    d = effect_sizes(measure="SMD", correct=False, vtype="LS2", **given)
    g = effect_sizes(measure="SMD", vtype="LS2", **given)
    assert (d.yi[0], d.vi[0]) == pytest.approx((0.5970, 0.0418), abs=5e-5)
    assert (g.yi[0], g.vi[0]) == pytest.approx((0.5924, 0.0411), abs=1e-4)  # the book's J is approximate


# where gsl's hypergeometric function, and with it metafor 3.8-1, goes astray: -0.07076 and 0.07644 for the second
@pytest.mark.parametrize(
    ("r", "n"), [(-0.048254720075055935, 22), (-0.06820198581553993, 18), (0.3, 12), (-0.9, 6)]
)
def test_unbiased_correlations_are_exact(r, n):
    from mpmath import hyp2f1, mp, mpf

    mp.dps = 30
    rho, rest = mpf(r) * hyp2f1(0.5, 0.5, (n - 2) / 2, 1 - mpf(r) ** 2), 1 - mpf(r) ** 2
    square = 1 - mpf(n - 3) / (n - 2) * rest * hyp2f1(1, 1, n / 2, rest)
    got = effect_sizes(measure="UCOR", ri=r, ni=n, vtype="UB")
    assert got.yi[0] == pytest.approx(float(rho), rel=1e-13)
    assert got.vi[0] == pytest.approx(float(rho**2 - square), rel=1e-12)


# metafor 3.8-1 on 300 simulated tables with zeros and 200 pairs of groups agreed in every option of add and to; one row each
@pytest.mark.parametrize("to", ["only0", "all", "if0all", "none"])
def test_a_zero_cell_under_every_rule(to):
    got = effect_sizes(measure="OR", ai=[0, 5], bi=[9, 7], ci=[3, 4], di=[8, 6], to=to)
    half = {"only0": (0.5, 0), "all": (0.5, 0.5), "if0all": (0.5, 0.5), "none": (0, 0)}[to]
    with np.errstate(divide="ignore"):
        want = [
            np.log((a + k) * (d + k) / ((b + k) * (c + k)))
            for (a, b, c, d), k in zip([(0, 9, 3, 8), (5, 7, 4, 6)], half, strict=True)
        ]
    np.testing.assert_allclose(got.yi, [w if np.isfinite(w) else np.nan for w in want])
