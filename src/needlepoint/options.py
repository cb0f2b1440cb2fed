"""Every closed vocabulary, as a ``Literal``: spelled once, checked at the door by :func:`check`."""

from __future__ import annotations

from collections.abc import Iterable
from math import inf, isfinite
from numbers import Integral, Real
from typing import Any, Literal, get_args

__all__ = [
    "Addition",
    "Assurance",
    "Certainty",
    "ClaimKind",
    "Device",
    "HeterogeneityInterval",
    "Impossible",
    "IntervalTest",
    "Measure",
    "Polarity",
    "Prediction",
    "Role",
    "Speaker",
    "Tau2Method",
    "Verdict",
    "check",
    "check_fraction",
    "chosen_level",
    "did_you_mean",
    "finite",
    "seeded",
    "whole",
]

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

Measure = Literal[
    "RR",
    "OR",
    "PETO",
    "RD",
    "AS",
    "PHI",
    "ZPHI",
    "YUQ",
    "YUY",
    "RTET",
    "ZTET",
    "PBIT",
    "OR2D",
    "OR2DN",
    "OR2DL",
    "MPRD",
    "MPRR",
    "MPOR",
    "MPORC",
    "MPPETO",
    "MPORM",
    "IRR",
    "IRD",
    "IRSD",
    "MD",
    "SMD",
    "SMDH",
    "SMD1",
    "SMD1H",
    "ROM",
    "VR",
    "CVR",
    "RPB",
    "ZPB",
    "RBIS",
    "ZBIS",
    "D2OR",
    "D2ORN",
    "D2ORL",
    "CLES",
    "CLESN",
    "AUC",
    "AUCN",
    "COR",
    "UCOR",
    "ZCOR",
    "PCOR",
    "ZPCOR",
    "SPCOR",
    "ZSPCOR",
    "R2",
    "ZR2",
    "R2F",
    "ZR2F",
    "PR",
    "PLN",
    "PLO",
    "PRZ",
    "PAS",
    "PFT",
    "IR",
    "IRLN",
    "IRS",
    "IRFT",
    "MN",
    "SMN",
    "MNLN",
    "SDLN",
    "CVLN",
    "MC",
    "SMCC",
    "SMCR",
    "SMCRH",
    "SMCRP",
    "SMCRPH",
    "CLESCN",
    "AUCCN",
    "ROMC",
    "VRC",
    "CVRC",
    "ARAW",
    "AHW",
    "ABT",
    "REH",
    "HR",
    "HD",
    "GEN",
]
"""Effect sizes by the letters the field uses; ``needlepoint.effects.measures.MEASURES`` says what each is."""

Addition = Literal["only0", "all", "if0all", "none"]
"""To which studies a continuity correction is added."""

Impossible = Literal["raise", "note"]
"""What to do with impossible numbers: refuse them, or leave them out with a note."""

Prediction = Literal["z", "t", "HTS", "Riley", "V", "HK", "HK-PR", "KR", "KR-PR", "NNF"]
"""Prediction intervals: degrees of freedom and standard error as in the papers that name them."""

HeterogeneityInterval = Literal["QP", "GENQ", "BJ", "PL", "Wald", "HT"]
"""Intervals for tau2: Q-profile, generalised Q, Biggerstaff-Jackson, profile likelihood, Wald, test-based."""

Device = Literal["cpu", "cuda", "auto"]
"""What very many syntheses run on: the processor, a GPU, or a GPU where there is one."""

Certainty = Literal["high", "moderate", "low", "very low", "not judged"]


ClaimKind = Literal[
    "efficacy",
    "magnitude",
    "comparison",
    "safety",
    "mechanism",
    "procedure",
    "prevalence",
    "citation",
    "guideline",
    "regulatory",
    "eligibility",
]
"""What a page's claim is about."""

Verdict = Literal[
    "supported",
    "supported_in_part",
    "overstated",
    "contradicted",
    "no_good_evidence",
    "not_in_evidence_base",
    "not_checkable",
    "outdated",
]
"""What the evidence says of a claim; "no good evidence" and "not in the evidence base" are two things."""

Assurance = Literal["hedged", "plain", "absolute"]
Polarity = Literal["positive", "negative", "neutral", "mixed"]
Speaker = Literal["page", "expert", "study", "guideline", "others", "rejected"]
Role = Literal[
    "navigation", "advert", "instruction", "opinion", "question", "testimonial", "heading", "other"
]


