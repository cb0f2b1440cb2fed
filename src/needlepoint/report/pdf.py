"""A page as PDF, printed by a browser on this machine; the page asks for nothing from the network."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path

from needlepoint.errors import NeedlepointError

__all__ = ["page_pdf"]

ENGINES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge")
QUIET = ("--headless", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync", "--no-pdf-header-footer", "--no-sandbox")  # fmt: skip
PATIENCE = 60  # seconds


def page_pdf(html: str) -> bytes:
    """Print a page.

    Raises
    ------
    NeedlepointError
        No browser is there to print it, or the browser failed.
    """
    engine = next((found for name in ENGINES if (found := shutil.which(name))), None)
    if engine is None:
        raise NeedlepointError(
            "no PDF engine was found (Chromium or Chrome); write an .html file and print it from your browser"
        )
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, "page.html"), Path(folder, "page.pdf")
        source.write_text(html, encoding="utf-8")
        command = [
            engine,
            *QUIET,
            f"--user-data-dir={folder}/profile",
            f"--print-to-pdf={target}",
            source.as_uri(),
        ]
        try:
            subprocess.run(command, check=True, capture_output=True, timeout=PATIENCE)
            return target.read_bytes()
        except (subprocess.SubprocessError, OSError) as error:
            raise NeedlepointError(
                f"the browser {engine} could not print the page; write an .html file"
            ) from error
