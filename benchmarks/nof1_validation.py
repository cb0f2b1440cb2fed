"""Validation of the diary's analysis: calibration, error rates, stress, interim looks, a real randomised series.

Run: ``python benchmarks/nof1_validation.py [diaries a row, 300] [diaries a row of the gates, as many] [draws, 1000]``.
Prints one JSON line a row, and for each gate what was found, its Monte-Carlo standard error, the limit and whether it
was passed; docs/diary.md holds the summary. The priors are the project's own (from the pack). Every row has a stream
of random numbers of its own, so that a row can be run again alone.
"""

from __future__ import annotations

import json
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from needlepoint.person.posterior import Noise, fit
from needlepoint.person.priors import load_priors
from needlepoint.person.verdict import decide_verdict

PRIORS = load_priors()
COURSE = PRIORS.course("more than a year")
RAMPS = np.array(PRIORS.design.ramps)
SIGMA, SHARE, AFTER, MISSING, RAMP = PRIORS.noise.sigma0, 0.25, 84, 0.15, 14.0
SEED = 20261122
HELPS = {"likely helping you", "some help, less than most people call worthwhile"}
MELATONIN = Path(__file__).parents[1] / "tests" / "reference" / "person" / "melatonin.json"
BORCKARDT = ([7, 9, 8, 7, 7, 8, 8], [3, 4, 2, 4, 2, 1, 4, 5, 3, 2, 1, 2, 4, 4])  # R package scan; fictitious


@dataclass
class Truth:
    """One scenario of the table."""

    name: str
    delta: float | None = None  # None: drawn from the prior
    kappa: float | None = None
    before: int = 28
    phi: float = 0.5
    flare: float = 0.0
    level: float = 5.8
    tail: str = "normal"
    extra: str = ""  # mnar, falling, cotreatment, weekly, ar2, recall
    round_and_clip: bool = True


def course(t):
    return 1 - np.exp(-(t - t[0]) / PRIORS.design.course_days)


def ramp(t, s):
    return np.where(t >= 0, 1 - np.exp(-(np.maximum(t, 0) + 1) / s), 0.0)


def noise(rng, n, phi, truth):
    """AR(1) plus white noise, or what the stress rows put in its place."""
    draw = (lambda k: rng.standard_t(3, k) / 3**0.5) if truth.tail == "t3" else rng.standard_normal
    u = np.empty(n)
    u[0] = draw(1)[0]
    if truth.extra == "ar2":
        e = draw(n)
        u[:2] = e[:2]
        for i in range(2, n):
            u[i] = 0.5 * u[i - 1] + 0.3 * u[i - 2] + e[i]
        u /= u.std() or 1.0
    else:
        e = draw(n) * (1 - phi**2) ** 0.5
        for i in range(1, n):
            u[i] = phi * u[i - 1] + e[i]
    return SIGMA * ((1 - SHARE) ** 0.5 * u + SHARE**0.5 * draw(n))


def simulate(rng, truth, after=AFTER):
    """One diary: days, pain, the true effect."""
    t = np.arange(-truth.before, after, dtype=float)
    delta = rng.normal(PRIORS.effect.mean, PRIORS.effect.sd) if truth.delta is None else truth.delta
    kappa = rng.normal(COURSE.mean, COURSE.sd) if truth.kappa is None else truth.kappa
    z = noise(rng, len(t), truth.phi, truth)
    while truth.flare and z[:7].mean() < truth.flare:
        z = noise(rng, len(t), truth.phi, truth)
    y = truth.level + kappa * course(t) + delta * ramp(t, RAMP) + z
    if truth.extra == "falling":
        y = y - 1.5 * (t - t[0]) / len(t)
    if truth.extra == "cotreatment":
        y = y - 1.0 * (t >= 14)
    if truth.extra == "weekly":
        y = y + 0.8 * np.sin(2 * np.pi * t / 7)
    if truth.round_and_clip:
        y = np.clip(np.round(y), 0, 10)
    if truth.extra == "recall":
        y = np.where(rng.random(len(t)) < 0.3, 5.0 * np.round(y / 5), y)
    away = np.full(len(t), MISSING)
    if truth.extra == "mnar":
        away = np.where(y >= truth.level + 1, 0.5, 0.1)
    keep = rng.random(len(t)) > away
    return t[keep], y[keep], delta


