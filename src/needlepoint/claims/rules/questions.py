"""Questions that rules ask of a case: each looks at the language or at a row of the pack, none decides."""

from __future__ import annotations

import re

from needlepoint.claims.facts.case import Case
from needlepoint.claims.facts.studies import matching_responder
from needlepoint.claims.facts.studies import wrong_size as size_of
from needlepoint.claims.rules.rule import Test

__all__ = [
    "against_active",
    "answers_cure",
    "any_harm_known",
    "asserts",
    "benefit",
    "body_only",
    "both",
    "boundless",
    "denies_harm",
    "doses",
    "fails",
    "fair_rates",
    "headline",
    "hides_control",
    "hides_sham",
    "mechanism",
    "named",
    "no_control_group",
    "number_off",
    "number_right",
    "old_position",
    "only",
    "plain_effect",
    "plays_down",
    "position_says",
    "reaction_told",
    "responders_as_change",
    "serious_harm_known",
    "some_help",
    "speaks_against",
    "strong",
    "tells_of_study",
    "wrong_definition",
    "wrong_size",
]

WORKS = ("small", "modest")


def asserts(stance: str) -> Test:
    """A statement of fact in the pack with this stance."""
    return lambda c: c.assertion is not None and c.assertion.stance == stance


def wrong_definition(c: Case) -> bool:
    """A word explained in its wrong sense."""
    d = c.definition
    return d is not None and c.has(d.wrong) and c.has("procedure_gloss", "explains")


def wrong_size(c: Case) -> bool:
    """A cited study with a wrong number of people or trials."""
    return c.study is not None and c.study_here and size_of(c.study, c.quantities, c.unit.text) is not None


def responders_as_change(c: Case) -> bool:
    """The share of people who improved, told as the size of the improvement."""
    return (
        c.study is not None
        and matching_responder(c.study, c.quantities) is not None
        and c.has("improvement_share")
    )


def hides_sham(c: Case) -> bool:
    """A study that found no more than sham does, cited for a benefit without saying so."""
    s = c.study
    if s is None or s.sham != "none" or c.unit.line.kind == "reference" or c.names_sham:
        return False
    return c.has("efficacy", "magnitude")


def hides_control(c: Case) -> bool:
    """A success rate without the rate of the people who were not treated."""
    return (
        bool(c.shares or c.has("success_rate")) and not c.slots.comparators and c.has("efficacy", "magnitude")
    )


def no_control_group(c: Case) -> bool:
    """A design without a control group, cited for a benefit."""
    weak = ("observational", "case series", "pilot trial")
    told = c.has("efficacy", "magnitude", "surgery_spared") and not c.has("no_difference")
    return c.study is not None and c.study.design in weak and told


def tells_of_study(c: Case) -> bool:
    """Tells of a study that was matched."""
    return c.study is not None and (c.study_here or c.has("anaphoric_study"))


_LARGE = 0.15  # more than any treatment of the field brings over sham


def fair_rates(c: Case) -> bool:
    """Rates of both arms, not further apart than trials against sham found."""
    if not c.slots.comparators or strong(c):
        return False
    rates = [q.low / 100 if q.unit == "%" else q.low for q in c.shares]
    sham = any("sham" in name for name in c.slots.comparators)
    return not (sham and rates and max(rates) - min(rates) > _LARGE)


def speaks_against(c: Case) -> bool:
    """Speaks against the treatment, or of mixed evidence."""
    return c.polarity in {"negative", "mixed"}


def strong(c: Case) -> bool:
    """Stronger than any evidence of a small benefit bears."""
    if c.has("not_superior"):
        return False
    if c.has("strong", "very_positive", "instant", "cure", "risk_of_untested"):
        return True
    return (c.certainty == "absolute" and not c.has("cause_denied")) or answers_cure(c) or headline(c)


def boundless(c: Case) -> bool:
    """Too much to say even of a treatment that works."""
    return c.has("cure", "instant", "risk_of_untested", "best_of_all") or answers_cure(c)


def answers_cure(c: Case) -> bool:
    """A "yes, in many cases" under a heading that asks about a cure."""
    return c.has("many_cases") and c.heading is not None and c.heading.has("asks_cure")


