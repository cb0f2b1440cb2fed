"""What a sentence is if it is no claim: menu, advert, order, opinion, question, testimonial, heading.

Rules in order; the first that holds decides. None names a treatment, a condition or a page.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from needlepoint.claims.reading.reading import Unit, cues
from needlepoint.options import Role

__all__ = ["ROLES", "role_of"]

Test = Callable[[Unit], bool]

_ANAPHORA = frozenset(
    [
        "it",
        "its",
        "it's",
        "they",
        "theyre",
        "they're",
        "these",
        "this",
        "those",
        "that",
        "such",
        "others",
        "some",
        "patients",
    ]
)
_STRONG_CUES = (
    *("mechanism_core", "safety", "magnitude", "procedure_core", "prevalence_share", "cure", "reaction"),
    *(
        "sufficient_number",
        "anaphoric_study",
        "guideline",
        "eligibility_act",
        "site_distal",
        "evidence_mixed",
        "rejection",
        "sees_results",
    ),
    *("harm_denied", "small_effect", "prevalence_strong", "study_detail"),
)
_CLAIM_CUES = (
    *("efficacy", "mechanism", "mechanism_core", "safety", "magnitude", "procedure_core", "prevalence_share"),
    *(
        "sufficient_number",
        "usage",
        "eligibility_act",
        "durable",
        "study_detail",
        "comparative_verdict",
        "sees_results",
    ),
    *("harm_denied", "mechanism_explained"),
)

_TOPIC_CUES = (
    *("prevalence", "prevalence_cause", "procedure", "guideline", "study_noun", "rejection", "regulatory"),
    *("evidence_mixed", "harm_present", "eligibility", "attribution_study", "should_be_used"),
)


# "i.e." is nobody
_FIRST = re.compile(r"\b(?:i(?!\.\s?e\b)|i'?(?:m|ve|ll|d)|my|mine|me|myself)\b", re.I)


def _is_menu(u: Unit) -> bool:
    return u.line.kind == "menu"


def _is_question(u: Unit) -> bool:
    text = u.text.rstrip("\"') ")
    return text.endswith("?")


def _is_heading(u: Unit) -> bool:
    return u.line.kind == "heading"


def _is_quiet_heading(u: Unit) -> bool:
    """A heading names a topic unless it promises something: a verb of effect with a strong or comparing word."""
    if u.line.kind != "heading":
        return False
    promises = u.has("efficacy") and u.has("strong", "comparative", "absolute", "very_positive", "instant")
    shows = u.has("harm_denied") or (u.has("attribution_study", "magnitude") and u.has("efficacy"))
    return not ((promises or shows or _more_or_better(u)) and _about_treatment(u))


def _more_or_better(u: Unit) -> bool:
    words = u.text.lower().split()
    return (
        u.has("efficacy")
        and any(w in {"more", "better", "less", "without"} for w in words)
        and len(words) > 5
    )


def _about_treatment(u: Unit) -> bool:
    return bool(u.mentions)


def _is_testimonial(u: Unit) -> bool:
    return u.has("first_person")


def _is_first_person(u: Unit) -> bool:
    return _FIRST.search(u.text) is not None


def _holds_statement(u: Unit) -> bool:
    """An order that carries a statement: "keep in mind that ...", "press there, and it eases ..."."""
    lower = u.text.lower()
    if any(
        lead in lower for lead in ("in mind that", "note that", "remember that", "aware that", "know that")
    ):
        return True
    tail = lower.partition(", and ")[2]
    return bool(tail) and any(
        tail.startswith(s) for s in ("you can", "you will", "it will", "it can", "this will")
    )


def _is_eligibility_order(u: Unit) -> bool:
    return u.has("eligibility") and u.has("eligibility_act")


def _is_instruction(u: Unit) -> bool:
    if u.has("efficacy", "safety", "mechanism") and _holds_statement(u):
        return False
    if _is_eligibility_order(u) or u.has("sees_results", "noun_opening"):
        return False
    if u.line.kind == "heading" and u.has("strong", "instant", "very_positive"):
        return False  # "Get rid of pain": a promise in the form of an order
    return u.has("imperative", "instruction_hard") or not u.has(
        "guideline", "safety", "mechanism_core", "fleeting", "evidence_mixed"
    )


_SAID_OF_TREATMENT = (
    *("mechanism_core", "cure", "procedure_core", "harm_denied", "efficacy_core"),
    *("success_rate", "magnitude", "regulator"),
)


def _is_advert(u: Unit) -> bool:
    """Selling is no claim; a seller's statement of what the treatment does still is one."""
    if u.has("advert_hard"):
        return not u.has("harm_denied", "cure", "success_rate")
    return not u.has(*_SAID_OF_TREATMENT)


