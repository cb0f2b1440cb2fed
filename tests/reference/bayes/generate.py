"""Posteriors by 50-digit integration with mpmath: writes posteriors.json beside this file.

Independent of the library: plain densities, tanh-sinh quadrature of mpmath over tau (and over the effect where its
prior is not conjugate), no shared code. Run: python tests/reference/bayes/generate.py (mpmath 1.4.1; minutes).
"""

from __future__ import annotations

import json
from pathlib import Path

import mpmath as mp

mp.mp.dps = 50
DATA = {
    "three": (["0.1", "0.45", "-0.2"], ["0.04", "0.09", "0.0225"]),
    "five": (["0.8", "0.1", "0.55", "1.3", "0.4"], ["0.05", "0.02", "0.1", "0.2", "0.03"]),
    "eight schools": (
        ["28.39", "7.94", "-2.75", "6.82", "-0.64", "0.63", "18.01", "12.16"],
        ["222.01", "104.04", "265.69", "121", "88.36", "129.96", "108.16", "309.76"],
    ),
}


def normal(x, m, v):
    return mp.exp(-((x - m) ** 2) / (2 * v)) / mp.sqrt(2 * mp.pi * v)


def half_normal(s):
    s = mp.mpf(s)
    return lambda t, v: 2 * normal(t, 0, s * s)


def half_cauchy(s):
    s = mp.mpf(s)
    return lambda t, v: 2 / (mp.pi * s * (1 + (t / s) ** 2))


def uniform(t, v):
    return mp.mpf(1)


def jeffreys(t, v):
    return mp.sqrt(sum((t / (vi + t * t)) ** 2 for vi in v))


def shrinkage(t, v):
    s2 = len(v) / sum(1 / vi for vi in v)
    return 2 * s2 * t / (s2 + t * t) ** 2


def inverse_gamma(a, b):
    a, b = mp.mpf(a), mp.mpf(b)
    return lambda t, v: b**a / mp.gamma(a) * t ** (-a - 1) * mp.exp(-b / t)


CASES = [
    ("three", ("normal", "0", "1"), "half-normal(0.5)", half_normal("0.5")),
    ("three", ("flat",), "half-cauchy(0.3)", half_cauchy("0.3")),
    ("five", ("normal", "0.2", "0.5"), "inverse-gamma(1, 0.15)", inverse_gamma("1", "0.15")),
    ("five", ("flat",), "uniform", uniform),
    ("five", ("flat",), "jeffreys", jeffreys),
    ("five", ("normal", "0", "2"), "shrinkage", shrinkage),
    ("eight schools", ("normal", "0", "50"), "half-cauchy(25)", half_cauchy("25")),
    ("three", ("t", "0", "0.5", "1"), "half-normal(0.5)", half_normal("0.5")),
]
BREAKS = [0, mp.mpf("0.02"), mp.mpf("0.1"), mp.mpf("0.3"), 1, 4, 20, 200, mp.inf]


def conditional(y, v, prior, tau):
    """Evidence given tau, and posterior mean and variance of the effect given tau."""
    w = [1 / (vi + tau * tau) for vi in v]
    h, hm = (mp.mpf(0), mp.mpf(0))
    if prior[0] == "normal":
        h = 1 / mp.mpf(prior[2]) ** 2
        hm = h * mp.mpf(prior[1])
    a = sum(w) + h
    m = (sum(wi * yi for wi, yi in zip(w, y, strict=True)) + hm) / a
    like = mp.fprod(normal(yi, m, 1 / wi) for yi, wi in zip(y, w, strict=True))
    if prior[0] == "normal":
        like *= normal(m, mp.mpf(prior[1]), 1 / h)
    return like * mp.sqrt(2 * mp.pi / a), m, 1 / a


def t_density(x, prior):
    m, s, df = (mp.mpf(p) for p in prior[1:])
    z = (x - m) / s
    c = mp.gamma((df + 1) / 2) / mp.gamma(df / 2) / mp.sqrt(df * mp.pi) / s
    return c * (1 + z * z / df) ** (-(df + 1) / 2)


