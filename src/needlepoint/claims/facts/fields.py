"""Who, what, against what: the fields of a claim, from its sentence and from what was said just before."""

from __future__ import annotations

import re
from dataclasses import dataclass

from needlepoint.claims.reading.knowledge import Study
from needlepoint.claims.reading.reading import Mention, Unit
from needlepoint.claims.reading.vocabulary import Vocabulary
from needlepoint.options import Assurance, ClaimKind, Polarity, Speaker

__all__ = ["Context", "Slots", "certainty_of", "polarity_of", "slots_of", "speaker_of"]

_COUNT = r"(?:\d|half\b|one\b|two\b|three\b|four\b|five\b|six\b|a\s+(?:third|quarter|dozen))"
_VERSUS = re.compile(
    rf"\b(?:than(?!\s+{_COUNT})|compared (?:to|with)|in comparison (?:to|with)|versus|vs\.?|unlike|alternative to"
    r"|instead of|rather than|as opposed to|superior to|inferior to|relative to|similar to"
    r"|(?:substitute|replacement) for|in place of|as (?:good|effective|safe) as"
    r"|(?:just|about|worked|works?|do|does|did) as well as|like(?=\s+(?:\w+\s+){1,2}(?:do|does|did|can)\b))\b",
    re.I,
)
_POPULATIONS = (
    ("pregnan", "pregnancy"),
    ("older adult", "older adults"),
    ("elderly", "older adults"),
    ("athlete", "athletes"),
    ("active person", "athletes"),
    ("children", "children"),
    ("cancer patient", "people with cancer"),
    ("chronic", "chronic"),
    ("subacute", "subacute"),
    ("acute", "acute"),
)
_TIME = re.compile(
    r"\b(?:immediate(?:ly)?|instant(?:ly)?|short[- ]term|long[- ]term|over time|at first|temporar\w+|lasting"
    r"|(?:after|within|for|over|up to|at)\s+(?:about\s+)?[\w-]+\s+(?:minutes?|hours?|days?|weeks?|months?|years?"
    r"|sessions?|visits?|treatments?))\b",
    re.I,
)
_INHERITS_CONDITION = frozenset({"efficacy", "magnitude", "citation", "comparison"})
_NO_TREATMENT = frozenset({"prevalence"})


@dataclass(slots=True)
class Context:
    """What a page has spoken of so far: by section, and in all."""

    page_treatment: str | None = None
    page_condition: str | None = None
    section: int = -2
    treatment: tuple[str, ...] = ()
    condition: tuple[str, ...] = ()
    heading: tuple[str, ...] = ()
    study: Study | None = None  # the study that the section tells of
    issuers: frozenset[str] = frozenset()  # the body that the section tells of, as ids of its positions
    opened: tuple[str, ...] = ()  # treatments of the line that opens a list ("massage can:")

    def enter(self, section: int) -> None:
        """Forget the last section's subject."""
        if section != self.section:
            self.section, self.treatment, self.condition = section, (), ()
            self.study, self.issuers, self.opened = None, frozenset(), ()


@dataclass(slots=True)
class Slots:
    """Term ids of a claim; empty where the page does not say."""

    treatments: tuple[str, ...] = ()
    conditions: tuple[str, ...] = ()
    comparators: tuple[str, ...] = ()
    outcomes: tuple[str, ...] = ()
    named: bool = False  # the treatment stands in the sentence itself
    stranger: str | None = None  # a treatment in the page's words that the pack does not know
    population: str | None = None
    time: str | None = None


