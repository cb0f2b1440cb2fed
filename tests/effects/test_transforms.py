"""Transformations against metafor's transf.* functions, and back again."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from needlepoint import InputError
from needlepoint.effects import transforms as tr
from needlepoint.effects.measures import MEASURES

REFERENCE = json.loads((Path(__file__).parents[1] / "reference/effects/transforms.json").read_text())
RTOL = 1e-12  # closed forms

NAMES = {
    "abt": tr.abt,
    "ahw": tr.ahw,
    "arcsin": tr.arcsin,
    "clestod": tr.cles_to_d,
    "dtobesd": tr.d_to_besd,
    "dtocles": tr.d_to_cles,
    "dtocliffd": tr.d_to_cliff,
    "dtolnor.logis": tr.d_to_log_or,
    "dtolnor.norm": lambda x: tr.d_to_log_or(x, "normal"),
    "dtoovl": tr.d_to_overlap,
    "dtorbis": tr.d_to_rbis,
    "dtorpb": tr.d_to_rpb,
    "dtou1": tr.d_to_u1,
    "dtou2": tr.d_to_u2,
    "dtou3": tr.d_to_u3,
    "iabt": tr.iabt,
    "iahw": tr.iahw,
    "iarcsin": tr.iarcsin,
    "ilogit": tr.expit,
    "iprobit": tr.iprobit,
    "isqrt": tr.isqrt,
    "lnortod.logis": tr.log_or_to_d,
    "lnortod.norm": lambda x: tr.log_or_to_d(x, "normal"),
    "lnortortet.digby": tr.log_or_to_rtet,
    "lnortortet.pearson": lambda x: tr.log_or_to_rtet(x, "pearson"),
    "logit": tr.logit,
    "probit": tr.probit,
    "r2toz": tr.r2_to_z,
    "rpbtod": tr.rpb_to_d,
    "rpbtorbis": tr.rpb_to_rbis,
    "rtod": tr.r_to_d,
    "rtorpb": tr.r_to_rpb,
    "rtoz": tr.r_to_z,
    "ztor": tr.z_to_r,
    "ztor2": tr.z_to_r2,
}


def array(values):
    return np.array([np.nan if v is None else float(v) for v in values])


def test_every_transformation_of_the_oracle_is_compared():
    assert set(NAMES) == set(REFERENCE["transf"])


@pytest.mark.parametrize("name", sorted(NAMES))
def test_transformations_agree_with_metafor(name):
    np.testing.assert_allclose(
        NAMES[name](REFERENCE["x"]), array(REFERENCE["transf"][name]), rtol=RTOL, atol=1e-16
    )


@pytest.mark.parametrize(
    ("name", "got", "rtol"),
    [
        ("ipft", tr.ipft([0.3, 0.5, 0.9], 40), RTOL),
        ("ipft.hm", tr.ipft_harmonic(0.5, [10, 20, 30]), RTOL),
        ("pft", tr.pft([0, 3, 10], [10, 20, 10]), RTOL),
        ("dtorpb", tr.d_to_rpb(0.5, 20, 30), RTOL),
        ("dtorbis", tr.d_to_rbis(0.5, 20, 30), RTOL),
        ("iarcsin", tr.iarcsin(0.6), RTOL),
        ("dtobesd", tr.d_to_besd(0.5), RTOL),
        ("exp.int", tr.exp_mean(0.3, 0.1), 1e-6),
        # metafor integrates numerically over a cut range: it is good to about five digits, ours to fifteen
        ("ilogit.int", tr.expit_mean(0.3, 0.5), 1e-5),
        ("ztor.int", tr.z_to_r_mean(0.3, 0.1), 1e-5),
    ],
)
def test_transformations_with_arguments_agree_with_metafor(name, got, rtol):
    value = REFERENCE["calls"][name]["value"]
    want = array(value) if isinstance(value, list) else value
    np.testing.assert_allclose(got, want, rtol=rtol)


def test_means_over_true_effects_are_exact():
    from mpmath import exp, inf, mp, mpf, pi, quad, sqrt, tanh

    mp.dps = 20
    weight = lambda u: exp(-u * u / 2) / sqrt(2 * pi)  # noqa: E731
    want = quad(lambda u: tanh(mpf("0.3") + sqrt(mpf("0.1")) * u) * weight(u), [-inf, 0, inf])
    assert tr.z_to_r_mean(0.3, 0.1) == pytest.approx(float(want), rel=1e-14)


@given(p=st.floats(0, 1), n=st.integers(1, 10_000))
@settings(deadline=None, max_examples=100)
def test_freeman_tukey_comes_back(p, n):
    events = round(p * n)
    assert tr.ipft(tr.pft(events / n, n), n) == pytest.approx(events / n, abs=1e-8)


@given(x=st.integers(0, 500), t=st.floats(0.5, 1000))
@settings(deadline=None, max_examples=100)
def test_freeman_tukey_rates_come_back(x, t):
    assert tr.irft(tr.rft(x / t, t), t) == pytest.approx(x / t, abs=1e-8)


@given(x=st.floats(-3, 3))
@settings(deadline=None, max_examples=100)
def test_pairs_of_transformations_undo_each_other(x):
    assert tr.logit(tr.expit(x)) == pytest.approx(x, abs=1e-9)
    assert tr.r_to_z(tr.z_to_r(x)) == pytest.approx(x, abs=1e-9)
    assert tr.log_or_to_d(tr.d_to_log_or(x)) == pytest.approx(x, abs=1e-12)
    assert tr.rpb_to_d(tr.d_to_rpb(x, 12, 30), 12, 30) == pytest.approx(x, abs=1e-9)
    assert tr.cles_to_d(tr.d_to_cles(x)) == pytest.approx(x, abs=1e-9)


def test_the_harmonic_mean_trap_is_guarded():
    # Schwarzer et al. (2019): one small study drags the harmonic mean, the pooled proportion becomes absurd
    with pytest.raises(InputError, match="differ too much"):
        tr.ipft_harmonic(0.02, [10, 14_000, 16_000, 23_000, 36_000])


def test_every_measures_way_back_is_known():
    assert {s.back for s in MEASURES.values() if s.back} <= set(tr.BACK)


def test_a_log_odds_ratio_reads_as_risks_at_a_control_risk():
    assert tr.log_or_to_rr(np.log(3), 0.2) == pytest.approx((0.75 / 1.75) / 0.2)
    assert tr.log_or_to_rd(np.log(3), 0.2) == pytest.approx(0.75 / 1.75 - 0.2)


def test_a_standardised_difference_reads_in_an_instruments_units():
    assert tr.d_to_md([-0.5, 0.2], 22.0) == pytest.approx([-11.0, 4.4])
