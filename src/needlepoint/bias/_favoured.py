"""The direction in which journals favour results, for models of selection."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from needlepoint.options import check

if TYPE_CHECKING:
    from needlepoint.pooling.result import Pooled

__all__ = ["Favours", "favoured"]

Favours = Literal["positive", "negative"]


def favoured(pooled: Pooled, favours: str | None) -> tuple[str, float]:
    """The direction that journals favour, that of the estimate unless told, and its sign."""
    side = favours or ("positive" if pooled.estimate >= 0 else "negative")
    check(side, Favours, field="favours")
    return side, 1.0 if side == "positive" else -1.0