def headline(c: Case) -> bool:
    """Stands in a heading."""
    return c.unit.line.kind == "heading"


def against_active(c: Case) -> bool:
    """Compared with another treatment, not with sham or nothing."""
    kinds = (c.vocabulary.terms[t].kind for t in c.slots.comparators if t in c.vocabulary.terms)
    return any(kind == "treatment" for kind in kinds)


def plain_effect(c: Case) -> bool:
    """Says without reserve, in the page's own voice, that it works."""
    return c.has("effective_word") and not c.has("careful_word") and c.speaker != "study"


def doses(c: Case) -> bool:
    """How many are needed: a number of sessions or needles said to be enough."""
    counted = c.amount("sessions", "needle count", "number")
    return bool(counted) and c.has("sufficient_number", "sees_results") and not c.has("cure")


def number_off(c: Case) -> bool:
    """A number outside its usual range."""
    if c.usual is None:
        return False
    row, q = c.usual
    scale = 100.0 if q.unit != "%" and row.unit == "%" else 1.0
    return q.high * scale < row.low or q.low * scale > row.high


def number_right(c: Case) -> bool:
    """A number inside its usual range."""
    return c.usual is not None and not number_off(c)


def denies_harm(c: Case) -> bool:
    """Says that there is no harm at all."""
    return c.has("harm_denied") and not c.has("harm_denied_serious", "harm_denial_denied", "mostly")


def any_harm_known(c: Case) -> bool:
    """Harm of the treatment is known."""
    return c.harm is not None and (bool(c.harm.any) or c.harm.known)


def serious_harm_known(c: Case) -> bool:
    """Serious harm of the treatment is known."""
    return c.harm is not None and (bool(c.harm.serious) or (c.harm.known and not c.harm.mild))


def plays_down(c: Case) -> bool:
    """Little risk, with nothing that limits the statement."""
    limited = c.has("hedge", "sound_practice", "rare_word", "safer", "comparative") or c.speaker != "page"
    return (
        c.has("harm_low")
        and not limited
        and bool(re.search(r"\b(?:little|no|minimal|few|zero)\b", c.unit.text, re.I))
    )


def reaction_told(c: Case) -> bool:
    """What people feel, other than pain."""
    return c.has("reaction") and not re.search(r"\b(?:pain|sore|discomfort|ache)", c.unit.text, re.I)


def mechanism(*standings: str) -> Test:
    """A mechanism of one of these standings is named."""
    return lambda c: any(s in c.mechanisms for s in standings)


def some_help(c: Case) -> bool:
    """Of several treatments named, some are shown to help and some are not."""
    benefits = {s.benefit for s in c.standings}
    return bool(benefits & {*WORKS}) and bool(benefits & {"none", "insufficient"})


def named(c: Case) -> bool:
    """A treatment is spoken of."""
    return bool(c.slots.treatments)


def body_only(c: Case) -> bool:
    """Speaks of a condition and its causes, not of a treatment."""
    return not c.slots.treatments or (not c.slots.named and c.has("prevalence_cause"))


def position_says(direction: str) -> Test:
    """The named body says the same, or the opposite."""

    def holds(c: Case) -> bool:
        p = c.position
        if p is None:
            return False
        refuses = c.has("negation", "evidence_mixed") and not only(c)
        if direction == "matched":
            return c.against == refuses
        return c.against != refuses and named(c)

    return holds


def only(c: Case) -> bool:
    """Says "only"."""
    return bool(re.search(r"\bonly\b", c.unit.text, re.I))


def old_position(c: Case) -> bool:
    """The position was given up, or "only" is no longer true."""
    p = c.position
    return p is not None and (p.status == "superseded" or (bool(p.only) and only(c)))


def benefit(*benefits: str) -> Test:
    """The evidence stands so for the weakest of the treatments."""
    return lambda c: c.benefit in benefits


def both(*tests: Test) -> Test:
    """All of the tests hold."""
    return lambda c: all(test(c) for test in tests)


def fails(test: Test) -> Test:
    """The test does not hold."""
    return lambda c: not test(c)
