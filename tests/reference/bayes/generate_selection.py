"""Evidence of selection models by 30-digit integration with mpmath: writes selection.json beside this file.

Independent of the library: the weights are integrated as falling numbers on their simplex, the effect and tau by
nested quadrature. Run: python tests/reference/bayes/generate_selection.py (mpmath 1.4.1; minutes).
"""

from __future__ import annotations

import json
from pathlib import Path

import mpmath as mp

mp.mp.dps = 30
YI, VI = ["0.5", "0.1", "0.35"], ["0.04", "0.09", "0.0225"]
Y, V = [mp.mpf(a) for a in YI], [mp.mpf(a) for a in VI]
CASES = [
    ("one-sided", ("0.05",), "null"),
    ("two-sided", ("0.05", "0.1"), "null"),
    ("one-sided", ("0.025", "0.05", "0.5"), "null"),
    ("one-sided", ("0.025", "0.5"), "effect"),
    ("two-sided", ("0.05",), "effect"),
    ("one-sided", ("0.05",), "tau"),
    ("one-sided", ("0.05",), "effect tau"),
]


def normal(x, m, v):
    return mp.exp(-((x - m) ** 2) / (2 * v)) / mp.sqrt(2 * mp.pi * v)


def cut(step, side):
    return mp.sqrt(2) * mp.erfinv(1 - 2 * mp.mpf(step) / (2 if side == "two-sided" else 1))


def chances(mu, tau, i, side, cuts):
    """Probability of each interval of p-values for study i."""
    sd = mp.sqrt(V[i] + tau**2)
    beyond = [mp.ncdf((mu - c * mp.sqrt(V[i])) / sd) for c in cuts]
    if side == "two-sided":
        beyond = [b + mp.ncdf((-mu - c * mp.sqrt(V[i])) / sd) for b, c in zip(beyond, cuts, strict=True)]
    return [b - a for a, b in zip([mp.mpf(0), *beyond], [*beyond, mp.mpf(1)], strict=True)]


def place(i, side, cuts):
    z = Y[i] / mp.sqrt(V[i])
    z = abs(z) if side == "two-sided" else z
    return sum(z < c for c in cuts)


def over_weights(f, steps):
    """Integral of f(omega) under the cumulative Dirichlet(1, ..., 1): uniform on 1 > w2 > w3 > ... > 0."""
    n = len(steps)
    if n == 1:
        return mp.quad(lambda a: f([1, a]), [0, 1])
    if n == 2:
        return 2 * mp.quad(lambda a: mp.quad(lambda b: f([1, a, b]), [0, a]), [0, 1])
    return 6 * mp.quad(
        lambda a: mp.quad(lambda b: mp.quad(lambda c: f([1, a, b, c]), [0, b]), [0, a]), [0, 1]
    )


def selected(mu, tau, side, steps, times=lambda w: 1):
    """Likelihood at effect and tau with the weights integrated out."""
    cuts = [cut(s, side) for s in steps]
    P = [chances(mu, tau, i, side, cuts) for i in range(len(Y))]
    at = [place(i, side, cuts) for i in range(len(Y))]

    def ratio(w):
        r = mp.mpf(times(w))
        for i in range(len(Y)):
            r *= w[at[i]] / mp.fsum(wj * p for wj, p in zip(w, P[i], strict=True))
        return r

    like = mp.fprod(normal(y, mu, v + tau**2) for y, v in zip(Y, V, strict=True))
    return like * over_weights(ratio, steps)


MUS, TAUS = [-4, -1, 0, mp.mpf("0.4"), 1, 5], [0, mp.mpf("0.2"), mp.mpf("0.7"), 2, 6]


def half_normal(t):
    return 2 * normal(t, 0, mp.mpf("0.25"))


def main():
    mp.mp.dps = 15
    out = []
    for side, steps, model in CASES:
        case = {"side": side, "steps": steps, "model": model}
        heavy = len(steps) > 2
        mp.mp.dps = 15 if heavy or model != "null" else 30
        if model == "null":
            z = selected(0, 0, side, steps)
            case["omega"] = [
                mp.nstr(selected(0, 0, side, steps, times=lambda w, j=j: w[j]) / z, 12)
                for j in range(len(steps) + 1)
            ]
        elif model == "effect":
            z = mp.quad(lambda m, s=side, k=steps: normal(m, 0, 1) * selected(m, 0, s, k), MUS)
            mean = mp.quad(lambda m, s=side, k=steps: m * normal(m, 0, 1) * selected(m, 0, s, k), MUS) / z
            case["effect_mean"] = mp.nstr(mean, 12)
        elif model == "tau":
            z = mp.quad(lambda t, s=side, k=steps: half_normal(t) * selected(0, t, s, k), TAUS)
        else:
            z = mp.quad(
                lambda t, s=side, k=steps: (
                    half_normal(t)
                    * mp.quad(lambda m: normal(m, 0, 1) * selected(m, t, s, k), MUS, maxdegree=5)
                ),
                TAUS,
                maxdegree=5,
            )
        case["log_evidence"] = mp.nstr(mp.log(z), 14)
        out.append(case)
    document = {
        "source": "mpmath 1.4.1, 30 digits (15 where four integrals are nested); generate_selection.py",
        "data": {"yi": YI, "vi": VI},
        "cases": out,
    }
    (Path(__file__).parent / "selection.json").write_text(json.dumps(document, indent=1) + "\n")


if __name__ == "__main__":
    main()
