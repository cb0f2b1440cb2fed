"""Probability of superiority (common language effect size, area under the curve): P(arm 1 > arm 2)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from needlepoint.arrays import Vector
from needlepoint.effects._family import Columns, Family, Measured, Notebook, Settings
from needlepoint.effects.two_means import Arms

__all__ = ["SUPERIORITY", "Observed", "superiority_normal", "superiority_observed"]


class Observed(NamedTuple):
    """Observed probability of superiority and the sizes of the arms."""

    ai: Vector
    n1i: Vector
    n2i: Vector


def superiority_observed(o: Observed, vtype: str, how: Settings) -> Measured:
    """Probability of superiority as observed (Mann-Whitney U over n1 n2).

    Variances: "LS" Newcombe (2006) method 4 with (n1 - 1)(n2 - 1) below, doi:10.1002/sim.2324; "LS2" Hanley &
    McNeil (1982), doi:10.1148/radiology.143.1.7063747; "H0" at no difference; "MAX" the largest that the
    value allows, Bamber (1975).
    """
    p = o.ai
    if vtype == "H0":
        return Measured(p, (o.n1i + o.n2i + 1) / (12 * o.n1i * o.n2i))
    if vtype == "MAX":
        return Measured(p, p * (1 - p) / (np.minimum(o.n1i, o.n2i) - 1))
    if vtype == "LS2":
        q1, q2 = p / (2 - p), 2 * p**2 / (1 + p)
        spread = p * (1 - p) + (o.n1i - 1) * (q1 - p**2) + (o.n2i - 1) * (q2 - p**2)
        return Measured(p, spread / (o.n1i * o.n2i))
    half = (o.n1i + o.n2i) / 2 - 1
    spread = p * (1 - p) * (1 + half * (1 - p) / (2 - p) + half * p / (1 + p))
    return Measured(p, spread / ((o.n1i - 1) * (o.n2i - 1)))


def superiority_normal(a: Arms, vtype: str, how: Settings) -> Measured:
    """Probability of superiority of normal responses (McGraw & Wong 1992, doi:10.1037/0033-2909.111.2.361).

    Variances by the delta method: "LS" from each arm's own standard deviation, "HO" as of one d.
    """
    from scipy.special import ndtr

    v1, v2 = a.sd1i**2, a.sd2i**2
    both = np.where(v1 + v2 > 0, v1 + v2, np.nan)
    z = (a.m1i - a.m2i) / np.sqrt(both)
    slope2 = np.exp(-(z**2)) / (2 * np.pi)
    if vtype == "HO":  # z = d / sqrt(2)
        return Measured(ndtr(z), slope2 * ((1 / a.n1i + 1 / a.n2i) / 2 + z**2 / (2 * a.ni)))
    df1, df2 = a.n1i - 1, a.n2i - 1
    spread = z**2 * (v1**2 / df1 + v2**2 / df2) / (2 * both**2)
    v_z = (v1 / df1 + v2 / df2) / both + spread
    return Measured(ndtr(z), slope2 * v_z)


def _complete(given: dict[str, Vector], notebook: Notebook) -> dict[str, Vector]:
    notebook.require("probability", given, "ai")
    return given


def _prepare(c: Columns, how: Settings, notebook: Notebook) -> Observed:
    return Observed(c["ai"], c["n1i"], c["n2i"])


SUPERIORITY = Family(
    title="a probability of superiority and the sizes of the arms",
    accepts=(("ai", "n1i", "n2i"),),
    complete=_complete,
    prepare=_prepare,
    total=lambda c: c["n1i"] + c["n2i"],
)
