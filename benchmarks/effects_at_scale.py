"""A million rows of effect sizes, beside metafor's time on a machine of the same kind.

metafor 5.1-12 (escalc, 10^6 rows, 2 cores): OR 1.10 s, SMD 1.44 s; medians of five.
"""

from __future__ import annotations

import statistics
import time

import numpy as np

from needlepoint import effect_sizes

ROWS = 1_000_000
METAFOR = {"OR": 1.09999, "SMD": 1.43671}


def rows() -> dict[str, dict[str, np.ndarray]]:
    rng = np.random.default_rng(1)
    counts = {c: rng.integers(low, 90, ROWS) for c, low in (("ai", 0), ("bi", 1), ("ci", 0), ("di", 1))}
    means = {f"m{i}i": rng.normal(10, 2, ROWS) for i in (1, 2)}
    means |= {f"sd{i}i": rng.uniform(0.5, 3, ROWS) for i in (1, 2)}
    means |= {f"n{i}i": rng.integers(5, 200, ROWS) for i in (1, 2)}
    return {"OR": counts, "RR": counts, "PETO": counts, "SMD": means, "MD": means, "ROM": means}


def main() -> None:
    for measure, columns in rows().items():
        times = []
        for _ in range(6):
            start = time.perf_counter()
            effect_sizes(measure=measure, **columns)
            times.append(time.perf_counter() - start)
        median = statistics.median(times[1:])  # the first pays for fresh memory
        ratio = (
            f"  metafor {METAFOR[measure]:.2f} s, {METAFOR[measure] / median:.0f} times"
            if measure in METAFOR
            else ""
        )
        print(f"{measure:<5} {median:.3f} s{ratio}")


if __name__ == "__main__":
    main()