def _is_rhetoric(u: Unit) -> bool:
    return u.has("filler_hard") or not u.has(
        "attribution_study", "prevalence_share", "mechanism_core", "safety"
    )


def _is_belief(u: Unit) -> bool:
    """What others believe, told without taking it on: no claim of the page, unless it is then rejected or used."""
    return not u.has("rejection", "attribution_study", "safety")


def _is_history(u: Unit) -> bool:
    return not u.has(
        *("attribution_study", "safety", "guideline", "mechanism_core", "rejection", "prevalence_strong")
    )


_TAKEN_UP = (
    *("prevalence", "procedure", "guideline", "anaphoric_study", "reaction"),
    *("evidence_mixed", "rejection"),
)


def _is_empty(u: Unit) -> bool:
    """Nothing of the field, no word of a claim, and no "it" or "they" that takes up what was said before."""
    if u.line.kind == "reference":
        return False
    if u.last - u.first < 3:
        return not u.mentions or not u.has(*_CLAIM_CUES)
    if u.mentions:
        return not (u.has(*_CLAIM_CUES) or u.has(*_TOPIC_CUES))
    if _takes_up(u):
        return not u.has(*_CLAIM_CUES, *_TAKEN_UP)
    return not u.has(*_STRONG_CUES) and not (
        u.has("efficacy") and u.has("durable", "fleeting", "comparative")
    )


def _takes_up(u: Unit) -> bool:
    words = u.text.lower().split()
    return any(w.strip(",") in _ANAPHORA for w in words[:4])


def _is_stub(u: Unit) -> bool:
    """An opening that only announces a list."""
    return u.text.rstrip().endswith(":") and not u.has("efficacy", "mechanism", "safety", "procedure_core")


def _always(u: Unit) -> bool:
    return True


ROLES: tuple[tuple[Role, frozenset[str], Test], ...] = (
    ("navigation", cues(), _is_menu),
    ("question", cues(), _is_question),
    ("heading", cues("question_start"), _is_heading),
    ("heading", cues(), _is_quiet_heading),
    ("testimonial", cues("testimonial"), _is_testimonial),
    ("opinion", cues("first_person"), _is_first_person),
    ("instruction", cues("imperative", "instruction_hard", "instruction_phrase"), _is_instruction),
    ("advert", cues("advert_hard", "advert"), _is_advert),
    ("opinion", cues("anecdote"), _always),
    ("opinion", cues("filler_hard", "filler"), _is_rhetoric),
    ("opinion", cues("belief"), _is_belief),
    ("opinion", cues("history"), _is_history),
    ("other", cues(), _is_stub),
    ("other", cues(), _is_empty),
)
"""The rules in order: what a sentence is, the cues of which one must stand in it (any sentence if none), and when."""


def role_of(unit: Unit) -> Role | None:
    """The role of a sentence that makes no checkable claim; None for a claim."""
    here = unit.cues
    for role, needed, holds in ROLES:
        if not (needed and needed.isdisjoint(here)) and holds(unit):
            return role
    return None
