"""Run with NUMBA_ENABLE_CUDASIM=1: the device's functions, interpreted thread by thread, against the processor's."""

from __future__ import annotations

import inspect
import sys
import tempfile
from pathlib import Path

import numpy as np
import polars as pl

from needlepoint.bulk import _cuda
from needlepoint.bulk.api import many
from needlepoint.bulk.numbers import group_numbers
from needlepoint.bulk.plan import KERNEL_METHODS
from needlepoint.bulk.simulation import simulate_many
from needlepoint.bulk.store import Store


def ragged(groups: int, seed: int) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    k = rng.integers(1, 20, groups)
    vi = rng.gamma(2.0, 0.05, k.sum()) + 0.005
    yi = rng.normal(0.3, np.sqrt(vi + np.repeat(rng.choice([0.0, 0.05, 0.5], groups), k)))
    return pl.DataFrame({"g": np.repeat(np.arange(groups), k), "yi": yi, "vi": vi})


def every_estimator(groups: int) -> None:
    table = ragged(groups, 1)
    yi, vi = table["yi"].to_numpy(), table["vi"].to_numpy()
    sizes = table.group_by("g", maintain_order=True).len()["len"].to_numpy()
    starts = np.concatenate([[0], np.cumsum(sizes)])
    starts = np.insert(starts, 5, starts[5]).astype(np.int64)  # a group without studies
    for method in sorted(KERNEL_METHODS):
        there, here = (group_numbers(yi, vi, starts, method, 0.95, engine=e) for e in ("cuda", "interpreted"))
        assert there.tobytes() == here.tobytes(), method


def every_output() -> None:
    table = ragged(60, 2).with_columns(
        yi=pl.when(pl.int_range(pl.len()) == 7).then(None).otherwise(pl.col("yi")),
        vi=pl.when(pl.int_range(pl.len()) == 40).then(0.0).otherwise(pl.col("vi")),
    )
    for how in (
        {"test": "z", "prediction": "HTS", "level": 0.9},
        {"test": "HKSJ", "method": "DL", "extras": ["egger", "leave_one_out", "permutation"], "draws": 20},
    ):
        there, here = (many(table, by="g", device=d, **how) for d in ("cuda", "cpu"))
        assert there.to_frame().equals(here.to_frame())
        assert (there.engine, there.refused) == ("cuda", 1)
    assert many(table, by="g", method="DL", device="auto").engine == "cuda"
    how = {"effect": 0.2, "tau2": 0.1, "draws": 50}
    assert simulate_many([0.1, 0.2, 0.3], device="cuda", **how) == simulate_many([0.1, 0.2, 0.3], **how)


def a_stopped_run(folder: Path) -> None:
    class Stopped(Exception):
        pass

    def stop(done: int, total: int) -> None:
        if done > total // 3:
            raise Stopped

    data, out, whole = (folder / name for name in ("data.parquet", "out.parquet", "whole.parquet"))
    ragged(100, 3).write_parquet(data)
    how = {
        "by": "g",
        "rows_at_once": 150,
        "device": "cuda",
        "method": "PM",
        "threads": 1,
    }  # the simulator has one device thread at a time
    many(data, out=whole, **how)
    try:
        many(data, out=out, progress=stop, **how)
    except Stopped:
        assert Store(out).finished()
    many(data, out=out, **how)
    assert out.read_bytes() == whole.read_bytes()


def prepare() -> None:
    from numba import config
    from numba.cuda.simulator.kernel import FakeCUDAKernel

    assert config.ENABLE_CUDASIM
    _cuda._ROWS = 400  # many slices, so that both lanes are used again and again
    call = FakeCUDAKernel.__call__  # which, other than the compiler, takes no arguments by name

    def by_name_too(f: FakeCUDAKernel, *args: object, **named: object) -> object:
        return call(f, *inspect.signature(f.fn).bind(*args, **named).args)

    FakeCUDAKernel.__call__ = by_name_too


if __name__ == "__main__":
    prepare()
    every_estimator(int(sys.argv[1]))
    every_output()
    with tempfile.TemporaryDirectory() as name:
        a_stopped_run(Path(name))
