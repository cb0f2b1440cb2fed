"""Words of an emergency in a question: found before anything else is read."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from needlepoint.errors import PackError
from needlepoint.evidence._phrases import tokens
from needlepoint.result import record

__all__ = ["Emergency", "find_emergency"]

FILE = "emergencies.toml"
_EVERYWHERE = Path(__file__).parent / FILE
REACH = 7  # words between the first and the last word of a sign: "cannot any longer since this morning move my legs"
NEGATED = frozenset(
    {"no", "not", "without", "never", "denies", "denied", "nor", "neither", "isnt", "doesnt", "dont"}
)
# may stand between a negation and its sign
SOFT = frozenset(
    {"a", "an", "any", "been", "feel", "feeling", "get", "getting", "had", "has", "have", "having"}
) | {*("i", "new", "of", "or", "nor", "signs", "symptoms", "the")}
FUZZY = 5  # letters; shorter words must be spelt as they are
Span = tuple[str, ...]


@record
class Emergency:
    """What the words may mean, where to go now, and who says so."""

    id: str
    words: str  # the words of the question
    statement: str
    action: str
    source: str = ""  # title and address of the advice


def find_emergency(text: str, folders: Sequence[Path] = ()) -> Emergency | None:
    """The first sign of an emergency in a text; None where there is none, or where it is denied.

    Parameters
    ----------
    text
        The question as typed; spelling may be wrong by a letter in words of five letters or more.
    folders
        Folders of packs whose own signs count too.

    Raises
    ------
    PackError
        A pack's ``emergencies.toml`` is not valid, or names a rule that its ``rules.toml`` lacks.

    Examples
    --------
    >>> find_emergency("I have chest pain, will needles help?").action
    'Call your emergency number now.'
    >>> find_emergency("no chest pain, only a sore back") is None
    True
    """
    words = tokens(text)
    for folder in (*folders, _EVERYWHERE.parent):
        for entry in _entries(folder / FILE):
            said = next((s for sign in entry["signs"] if (s := _said(words, _groups(sign)))), "")
            if said:
                return _emergency(folder, entry, said)
    return None


@cache
def _entries(path: Path) -> tuple[dict[str, Any], ...]:
    if not path.is_file():
        return ()
    entries = _toml(path).get("emergency", [])
    for entry in entries:
        if not isinstance(entry.get("signs"), list) or not ("rule" in entry or "action" in entry):
            raise PackError("an entry lacks its signs or its advice", file=FILE, mend="give signs and a rule")
    return tuple(entries)


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise PackError(f"not valid TOML ({error})", file=path.name, mend="correct the file") from error


def _groups(sign: list[str]) -> list[list[Span]]:
    return [[tuple(tokens(words)) for words in group.split("|")] for group in sign]


def _said(words: list[str], groups: list[list[Span]]) -> str:
    """The words that make the sign: one alternative of each group, near each other, not denied."""
    for at in _places(words, groups[0]):
        spans = [at]
        for group in groups[1:]:
            near = [s for s in _places(words, group) if abs(s[0] - at[0]) <= REACH and not _overlap(s, at)]
            if not near:
                break
            spans.append(min(near, key=lambda s: abs(s[0] - at[0])))
        else:
            first, last = min(s[0] for s in spans), max(s[1] for s in spans)
            if not _denied(words, first):
                return " ".join(words[first:last])
    return ""


def _overlap(one: tuple[int, int], other: tuple[int, int]) -> bool:
    return one[0] < other[1] and other[0] < one[1]


def _places(words: list[str], group: list[Span]) -> Iterator[tuple[int, int]]:
    for start in range(len(words)):
        for span in group:
            part = words[start : start + len(span)]
            if len(part) == len(span) and all(_alike(a, b) for a, b in zip(part, span, strict=True)):
                yield start, start + len(span)


def _alike(typed: str, word: str) -> bool:
    """Equal, or one slip away (a letter wrong, missing, doubled, or two swapped)."""
    if typed == word:
        return True
    if len(word) < FUZZY or abs(len(typed) - len(word)) > 1:
        return False
    head = next(
        (i for i, (a, b) in enumerate(zip(typed, word, strict=False)) if a != b), min(len(typed), len(word))
    )
    a, b = typed[head:], word[head:]
    return head > 0 and (a[1:] == b[1:] or a[1:] == b or a == b[1:] or (a[:2] == b[1::-1] and a[2:] == b[2:]))


def _denied(words: list[str], first: int) -> bool:
    """Whether a negation stands right before the sign; in doubt ("no appetite, chest pain") the sign counts."""
    at = first - 1
    while at >= 0 and words[at] in SOFT:
        at -= 2 if words[at] in {"or", "nor"} and at > 0 and words[at - 1] not in NEGATED else 1
    unsure = words[at + 1 : at + 2] in (["sure"], ["longer"], ["only"])
    return at >= 0 and words[at] in NEGATED and not unsure


def _emergency(folder: Path, entry: dict[str, Any], said: str) -> Emergency:
    if "rule" not in entry:
        return Emergency(id=entry["id"], words=said, statement=entry["statement"], action=entry["action"])
    book = _toml(folder / "rules.toml")
    rule = next((r for r in book.get("rules", []) if r.get("id") == entry["rule"]), None)
    if rule is None:
        raise PackError(f"no rule {entry['rule']!r} in rules.toml", file=FILE, mend="name a rule of the pack")
    source = next((s for s in book.get("sources", []) if s.get("id") == rule.get("source")), {})
    cited = " ".join(x for x in (source.get("title", ""), source.get("url", "")) if x)
    return Emergency(
        id=rule["id"], words=said, statement=rule["statement"], action=rule["action"], source=cited
    )
