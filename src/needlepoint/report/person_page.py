"""What the pages for one person share: figures inside the page, tagged sections, a dark screen."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from needlepoint.report.page import section

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["CSS", "DARK", "inline_svg", "tagged"]

DARK = """
@media (prefers-color-scheme: dark) {
  :root { --ink: #e8ecf1; --soft: #a9b4c0; --line: #3a434d; --paper: #14181d; --tint: #1d232a; --blue: #7cc0f5;
          --mark: #f0a45c; color-scheme: dark; }
  .first { background: #2b2116; } .emergency { background: #3a1a1e; }
  svg.figure { background: #fff; border-radius: .4rem; }
}
"""
CSS = f"""
svg.figure {{ width: 100%; height: auto; max-width: 36rem; display: block; }}
ol.three {{ padding-left: 1.4rem; }} ol.three li {{ margin: .6rem 0; }}
.scroll {{ overflow-x: auto; }} .wide svg.figure {{ max-width: 100%; }}
@media (max-width: 42rem) {{ .wide {{ display: none; }} }}
@media (max-width: 42rem) {{ tbody th {{ font-weight: 400; }} th, td {{ padding: .4rem .3rem; }} }}
@media print {{ svg.figure {{ break-inside: avoid; }} }}
{DARK}"""


def inline_svg(figure: Figure, alt: str) -> str:
    """A figure as SVG inside a page, with a text for those who cannot see it."""
    from needlepoint.figures.files import figure_bytes

    svg = figure_bytes(figure, Path("figure.svg")).decode("utf-8")
    body = svg[svg.index("<svg") + len("<svg") :]
    return f'<svg class="figure" role="img" aria-label="{escape(alt, quote=True)}"{body}'


def tagged(title: str, body: str, cent: str) -> str:
    """A section with the CENT 2015 items that it reports; nothing where there is nothing in it."""
    return section(title, body and f'{body}<p class="note"><span class="tag">{cent}</span></p>')
