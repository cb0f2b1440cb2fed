"""The family tree of a pack's terms."""

from __future__ import annotations

from needlepoint.errors import InputError
from needlepoint.evidence.schema import Pack, Term
from needlepoint.options import did_you_mean

__all__ = ["ancestors", "descendants", "find_term", "in_line"]


def find_term(pack: Pack, term: str, *kinds: str) -> Term:
    """The term with this id, of one of the kinds (any kind if none is named).

    Raises
    ------
    InputError
        The pack has no such term.
    """
    for t in pack.terms:
        if t.id == term and (not kinds or t.kind in kinds):
            return t
    known = [t.id for t in pack.terms if not kinds or t.kind in kinds]
    kind = " or ".join(kinds) or "term"
    raise InputError(f"unknown {kind}", got=term, allowed=", ".join(known), mend=did_you_mean(term, known))


def descendants(pack: Pack, term: str) -> frozenset[str]:
    """The ids of a term and of all terms below it.

    >>> from needlepoint import load_pack
    >>> sorted(descendants(load_pack("low-back-pain"), "manual therapy"))
    ['manual therapy', 'spinal manipulation']
    """
    found = {term}
    grown = True
    while grown:
        below = {t.id for t in pack.terms if t.parent in found} - found
        found |= below
        grown = bool(below)
    return frozenset(found)


def ancestors(pack: Pack, term: str) -> tuple[str, ...]:
    """The ids above a term, nearest first."""
    parents = {t.id: t.parent for t in pack.terms if t.parent}
    above: list[str] = []
    while term in parents:
        term = parents[term]
        above.append(term)
    return tuple(above)


def in_line(pack: Pack, term: str, other: str) -> bool:
    """Whether two terms are the same, or one is above the other ("acute" and "any duration").

    >>> from needlepoint import load_pack
    >>> pack = load_pack("low-back-pain")
    >>> in_line(pack, "acute", "any duration"), in_line(pack, "acute", "chronic")
    (True, False)
    """
    return term == other or term in ancestors(pack, other) or other in ancestors(pack, term)
