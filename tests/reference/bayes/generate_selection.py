"""Evidence of selection models by brute force: writes selection.json beside this file.

Independent of the library: composite Gauss-Legendre rules over effect, tau and the ordered weights, in double
precision, taken twice with half the panels; digits that do not agree are not written. Run:
python tests/reference/bayes/generate_selection.py (numpy 2, scipy 1.11 or later; a minute).
"""

from __future__ import annotations

import json
import math
from itertools import pairwise
from pathlib import Path

import numpy as np
from scipy.stats import norm

YI, VI = [0.5, 0.1, 0.35], [0.04, 0.09, 0.0225]
Y, V = np.array(YI), np.array(VI)
CASES = [
    ("one-sided", (0.05,), "null"),
    ("two-sided", (0.05, 0.1), "null"),
    ("one-sided", (0.025, 0.05, 0.5), "null"),
    ("one-sided", (0.025, 0.5), "effect"),
    ("two-sided", (0.05,), "effect"),
    ("one-sided", (0.05,), "tau"),
    ("one-sided", (0.05,), "effect tau"),
    ("two-sided", (0.05, 0.1), "effect tau"),
    ("one-sided", (0.025, 0.05, 0.5), "effect"),
]


def rule(ends, panels, points=12):
    """Composite Gauss-Legendre nodes and weights over consecutive intervals."""
    x, w = np.polynomial.legendre.leggauss(points)
    edges = np.concatenate([np.linspace(a, b, panels + 1)[:-1] for a, b in pairwise(ends)] + [[ends[-1]]])
    half = np.diff(edges) / 2
    return (edges[:-1, None] + half[:, None] * (x + 1)).ravel(), (half[:, None] * w).ravel()


def weights_rule(n, panels):
    """Falling weights 1 > w2 > w3 > ... > 0, uniform: ratios u with density n! u1^(n-1) u2^(n-2) ..."""
    # the integrand has a pole just below zero: panels that shrink towards it
    u, w = rule([0.0, 0.002, 0.02, 0.1, 0.35, 1.0], 1, panels)
    grids = np.meshgrid(*[u] * n, indexing="ij")
    mass = np.ones_like(grids[0])
    for j, g in enumerate(grids):
        shape = [1] * n
        shape[j] = -1
        mass = mass * w.reshape(shape) * g ** (n - 1 - j)
    omega = np.cumprod(np.stack([g.ravel() for g in grids], axis=1), axis=1)
    return np.column_stack([np.ones(len(omega)), omega]), math.factorial(n) * mass.ravel()


def chances(mu, tau, side, steps):
    """(nodes, studies, intervals)."""
    sd = np.sqrt(V + tau[:, None] ** 2)
    beyond = []
    for step in steps:
        z = norm.isf(step / 2 if side == "two-sided" else step)
        p = norm.sf((z * np.sqrt(V) - mu[:, None]) / sd)
        if side == "two-sided":
            p = p + norm.cdf((-z * np.sqrt(V) - mu[:, None]) / sd)
        beyond.append(p)
    edges = np.stack([np.zeros_like(sd), *beyond, np.ones_like(sd)], axis=2)
    return np.diff(edges, axis=2)


def intervals(side, steps):
    z = Y / np.sqrt(V)
    p = 2 * norm.sf(np.abs(z)) if side == "two-sided" else norm.sf(z)
    return np.searchsorted(np.array(steps), p)


def selected(mu, tau, side, steps, panels):
    """Likelihood with the weights integrated out, and the same times each weight."""
    omega, mass = weights_rule(len(steps), panels)
    at = intervals(side, steps)
    value = np.empty(len(mu))
    times = np.empty((len(mu), omega.shape[1]))
    for i in range(0, len(mu), 20):
        part = slice(i, i + 20)
        P = chances(mu[part], tau[part], side, steps)
        ratio = np.ones((P.shape[0], len(omega)))
        for k in range(len(Y)):
            ratio *= omega[:, at[k]] / (P[:, k, :] @ omega.T)
        like = norm.pdf(Y, mu[part, None], np.sqrt(V + tau[part, None] ** 2)).prod(axis=1)
        value[part] = like * (ratio @ mass)
        times[part] = like[:, None] * (ratio @ (mass[:, None] * omega))
    return value, times


def solve(side, steps, model, fine):
    panels = 12 if fine else 9  # points a panel
    outer = 4 if fine else 3
    mu, wm = rule([-7.0, -1.0, 0.0, 0.5, 1.0, 7.0], outer) if "effect" in model else (np.zeros(1), np.ones(1))
    tau, wt = rule([0.0, 0.1, 0.4, 1.0, 5.0], outer) if "tau" in model else (np.zeros(1), np.ones(1))
    wm = wm * norm.pdf(mu) if "effect" in model else wm
    wt = wt * 2 * norm.pdf(tau, scale=0.5) if "tau" in model else wt
    m, t = (g.ravel() for g in np.meshgrid(mu, tau, indexing="ij"))
    w = np.multiply.outer(wm, wt).ravel()
    keep = w > 1e-16
    m, t, w = m[keep], t[keep], w[keep]
    value, times = selected(m, t, side, steps, panels)
    z = w @ value
    return {"log_evidence": np.log(z), "effect_mean": (w * m) @ value / z, "omega": (w @ times) / z}


def main():
    out = []
    for side, steps, model in CASES:
        fine, coarse = solve(side, steps, model, True), solve(side, steps, model, False)
        gap = max(float(np.max(np.abs(fine[key] - coarse[key]))) for key in fine)
        if gap > 1e-8:
            raise SystemExit(f"{side} {steps} {model}: the two rules differ by {gap:.1e}")
        case = {
            "side": side,
            "steps": steps,
            "model": model,
            "log_evidence": round(float(fine["log_evidence"]), 9),
        }
        case["omega"] = [round(float(x), 8) for x in fine["omega"]]
        if "effect" in model:
            case["effect_mean"] = round(float(fine["effect_mean"]), 8)
        out.append(case)
    document = {
        "source": "composite Gauss-Legendre, double precision, two rules agree to 1e-8; generate_selection.py",
        "data": {"yi": YI, "vi": VI},
        "cases": out,
    }
    (Path(__file__).parent / "selection.json").write_text(json.dumps(document, indent=1) + "\n")


if __name__ == "__main__":
    main()
