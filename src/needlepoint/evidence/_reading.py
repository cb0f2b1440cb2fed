"""Mentions in a question -> its parts: which treatment, against what, for whom, when; or a refusal with a reason."""

from __future__ import annotations

import difflib

from needlepoint.errors import EvidenceError
from needlepoint.evidence._follow_up import Duration, find_duration, window_at
from needlepoint.evidence._phrases import FILLER, Mention, find_mentions, phrases, tokens
from needlepoint.evidence.intent import Person, read_intent
from needlepoint.evidence.schema import Pack
from needlepoint.evidence.terms import ancestors, descendants, find_term
from needlepoint.result import record

__all__ = ["Reader", "Reading"]

# a treatment after one of these is the comparator; after the strict ones something must follow
STRICT = (
    ("vs",),
    ("v",),
    ("versus",),
    ("compared", "to"),
    ("compared", "with"),
    ("than",),
    ("superior", "to"),
)
LIKE = (("good", "as"), ("effective", "as"), ("safe", "as"), ("same", "as"), ("alternative", "to"))
CUES = (*STRICT, *LIKE, ("or",), ("against",), ("over",), ("instead", "of"), ("beat",), ("beats",))
COMPARE = (
    "compare",
    "comparing",
    "difference",
    "between",
)  # with these, "and", "with", "to" divide the sides
CLOSED = frozenset({"is", "are", "does", "do", "can", "could", "will", "would", "should"})
# what follows one of these is the condition
TOWARDS = ("for", "with", "against", "help", "helps", "treat", "treats", "cure", "cures", "relieve", "ease")


@record
class Reading:
    """The parts of a question, as ids; None where it leaves something open."""

    treatment: str
    condition: str
    population: str | None
    comparator: str | None
    outcome: str | None
    window: str | None
    about: str
    person: tuple[Person, ...]
    unused: tuple[str, ...]
    notes: tuple[str, ...]


