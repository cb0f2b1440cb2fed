"""Text of a PDF file."""

from __future__ import annotations

import io
import logging
import re

from needlepoint.errors import InputError, MissingExtra

__all__ = ["text_of_pdf"]

_MOST_PAGES = 100
_MOST_CHARACTERS = 400_000


def text_of_pdf(data: bytes) -> tuple[str, tuple[str, ...]]:
    """Text and notes of a PDF; lines that a sentence runs over are joined.

    Raises
    ------
    InputError
        The file is damaged, locked or holds no text.
    MissingExtra
        ``pypdf`` is not installed.
    """
    try:
        import pypdf
    except ImportError as error:
        raise MissingExtra("reading PDF files", package="pypdf", extra="pdf") from error
    logging.getLogger("pypdf").setLevel(logging.CRITICAL)
    parts: list[str] = []
    notes: tuple[str, ...] = ()
    try:
        pages = pypdf.PdfReader(io.BytesIO(data)).pages
        total = len(pages)
        for page in pages[:_MOST_PAGES]:
            parts.append(page.extract_text())
            if sum(map(len, parts)) > _MOST_CHARACTERS:
                break
        if len(parts) < total:
            notes = (f"Only the first {len(parts)} of {total} pages were read.",)
    except (
        Exception
    ) as error:  # pypdf raises many kinds of error on damaged files: all mean that it cannot be read
        raise InputError(
            "the PDF cannot be read", field="page", mend="save it anew, or give its text"
        ) from error
    text = _joined("\n\n".join(parts))
    if not text.strip():
        raise InputError("the PDF holds no text", field="page", mend="run text recognition on it first")
    return text, notes


def _joined(text: str) -> str:
    """Undo line breaks inside sentences and hyphens at line ends."""
    text = re.sub(r"(?<=[a-z])-\n(?=[a-z])", "", text)
    return re.sub(r"(?<=[a-z,;])[ ]*\n[ ]*(?=[a-z(])", " ", text)
