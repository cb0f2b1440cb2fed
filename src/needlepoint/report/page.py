"""The frame of every page: one self-contained HTML file, no scripts, no requests."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from importlib.resources import files
from urllib.parse import urlsplit

__all__ = ["bullets", "items", "link", "page", "section"]


def page(title: str, body: str, extra_css: str = "") -> str:
    """A whole page with the house style; ``title`` is text, ``body`` is HTML."""
    css = (files("needlepoint.report") / "page.css").read_text(encoding="utf-8") + extra_css
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; "
        'img-src data:">\n'
        f"<title>{escape(title)}</title>\n<style>\n{css}</style>\n</head>\n<body>\n{body}\n</body>\n</html>\n"
    )


def link(text: str, url: str) -> str:
    """A link, if the address is a web address; the bare text otherwise."""
    if urlsplit(url).scheme not in {"http", "https"}:
        return escape(text)
    return f'<a href="{escape(url, quote=True)}" rel="noopener nofollow">{escape(text)}</a>'


def items(lines: Iterable[str], tag: str = "ul") -> str:
    """A list of lines of HTML; ``tag`` may carry attributes. Nothing without any line."""
    body = "".join(f"<li>{line}</li>" for line in lines)
    return f"<{tag}>{body}</{tag.partition(' ')[0]}>" if body else ""


def bullets(texts: Iterable[str], tag: str = "ul") -> str:
    """A list of plain texts; nothing without any."""
    return items(map(escape, texts), tag)


def section(title: str, body: str, anchor: str = "") -> str:
    """A headed section; nothing at all when there is nothing in it."""
    if not body:
        return ""
    name = f' id="{escape(anchor, quote=True)}"' if anchor else ""
    return f"<section{name}>\n<h2>{escape(title)}</h2>\n{body}\n</section>"
