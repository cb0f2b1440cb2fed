"""Every closed vocabulary, as a ``Literal``: spelled once, checked at the door by :func:`check`."""

from __future__ import annotations

from typing import Any, Literal, get_args

__all__ = ["Certainty", "IntervalTest", "Tau2Method", "check"]

Tau2Method = Literal[
    "EE",
    "FE",
    "DL",
    "DL2",
    "DLIT",
    "HE",
    "HS",
    "HSk",
    "SJ",
    "SJIT",
    "ML",
    "REML",
    "EB",
    "PM",
    "PMM",
    "GENQ",
    "GENQM",
]
"""Estimators of tau2; "EE" and "FE" fix it at zero."""

IntervalTest = Literal["z", "t", "HKSJ", "HKSJ-adhoc", "KR", "PL", "HC"]
"""Tests and intervals of the pooled effect; "HKSJ-adhoc" is Hartung-Knapp-Sidik-Jonkman with its guard."""

Certainty = Literal["high", "moderate", "low", "very low", "not judged"]


def check(value: str, vocabulary: Any, *, field: str) -> None:
    """Refuse a value that is not in the vocabulary.

    Raises
    ------
    InputError
        Names the field, what it got, what is allowed and the closest match.
    """
    allowed = get_args(vocabulary)
    if value in allowed:
        return
    import difflib

    from needlepoint.errors import InputError

    folded = {a.casefold(): a for a in allowed}
    close = difflib.get_close_matches(str(value).casefold(), folded, n=1, cutoff=0.5)
    mend = f"did you mean {folded[close[0]]!r}?" if close else None
    raise InputError(f"unknown {field}", field=field, got=value, allowed=", ".join(allowed), mend=mend)
