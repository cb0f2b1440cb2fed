"""What methods for one mean ask of their input, before they start."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from needlepoint.errors import InputError, NotEnoughStudies
from needlepoint.options import check
from needlepoint.pooling.refit import as_pooled

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from needlepoint.pooling.result import Pooled

    Floats = NDArray[np.float64]

__all__ = ["Favours", "constant", "favoured", "one_mean"]

Favours = Literal["positive", "negative"]


def one_mean(effects: Any, vi: Any, data: Any, *, method: str, needs: int = 1) -> Pooled:
    """The pooled model, which must have no moderators and ``needs`` studies; ``method`` is what refusals name.

    Raises
    ------
    InputError
        A model with moderators.
    NotEnoughStudies
        Fewer studies.
    """
    pooled = as_pooled(effects, vi, data)
    if pooled.p != 1:
        raise InputError(
            f"{method} needs a model without moderators",
            field="mods",
            got=[c.term for c in pooled.coefficients],
            mend="pool without mods=",
        )
    if pooled.k < needs:
        raise NotEnoughStudies(method, needs=needs, got=pooled.k)
    return pooled


def favoured(pooled: Pooled, favours: str | None) -> tuple[str, float]:
    """The direction that journals favour, that of the estimate unless told, and its sign."""
    side = favours or ("positive" if pooled.estimate >= 0 else "negative")
    check(side, Favours, field="favours")
    return side, 1.0 if side == "positive" else -1.0


def constant(values: Floats) -> bool:
    """Whether all values are the same, but for rounding."""
    return bool(np.ptp(values) <= 1e-12 * np.max(np.abs(values)))