def slots_of(unit: Unit, kind: ClaimKind, context: Context, vocabulary: Vocabulary) -> Slots:
    """Fill the slots; what the sentence leaves open is taken from the section, then from the page."""
    by_kind = _by_kind(unit.mentions)
    versus = _VERSUS.search(unit.text) if unit.has("versus") else None
    behind = unit.start + versus.end() if versus else None
    named, compared = _split_treatments(unit, by_kind.get("treatment", []), behind)
    comparators = _unique([m.term for m in by_kind.get("comparator", [])] + compared)
    stranger = None if named or kind not in _EFFECTS else _stranger(unit)
    if _points_back(unit, by_kind.get("treatment", [])) and context.treatment:
        named = ()
    treatments = named or (() if stranger else _inherited(unit, kind, context, by_kind))
    conditions = _unique([m.term for m in by_kind.get("condition", [])])
    if not conditions and kind in _INHERITS_CONDITION:
        conditions = context.condition or ((context.page_condition,) if context.page_condition else ())
    time = _TIME.search(unit.text) if unit.has("time_word") else None
    return Slots(
        treatments=_broadest_out(treatments, vocabulary),
        conditions=_broadest_out(conditions, vocabulary),
        comparators=comparators,
        outcomes=_unique([m.term for m in by_kind.get("outcome", []) if m.term != "body"]),
        named=bool(named),
        stranger=stranger,
        population=_population(unit.text.lower()),
        time=time.group().lower() if time else None,
    )


def _population(lower: str) -> str | None:
    for stem, name in _POPULATIONS:
        if stem in lower:
            return name
    return None


def _by_kind(mentions: list[Mention]) -> dict[str, list[Mention]]:
    found: dict[str, list[Mention]] = {}
    for mention in mentions:
        found.setdefault(mention.kind, []).append(mention)
    return found


def _unique(items: list[str]) -> tuple[str, ...]:
    return tuple(items) if len(items) < 2 else tuple(dict.fromkeys(items))


def _split_treatments(
    unit: Unit, mentions: list[Mention], behind: int | None
) -> tuple[tuple[str, ...], list[str]]:
    """Treatments spoken of, and those that stand behind "than", "unlike", "alternative to"."""
    if not mentions:
        return (), []
    whole = [m for m in mentions if not m.part and not _set_aside(unit, m)]
    whole = whole or [m for m in mentions if m.part] or mentions
    if behind is None:
        return _unique([m.term for m in whole]), []
    front = [m.term for m in whole if m.start < behind]
    back = [m.term for m in whole if m.start >= behind]
    if not front and any(m.kind == "comparator" and m.start < behind for m in unit.mentions):
        return _unique(back), []  # "sham needling did as well as real needling"
    if unit.text.lower().startswith("unlike") and back:
        return _unique(back[1:]), back[:1]
    return _unique(front), [t for t in back if t not in front]


_THIS = frozenset({"this", "these", "that", "those", "such"})


def _points_back(unit: Unit, mentions: list[Mention]) -> bool:
    """Opens with "this stretching ...": another word for what was spoken of."""
    if not mentions or unit.text[:5].lower().split(" ")[0] not in _THIS:
        return False
    return len(unit.text[: mentions[0].start - unit.start].split()) < 3


_ASIDE_WORDS = frozenset(
    {"without", "non", "instead", "rather", "failed", "before", "no", "called", "known"}
    | {"adjunct", "addition", "complement", "part", "together", "altogether", "along", "alongside", "top"}
)
_ASIDE = re.compile(
    r"\b(?:without|avoid\w*|non|instead of|rather than|failed|before|no)\W+(?:\w+\W+){0,2}$"
    r"|\b(?:also (?:called|known as)|known as|as part of|(?:al)?together with|along with|alongside|on top of"
    r"|adjunct to|in addition to|complement to)"
    r"\W+(?:\w+\W+){0,4}$",
    re.I,
)


def _set_aside(unit: Unit, mention: Mention) -> bool:
    """Named only to be left out, or beside: "without surgery", "also called stretching", "along with exercise"."""
    if _ASIDE_WORDS.isdisjoint(unit.words) and "avoid" not in unit.text.lower():
        return False
    return bool(_ASIDE.search(unit.text[: mention.start - unit.start]))


