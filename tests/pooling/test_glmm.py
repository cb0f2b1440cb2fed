"""Count models: agreement with metafor 5.1-12 and with brute-force likelihoods, invariances, limits, refusals."""

from __future__ import annotations

import math
import re
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import needlepoint
from needlepoint.errors import ConvergenceError, InputError, NotEnoughStudies
from needlepoint.pooling.counts.glmm.glmm import Glmm, glmm
from pooling.count_cases import COLUMNS, REFERENCE, cases

CASES = cases("rma.glmm")

# metafor's fits carry the tolerance of lme4's and nlminb's searches (about 1e-5, some with a warning), 7 quadrature
# points, a one-point (Laplace) integral under UM.RS and, under CM.EL, standard errors by numerical differentiation.
# The exact likelihood is checked below to 1e-7, and never is it higher at metafor's estimates than at ours.
AGREES = {
    # kind: relative differences allowed in estimate, se, tau2, likelihood ratio, Wald test
    "EE": (1e-5, 1e-5, 0.0, 1e-5, 1e-5),
    "CM.EL.EE": (1e-5, 2e-3, 0.0, 1e-5, 1e-2),
    "UM.RS.EE": (1e-4, 1e-4, 0.0, 1e-4, 2e-2),
    "ML": (1e-4, 1e-4, 3e-4, 1e-5, 1e-5),
    "UM.FS.ML": (5e-4, 5e-4, 1e-3, 1e-5, 1e-5),
    "CM.EL.ML": (1e-5, 1e-3, 1e-5, 1e-5, 1e-2),
    "UM.RS.ML": (2e-3, 2e-2, 2e-2, 3e-3, 3e-2),
    "nAGQ1": (3e-3, 1e-2, 4e-2, 1e-5, 1e-5),
}
QUANTITIES = ("estimate", "se", "tau2", "q", "q_wald")
THEIRS = ("beta", "se", "tau2", "QE.LRT", "QE.Wld")
WRONG_THERE = {
    # numerical differentiation failed: the standard error of UM.FS on the same data is 0.0273, not 0.0166
    ("dat.li2007", "rma.glmm.CM.EL.EE", "se"),
    # the same in the saturated model: 268.6, where UM.FS gives 163.2 and ours 163.1
    ("dat.bcg", "rma.glmm.CM.EL.EE", "q_wald"),
    ("dat.bcg", "rma.glmm.CM.EL.ML", "q_wald"),
    # nlminb stopped short of the boundary: 7e-5, at a lower likelihood than tau2 = 0
    ("dat.hine1989", "rma.glmm.CM.EL.ML", "tau2"),
}


def kind(case: dict) -> str:
    name = case["id"].removeprefix("rma.glmm.")
    if name == "UM.FS.nAGQ1":
        return "nAGQ1"
    method = "EE" if name.endswith("EE") else "ML"
    model = next((m for m in ("UM.RS", "CM.EL", "UM.FS") if m in name), "")
    if "IRR" in name and model == "CM.EL":  # binomial given the total: fitted by lme4, as CM.AL
        model = ""
    return f"{model}.{method}" if f"{model}.{method}" in AGREES else method


@cache
def fit(data: str, call: str) -> Glmm:
    measure = re.search(r'measure = "(\w+)"', call)[1]
    model = re.search(r'model = "([\w.]+)"', call)
    return glmm(
        REFERENCE["data"][data],
        measure=measure,
        model=model and model[1],
        method="EE" if 'method = "EE"' in call else "ML",
        test="t" if 'test = "t"' in call else "z",
        drop00=True,
        **COLUMNS[measure],
    )


