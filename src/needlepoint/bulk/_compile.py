"""The pooling kernels compiled from their own source.

A kernel is a plain function of numbers, sequences and other kernels. Here its function object, and those it calls,
are built again with globals in which every kernel is the compiled one; no formula is written twice. Without
fast-math, so that compiled and interpreted code give the same bits. What is compiled is kept on disk under a digest
of all sources that went into it (numba itself would not see a change in a callee), and bears that digest in its name:
two variants that are loaded into one process must not share a symbol.
"""

from __future__ import annotations

import hashlib
import os
import sys
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any

__all__ = ["available", "bind", "compiled", "kernels"]

_LOCK = threading.RLock()
_MADE: dict[tuple[str, str, str], Callable[..., Any]] = {}


def available() -> bool:
    """Whether numba can be imported."""
    from importlib.util import find_spec

    return find_spec("numba") is not None


def _names(code: CodeType) -> set[str]:
    names = set(code.co_names)
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            names |= _names(constant)
    return names


def _is_kernel(value: object) -> bool:
    return isinstance(value, FunctionType) and value.__module__.startswith("needlepoint.")


def kernels(function: FunctionType, swap: Mapping[str, Any]) -> list[FunctionType]:
    """``function`` and every kernel that it reaches, callees first; ``swap`` stands in for globals by name."""
    found: dict[int, FunctionType] = {}

    def visit(f: FunctionType) -> None:
        for name in sorted(_names(f.__code__)):
            callee = swap.get(name, f.__globals__.get(name))
            if _is_kernel(callee) and callee is not f and id(callee) not in found:
                visit(callee)
        found[id(f)] = f

    visit(function)
    return list(found.values())


def bind(
    function: FunctionType,
    swap: Mapping[str, Any],
    wrap: Callable[[FunctionType], Any] = lambda f: f,
    mark: str = "",
) -> Any:
    """``function`` with the globals named in ``swap`` replaced, in itself and in all that it calls.

    ``wrap`` is applied to every kernel but the outermost, which the caller wraps itself; ``mark`` is added to names.
    """
    made: dict[int, Any] = {}
    rebuilt: FunctionType = function
    for f in kernels(function, swap):
        scope = dict(f.__globals__)
        for name in _names(f.__code__):
            value = swap.get(name, scope.get(name))
            if name in swap or id(value) in made:
                scope[name] = made.get(id(value), value)
        rebuilt = FunctionType(f.__code__, scope, f.__name__, f.__defaults__, f.__closure__)
        rebuilt.__module__, rebuilt.__qualname__ = f.__module__, f.__qualname__ + mark
        rebuilt.__kwdefaults__ = f.__kwdefaults__
        made[id(f)] = rebuilt if f is function else wrap(rebuilt)
    return rebuilt


def _digest(function: FunctionType, swap: Mapping[str, Any], salt: str) -> str:
    import numba

    h = hashlib.sha256(f"{salt} {numba.__version__} {sys.version_info[:2]}".encode())
    for file in sorted({f.__code__.co_filename for f in kernels(function, swap)}):
        h.update(Path(file).read_bytes())
    return h.hexdigest()[:16]


def _folder() -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "needlepoint" / "kernels"


def _kept(path: Path) -> bool:
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError:
        return False
    return os.access(path, os.W_OK)


def compiled(
    function: FunctionType, swap: Mapping[str, Any], signature: str, salt: str
) -> Callable[..., Any]:
    """``function`` compiled for ``signature``, from disk where it was compiled before.

    ``salt`` tells apart variants that differ only in ``swap``. The result runs without the interpreter's lock.
    """
    import numba

    config: Any = vars(numba)["config"]
    name = (function.__qualname__, signature, salt)
    with _LOCK:
        if name not in _MADE:
            inner = numba.njit(nogil=True, error_model="numpy", forceinline=True)
            digest = _digest(function, swap, " ".join(name))
            rebuilt = bind(function, swap, inner, f"_{digest}")
            folder = _folder() / digest
            before, keep = config.CACHE_DIR, _kept(folder)
            config.CACHE_DIR = str(folder) if keep else before
            try:
                _MADE[name] = numba.njit(signature, nogil=True, error_model="numpy", cache=keep)(rebuilt)
            finally:
                config.CACHE_DIR = before
        return _MADE[name]
