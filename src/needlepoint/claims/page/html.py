"""Main text of an HTML page: headings, lists and paragraphs as lines; no menus, no scripts."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any

__all__ = ["main_text"]

_MOST_TAGS = 20_000  # above it the careful extractor would take too long
_DEEPEST = 180  # nesting that the careful extractor stands
_LEAST_SHARE = 0.02  # of the plain text that the extractor must keep to be believed
_TITLE = re.compile(r"<title[^>]{0,200}>(.{0,500}?)</title", re.I | re.S)


def main_text(html: str) -> tuple[str, str, str | None, tuple[str, ...]]:
    """Main text, title, date and notes of a page; never raises on broken markup."""
    title_match = _TITLE.search(html[:100_000])
    title = _plain(title_match.group(1)).strip() if title_match else ""
    if html.count("<") > _MOST_TAGS or _depth(html) > _DEEPEST:
        note = "The markup is too large or too deep: all its text was read, menus included."
        return _plain(html), title, None, (note,)
    found = _extracted(html)
    plain = _plain(html)
    if found is None or len(found[0]) < _LEAST_SHARE * len(plain):
        return plain, title, None, ("No main text was recognised: all text was read, menus included.",)
    return found[0], found[1] or title, found[2], ()


def _extracted(html: str) -> tuple[str, str, str | None] | None:
    """Main text by trafilatura, or None where it finds nothing."""
    import logging

    import trafilatura

    logging.getLogger("trafilatura").setLevel(logging.CRITICAL)
    try:
        document: Any = trafilatura.bare_extraction(
            html, include_comments=False, include_tables=True, with_metadata=True
        )
    except Exception:  # any failure of a parser on hostile markup means the same: read the plain text
        return None
    if document is None:
        return None
    text = getattr(document, "text", None)
    if not text:
        return None
    return str(text), str(getattr(document, "title", "") or ""), getattr(document, "date", None)


def _depth(html: str) -> int:
    """Greatest nesting, counted by opening and closing tags."""
    deepest = now = 0
    for m in re.finditer(r"<(/?)[a-z][a-z0-9]*\b[^<>]{0,2000}?(/?)>", html, re.I):
        if m.group(1):
            now -= 1
        elif not m.group(2):
            now += 1
            deepest = max(deepest, now)
            if deepest > _DEEPEST:
                break
    return deepest


class _Lines(HTMLParser):
    """Text of a page, one line a block; scripts, styles and forms left out."""

    skipped = frozenset(
        [
            "script",
            "style",
            "noscript",
            "template",
            "svg",
            "math",
            "form",
            "select",
            "button",
            "iframe",
            "object",
            "nav",
            "footer",
        ]
    )
    blocks = frozenset(
        [
            "p",
            "div",
            "li",
            "h1",
            "h2",
            "h3",
            "h4",
            "h5",
            "h6",
            "br",
            "tr",
            "section",
            "article",
            "header",
            "main",
            "ul",
            "ol",
            "table",
            "blockquote",
        ]
    )
    void = frozenset(
        ["br", "hr", "img", "input", "meta", "link", "area", "base", "col", "embed", "source", "track", "wbr"]
    )

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self.skipping: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in self.skipped:
            self.skipping.append(tag)
        elif tag in self.blocks:
            self.parts.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if self.skipping and tag == self.skipping[-1]:
            self.skipping.pop()
        elif tag in self.blocks:
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        if not self.skipping:
            self.parts.append(re.sub(r"\s+", " ", data))


def _plain(html: str) -> str:
    parser = _Lines()
    try:
        parser.feed(html)
        parser.close()
    except (AssertionError, ValueError, RecursionError):  # what html.parser raises on markup it cannot read
        pass
    lines = (" ".join(line.split()) for line in "".join(parser.parts).split("\n"))
    return "\n".join(line for line in lines if line)
