"""The interval shown for two to four trials: it holds the truth as often as it says, and is narrower than HKSJ's."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import numpy as np
import pytest

DRAWS = 600
SCRIPT = Path(__file__).parents[2] / "benchmarks" / "few_trials_coverage.py"


@pytest.fixture(scope="module")
def script() -> Any:
    spec = importlib.util.spec_from_file_location("few_trials_coverage", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.slow
@pytest.mark.parametrize("k", [2, 3, 4, 5, 6])
def test_the_interval_holds_the_truth(script, k):
    rng = np.random.default_rng(k)
    runs = np.array([script.one(rng, k, None) for _ in range(DRAWS)], dtype=float)
    error = 3 * np.sqrt(0.95 * 0.05 / DRAWS)  # three standard errors of a simulated share
    assert runs[:, 0].mean() >= 0.95 - error
    if k <= 4:
        assert np.median(runs[:, 1]) < np.median(runs[:, 3])
