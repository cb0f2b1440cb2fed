"""The words: GRADE's informative statements and plain sentences, made by rules from numbers alone.

Every function is pure: numbers and labels in, text out. "Better" is always positive here.
Santesso et al. (2020), J Clin Epidemiol 119:126-135, doi:10.1016/j.jclinepi.2019.10.014: the verb carries the
certainty, the adverb the size.
"""

from __future__ import annotations

import math
from typing import Literal

from needlepoint.options import Certainty
from needlepoint.result import record

__all__ = [
    "Finding",
    "direction",
    "headline",
    "joined",
    "nothing_on_the_point",
    "number",
    "of_100_better_than_average",
    "of_100_respond",
    "one_comparison",
    "ratio_end",
    "silent",
    "size",
    "statement",
    "undecided",
]

Direction = Literal["better", "unclear", "worse"]
Size = Literal["important", "slight", "trivial"]

# below this share of the minimal important difference an effect is called "little or no difference":
# this project's own rule, stated wherever it is used
TRIVIAL_SHARE = 1 / 3


@record
class Finding:
    """One comparison as the words need it: ``benefit`` is positive when the treatment does better."""

    treatment: str
    comparator: str
    outcome: str
    when: str
    benefit: float
    low: float
    high: float
    unit: str
    certainty: Certainty
    mid: float | None = None
    published_by: str = ""
    more: Literal["good", "bad"] = "good"  # is more of the outcome good ("function") or bad ("pain")?
    rival: bool = False  # is the comparator a treatment of its own? then doing worse is not doing harm


def number(value: float, digits: int | None = None) -> str:
    """A number for people: two figures where small, whole where large, never "-0".

    >>> number(-9.96), number(0.347), number(-0.04, 1), number(153.2)
    ('-10', '0.35', '0.0', '153')
    """
    if digits is None:
        magnitude = abs(value)
        digits = 2 if magnitude < 1 else 1 if magnitude < 9.95 else 0
    text = f"{value:.{digits}f}"
    return text.lstrip("-") if float(text) == 0 else text


def ratio_end(value: float) -> str:
    """The end of a ratio's interval; beyond a hundredth or a hundred-fold only that is said."""
    if value > 100:
        return ">100"
    return "<0.01" if value < 0.01 else number(value)


def direction(f: Finding) -> Direction:
    """Which way the interval points; "unclear" when it holds no difference."""
    if f.low > 0:
        return "better"
    return "worse" if f.high < 0 else "unclear"


def undecided(f: Finding) -> bool:
    """Whether the interval holds no difference and an important one too: the trials cannot tell.

    Where no important difference is known, an interval that holds no difference decides nothing either.
    """
    return direction(f) == "unclear" and (f.mid is None or f.high >= f.mid or f.low <= -f.mid)


def silent(f: Finding) -> bool:
    """Whether the interval is wider than the scale itself, so that no number says anything."""
    span = f.unit.removeprefix("points of ")
    if span == f.unit:
        return False
    return f.high - f.low > float(span) or max(abs(f.low), abs(f.high)) > float(span)


def size(f: Finding) -> Size:
    """How large the point estimate is beside the minimal important difference."""
    if f.mid is None:
        return "slight"
    share = abs(float(number(f.benefit))) / f.mid  # of the number that is shown
    return "important" if share >= 1 else "slight" if share >= TRIVIAL_SHARE else "trivial"


_VERB: dict[Certainty, str] = {
    "high": "",
    "moderate": "probably ",
    "low": "may ",
    "very low": "may ",
    "not judged": "may ",
}


def statement(f: Finding) -> str:
    """GRADE informative statement of one comparison, with its numbers.

    >>> statement(Finding(treatment="needling", comparator="sham", outcome="pain", when="after treatment",
    ...     benefit=6, low=2, high=10, unit="points of 100", certainty="low", mid=15, more="bad"))
    'Compared with sham, needling may reduce pain slightly after treatment: 6.0 points of 100 better (95% interval
    2.0 to 10 better); low certainty. A change that one person would call important is 15.'
    """
    if silent(f):
        return _silence(f)
    by = f", published by {f.published_by}" if f.published_by else ""
    tail = f"{_amount(f)}{by}; {_certainty(f)}.{_beside_mid(f)}"
    when = f" {f.when}" if f.when else ""
    if f.certainty == "very low":
        lead = f"Compared with {f.comparator}, the evidence is very uncertain about {f.treatment} and {f.outcome}{when}"
    elif undecided(f):
        lead = f"Compared with {f.comparator}, these trials cannot tell whether {f.treatment} changes {f.outcome}{when}"
    else:
        lead = f"Compared with {f.comparator}, {f.treatment} {_predicate(f)}{when}"
    return f"{lead}: {tail}"


