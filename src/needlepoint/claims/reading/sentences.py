"""Sentences of a line, and clauses of a sentence, as spans: nothing is copied, nothing is lost."""

from __future__ import annotations

import re

__all__ = ["JOINTS", "clauses_of", "sentences_of"]

# both patterns open with one class of signs: the search leaps from sign to sign
_END = re.compile(
    r"""[.!?•] (?: (?<=\s•)\s | (?<!•) (?:
        [.!?]* ["')\]]* (?: \d{1,3}(?:[,-]\d{1,3})* )? (?=\s+["'(\[]*[A-Z0-9•])   # end, footnote mark, capital
      | [.!?]* ["')\]]* (?=\s+[a-z]+(?:'[a-z]+)?\s)                            # the next begins small
      | (?<=[a-z][.]) (?=\d{1,3}\.?[A-Z])                                      # glued footnote
      | (?<=[a-z]{2}[.!?]) (?=[A-Z][a-z])                                      # lost space
    ))""",
    re.X,
)
_SHORT = re.compile(
    r"(?:^|[\s(])(?:[A-Za-z]|Dr|Mr|Mrs|Ms|Prof|St|Inc|Ltd|Co|vs|etc|e\.g|i\.e|approx|al|Fig|No|Vol|pp|ed|est|cf|ca|min"
    r"|[A-Z]\.[A-Z]|[A-Z]|dept|ave|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)$"
)
_LONGEST = 1200  # characters: a longer "sentence" is text without punctuation and is cut at a space


def sentences_of(shadow: str, start: int, end: int) -> list[tuple[int, int]]:
    """Spans of the sentences between two offsets.

    >>> text = "It helps, e.g. with pain. See Dr. Xu.22.Xu M. A study."
    >>> [text[a:b] for a, b in sentences_of(text, 0, len(text))]
    ['It helps, e.g. with pain.', 'See Dr. Xu.', '22.Xu M. A study.']
    """
    spans: list[tuple[int, int]] = []
    at = start
    for mark in _END.finditer(shadow, start, end):
        stop = mark.end()
        if not _joins(shadow, at, mark.start(), stop, end):
            spans += _trimmed(shadow, at, stop)
            at = stop
    return [*spans, *_trimmed(shadow, at, end)]


def _joins(shadow: str, at: int, mark: int, stop: int, end: int) -> bool:
    """True where the full stop belongs to an abbreviation, an initial or a list number."""
    if shadow[mark] != ".":
        return shadow[mark] in "!?" and stop < end and shadow[stop : stop + 2].strip()[:1].islower()
    before = shadow[max(at, mark - 12) : mark]
    if _SHORT.search(before):
        return True
    if before.strip().isdigit() and mark - at <= 4:  # "22." opens a reference
        return True
    return (
        shadow[stop : stop + 2].strip()[:1].islower() and len(before.split()[-1]) < 4
        if before.split()
        else False
    )


def _trimmed(shadow: str, start: int, end: int) -> list[tuple[int, int]]:
    """A span without blanks and bullets at its ends, in pieces where it is too long; none where nothing is left."""
    while start < end and shadow[start] in " \n•×":
        start += 1
    while end > start and shadow[end - 1] in " \n•×":
        end -= 1
    spans: list[tuple[int, int]] = []
    while end - start > _LONGEST:
        cut = shadow.rfind(" ", start, start + _LONGEST)
        cut = cut if cut > start else start + _LONGEST
        spans.append((start, cut))
        start = cut + (shadow[cut] == " ")
    if end > start:
        spans.append((start, end))
    return spans


_CLAUSE = re.compile(
    r"""[,;\ ] (?:
      (?: (?<=,)\ | (?<=\ ) ) but\ (?:unlike\ )?
          (?=(?:you|it|its|it's|they|we|for\ (?:many|most)|unlike|in|the|these|this|that|there|not)\b)
    | (?<=,) \ (?:although|though|while|whereas)\ (?=\w+\ \w+)
    | (?<=;) \ (?:however|but|nevertheless),?[ ]
    | (?<=\ ) (?=with\ (?:very\ )?(?:little|few|fewer|minimal|(?:(?:virtually|almost)\ )?no)\ (?:\w+\ ){0,3}?
          (?:risks?|side|adverse|complications|danger|downsides?))
    | (?<=\ ) (?=without\ (?:any\ )?(?:\w+\ ){0,2}?(?:risks?|side[\ -]effects?|addiction)\b(?!\ of))
    )""",
    re.X | re.I,
)
JOINTS = frozenset(
    ["but", "although", "though", "while", "whereas", "however", "nevertheless", "with", "without"]
)
"""No sentence is cut without one of these words."""
_SHORTEST = 12  # characters of a clause worth a record of its own


def clauses_of(shadow: str, start: int, end: int) -> list[tuple[int, int]]:
    """Cut a sentence where a new statement begins; conditions and comparators stay with their statement.

    >>> text = "It eases pain, but it cannot heal the disc."
    >>> [text[a:b] for a, b in clauses_of(text, 0, len(text))]
    ['It eases pain', 'it cannot heal the disc.']
    """
    cuts = [(m.start(), m.end()) for m in _CLAUSE.finditer(shadow, start, end)]
    spans: list[tuple[int, int]] = []
    at = start
    for low, high in cuts:
        if low - at >= _SHORTEST and end - high >= _SHORTEST:
            spans.append((at, low))
            at = high
    return [*spans, (at, end)]
