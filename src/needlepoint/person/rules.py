"""Safety rules of a pack: questions, graded rules and trial populations, read from ``rules.toml``.

The rules are data. A condition is a list of alternatives; an alternative fits when all its answers fit:
``when = [{fever = "yes"}, {age = {above = 70}, fall = "yes"}]``.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, cast, get_args

from needlepoint.errors import EvidenceError, PackError
from needlepoint.result import record

__all__ = [
    "LEVELS",
    "Evidence",
    "Implication",
    "Level",
    "Population",
    "Question",
    "Rule",
    "RuleBook",
    "RuleSource",
    "load_rules",
]

Level = Literal[
    "emergency now",
    "doctor today",
    "doctor within days",
    "ask before booking",
    "tell the practitioner",
    "nothing found by these questions",
]
LEVELS: tuple[Level, ...] = get_args(Level)  # most severe first

Tier = Literal["primary", "authority", "secondary", "mirror"]
AnswerKind = Literal["yes/no", "number", "choice"]
Condition = Mapping[str, Any]  # question id -> "yes" | "no" | list of choices | {above, from, below}
BOUNDS = ("above", "from", "below")


@record
class RuleSource:
    """Where a rule was read, and how far that copy is from the original."""

    id: str
    title: str
    url: str
    tier: Tier


@record
class Question:
    """One question; ``choices`` for a choice, ``low`` and ``high`` for a number."""

    id: str
    ask: str
    kind: AnswerKind = "yes/no"
    help: str = ""
    choices: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None


@record
class Implication:
    """Facts that answer a summary question, whatever was said to it: where ``when`` fits, ``then`` holds."""

    id: str
    when: Condition
    then: Mapping[str, str]


@record
class Evidence:
    """A base rate or a measured risk, shown beside a finding."""

    id: str
    text: str
    source: RuleSource


@record
class Rule:
    """What an answer means, how urgent it is and what to do."""

    id: str
    kind: str
    level: Level
    when: tuple[Condition, ...]
    statement: str
    action: str
    source: RuleSource
    evidence: tuple[Evidence, ...] = ()
    limit: str = ""  # what not to have done: "no electric stimulation"


@record
class Population:
    """Whom a trial enrolled: every one of ``needs``, none of ``excludes``."""

    id: str
    trial: str
    who: str
    needs: tuple[Condition, ...]
    excludes: tuple[Condition, ...]
    source: RuleSource


@record
class RuleBook:
    """All the rules of one pack, validated, with the questions in the order of asking."""

    pack: str
    version: str
    reviewed: str
    questions: tuple[Question, ...]
    rules: tuple[Rule, ...]
    implications: tuple[Implication, ...]
    populations: tuple[Population, ...]
    headlines: Mapping[str, str]
    always: tuple[str, ...]
    always_source: RuleSource
    unsure_level: Level
    unsure_action: str


def load_rules(pack: str | Path | None = None) -> RuleBook:
    """Read and validate the safety rules of a pack.

    Parameters
    ----------
    pack
        The id of a pack that comes with needlepoint, or the folder of a pack; the default pack unless told.

    Raises
    ------
    EvidenceError
        The pack has no ``rules.toml``.
    PackError
        An entry is not valid: names the entry and the mend.
    """
    return _read(pack_file(pack, "rules.toml"))


def pack_file(pack: str | Path | None, name: str) -> Path:
    """Path of an optional file of a pack, given by id or by folder.

    Raises
    ------
    EvidenceError
        There is no such file.
    InputError
        There is no such pack.
    """
    from needlepoint.evidence.load import pack_folder

    path = pack_folder(pack) / name
    if not path.is_file():
        raise EvidenceError(f"the pack {path.parent.name!r} has no {name}: it cannot be used for one person")
    return path


@lru_cache(maxsize=4)
def _read(path: Path) -> RuleBook:
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise PackError(f"not valid TOML ({error})", file=path.name, mend="correct the file") from error
    return _Reader(path.name, path.parent.name, table).book()


class _Reader:
    """Turns the table of a file into records, checking every reference."""

    def __init__(self, file: str, pack: str, table: dict[str, Any]) -> None:
        self.file = file
        self.pack = pack
        self.table = table
        self.sources = {row["id"]: RuleSource(**row) for row in self._rows("sources", RuleSource)}
        self.questions = {row["id"]: self._question(row) for row in self._rows("questions", Question)}
        self.evidence = {
            row["id"]: Evidence(id=row["id"], text=row["text"], source=self._source(row))
            for row in self._rows("evidence", Evidence)
        }

    def book(self) -> RuleBook:
        unsure, limits = self._table("unsure"), self._table("limits")
        headlines = self._table("headlines")
        for level in LEVELS:
            if level not in headlines:
                self._refuse("headlines", f"no headline for {level!r}", "give every level its headline")
        rules = tuple(self._rule(row) for row in self._rows("rules", Rule))
        self._check_unsure(unsure)
        return RuleBook(
            pack=self.pack,
            version=str(self.table.get("version", "")),
            reviewed=str(self.table.get("reviewed", "")),
            questions=_in_order(self.questions, rules),
            rules=tuple(sorted(rules, key=lambda rule: LEVELS.index(rule.level))),
            implications=tuple(self._implication(row) for row in self._rows("implications", Implication)),
            populations=tuple(self._population(row) for row in self._rows("populations", Population)),
            headlines=headlines,
            always=tuple(limits.get("always", ())),
            always_source=self._source({"id": "limits", **limits}),
            unsure_level=unsure["level"],
            unsure_action=unsure["action"],
        )

    def _refuse(self, entry: str, problem: str, mend: str) -> None:
        raise PackError(f"{entry}: {problem}", file=self.file, mend=mend)

    def _table(self, name: str) -> dict[str, Any]:
        value = self.table.get(name)
        if not isinstance(value, dict):
            self._refuse(name, "is missing", f"add a [{name}] table")
        return cast("dict[str, Any]", value)

    def _rows(self, name: str, record: type) -> list[dict[str, Any]]:
        """Rows of a list of tables: ids unique, no unknown and no missing fields."""
        fields: dict[str, Any] = record.__dataclass_fields__  # pyright: ignore[reportAttributeAccessIssue]
        needed = {key for key, f in fields.items() if f.default is f.default_factory}  # both are MISSING
        rows: list[dict[str, Any]] = self.table.get(name, [])
        seen: set[str] = set()
        for row in rows:
            entry = f"{name} {row.get('id', '?')!r}"
            if wrong := set(row) - set(fields):
                self._refuse(entry, f"unknown field {sorted(wrong)[0]!r}", f"use {', '.join(fields)}")
            if lacks := needed - set(row):
                self._refuse(entry, f"no {sorted(lacks)[0]!r}", "fill it in")
            if row["id"] in seen:
                self._refuse(entry, "the id stands twice", "give each entry its own id")
            seen.add(row["id"])
        return rows

    def _source(self, row: dict[str, Any]) -> RuleSource:
        source = self.sources.get(row.get("source", ""))
        if source is None:
            self._refuse(
                repr(row["id"]),
                f"unknown source {row.get('source')!r}",
                "add it to [[sources]] or name another",
            )
        return cast("RuleSource", source)

    def _question(self, row: dict[str, Any]) -> Question:
        given: dict[str, Any] = {**row, "choices": tuple(row.get("choices", ()))}
        question = Question(**given)
        entry = f"questions {question.id!r}"
        if question.kind not in get_args(AnswerKind):
            self._refuse(entry, f"unknown kind {question.kind!r}", f"use {', '.join(get_args(AnswerKind))}")
        if question.kind == "choice" and not question.choices:
            self._refuse(entry, "a choice without choices", "list the choices")
        if question.kind == "number" and (question.low is None or question.high is None):
            self._refuse(entry, "a number without low and high", "give both bounds")
        return question

    def _rule(self, row: dict[str, Any]) -> Rule:
        if row["level"] not in LEVELS[:-1]:
            self._refuse(
                f"rules {row['id']!r}", f"unknown level {row['level']!r}", f"use {', '.join(LEVELS[:-1])}"
            )
        if not row["when"]:
            self._refuse(
                f"rules {row['id']!r}", "an empty condition never fires", "say which answers fire it"
            )
        for name in row.get("evidence", ()):
            if name not in self.evidence:
                self._refuse(f"rules {row['id']!r}", f"unknown evidence {name!r}", "add it to [[evidence]]")
        given: dict[str, Any] = {
            **row,
            "when": self._conditions(row, "when"),
            "source": self._source(row),
            "evidence": tuple(self.evidence[name] for name in row.get("evidence", ())),
        }
        return Rule(**given)

    def _implication(self, row: dict[str, Any]) -> Implication:
        for part in ("when", "then"):
            self._conditions({"id": row["id"], part: [row[part]]}, part)
        return Implication(**row)

    def _population(self, row: dict[str, Any]) -> Population:
        parts = {part: self._conditions(row, part) for part in ("needs", "excludes")}
        given: dict[str, Any] = {**row, **parts, "source": self._source(row)}
        return Population(**given)

    def _conditions(self, row: dict[str, Any], part: str) -> tuple[Condition, ...]:
        for condition in row[part]:
            for name, wanted in condition.items():
                if name not in self.questions:
                    self._refuse(repr(row["id"]), f"unknown question {name!r}", "add it to [[questions]]")
                if not _can_fit(self.questions[name], wanted):
                    self._refuse(
                        repr(row["id"]),
                        f"{name} can never be {wanted!r}",
                        f"it is a {self.questions[name].kind}",
                    )
        return tuple(row[part])

    def _check_unsure(self, unsure: dict[str, Any]) -> None:
        if unsure.get("level") not in LEVELS[:-1] or not unsure.get("action"):
            self._refuse("unsure", "needs a level and an action", f"use one of {', '.join(LEVELS[:-1])}")


def _can_fit(question: Question, wanted: Any) -> bool:
    """Whether an answer to the question could ever satisfy what a condition wants."""
    if question.kind == "number":
        return (
            isinstance(wanted, dict) and bool(wanted) and set(cast("dict[str, Any]", wanted)) <= set(BOUNDS)
        )
    if question.kind == "choice":
        return (
            isinstance(wanted, list)
            and bool(wanted)
            and set(cast("list[str]", wanted)) <= set(question.choices)
        )
    return wanted in {"yes", "no"} if isinstance(wanted, str) else False


def _in_order(questions: Mapping[str, Question], rules: Sequence[Rule]) -> tuple[Question, ...]:
    """Questions by the most severe rule that needs them; the file's order within a level."""
    rank = dict.fromkeys(questions, len(LEVELS))
    for rule in rules:
        for condition in rule.when:
            for name in condition:
                rank[name] = min(rank[name], LEVELS.index(rule.level))
    return tuple(sorted(questions.values(), key=lambda question: rank[question.id]))
