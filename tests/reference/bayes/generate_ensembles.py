"""Evidence of cut priors and of t-test critical values by nested integration: writes ensembles.json beside this file.

Independent of the library: densities written out, nested Gauss-Legendre quadrature of mpmath, 20 digits, no shared
code. Run: python tests/reference/bayes/generate_ensembles.py (mpmath 1.4.1; minutes).
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import mpmath as mp

mp.mp.dps = 20
Y, V = [mp.mpf(x) for x in ("0.5", "0.1", "0.35")], [mp.mpf(x) for x in ("0.04", "0.09", "0.0225")]
# Bem (2011): Cohen's d and standard error of nine experiments, as RoBMA prints them (the last se from its formula)
BEM_D = ["0.25", "0.20", "0.26", "0.23", "0.22", "0.15", "0.09", "0.19", "0.42"]
BEM_SE = ["0.10155048", "0.08246211", "0.10323629", "0.10182427", "0.10120277", "0.08210765", "0.07085372"]
BEM_SE += ["0.10089846", "0.14752627"]
INF = mp.inf


def integral(f, ends):
    """Composite Gauss-Legendre, 48 nodes a panel."""
    return mp.quad(f, ends, method="gauss-legendre", maxdegree=5)


def normal(x, m, v):
    return mp.exp(-((x - m) ** 2) / (2 * v)) / mp.sqrt(2 * mp.pi * v)


def like(mu, tau):
    return mp.fprod(normal(y, mu, v + tau * tau) for y, v in zip(Y, V, strict=True))


def cut_normal(m, s, low, high):
    m, s = mp.mpf(m), mp.mpf(s)
    mass = mp.ncdf((high - m) / s) - mp.ncdf((low - m) / s)
    return lambda mu: normal(mu, m, s * s) / mass


def cut_cauchy(s, low):
    s = mp.mpf(s)
    mass = mp.mpf(1) / 2 - mp.atan(low / s) / mp.pi
    return lambda mu: 1 / (mp.pi * s * (1 + (mu / s) ** 2)) / mass


def half_normal(s):
    s = mp.mpf(s)
    return lambda t: 2 * normal(t, 0, s * s)


TAUS = [0, mp.mpf("0.3"), 1, 5]


def plain(effect, ends, tau):
    """Evidence and mean of the effect without bias."""

    @cache
    def given(mu):
        inner = like(mu, 0) if tau is None else integral(lambda t: tau(t) * like(mu, t), TAUS)
        return effect(mu) * inner

    z = integral(given, ends)
    return z, integral(lambda mu: mu * given(mu), ends) / z


def pet(effect, ends):
    """No heterogeneity, slope half-Cauchy(1) of the standard error."""
    root = [mp.sqrt(v) for v in V]

    @cache
    def given(mu):
        return effect(mu) * integral(
            lambda b: (
                2
                / (mp.pi * (1 + b * b))
                * mp.fprod(normal(y, mu + b * s, s * s) for y, s in zip(Y, root, strict=True))
            ),
            [0, mp.mpf("0.5"), 1, 2, 4, 8, 16, 60],
        )

    z = integral(given, ends)
    return z, integral(lambda mu: mu * given(mu), ends) / z


def selected(y, se, cuts, mu):
    """One-sided weights falling over one or two steps, no heterogeneity, the weights integrated out."""
    at = [sum(a < c for c in row) for a, row in zip(y, cuts, strict=True)]
    sf = [[mp.ncdf((mu - c) / s) for c in row] for s, row in zip(se, cuts, strict=True)]
    steps = len(cuts[0])

    def product(weights):
        value = mp.mpf(1)
        for i, tails in enumerate(sf):
            below = [mp.mpf(0), *tails]
            above = [*tails, mp.mpf(1)]
            chance = sum(w * (a - b) for w, a, b in zip(weights, above, below, strict=True))
            value *= weights[at[i]] / chance
        return value

    ends = [0, mp.mpf("0.003"), mp.mpf("0.03"), mp.mpf("0.2"), 1]
    if steps == 1:
        factor = integral(lambda w: product([1, w]), ends)
    else:  # two ordered uniforms: density 2 on 1 > a > b > 0, with b = a u
        factor = integral(lambda a: 2 * a * integral(lambda u: product([1, a, a * u]), ends), ends)
    base = mp.fprod(normal(a, mu, s * s) for a, s in zip(y, se, strict=True))
    return base * factor


def t_quantile(tail, df):
    """Upper quantile of Student's t by root finding."""

    def upper(t):
        return mp.betainc(df / 2, mp.mpf(1) / 2, 0, df / (df + t * t), regularized=True) / 2

    return mp.findroot(lambda t: upper(t) - tail, (mp.mpf(1), mp.mpf(3)), solver="anderson")


