"""Figures to files: SVG, PDF or PNG by the ending, the same bytes for the same figure."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING

from needlepoint.errors import InputError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["figure_bytes"]

FORMATS = (".svg", ".pdf", ".png")


def figure_bytes(figure: Figure, path: Path) -> bytes:
    """The file's content; text in SVG stays text, and no dates or random ids go in.

    Raises
    ------
    InputError
        An ending that is not .svg, .pdf or .png.
    """
    import matplotlib as mpl

    ending = path.suffix.lower()
    if ending not in FORMATS:
        raise InputError("cannot tell the kind of picture", got=path.name, allowed=", ".join(FORMATS))
    buffer = io.BytesIO()
    dates = {".svg": {"Date": None}, ".pdf": {"CreationDate": None}, ".png": {}}[ending]
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": "needlepoint"}):
        figure.savefig(buffer, format=ending[1:], metadata=dates, dpi=160)
    return buffer.getvalue()
