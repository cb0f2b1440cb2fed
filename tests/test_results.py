"""Every kind of result is a value: frozen, comparable, hashable, with a name of its own."""

from __future__ import annotations

import inspect
from importlib import import_module
from pathlib import Path

import pytest

import needlepoint
from needlepoint.result import Result

SRC = Path(needlepoint.__file__).parent
SKIPPED = {"__main__", "_cuda"}  # run as a program; needs NVIDIA's compiler
for path in sorted(SRC.rglob("*.py")):
    if path.stem not in SKIPPED:
        name = ".".join(["needlepoint", *path.relative_to(SRC).with_suffix("").parts])
        import_module(name.removesuffix(".__init__"))


def kinds(base=Result):
    for kind in base.__subclasses__():
        yield kind
        yield from kinds(kind)


KINDS = sorted(
    {kind for kind in kinds() if hasattr(kind, "__slots__")}, key=lambda k: (k.__module__, k.__name__)
)


def test_there_are_many_kinds():
    assert len(KINDS) > 80


@pytest.mark.parametrize(
    "kind", KINDS, ids=lambda k: f"{k.__module__.removeprefix('needlepoint.')}.{k.__name__}"
)
def test_a_result_is_a_value(kind):
    assert kind.__dataclass_params__.frozen
    assert kind.__eq__ is Result.__eq__
    assert kind.__hash__ is Result.__hash__
    assert inspect.getdoc(kind)


@pytest.mark.parametrize(
    "name", [n for n in needlepoint.__all__ if inspect.isfunction(getattr(needlepoint, n))]
)
def test_a_public_function_shows_its_own_signature(name):
    function = getattr(needlepoint, name)
    names = list(inspect.signature(function).parameters)
    assert names == list(function.__code__.co_varnames[: len(names)])
    assert names[:1] != ["args"]
