"""Selection models: the likelihood against independent quadrature, the maxima against metafor's, invariances.

Run as a script, ``python tests/bias/test_selection_model.py FOLDER`` compares the maxima of a folder of reference files.
"""

from __future__ import annotations

import gzip
import json
import re
import sys
from functools import cache
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.stats import norm

from needlepoint import InputError, NotEnoughStudies, pool, selection_model
from needlepoint.bias._selection_likelihood import SmoothSelection, log_likelihood
from needlepoint.bias._selection_weights import SMOOTH

HERE = Path(__file__).parents[1] / "reference" / "bias"
REFERENCE = json.loads(gzip.decompress((HERE / "metafor.json.gz").read_bytes()))

# metafor integrates smooth weights to a relative 1e-4, so its own log-likelihood is off by up to 2e-3; ours agrees
# with adaptive quadrature to 1e-9 (test below). The maximum may therefore not lie below metafor's by more than that.
INTEGRAL = 2e-3
SAME = 1e-6  # log-likelihoods this close: the same maximum, and not one on a ridge that metafor left early


@cache
def fitted(name, mods, method):
    data = {k: v for k, v in REFERENCE["data"][name].items() if k != "measure"}
    return pool(yi="yi", vi="vi", data=data, method=method, test="z", mods=mods)


def options(call):
    numbers = r"(?:c\(([^)]*)\)|([\d.]+))"
    steps, delta = re.search(f"steps = {numbers}", call), re.search(f"delta = {numbers}", call)

    def values(found):
        return [float(x) for x in (found.group(1) or found.group(2)).split(",")] if found else None

    return {
        "kind": re.search(r'type = "(\w+)"', call).group(1),
        "alternative": re.search(r'alternative = "([\w.]+)"', call).group(1),
        "steps": values(steps),
        "delta": values(delta),
        "prec": "sei" if 'prec = "sei"' in call else None,
        "scale_prec": "scaleprec = FALSE" not in call,
    }


def fit(case):
    method = "EE" if case["call"].startswith("selmodel(ee") else "ML"
    return selection_model(fitted(case["data"], case["mods"], method), **options(case["call"]))


def _exactly(case, kind, want):
    given = options(case["call"])
    pooled = fitted(case["data"], case["mods"], "ML")
    prec = np.sqrt(pooled.vi) if given["prec"] else None
    z = pooled.yi / np.sqrt(pooled.vi)
    selection = SmoothSelection.of(kind, z, given["alternative"], step=0.0, prec=prec)
    beta, delta = np.atleast_1d(want["beta"]), np.atleast_1d(want["delta"])
    return log_likelihood(pooled.yi, pooled.vi, pooled.X, selection, beta, want["tau2"], delta)[0]


def _cases():
    quick = {
        "bcg",
        "hackshaw1998",
        "normand1999",
        "hart1999",
    }  # every kind here; the other data sets are slow
    for c in REFERENCE["cases"]:
        if "selmodel" in c["kind"]:
            marks = () if c["data"] in quick else (pytest.mark.slow,)
            yield pytest.param(c, id=f"{c['data']}-{c['mods'] or ''}{c['kind']}", marks=marks)


@pytest.mark.parametrize("case", list(_cases()))
def test_the_maximum_is_never_below_metafors_and_equal_maxima_have_equal_estimates(case):
    result, want = fit(case), case["out"]
    assert np.isfinite(result.log_likelihood)
    if "error" in want:  # metafor's optimiser gave up
        return
    smooth = result.kind in SMOOTH
    gain = result.log_likelihood - want["ll"]
    assert gain > -(INTEGRAL if smooth else 1e-8)
    if smooth:  # and at metafor's own parameters the exact likelihood is never higher
        assert result.log_likelihood >= _exactly(case, result.kind, want) - 1e-8
    assert result.lrt_df == want["LRTdf"]
    if abs(gain) > SAME or smooth or min(want["tau2"], result.tau2) == 0:
        return
    assert np.atleast_1d(result.beta) == pytest.approx(np.atleast_1d(want["beta"]), rel=3e-3, abs=3e-4)
    assert result.tau2 == pytest.approx(want["tau2"], rel=5e-3, abs=1e-4)
    assert list(result.delta) == pytest.approx(np.atleast_1d(want["delta"]).tolist(), rel=5e-3, abs=2e-4)