def finite(value: object, *, field: str, least: float = -inf, allowed: str = "a number") -> float:
    """A number that is neither infinite nor missing, and not below ``least``.

    Raises
    ------
    InputError
        Names the field, what it got and what is allowed.
    """
    from needlepoint.errors import InputError

    if not isinstance(value, Real) or not isfinite(value) or value < least:
        raise InputError(f"{field} is a number", field=field, got=value, allowed=allowed)
    return float(value)


def whole(value: object, *, field: str, least: int = 1) -> int:
    """A whole number, not below ``least``.

    Raises
    ------
    InputError
        Names the field, what it got and what is allowed.
    """
    from needlepoint.errors import InputError

    if isinstance(value, bool) or not isinstance(value, Integral) or int(value) < least:
        raise InputError(f"{field} is a whole number", field=field, got=value, allowed=f"{least} or more")
    return int(value)


def seeded(seed: object) -> int | None:
    """A seed: a whole number, or None for chance.

    Raises
    ------
    InputError
        Anything else.
    """
    return None if seed is None else whole(seed, field="seed", least=0)


def check_fraction(value: float, *, field: str) -> None:
    """Refuse a level or a probability that does not lie between 0 and 1.

    Raises
    ------
    InputError
        Names the field; a percentage is answered with its fraction.
    """
    number = finite(value, field=field, allowed="between 0 and 1")
    if 0.0 < number < 1.0:
        return
    from needlepoint.errors import InputError

    mend = f"{field}={value / 100:g}" if 1.0 < value < 100.0 else None
    raise InputError(f"{field} is a fraction", field=field, got=value, allowed="between 0 and 1", mend=mend)


def chosen_level(level: float | None, own: float) -> float:
    """The confidence level asked for, or a fit's own.

    Raises
    ------
    InputError
        A level that is no fraction.
    """
    if level is None:
        return own
    check_fraction(level, field="level")
    return level


def check(value: str, vocabulary: Any, *, field: str) -> None:
    """Refuse a value that is not in the vocabulary: a Literal, or names.

    Raises
    ------
    InputError
        Names the field, what it got, what is allowed and the closest match.
    """
    allowed = get_args(vocabulary) or tuple(vocabulary)
    if value in allowed:
        return
    from needlepoint.errors import InputError

    mend = did_you_mean(value, allowed)
    raise InputError(f"unknown {field}", field=field, got=value, allowed=", ".join(allowed), mend=mend)


ELSEWHERE: dict[str, str] = {
    "knha": "HKSJ",
    "hk": "HKSJ",
    "hakn": "HKSJ",
    "kh": "HKSJ",
    "hartung-knapp": "HKSJ",
    "adhoc": "HKSJ-adhoc",
    "ce": "EE",
    "common": "EE",
    "fixed": "FE",
    "random": "REML",
    "paule-mandel": "PM",
    "dersimonian-laird": "DL",
    "hunter-schmidt": "HS",
    "hedges": "HE",
    "sidik-jonkman": "SJ",
    "norm": "z",
    "normal": "z",
    "dist": "t",
    "logor": "OR",
    "logrr": "RR",
    "lnrr": "ROM",
    "g": "SMD",
    "cohen": "SMD",
    "hedges-g": "SMD",
    "zr": "ZCOR",
    "fisher": "ZCOR",
}
"""What other programs call a method -> its name here; the first that is allowed is offered."""


def did_you_mean(value: object, names: Iterable[str], *, most: int = 1) -> str | None:
    """What to mend a misspelt name with: the closest ones, if any is close; capital letters do not matter.

    The names that metafor and meta use are known.

    >>> did_you_mean("reml ", ["REML", "DL", "PM"]), did_you_mean("knha", ["z", "t", "HKSJ"])
    ("did you mean 'REML'?", "did you mean 'HKSJ'?")
    """
    import difflib

    folded = {name.casefold(): name for name in names}
    known = ELSEWHERE.get(str(value).casefold().strip())
    if known is not None and known in folded.values() and str(value).casefold() not in folded:
        return f"did you mean {known!r}?"
    close = difflib.get_close_matches(str(value).casefold(), folded, n=most, cutoff=0.5)
    return f"did you mean {' or '.join(repr(folded[c]) for c in close)}?" if close else None
