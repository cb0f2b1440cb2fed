"""A page comes in: file, text or address; out comes its text, with what is known of it and what is wrong with it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import cast

from needlepoint.errors import InputError
from needlepoint.result import record

__all__ = ["Page", "page_of_bytes", "page_of_text", "read_page"]

LARGEST_FILE = 10_000_000  # bytes
LARGEST_TEXT = 200_000  # characters that are read; a long page has 20,000
_SUFFIXES = {
    ".txt": "txt",
    ".text": "txt",
    ".md": "md",
    ".markdown": "md",
    ".html": "html",
    ".htm": "html",
    ".xhtml": "html",
    ".pdf": "pdf",
}
_HTML = re.compile(
    r"\s*(?:<\?xml[^>]{0,200}>\s*)?(?:<!--.{0,500}?-->\s*)*<(?:!doctype\s+html|html|head|body)\b", re.I | re.S
)
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f]")
_WORD = re.compile(r"[a-z]++[^\W\d_]*+|[^\W\d_]++")  # most letters are plain: they are tested quicker
_ENGLISH = frozenset(
    [
        "the",
        "of",
        "and",
        "to",
        "in",
        "is",
        "that",
        "it",
        "for",
        "are",
        "with",
        "as",
        "on",
        "be",
        "this",
        "was",
    ]
)
_SHARE = 0.08  # of the words of an English text at least
_LETTERS_AND_BLANKS = b"abcdefghijklmnopqrstuvwxyz \n\t"
_DATE = re.compile(
    r"\b(?:(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.? \d{1,2},? (?:19|20)\d\d"
    r"|\d{1,2}\.? (?:january|february|march|april|may|june|july|august|september|october|november|december)"
    r" (?:19|20)\d\d"
    r"|(?:19|20)\d\d-\d\d-\d\d)\b",
    re.I,
)


@record
class Page:
    """The text that is checked; offsets of claims are offsets in ``text``."""

    text: str
    kind: str = "txt"  # txt, md, html, pdf
    title: str = ""
    address: str = ""
    date: str | None = None
    language: str = "en"
    notes: tuple[str, ...] = ()


def read_page(text_or_path: str | Path, *, address: str = "") -> Page:
    """Read a page from a file, an address or a text.

    A ``str`` is an address when it begins with http:// or https://, a file when one of that name exists or when it
    looks like a file name with a known ending; everything else is the text itself.

    Raises
    ------
    InputError
        Missing, too large, not a text, or an address that may not be fetched.
    """
    if isinstance(text_or_path, Path):
        return _read_file(text_or_path)
    if not isinstance(cast("object", text_or_path), str):
        allowed = "a text, the path of a file, or an address"
        raise InputError("there is nothing to read", field="text_or_path", got=text_or_path, allowed=allowed)
    if re.match(r"https?://\S+\s*$", text_or_path, re.I):
        from needlepoint.claims.page.fetch import fetch

        data, kind, final = fetch(text_or_path.strip())
        return page_of_bytes(data, kind=kind, address=final)
    if _names_file(text_or_path):
        return _read_file(Path(text_or_path))
    return page_of_text(
        text_or_path, kind="html" if _HTML.match(text_or_path[:2000]) else "txt", address=address
    )


def _names_file(text: str) -> bool:
    if "\n" in text or len(text) > 500 or "\x00" in text or not text.strip():
        return False
    if Path(text).suffix.lower() in _SUFFIXES and not re.search(r"[.!?]\s", text):
        return True
    try:
        return Path(text).is_file()
    except OSError:
        return False


def _read_file(path: Path) -> Page:
    try:
        size = path.stat().st_size
        if path.is_dir():
            raise InputError(
                "a folder, not a page", field="page", got=str(path), mend="give its files, one by one"
            )
        _refuse_large(size, str(path))
        data = path.read_bytes()
    except OSError as error:
        raise InputError(
            f"the file cannot be read ({error.strerror})", field="page", got=str(path), mend="check the name"
        ) from error
    return page_of_bytes(data, kind=_SUFFIXES.get(path.suffix.lower(), ""), address=str(path))


def _refuse_large(size: int, name: str) -> None:
    if size > LARGEST_FILE:
        raise InputError(
            f"the page is too large: {size:,} bytes",
            field="page",
            got=name,
            allowed=f"at most {LARGEST_FILE:,} bytes",
        )


def page_of_bytes(data: bytes, *, kind: str = "", address: str = "") -> Page:
    """Decode a page: PDF by its mark, HTML by its first tag, else text.

    Raises
    ------
    InputError
        Too large, or no text.
    """
    _refuse_large(len(data), address or "standard input")
    if data[:5] == b"%PDF-" or kind == "pdf":
        from needlepoint.claims.page.pdf import text_of_pdf

        text, notes = text_of_pdf(data)
        return _page(text, kind="pdf", address=address, notes=notes)
    text, notes = _decode(data, address)
    if kind == "html" or (kind in {"", "txt"} and _HTML.match(text[:2000])):
        return page_of_text(text, kind="html", address=address, notes=notes)
    return page_of_text(text, kind=kind or "txt", address=address, notes=notes)


def _decode(data: bytes, name: str) -> tuple[str, tuple[str, ...]]:
    if data[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        return data.decode("utf-16", errors="replace"), ()
    try:
        text = data.decode("utf-8-sig")
        notes: tuple[str, ...] = ()
    except UnicodeDecodeError:
        text = data.decode("cp1252", errors="replace")
        notes = ("The page is not UTF-8: it was read as Windows-1252, and some signs may be wrong.",)
    strange = len(_CONTROL.findall(text[:100_000])) + text[:100_000].count("\ufffd")
    if strange > max(8, len(text[:100_000]) // 50):
        raise InputError(
            "this is no text", field="page", got=name or "standard input", allowed="txt, html, md or pdf"
        )
    return text, notes


def page_of_text(text: str, *, kind: str = "txt", address: str = "", notes: tuple[str, ...] = ()) -> Page:
    """Make a page of a text; HTML is reduced to its main text."""
    if kind != "html":
        return _page(text, kind=kind, address=address, notes=notes)
    from needlepoint.claims.page.html import main_text

    body, title, date, more = main_text(text)
    return _page(body, kind="html", address=address, title=title, date=date, notes=(*notes, *more))


def _page(
    text: str,
    *,
    kind: str,
    address: str = "",
    title: str = "",
    date: str | None = None,
    notes: tuple[str, ...] = (),
) -> Page:
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if len(text) > LARGEST_TEXT:
        notes = (*notes, f"Only the first {LARGEST_TEXT:,} characters were read, of {len(text):,}.")
        text = text[:LARGEST_TEXT]
    language = _language(text)
    if language != "en":
        notes = (
            *notes,
            "The page does not seem to be English: the rules read English only, so claims are missed.",
        )
    found = _DATE.search(text[:3000])
    return Page(
        text=text,
        kind=kind,
        title=title,
        address=address,
        date=date or (found.group() if found else None),
        language=language,
        notes=notes,
    )


def _language(text: str) -> str:
    """English or not, by the share of its commonest words."""
    start = text[:20_000].lower()
    if _plainly_english(start):
        return "en"
    words = _WORD.findall(start)
    english = sum(map(_ENGLISH.__contains__, words))
    if len(words) < 40:
        return "en" if text.isascii() or english else "unknown"
    return "en" if english >= _SHARE * len(words) else "unknown"


def _plainly_english(lower: str) -> bool:
    """A quick proof for most pages: common words between blanks, against all the words that there could be at most."""
    chunks = lower.split()
    marks = len(
        lower.encode(errors="replace").translate(None, _LETTERS_AND_BLANKS)
    )  # each could part two words
    english = sum(map(_ENGLISH.__contains__, chunks))
    return english > 0 and english >= _SHARE * (len(chunks) + marks)
