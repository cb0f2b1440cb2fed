"""A copy of the page of the same length, easier to read for rules; and what extraction has damaged.

Offsets in the copy are offsets in the page: characters are replaced one for one, never removed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import islice

from needlepoint.claims.reading.lexicon import Words
from needlepoint.claims.result import Damage

__all__ = ["damage_of", "shadow_of"]

_SAME = {
    **dict.fromkeys("\u2018\u2019\u201b\u02bc\u2032\u00b4`", "'"),
    **dict.fromkeys("\u201c\u201d\u201e\u00ab\u00bb\u2033", '"'),
    **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212", "-"),
    **dict.fromkeys("\u00a0\u2000\u2001\u2002\u2003\u2007\u2009\u200a\u202f\u200b\ufeff\t\r\x0b\x0c", " "),
    **dict.fromkeys("\u00ad\u2028\u2029\x00", " "),
}
_ODD = re.compile(
    "[" + "".join(map(re.escape, _SAME)) + "]"
)  # few on a page: quicker than translating all of it
_LINK = re.compile(r"\]\((?:[^()\s]|\([^()\s]*\)){1,500}(?:\s\"[^\"\n]{0,200}\")?\)")
# here and below a pattern opens with one class of signs, and looks back from there: the search leaps from sign to sign
_MARKS = re.compile(r"[*_](?:[*_]{0,2}(?=\S)|(?<=\S[*_])[*_]{0,2})")


def shadow_of(text: str, *, markdown: bool = False) -> str:
    """Replace typographic signs by plain ones, one for one; blank Markdown's link targets and marks.

    >>> shadow_of("it\u2019s 4\u20136")
    "it's 4-6"
    """
    shadow = _ODD.sub(lambda m: _SAME[m.group()], text)
    if markdown:
        for blank in (_LINK, _MARKS):
            shadow = blank.sub(lambda m: " " * len(m.group()), shadow)
    return shadow


_LOST_DASH = re.compile(r"(\d(?<![\d.,/-]\d)\d{0,2}) (\d{1,3})(?![\d.,%/-])(?= [a-z])")
_BARE = frozenset(
    [
        "dont",
        "doesnt",
        "isnt",
        "arent",
        "cant",
        "wont",
        "didnt",
        "youre",
        "theyre",
        "youve",
        "weve",
        "thats",
        "bodys",
    ]
)  # without their apostrophe
_GLUED_NOTE = re.compile(r"[.?!](?<=[a-z][.?!])\d{1,3}(?:\.(?=[A-Z])|(?=\s+[A-Z]|\s*$))", re.M)
_ADDRESS_OPENS = re.compile(r"\b(?:available at|retrieved from|source|see)\s*$", re.I)
_NO_ADDRESS = re.compile(r":\s*\.")
_LIST_OPENS = re.compile(r"\b(?:including|such as|the following(?: [a-z]+){0,3}|these)$")
_NO_LIST = re.compile(r":[ ]*\n+(?=\s*\n|\S[^\n]{0,80}\n\n|\Z)")
_GLUED = ("these", "this", "that", "which", "has", "have", "are", "was", "were", "is")
_SHORTEST_HALF = 5
_REPLACEMENT = re.compile("\ufffd+|(?:\u00c3.|\u00e2\u20ac.){1,}")


def damage_of(shadow: str, words: Words) -> tuple[Damage, ...]:
    """Traces of broken extraction, in the order of the page: each is reported, none is taken at its word.

    ``words`` are those of the page; two words without their space are found by them.
    """
    vocabulary = frozenset(words.text)
    found = [
        *_spans(_LOST_DASH, shadow, "lost dash", rising=True),
        *_spans(_GLUED_NOTE, shadow, "glued footnote"),
        *_broken_off(_LIST_OPENS, _NO_LIST, shadow, "lost list"),
        *_glued(shadow, vocabulary),
    ]
    if ":." in shadow or ": ." in shadow:
        found += _broken_off(_ADDRESS_OPENS, _NO_ADDRESS, shadow, "lost address")
    if any(sign in shadow for sign in ("\ufffd", "\u00c3", "\u00e2\u20ac")):
        found += _spans(_REPLACEMENT, shadow, "wrong encoding")
    if not vocabulary.isdisjoint(_BARE):
        found += islice(_bare(words), 1)
    return tuple(sorted(found, key=lambda d: (d.char_start, d.char_end)))


def _spans(pattern: re.Pattern[str], shadow: str, kind: str, *, rising: bool = False) -> Iterable[Damage]:
    for m in pattern.finditer(shadow):
        if not rising or int(m.group(1)) < int(m.group(2)):
            yield Damage(kind=kind, char_start=m.start(), char_end=m.end())


def _bare(words: Words) -> Iterable[Damage]:
    """Words that have lost their apostrophe; in ``words`` none has one, so the length on the page tells."""
    for word, start, end in zip(words.text, words.starts, words.ends, strict=True):
        if word in _BARE and end - start == len(word):
            yield Damage(kind="lost apostrophes", char_start=start, char_end=end)


def _broken_off(opens: re.Pattern[str], ends: re.Pattern[str], shadow: str, kind: str) -> Iterable[Damage]:
    """Something announced before a colon, and nothing behind it."""
    for end in ends.finditer(shadow):
        line = shadow.rfind("\n", 0, end.start()) + 1
        lead = opens.search(shadow, line, end.start())
        if lead:
            yield Damage(kind=kind, char_start=lead.start(), char_end=end.end())


def _glued(shadow: str, vocabulary: frozenset[str]) -> Iterable[Damage]:
    """Two words without their space: the first half must stand elsewhere on the page, the whole only once."""
    for word in [word for word in vocabulary if word.endswith(_GLUED)]:
        for tail in _GLUED:
            half = word[: -len(tail)]
            if word.endswith(tail) and len(half) >= _SHORTEST_HALF and half in vocabulary:
                for m in re.finditer(rf"{word}(?<=\b{word})\b", shadow):
                    yield Damage(kind="glued words", char_start=m.start(), char_end=m.end())