def _by_quadrature(kind, delta, yi, vi, beta, tau2, alternative, floor):
    """The log-likelihood by scipy's adaptive rule, from the definition."""

    def p_of(u):
        p = {"greater": norm.sf(u), "less": norm.cdf(u), "two.sided": 2 * norm.sf(abs(u))}[alternative]
        return min(max(p, floor), 1 - floor)

    def weight(u):
        p = p_of(u)
        if kind == "beta":
            return p ** (delta[0] - 1) * (1 - p) ** (delta[1] - 1)
        return {
            "halfnorm": lambda: np.exp(-delta[0] * p**2),
            "negexp": lambda: np.exp(-delta[0] * p),
            "logistic": lambda: 2 * np.exp(-delta[0] * p) / (1 + np.exp(-delta[0] * p)),
            "power": lambda: (1 - p) ** delta[0],
            "negexppow": lambda: np.exp(-delta[0] * p ** (1 / delta[1])),
        }[kind]()

    total = 0.0
    for y, v in zip(yi, vi, strict=True):
        m, s = beta / v**0.5, ((v + tau2) / v) ** 0.5
        censored = np.append(norm.isf([1e-5, 0.5e-5]), 1.2533141e-5)
        ends = sorted({m - 14 * s, m + 14 * s, m, 0.0, *censored, *-censored})
        area = sum(
            quad(lambda u: weight(u) * norm.pdf(u, m, s), a, b, epsabs=0, epsrel=1e-12, limit=400)[0]  # noqa: B023
            for a, b in pairwise(ends)
        )
        total += np.log(weight(y / v**0.5)) + norm.logpdf(y, beta, (v + tau2) ** 0.5) - np.log(area)
    return total


@pytest.mark.parametrize("alternative", ["greater", "less", "two.sided"])
@pytest.mark.parametrize("kind", sorted(SMOOTH))
def test_the_likelihood_equals_adaptive_quadrature(kind, alternative):
    yi, vi = np.array([0.1, 0.5, 0.9, -0.3]), np.array([0.02, 0.05, 0.2, 0.1])
    delta = np.array({"beta": [0.6, 2.5], "negexppow": [1.5, 0.7]}.get(kind, [1.8]))
    weight = SMOOTH[kind]
    selection = SmoothSelection.of(kind, yi / np.sqrt(vi), alternative, step=0.0, prec=None)
    ours = log_likelihood(yi, vi, np.ones((4, 1)), selection, np.array([0.3]), 0.07, delta)[0]
    theirs = _by_quadrature(kind, delta, yi, vi, 0.3, 0.07, alternative, weight.floor)
    assert ours == pytest.approx(theirs, abs=1e-9)


@pytest.mark.parametrize("kind", sorted(SMOOTH))
def test_the_gradient_is_the_derivative(kind):
    yi, vi = np.array([0.1, 0.5, 0.9, -0.3]), np.array([0.02, 0.05, 0.2, 0.1])
    delta = np.array({"beta": [0.6, 2.5], "negexppow": [1.5, 0.7]}.get(kind, [1.8]))
    step = 0.0 if kind == "beta" else 0.05
    selection = SmoothSelection.of(kind, yi / np.sqrt(vi), "greater", step=step, prec=np.sqrt(vi))

    def value(theta):
        return log_likelihood(yi, vi, np.ones((4, 1)), selection, theta[:1], theta[1], theta[2:])

    theta = np.concatenate([[0.3, 0.07], delta])
    for i in range(len(theta)):
        h = np.eye(len(theta))[i] * 1e-6
        slope = (value(theta + h)[0] - value(theta - h)[0]) / 2e-6
        assert value(theta)[1][i] == pytest.approx(slope, rel=1e-6, abs=1e-7)


def test_fits_where_metafor_gives_up():
    """metafor issue 37: beta and power weights on dat.normand1999."""
    data = REFERENCE["data"]["normand1999"]
    for kind in ("beta", "power"):
        result = selection_model(data["yi"], data["vi"], kind=kind, alternative="less")
        assert np.isfinite(result.log_likelihood)
        assert result.log_likelihood >= pool(yi=data["yi"], vi=data["vi"], method="ML").log_likelihood - 1e-9


def studies():
    pair = st.tuples(st.floats(-2, 2), st.floats(0.01, 1))
    return st.lists(pair, min_size=6, max_size=12).map(
        lambda rows: tuple(np.array(c) for c in zip(*rows, strict=True))
    )


@given(studies())
@settings(deadline=None, max_examples=15)
def test_equal_weights_reduce_to_maximum_likelihood(data):
    yi, vi = data
    plain = pool(yi=yi, vi=vi, method="ML", test="z")
    fixed = selection_model(yi, vi, steps=[0.025, 0.5], delta=[1, 1, 1])
    assert fixed.log_likelihood == pytest.approx(plain.log_likelihood, abs=1e-8)
    assert fixed.estimate == pytest.approx(plain.estimate, abs=1e-4)


def test_a_maximum_without_heterogeneity_is_found_beside_one_with():
    yi, vi = [0.0, 0.0, 0.0, 2.0, 0.5, -1.0], [1.0, 0.5, 0.5, 0.4453125, 0.09375, 0.75]
    plain = pool(yi=yi, vi=vi, method="ML", test="z")
    assert "2 local maxima" in plain.notes[0]
    fixed = selection_model(yi, vi, steps=[0.025, 0.5], delta=[1, 1, 1])
    assert fixed.tau2 == plain.tau2 == 0.0
    assert fixed.log_likelihood == pytest.approx(plain.log_likelihood, abs=1e-10)