class Reader:
    """One question being read: its words, the mentions in them, the notes collected."""

    def __init__(self, words: list[str], pack: Pack) -> None:
        self.words, self.pack = words, pack
        self.intent = read_intent(words)
        people = {at for p in self.intent.person for at in range(p.start, p.start + len(p.said.split()))}
        self.mentions = [
            m
            for m in find_mentions(words, phrases(pack), self.intent.claimed)
            if m.kind != "treatment" or m.start not in people  # "after surgery" asks for no surgery
        ]
        self.time = find_duration(words)
        self.notes: list[str] = []

    def read(self) -> Reading:
        """Every part of the question, or the refusal that names what is not known."""
        self._refuse_lookalikes()
        treatment, comparator = self._treatments()
        condition = self._condition()
        population, condition = self._population(condition)
        outcome = self._outcome()
        window = self._window()
        self._note_reading()
        harms = any(t.id == outcome and t.role == "harms" for t in self.pack.terms)
        about = "choose" if not treatment else "safety" if harms else self.intent.about
        if about == "safety" and not harms and outcome is None:
            outcome = next((t.id for t in self.pack.terms if t.role == "harms"), None)
        elif about not in {"effect", "safety"}:
            outcome = None
        return Reading(
            treatment=treatment,
            condition=condition,
            population=population,
            comparator=comparator,
            outcome=outcome,
            window=window,
            about=about,
            person=self.intent.person,
            unused=self._unused(),
            notes=tuple(self.notes),
        )

    def _of(self, *kinds: str) -> list[Mention]:
        return [m for m in self.mentions if m.kind in kinds]

    def _refuse_lookalikes(self) -> None:
        for m in self._of("unlike"):
            raise self._unknown("condition", " ".join(self.words[m.start : m.end]), closest=m.id)

    # ---------------------------------------------------------------- treatment and comparator

    def _treatments(self) -> tuple[str, str | None]:
        named = self._of("treatment", "comparator")
        self._refuse_unknown_comparator(named)
        split = self._cue(named)
        left = self._one(self._narrow([m for m in named if m.start < split]))
        others = self._narrow([m for m in named if m.start >= split])
        if left and len(others) > 1:
            self.notes.append(f"several comparators named ({', '.join(m.id for m in others)}): all are shown")
            return left.id, None
        right = self._one(others)
        if left and right and left.kind == "comparator" and right.kind == "treatment":
            left, right = right, left  # "placebo or acupuncture" asks about acupuncture
        if left is None and right is None and self._asks_to_choose():
            return "", None
        if left is None or (left.kind == "comparator" and right is None):
            raise self._no_treatment()
        return left.id, right.id if right else None

    def _cue(self, named: list[Mention]) -> int:
        """Where the comparator's side begins: the first cue with something named on both sides."""
        divide = (("and",), ("with",), ("to",)) if any(w in COMPARE for w in self.words) else ()
        for at in range(len(self.words)):
            for cue in (*CUES, *divide):
                if tuple(self.words[at : at + len(cue)]) != cue:
                    continue
                before = any(m.end <= at for m in named)
                after = any(m.start >= at + len(cue) for m in named)
                if before and after and not any(m.start <= at < m.end for m in self.mentions):
                    return at
        return self._comparator_kind(named)

    def _comparator_kind(self, named: list[Mention]) -> int:
        """Without a cue, "no treatment", "usual care" and "sham" are still comparators of what stands before."""
        first = next((m for m in named if m.kind == "treatment"), None)
        for m in named:
            if first and m.kind == "comparator":
                return max(m.start, first.end) if m.start > first.start else first.start
        return len(self.words)

    def _narrow(self, named: list[Mention]) -> list[Mention]:
        """Each term once; of a term and its kind, the narrower."""
        first = {m.id: m for m in reversed(named)}
        wider = {a for i in first for a in ancestors(self.pack, i)}
        return sorted((m for i, m in first.items() if i not in wider), key=lambda m: m.start)

    def _one(self, named: list[Mention]) -> Mention | None:
        """The one term of a side."""
        if len(named) > 1:
            raise EvidenceError(
                f"the question names {len(named)} treatments on one side ({', '.join(m.id for m in named)}): "
                f'ask about one, or about two with "vs" between them'
            )
        return named[0] if named else None

    def _refuse_unknown_comparator(self, named: list[Mention]) -> None:
        """A vs B must not turn into A alone because B is not known."""
        for at in range(len(self.words)):
            cue = next((c for c in STRICT if tuple(self.words[at : at + len(c)]) == c), None)
            if cue is None:
                continue
            rest = [i for i in range(at + len(cue), len(self.words)) if self._content(i)]
            known = any(m.start >= at + len(cue) for m in named)
            if rest and not known and self._next_content(at + len(cue)) == rest[0]:
                raise self._unknown("treatment", self._run(rest[0]))

    def _asks_to_choose(self) -> bool:
        """No treatment is named and one is looked for; "is reiki the best?" names one that is not known."""
        closed = self.words[0] in CLOSED and bool(self._unused())
        return self.intent.choose and not closed

    def _no_treatment(self) -> EvidenceError:
        rest = [i for i in range(len(self.words)) if self._content(i)]
        if rest:
            return self._unknown("treatment", self._run(rest[0]))
        return EvidenceError(f"the question names no treatment; {self._known('treatment')}")

    # ---------------------------------------------------------------- condition and population

    def _condition(self) -> str:
        narrow = [m.id for m in self._narrow(self._of("condition"))]
        if len(narrow) > 1:
            raise EvidenceError(
                f"the question names {len(narrow)} conditions ({', '.join(narrow)}): ask about one"
            )
        if narrow:
            return narrow[0]
        unknown = self._unknown_condition()
        if unknown:
            raise self._unknown("condition", unknown)
        self.notes.append(f"the question names no condition: read as {self.pack.condition}")
        return self.pack.condition

    def _unknown_condition(self) -> str:
        """Words that stand where a condition would: after "for" or "help", or before an outcome ("knee pain")."""
        for detail in self.intent.person:
            if detail.condition:
                return detail.label
        harms = {t.id for t in self.pack.terms if t.role == "harms"}  # "serious adverse events" is none
        for m in self._of("outcome"):
            if m.id not in harms and m.start > 0 and self._content(m.start - 1):
                return " ".join(self.words[m.start - 1 : m.end])
        for at, word in enumerate(self.words):
            if word in TOWARDS:
                follows = self._next_content(at + 1)
                if follows is not None and self._content(follows):
                    return self._run(follows)
        return ""

    def _population(self, condition: str) -> tuple[str | None, str]:
        named = list(dict.fromkeys(m.id for m in self._of("population")))
        implied = find_term(self.pack, condition, "condition").implies
        if len(named) == 1:
            below = descendants(self.pack, condition)
            for t in self.pack.terms:  # "back pain, pregnant" is the condition that implies pregnancy
                if t.kind == "condition" and t.id in below and t.implies == named[0]:
                    return named[0], t.id
        if implied:
            return implied, condition
        if len(named) > 1:
            self.notes.append(f"several populations named ({', '.join(named)}): all are shown")
        return (named[0] if len(named) == 1 else None), condition

    # ---------------------------------------------------------------- outcome and time

    def _outcome(self) -> str | None:
        named = list(dict.fromkeys(m.id for m in self._of("outcome")))
        if len(named) > 1:
            self.notes.append(f"several outcomes named ({', '.join(named)}): all are shown")
        return named[0] if len(named) == 1 else None

    def _window(self) -> str | None:
        time = self.time
        named = list(dict.fromkeys(m.id for m in self._of("window")))
        if time is not None and any(m.start <= time.start < m.end for m in self._of("window")):
            time = None  # "within an hour" names a window
        if time is not None and not time.history:
            window = window_at(time.weeks, self.pack.windows)
            if window is not None:
                self.notes.append(f"{self._said(time)!r} is read as time after the end of treatment")
                return window.id
        if time is not None and time.history:
            self.notes.append(f"{self._said(time)!r} is read as how long it has lasted, not as follow-up")
        return named[0] if len(named) == 1 else None

    def _said(self, time: Duration) -> str:
        return " ".join(self.words[time.start : time.end])

    # ---------------------------------------------------------------- words that are left

    def _content(self, at: int) -> bool:
        """Whether a word says something that nothing has claimed."""
        word = self.words[at]
        in_time = self.time is not None and self.time.start <= at < self.time.end
        claimed = any(m.start <= at < m.end for m in self.mentions)
        said = at in self.intent.claimed
        return not claimed and not said and not in_time and word not in FILLER and not word.isdigit()

    def _next_content(self, at: int) -> int | None:
        """The next word that is no filler, claimed or not."""
        while at < len(self.words) and self.words[at] in FILLER and not self._claimed(at):
            at += 1
        return at if at < len(self.words) else None

    def _claimed(self, at: int) -> bool:
        return any(m.start <= at < m.end for m in self.mentions)

    def _run(self, at: int) -> str:
        """A word with the unclaimed words that follow it."""
        end = at
        while end < len(self.words) and self._content(end):
            end += 1
        return " ".join(self.words[at:end])

    def _note_reading(self) -> None:
        for m in self.mentions:
            if m.typed:
                self.notes.append(f"{m.typed!r} is read as {m.id}")
        for m in self._of("condition"):
            said = self.words[m.start : m.end]
            if not m.typed and not set(said) & set(tokens(find_term(self.pack, m.id).label)):
                self.notes.append(f"{' '.join(said)!r} is read as {m.id}")
        left = self._unused()
        if left:
            self.notes.append(f"not used: {', '.join(left)}")

    def _unused(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(w for at, w in enumerate(self.words) if self._content(at)))

    # ---------------------------------------------------------------- refusals

    def _known(self, kind: str) -> str:
        names = [t.label for t in self.pack.terms if t.kind == kind]
        return f"the pack {self.pack.title!r} knows: {', '.join(names)}"

    def _unknown(self, kind: str, said: str, closest: str = "") -> EvidenceError:
        near = closest or self._closest(kind, said)
        hint = f"; the closest is {near!r}" if near else ""
        return EvidenceError(f"unknown {kind} {said!r}{hint}; {self._known(kind)}")

    def _closest(self, kind: str, said: str) -> str:
        names = {
            " ".join(span): i for span, ns in phrases(self.pack).exact.items() for k, i in ns if k == kind
        }
        close = difflib.get_close_matches(said, names, n=1, cutoff=0.5)
        if not close:
            return ""
        return close[0] if close[0] == names[close[0]] else f"{close[0]} ({names[close[0]]})"