@pytest.mark.parametrize("case", CASES, ids=lambda c: f"{c['data']}-{c['id']}")
def test_agrees_with_metafor(case):
    res, want = fit(case["data"], case["call"]).to_dict(), case.get("out")
    if not want or want.get("beta") is None:
        # CM.EL on dat.nissen2007 and dat.yusuf1985: no convergence there; the exact likelihood is checked below
        assert (case["data"], case["id"]) in {
            ("dat.nissen2007", "rma.glmm.CM.EL.ML"),
            ("dat.yusuf1985", "rma.glmm.CM.EL.ML"),
        }
        assert res["tau2"] == 0.0
        return
    assert (res["k"], res["q_df"]) == (want["k"], want["QE.df"])
    assert res["df"] == want["ddf"]
    for ours, theirs, tolerance in zip(QUANTITIES, THEIRS, AGREES[kind(case)], strict=True):
        if (case["data"], case["id"], ours) not in WRONG_THERE:
            assert res[ours] == pytest.approx(want[theirs], rel=tolerance, abs=2e-8), ours
    if res["sigma2"] is not None:
        assert res["sigma2"] == pytest.approx(want["sigma2"], rel=3e-2)
    typical = want["vt"]
    assert res["i2"] == pytest.approx(res["tau2"] / (res["tau2"] + typical), rel=1e-10)
    assert res["h2"] == pytest.approx(1 + res["tau2"] / typical, rel=1e-10)


# metafor 3.8-1, R 4.2.2, lme4: dat.bcg with moderators, correlated effects and other codings; tolerances as above
LATITUDE = [44, 55, 42, 52, 13, 44, 19, 13, 27, 42, 18, 33, 33]
OPTIONS = {
    "UM.FS by latitude": (
        {"model": "UM.FS", "mods": LATITUDE},
        {
            "beta": [0.398859044979, -0.0333291441598],
            "tau2": 0.0,
            "q": 25.0138523489,
            "q_wald": 25.0954176698,
        },
        1e-6,
    ),
    "CM.AL by latitude": (
        {"model": "CM.AL", "mods": LATITUDE},
        {
            "beta": [0.292970431976, -0.0299316133545],
            "tau2": 0.0318679833681,
            "q": 30.0133866895,
            "q_wald": 29.8946245625,
            "qm": 31.1693240347,
        },
        3e-5,
    ),
    "UM.RS by latitude": (
        {"model": "UM.RS", "mods": LATITUDE},
        {
            "beta": [0.362399538667, -0.0326091073154],
            "tau2": 0.00467406343106,
            "sigma2": 2.30225021513,
            "q": 24.0534583007,
        },
        1e-2,
    ),
    "UM.RS, correlated": (
        {"model": "UM.RS", "cor": True},
        {"beta": [-0.741674459512], "tau2": 0.336089221704, "sigma2": 1.85266191539, "rho": -0.634936138514},
        5e-3,
    ),
    "UM.FS, arm 1 random": ({"coding": 1.0}, {"beta": [-0.763953105113], "tau2": 0.281017441903}, 1e-5),
    "UM.FS, arm 2 random": ({"coding": 0.0}, {"beta": [-0.727074493058], "tau2": 0.24218333183}, 3e-4),
    "UM.RS, arm 1 random": (
        {"model": "UM.RS", "coding": 1.0},
        {"beta": [-0.757095305715], "tau2": 0.291048847286, "sigma2": 2.30727301559},
        1e-2,
    ),
}


@pytest.mark.parametrize("name", OPTIONS)
def test_options_mean_what_they_mean_in_metafor(name):
    options, want, tolerance = OPTIONS[name]
    want = dict(want)
    options = options | ({"mods": np.array(options["mods"], float)} if "mods" in options else {})
    res = glmm(REFERENCE["data"]["dat.bcg"], **COLUMNS["OR"], **options)
    assert [c.estimate for c in res.coefficients] == pytest.approx(want.pop("beta"), rel=tolerance)
    for quantity, value in want.items():
        assert getattr(res, quantity) == pytest.approx(value, rel=tolerance, abs=1e-9), quantity


# --- brute force: the same likelihoods, by other means -----------------------------------------------------------


