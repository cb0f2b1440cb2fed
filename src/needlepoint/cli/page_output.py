"""Files beside what a command prints: ``-o FILE``, a page as HTML or PDF by its name, and figures."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from needlepoint.errors import InputError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["check_page", "output_option", "write_figure", "write_page"]

output_option = click.option(
    "-o",
    "--output",
    "--html",
    type=click.Path(dir_okay=False, path_type=Path),
    help="A .html or .pdf file too.",
)


def check_page(output: Path | None) -> None:
    """Refuse another kind of file before any work is done.

    Raises
    ------
    InputError
        Neither .html nor .pdf.
    """
    if output is not None and output.suffix.casefold() not in {".html", ".pdf"}:
        raise InputError(
            "cannot tell the kind of file", field="--output", got=output.name, allowed=".html, .pdf"
        )


def write_page(output: Path | None, page: Callable[[], str]) -> None:
    """Make the page and write it; nothing where no file was asked for."""
    if output is None:
        return
    from needlepoint.report.files import write_bytes, write_text

    if output.suffix.casefold() == ".pdf":
        from needlepoint.report.pdf import page_pdf

        write_bytes(output, page_pdf(page()))
    else:
        write_text(output, page())


def write_figure(path: Path, figure: Figure) -> None:
    """Write a figure in the format of the file's ending, and say so."""
    from needlepoint.figures.files import figure_bytes
    from needlepoint.report.files import write_bytes

    write_bytes(path, figure_bytes(figure, path))
    click.echo(f"wrote {path}", err=True)
