"""One line of the rule table, and the kinds of claim that lines speak of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import get_args

from needlepoint.claims.facts.case import Case
from needlepoint.options import ClaimKind, Verdict

__all__ = ["ANY", "CITED", "EFFECT", "Rule", "Test", "kinds"]

Test = Callable[[Case], bool]


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of the table: for these kinds, when this holds, this verdict, these issues, this reason.

    ``basis`` names the row that the reason quotes: an attribute of the case. ``why`` may use ``{row}`` (the row's
    sentence), ``{treatment}`` and ``{condition}``. Where there are ``cues``, one of them must stand there too.
    """

    id: str
    kinds: frozenset[ClaimKind]
    when: Test
    verdict: Verdict
    issues: tuple[str, ...] = ()
    basis: str = ""
    why: str = "{row}"
    cues: frozenset[str] = frozenset()


def kinds(*names: ClaimKind) -> frozenset[ClaimKind]:
    """Kinds that a rule is for."""
    return frozenset(names)


ANY: frozenset[ClaimKind] = frozenset(get_args(ClaimKind))
EFFECT = kinds("efficacy", "magnitude", "comparison")
CITED = kinds("citation", "magnitude", "comparison", "efficacy")
