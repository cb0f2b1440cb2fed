"""Which columns of a long table are what: the user's word first, then the field's letters, then common names."""

from __future__ import annotations

from collections.abc import Sequence

from needlepoint.bulk.plan import LETTERS
from needlepoint.effects.guess import guess_columns
from needlepoint.errors import InputError

__all__ = ["find_columns"]

# names in tables of Cochrane reviews: data columns, and what the review printed for a study
_COCHRANE = {
    "experimental_cases": "ai",
    "experimental_n": "n1i",
    "control_cases": "ci",
    "control_n": "n2i",
    "experimental_mean": "m1i",
    "experimental_sd": "sd1i",
    "control_mean": "m2i",
    "control_sd": "sd2i",
    "giv_mean": "yi",
    "giv_se": "sei",
    "o_e": "oi",
    "variance": "vi",
    "mean": "estimate",
    "ci_start": "ci_low",
    "ci_end": "ci_high",
}


def find_columns(
    names: Sequence[str], given: dict[str, str], by: Sequence[str], measure: str
) -> tuple[dict[str, str], str]:
    """Letter -> column, and the measure; ``given`` wins over guesses and, when it is not empty, replaces them.

    Raises
    ------
    InputError
        Nothing that can be pooled is there.
    """
    unknown = sorted(set(given) - set(LETTERS))
    if unknown:
        raise InputError("unknown argument", field=unknown[0], allowed=", ".join(LETTERS))
    if given:
        return given, _usual(given, measure)
    data = [n for n in names if n not in by]
    cochrane = {letter: name for name, letter in _COCHRANE.items() if name in data}
    if {"ai", "m1i"} <= set(cochrane) and "experimental_n" in data:
        return cochrane, measure
    exact = {n: n for n in data if n in LETTERS}
    if "yi" in exact and ({"vi", "sei"} & set(exact)) and measure in {"auto", "GEN"}:
        return {n: n for n in ("yi", "vi", "sei") if n in exact and not (n == "sei" and "vi" in exact)}, "GEN"
    guess = guess_columns(data, None if measure == "auto" else measure)
    if guess.ratio_interval is not None or guess.interval is not None:
        raise InputError(
            "effects with intervals, but no standard errors",
            field="columns",
            mend="add a column of standard errors (on the log scale for ratios) and name it with sei=",
        )
    return dict(guess.columns), guess.measure if measure == "auto" else measure


def _usual(given: dict[str, str], measure: str) -> str:
    """Generic when "auto" is given effects and no arms; everything else stays what it is."""
    arms = set(given) - {"yi", "vi", "sei"}
    return "GEN" if measure == "auto" and not arms else measure
