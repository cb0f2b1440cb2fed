"""Diagnostics against metafor: every pinned case of leave-one-out, cumulative, Baujat, influence, residuals, blup, GOSH.

Sources and versions stand in the pinned files. REML values come from searches run on to a threshold of 1e-14 (1e-13,
1e-12 or 1e-10 where Fisher scoring does not settle so far); a fit that did not settle at all is NaN there and then
compared with metafor's default search, which is good to about 2e-3.

``PYTHONPATH=tests python -m pooling.test_diagnostics [FOLDER] [--write]`` prints the worst differences (of a folder of
reference files of metafor's values instead of the pinned ones) and, with ``--write``, renews docs/diagnostics.md.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from agreement_table import (
    Differences,
    array,
    assert_recorded,
    folder_asked,
    parameters,
    read,
    read_folder,
    show,
)
from needlepoint import (
    baujat,
    cumulative,
    gosh,
    influence,
    leave_one_out,
    mantel_haenszel,
    peto,
    pool,
    random_effects,
)
from needlepoint.pooling.diagnostics.residuals import (
    hat_matrix,
    residuals,
    standardized_residuals,
    studentized_residuals,
)

HERE = Path(__file__).parents[1] / "reference" / "pooling"
REFERENCE = read(HERE / "diagnostics.json.gz")
TIGHT = read(HERE / "diagnostics_tight.json.gz")["cases"]
DIFFERENCES = Differences()
BY_KEY = {(c["data"], c["kind"], c["mods"]): c["out"] for c in TIGHT}

CLOSED, ITERATIVE, DEFAULT = (
    1e-9,
    2e-7,
    4e-3,
)  # see above; relative to the largest value of the series / 1000 at least


def close(got, want, rel):
    got, want = np.asarray(got, float), array(want)
    assert got.shape == want.shape
    known = ~np.isnan(want)
    scale = np.maximum(np.abs(want[known]), np.abs(want[known]).max(initial=0.0) * 1e-3 + 1e-12)
    worst = (np.abs(got[known] - want[known]) / scale).max(initial=0.0)
    DIFFERENCES.judge(float(worst), rel)


@cache
def fitted(name, mods, method, test):
    data = {k: v for k, v in REFERENCE["data"][name].items() if k != "measure"}
    return pool(yi="yi", vi="vi", data=data, method=method, test=test, mods=mods)


def cases(*kinds):
    return parameters([c for c in REFERENCE["cases"] if c["kind"] in kinds])


def model(case):
    method = re.search(r'method = "(\w+)"', case["call"])
    return fitted(
        case["data"],
        case["mods"],
        method.group(1) if method else "REML",
        "HKSJ" if "knha" in case["call"] else "z",
    )


def compare(case, got, want, kind=None):
    """``got``: our name of a series -> values; ``want``: metafor's name of the same."""
    tight = (
        BY_KEY.get((case["data"], kind or case["kind"], case["mods"]))
        if "method" not in case["call"]
        else None
    )
    for name, theirs in want.items():
        default = case["out"][theirs]
        if tight is None or theirs not in tight:
            reml = "REML" in case["kind"] or case["mods"] or case["kind"] in {"blup", "ranef", "baujat"}
            close(got[name], default, DEFAULT if reml else CLOSED)
            continue
        exact = array(tight[theirs])
        close(got[name], np.where(np.isnan(exact), np.nan, exact).tolist(), ITERATIVE)
        left = np.where(np.isnan(exact), array(default), np.nan)
        close(got[name], left.tolist(), DEFAULT)


SERIES = {"estimate": "estimate", "se": "se", "statistic": "zval", "p_value": "pval", "ci_low": "ci.lb",
          "ci_high": "ci.ub"}  # fmt: skip


