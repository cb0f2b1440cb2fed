"""Trial results -> effect sizes: every measure, what papers leave out recovered, unit changes."""

from __future__ import annotations

from importlib import import_module
from typing import Any


def __getattr__(name: str) -> Any:
    if name in {"recovery", "transforms"}:  # loaded when asked for, so that the room opens fast
        return import_module(f"needlepoint.effects.{name}")
    raise AttributeError(f"module 'needlepoint.effects' has no attribute {name!r}")