def complete(name: str) -> dict[str, np.ndarray]:
    raw = {
        c: np.array([np.nan if v is None else v for v in col], float)
        for c, col in REFERENCE["data"][name].items()
    }
    keep = np.isfinite(np.stack(list(raw.values()))).all(axis=0)
    t = {c: col[keep] for c, col in raw.items()}
    if "ai" in t:
        some = (t["ai"] + t["ci"] > 0) & (t["ai"] + t["ci"] < t["n1i"] + t["n2i"])
        t = {c: col[some] for c, col in t.items()}
    return t


GRID = np.linspace(-10.0, 10.0, 601)  # the trapezium rule is spectrally exact for such integrands
STEP = GRID[1] - GRID[0]


def log_integral(log_values: np.ndarray) -> np.ndarray:
    """Log of the mean of exp(log_values) over a standard normal, along the last axis."""
    from scipy.special import logsumexp

    return logsumexp(log_values - 0.5 * GRID**2 - 0.5 * math.log(2 * math.pi), axis=-1) + math.log(STEP)


def log_hypergeometric(a, n1, n2, events, log_or):
    """Fisher's non-central hypergeometric log probability, term by term."""
    from scipy.special import gammaln, logsumexp

    u = np.arange(max(0, events - n2), min(n1, events) + 1)
    weight = -gammaln(u + 1) - gammaln(n1 - u + 1) - gammaln(events - u + 1) - gammaln(n2 - events + u + 1)
    terms = weight[:, None] + u[:, None] * log_or
    return terms[int(a - u[0])] - logsumexp(terms, axis=0)


def brute_force(
    name: str, measure: str, model: str, beta: float, tau2: float, sigma2=0.0, gamma=0.0
) -> float:
    """Exact log-likelihood; study baselines of UM.FS are maximised out."""
    from scipy.stats import binom, poisson

    t, eta = complete(name), beta + math.sqrt(tau2) * GRID
    if measure == "IRLN":
        return float(log_integral(poisson.logpmf(t["x2i"][:, None], t["t2i"][:, None] * np.exp(eta))).sum())
    if measure == "IRR" and model == "UM.FS":
        rows = zip(*(t[c] for c in COLUMNS["IRR"]), strict=True)
        return sum(profiled_rates(x1, t1, x2, t2, beta, tau2) for x1, t1, x2, t2 in rows)
    if measure == "PLO":
        return float(
            log_integral(binom.logpmf(t["xi"][:, None], t["ni"][:, None], 1 / (1 + np.exp(-eta)))).sum()
        )
    if measure == "IRR":
        odds = (t["t1i"] / t["t2i"])[:, None] * np.exp(eta)
        return float(
            log_integral(
                binom.logpmf(t["x1i"][:, None], (t["x1i"] + t["x2i"])[:, None], odds / (1 + odds))
            ).sum()
        )
    if model == "CM.AL":
        odds = (t["n1i"] / t["n2i"])[:, None] * np.exp(eta)
        return float(
            log_integral(
                binom.logpmf(t["ai"][:, None], (t["ai"] + t["ci"])[:, None], odds / (1 + odds))
            ).sum()
        )
    rows = zip(*(t[c] for c in COLUMNS["OR"]), strict=True)
    if model == "CM.EL":
        return sum(float(log_integral(log_hypergeometric(a, n, m, a + c, eta))) for a, n, c, m in rows)
    if model == "UM.FS":
        return sum(profiled(a, n, c, m, beta, tau2) for a, n, c, m in rows)
    return both_random(t, beta, tau2, sigma2, gamma)


def profiled(a, n, c, m, beta, tau2) -> float:
    from scipy.optimize import minimize_scalar
    from scipy.stats import binom

    u = math.sqrt(tau2) * GRID

    def negative(alpha: float) -> float:
        p1, p2 = 1 / (1 + np.exp(-(alpha + beta + u / 2))), 1 / (1 + np.exp(-(alpha - u / 2)))
        return -float(log_integral(binom.logpmf(a, n, p1) + binom.logpmf(c, m, p2)))

    start = math.log((a + c + 0.5) / (n + m - a - c + 0.5))
    return -minimize_scalar(negative, bracket=(start - 1, start + 1), tol=1e-10).fun


