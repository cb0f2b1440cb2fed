"""What a line of text is: heading, list item, menu, reference or prose.

For pages that are text already: once the tags are gone, no extractor of main text helps.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

__all__ = ["Line", "lines_of"]

LineKind = Literal["heading", "item", "menu", "reference", "prose"]

_BULLET = re.compile(r"\s*(?:[•◦▪‣●○■·*+–—-]|\(?\d{1,2}[.)]|\(?[a-z]\))\s+(?=\S)")
_HASH = re.compile(r"\s*#{1,6}\s+")
_MENU = re.compile(
    r"""\s*(?:
      (?:you\ may|read|also|see|recommended|suggested|further|don'?t|what'?s|related|must|next|previous|prev|up)
         \ ?(?:also|like|read|check|reading|miss|articles?|posts?|next|article|post|stories|story|more)?\s*[:»>]
     |(?:you\ (?:may|might)\ also\ like|read\ (?:also|more|next)|also\ (?:read|check|see)|don'?t\ miss
         |recommended\ reading|related\ (?:articles?|posts?|topics?|content))\b
     |skip\ to\b|back\ to\ top|jump\ to\b|show\ (?:sources|more|less)|view\ (?:all|more)|load\ more|click\ here
     |most\ (?:popular|read|viewed)|trending|latest\ (?:news|posts)|popular\ posts|share\ (?:this|on|via)|tweet\b
     |(?:all\ rights\ reserved|copyright|©|privacy\ policy|terms\ (?:of|and)|cookie|disclaimer$|advertisement)
     |(?:log|sign)\ ?(?:in|up|out)\b|subscribe\b|newsletter|leave\ a\ (?:comment|reply)|post\ navigation|comments?$
     |(?:posted|published|updated|last\ (?:updated|reviewed|modified)|reviewed|written|medically\ reviewed)
         \ (?:on|by|in|:)|by\ [A-Z][a-z]+\ [A-Z]|tags?:|categor(?:y|ies):|filed\ under
     |table\ of\ contents|in\ this\ article
     |(?:reading|read)\ time\b|\d+\ min(?:ute)?s?\ read|home(?:$|[\ >|/»A-Z])|menu$|search$
     |contact(?:\ us)?$|about(?:\ us)?$
     |(?:page|figure|fig\.|table)\ \d+\s*$|next$|previous$|photo(?:\ credit)?:|image(?:\ credit)?:|getty\ images
     |(?:mon|tues|wednes|thurs|fri|satur|sun)day,?\s+\w+\ \d
     |(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?\s+\d{1,2},?\s+\d{4}\s*$
    )""",
    re.I | re.X,
)
_REFERENCE = re.compile(
    r"(?:^|\s)(?:\d{1,3}\.\s?)?[A-Z][\w'-]+,? [A-Z]{1,3}\b[,.].{0,300}"
    r"(?:\b(?:19|20)\d{2}\b|pubmed|doi|et al|meta-analysis)"
    r"|\bdoi:|\bpmid\b|\bpubmed\b|https?://",
    re.I,
)
_SMALL = frozenset(
    [
        "a",
        "an",
        "and",
        "as",
        "at",
        "but",
        "by",
        "can",
        "for",
        "from",
        "in",
        "is",
        "it",
        "of",
        "on",
        "or",
        "the",
        "to",
        "vs",
        "what",
        "with",
        "your",
        "my",
    ]
)
_LONGEST_HEADING = 16  # words
_TITLE_SHARE = 0.7


@dataclass(frozen=True, slots=True)
class Line:
    """A line that holds something: its span without the bullet, and what it is."""

    start: int
    end: int
    kind: LineKind


def lines_of(shadow: str) -> list[Line]:
    """Classify the lines of a text, in order; blank ones are left out."""
    found: list[Line] = []
    at = 0
    for raw in shadow.split("\n"):
        start, at = at, at + len(raw) + 1
        body = raw.strip()
        if not body:
            continue
        bullet = _BULLET.match(raw)
        hashes = _HASH.match(raw)
        lead = bullet or hashes
        first = start + (lead.end() if lead else len(raw) - len(raw.lstrip()))
        last = start + len(raw.rstrip())
        if first >= last:
            continue
        found.append(Line(first, last, _kind(shadow[first:last], bullet is not None, hashes is not None)))
    return found


def _kind(body: str, bullet: bool, hashes: bool) -> LineKind:
    if hashes:
        return "heading"
    if _is_menu(body):
        return "menu"
    if len(body) < 600 and _REFERENCE.match(body):
        return "reference"
    if bullet:
        return "item"
    return "heading" if _is_heading(body) else "prose"


def _is_menu(body: str) -> bool:
    if _MENU.match(body):
        return len(body) < 160
    return len(body) < 200 and body.count(" | ") + body.count(" » ") + body.count(" > ") >= 1


def _is_heading(body: str) -> bool:
    """Short, without a full stop, in title case or at least without a sentence's ending."""
    if body[-1] in '.!,;:"' and not body.endswith(("etc.", "...")):
        return False
    words = body.split()
    if len(words) > _LONGEST_HEADING:
        return False
    if body.endswith("?"):
        return True
    if body[0].islower():
        return False
    big = [w for w in words if w.lower().strip("()") not in _SMALL]
    capital = sum(w[0].isupper() or not w[0].isalpha() for w in big)
    return capital >= _TITLE_SHARE * len(big) or len(words) <= 8