@pytest.mark.parametrize(
    "case", cases("leave1out.REML", "leave1out.DL", "leave1out.EE", "cumul.DL", "cumul.REML")
)
def test_leave_one_out_and_cumulative_agree_with_metafor(case):
    series = (leave_one_out if case["kind"].startswith("leave") else cumulative)(model(case))
    names = SERIES | {
        n: m for n, m in {"q": "Q", "q_p": "Qp", "tau2": "tau2", "h2": "H2"}.items() if m in case["out"]
    }
    compare(case, {name: series.column(name) for name in names}, names)
    compare(case, {"i2": 100 * series.column("i2")}, {"i2": "I2"})


@pytest.mark.parametrize("case", cases("leave1out.mh.OR", "leave1out.peto", "cumul.mh.OR"))
def test_series_of_counts_agree_with_metafor(case):
    data = REFERENCE["data"][case["data"]]
    table = {name: array(data[name]) for name in ("ai", "n1i", "ci", "n2i")}
    complete = np.isfinite(np.array(list(table.values()))).all(axis=0)
    table = {name: values[complete] for name, values in table.items()}
    columns = {name: name for name in table}
    run = leave_one_out if case["kind"].startswith("leave") else cumulative
    if "peto" in case["kind"]:
        series = run(table, estimator=lambda rows: peto(rows, **columns))
    else:
        series = run(table, estimator=lambda rows: mantel_haenszel(rows, measure="OR", **columns))
    for name, theirs in SERIES.items():  # where one group has no events yet, metafor gives NA and we a note
        close(series.column(name), [v for v in case["out"][theirs] if v is not None], CLOSED)
    assert len(series.notes) == case["out"]["estimate"].count(None)


@pytest.mark.parametrize("case", cases("baujat", "baujat.EE", "baujat.DL"))
def test_baujat_coordinates_agree_with_metafor(case):
    found = baujat(model(case))
    case = case | {"out": case["out"]["value"]}
    compare(case, {"x": found.heterogeneity, "y": found.influence}, {"x": "x", "y": "y"})


@pytest.mark.parametrize("case", cases("blup", "blup.knha", "ranef"))
def test_predicted_study_effects_agree_with_metafor(case):
    found = random_effects(model(case), with_mean=case["kind"] != "ranef")
    names = {"prediction": "pred", "se": "se", "pi_low": "pi.lb", "pi_high": "pi.ub"}
    compare(case, {name: getattr(found, name) for name in names}, names)


@pytest.mark.parametrize("case", cases("influence"))
def test_influence_agrees_with_metafor(case):
    found = influence(model(case))
    names = {"studentized": "rstudent", "dffits": "dffits", "cook": "cook.d", "covariance_ratio": "cov.r",
             "tau2": "tau2.del", "q": "QE.del", "hat": "hat", "weight": "weight"}  # fmt: skip
    compare(case, {name: getattr(found, name) for name in names}, names)
    tight = BY_KEY.get((case["data"], "influence", case["mods"]), case["out"])["dfbs"]
    columns = [v for name, v in tight.items() if name not in {"slab", "digits"}]
    for j, want in enumerate(columns):
        close(found.dfbetas[:, j], want, ITERATIVE)
    assert found.influential.tolist() == [bool(flag) for flag in case["out"]["is.infl"]]


@pytest.mark.parametrize("case", cases("rstudent", "rstandard", "residstand"))
def test_standardized_residuals_agree_with_metafor(case):
    found = (studentized_residuals if case["kind"] == "rstudent" else standardized_residuals)(model(case))
    names = {"residual": "resid", "se": "se", "z": "z"}
    kind = "rstudent" if case["kind"] == "rstudent" else "rstandard"
    compare(case, {name: getattr(found, name) for name in names}, names, kind)


@pytest.mark.parametrize("case", cases("hatvalues", "residuals", "cooks"))
def test_hat_values_residuals_and_cooks_distances_agree_with_metafor(case):
    fit = model(case)
    key = (case["data"], "influence" if case["kind"] == "cooks" else case["kind"], case["mods"])
    want, rel = BY_KEY.get(key, case["out"]["value"]), ITERATIVE if key in BY_KEY else DEFAULT
    if case["kind"] == "cooks":
        close(influence(fit).cook, want["cook.d"] if isinstance(want, dict) else want, rel)
    else:
        close(np.diag(hat_matrix(fit)) if case["kind"] == "hatvalues" else residuals(fit), want, rel)