def profiled_rates(x1, t1, x2, t2, beta, tau2) -> float:
    from scipy.optimize import minimize_scalar
    from scipy.stats import poisson

    u = math.sqrt(tau2) * GRID

    def negative(alpha: float) -> float:
        rate1, rate2 = t1 * np.exp(alpha + beta + u / 2), t2 * np.exp(alpha - u / 2)
        return -float(log_integral(poisson.logpmf(x1, rate1) + poisson.logpmf(x2, rate2)))

    start = math.log((x1 + x2 + 0.5) / (t1 + t2))
    return -minimize_scalar(negative, bracket=(start - 1, start + 1), tol=1e-10).fun


def both_random(t, beta, tau2, sigma2, gamma) -> float:
    from scipy.special import gammaln, log_expit, logsumexp

    u = np.linspace(-8.5, 8.5, 161)
    v, w = np.meshgrid(u, u, indexing="ij")
    prior = -0.5 * (v**2 + w**2) - math.log(2 * math.pi) + 2 * math.log(u[1] - u[0])
    eta1 = gamma + beta + math.sqrt(sigma2) * v + math.sqrt(tau2) * w / 2
    eta2 = gamma + math.sqrt(sigma2) * v - math.sqrt(tau2) * w / 2
    total = 0.0
    for a, n, c, m in zip(*(t[c] for c in COLUMNS["OR"]), strict=True):
        choose = sum(gammaln(x + 1) - gammaln(y + 1) - gammaln(x - y + 1) for x, y in ((n, a), (m, c)))
        log_p = (
            a * log_expit(eta1)
            + (n - a) * log_expit(-eta1)
            + c * log_expit(eta2)
            + (m - c) * log_expit(-eta2)
        )
        total += float(logsumexp(log_p + prior)) + choose
    return total


EXACT = [case for case in CASES if case["id"].endswith("ML") and "UM.RS" not in case["id"]]


@pytest.mark.parametrize("case", EXACT, ids=lambda c: f"{c['data']}-{c['id']}")
def test_the_log_likelihood_is_exact_and_not_higher_anywhere_near(case):
    res = fit(case["data"], case["call"])
    where = (case["data"], res.measure, res.model)
    assert res.log_likelihood == pytest.approx(brute_force(*where, res.estimate, res.tau2), abs=1e-7)
    step = 0.05 * res.se
    for beta, tau2 in (
        (res.estimate - step, res.tau2),
        (res.estimate + step, res.tau2),
        (res.estimate, 0.98 * res.tau2),
        (res.estimate, 1.02 * res.tau2 + 1e-4),
    ):
        assert brute_force(*where, beta, tau2) <= res.log_likelihood + 1e-8
    want = case.get("out") or {}
    if want.get("beta") is not None:
        assert brute_force(*where, want["beta"], want["tau2"]) <= res.log_likelihood + 1e-7


@pytest.mark.parametrize("name", ["dat.hine1989", "dat.lee2004", "dat.nielweise2007", "dat.yusuf1985"])
def test_two_random_effects_are_integrated_exactly(name):
    from scipy.optimize import minimize_scalar

    res = glmm(REFERENCE["data"][name], model="UM.RS", drop00=True, **COLUMNS["OR"])

    def negative(gamma: float) -> float:  # the mean baseline is not reported: profile it out
        return -brute_force(name, "OR", "UM.RS", res.estimate, res.tau2, res.sigma2, gamma)

    best = minimize_scalar(negative, bracket=(-3, -1), options={"xtol": 1e-7})
    assert res.log_likelihood == pytest.approx(-best.fun, abs=1e-6)


