"""Constants added to tables with zero cells, so that logarithms of ratios exist."""

from __future__ import annotations

import numpy as np

from needlepoint.arrays import Bools, Vector
from needlepoint.effects._family import Notebook, Settings
from needlepoint.errors import InputError

__all__ = ["constants", "number_to_add", "where_to_add"]


def where_to_add(zero: Bools, to: str) -> Bools:
    """Which studies get the constant: with a zero ("only0"), all if any has one ("if0all"), all, none."""
    if to == "only0":
        return zero
    if to == "all" or (to == "if0all" and zero.any()):
        return np.ones_like(zero)
    return np.zeros_like(zero)


def number_to_add(how: Settings) -> float:
    """The constant where only a number will do.

    Raises
    ------
    InputError
        A correction that is defined for 2x2 tables.
    """
    if isinstance(how.add, str):
        raise InputError(
            "this continuity correction is for 2x2 tables", field="add", got=how.add, allowed="a number"
        )
    return how.add


def constants(
    table: tuple[Vector, Vector, Vector, Vector], zero: Bools, how: Settings, notebook: Notebook
) -> tuple[Vector | float, Vector | float]:
    """Constants for the cells of arm 1 and arm 2 (zero where none is due).

    A number adds the same to every cell. "treatment-arm" adds to each arm a share of one event in proportion
    to the arm's size; "empirical" also uses the pooled odds ratio of the studies without zero cells.
    Sweeting, Sutton & Lambert (2004), doi:10.1002/sim.1761.
    """
    due = where_to_add(zero, how.to)
    if how.add == 0 or not due.any():
        return 0.0, 0.0
    if how.add == "treatment-arm":
        k1, k2 = _treatment_arm(table)
    elif how.add == "empirical":
        k1, k2 = _empirical(table, zero)
    else:
        k1 = k2 = np.full(due.shape, float(how.add))
    told = how.add if isinstance(how.add, str) else f"{how.add:g}"
    notebook.note(f"continuity correction ({told}) added to each cell", due)
    return np.where(due, k1, 0.0), np.where(due, k2, 0.0)


def _treatment_arm(table: tuple[Vector, Vector, Vector, Vector]) -> tuple[Vector, Vector]:
    ai, bi, ci, di = table
    n1i, n2i = ai + bi, ci + di
    return n1i / (n1i + n2i), n2i / (n1i + n2i)


def _empirical(table: tuple[Vector, Vector, Vector, Vector], zero: Bools) -> tuple[Vector, Vector]:
    ai, bi, ci, di = table
    n1i, n2i = ai + bi, ci + di
    ni = n1i + n2i
    sound = ~zero & np.isfinite(ni)
    if not sound.any():
        raise InputError(
            "the empirical continuity correction needs a study without zero cells",
            field="add",
            mend="use add=0.5 or add='treatment-arm'",
        )
    pooled_or = np.sum((ai * di / ni)[sound]) / np.sum((bi * ci / ni)[sound])  # Mantel-Haenszel
    ratio = n2i / n1i
    return pooled_or / (ratio + pooled_or), ratio / (ratio + pooled_or)
