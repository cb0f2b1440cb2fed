"""Every bias method but selection models against metafor's values, pinned in tests/reference/bias (source inside).

``PYTHONPATH=tests python -m bias.test_reference [FOLDER] [--write]`` prints the worst differences (of a folder of
reference files of metafor's values instead of the pinned ones) and, with ``--write``, renews the table in docs/bias.md.
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
    InputError,
    NeedlepointError,
    egger,
    excess_significance,
    fail_safe_n,
    pool,
    rank_test,
    trim_fill,
)
from needlepoint.bias.fail_safe_n import _with_nulls

HERE = Path(__file__).parents[1] / "reference" / "bias"
REFERENCE = read(HERE / "metafor.json.gz")
TIGHT = read(HERE / "tight.json.gz")["cases"]
DIFFERENCES = Differences()

CLOSED = 2e-8  # ill-scaled predictors (sample sizes of tens of thousands) lose digits in both programs
ITERATIVE = 2e-6  # against the values whose search was run on to a threshold of 1e-12 or less
MIRRORED = (
    1e-5  # trim and fill by REML: metafor mirrors the studies about a centre from its ordinary, looser search
)
TIGHT_BY_KEY = {(c["data"], c["kind"], c["mods"] or None): c["out"] for c in TIGHT}


def _sizes(data):
    if "measure" in data and "n1i" in data:
        return array(data["n1i"]) + array(data["n2i"])
    return array(data["ni"]) if "ni" in data else None


@cache
def fitted(name, mods=None, method="REML", test="z"):
    data = {k: v for k, v in REFERENCE["data"][name].items() if k != "measure"}
    return pool(yi="yi", vi="vi", data=data, method=method, test=test, mods=mods)


def cases(prefix):
    return parameters([c for c in REFERENCE["cases"] if c["kind"].startswith(prefix)])


def _option(call, name, default):
    found = re.search(rf'{name} = "([\w.]+)"', call)
    return found.group(1) if found else default


def _close(got, want, rel, floor=1e-12):
    """Relative difference, of values below ``floor`` absolute; None only equals None."""
    if got is None or want is None:
        assert got is want
        return
    DIFFERENCES.judge(abs(got - want) / max(abs(want), floor), rel, (got, want))


def _regression(case):
    test = "HKSJ" if "knha" in case["call"] else "z"
    pooled = fitted(case["data"], case["mods"], _option(case["call"], "method", "REML"), test)
    return egger(
        pooled,
        model=_option(case["call"], "model", "rma"),
        predictor=_option(case["call"], "predictor", "sei"),
        ni=_sizes(REFERENCE["data"][case["data"]]),
    )


@pytest.mark.parametrize("case", cases("regtest"))
def test_regression_tests_agree_with_metafor(case):
    result, want, rel = _regression(case), case["out"], CLOSED
    if result.model == "rma" and "DL" not in case["kind"] and "EE" not in case["kind"]:
        want, rel = TIGHT_BY_KEY.get((case["data"], case["kind"], case["mods"]), case["out"]), ITERATIVE
    _close(result.statistic, want["zval"], rel)
    _close(result.p_value, want["pval"], 40 * rel)
    if case["out"].get("est") is not None:
        for got, name in ((result.limit, "est"), (result.limit_low, "ci.lb"), (result.limit_high, "ci.ub")):
            _close(got, want[name], rel, floor=1.0)
    else:
        assert result.limit is None


@pytest.mark.parametrize("case", cases("ranktest"))
def test_rank_tests_agree_with_metafor(case):
    result = rank_test(fitted(case["data"]), exact="exact = FALSE" not in case["call"])
    _close(result.tau, case["out"]["tau"], 1e-12)
    _close(result.p_value, case["out"]["pval"], 1e-10)


@pytest.mark.parametrize("case", cases("fsn"))
def test_fail_safe_n_agrees_with_metafor(case):
    want, pooled = case["out"], fitted(case["data"])
    yi = array(REFERENCE["data"][case["data"]]["yi"])
    target = abs(np.nanmean(yi)) / 2 if "target" in case["call"] else None
    result = fail_safe_n(pooled, method=_option(case["call"], "type", ""), target=target)
    if result.method != "General":
        assert result.n == want["fsnum"]
        if want["pval"] is not None:
            _close(result.p_value, want["pval"], 1e-12)
        return
    # metafor's search often ends one above the smallest number that overturns the result
    assert want["fsnum"] - result.n in {0, 1}
    assert result.n == 0 or _with_nulls(pooled, result.n - 1)[2] < 0.05 <= result.p_value_with_n
    if want["fsnum"]:
        estimate, tau2, p = _with_nulls(pooled, want["fsnum"])
        for got, name in ((estimate, "est.fsn"), (tau2, "tau2.fsn"), (p, "pval.fsn")):
            _close(
                got, want[name], 3e-3
            )  # metafor's tau2 of the observed studies is from its ordinary search


@pytest.mark.parametrize("case", cases("tes"))
def test_excess_significance_agrees_with_metafor(case):
    want = case["out"]
    kind = {"exact": "exact", "chi2": "chi2", "binom": "binomial"}[want["test"]]
    tau2 = 0.0 if case["kind"] == "tes.fixed0" else None
    result = excess_significance(fitted(case["data"]), test=kind, tau2=tau2)
    assert result.observed == want["O"]
    tight = TIGHT_BY_KEY.get((case["data"], case["kind"], None), want)
    # metafor integrates the power numerically where it has the closed form of a normal with variance vi + tau2
    _close(result.expected, tight["E"], 1e-5 if tau2 is None else 1e-10)
    _close(result.p_value, tight["pval"], 1e-4 if tau2 is None else 1e-10)
    assert (result.limit is None) == (want["theta.lim"] is None)
    if result.limit is not None:
        assert result.limit == pytest.approx(want["theta.lim"], rel=1e-3)  # a root, found to 1e-4 there


@pytest.mark.parametrize("case", cases("trimfill"))
def test_trim_and_fill_agrees_with_metafor(case):
    _, estimator, method = case["kind"].split(".")
    want, pooled = case["out"], fitted(case["data"], None, method)
    if "error" in want:
        with pytest.raises(NeedlepointError, match="Q0 has no solution"):
            trim_fill(pooled, estimator=estimator)
        return
    result = trim_fill(pooled, estimator=estimator)
    assert (result.missing, result.side) == (want["k0"], want["side"])
    _close(result.missing_se, want["se.k0"], 1e-12)
    tight = TIGHT_BY_KEY.get((case["data"], case["kind"], None), want) if method == "REML" else want
    rel = MIRRORED if method == "REML" else 1e-11
    _close(result.estimate, tight["beta"], rel, floor=1.0)
    _close(result.filled.se, tight["se"], rel)
    if estimator == "R0":
        _close(result.p_value_missing, want["p.k0"], 1e-12)


KINDS = {
    "regtest": test_regression_tests_agree_with_metafor,
    "ranktest": test_rank_tests_agree_with_metafor,
    "trimfill": test_trim_and_fill_agrees_with_metafor,
    "fsn": test_fail_safe_n_agrees_with_metafor,
    "tes": test_excess_significance_agrees_with_metafor,
}


def label_of(case):
    kind, call = case["kind"], case["call"]
    if kind.startswith("regtest"):
        model = _option(call, "model", "rma")
        return f"regression test, {model}" + (
            f", {_option(call, 'method', 'REML')}" if model == "rma" else ""
        )
    if kind.startswith("trimfill"):
        return "trim and fill, " + kind.split(".")[2]
    names = {"fsn": "fail-safe N, ", "tes": "excess significance, ", "ranktest": "rank test"}
    part = kind.split(".")
    return names[part[0]] + (
        {"fsn": part[-1], "tes": "tau2 = 0" if len(part) > 1 else "REML"}.get(part[0], "")
    )


def table():
    return DIFFERENCES.table(REFERENCE["cases"], lambda case: KINDS.get(case["kind"].split(".")[0]), label_of)


def test_the_table_in_the_guide_is_the_measured_one():
    assert_recorded(table(), "bias.md", rounding=1e-13)


def test_a_regression_on_sample_sizes_needs_them():
    with pytest.raises(InputError, match="sample sizes"):
        egger([0.1, 0.4, 0.2, 0.3], [0.1, 0.2, 0.3, 0.1], predictor="ni")


if __name__ == "__main__":
    if folder := folder_asked():
        REFERENCE = read_folder(folder, lambda _: True, lambda case: case["kind"].split(".")[0] in KINDS)
        TIGHT_BY_KEY = {}
    show(table(), "bias.md")