def test_the_conditional_likelihood_agrees_with_thirty_digits():
    import mpmath

    table = {"ai": [1, 0, 5], "n1i": [20, 15, 30], "ci": [4, 3, 2], "n2i": [22, 14, 31]}
    res = glmm(**table, model="CM.EL")
    beta, tau = mpmath.mpf(res.estimate), mpmath.sqrt(mpmath.mpf(res.tau2))

    def probability(a, n, c, m, eta):
        terms = {
            u: mpmath.binomial(n, u) * mpmath.binomial(m, a + c - u) * mpmath.exp(u * eta)
            for u in range(max(0, a + c - m), min(n, a + c) + 1)
        }
        return terms[a] / sum(terms.values())

    with mpmath.workdps(30):
        total = mpmath.mpf(0)
        for row in zip(*table.values(), strict=True):
            total += mpmath.log(
                mpmath.quad(
                    lambda z, row=row: probability(*row, beta + tau * z) * mpmath.npdf(z), [-9, -3, 0, 3, 9]
                )
            )
    assert res.tau2 > 0.5
    assert res.log_likelihood == pytest.approx(float(total), abs=1e-9)


@pytest.mark.parametrize(
    ("name", "model"), [("dat.bcg", "CM.AL"), ("dat.hine1989", "CM.EL"), ("dat.lee2004", "CM.AL")]
)
def test_profile_intervals_end_where_the_exact_likelihood_has_fallen(name, model):
    from scipy.optimize import minimize_scalar

    from needlepoint.stats.distributions import chi2_quantile

    res = glmm(REFERENCE["data"][name], model=model, interval="profile", **COLUMNS["OR"])
    limit = res.log_likelihood - 0.5 * chi2_quantile(0.95, 1)

    def over_tau(beta: float) -> float:
        found = minimize_scalar(
            lambda tau: -brute_force(name, "OR", model, beta, tau**2), bounds=(0, 2), method="bounded"
        )
        return max(-found.fun, brute_force(name, "OR", model, beta, 0.0))

    def over_beta(tau2: float) -> float:
        near = (res.estimate - 0.1, res.estimate + 0.1)
        return -minimize_scalar(lambda beta: -brute_force(name, "OR", model, beta, tau2), bracket=near).fun

    assert over_tau(res.ci_low) == pytest.approx(limit, abs=1e-5)
    assert over_tau(res.ci_high) == pytest.approx(limit, abs=1e-5)
    assert over_tau(0.0) == pytest.approx(res.log_likelihood - 0.5 * res.statistic**2, abs=1e-5)
    assert over_beta(res.tau2_high) == pytest.approx(limit, abs=1e-5)
    if res.tau2_low > 0:
        assert over_beta(res.tau2_low) == pytest.approx(limit, abs=1e-5)
    else:
        assert over_beta(0.0) >= limit


@pytest.mark.parametrize("model", ["UM.FS", "UM.RS"])
def test_profile_intervals_of_both_arm_models_hold_the_estimate(model):
    wald, profile = (
        glmm(REFERENCE["data"]["dat.hine1989"], model=model, interval=i, **COLUMNS["OR"])
        for i in ("wald", "profile")
    )
    assert profile.estimate == wald.estimate
    assert profile.ci_low < profile.estimate < profile.ci_high
    # no heterogeneity and some fifty events: close to the normal interval, a little wider
    assert (profile.ci_low, profile.ci_high) == pytest.approx((wald.ci_low, wald.ci_high), abs=0.03)
    assert profile.tau2_low == 0 < profile.tau2_high


# --- data on which other tools fail -------------------------------------------------------------------------------

SPARSE = {
    "ai": [1, 1, 14, 1, 5, 8, 7, 8, 4, 5],
    "n1i": [407, 414, 1197, 989, 139, 136, 304, 214, 111, 231],
    "ci": [1, 1, 16, 1, 4, 11, 4, 11, 0, 8],
    "n2i": [422, 407, 1300, 494, 80, 157, 152, 227, 37, 234],
}


