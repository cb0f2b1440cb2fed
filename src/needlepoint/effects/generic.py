"""Effect sizes that are already effect sizes: generic, log hazard ratios and the like."""

from __future__ import annotations

import numpy as np

from needlepoint.arrays import Vector
from needlepoint.effects._family import Columns, Family, Measured, Notebook, Settings, fill

__all__ = ["GENERIC", "given_effect"]


def given_effect(c: Columns, vtype: str, how: Settings) -> Measured:
    """The estimates and variances as given."""
    return Measured(c["yi"], c["vi"])


def _complete(given: dict[str, Vector], notebook: Notebook) -> dict[str, Vector]:
    sei = given.get("sei")
    if sei is not None:
        notebook.refuse("a negative standard error", sei < 0, field="sei", values=sei, allowed=">= 0")
        fill(given, "vi", sei**2)
    vi = given["vi"]
    notebook.refuse("a negative variance", vi < 0, field="vi", values=vi, allowed=">= 0")
    return given


def _as_given(c: Columns, how: Settings, notebook: Notebook) -> Columns:
    return c


def _total(c: Columns) -> Vector | None:
    if "ni" in c:
        return c["ni"]
    return c["n1i"] + c["n2i"] if "n1i" in c and "n2i" in c else np.full(c["yi"].shape, np.nan)


GENERIC = Family(
    title="estimates with their sampling variances",
    accepts=(("yi", "vi"), ("yi", "sei")),
    complete=_complete,
    prepare=_as_given,
    total=_total,
)