@given(studies(), st.floats(0.2, 5))
@settings(deadline=None, max_examples=10)
def test_changing_the_unit_changes_only_the_unit(data, unit):
    yi, vi = data
    one = selection_model(yi, vi, steps=0.025)
    other = selection_model(unit * yi, unit**2 * vi, steps=0.025)
    shift = len(yi) * np.log(unit)
    assert other.log_likelihood + shift == pytest.approx(one.log_likelihood, abs=1e-5)


@given(studies())
@settings(deadline=None, max_examples=10)
def test_turning_every_sign_and_the_alternative_changes_nothing(data):
    yi, vi = data
    one = selection_model(yi, vi, steps=0.025, alternative="greater")
    other = selection_model(-yi, vi, steps=0.025, alternative="less")
    assert other.log_likelihood == pytest.approx(one.log_likelihood, abs=1e-6)
    assert one.log_likelihood >= pool(yi=yi, vi=vi, method="ML").log_likelihood - 1e-8


def test_weights_that_may_only_fall_do_fall():
    data = REFERENCE["data"]["hackshaw1998"]
    free = selection_model(data["yi"], data["vi"], steps=[0.05, 0.10, 0.50])
    falling = selection_model(data["yi"], data["vi"], steps=[0.05, 0.10, 0.50], decreasing=True)
    # Viechtbauer's documented values for the free fit (metafor's own test file of selmodel)
    assert free.delta == pytest.approx((1, 2.422079, 0.977543, 0.396713), abs=2e-3)
    assert list(falling.delta) == sorted(falling.delta, reverse=True)
    assert falling.log_likelihood <= free.log_likelihood


def test_profile_intervals_are_those_of_metafors_confint():
    data = REFERENCE["data"]["hackshaw1998"]
    found = selection_model(data["yi"], data["vi"], steps=[0.05, 0.10, 0.50], interval="profile")
    # published in metafor's own tests of confint() on this model; its ends are good to about 2e-5
    want = [(0.000224, 0.135284), (0.665133, 9.915798), (0.209558, 5.386044), (0.040198, 4.119681)]
    got = [(found.tau2_low, found.tau2_high), *zip(found.delta_low[1:], found.delta_high[1:], strict=True)]
    for ours, theirs in zip(got, want, strict=True):
        assert ours == pytest.approx(theirs, abs=3e-5)
    assert found.ci_low < found.estimate < found.ci_high


def test_a_profile_end_lies_where_the_likelihood_has_dropped():
    data = REFERENCE["data"]["hackshaw1998"]
    found = selection_model(data["yi"], data["vi"], steps=0.025, interval="profile")
    for end in (found.delta_low[1], found.delta_high[1]):
        at_end = selection_model(data["yi"], data["vi"], steps=0.025, delta=[1, end])
        assert found.log_likelihood - at_end.log_likelihood == pytest.approx(3.841458821 / 2, abs=1e-4)


def test_a_profile_without_an_end_says_so():
    yi, vi = np.array([0.9, 0.7, 0.6, 0.5, 0.3, 0.2, 0.15, 0.1]), np.linspace(0.15, 0.01, 8)
    assert selection_model(yi, vi, steps=0.025, interval="profile").delta_high[1] is None


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"kind": "bates"}, "unknown kind"),
        ({"kind": "trunc", "alternative": "two.sided"}, "one side"),
        ({"kind": "beta", "prec": "sei"}, "no precision"),
        ({"kind": "beta", "steps": 0.05}, "threshold"),
        ({"steps": [0.025], "delta": [1, 1, 1]}, "one delta a parameter"),
        ({"steps": [-0.1]}, "between 0 and 1"),
        ({"kind": "halfnorm", "prec": "ninv"}, "sample sizes"),
    ],
)
def test_options_that_do_not_fit_are_refused(options, message):
    with pytest.raises(InputError, match=message):
        selection_model([0.1, 0.4, 0.2, 0.3], [0.1, 0.2, 0.3, 0.1], **options)


def test_one_study_is_not_enough():
    with pytest.raises(NotEnoughStudies):
        selection_model([0.4], [0.1])


def _compare_folder(folder):
    """One line a kind: cases, metafor's failures, how far our maximum lies above or below its stated one."""
    kinds = {}
    for path in sorted(Path(folder).glob("dat*.json.gz")):
        d = json.loads(gzip.decompress(path.read_bytes()))
        REFERENCE["data"][path.name] = d["data"]
        for c in d["cases"]:
            if "selmodel" in c["id"]:
                mods, kind = (c["id"][4:].split("].", 1)) if c["id"].startswith("reg[") else (None, c["id"])
                found = fit({"data": path.name, "mods": mods, "call": c["call"]})
                ll = c["out"]["fit_stats"]["ML"][0] if "error" not in c["out"] else None
                kinds.setdefault(kind, []).append(None if ll is None else found.log_likelihood - ll)
    for kind, gains in sorted(kinds.items()):
        known = [g for g in gains if g is not None]
        line = f"{kind:28} {len(gains):3} cases, {gains.count(None)} failed there, "
        print(line + f"{min(known):.1e} to {max(known):.1e}")  # noqa: T201


if __name__ == "__main__":
    _compare_folder(sys.argv[1])
