"""needlepoint: does this treatment help with this condition? From randomized trials to an honest answer.

Public names load on first use, so that ``import needlepoint`` costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

# public name -> module that holds it, sorted by name
_HOMES: dict[str, str] = {
    "ConvergenceError": "needlepoint.errors",
    "EffectSizes": "needlepoint.effects.result",
    "EvidenceError": "needlepoint.errors",
    "InputError": "needlepoint.errors",
    "NeedlepointError": "needlepoint.errors",
    "NotEnoughStudies": "needlepoint.errors",
    "Pooled": "needlepoint.pooling.result",
    "effect_sizes": "needlepoint.effects.api",
    "load_pack": "needlepoint.evidence.load",
    "mantel_haenszel": "needlepoint.pooling.mantel_haenszel",
    "peto": "needlepoint.pooling.peto",
    "pool": "needlepoint.pooling.api",
    "screen": "needlepoint.person.screen",
}

__all__ = sorted([*_HOMES, "__version__"])  # pyright: ignore[reportUnsupportedDunderAll]


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'needlepoint' has no attribute {name!r}")
    value = getattr(import_module(home), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
