"""Icon array: so many of a hundred people, drawn as people-sized dots, always the same number and order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from needlepoint.errors import InputError
from needlepoint.options import finite, whole

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["icon_array"]

FILL, EMPTY = "#0072B2", "#d9dee4"
ROW = 20  # icons a row: five rows of twenty can be counted at a glance


def icon_array(count: float, *, of: int = 100) -> Figure:
    """``count`` of ``of`` dots filled, from the top left; a fraction is rounded to whole people.

    Raises
    ------
    InputError
        A count outside 0 to ``of``.

    References
    ----------
    Galesic, Garcia-Retamero and Gigerenzer (2009), doi:10.1037/a0014474.
    """
    from matplotlib.figure import Figure

    if not 0 <= finite(count, field="count") <= whole(of, field="of"):
        raise InputError("more people than there are", field="count", got=count, allowed=f"0 to {of}")
    filled = round(count)
    rows = -(-of // ROW)
    figure = Figure(figsize=(ROW * 0.16, rows * 0.16))
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_axis_off()
    for colour, indices in ((FILL, range(filled)), (EMPTY, range(filled, of))):
        axes.scatter([i % ROW for i in indices], [-(i // ROW) for i in indices], s=70, c=colour, linewidths=0)
    axes.set_xlim(-0.5, ROW - 0.5)
    axes.set_ylim(-rows + 0.5, 0.5)
    return figure
