"""What one cell says: a number, or numbers put together as papers print them.

``12.1 (3.4)``, ``12.1 ± 3.4``, ``12/50``, ``45/120 (38%)``, ``45 (38%)``, ``0.50 (0.30-0.90)``, ``1.2 [0.8, 1.9]``,
``0.30 to 0.90``, each with a point or a comma for the decimals, separators of thousands, and a unit.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from math import isfinite
from typing import Literal, NamedTuple, TypeAlias

__all__ = ["MISSING", "Decimal", "Kind", "Said", "cell_says", "normalised"]

Decimal: TypeAlias = Literal[".", ","]
Kind: TypeAlias = Literal[
    "number", "brackets", "plus_minus", "fraction", "fraction_percent", "count_percent", "interval", "range"
]

MISSING = frozenset(
    {
        "",
        "na",
        "n/a",
        "n.a.",
        "nan",
        "null",
        "none",
        ".",
        "-",
        "--",
        "?",
        "nr",
        "n.r.",
        "not reported",
        "missing",
    }
)
"""What people write for "no value", in small letters."""


class Said(NamedTuple):
    """The numbers of a cell in the order in which they stand, its unit, and whether thousands were separated."""

    kind: Kind
    numbers: tuple[float, ...]
    unit: str = ""
    grouped: bool = False


_SAME = str.maketrans(
    {
        **dict.fromkeys(
            "\u00a0\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f", " "
        ),
        **dict.fromkeys("\u2212\u2010\u2011\u2012\u2013\u2014\u2015\ufe63\uff0d", "-"),
        **dict.fromkeys("\u2019\u02bc\uff07", "'"),
        **dict.fromkeys("\u200b\u200c\u200d\u2060\ufeff\u00ad", None),
        **{chr(0xFF10 + i): str(i) for i in range(10)},
        "\u00b7": ".",  # the raised point of British journals
        "\uff05": "%",
        "\u2215": "/",
        "\u2044": "/",
    }
)


def normalised(text: str) -> str:
    """One kind of space, of minus and of apostrophe; no marks of footnotes at the end."""
    return re.sub(r"\s+", " ", text.translate(_SAME)).strip().rstrip("*†‡§¶").strip()


@cache
def _patterns(decimal: Decimal) -> tuple[tuple[Kind, re.Pattern[str]], ...]:
    """A pattern a kind; what says more comes first: the percent of a count before a bracket of anything."""
    point = re.escape(decimal)
    mark = "," if decimal == "." else r"\."
    whole = rf"(?:[1-9]\d{{0,2}}(?:(?:{mark}\d{{3}})+|(?: \d{{3}})+|(?:'\d{{3}})+)(?!\d)|\d+)"
    number = rf"([-+]? ?(?:{whole}(?:{point}\d+)?|{point}\d+)(?:[eE][-+]?\d+)?)"
    comma = "," if decimal == "." else r",(?= )"
    dash = r"-|to|bis|until|;|\.\.+|…"
    unit = r"(?: ?([^\W\d_]{2,12}[\w/²³]*|(?<=\d)[%gmhsdlLK]|(?<= )[%gmhsdlLK]|°[CF]?))?"
    what = r"(?:\d\d(?:[.,]\d)? ?% ?)?(?:(?:CI|IC|KI|CrI|IQR|range|Q1-Q3)[:,;=]? ?)?"
    spread = r"(?:(?:SD|SE|SEM|s\.d\.|s\.e\.)[:=]? ?)?"
    within = rf"[(\[{{] ?{what}{number} ?(?:{dash}|{comma}) ?{number} ?%? ?[)\]}}]"
    bare = rf"{number} ?(?:{dash}) ?{number}"
    of = rf"{number} ?(?:/|of|out of|von) ?{number}"
    percent = rf"[(\[] ?{number} ?% ?[)\]]"
    written: dict[Kind, str] = {
        "number": rf"{number}{unit}",
        "count_percent": rf"{number} ?{percent}",
        "fraction_percent": rf"{of} ?{percent}",
        "fraction": of,
        "plus_minus": rf"{number}{unit} ?(?:±|\+/-|\+-) ?{number}{unit}",
        "brackets": rf"{number}{unit} ?[(\[] ?{spread}{number}{unit} ?[)\]]{unit}",
        "interval": rf"{number}{unit} ?(?:{within}|[,;] ?{what}{bare}){unit}",
        "range": rf"(?:{within}|{bare}){unit}",
    }
    return tuple((kind, re.compile(text)) for kind, text in written.items())


def _value(text: str, decimal: Decimal) -> tuple[float, bool]:
    plain = text.replace(" ", "").replace("'", "").replace("," if decimal == "." else ".", "")
    grouped = len(plain) < len(text.strip().replace("- ", "-").replace("+ ", "+"))
    return float(plain.replace(",", ".")), grouped


@cache
def cell_says(text: str, decimal: Decimal) -> Said | None:
    """What a cell says when ``decimal`` is the mark of decimals; None where it says no number.

    >>> cell_says("0,50 (0,30; 0,90)", ",")
    Said(kind='interval', numbers=(0.5, 0.3, 0.9), unit='', grouped=False)
    >>> cell_says("45/120 (38%)", ".").numbers
    (45.0, 120.0, 38.0)
    >>> cell_says("12 345", ".").numbers, cell_says("1,5", ".")
    ((12345.0,), None)
    """
    clean = normalised(text)
    for kind, pattern in _patterns(decimal):
        found = pattern.fullmatch(clean)
        if found is None:
            continue
        digits = [group for group in found.groups() if group and _number(group)]
        units = {group for group in found.groups() if group and not _number(group)}
        read = [_value(group, decimal) for group in digits]
        numbers = tuple(value for value, _ in read)
        if (
            len(units) > 1
            or not all(map(isfinite, numbers))
            or (kind in {"interval", "range"} and numbers[-2] > numbers[-1])
        ):
            return None
        return Said(kind, numbers, next(iter(units), ""), any(grouped for _, grouped in read))
    return None


_number: Callable[[str], re.Match[str] | None] = re.compile(r"[-+]? ?[.,]?\d").match