@pytest.mark.parametrize("model", ["CM.EL", "CM.AL", "UM.FS", "UM.RS"])
def test_a_sparse_table_has_a_sensible_standard_error(model):
    # reported to give se 0.0001 and z = -2199 under CM.EL elsewhere
    res = glmm(**SPARSE, model=model)
    assert res.estimate == pytest.approx(-0.163, abs=0.006)
    assert res.se == pytest.approx(0.195, abs=0.004)
    assert res.tau2 == 0.0


def test_random_study_effects_fit_where_glmer_was_reported_to_fail():
    table = {
        "ai": [17, 7, 51, 14, 17, 5, 7, 36, 73, 35],
        "n1i": [33, 18, 119, 17, 32, 19, 55, 59, 120, 77],
        "ci": [16, 5, 37, 6, 16, 13, 3, 31, 14, 22],
        "n2i": [33, 20, 127, 23, 56, 21, 31, 59, 26, 63],
    }
    plain, correlated = glmm(**table, model="UM.RS"), glmm(**table, model="UM.RS", cor=True)
    assert 0 < plain.tau2 < 1
    assert correlated.log_likelihood >= plain.log_likelihood
    assert -1 <= correlated.rho <= 1


@pytest.mark.parametrize("model", ["CM.EL", "CM.AL"])
def test_a_variance_that_runs_away_is_refused(model):
    # no informative study has events in both groups
    table = {"ai": [2, 0, 0], "n1i": [12, 11, 10], "ci": [0, 0, 1], "n2i": [29, 15, 15]}
    with pytest.raises(ConvergenceError, match="not finite"):
        glmm(**table, model=model)
    assert math.isfinite(glmm(**table, model=model, method="EE").estimate)


def test_one_outlier_does_not_upset_the_search():
    res = glmm(ai=[1, 0, 30], n1i=[50, 50, 50], ci=[0, 32, 1], n2i=[50, 50, 50], model="CM.EL")
    assert res.tau2 > 10
    assert res.quadrature_error < 1e-8
    rows, u = [(1, 50, 0, 50), (0, 50, 32, 50), (30, 50, 1, 50)], res.estimate + math.sqrt(res.tau2) * GRID
    brute = sum(float(log_integral(log_hypergeometric(a, n, m, a + c, u))) for a, n, c, m in rows)
    assert res.log_likelihood == pytest.approx(brute, abs=1e-8)


# --- invariances and limits ---------------------------------------------------------------------------------------

tables = st.lists(
    st.tuples(st.integers(0, 12), st.integers(8, 40), st.integers(0, 12), st.integers(8, 40)),
    min_size=3,
    max_size=5,
).filter(lambda rows: sum(r[0] > 0 and r[2] > 0 for r in rows) >= 2)


def cells(rows, order=(0, 1, 2, 3)):
    columns = np.array(rows, dtype=float).T[list(order)]
    return dict(zip(("ai", "bi", "ci", "di"), columns, strict=True))


@settings(deadline=None, max_examples=12)
@given(tables, st.sampled_from(["UM.FS", "CM.EL"]))
def test_swapping_groups_or_outcomes_flips_the_sign(rows, model):
    one = glmm(**cells(rows), model=model)
    for order in ((2, 3, 0, 1), (1, 0, 3, 2)):
        other = glmm(**cells(rows, order), model=model)
        assert other.log_likelihood == pytest.approx(one.log_likelihood, abs=1e-7)
        assert other.estimate == pytest.approx(-one.estimate, abs=1e-4)
        assert other.tau2 == pytest.approx(one.tau2, abs=1e-3)


@settings(deadline=None, max_examples=12)
@given(tables, st.sampled_from(["UM.FS", "CM.EL", "CM.AL"]), st.randoms())
def test_the_order_of_studies_does_not_matter(rows, model, random):
    shuffled = random.sample(rows, len(rows))
    one, other = glmm(**cells(rows), model=model), glmm(**cells(shuffled), model=model)
    assert other.log_likelihood == pytest.approx(one.log_likelihood, abs=1e-8)
    assert (other.q, other.q_wald) == pytest.approx((one.q, one.q_wald), abs=1e-6)


