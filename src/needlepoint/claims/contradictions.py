"""A page that does not agree with itself: pairs of claims that take opposite values of one slot.

Never by likeness: two claims conflict where both speak of the same treatment and the same matter (harm, cause,
duration, place, definition, proof, number) and say what cannot both be true. Numbers that fit together are no conflict.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

from needlepoint.claims.facts.case import Case
from needlepoint.claims.result import Contradiction, Quantity
from needlepoint.claims.rules.questions import wrong_definition
from needlepoint.claims.rules.rule import ANY, kinds
from needlepoint.options import ClaimKind

__all__ = ["SLOTS", "contradictions_of"]


@dataclass(frozen=True, slots=True)
class Slot:
    """A matter on which claims can disagree: which claims speak of it, the stance each takes, which stances clash."""

    id: str
    kinds: frozenset[ClaimKind]
    stances: dict[str, Callable[[Case], bool]]
    direct: tuple[tuple[str, str], ...]
    tension: tuple[tuple[str, str], ...]
    why: str


def _of_treatment(c: Case) -> bool:
    return bool(c.slots.treatments) and c.kind not in {"prevalence", "guideline"}


def _denies_all(c: Case) -> bool:
    return _denies_any(c) and not _nearly(c)


def _denies_any(c: Case) -> bool:
    return c.has("harm_denied") and not c.has("harm_denied_serious", "harm_denial_denied")


def _nearly(c: Case) -> bool:
    return any(w in c.unit.text.lower() for w in ("virtually", "almost", "practically", "hardly"))


def _denies_nearly(c: Case) -> bool:
    return _denies_any(c) and _nearly(c)


def _denies_serious(c: Case) -> bool:
    return c.has("harm_denied_serious")


def _denies(c: Case) -> bool:
    return c.has("harm_denied", "harm_denied_serious")


def _grave(c: Case) -> bool:
    return c.has("harm_considerable") and not _denies(c) and _of_treatment(c)


def _calls_risk_great(c: Case) -> bool:
    words = ("considerable", "serious", "significant", "major", "substantial", "high risk", "dangerous")
    return _grave(c) and any(w in c.unit.text.lower() for w in words)


def _mild(c: Case) -> bool:
    return c.has("harm_present") and not c.has("harm_considerable") and not _denies(c) and _of_treatment(c)


def _low(c: Case) -> bool:
    return c.has("harm_low") and not _denies(c) and not c.has("harm_present")


def _cures(c: Case) -> bool:
    answers = c.has("many_cases") and c.heading is not None and c.heading.has("asks_cure")
    return (answers or c.has("cause_addressed")) and not c.has("cause_denied") and _of_treatment(c)


def _ends_pain(c: Case) -> bool:
    return c.has("cure") and not c.has("cause_denied") and _of_treatment(c) and not _cures(c)


def _cannot_cure(c: Case) -> bool:
    return c.has("cause_denied") and _of_treatment(c)


def _lasts(c: Case) -> bool:
    return c.has("durable", "full_recovery") and not c.has("fleeting", "durable_denied")


def _passes(c: Case) -> bool:
    return c.has("fleeting") and not c.has("durable", "careful_word")


def _at_once(c: Case) -> bool:
    return c.has("instant")


def _by_repetition(c: Case) -> bool:
    return any(w in c.unit.text.lower() for w in ("repeated sessions", "several sessions"))


def _away(c: Case) -> bool:
    return c.has("site_distal")


def _on_site(c: Case) -> bool:
    return c.has("site_local") and not c.has("site_distal")


def _control(c: Case) -> bool:
    d = c.definition if c.kind in {"citation", "procedure", "magnitude"} else None
    return d is not None and c.has(d.right) and not c.has(d.wrong)


def _unbacked(c: Case) -> bool:
    return c.polarity == "negative" and bool({"unsupported", "undefined"} & set(c.mechanisms))


def _flows(c: Case) -> bool:
    return _energetic(c) and c.certainty == "absolute"


def _energetic(c: Case) -> bool:
    m = c.mechanisms.get("unsupported")
    return (
        c.polarity == "positive"
        and m is not None
        and any(
            w in c.unit.text.lower() for w in ("energy", "qi", "chi ", "meridian", "passageway", "life force")
        )
    )


def _mixed(c: Case) -> bool:
    return c.polarity == "mixed"


def _glowing(c: Case) -> bool:
    return c.has("very_positive")


_EFFECTS = kinds("efficacy", "magnitude", "citation", "comparison")
SLOTS: tuple[Slot, ...] = (
    Slot(
        "harm",
        kinds("safety"),
        {
            "none": _denies_all,
            "nearly none": _denies_nearly,
            "none serious": _denies_serious,
            "grave": _grave,
            "great": _calls_risk_great,
            "mild": _mild,
            "low": _low,
        },
        (("none", "grave"), ("nearly none", "grave"), ("none serious", "grave"), ("none", "mild")),
        (("nearly none", "mild"), ("low", "great")),
        "one denies side effects, the other tells of risks",
    ),
    Slot(
        "cause",
        ANY,
        {"reached": _cures, "not reached": _cannot_cure, "pain ended": _ends_pain},
        (("reached", "not reached"),),
        (("pain ended", "not reached"),),
        "one says that the cause is reached or cured, the other that it is not",
    ),
    Slot(
        "duration",
        _EFFECTS,
        {"lasting": _lasts, "passing": _passes},
        (("lasting", "passing"),),
        (),
        "one says that the effect lasts, the other that it passes",
    ),
    Slot(
        "speed",
        _EFFECTS,
        {"at once": _at_once, "by repetition": _by_repetition},
        (),
        (("at once", "by repetition"),),
        "one promises relief at once, the other after repeated sessions",
    ),
    Slot(
        "place",
        kinds("procedure"),
        {"away": _away, "on site": _on_site},
        (("away", "on site"),),
        (),
        "they treat at different places of the body",
    ),
    Slot(
        "definition",
        ANY,
        {"untrained": wrong_definition, "control": _control},
        (("untrained", "control"),),
        (),
        "they use one word in two meanings",
    ),
    Slot(
        "backing",
        kinds("mechanism"),
        {"unbacked": _unbacked, "asserted": _flows, "used": _energetic},
        (("unbacked", "asserted"),),
        (("unbacked", "used"),),
        "one says that science does not back it, the other takes it for a fact",
    ),
    Slot(
        "proof",
        kinds("efficacy"),
        {"mixed": _mixed, "glowing": _glowing},
        (),
        (("mixed", "glowing"),),
        "one calls the evidence mixed, the other very good",
    ),
)
"""Matters on which a page can contradict itself; add one by adding a row."""


def contradictions_of(cases: Sequence[Case], ids: Sequence[str]) -> list[Contradiction]:
    """All pairs, in the order of the page; a pair stands once, by its strongest reason."""
    found: dict[tuple[int, int], Contradiction] = {}
    for slot in SLOTS:
        for i, j, strength in _clashes(slot, cases):
            pair = (min(i, j), max(i, j))
            if i != j and pair not in found and _same_subject(cases[i], cases[j]):
                found[pair] = Contradiction(
                    a=ids[pair[0]], b=ids[pair[1]], strength=strength, slot=slot.id, why=slot.why
                )
    for i, j, why in _numbers(cases):
        found.setdefault((i, j), Contradiction(a=ids[i], b=ids[j], strength="direct", slot="number", why=why))
    return [found[pair] for pair in sorted(found)]


def _clashes(slot: Slot, cases: Sequence[Case]) -> Iterator[tuple[int, int, str]]:
    """Claims with stances that clash; a stance is looked for only where one against it was found."""
    speaking = [(i, c) for i, c in enumerate(cases) if c.kind in slot.kinds]
    held: dict[str, list[int]] = {}

    def holding(stance: str) -> list[int]:
        if stance not in held:
            holds = slot.stances[stance]
            held[stance] = [i for i, c in speaking if holds(c)][:_MOST]
        return held[stance]

    for strength, clashes in (("direct", slot.direct), ("tension", slot.tension)):
        for one, other in clashes:
            yield from ((i, j, strength) for i in holding(one) for j in holding(other))


def _same_subject(a: Case, b: Case) -> bool:
    """The same treatment, or one that is a kind of the other; an open subject fits any."""
    if not a.slots.treatments or not b.slots.treatments:
        return True
    line = a.vocabulary.lineage
    return any(s in line(t) or t in line(s) for s in a.slots.treatments for t in b.slots.treatments)


# ---------------------------------------------------------------------- numbers
_MOST = 60  # claims of one stance that are compared; a page that repeats itself more adds nothing new
_COMPARED = frozenset({"needle count", "sessions", "duration", "dose", "share", "participants"})


def _numbers(cases: Sequence[Case]) -> Iterator[tuple[int, int, str]]:
    """The same quantity of the same thing with values that do not meet."""
    told = [(i, c, q, _thing(c, q)) for i, c in enumerate(cases) for q in c.quantities if q.what in _COMPARED]
    things = [t for t in told if t[3] is not None][:_MOST]
    for (i, a, p, thing), (j, b, q, other) in combinations(things, 2):
        if i != j and thing == other and _same_subject(a, b) and _apart(p, q):
            yield i, j, f"{p.value} {p.unit} here, {q.value} {q.unit} there".replace("  ", " ")


def _apart(p: Quantity, q: Quantity) -> bool:
    """No value in common; shares, which pages round, also differ by a tenth of the people or more."""
    if not all(map(math.isfinite, (p.low, p.high, q.low, q.high))):
        return False
    if p.what == "share":
        (a, b), (c, d) = _fraction(p), _fraction(q)
        return max(a, c) - min(b, d) >= _ROUNDED
    return p.high < q.low or q.high < p.low


_ROUNDED = 0.095


def _fraction(q: Quantity) -> tuple[float, float]:
    scale = 100.0 if q.unit == "%" else 1.0
    return q.low / scale, q.high / scale


def _thing(c: Case, q: Quantity) -> tuple[str, ...] | None:
    """What a number counts, with all that must be equal for two numbers to be about one thing.

    Point and lifetime prevalence, acute and chronic pain, number needed and number usual are different things.
    """
    if q.what == "share":
        return _share_of(c)
    if q.what == "sessions" and c.has("sufficient_number"):
        return ("sessions needed", *c.slots.conditions, c.slots.population or "")
    if q.what == "participants" and c.study is not None and c.study_here:
        return ("participants", c.study.id)
    if q.what == "needle count" and not c.has("sufficient_number"):
        return ("counted in a session",)
    return None


def _share_of(c: Case) -> tuple[str, ...] | None:
    rows = [n.id for n in c.vocabulary.knowledge.numbers if n.unit == "%" and c.row(n.id)]
    return ("share", rows[0]) if c.kind == "prevalence" and len(rows) == 1 else None