def posterior(t, y):
    shapes = np.column_stack([ramp(t, s) for s in RAMPS])
    common = np.column_stack([np.ones_like(t), course(t)])
    return fit(
        t, y, common, shapes, prior_mean=[5.0, COURSE.mean, PRIORS.effect.mean],
        prior_sd=[5.0, COURSE.sd, PRIORS.effect.sd], noise=PRIORS.noise,
    )  # fmt: skip


def verdict(t, y, mixture):
    baseline, recent = y[t < 0].mean(), y[t > t[-1] - PRIORS.design.recent_days].mean()
    return decide_verdict(
        below=mixture.below(-PRIORS.limits.worthwhile), worse=1 - mixture.below(0.0), change=recent - baseline,
        baseline=baseline, mixed=False, due=t[-1] >= 77, limits=PRIORS.limits,  # weekly: the twelfth session
    )  # fmt: skip


def naive(t, y, delta):
    """Welch's t on the two means, as many diaries are judged: coverage and claim."""
    a, b = y[t < 0], y[t >= 0]
    gap, se = b.mean() - a.mean(), (a.var(ddof=1) / len(a) + b.var(ddof=1) / len(b)) ** 0.5
    return abs(gap - delta) < 1.96 * se, gap < -1.96 * se


def share_se(hits, count):
    """Monte-Carlo standard error of a share; never nought, for two successes and failures are added (Agresti-Coull)."""
    p = (hits + 2) / (count + 4)
    return float((p * (1 - p) / (count + 4)) ** 0.5)


def row(rng, truth, count):
    seen = []
    for _ in range(count):
        t, y, delta = simulate(rng, truth)
        mixture = posterior(t, y).coefficient(-1)
        low, high = mixture.interval()
        said = verdict(t, y, mixture)
        covered, claims = naive(t, y, delta)
        seen.append((low <= delta <= high, high - low, said in HELPS, said == "no worthwhile help", delta,
                     mixture.mean, covered, claims))  # fmt: skip
    inside, width, helps, no, delta, mean, covered, claims = (
        np.array(column) for column in zip(*seen, strict=True)
    )
    enough = helps.sum() > 5
    wrong = delta[helps] >= 0
    return {
        "scenario": truth.name,
        "n": count,
        "coverage": round(float(inside.mean()), 4),
        "coverage_se": round(share_se(inside.sum(), count), 4),
        "width": round(float(width.mean()), 2),
        "helps": round(float(helps.mean()), 4),
        "helps_se": round(share_se(helps.sum(), count), 4),
        "not": round(float(no.mean()), 3),
        "type_s": round(float(wrong.mean()), 4) if enough else None,
        "type_s_se": round(share_se(wrong.sum(), len(wrong)), 4) if enough else None,
        "type_m": round(float(np.abs(mean[helps]).mean() / max(np.abs(delta[helps]).mean(), 1e-9)), 2)
        if enough and np.abs(delta[helps]).mean() > 0.05
        else None,
        "naive_coverage": round(float(covered.mean()), 3),
        "naive_helps": round(float(claims.mean()), 3),
    }


ROWS = (
    *(Truth(f"truth from the prior, phi {phi}", phi=phi) for phi in (0.2, 0.5, 0.8)),
    *(Truth(f"no effect, natural -0.8, baseline {n}", 0.0, -0.8, before=n) for n in (7, 14, 28, 56)),
    Truth("no effect, natural -2.0", 0.0, -2.0),
    Truth("no effect, no natural change", 0.0, 0.0),
    *(Truth(f"true effect {d}", d, -0.8) for d in (-0.5, -1.0, -2.0, -3.0, 1.0)),
    *(
        Truth(f"no effect, starts in a flare, baseline {n}", 0.0, 0.0, before=n, phi=0.7, flare=1.0)
        for n in (7, 28)
    ),
    Truth("no effect, bad days skipped", 0.0, -0.8, extra="mnar"),
    Truth("true effect -2, bad days skipped", -2.0, -0.8, extra="mnar"),
    Truth("true effect -2, pain near the top", -2.0, -0.8, level=9.3),
    Truth("no effect, a third rounded to 0, 5, 10", 0.0, -0.8, extra="recall"),
    Truth("no effect, already falling", 0.0, -0.8, extra="falling"),
    Truth("no effect, unnoted co-treatment -1", 0.0, -0.8, extra="cotreatment"),
    Truth("no effect, weekly rhythm", 0.0, -0.8, extra="weekly"),
    Truth("no effect, AR(2)", 0.0, -0.8, extra="ar2"),
    Truth("no effect, heavy tails", 0.0, -0.8, tail="t3"),
)
GATED = 8  # the first rows are those of the gates: they take more diaries


