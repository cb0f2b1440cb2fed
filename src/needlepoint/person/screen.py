"""Safety screen: answers in, a graded result out, with the answer, rule and source that led to it.

An emergency always wins. Nothing that was not asked is taken for "no", and "not sure" is never ignored.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

from needlepoint.errors import InputError
from needlepoint.options import did_you_mean
from needlepoint.person.answers import as_answers
from needlepoint.person.durations import match_duration
from needlepoint.person.rules import (
    LEVELS,
    Condition,
    Level,
    Population,
    Question,
    Rule,
    RuleBook,
    load_rules,
)
from needlepoint.result import Result, record

__all__ = ["Finding", "Resemblance", "Screening", "evaluate", "screen"]

OPEN = "Questions about emergencies that are still open: {n}. Answer them first."

Fit = Literal["yes", "unsure", "no", "unknown"]
Standing = Literal["like you", "would have left you out", "not like you", "cannot tell"]


@record
class Finding:
    """A rule that fired: which answer led to it, how urgent it is, what to do and who says so."""

    rule: str
    kind: str
    level: Level
    because: tuple[str, ...]  # the questions with the answers that fired the rule
    statement: str
    action: str
    limit: str
    source: str
    url: str
    tier: str
    evidence: tuple[str, ...]  # base rates with their sources; never shown beside an emergency


@record
class Resemblance:
    """How the person stands to the people of one trial."""

    trial: str
    who: str
    standing: Standing
    because: tuple[str, ...]
    source: str
    url: str
    tier: str


@record
class Screening(Result):
    """Result of a safety screen; ``findings`` most severe first."""

    level: Level
    headline: str
    findings: tuple[Finding, ...]
    populations: tuple[Resemblance, ...]
    answered: int
    unanswered: tuple[str, ...]  # questions, in the order of asking
    always: tuple[str, ...]
    pack: str
    version: str
    reviewed: str

    def summary(self) -> str:
        """Text for people: what to do first, then why."""
        lines = [self.headline.upper() if self.level == LEVELS[0] else self.headline]
        for finding in self.findings:
            lines += ["", *_finding_lines(finding)]
        if self.level != LEVELS[0]:
            lines += ["", *_population_lines(self.populations)]
        return "\n".join([*lines, "", *self.notes, *self.always])


def screen(answers: Any, *, pack: str | Path | None = None) -> Screening:
    """Grade a person's answers to the safety questions of a pack.

    Parameters
    ----------
    answers
        Question -> "yes", "no" or "not sure" (``True`` and ``False`` do too), a number, or a choice: a mapping, rows
        of question and answer, a data frame, or the path of a JSON, TOML or CSV file. Questions left out count as
        not answered.
    pack
        Id or folder of the pack whose ``rules.toml`` is used.

    Returns
    -------
    Screening
        ``level`` is the most severe finding; "nothing found by these questions" is no all-clear.

    Raises
    ------
    InputError
        An unknown question, or an answer that the question does not take.

    >>> screen({"saddle": "yes", "fever": "no"}).level
    'emergency now'
    """
    book = load_rules(pack)
    return evaluate(book, clean(book, as_answers(answers)))


def clean(book: RuleBook, answers: Mapping[str, Any]) -> dict[str, Any]:
    """Answers in one spelling; ``None`` and empty answers are left out.

    Raises
    ------
    InputError
        An unknown question, or an answer that the question does not take.
    """
    known = {question.id: question for question in book.questions}
    known |= {_plain(question.ask): question for question in book.questions}
    cleaned: dict[str, Any] = {}
    for name, value in answers.items():
        question = known.get(_plain(name))
        if question is None:
            raise _no_such_question(name, book)
        if question.id in cleaned:
            raise InputError("the question is answered twice", field=question.id)
        if not _empty(value):
            cleaned[question.id] = _answer(question, value)
    return cleaned


def _plain(name: str) -> str:
    return name.strip().casefold().replace("-", "_")


def _no_such_question(name: str, book: RuleBook) -> InputError:
    ids = [question.id for question in book.questions]
    mend = did_you_mean(_plain(name), ids) or "leave it out or correct its name"
    return InputError("no such question", field=name, allowed=", ".join(ids), mend=mend)


def _empty(value: Any) -> bool:
    return value is None or str(value).strip() in {"", "nan", "NaT", "<NA>"}


SHORT = {
    "y": "yes",
    "true": "yes",
    "1": "yes",
    "1.0": "yes",
    "n": "no",
    "false": "no",
    "0": "no",
    "0.0": "no",
}


def _answer(question: Question, value: Any) -> Any:
    text = str(value).strip().casefold()
    if text in {"not sure", "unsure", "don't know", "?"}:
        return "not sure"
    if question.kind == "number":
        return _number(question, value)
    allowed = question.choices or ("yes", "no")
    text = text if question.choices else SHORT.get(text, text)
    found = text if text in allowed else match_duration(text, allowed)
    if found is None:
        raise InputError("the question does not take this answer", field=question.id, got=value,
                         allowed=", ".join([*allowed, "not sure"]))  # fmt: skip
    return found


def _number(question: Question, value: Any) -> float:
    low, high = question.low or 0.0, question.high or 0.0
    try:
        number = float(value.replace(",", ".") if isinstance(value, str) else value)
    except (TypeError, ValueError):
        number = float("nan")
    if isinstance(value, bool) or not low <= number <= high:
        raise InputError(
            "the question takes a number", field=question.id, got=value, allowed=f"{low:g} to {high:g}"
        )
    return number


def evaluate(book: RuleBook, answers: Mapping[str, Any]) -> Screening:
    """Apply every rule to cleaned answers and to what follows from them."""
    found = sorted(_findings(book, answers), key=lambda finding: LEVELS.index(finding.level))
    level: Level = found[0].level if found else LEVELS[-1]
    return Screening(
        level=level,
        headline=_headline(book, level, answers),
        findings=tuple(found),
        populations=tuple(_resemblance(book, population, answers) for population in book.populations),
        answered=len(answers),
        unanswered=tuple(q.ask for q in book.questions if q.id not in answers),
        always=book.always,
        pack=book.pack,
        version=book.version,
        reviewed=book.reviewed,
        notes=_notes(book, answers),
    )


def _headline(book: RuleBook, level: Level, answers: Mapping[str, Any]) -> str:
    """What to do; where booking is not ruled out but emergencies were not asked about, these come first.

    Where nothing was found because nothing was asked, only that is said.
    """
    open_ones = _emergencies_open(book, answers)
    if LEVELS.index(level) < LEVELS.index("ask before booking") or not open_ones:
        return book.headlines[level]
    first = OPEN.format(n=open_ones)
    return first if level == LEVELS[-1] else f"{first} {book.headlines[level]}"


def _emergencies_open(book: RuleBook, answers: Mapping[str, Any]) -> int:
    """How many questions about emergencies have no answer."""
    urgent = {name for rule in book.rules if rule.level == LEVELS[0] for when in rule.when for name in when}
    return sum(question.id in urgent and question.id not in answers for question in book.questions)


def _findings(book: RuleBook, answers: Mapping[str, Any]) -> Iterator[Finding]:
    implied = _implied(book, answers)
    whole = {**answers, **{name: answer for name, (answer, _) in implied.items()}}
    for rule in book.rules:
        fits = [(_fit(condition, whole), condition) for condition in rule.when]
        for wanted in ("yes", "unsure"):
            hit = next((condition for fit, condition in fits if fit == wanted), None)
            if hit is not None:
                told = dict.fromkeys(fact for name in hit for fact in implied.get(name, ("", (name,)))[1])
                yield _finding(book, rule, tuple(told), answers, unsure=wanted == "unsure")
                break


def _implied(book: RuleBook, answers: Mapping[str, Any]) -> dict[str, tuple[str, tuple[str, ...]]]:
    """Answers that follow from other answers, each with the questions that it follows from.

    A fact outweighs a "no" to the question that sums it up; not being sure of the fact outweighs a "no" as well.
    """
    found: dict[str, tuple[str, tuple[str, ...]]] = {}
    for rule in book.implications:
        fit = _fit(rule.when, answers)
        for name, answer in rule.then.items():
            held = found[name][0] if name in found else answers.get(name)
            if fit == "yes" and held != answer:
                found[name] = (answer, tuple(rule.when))
            elif fit == "unsure" and held not in {answer, "not sure"}:
                found[name] = ("not sure", tuple(rule.when))
    return found


def _finding(
    book: RuleBook, rule: Rule, hit: tuple[str, ...], answers: Mapping[str, Any], *, unsure: bool
) -> Finding:
    level, action = rule.level, rule.action
    if unsure and level == LEVELS[0]:
        level, action = book.unsure_level, book.unsure_action
    return Finding(
        rule=rule.id,
        kind=rule.kind,
        level=level,
        because=_because(book, hit, answers),
        statement=rule.statement,
        action=action,
        limit=rule.limit,
        source=rule.source.title,
        url=rule.source.url,
        tier=rule.source.tier,
        # a base rate beside an emergency would reassure where nothing should
        evidence=()
        if rule.level == LEVELS[0]
        else tuple(f"{e.text} ({e.source.title}; {e.source.tier})" for e in rule.evidence),
    )


def _fit(condition: Condition, answers: Mapping[str, Any]) -> Fit:
    """Whether all answers of a condition fit: a clear "no" settles it, then what was not asked."""
    fits = {
        _fits(wanted, answers[name]) if name in answers else "unknown" for name, wanted in condition.items()
    }
    for verdict in ("no", "unknown", "unsure"):
        if verdict in fits:
            return verdict
    return "yes"


def _fits(wanted: Any, answer: Any) -> Fit:
    if answer == "not sure":
        return "unsure"
    if isinstance(wanted, dict):
        above, least, below = (wanted.get(bound) for bound in ("above", "from", "below"))
        inside = (
            (above is None or answer > above)
            and (least is None or answer >= least)
            and (below is None or answer < below)
        )
        return "yes" if inside else "no"
    return "yes" if answer == wanted or (isinstance(wanted, list) and answer in wanted) else "no"


def _because(book: RuleBook, names: Iterable[str], answers: Mapping[str, Any]) -> tuple[str, ...]:
    asks = {question.id: question.ask for question in book.questions}
    return tuple(
        f"{asks[name]} {answers[name]:g}"
        if isinstance(answers[name], float)
        else f"{asks[name]} {answers[name]}"
        for name in names
    )


def _resemblance(book: RuleBook, population: Population, answers: Mapping[str, Any]) -> Resemblance:
    needs = [(_fit(condition, answers), condition) for condition in population.needs]
    excludes = [(_fit(condition, answers), condition) for condition in population.excludes]
    left_out = [condition for fit, condition in excludes if fit == "yes"]
    unlike = [condition for fit, condition in needs if fit == "no"]
    standing: Standing
    if unlike:
        standing = "not like you"
    elif left_out:
        standing = "would have left you out"
    elif any(fit != "yes" for fit, _ in needs) or any(fit != "no" for fit, _ in excludes):
        standing = "cannot tell"
    else:
        standing = "like you"
    reasons = unlike or left_out
    return Resemblance(
        trial=population.trial,
        who=population.who,
        standing=standing,
        because=tuple(line for condition in reasons for line in _because(book, condition, answers)),
        source=population.source.title,
        url=population.source.url,
        tier=population.source.tier,
    )


def _notes(book: RuleBook, answers: Mapping[str, Any]) -> tuple[str, ...]:
    missing = [question for question in book.questions if question.id not in answers]
    if not missing:
        return ()
    count = f"{len(missing)} of {len(book.questions)} questions"
    note = f"{count} were not answered, so this result does not cover them."
    if skipped := _emergencies_open(book, answers):
        note += f" {skipped} of them ask about emergencies."
    return (note,)


def _finding_lines(finding: Finding) -> list[str]:
    lines = [f"[{finding.level}] {finding.statement}", f"  What to do: {finding.action}"]
    if finding.limit:
        lines.append(f"  Limit: {finding.limit}.")
    lines += [f"  You answered: {answer}" for answer in finding.because]
    lines += [f"  How common: {line}" for line in finding.evidence]
    return [*lines, f"  Source: {finding.source} <{finding.url}> ({finding.tier})"]


def _population_lines(populations: tuple[Resemblance, ...]) -> list[str]:
    lines = ["Are you like the people in the trials?"]
    for each in populations:
        why = f" Because: {'; '.join(each.because)}" if each.because else ""
        lines.append(f"  {each.trial}: {each.who}: {each.standing}.{why}")
    return [*lines, "  A trial speaks best for people like those in it."]