def conjugate(y, v, prior, tau_prior):
    def over(f):
        def g(t):
            like, m, var = conditional(y, v, prior, t)
            return tau_prior(t, v) * like * f(t, m, var)

        return mp.quad(g, BREAKS)

    z = over(lambda t, m, var: 1)
    return z, lambda f: over(f) / z


def by_grid(y, v, prior, tau_prior):
    """The t prior: the effect is integrated numerically inside tau."""
    mp.mp.dps = 25
    ends = [-mp.inf, -4, -1, mp.mpf("-0.3"), 0, mp.mpf("0.3"), 1, 4, mp.inf]

    def given(mu):
        return mp.quad(
            lambda t: (
                tau_prior(t, v) * mp.fprod(normal(yi, mu, vi + t * t) for yi, vi in zip(y, v, strict=True))
            ),
            [0, mp.mpf("0.1"), mp.mpf("0.5"), 2, mp.inf],
        )

    z = mp.quad(lambda mu: given(mu) * t_density(mu, prior), ends)
    mean = mp.quad(lambda mu: mu * given(mu) * t_density(mu, prior), ends) / z
    points = [mp.mpf("-0.3"), mp.mpf("0"), mp.mpf("0.3")]
    cdf = [
        mp.quad(lambda mu: given(mu) * t_density(mu, prior), [*ends[: ends.index(p) + 1]]) / z for p in points
    ]
    density = [given(p) * t_density(p, prior) / z for p in points]
    mp.mp.dps = 50
    return z, mean, points, cdf, density


def text(x):
    return mp.nstr(x, 18)


def main():
    out = []
    for name, prior, tau_name, tau_prior in CASES:
        y, v = ([mp.mpf(a) for a in column] for column in DATA[name])
        case = {"data": name, "prior_effect": prior, "prior_tau": tau_name}
        if prior[0] == "t":
            z, mean, points, cdf, density = by_grid(y, v, prior, tau_prior)
            out.append(
                case
                | {
                    "log_evidence": text(mp.log(z)),
                    "mean": text(mean),
                    "at": [text(p) for p in points],
                    "cdf": [text(c) for c in cdf],
                    "density": [text(d) for d in density],
                }
            )
            continue
        z, average = conjugate(y, v, prior, tau_prior)
        mean = average(lambda t, m, var: m)
        unit = 20 if name == "eight schools" else 1
        points = [mp.mpf(p) * unit for p in ("-0.3", "0", "0.2", "0.6")]
        taus = [mp.mpf(p) * unit for p in ("0.05", "0.2", "0.7")]
        breaks = [b for b in BREAKS]
        z_tau = [
            mp.quad(
                lambda t, y=y, v=v, prior=prior, density=tau_prior: (
                    density(t, v) * conditional(y, v, prior, t)[0]
                ),
                sorted({b for b in breaks if b < s} | {s}),
            )
            / z
            for s in taus
        ]
        out.append(
            case
            | {
                "log_evidence": text(mp.log(z)),
                "mean": text(mean),
                "variance": text(average(lambda t, m, var: var + m * m) - mean**2)
                if tau_name not in {"uniform", "jeffreys", "half-cauchy(0.3)"}
                else None,
                "at": [text(p) for p in points],
                "cdf": [
                    text(average(lambda t, m, var, x=x: mp.ncdf((x - m) / mp.sqrt(var)))) for x in points
                ],
                "density": [text(average(lambda t, m, var, x=x: normal(x, m, var))) for x in points],
                "predictive_cdf": [
                    text(average(lambda t, m, var, x=x: mp.ncdf((x - m) / mp.sqrt(var + t * t))))
                    for x in points
                ],
                "tau_at": [text(s) for s in taus],
                "tau_cdf": [text(c) for c in z_tau],
                "tau_density": [text(tau_prior(s, v) * conditional(y, v, prior, s)[0] / z) for s in taus],
            }
        )
    document = {
        "source": "mpmath 1.4.1, 50 digits (25 for the t prior); tests/reference/bayes/generate.py",
        "data": DATA,
        "cases": out,
    }
    (Path(__file__).parent / "posteriors.json").write_text(json.dumps(document, indent=1) + "\n")


if __name__ == "__main__":
    main()