def _silence(f: Finding) -> str:
    when = f" {f.when}" if f.when else ""
    told = f"these trials cannot tell what {f.treatment} does for {f.outcome}{when}"
    return f"Compared with {f.comparator}, {told}: they are too few, or differ too much."


def _predicate(f: Finding) -> str:
    verb = _VERB[f.certainty]
    way = direction(f)
    if way == "unclear" or size(f) == "trivial":
        make = "make" if verb in {"may ", ""} and verb else "makes"
        return f"{verb}{make} little or no difference to {f.outcome}"
    slightly = " slightly" if size(f) == "slight" else ""
    if f.rival:
        return f"{verb}{'do' if verb == 'may ' else 'does'}{slightly} {way} for {f.outcome}"
    action = _action(f, good=way == "better")
    return f"{verb}{_inflect(action, verb)} {f.outcome}{slightly}"


def _action(f: Finding, *, good: bool) -> str:
    if f.more == "bad":
        return "reduce" if good else "increase"
    return "improve" if good else "worsen"


def _inflect(verb: str, auxiliary: str) -> str:
    return verb if auxiliary == "may " else f"{verb}s"


def _certainty(f: Finding) -> str:
    return "certainty not judged" if f.certainty == "not judged" else f"{f.certainty} certainty"


def _amount(f: Finding) -> str:
    return f"{_signed(f.benefit)} {f.unit} {_side(f.benefit)} (95% interval {_range(f)})".replace("  ", " ")


def _signed(value: float) -> str:
    return number(abs(value))


def _side(value: float) -> str:
    return "better" if value >= 0 else "worse"


def _range(f: Finding) -> str:
    if (f.low >= 0) == (f.high >= 0):
        near, far = sorted((abs(f.low), abs(f.high)))
        return f"{number(near)} to {number(far)} {_side(f.low if f.low < 0 else f.high)}"
    return f"{number(abs(f.low))} worse to {number(f.high)} better"


def _beside_mid(f: Finding) -> str:
    if f.mid is None:
        return ""
    return f" A change that one person would call important is {number(f.mid, 0)}."


def of_100_better_than_average(f: Finding, standard_deviation: float) -> str:
    """Cohen's U3 as people: how many of 100 do better than the average person of the other group.

    Assumes equal, roughly normal spread in both groups; 50 of 100 when there is no difference.
    """
    if silent(f):
        return ""
    low, mid, high = (_percent(x / standard_deviation) for x in (f.low, f.benefit, f.high))
    return (
        f"Of 100 people with {f.treatment}, about {mid} do better than the average person with {f.comparator} "
        f"({low} to {high}; 50 if it made no difference)."
    )


def _percent(d: float) -> int:
    return round(50 * (1 + math.erf(d / math.sqrt(2))))


def of_100_respond(treatment: str, comparator: str, treated: float, control: float) -> str:
    """Response rates as people of 100, same denominator and both framings (who did, who did not)."""
    t, c = round(100 * treated), round(100 * control)
    return (
        f"Of 100 people, about {t} improved with {treatment} and {c} with {comparator} "
        f"(so {100 - t} and {100 - c} did not)."
    )


def headline(
    treatment: str, condition: str, nothing: Finding | None, sham: Finding | None, other: Finding | None
) -> str:
    """The sentence that comes first: against doing nothing special, against sham, never mixed.

    ``nothing`` is the leading comparison with no treatment or usual care, ``sham`` with sham, ``other`` with
    another treatment (used only when there is nothing else).
    """
    if nothing is None and sham is None:
        if other is None:
            return f"There are no usable trials here of {treatment} for {condition}."
        return f"{_sentence(treatment, condition, other)}."
    if nothing is None and sham is not None:
        first = _sentence(treatment, condition, sham)
        return (
            f"{first}." if other is None else f"{first}; compared with {other.comparator} {_clause(other)}."
        )
    assert nothing is not None
    first = _sentence(treatment, condition, nothing)
    if sham is None:
        return f"{first}; nobody can say here how much of that is due to the treatment itself."
    joint = ", but" if direction(nothing) == "better" and _weaker(sham, nothing) else ", and"
    return f"{first}{joint} {_sham_clause(sham)}."