def fisher(d):
    return mp.asinh(d / 2)


def bem():
    """Fisher's z and its standard errors, and critical values on it by z and by t."""
    d, se = [mp.mpf(x) for x in BEM_D], [mp.mpf(x) for x in BEM_SE]
    n = [(a * a + 8) / (2 * s * s) for a, s in zip(d, se, strict=True)]
    root = [1 / mp.sqrt(m - 3) for m in n]

    def cuts(steps, kind):
        z = [mp.sqrt(2) * mp.erfinv(1 - 2 * mp.mpf(s)) for s in steps]
        if kind == "z":
            return [[q * s for q in z] for s in root]
        return [[fisher(2 * t_quantile(mp.mpf(s), m - 2) / mp.sqrt(m)) for s in steps] for m in n]

    return [fisher(a) for a in d], root, cuts


def text(x):
    return mp.nstr(x, 15)


def main():
    half = [0, mp.mpf("0.15"), mp.mpf("0.4"), 1, 3]
    below = [-6, -2, -mp.mpf("0.5"), -mp.mpf("0.1"), 0]
    between = [mp.mpf("0.2"), mp.mpf("0.4"), mp.mpf("0.8")]
    z_cuts = [[mp.sqrt(2) * mp.erfinv(mp.mpf("0.9")) * mp.sqrt(v)] for v in V]
    roots = [mp.sqrt(v) for v in V]

    def by_selection(effect, ends):
        @cache
        def given(mu):
            return effect(mu) * selected(Y, roots, z_cuts, mu)

        z = integral(given, ends)
        return z, integral(lambda mu: mu * given(mu), ends) / z

    cases = [
        ("normal(0, 1)[0, inf]", "fixed(0)", "none", plain(cut_normal("0", "1", 0, INF), [*half, 8], None)),
        (
            "normal(0.15, 0.1)[0, inf]",
            "half-normal(0.5)",
            "none",
            plain(cut_normal("0.15", "0.1", 0, INF), half, half_normal("0.5")),
        ),
        (
            "normal(0, 1)[-inf, 0]",
            "half-normal(0.5)",
            "none",
            plain(cut_normal("0", "1", -INF, 0), below, half_normal("0.5")),
        ),
        (
            "normal(0, 1)[0.2, 0.8]",
            "half-normal(0.5)",
            "none",
            plain(cut_normal("0", "1", mp.mpf("0.2"), mp.mpf("0.8")), between, half_normal("0.5")),
        ),
        (
            "cauchy(0, 0.7)[0, inf]",
            "half-normal(0.5)",
            "none",
            plain(cut_cauchy("0.7", 0), [*half, 8], half_normal("0.5")),
        ),
        ("normal(0, 1)[0, inf]", "fixed(0)", "PET", pet(cut_normal("0", "1", 0, INF), half)),
        (
            "normal(0, 1)[0, inf]",
            "fixed(0)",
            "one-sided: 0.05",
            by_selection(cut_normal("0", "1", 0, INF), half),
        ),
        (
            "normal(0, 1)[0.2, 0.8]",
            "fixed(0)",
            "one-sided: 0.05",
            by_selection(cut_normal("0", "1", mp.mpf("0.2"), mp.mpf("0.8")), between),
        ),
        (
            "normal(0, 1)[-inf, 0.1]",
            "fixed(0)",
            "one-sided: 0.05",
            by_selection(cut_normal("0", "1", -INF, mp.mpf("0.1")), [*below, mp.mpf("0.1")]),
        ),
    ]
    y, root, cuts = bem()
    critical = [
        {
            "critical": kind,
            "steps": [float(s) for s in steps],
            "log_evidence": text(mp.log(selected(y, root, cuts(steps, kind), 0))),
        }
        for kind in ("z", "t")
        for steps in (("0.05",), ("0.05", "0.1"))
    ]
    document = {
        "source": "mpmath 1.4.1, 20 digits, nested quadrature; tests/reference/bayes/generate_ensembles.py",
        "data": {"yi": [text(a) for a in Y], "vi": [text(a) for a in V]},
        "cut": [
            {"effect": e, "tau": t, "bias": b, "log_evidence": text(mp.log(z)), "mean": text(m)}
            for e, t, b, (z, m) in cases
        ],
        "bem": {"d": BEM_D, "se": BEM_SE},
        "critical": critical,
    }
    (Path(__file__).parent / "ensembles.json").write_text(json.dumps(document, indent=1) + "\n")


if __name__ == "__main__":
    main()