def calibration(rng, count):
    """Simulation-based calibration (Talts et al. 2018): ranks of the truth in its posterior are uniform."""
    places = {"delta": [], "kappa": [], "phi": []}
    at = PRIORS.noise
    for _ in range(count):
        t = np.arange(-28.0, AFTER)
        t = t[rng.random(len(t)) > MISSING]
        phi, w, s = rng.uniform(0, at.phi_max), rng.choice(at.w), rng.choice(RAMPS)
        sigma = 0.0
        while not 12**-0.5 < sigma < 10:
            sigma = at.sigma0 * np.exp(at.log_sd * rng.standard_normal())
        mu, kappa = rng.normal(5, 5), rng.normal(COURSE.mean, COURSE.sd)
        delta = rng.normal(PRIORS.effect.mean, PRIORS.effect.sd)
        r = (1 - w) * phi ** np.abs(t[:, None] - t) + w * np.eye(len(t))
        y = (
            mu
            + kappa * course(t)
            + delta * ramp(t, s)
            + sigma * np.linalg.cholesky(r) @ rng.standard_normal(len(t))
        )
        p = posterior(t, y)
        places["delta"].append(p.coefficient(-1).below(delta))
        places["kappa"].append(p.coefficient(1).below(kappa))
        places["phi"].append(p.mean_of((p.phi < phi) + 0.5 * (p.phi == phi)))
    out = {}
    for name, place in places.items():
        counts = np.histogram(place, bins=20, range=(0, 1))[0]
        chi2 = float(((counts - count / 20) ** 2 / (count / 20)).sum())
        out[name] = {"chi2": round(chi2, 1), "df": 19, "mean": round(float(np.mean(place)), 3)}
    return out


def looks(rng, count, kappa):
    """Claims of help under no effect at the last look, and at any of the looks (sessions 6, 12, four weeks on)."""
    last = anywhere = 0
    truth = Truth("", 0.0, kappa)
    for _ in range(count):
        t, y, _ = simulate(rng, truth, after=112)
        said = []
        for day in (42, 84, 112):
            here = t < day
            said.append(verdict(t[here], y[here], posterior(t[here], y[here]).coefficient(-1)) in HELPS)
        last += said[-1]
        anywhere += any(said)
    ratio, early = (
        anywhere / max(last, 1),
        anywhere - last,
    )  # the same diaries: only the early claims vary apart
    return {"natural": kappa, "n": count, "last_look": last, "any_look": anywhere, "ratio": round(ratio, 3),
            "ratio_se": round((early * (1 + early / max(last, 1))) ** 0.5 / max(last, 1), 3)}  # fmt: skip


def melatonin(rng, count):
    """A real randomised series: its labels permuted give no effect, and must rarely be called help."""
    data = json.loads(MELATONIN.read_text())
    days = np.array([np.datetime64(day) for day in data["day"]])
    t = (days - days[0]).astype(float)
    y = (100 - np.array(data["mood"])) / 10  # 0-10, lower is better
    treated = np.array(data["treated"], dtype=float)
    common = np.column_stack([np.ones_like(t), t / t[-1]])

    def effect(labels):
        return fit(
            t, y, common, labels[:, None], prior_mean=[5, 0, 0], prior_sd=[5, 2, 2], noise=Noise(sigma0=1.2)
        )

    own = effect(treated).coefficient(-1)
    helps = [
        effect(rng.permutation(treated)).coefficient(-1).below(-0.5) >= PRIORS.limits.sure
        for _ in range(count)
    ]
    return {"estimate": round(own.mean, 3), "interval": [round(x, 3) for x in own.interval()],
            "permuted_helps": float(np.mean(helps))}  # fmt: skip


