"""How long a person waits: import, help, and a whole answer from a cold start.

Each figure is the median of fresh processes, beside bare Python (and bare numpy) measured in the same run.
Run: python benchmarks/startup.py
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from pathlib import Path

RUNS = 9
COMMAND = str(Path(sys.executable).with_name("needlepoint"))
CASES = {
    "bare python": [sys.executable, "-c", "pass"],
    "import numpy": [sys.executable, "-c", "import numpy"],
    "import needlepoint": [sys.executable, "-c", "import needlepoint"],
    "needlepoint --help": [COMMAND, "--help"],
    "needlepoint ask": [COMMAND, "ask", "does acupuncture help with lower back pain?"],
}


def once(command: list[str]) -> float:
    start = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - start


def main() -> None:
    times: dict[str, list[float]] = {name: [] for name in CASES}
    for _ in range(RUNS):  # interleaved, so that a noisy minute hits every case alike
        for name, command in CASES.items():
            times[name].append(once(command))
    bare = statistics.median(times["bare python"])
    print(f"{'case':<22} {'median s':>9} {'over bare':>10}")
    for name, values in times.items():
        median = statistics.median(values)
        print(f"{name:<22} {median:9.3f} {median - bare:10.3f}")


if __name__ == "__main__":
    main()
