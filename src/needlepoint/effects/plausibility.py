"""Numbers that are possible but unlikely: the slips that real tables hold, noted and never mended."""

from __future__ import annotations

import numpy as np

from needlepoint.arrays import Bools, Vector
from needlepoint.effects._family import Columns, Measured, Notebook, Settings

__all__ = ["note_large_smd", "note_sd_like_se"]


def note_large_smd(raw: Columns, found: Measured, how: Settings, notebook: Notebook) -> None:
    """Note standardised differences beyond the cutoff, which a standard error in place of an sd makes."""
    text = f"larger than {how.cutoff:g} standard deviations: is an sd really a standard error?"
    notebook.note(text, np.abs(found.yi) > how.cutoff)


def note_sd_like_se(raw: Columns, found: Measured, how: Settings, notebook: Notebook) -> None:
    """Note studies whose sd is far below the others', and fits them once multiplied by the root of n.

    For measures that keep the instrument's unit, so that standard deviations can be compared; four studies or
    more.
    """
    if not all(letter in raw for letter in ("sd1i", "sd2i", "n1i", "n2i")):
        return
    with np.errstate(all="ignore"):
        sd = np.log(np.sqrt((raw["sd1i"] ** 2 + raw["sd2i"] ** 2) / 2))
        root_n = np.log(np.sqrt((raw["n1i"] + raw["n2i"]) / 2))
    known = np.isfinite(sd) & np.isfinite(root_n)
    if np.count_nonzero(known) < 4:
        return
    gap = float(np.median(sd[known])) - sd  # how far below the usual sd, as a log ratio
    suspect = known & (gap > np.log(3)) & _nearer(gap, root_n)
    notebook.note("an sd that looks like a standard error (times √n it fits the other studies)", suspect)


def _nearer(gap: Vector, root_n: Vector) -> Bools:
    """Whether the root of n explains the gap to within a factor of 1.6."""
    return np.abs(gap - root_n) < np.log(1.6)
