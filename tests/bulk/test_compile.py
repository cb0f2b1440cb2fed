"""Kernels are rebuilt from their own source, cached by all of it, and dispensable."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from needlepoint.bulk import _compile, engine
from needlepoint.bulk._compile import bind, kernels
from needlepoint.bulk._group import at_zero, estimator, over_groups, synthesise
from needlepoint.bulk.api import many
from needlepoint.bulk.numbers import _compiled_kernel
from needlepoint.errors import MissingExtra
from needlepoint.pooling.kernels.normal import column_at

TABLE = {"g": [1, 1, 1, 2, 2], "yi": [0.1, 0.5, 0.9, 1.0, 2.0], "vi": [0.1, 0.1, 0.2, 0.3, 0.1]}


def test_every_kernel_that_is_reached_is_found_callees_first():
    found = kernels(over_groups, {"estimator": at_zero})
    assert found[-1] is over_groups
    assert {synthesise, column_at, at_zero} <= set(found)
    assert estimator not in found


def test_binding_leaves_the_original_as_it_is():
    bound = bind(synthesise, {"estimator": lambda model: at_zero(model)._replace(tau2=7.0)})
    assert bound([0.1, 0.2], [0.1, 0.1], [1.0, 1.0], None, -1.0, -1.0).tau2 == 7.0
    assert synthesise([0.1, 0.2], [0.1, 0.1], [1.0, 1.0], None, -1.0, -1.0).tau2 == 0.0


def test_a_change_in_any_source_changes_the_digest(monkeypatch, tmp_path):
    swap = {"estimator": at_zero}
    before = _compile._digest(over_groups, swap, "REML")
    assert before == _compile._digest(over_groups, swap, "REML")
    assert before != _compile._digest(over_groups, swap, "DL")
    monkeypatch.setattr(_compile.Path, "read_bytes", lambda path: path.name.encode() + b"changed")
    assert before != _compile._digest(over_groups, swap, "REML")


def test_without_numba_the_results_are_the_same(monkeypatch):
    with_numba = many(TABLE, by="g", compiled=True).to_frame()
    monkeypatch.setattr(engine, "available", lambda: False)
    without = many(TABLE, by="g")
    assert without.to_frame().equals(with_numba)
    assert "needlepoint[compiled]" in without.notes[0]
    with pytest.raises(MissingExtra, match="numba"):
        many(TABLE, by="g", compiled=True)


def test_a_cache_that_cannot_be_written_is_done_without(monkeypatch, tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("")
    assert not _compile._kept(blocked / "kernels")


SWITCH = """
import sys
import numpy as np
from needlepoint.bulk.numbers import group_numbers
yi, vi = np.array([0.1, 0.5, 0.9, 1.0, 2.0]), np.array([0.1, 0.1, 0.2, 0.3, 0.1])
for method in sys.argv[1:]:
    fast, slow = (group_numbers(yi, vi, np.array([0, 3, 5]), method, 0.95, engine=e) for e in ("compiled", "interpreted"))
    assert fast.tobytes() == slow.tobytes(), method
"""


def test_every_variant_has_a_name_of_its_own():
    pytest.importorskip("numba")
    names = [_compiled_kernel(method).py_func.__qualname__ for method in ("EE", "REML")]
    assert names[0] != names[1]


@pytest.mark.slow
def test_kernels_kept_by_different_processes_do_not_replace_each_other(tmp_path):
    pytest.importorskip("numba")
    environment = {**os.environ, "XDG_CACHE_HOME": str(tmp_path)}
    for methods in (["EE"], ["DL"], ["EE", "DL"], ["DL", "EE"]):
        subprocess.run([sys.executable, "-c", SWITCH, *methods], check=True, env=environment)
