"""Coverage and width of the interval shown for few trials, beside HKSJ: python benchmarks/few_trials_coverage.py.

Standardised mean differences of 2 to 6 trials of 20 to 100 people an arm; tau drawn from Rhodes et al. (2015) for pain,
non-pharmacological (what the interval assumes), and held at 0.1 and 0.3 (what it does not know).
"""

from __future__ import annotations

import sys

import numpy as np

from needlepoint.bayes.api import posterior
from needlepoint.bayes.predictive_priors import rhodes
from needlepoint.pooling.api import pool

PRIOR = rhodes("pain", "non-pharmacological")
KS = (2, 3, 4, 5, 6)
TRUE = -0.3


def one(rng: np.random.Generator, k: int, tau: float | None) -> tuple[bool, float, bool, float]:
    """Whether each interval holds the truth, and its width: the Bayesian one, then HKSJ with the guard."""
    spread = float(np.exp(PRIOR.location + PRIOR.scale * rng.standard_t(PRIOR.df))) if tau is None else tau
    vi = 2 / rng.integers(20, 101, size=k)
    yi = rng.normal(TRUE, np.sqrt(vi + spread**2))
    ours = posterior(yi=yi, vi=vi, prior_effect="flat", prior_tau=PRIOR)
    peer = pool(yi=yi, vi=vi, method="REML")
    held = ours.ci_low <= TRUE <= ours.ci_high, peer.ci_low <= TRUE <= peer.ci_high
    return held[0], ours.ci_high - ours.ci_low, held[1], peer.ci_high - peer.ci_low


def table(draws: int, seed: int = 20261201) -> list[str]:
    """One line a number of trials and a spread."""
    rng = np.random.default_rng(seed)
    lines = ["| k | tau | coverage | HKSJ | median width | HKSJ |", "| --- | --- | --- | --- | --- | --- |"]
    for k in KS:
        for tau in (None, 0.1, 0.3):
            runs = np.array([one(rng, k, tau) for _ in range(draws)], dtype=float)
            name = "published" if tau is None else f"{tau:g}"
            widths = np.median(runs[:, [1, 3]], axis=0)
            lines.append(
                f"| {k} | {name} | {runs[:, 0].mean():.3f} | {runs[:, 2].mean():.3f} "
                f"| {widths[0]:.2f} | {widths[1]:.2f} |"
            )
    return lines


if __name__ == "__main__":
    sys.stdout.write("\n".join(table(int(sys.argv[1]) if len(sys.argv) > 1 else 1000)) + "\n")
