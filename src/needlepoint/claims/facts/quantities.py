"""Numbers of a sentence, typed: value, unit, part in the sentence, denominator.

Telephone numbers, dates, list numbers, footnote marks, prices and names such as L4 are no quantities.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

from needlepoint.claims.result import Quantity

__all__ = ["counts", "quantities_of"]

_WORDS = {
    **dict(
        zip(
            ["two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"],
            range(2, 13),
            strict=True,
        )
    ),
    **{"one": 1, "a": 1, "fifteen": 15, "twenty": 20, "thirty": 30, "fifty": 50, "hundred": 100},
}
_NUMBER = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d{1,3}(?:\ \d{3})+(?![\d])|\d+(?:\.\d+)?"
_WORD = "|".join(w for w in _WORDS if w not in {"a", "hundred"})
_FIND = re.compile(
    rf"""(?<![\w.,/$£€#-])(?:(?P<between>between|from)\s+(?:the\s+ages\s+of\s+)?)?
    (?P<a>{_NUMBER}|\b(?:{_WORD})\b)(?P<th>st|nd|rd|th)?(?:\s?%)?(?P<scale>\s(?:million|billion|thousand)\b)?
    (?:(?P<sep>\s?-\s?|\s+(?:to|or|and)\s+|\s+(?:in|per)\s+(?:every\s+)?|\s+(?:out\s+)?of\s+(?:every\s+|the\s+)?|/|\ )
       (?P<b>{_NUMBER}|\b(?:{_WORD})\b)(?![\d-]|\.\d))?
    (?P<plus>\+)?(?P<percent>\s?%|\s+per\s?cent\b|\s+percentage\ points)?
    (?P<tail>(?:[\s-]+\(?[A-Za-z][A-Za-z'-]*){{0,6}})""",
    re.I | re.X,
)
_NUMERALS = frozenset(_WORDS).difference({"a", "hundred"}) | {
    *("hundreds", "thousands", "dozens", "millions"),
    *("second", "third", "fourth", "fifth"),
}
_DIGIT = re.compile(r"\d")
_TELEPHONE = re.compile(r"(?:\+?\d[\d ().-]{6,}\d)|\b\d{3}-\d{4}\b")
_GROUPS, _LOCAL_CALL = re.compile(r"[\d ().+-]+"), re.compile(r"\d{3}-\d{4}")
_PERCENT = re.compile(r"\s?%|\s+per\s?cent", re.I)
_SHARE_OF = re.compile(r"(?:%|percent) of (?:the |all |people |those )*([a-z]+)", re.I)
_LETTERS = re.compile(r"[A-Za-z]+")
_DATE = re.compile(
    r"\b(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?\s+\d{1,2}(?:,?\s+\d{4})?\b"
    r"|\b\d{1,2}[./]\d{1,2}[./]\d{2,4}\b|\b\d{1,2}\s+(?:january|february|march|april|june|july|august|september|october"
    r"|november|december)\b|\b\d+:\d+\b|\b(?:part|section|chapter|table|figure|step|page)\s+[\d.]+",
    re.I,
)
_UNITS: tuple[tuple[str, str, str], ...] = (  # stem, unit, what
    ("people", "people", "participants"),
    ("patient", "patients", "participants"),
    ("case", "cases", "participants"),
    ("participant", "people", "participants"),
    ("subject", "people", "participants"),
    ("volunteer", "people", "participants"),
    ("adult", "people", "participants"),
    ("women", "people", "participants"),
    ("men", "people", "participants"),
    ("american", "people", "participants"),
    ("worker", "people", "participants"),
    ("practitioner", "people", "practitioners"),
    ("rct", "trials", "trials"),
    ("trial", "trials", "trials"),
    ("stud", "studies", "trials"),
    ("review", "reviews", "trials"),
    ("paper", "papers", "publications"),
    ("needle", "needles", "needle count"),
    ("point", "points", "points"),
    ("session", "sessions", "sessions"),
    ("visit", "visits", "sessions"),
    ("treatment", "treatments", "sessions"),
    ("appointment", "sessions", "sessions"),
    ("minute", "minutes", "duration"),
    ("min", "minutes", "duration"),
    ("hour", "hours", "duration"),
    ("day", "days", "duration"),
    ("week", "weeks", "duration"),
    ("month", "months", "duration"),
    ("year", "years", "duration"),
    ("time", "times", "ratio"),
    ("fold", "times", "ratio"),
    ("mg", "mg", "dose"),
    ("milligram", "mg", "dose"),
    ("gram", "g", "dose"),
    ("degree", "degrees", "angle"),
    ("pound", "lb", "load"),
    ("lbs", "lb", "load"),
    ("hz", "Hz", "frequency"),
)
_SCALES = {"thousand": 1e3, "million": 1e6, "billion": 1e9}
_RANK = re.compile(
    r"\b(second|third|fourth|fifth)(?=[\s-]+(?:most|leading|largest|biggest|commonest)\b)", re.I
)
_RANKS = {"second": "2", "third": "3", "fourth": "4", "fifth": "5"}
_PERSON = r"(?:adult|person|patient|woman|man|user|american|worker|sufferer|customer|client)s?"
_SPLIT = re.compile(rf"\b(\d+|{_WORD})\s+({_PERSON})\s+in\s+(?:every\s+)?(\d+|{_WORD})\b", re.I)
_PARTS = {"half": 2, "third": 3, "quarter": 4, "fifth": 5, "tenth": 10}
_FRACTION = re.compile(
    rf"\b(?:(a|one|two|three|four|nine)[\s-]+)?(hal(?:f|ves)|thirds?|quarters?|fifths?|tenths?)\s+of\s+"
    rf"(?:all\s+|the\s+|our\s+|these\s+)*(?:{_PERSON}|people|those|women|men)\b",
    re.I,
)
_SPAN = re.compile(r"\b(?:after|within|for|over|at|in|than|up to|about|least)\s+$", re.I)
_VAGUE = re.compile(r"\b(hundreds|thousands|dozens|millions) of\s+((?:[a-z-]+\s+){0,2}[a-z]+)", re.I)


def counts(text: str, words: Iterable[str]) -> bool:
    """True where a number stands in a sentence, in digits or in words: most need no closer look."""
    return _DIGIT.search(text) is not None or not _NUMERALS.isdisjoint(words)


def quantities_of(shadow: str, start: int, end: int) -> tuple[Quantity, ...]:
    """Quantities between two offsets.

    >>> [(q.value, q.unit) for q in quantities_of("A 2012 study of 20,000 people; 1 in 10 had 4 30 needles", 0, 54)]
    [('2012', 'year'), ('20000', 'people'), ('1 in 10', 'people'), ('4-30', 'needles')]
    """
    text = shadow[start:end]
    signs = (_TELEPHONE, _DATE) if _DIGIT.search(text) else ()
    barred = [m.span() for sign in signs for m in sign.finditer(text) if _is_barred(m.group())]
    words = [*_splits(text, start), *_fractions(text, start)]
    taken = [(q.char_start, q.char_end) for q in words]
    plain = [q for q in _found(text, start, barred) if not _inside(q.char_start, taken)]
    found = [*plain, *words, *_vague(text, start), *_ranks(text, start)]
    return tuple(sorted(found, key=lambda q: q.char_start))


def _splits(text: str, start: int) -> Iterator[Quantity]:
    """A share with its noun in the middle: "one adult in four"."""
    for m in _SPLIT.finditer(text):
        low, high = _value(m[1]), _value(m[3])
        if low < high:
            yield _share(
                f"{_shown(low)} in {_shown(high)}", low / high, high, start + m.start(), start + m.end()
            )


def _fractions(text: str, start: int) -> Iterator[Quantity]:
    """A share in words: "three-quarters of patients", "half of all adults"."""
    for m in _FRACTION.finditer(text):
        parts = _PARTS[m[2].lower().rstrip("s").replace("halve", "half")]
        low = _value(m[1]) if m[1] else 1.0
        yield _share(f"{_shown(low)} in {parts}", low / parts, parts, start + m.start(), start + m.end(2))


def _share(value: str, share: float, whole: float, start: int, end: int) -> Quantity:
    return Quantity(
        value=value,
        unit="people",
        what="share",
        low=share,
        high=share,
        denominator=_shown(whole),
        char_start=start,
        char_end=end,
    )


def _vague(text: str, start: int) -> Iterator[Quantity]:
    """A number that cannot be wrong ("thousands of papers"), kept because it sounds like one."""
    for m in _VAGUE.finditer(text):
        noun = _noun(m[2], first=4)
        if noun and noun[1] != "duration":
            word = m[1].lower()
            yield Quantity(
                value=word,
                unit=noun[0],
                what=noun[1],
                low=float("nan"),
                high=float("nan"),
                denominator="",
                char_start=start + m.start(1),
                char_end=start + m.end(1),
            )


def _ranks(text: str, start: int) -> Iterator[Quantity]:
    """A place in a list in words: "the second most common"."""
    for m in _RANK.finditer(text):
        value = _RANKS[m[1].lower()]
        yield Quantity(
            value=value,
            unit="rank",
            what="rank",
            low=float(value),
            high=float(value),
            denominator="",
            char_start=start + m.start(),
            char_end=start + m.end(),
        )


def _is_barred(run: str) -> bool:
    """A run of digits and hyphens is a telephone number only with seven digits or more in groups."""
    digits = sum(c.isdigit() for c in run)
    return digits >= 7 or not _GROUPS.fullmatch(run) or bool(_LOCAL_CALL.fullmatch(run))


def _found(text: str, start: int, barred: list[tuple[int, int]]) -> Iterator[Quantity]:
    at = 0
    while (m := _FIND.search(text, at)) is not None:
        quantity = None if _inside(m.start("a"), barred) else _typed(m, text, start)
        at = max(_resume(m, quantity, start), m.start() + 1)
        if quantity is not None:
            yield quantity


def _resume(m: re.Match[str], quantity: Quantity | None, start: int) -> int:
    return m.end("a") if quantity is None else max(quantity.char_end - start, m.end("a"))


def _inside(at: int, spans: list[tuple[int, int]]) -> bool:
    return any(low <= at < high for low, high in spans)


def _value(token: str) -> float:
    word = token.lower()
    return float(_WORDS[word]) if word in _WORDS else float(token.replace(",", "").replace(" ", ""))


def _shown(value: float) -> str:
    return str(int(value)) if value == int(value) else str(value)


def _pair(m: re.Match[str]) -> str | None:
    """How two numbers belong together: "range", "share", "score" or not at all."""
    if m["b"] is None:
        return None
    sep = m["sep"].strip().lower()
    low, high = _value(m["a"]), _value(m["b"])
    if sep.startswith(("in", "per", "out", "of")):
        noun = (_noun(m["tail"], first=1) or ("", ""))[1]
        percent = m.string[m.end("a") : m.end("a") + 2].strip().startswith("%")
        if percent or low >= high or not _is_plain(m["b"]) or _is_year(high, m["b"]):
            return None
        if not sep.startswith(("in", "per")) and (low != int(low) or noun == "points"):
            return "score"
        return "share" if noun or not sep.startswith("of") else None
    if sep == "and":
        return "range" if m["between"] else None
    if sep == "/":
        return None
    if sep == "or":
        return "range" if high - low == 1 else None
    if sep == "":
        rising = low < high <= 300 and m["a"].isdigit() and m["b"].isdigit() and not m["th"]
        return "range" if rising else None
    return "range" if low < high else None


def _is_plain(token: str) -> bool:
    return token.lower() in _WORDS or token.replace(",", "").replace(" ", "").isdigit()


def _is_year(value: float, token: str) -> bool:
    return token.isdigit() and len(token) == 4 and 1900 <= value <= 2100


def _typed(m: re.Match[str], text: str, start: int) -> Quantity | None:
    pair = _pair(m)
    scale = _SCALES[m["scale"].strip().lower()] if m["scale"] else 1
    low = _value(m["a"]) * scale
    high = _value(m["b"]) if pair and m["b"] else low
    last = m.end("b") if pair else m.end("scale") if m["scale"] else m.end("a")
    tail = text[last : m.end()]
    percent = bool(_PERCENT.match(text[last : last + 10]))
    unit, what = _unit(low, m, tail, percent=percent, pair=pair)
    if pair == "score":
        unit, what, high = f"of {_shown(high)}", "score", low
    if unit is None:
        return None
    return Quantity(
        value=_written(m, pair, low, high),
        unit=unit,
        what=what,
        low=low / high if pair == "share" and high else low,
        high=low / high if pair == "share" and high else high,
        denominator=_denominator(text, pair, high, percent=percent),
        char_start=start + m.start("a"),
        char_end=start + last,
    )


def _written(m: re.Match[str], pair: str | None, low: float, high: float) -> str:
    if pair == "range":
        return f"{_shown(low)}-{_shown(high)}"
    if pair != "share":
        return _shown(low)
    return f"{_shown(low)} {'of' if m['sep'].strip().lower().startswith('of') else 'in'} {_shown(high)}"


def _denominator(text: str, pair: str | None, high: float, *, percent: bool) -> str:
    if pair == "share":
        return _shown(high)
    if not percent:
        return ""
    of = _SHARE_OF.search(text)
    return of.group(1).lower() if of else ""


def _unit(
    low: float, m: re.Match[str], tail: str, *, percent: bool, pair: str | None
) -> tuple[str | None, str]:
    word = m["a"].lower() in _WORDS
    if percent:
        return "%", "share"
    if m["th"] and not pair:
        return ("rank", "rank") if low <= 50 else (None, "")
    if _is_year(low, m["a"]) and not pair and (_noun(tail, first=1) or ("", ""))[1] != "participants":
        return "year", "year"
    noun = _noun(tail, first=2 if word else 6)
    span = noun is not None and noun[1] == "duration" and bool(_SPAN.search(m.string[: m.start("a")]))
    if pair == "share":
        return (noun[0] if noun else "people"), "share"
    if noun:
        return (None, "") if word and low == 1 and pair is None and not span else noun
    if word or (low < 10 and pair is None) or (pair is None and _is_list_number(m, tail)):
        return None, ""
    return "", "number"


def _is_list_number(m: re.Match[str], tail: str) -> bool:
    """A bare whole number with nothing countable after it: a mark, a model, a label."""
    return not tail.strip() or (m.start() == 0 and "." not in m["a"])


def _noun(tail: str, *, first: int) -> tuple[str, str] | None:
    """The first countable noun among the words that follow."""
    for word in _LETTERS.findall(tail.lower())[:first]:
        if word in {"and", "the"}:
            break
        counted = _counted(word)
        if counted:
            return counted
    return None


@lru_cache(maxsize=10_000)
def _counted(word: str) -> tuple[str, str] | None:
    """What a noun counts: its unit and its part in a sentence."""
    for stem, unit, what in _UNITS:
        if word.startswith(stem) and len(word) <= len(stem) + 4:
            return unit, what
    return None
