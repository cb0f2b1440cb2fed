"""Cluster-robust tests against metafor and clubSandwich, and what they must do by themselves."""

import gzip
import json
from pathlib import Path

import numpy as np
import pytest

from needlepoint import InputError, NotEnoughStudies, pool, robust

FOLDER = Path(__file__).parents[1] / "reference" / "pooling"
REFERENCE = json.loads(gzip.decompress((FOLDER / "robust.json.gz").read_bytes()))
SETS = json.loads(gzip.decompress((FOLDER / "cases.json.gz").read_bytes()))["sets"]
DATA = {s["dataset"]: s["data"] for s in SETS}

CLOSED = 1e-9  # at the oracle's own tau2: closed forms
ILL_SCALED = 2e-7  # calendar years: the oracle solves normal equations


@pytest.mark.parametrize("case", REFERENCE["robust"], ids=lambda c: f"{c['dataset']}-{c['mods']}")
def test_agrees_with_metafor_when_every_study_is_its_own_cluster(case):
    out = case["out"]
    data = {name: values for name, values in DATA[case["dataset"]].items() if name != "_tau2"}
    model = pool(data=data, yi="yi", vi="vi", mods=case["mods"], tau2=out["tau2"], test="z")
    got = robust(model, kind="CR1p")
    tolerance = ILL_SCALED if "year" in (case["mods"] or "") else CLOSED
    fields = {
        "estimate": "beta",
        "se": "se",
        "statistic": "zval",
        "p_value": "pval",
        "ci_low": "ci.lb",
        "ci_high": "ci.ub",
    }
    for ours, theirs in fields.items():
        found = [getattr(row, ours) for row in got.coefficients]
        assert found == pytest.approx(np.atleast_1d(out[theirs]).tolist(), rel=tolerance, abs=1e-12), ours
    assert (got.qm, got.qm_p) == pytest.approx((out["QM"], out["QMp"]), rel=tolerance)
    assert [got.qm_df, got.qm_df2] == out["QMdf"]


@pytest.mark.parametrize("kind", ["CR0", "CR1", "CR1p", "CR1S", "CR2", "CR3"])
@pytest.mark.parametrize("model", [1, 2, 3])
@pytest.mark.parametrize("at", range(4))
def test_agrees_with_club_sandwich(at, model, kind):
    problem = REFERENCE["sandwich"][at]
    data = {name: problem[name] for name in ("yi", "vi", "cl", "x", "z", "w")}
    options = {"mods": None if model == 1 else "~x + z", "weights": "w" if model == 3 else None}
    fitted = pool(data=data, yi="yi", vi="vi", tau2=0.05, test="z", **options)
    got, want = robust(fitted, cluster="cl", kind=kind, df="Satterthwaite"), problem[f"m{model}.{kind}"]
    assert [c.se for c in got.coefficients] == pytest.approx(np.atleast_1d(want["se"]).tolist(), rel=1e-10)
    assert [c.df for c in got.coefficients] == pytest.approx(np.atleast_1d(want["df"]).tolist(), rel=1e-10)
    if "F" in want:
        assert [got.qm, got.qm_df2, got.qm_p] == pytest.approx(want["F"], rel=1e-10)


def test_bias_reduced_intervals_of_single_studies_of_equal_variance_are_those_of_the_t_test():
    yi = np.array([0.1, 0.5, 0.2, 0.9])
    got = robust(pool(yi=yi, vi=[0.1] * 4, method="EE"))
    assert got.se == pytest.approx(yi.std(ddof=1) / 2)
    assert got.df == pytest.approx(3)


def test_the_order_of_studies_plays_no_part():
    yi, vi, cluster = [0.1, 0.5, 0.2, 0.9, 0.4], [0.1, 0.2, 0.1, 0.3, 0.2], ["a", "a", "b", "c", "b"]
    forth = robust(yi, vi, cluster=cluster)
    back = robust(yi[::-1], vi[::-1], cluster=cluster[::-1])
    assert (forth.se, forth.df) == pytest.approx((back.se, back.df))


def test_rows_that_pool_left_out_keep_their_clusters_in_step():
    data = {
        "yi": [0.1, None, 0.2, 0.9, 0.4],
        "vi": [0.1, 0.2, 0.1, 0.3, 0.2],
        "lab": ["a", "x", "a", "c", "d"],
    }
    got = robust(pool(data=data, yi="yi", vi="vi"), cluster="lab")
    assert (got.k, got.clusters) == (4, 3)
    assert any("degrees of freedom" in note for note in got.notes)


def test_too_few_clusters_and_missing_ones_are_refused():
    with pytest.raises(NotEnoughStudies, match="cluster"):
        robust([0.1, 0.2, 0.3], [0.1] * 3, cluster=["a", "a", "a"])
    with pytest.raises(InputError, match="no cluster"):
        robust([0.1, 0.2, 0.3], [0.1] * 3, cluster=["a", None, "b"])
    with pytest.raises(InputError, match="unknown kind"):
        robust([0.1, 0.2, 0.3], [0.1] * 3, kind="CR9")
