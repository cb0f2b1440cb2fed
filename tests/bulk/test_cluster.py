"""A Dask cluster on the loopback: real scheduler and worker processes; one worker is killed in mid-run."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import numpy as np
import polars as pl
import pytest

from needlepoint.bulk.api import many
from needlepoint.errors import NeedlepointError

pytest.importorskip("distributed")


def table(groups: int) -> pl.DataFrame:
    rng = np.random.default_rng(5)
    k = rng.integers(2, 12, groups)
    vi = rng.gamma(2.0, 0.05, k.sum()) + 0.005
    yi = rng.normal(0.3, np.sqrt(vi + 0.05))
    return pl.DataFrame({"g": np.repeat(np.arange(groups), k), "yi": yi, "vi": vi})


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    """Address of a scheduler, and its two worker processes."""
    folder = tmp_path_factory.mktemp("dask")
    file = folder / "scheduler.json"
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": folder}
    dask = [sys.executable, "-m", "distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", "0"]
    scheduler = subprocess.Popen([*dask, "--no-dashboard", "--scheduler-file", str(file)], **quiet)
    worker = [
        sys.executable,
        "-m",
        "distributed.cli.dask_worker",
        "--scheduler-file",
        str(file),
        "--no-nanny",
    ]
    worker += ["--nthreads", "1", "--host", "127.0.0.1", "--no-dashboard"]
    workers = [subprocess.Popen(worker, **quiet) for _ in range(2)]
    try:
        yield file, workers
    finally:
        for process in [*workers, scheduler]:
            process.kill()
            process.wait()


def address(file):
    import json
    import time

    for _ in range(200):
        if file.exists() and (text := file.read_text()).strip():
            return json.loads(text)["address"]
        time.sleep(0.1)
    raise AssertionError("the scheduler did not start")


def test_a_cluster_gives_the_same_bits_and_survives_the_loss_of_a_worker(cluster, tmp_path):
    from distributed import Client

    file, workers = cluster
    where = address(file)
    with Client(where, set_as_default=False) as client:
        client.wait_for_workers(2, timeout=60)
    data = table(2000)
    data.write_parquet(tmp_path / "data.parquet")
    killed = []

    def kill_one(done, total):
        if done > total // 5 and not killed:
            os.kill(workers[0].pid, signal.SIGKILL)
            killed.append(done)

    out, here = tmp_path / "cluster.parquet", tmp_path / "here.parquet"
    how = {"by": "g", "rows_at_once": 300, "compiled": False}
    many(tmp_path / "data.parquet", out=out, scheduler=where, progress=kill_one, **how)
    assert killed
    assert workers[0].wait(10) == -signal.SIGKILL
    many(tmp_path / "data.parquet", out=here, **how)
    assert out.read_bytes() == here.read_bytes()


def test_no_scheduler_is_said():
    from needlepoint.bulk.cluster import on_cluster

    with pytest.raises(NeedlepointError, match="no Dask scheduler"):
        next(on_cluster("tcp://127.0.0.1:9", iter(()), None, timeout=1))