def borckardt():
    """A fictitious series of 7 and 14 days: the shape of the ramp is averaged, not assumed."""
    y = np.array([*BORCKARDT[0], *BORCKARDT[1]], dtype=float)
    t = np.arange(-7.0, 14.0)
    out = {}
    for s in (*RAMPS, None):
        shapes = np.column_stack([ramp(t, each) for each in (RAMPS if s is None else [s])])
        p = fit(
            t,
            y,
            np.column_stack([np.ones_like(t), course(t)]),
            shapes,
            prior_mean=[5.0, COURSE.mean, PRIORS.effect.mean],
            prior_sd=[5.0, COURSE.sd, PRIORS.effect.sd],
            noise=PRIORS.noise,
        )
        out["averaged" if s is None else f"{s:g} days"] = round(p.coefficient(-1).mean, 2)
    return out


def gates(rows, ranks, interim, real):
    """Name, what was found, its Monte-Carlo standard error, the limit, and whether it was passed."""
    by = {r["scenario"]: r for r in rows}

    def gate(name, found, se, limit, *, least=False):
        return name, found, se, limit, found >= limit if least else found <= limit

    for name, ranked in ranks.items():
        yield gate(f"ranks of {name} uniform (chi2, 19 df, p > .01)", ranked["chi2"], None, 36.2)
    for phi in (0.2, 0.5, 0.8):
        r = by[f"truth from the prior, phi {phi}"]
        yield gate(f"coverage, phi {phi}", r["coverage"], r["coverage_se"], 0.93, least=True)
    for before in (7, 14, 28, 56):
        r = by[f"no effect, natural -0.8, baseline {before}"]
        yield gate(f"false help, natural -0.8, baseline {before}", r["helps"], r["helps_se"], 0.03)
    r = by["no effect, natural -2.0"]
    yield gate("false help, natural -2", r["helps"], r["helps_se"], 0.10)
    for phi in (0.2, 0.5, 0.8):
        r = by[f"truth from the prior, phi {phi}"]
        yield gate(f"wrong sign among claims, phi {phi}", r["type_s"] or 0.0, r["type_s_se"], 0.02)
    for r in interim:  # a ratio of counts says nothing where claims are rarer than one in a hundred
        limit = 1.5 * max(r["last_look"], 0.01 * r["n"]) / r["n"]
        se = share_se(r["any_look"], r["n"])
        yield gate(
            f"false help at any look, natural {r['natural']}", r["any_look"] / r["n"], round(se, 4), limit
        )
    yield gate("permuted melatonin called help", real["permuted_helps"], None, 0.10)


def stream(*key):
    """Random numbers of one row, the same whatever else is run."""
    return np.random.default_rng([SEED, *key])


def main():
    count, of_gates, draws = (
        int(sys.argv[i]) if len(sys.argv) > i else default for i, default in ((1, 300), (2, 0), (3, 1000))
    )
    started = time.perf_counter()
    rows = []
    for i, truth in enumerate(ROWS):
        rows.append(row(stream(0, i), truth, max(count, of_gates) if i < GATED else count))
        print(json.dumps(rows[-1]), flush=True)
    ranks = calibration(stream(1), draws)
    print(json.dumps({"calibration": ranks, "draws": draws}), flush=True)
    interim = [looks(stream(2, i), 2 * max(count, of_gates), kappa) for i, kappa in enumerate((-0.8, -2.0))]
    print(json.dumps({"looks": interim}), flush=True)
    real = melatonin(stream(3), 200)
    print(json.dumps({"melatonin": real, "borckardt": borckardt()}), flush=True)
    for name, found, se, limit, passed in gates(rows, ranks, interim, real):
        doubt = "" if se is None else f" (se {se})"
        print(f"{'pass' if passed else 'FAIL'}  {name}: {found}{doubt}, limit {limit}")
    print(f"{time.perf_counter() - started:.0f} s")


if __name__ == "__main__":
    main()
