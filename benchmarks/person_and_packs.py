"""How long a diary of a year takes to analyse and a pack to load, beside a fit of numpy in the same run.

Run: python benchmarks/person_and_packs.py
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from datetime import date, timedelta

import numpy as np

from needlepoint import analyse_diary
from needlepoint.evidence.load import _load, pack_folder


def a_year() -> list[dict[str, object]]:
    rng, pain, days = np.random.default_rng(1), 6.0, []
    for i in range(365):
        pain = 6.0 + 0.5 * (pain - 6.0) + float(rng.normal(0, 0.8)) - (1.0 if i >= 60 else 0.0) * 0.5
        day = date(2025, 1, 1) + timedelta(i)
        days.append({"day": day, "pain": round(min(max(pain, 0), 10), 1), "session": i >= 60 and i % 7 == 4})
    return days


def median_of(work: Callable[[], object], runs: int = 9) -> float:
    work()  # imports are paid for
    times = []
    for _ in range(runs):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return statistics.median(times)


def main() -> None:
    days, folder = a_year(), pack_folder("low-back-pain")
    matrix = np.random.default_rng(2).normal(size=(600, 600))
    base = median_of(lambda: np.linalg.svd(matrix))
    for name, work in {
        "a diary of a year": lambda: analyse_diary(days),
        "loading the first pack": lambda: _load(folder),
    }.items():
        seconds = median_of(work)
        print(f"{name:<24} {1e3 * seconds:7.1f} ms, {seconds / base:5.2f} of a 600 x 600 svd")


if __name__ == "__main__":
    main()