@settings(deadline=None, max_examples=12)
@given(tables, st.sampled_from(["UM.FS", "CM.EL", "CM.AL"]))
def test_every_study_twice_halves_the_variance_of_a_common_effect(rows, model):
    one, two = (glmm(**cells(r), model=model, method="EE") for r in (rows, rows * 2))
    assert (two.estimate, two.se**2) == pytest.approx((one.estimate, one.se**2 / 2), rel=1e-6, abs=1e-8)


@settings(deadline=None, max_examples=12)
@given(tables)
def test_random_effects_never_lower_the_likelihood(rows):
    for model in ("UM.FS", "CM.EL"):
        common, random = (glmm(**cells(rows), model=model, method=m) for m in ("EE", "ML"))
        assert random.log_likelihood >= common.log_likelihood
        assert (random.tau2 == 0) == (random.estimate == common.estimate)


def test_the_unit_of_person_time_shifts_only_rates():
    t = REFERENCE["data"]["dat.nielweise2008"]
    days = {"x1i": t["x1i"], "x2i": t["x2i"], "t1i": t["t1i"], "t2i": t["t2i"]}
    years = days | {c: [v / 365.25 for v in t[c]] for c in ("t1i", "t2i")}
    one, other = (glmm(d, measure="IRR", **COLUMNS["IRR"]) for d in (days, years))
    assert (other.estimate, other.se, other.tau2) == pytest.approx((one.estimate, one.se, one.tau2), rel=1e-6)
    one, other = (glmm(d, measure="IRLN", xi="x1i", ti="t1i") for d in (days, years))
    assert other.estimate - one.estimate == pytest.approx(math.log(365.25), abs=1e-8)


def test_rare_events_bring_the_conditional_models_together():
    rare = SPARSE | {c: [1000 * n for n in SPARSE[c]] for c in ("n1i", "n2i")}
    exact, approximate = (glmm(**rare, model=m, method="EE") for m in ("CM.EL", "CM.AL"))
    assert exact.estimate == pytest.approx(approximate.estimate, abs=1e-4)


def test_a_single_study_is_its_own_odds_ratio():
    res = glmm(ai=[4], n1i=[30], ci=[9], n2i=[28])
    assert res.estimate == pytest.approx(math.log(4 * 19 / (26 * 9)), abs=1e-9)
    assert res.se == pytest.approx(math.sqrt(1 / 4 + 1 / 26 + 1 / 9 + 1 / 19), abs=1e-9)
    assert (res.method, res.q, res.q_df) == ("EE", 0.0, 0)


def test_a_common_proportion_is_all_events_over_all_people():
    res = glmm(measure="PLO", method="EE", xi=[3, 5, 0], ni=[20, 40, 15])
    assert res.estimate == pytest.approx(math.log(8 / 67), abs=1e-10)
    assert res.se**2 == pytest.approx(1 / 8 + 1 / 67)


def test_a_binary_moderator_separates_the_studies():
    t = {c: REFERENCE["data"]["dat.bcg"][c] for c in COLUMNS["OR"]}
    early = np.arange(13) < 6
    joint = glmm(t, method="EE", mods=early.astype(float)[:, None], **COLUMNS["OR"])
    first, second = (
        glmm({c: np.array(v)[mask] for c, v in t.items()}, method="EE", **COLUMNS["OR"])
        for mask in (early, ~early)
    )
    assert joint.estimate == pytest.approx(second.estimate, abs=1e-8)
    assert joint.coefficients[1].estimate == pytest.approx(first.estimate - second.estimate, abs=1e-8)
    assert joint.log_likelihood == pytest.approx(first.log_likelihood + second.log_likelihood, abs=1e-8)
    assert joint.q == pytest.approx(first.q + second.q, abs=1e-6)
    assert (joint.q_df, joint.qm_df, joint.pi_low) == (11, 1, None)


