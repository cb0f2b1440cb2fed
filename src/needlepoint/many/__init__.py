"""Many syntheses at once: a long table in, one row of results a group out.

The package can be called: ``needlepoint.many(frame, by=["review", "analysis"])`` is :func:`needlepoint.many.api.many`,
and ``needlepoint.many.simulate`` studies the power and coverage of methods at the same speed.
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import Any

__all__ = ["many"]

_HOMES = {"simulate": "needlepoint.many.simulation"}


class _CallableModule(ModuleType):
    """A package that is also its main function."""

    def __call__(self, data: Any, **options: Any) -> Any:
        from needlepoint.many.api import many as run

        return run(data, **options)


many = sys.modules[__name__]
many.__class__ = _CallableModule


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'needlepoint.many' has no attribute {name!r}")
    return getattr(import_module(home), name)
