"""Cronbach's alpha (``ai``) of an instrument with ``mi`` items in ``ni`` people."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from needlepoint.arrays import Vector
from needlepoint.effects._family import Columns, Family, Measured, Notebook, Settings

__all__ = ["RELIABILITY", "Alpha", "alpha", "alpha_bonett", "alpha_hakstian_whalen"]


class Alpha(NamedTuple):
    """Alpha, number of items, number of people."""

    ai: Vector
    mi: Vector
    ni: Vector


def alpha(a: Alpha, vtype: str, how: Settings) -> Measured:
    """Raw alpha (Bonett 2010, doi:10.1037/a0020142)."""
    return Measured(a.ai, 2 * a.mi * (1 - a.ai) ** 2 / ((a.mi - 1) * (a.ni - 2)))


def alpha_hakstian_whalen(a: Alpha, vtype: str, how: Settings) -> Measured:
    """1 - (1 - alpha)^(1/3) (Hakstian & Whalen 1976, doi:10.1007/BF02291840), growing with alpha."""
    root = np.cbrt(1 - a.ai)
    vi = 18 * a.mi * (a.ni - 1) * root**2 / ((a.mi - 1) * (9 * a.ni - 11) ** 2)
    return Measured(1 - root, vi)


def alpha_bonett(a: Alpha, vtype: str, how: Settings) -> Measured:
    """-ln(1 - alpha) (Bonett 2002, doi:10.3102/10769986027004335), growing with alpha."""
    return Measured(-np.log(1 - a.ai), 2 * a.mi / ((a.mi - 1) * (a.ni - 2)))


def _complete(given: dict[str, Vector], notebook: Notebook) -> dict[str, Vector]:
    a, m = given["ai"], given["mi"]
    notebook.refuse("not an alpha", a > 1, field="ai", values=a, allowed="<= 1")
    notebook.refuse("alpha needs two items", m < 2, field="mi", values=m, allowed=">= 2")
    notebook.require("size", given, "ni")
    return given


def _prepare(c: Columns, how: Settings, notebook: Notebook) -> Alpha:
    return Alpha(c["ai"], c["mi"], c["ni"])


RELIABILITY = Family(
    title="Cronbach's alpha, number of items, number of people",
    accepts=(("ai", "mi", "ni"),),
    complete=_complete,
    prepare=_prepare,
    total=lambda c: c["ni"],
)
