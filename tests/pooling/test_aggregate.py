"""Estimates of one study made one: against metafor's aggregate, and by hand."""

import gzip
import json
from pathlib import Path

import numpy as np
import pytest

from needlepoint import InputError, aggregate, pool

FILE = Path(__file__).parents[1] / "reference" / "pooling" / "multilevel.json.gz"
ASSINK = json.loads(gzip.decompress(FILE.read_bytes()))["sets"]["dat.assink2016"]["data"]
# metafor 5.1-12, aggregate(dat, cluster = study, struct, rho): study -> estimate, variance
METAFOR = {
    0.6: {"1": (0.16287697188644065, 0.019696672756007033), "3": (1.0790033025829446, 0.08317447702681419)},
    0.0: {"1": (0.2684342201677963, 0.00700435460063497), "3": (1.3886942862847524, 0.02096391630436554)},
}


@pytest.mark.parametrize("rho", METAFOR)
def test_agrees_with_metafor(rho):
    got = aggregate(ASSINK, cluster="study", rho=rho)
    assert len(got) == 17
    for study, want in METAFOR[rho].items():
        i = list(got.study).index(study)
        assert (got.yi[i], got.vi[i]) == pytest.approx(want, rel=1e-12)


def test_the_plain_mean_of_equal_variances_is_the_weighted_one():
    given = {"yi": [0.1, 0.5, 0.9], "vi": [0.04] * 3, "cluster": ["a"] * 3, "rho": 0.3}
    plain, weighted = aggregate(**given, weighted=False), aggregate(**given)
    assert (plain.yi[0], plain.vi[0]) == pytest.approx((weighted.yi[0], weighted.vi[0]))
    assert plain.vi[0] == pytest.approx(0.04 / 3 * (1 + 2 * 0.3))


def test_pooling_takes_what_aggregate_gives():
    assert pool(aggregate(ASSINK, cluster="study", rho=0.6)).k == 17


def test_rows_without_an_estimate_are_left_out_and_named():
    got = aggregate(yi=[0.1, np.nan, 0.9], vi=[0.04] * 3, cluster=["a", "a", "b"], rho=0.3)
    assert got.yi.tolist() == [0.1, 0.9]
    assert "left out" in got.notes[0]


def test_impossible_correlations_and_missing_clusters_are_refused():
    with pytest.raises(InputError, match="cannot have this correlation"):
        aggregate(yi=[0.1] * 4, vi=[0.04] * 4, cluster=["a"] * 4, rho=-0.5)
    with pytest.raises(InputError, match="no cluster"):
        aggregate(yi=[0.1, 0.2], vi=[0.04] * 2, cluster=["a", None], rho=0.5)