@pytest.mark.parametrize("case", cases("gosh.EE"))
def test_all_subsets_agree_with_metafor(case):
    data = REFERENCE["data"][case["data"]]
    found = gosh(pool(yi=data["yi"], vi=data["vi"], method="EE", test="z"))
    want, head = case["out"]["colmeans"], case["out"]["head"]
    assert found.subsets == case["out"]["n"]
    assert found.complete
    means = {
        "k": found.size,
        "QE": found.q,
        "I2": 100 * found.i2,
        "H2": found.h2,
        "estimate": found.estimate[:, 0],
    }
    for name, values in means.items():
        close(np.atleast_1d(values.mean()), want[name], 1e-11)
    n = len(head["k"])  # metafor orders subsets of one size in another way
    assert np.sort(found.size[:n]).tolist() == sorted(head["k"])
    singles = slice(0, len(data["yi"]))
    assert found.estimate[singles, 0].tolist() == pytest.approx(head["estimate"][singles], rel=1e-12)
    points = case["out"]["res_quantiles"]
    quantiles = [float(np.quantile(found.estimate[:, 0], float(name[:-1]) / 100)) for name in points]
    close(quantiles, list(points.values()), 1e-10)


CHECKS = {
    "leave1out": test_leave_one_out_and_cumulative_agree_with_metafor,
    "cumul": test_leave_one_out_and_cumulative_agree_with_metafor,
    "baujat": test_baujat_coordinates_agree_with_metafor,
    "blup": test_predicted_study_effects_agree_with_metafor,
    "ranef": test_predicted_study_effects_agree_with_metafor,
    "influence": test_influence_agrees_with_metafor,
    "rstudent": test_standardized_residuals_agree_with_metafor,
    "rstandard": test_standardized_residuals_agree_with_metafor,
    "residstand": test_standardized_residuals_agree_with_metafor,
    "hatvalues": test_hat_values_residuals_and_cooks_distances_agree_with_metafor,
    "residuals": test_hat_values_residuals_and_cooks_distances_agree_with_metafor,
    "cooks": test_hat_values_residuals_and_cooks_distances_agree_with_metafor,
    "gosh": test_all_subsets_agree_with_metafor,
}
NAMES = {"leave1out": "leave one out", "cumul": "cumulative", "residstand": "rstandard", "cooks": "Cook's distance",
         "gosh": "GOSH, all subsets"}  # fmt: skip


def label_of(case):
    kind, *rest = case["kind"].split(".")
    if kind in {"leave1out", "cumul", "baujat"}:
        how = {"mh": "Mantel-Haenszel", "peto": "Peto"}.get(
            rest[0] if rest else "", rest[0] if rest else "REML"
        )
        return f"{NAMES.get(kind, kind)}, {how}"
    return NAMES.get(kind, kind) + (", moderators" if case["mods"] else "")


def check_of(case):
    if case["kind"] in {"leave1out.mh.OR", "leave1out.peto", "cumul.mh.OR"}:
        return test_series_of_counts_agree_with_metafor
    return CHECKS.get(case["kind"].split(".")[0])


def table():
    return DIFFERENCES.table(REFERENCE["cases"], check_of, label_of)


@pytest.mark.slow
def test_the_table_in_the_guide_is_the_measured_one():
    assert_recorded(table(), "diagnostics.md", rounding=1e-12)


def wanted(case):
    """Cases of this file; fits of other models are left out."""
    return case["kind"].split(".")[0] in CHECKS and "cluster" not in case["call"] and "[[" not in case["call"]


if __name__ == "__main__":
    if folder := folder_asked():
        REFERENCE = read_folder(
            folder, lambda content: any(c["id"] == "leave1out.REML" for c in content["cases"]), wanted
        )
        BY_KEY = {}
    show(table(), "diagnostics.md")
