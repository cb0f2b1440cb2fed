"""Published results, named by paper, from the data that the papers print."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import numpy as np
import pytest

from needlepoint import pool

with gzip.open(Path(__file__).parent.parent / "reference" / "pooling" / "cases.json.gz") as stream:
    SETS = {c["dataset"]: c["data"] for c in json.load(stream)["sets"]}


def ratio(name, **options):
    fit = pool(yi=SETS[name]["yi"], vi=SETS[name]["vi"], test="z", **options)
    return np.exp([fit.estimate, fit.ci_low, fit.ci_high])


def test_colditz_1994_bcg_vaccine_halves_the_risk_of_tuberculosis():
    """JAMA 271:698, doi:10.1001/jama.1994.03510330076038: risk ratio 0.49 (0.34 to 0.70)."""
    assert ratio("dat.bcg", method="DL") == pytest.approx([0.49, 0.34, 0.70], abs=0.006)


def test_hackshaw_1997_environmental_tobacco_smoke():
    """BMJ 315:980, doi:10.1136/bmj.315.7114.980: relative risk 1.24 (1.13 to 1.36)."""
    assert ratio("dat.hackshaw1998", method="DL") == pytest.approx([1.24, 1.13, 1.36], abs=0.005)


def test_pignon_2000_chemotherapy_added_to_locoregional_treatment():
    """Lancet 355:949, doi:10.1016/S0140-6736(00)90011-4: hazard ratio 0.90 (0.85 to 0.94)."""
    assert ratio("dat.pignon2000", method="EE") == pytest.approx([0.90, 0.85, 0.94], abs=0.006)


def test_raudenbush_2009_teacher_expectancy():
    """Handbook of Research Synthesis, chapter 16: 0.084 (SE 0.052), variance 0.019; weeks of prior contact."""
    data = SETS["dat.raudenbush1985"]
    plain = pool(yi=data["yi"], vi=data["vi"], test="z")
    assert (plain.estimate, plain.se, plain.tau2) == pytest.approx((0.084, 0.052, 0.019), abs=0.0006)
    weeks = np.minimum(data["weeks"], 3)
    model = pool(yi=data["yi"], vi=data["vi"], mods=weeks, test="z")
    assert model.beta == pytest.approx([0.407, -0.157], abs=0.0006)
    assert [c.se for c in model.coefficients] == pytest.approx([0.087, 0.036], abs=0.0006)
    assert model.tau2 == pytest.approx(0.0, abs=0.0006)
