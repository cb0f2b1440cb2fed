"""The kernels on a CUDA device: in numba's simulator, through the real compiler, and where there is no device.

The simulator accepts what the compiler refuses, and the compiler says nothing of results: both are needed. The
compiler (NVVM) needs no device.
"""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import polars as pl
import pytest
from click.testing import CliRunner

from needlepoint.bulk import engine
from needlepoint.bulk.api import many
from needlepoint.bulk.chunk import chunk_rows
from needlepoint.bulk.plan import KERNEL_METHODS, Plan
from needlepoint.cli.many import command
from needlepoint.errors import InputError, MissingExtra, NeedlepointError

pytest.importorskip("numba")

TABLE = {"g": [1, 1, 1, 2, 2], "yi": [0.1, 0.5, 0.9, 1.0, 2.0], "vi": [0.1, 0.1, 0.2, 0.3, 0.1]}
SCRIPT = Path(__file__).with_name("cuda_simulated.py")


@pytest.mark.parametrize("groups", [40, pytest.param(400, marks=pytest.mark.slow)])
def test_simulated_device_gives_the_bits_of_the_processor(groups):
    environment = {**os.environ, "NUMBA_ENABLE_CUDASIM": "1"}
    subprocess.run([sys.executable, str(SCRIPT), str(groups)], check=True, env=environment)


def compiler():
    """numba's CUDA target with NVIDIA's compiler, without a device."""
    cuda = pytest.importorskip("numba_cuda") and pytest.importorskip("numba.cuda")
    from numba.cuda.cudadrv import nvvm

    if not nvvm.is_available():
        pytest.skip("no NVVM")
    pathfinder = pytest.importorskip("cuda.pathfinder")
    try:
        pathfinder.load_nvidia_dynamic_lib("nvrtc")
    except pathfinder.DynamicLibNotFoundError:
        pytest.skip("no NVRTC")
    return cuda


def ptx(monkeypatch, method):
    cuda = compiler()
    from numba.core.sigutils import normalize_signature
    from numba.cuda import dispatcher

    from needlepoint.bulk import _cuda

    hopper = (9, 0)
    monkeypatch.setattr(dispatcher, "get_current_device", lambda: SimpleNamespace(compute_capability=hopper))
    arguments, _ = normalize_signature(_cuda.SIGNATURE)
    with _cuda.rounding_every_product():
        return cuda.compile_ptx(_cuda.device_function(method), arguments, cc=hopper)[0]


@pytest.mark.parametrize(
    "method",
    [m if m in {"REML", "DL"} else pytest.param(m, marks=pytest.mark.slow) for m in sorted(KERNEL_METHODS)],
)
def test_every_estimator_compiles_for_a_device(monkeypatch, method):
    assert "sm_90" in ptx(monkeypatch, method)


def test_no_product_is_fused_into_a_sum(monkeypatch):
    text = ptx(monkeypatch, "HE")
    assert "mul.rn.f64" in text  # rounded by order
    assert "mul.f64" not in text
    plain = text.count("fma.rn.f64")
    from needlepoint.bulk import _cuda

    monkeypatch.setattr(_cuda, "rounding_every_product", lambda: __import__("contextlib").nullcontext())
    assert ptx(monkeypatch, "HE").count("fma.rn.f64") > plain  # what is left belongs to the logarithm


@pytest.fixture
def no_device(monkeypatch):
    monkeypatch.setattr(
        engine, "cuda_trouble", lambda: NeedlepointError("no CUDA device can be used on this machine")
    )


def test_a_device_that_is_not_there_is_said(no_device):
    with pytest.raises(NeedlepointError, match="no CUDA device"):
        many(TABLE, by="g", device="cuda")


def test_a_worker_without_a_device_says_so(no_device):
    plan = Plan(by=("g",), columns=(("vi", "vi"), ("yi", "yi")), measure="GEN", engine="cuda")
    with pytest.raises(NeedlepointError, match="no CUDA device") as caught:
        chunk_rows(pl.DataFrame(TABLE), plan)
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)


def test_auto_falls_back_to_the_processor_and_says_so(no_device):
    found = many(TABLE, by="g", device="auto")
    assert found.engine == "interpreted"
    assert "no CUDA device" in found.notes[0]
    assert found.to_frame().equals(many(TABLE, by="g").to_frame())


@pytest.mark.parametrize("package", ["numba", "numba_cuda"])
def test_a_missing_package_is_named_with_its_extra(monkeypatch, package):
    import importlib.util

    from numba import cuda

    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == package else find(name))
    monkeypatch.setattr(cuda, "is_available", lambda: False)
    with pytest.raises(MissingExtra, match=r"numba-cuda.*needlepoint\[cuda\]"):
        many(TABLE, by="g", device="cuda")


def test_what_has_no_kernel_is_refused_on_a_device():
    with pytest.raises(InputError, match="no kernel for a GPU") as caught:
        many(TABLE, by="g", test="KR", device="cuda")
    assert caught.value.field == "device"
    with pytest.raises(InputError, match="unknown device"):
        many(TABLE, by="g", device="gpu")


def test_the_command_says_in_one_line_that_there_is_no_device(no_device, tmp_path, capsys):
    from needlepoint.cli import main

    file = tmp_path / "data.parquet"
    pl.DataFrame(TABLE).write_parquet(file)
    with pytest.raises(SystemExit) as stop:
        main(["many", str(file), "--by", "g", "--device", "cuda"])
    said = capsys.readouterr().err.strip()
    assert stop.value.code == 1
    assert said.count("\n") == 0
    assert "no CUDA device" in said
    result = CliRunner().invoke(command, [str(file), "--by", "g", "--device", "auto"])
    assert result.exit_code == 0
    assert "note: on the processor: no CUDA device" in result.output
