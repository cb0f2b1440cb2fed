"""Departure from Hardy-Weinberg equilibrium: relative excess heterozygosity.

``ai`` and ``ci`` count the two homozygous genotypes, ``bi`` the heterozygous one.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from needlepoint.arrays import Vector
from needlepoint.effects._continuity import number_to_add, where_to_add
from needlepoint.effects._family import Columns, Family, Measured, Notebook, Settings

__all__ = ["GENOTYPES", "Genotypes", "log_excess_heterozygosity"]


class Genotypes(NamedTuple):
    """Counts of the genotypes (with the constant, where due)."""

    ai: Vector
    bi: Vector
    ci: Vector


def log_excess_heterozygosity(g: Genotypes, vtype: str, how: Settings) -> Measured:
    """Log relative excess heterozygosity (Ziegler et al. 2011, doi:10.1007/s10549-010-1295-z)."""
    yi = np.log(g.bi) - np.log(2 * np.sqrt(g.ai) * np.sqrt(g.ci))
    return Measured(yi, 1 / (4 * g.ai) + 1 / g.bi + 1 / (4 * g.ci))


def _complete(given: dict[str, Vector], notebook: Notebook) -> dict[str, Vector]:
    notebook.require("count", given, "ai", "bi", "ci")
    return given


def _prepare(c: Columns, how: Settings, notebook: Notebook) -> Genotypes:
    add = number_to_add(how)
    a, b, h = c["ai"], c["bi"], c["ci"]
    due = where_to_add((a == 0) | (b == 0) | (h == 0), how.to)
    notebook.note(f"continuity correction ({add:g}) added to each count", due & (add > 0))
    k = due * add
    return Genotypes(a + k, b + k, h + k)


GENOTYPES = Family(
    title="counts of three genotypes",
    accepts=(("ai", "bi", "ci"),),
    complete=_complete,
    prepare=_prepare,
    total=lambda c: c["ai"] + c["bi"] + c["ci"],
    counts=("ai", "bi", "ci"),
)
