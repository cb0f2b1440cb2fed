"""What a claim is about: rules in order over cues, the first that holds decides."""

from __future__ import annotations

from collections.abc import Callable

from needlepoint.claims.reading.reading import Unit, cues
from needlepoint.options import ClaimKind

__all__ = ["KINDS", "kind_of"]

Test = Callable[[Unit], bool]


def _is_eligibility(u: Unit) -> bool:
    return u.has("eligibility_act") and not u.has("safety_core", "strong")


def _is_gloss(u: Unit) -> bool:
    """A word explained: "cupping, or using cups ...", "pain up to 4 weeks is called acute"."""
    if u.has("type_of") and not u.has("procedure_gloss") and u.has("effective_word", "efficacy_core"):
        return False
    return not u.has("harm_present", "strong", "cure")


def _is_regulatory(u: Unit) -> bool:
    return not u.has("harm_denied", "harm_present", "success_rate", "cure")


def _is_red_flag(u: Unit) -> bool:
    return u.has("safety_core")


def _is_magnitude(u: Unit) -> bool:
    if u.has("worse_off"):
        return False
    if u.has("magnitude"):
        gained = u.has("improved", "versus") and any(m.kind == "treatment" for m in u.mentions)
        return gained or not u.has("prevalence_number", "load")
    if u.has("prevalence_number"):
        return u.has("improved") and any(m.kind == "comparator" for m in u.mentions)
    return any(c.isdigit() for c in u.text)


_NO_COUNT = (
    *("cure", "strong", "reaction", "harm_denied", "anaphoric_study", "study_counted", "mechanism_core"),
    *("many_cases", "surgery_spared", "sufficient_number"),
)


def _is_prevalence(u: Unit) -> bool:
    """How common, whom it strikes, who uses what; no word on what a treatment achieves."""
    if u.has("prevalence_number"):
        return not u.has("reaction", "harm_denied")
    if u.has(*_NO_COUNT) or _is_aftermath(u):
        return False
    if u.has("prevalence_strong", "worsening"):
        return True
    if u.has("prevalence_share"):
        return (u.has("usage") and not u.has("safety_core")) or not u.has(
            "efficacy_core", "hedged_help", "safety_core", "eligibility_act", "rejection"
        )
    return u.has("prevalence") and not u.has("procedure_core", "safety_core")


def _is_citation(u: Unit) -> bool:
    if u.line.kind == "reference" or u.has("anaphoric_study"):
        return True
    return u.has("study_detail") and not u.has(
        "guideline", "mechanism_explained", "extrapolation", "worse_off"
    )


def _is_guideline(u: Unit) -> bool:
    if u.has("guideline") or (u.has("issuer") and u.has("issuer_verb")):
        return True
    return u.has("should_be_used") and not u.has("safety_core", "harm_present", "eligibility_act")


def _is_aftermath(u: Unit) -> bool:
    """What follows a treatment and is not wished for."""
    return u.has("after_treatment") and u.has("safety") and not u.has("efficacy_core", "magnitude")


def _is_safety(u: Unit) -> bool:
    if u.has("no_serious_cause"):
        return False
    if u.has("safe_and_effective", "risk_lowered") and not u.has("harm_denied", "harm_present"):
        return False
    if _is_aftermath(u):
        return True
    if u.has("harm_denied", "harm_denied_serious", "reaction"):
        return not u.has("procedure_at")
    if u.has("safety_core"):
        return True
    return u.has("harm_present") and not u.has("mechanism_core")


def _is_mechanism(u: Unit) -> bool:
    if u.has("cure") and not u.has("biological"):
        return False
    return u.has("mechanism_told") or not u.has("outcome_wide")


_EFFECT_WORDS = ("no_difference", "cure", "relief_kept", "effective_word", "rejection", "hedged_help")


def _is_procedure(u: Unit) -> bool:
    promises = u.has(*_EFFECT_WORDS) or (u.has("strong") and u.has("efficacy"))
    return not promises


def _is_comparison(u: Unit) -> bool:
    return u.has("efficacy") or bool(u.mentions)


KINDS: tuple[tuple[ClaimKind, frozenset[str], Test], ...] = (
    ("eligibility", cues("eligibility"), _is_eligibility),
    ("procedure", cues("procedure_gloss", "type_of"), _is_gloss),
    ("regulatory", cues("regulator", "regulatory"), _is_regulatory),
    ("safety", cues("reverse_cause"), _is_red_flag),
    ("magnitude", cues("magnitude", "success_rate", "prevalence_number"), _is_magnitude),
    (
        "prevalence",
        cues("prevalence_number", "prevalence_strong", "worsening", "prevalence_share", "usage"),
        _is_prevalence,
    ),
    ("citation", cues(), _is_citation),
    ("guideline", cues("guideline", "issuer", "should_be_used"), _is_guideline),
    ("safety", cues("harm_denied", "harm_denied_serious", "reaction", "safety_core", "safety"), _is_safety),
    ("mechanism", cues("mechanism_core", "mechanism_explained"), _is_mechanism),
    ("procedure", cues("procedure_core", "sufficient_number"), _is_procedure),
    ("comparison", cues("comparative_verdict"), _is_comparison),
)
"""The rules in order: a kind, the cues of which one must stand in the sentence (any sentence if none), and when."""

_VALUE = (
    "evidence_mixed",
    "rejection",
    "durable",
    "fleeting",
    "comparative_verdict",
    "hedged_help",
    "beyond_placebo",
)
_DIRECT = ("efficacy", "efficacy_core", "cure", "strong")


def kind_of(unit: Unit, *, treated: bool) -> ClaimKind:
    """The kind of a claim; ``treated`` says whether the sentence names a treatment."""
    here = unit.cues
    for kind, needed, holds in KINDS:
        if not (needed and needed.isdisjoint(here)) and holds(unit):
            return kind
    if unit.has("natural_history") and not treated:
        return "prevalence"
    if (
        unit.has("prevalence_cause")
        and not (treated or unit.has("evidence_mixed", "rejection"))
        and not unit.has("efficacy_core", "many_cases")
    ):
        return "mechanism"
    if not unit.has(*_DIRECT) and not unit.has("no_difference"):
        for kind in ("mechanism", "procedure", "safety", "prevalence"):
            if unit.has(kind):
                return kind
        if not treated and not unit.has(*_VALUE):
            return "prevalence"
    return "efficacy"
