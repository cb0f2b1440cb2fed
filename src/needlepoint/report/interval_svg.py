"""Small drawings of intervals for the rows of a table: an axis in pixels, a line, a label that reads aloud."""

from __future__ import annotations

import math
from collections.abc import Iterable
from html import escape

__all__ = ["HEIGHT", "INK", "WIDTH", "Axis", "line", "svg", "upright"]

WIDTH, HEIGHT, MARGIN = 400.0, 22.0, 6.0
INK = "#005a9c"
FAINT = "#7b8794"


class Axis:
    """Maps shown values to pixels, on a log axis for ratios; values beyond its ends are cut there."""

    def __init__(self, low: float, high: float, *, log: bool = False) -> None:
        self.low, self.high, self.log = low, high, log
        self.null = self.x(1.0 if log else 0.0)

    @classmethod
    def around(cls, rows: Iterable[tuple[float, float, float]], *, log: bool) -> Axis:
        """The axis that holds no difference and every (value, low, high)."""
        null = 1.0 if log else 0.0
        values = [null, *(v for row in rows for v in row)]
        return cls(min(values), max(values), log=log)

    def x(self, value: float) -> float:
        """Pixel of a value."""
        inside = min(max(value, self.low), self.high)
        low, high, v = (math.log(a) if self.log else a for a in (self.low, self.high, inside))
        span = (high - low) or 1.0
        return MARGIN + (WIDTH - 2 * MARGIN) * (v - low) / span


def svg(drawing: str, label: str) -> str:
    """One row's drawing; ``label`` is what a screen reader says."""
    return (
        f'<svg viewBox="0 0 {WIDTH:g} {HEIGHT:g}" preserveAspectRatio="none" role="img" '
        f'aria-label="{escape(label, quote=True)}">{drawing}</svg>'
    )


def upright(x: float, *, dashed: bool = False) -> str:
    """A faint line from top to bottom: no difference, or (dashed) an important one."""
    dashes = ' stroke-dasharray="3 3"' if dashed else ""
    return (
        f'<line x1="{x:.1f}" x2="{x:.1f}" y1="0" y2="{HEIGHT:g}" stroke="{FAINT}" stroke-width="1"{dashes}/>'
    )


def line(low: float, high: float) -> str:
    """The interval itself, between two pixels."""
    y = HEIGHT / 2
    return f'<line x1="{low:.1f}" x2="{high:.1f}" y1="{y:g}" y2="{y:g}" stroke="{INK}" stroke-width="1.6"/>'
