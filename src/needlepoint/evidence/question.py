"""A question in plain words -> population, treatment, comparator, outcome and time, in the terms of a pack."""

from __future__ import annotations

from needlepoint.errors import InputError
from needlepoint.evidence._phrases import tokens
from needlepoint.evidence._reading import Reader
from needlepoint.evidence.intent import Person
from needlepoint.evidence.schema import Pack
from needlepoint.result import Result, record

__all__ = ["Question", "match_question"]

LONGEST = 1000  # characters; a question, not a page


@record
class Question(Result):
    """A question in the terms of a pack (ids); None where the question leaves something open."""

    text: str
    treatment: str
    condition: str
    population: str | None = None
    comparator: str | None = None
    outcome: str | None = None
    window: str | None = None
    about: str = "effect"  # effect, safety, dose, time, cost, cure, choose (no treatment named), emergency
    person: tuple[Person, ...] = ()
    unused: tuple[str, ...] = ()  # words of the question that the answer did not use

    def summary(self) -> str:
        """One line for people."""
        of = f" ({self.population})" if self.population else ""
        against = f" against {self.comparator}" if self.comparator else ""
        on = f", {self.outcome}" if self.outcome else ""
        when = f", {self.window}" if self.window else ""
        return "\n".join([f"{self.treatment}{against} for {self.condition}{of}{on}{when}", *self.notes])


def match_question(text: str, pack: Pack) -> Question:
    """Match a question in plain words to the terms of a pack.

    Longest phrase first, then close spellings; the treatment named first is asked about, the one after "vs",
    "compared to", "better than" or "or" is the comparator. Deterministic, no language model.

    Raises
    ------
    EvidenceError
        A treatment, comparator or condition that the pack does not know, or more than one of them; the text
        says what was not known, what is, and the closest match.
    InputError
        An empty or overlong question.

    Examples
    --------
    >>> from needlepoint import load_pack
    >>> q = match_question("Is acupuncture better than massage for chronic lower back pain?", load_pack())
    >>> q.treatment, q.comparator, q.condition, q.population
    ('acupuncture', 'massage', 'low back pain', 'chronic')
    """
    if len(text) > LONGEST:
        raise InputError(
            "the question is too long", field="question", got=len(text), allowed=f"{LONGEST} characters"
        )
    words = tokens(text)
    if not words:
        raise InputError(
            "the question is empty", field="question", mend="ask: does TREATMENT help with CONDITION?"
        )
    r = Reader(words, pack).read()
    return Question(
        text=text.strip(),
        treatment=r.treatment,
        condition=r.condition,
        population=r.population,
        comparator=r.comparator,
        outcome=r.outcome,
        window=r.window,
        about=r.about,
        person=r.person,
        unused=r.unused,
        notes=r.notes,
    )