def nothing_on_the_point(treatment: str, condition: str, comparator: str = "", outcome: str = "") -> str:
    """The first sentence where trials of the treatment exist, but none on what was asked.

    >>> nothing_on_the_point("needling", "sciatica", outcome="leg pain")
    'No usable trial here tells what needling does for leg pain in sciatica; what trials did compare is listed below.'
    """
    against = f" compared with {comparator}" if comparator else ""
    what = f"does for {outcome} in {condition}" if outcome else f"does for {condition}"
    return f"No usable trial here tells what {treatment} {what}{against}; what trials did compare is listed below."


def one_comparison(treatment: str, comparator: str, condition: str, f: Finding | None) -> str:
    """The first sentence of a question that names its comparison."""
    if f is None:
        return f"No usable trial here compares {treatment} with {comparator} for {condition}."
    return f"{_sentence(treatment, condition, f)}."


def _sentence(treatment: str, condition: str, f: Finding) -> str:
    name = treatment[:1].upper() + treatment[1:]
    if silent(f):
        return f"These trials cannot tell whether {treatment} helps {condition} compared with {f.comparator}"
    way, extent = direction(f), size(f)
    hedge = _VERB[f.certainty]
    bare = hedge == "may "
    if way == "worse":
        return f"{name} {hedge}{'do' if bare else 'does'} worse than {f.comparator} for {condition} ({_brief(f)})"
    if undecided(f):
        question = f"whether {treatment} helps {condition} compared with {f.comparator}"
        return f"These trials cannot tell {question} ({_brief(f)})"
    if way == "unclear" or extent == "trivial":
        verb = "make" if bare else "makes"
        return (
            f"{name} {hedge}{verb} little or no difference to {f.outcome} in {condition} "
            f"compared with {f.comparator} ({_brief(f)})"
        )
    amount = "a little" if extent == "slight" else "noticeably"
    if f.certainty == "very low":
        unsure = f"It is very uncertain how much {treatment} helps {condition} compared with {f.comparator}"
        return f"{unsure}: {amount}, by the best estimate ({_brief(f)})"
    verb = "help" if bare else "helps"
    return f"{name} {hedge}{verb} {condition} {amount} compared with {f.comparator} ({_brief(f)})"


def _clause(f: Finding) -> str:
    if silent(f):
        return "these trials cannot tell"
    way = direction(f)
    if way == "unclear":
        return f"it is not clearly better or worse ({_brief(f)})"
    return f"it does {way} ({_brief(f)})"


def _brief(f: Finding) -> str:
    """The numbers inside a sentence: "by 10 points of 100, 95% interval 3.4 to 17; low certainty"."""
    if direction(f) == "unclear":
        return f"{_signed(f.benefit)} {f.unit} {_side(f.benefit)}, 95% interval {_range(f)}; {_certainty(f)}"
    near, far = sorted((abs(f.low), abs(f.high)))
    return f"by {_signed(f.benefit)} {f.unit}, 95% interval {number(near)} to {number(far)}; {_certainty(f)}"


def _weaker(sham: Finding, nothing: Finding) -> bool:
    return direction(sham) != "better" or sham.benefit < nothing.benefit


def _sham_clause(f: Finding) -> str:
    if silent(f):
        return f"these trials cannot tell whether it is better than {f.comparator}"
    way, extent = direction(f), size(f)
    if way == "worse":
        return f"it did worse than {f.comparator} ({_brief(f)})"
    if way == "unclear":
        return f"it is not clearly better than {f.comparator} ({_brief(f)})"
    degree = {"trivial": "hardly", "slight": "only a little", "important": "clearly"}[extent]
    return f"it is {degree} better than {f.comparator} ({_brief(f)})"


def joined(items: list[str]) -> str:
    """Join with commas and "and".

    >>> joined(["heat", "massage", "rest"])
    'heat, massage and rest'
    """
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} and {items[-1]}"