def test_effect_sizes_carry_their_counts():
    es = needlepoint.effect_sizes(SPARSE, measure="RR", **COLUMNS["OR"])
    assert glmm(es, model="CM.EL").estimate == glmm(**SPARSE, model="CM.EL").estimate


def test_coding_moves_the_random_effect_to_one_arm():
    t = REFERENCE["data"]["dat.bcg"]
    first, second = (glmm(t, coding=c, **COLUMNS["OR"]) for c in (1.0, 0.0))
    flipped = glmm(t, coding=0.0, ai="ci", n1i="n2i", ci="ai", n2i="n1i")
    assert first.estimate != second.estimate
    assert flipped.estimate == pytest.approx(-first.estimate, abs=1e-7)


def test_a_moderator_from_a_formula_agrees_with_its_column():
    t = REFERENCE["data"]["dat.bcg"] | {"late": [0.0] * 6 + [1.0] * 7}
    by_formula, by_column = (glmm(t, model="CM.AL", mods=m, **COLUMNS["OR"]) for m in ("~ late", "late"))
    assert by_formula.coefficients == by_column.coefficients
    assert by_formula.coefficients[1].term == "late"


def test_studies_without_events_inform_the_baseline_only():
    more = {c: [*v, 0 if c in {"ai", "ci"} else 200] for c, v in SPARSE.items()}
    assert glmm(**more, model="CM.EL").estimate == glmm(**SPARSE, model="CM.EL").estimate
    used, dropped = glmm(**more, model="UM.RS"), glmm(**more, model="UM.RS", drop00=True)
    assert (used.k, dropped.k) == (11, 10)
    assert used.sigma2 > dropped.sigma2
    assert any("inform the baseline" in note for note in used.notes)
    assert any("left out" in note for note in dropped.notes)


# --- refusals -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", ["CM.EL", "CM.AL", "UM.FS", "UM.RS"])
def test_a_group_without_events_is_refused_with_a_way_out(model):
    with pytest.raises(ConvergenceError, match="penalised_logistic"):
        glmm(ai=[0, 0, 0], n1i=[50, 50, 50], ci=[3, 2, 1], n2i=[50, 50, 50], model=model)


def test_impossible_requests_are_refused():
    table = {"ai": [1, 2], "n1i": [9, 9], "ci": [1, 3], "n2i": [9, 9]}
    with pytest.raises(InputError, match="has no model"):
        glmm(measure="IRR", model="CM.AL", x1i=[1], t1i=[2.0], x2i=[2], t2i=[2.0])
    with pytest.raises(InputError, match="whole numbers"):
        glmm(**(table | {"ai": [1.5, 2]}), model="CM.EL")
    with pytest.raises(InputError, match="too many possible tables"):
        glmm(ai=[400_000, 400_000], n1i=[10**6] * 2, ci=[300_000] * 2, n2i=[10**6] * 2, model="CM.EL")
    with pytest.raises(InputError, match="correlate"):
        glmm(**table, cor=True)
    with pytest.raises(InputError, match="no t distribution"):
        glmm(**table, interval="profile", test="t")
    with pytest.raises(InputError, match="coding"):
        glmm(**table, coding=2)
    with pytest.raises(InputError, match="no study has both"):
        glmm(**(table | {"ai": [0, 0], "ci": [0, 0]}))
    with pytest.raises(NotEnoughStudies):
        glmm(**(table | {"ai": [None, None]}))


@pytest.mark.parametrize(
    "name",
    [
        "glmm",
        "beta_binomial",
        "mantel_haenszel",
        "peto",
        "exact_conditional",
        "penalised_logistic",
        "rare_events",
    ],
)
def test_a_letter_that_is_none_is_answered_with_those_there_are(name):
    with pytest.raises(InputError, match="unknown argument; field: n1; allowed: ai, bi"):
        getattr(needlepoint, name)(ai=[1, 2], n1=[20, 30], ci=[3, 4], n2i=[20, 30])