_EFFECTS = frozenset({"efficacy", "magnitude", "comparison"})
_VERB = re.compile(
    r"\b(?:can|may|might|will|could|helps?|eases?|relieves?|reduces?|treats?|heals?|cures?|improves?|works?|eliminates?"
    r"|prevents?|lowers?|resolves?|alleviates?|fights?|strengthens?|restores?"
    r"|(?:is|are|was|were)(?= (?:an? |the )?(?:effective|proven|excellent|best|known|shown|helpful)))\b"
)
_FAMILIAR = re.compile(
    r"\b(?:it|its|it's|this|that|these|those|they|we|you|i|he|she|there|the|a|an|another|other|others|some|many|most|few"
    r"|several|all|each|every|both|no|not|one|our|your|their|his|her|my|such|which|who|what|and|but|or|so|if|when|as|by"
    r"|for|in|on|after|before|with|without|because|although|while|yet|also|again|however|treatment|treatments|therapy"
    r"|therapies|session|sessions|technique|method|approach|procedure|patients?|people|results?|research|studies|study"
    r"|can|may|might|will|could|should|must|do|does|did|have|has|had"
    r"|researchers?|experts?|doctors?|relief|pain|effects?|benefits?|evidence|trials?|opinion|points?|yes|typically)\b",
    re.I,
)


def _stranger(unit: Unit) -> str | None:
    """The subject of a sentence where it is nothing that was spoken of: "Hypnosis heals ..."."""
    verb = _VERB.search(unit.text)
    subject = unit.text[: verb.start()].strip() if verb else ""
    if (
        not subject
        or len(subject.split()) > 3
        or any(m.start < unit.start + len(subject) for m in unit.mentions)
    ):
        return None
    head = subject.split(" by ")[0].split(" with ")[0]
    return subject if head[:1].isupper() and not _FAMILIAR.search(head) else None


def _inherited(
    unit: Unit, kind: ClaimKind, context: Context, by_kind: dict[str, list[Mention]]
) -> tuple[str, ...]:
    if kind in _NO_TREATMENT and not unit.has("usage"):
        return ()
    if kind == "mechanism" and by_kind.get("condition") and unit.has("prevalence_cause"):
        return ()
    return (
        context.treatment or context.heading or ((context.page_treatment,) if context.page_treatment else ())
    )


def _broadest_out(terms: tuple[str, ...], vocabulary: Vocabulary) -> tuple[str, ...]:
    """Drop a broad term beside a narrower one of the same line."""
    if len(terms) < 2:
        return terms
    return tuple(t for t in terms if not any(t in vocabulary.lineage(o)[1:] for o in terms if o != t))


_DIVIDED = re.compile(r"\b(?:mixed|divided|conflicting)\b", re.I)
_DENIALS = ("harm_denied", "harm_denied_serious", "harm_low", "harm_present", "harm_considerable")


def polarity_of(unit: Unit, kind: ClaimKind) -> Polarity:
    """Which way the claim points; efficacy "negative" speaks against the treatment, safety "negative" of harm."""
    if kind in {"procedure", "citation", "guideline", "regulatory", "eligibility"}:
        return "neutral"
    if kind == "safety":
        return "negative" if unit.has(*_DENIALS) or unit.has("safety_core") else "neutral"
    if kind == "prevalence":
        return (
            "negative"
            if unit.has("worsening") or "struggle" in unit.text or "unable" in unit.text
            else "neutral"
        )
    if unit.has("evidence_mixed", "rejection") and (
        unit.has("not_superior") or not unit.has("beyond_placebo")
    ):
        return "mixed" if _DIVIDED.search(unit.text) else "negative"
    if unit.has("cause_denied", "fleeting") and (unit.has("durable_denied") or not unit.has("durable")):
        return "positive" if unit.has("hedged_relief") else "negative"
    if kind == "mechanism" and unit.has("rejection"):
        return "negative"
    return "positive"


def certainty_of(unit: Unit) -> Assurance:
    """How sure the page sounds: absolute words beat hedges."""
    if unit.has("absolute") and not unit.has("hedge_strong"):
        return "absolute"
    return "hedged" if unit.has("hedge") else "plain"


def speaker_of(unit: Unit) -> Speaker:
    """In whose name the sentence speaks."""
    if unit.has("rejection") and unit.has("belief"):
        return "rejected"
    if unit.has("belief"):
        return "others"
    if unit.has("guideline"):
        return "guideline"
    if unit.has("attribution_study", "anaphoric_study", "study_detail"):
        return "study"
    return "expert" if unit.has("attribution_expert") else "page"
