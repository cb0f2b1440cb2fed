"""Scores of outcome questionnaires: the rule of each, its room for change, and whether a change is one people notice.

The forms themselves are not shipped: a person or a clinic holds the form, and gives the answers by number. Rules,
licences and their sources stand in ``questionnaires.toml`` of the pack.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, cast

from needlepoint.errors import InputError, PackError
from needlepoint.person.rules import RuleSource, pack_file
from needlepoint.result import Result, record

__all__ = ["SCORES", "Questionnaire", "Score", "load_questionnaires", "score"]

Answers = tuple[float | None, ...]


@record
class Questionnaire:
    """How a form is scored, and who may use it; ``items`` are the lengths that it comes in."""

    id: str
    title: str
    rule: str
    items: tuple[int, ...]
    low: float
    high: float
    answers: tuple[float, float]  # least and most that one item takes
    scoring: str
    scoring_source: RuleSource
    licence: str
    licence_source: RuleSource
    items_verbatim: bool  # whether the form's own sentences are shipped
    form: str  # where to get it
    instrument: str = ""  # its row in instruments.csv, for the change that people notice
    floor: float | None = None  # below it there is little room to get better
    ceiling: float | None = None  # above it there is little room to get worse


@record
class Score(Result):
    """A questionnaire's score; ``low`` to ``high`` is its range, lower is better for all of these.

    ``noticed`` says whether a change from ``before`` is an improvement that most people would notice: by the points
    of the instrument, or by 30 % of the start.
    """

    instrument: str
    title: str
    score: float
    low: float
    high: float
    items: int
    answered: int
    parts: dict[str, float]  # sub-scores, by name
    group: str | None = None  # risk group, where the rule gives one
    before: float | None = None
    change: float | None = None
    change_share: float | None = None  # of the start
    noticed: bool | None = None
    noticed_points: float | None = None
    noticed_source: str = ""
    licence: str
    source: str  # of the scoring rule
    url: str

    def summary(self) -> str:
        """Text for people."""
        lines = [f"{self.title}: {self.score:g} ({self.low:g} is best, {self.high:g} is worst)."]
        if self.group is not None:
            lines.append(f"Risk of lasting trouble: {self.group}.")
        if self.change is not None:
            word = "" if self.noticed is None else " Most people would notice that." if self.noticed else \
                " Most people would not call that a gain."  # fmt: skip
            lines.append(f"Change since the last score: {self.change:+g}.{word}")
        return "\n".join([*lines, *self.notes])


def score(
    instrument: str, answers: Any, *, before: float | None = None, pack: str | Path | None = None
) -> Score:
    """Score a questionnaire from its answers.

    Parameters
    ----------
    instrument
        "nrs", "rmdq", "odi", "peg", "start-back" or "promis-pain-interference".
    answers
        One answer an item, in the form's order, ``None`` for none; or a mapping of item number to answer. For ticks
        (rmdq, start-back) also the numbers of the ticked items: ``"1, 4, 9"``, ``[1, 4, 9]``, ``[]`` for none.
    before
        An earlier score, to judge the change.
    pack
        Id or folder of the pack with ``questionnaires.toml``.

    Raises
    ------
    InputError
        An unknown instrument, an answer that the form does not have, or too few answers for the rule.

    >>> score("rmdq", "1, 4, 9").score
    3.0
    >>> score("odi", [2, 1, 3, None, 2, 2, 1, 0, 2, 2], before=50).noticed
    True
    >>> score("start-back", [1, 1, 0, 0, 1, 1, 1, 1, 0]).group
    'high'
    """
    forms = load_questionnaires(pack)
    name = instrument.strip().casefold().replace("_", "-")
    name = ALIASES.get(name, name)
    if name not in forms:
        raise InputError(
            "no such questionnaire", field="instrument", got=instrument, allowed=", ".join(forms)
        )
    form = forms[name]
    given = _answers(form, answers)
    total, parts, group = SCORES[form.rule](form, given)
    high = 5.0 * len(given) if form.rule == "sum" else form.high
    low = float(len(given)) if form.rule == "sum" else form.low
    return Score(
        instrument=form.id,
        title=form.title,
        score=total,
        low=low,
        high=high,
        items=len(given),
        answered=sum(each is not None for each in given),
        parts=parts,
        group=group,
        **_change(form, total, before, pack),
        licence=form.licence,
        source=form.scoring_source.title,
        url=form.scoring_source.url,
        notes=tuple(_notes(form, given, total)),
    )


ALIASES = {
    "nrs-10": "nrs", "pain": "nrs", "roland-morris": "rmdq", "rmdq-24": "rmdq", "rdq": "rmdq", "oswestry": "odi",
    "start": "start-back", "startback": "start-back", "promis": "promis-pain-interference",
}  # fmt: skip


@lru_cache(maxsize=4)
def load_questionnaires(pack: str | Path | None = None) -> dict[str, Questionnaire]:
    """Questionnaires of a pack, by id.

    Raises
    ------
    EvidenceError
        The pack has no ``questionnaires.toml``.
    PackError
        An entry names a source or a rule that is not there, or ships a form's sentences without a licence.
    """
    path = pack_file(pack, "questionnaires.toml")
    table = tomllib.loads(path.read_text(encoding="utf-8"))
    sources = {row["id"]: RuleSource(**row) for row in table["sources"]}
    found: dict[str, Questionnaire] = {}
    for row in table["questionnaires"]:
        for field in ("scoring_source", "licence_source"):
            if row.get(field) not in sources:
                raise PackError(f"{row['id']}: no {field}", file=path.name, mend="name one of [[sources]]")
        if row["rule"] not in SCORES:
            raise PackError(
                f"{row['id']}: no rule {row['rule']!r}", file=path.name, mend=f"use {', '.join(SCORES)}"
            )
        given: dict[str, Any] = {**row, "items": tuple(row["items"]), "answers": tuple(row["answers"])}
        given |= {field: sources[row[field]] for field in ("scoring_source", "licence_source")}
        found[row["id"]] = Questionnaire(**given)
    return found


def _answers(form: Questionnaire, answers: Any) -> Answers:
    """One answer an item, in the form's order; None where there is none."""
    if isinstance(answers, str):
        plain = answers.strip().casefold()
        listed = plain.replace(";", ",")
        answers = (
            [] if plain in {"", "none"} and _ticks(form) else listed.split("," if "," in listed else None)
        )
        lone = len(answers) == 1
        if _ticks(form) and len(answers) not in form.items:  # numbers of items; a comma too many is no item
            answers = [each for each in answers if each.strip()]
    else:
        lone = isinstance(answers, int | float) and not isinstance(answers, bool)
        answers = [answers] if lone else answers
    if lone and _ticks(form):
        raise InputError(
            "a total, or the number of an item?", field=form.id, got=answers[0],
            mend='for one ticked item write "12," or [12]; a total needs no scoring',
        )  # fmt: skip
    if isinstance(answers, Mapping):
        return _by_number(form, cast("Mapping[Any, Any]", answers))
    if not isinstance(answers, Iterable):
        raise InputError("no list of answers", field=form.id, got=answers, allowed=_wanted(form))
    listed = list(cast("Iterable[Any]", answers))
    everything = list(range(1, form.items[0] + 1))
    if _ticks(form) and (len(listed) not in form.items or [_whole(each) for each in listed] == everything):
        return _ticked(form, listed)
    if len(listed) not in form.items:
        raise InputError(
            "the form has another number of items", field=form.id, got=len(listed), allowed=_wanted(form)
        )
    return tuple(_one(form, i, value) for i, value in enumerate(listed, start=1))


def _ticks(form: Questionnaire) -> bool:
    return form.answers == (0, 1)


def _wanted(form: Questionnaire) -> str:
    low, high = form.answers
    lengths = " or ".join(str(each) for each in form.items)
    return f"{lengths} answers from {low:g} to {high:g}" + (
        ", or the numbers of the ticked items" if _ticks(form) else ""
    )


def _ticked(form: Questionnaire, numbers: Sequence[Any]) -> Answers:
    most = form.items[0]
    chosen: set[int] = set()
    for value in numbers:
        number = _whole(value)
        if number is None or not 1 <= number <= most or number in chosen:
            raise InputError(
                "not the number of an item" if number not in chosen else "an item stands twice",
                field=form.id, got=value, allowed=f"1 to {most}, each once",
            )  # fmt: skip
        chosen.add(number)
    return tuple(1.0 if i in chosen else 0.0 for i in range(1, most + 1))


def _by_number(form: Questionnaire, answers: Mapping[Any, Any]) -> Answers:
    """Answers by item number, as "3", 3, "q3" or "rmdq_3"; items left out have none."""
    most = form.items[0] if len(form.items) == 1 else max(form.items)
    given: dict[int, Any] = {}
    for name, value in answers.items():
        number = _whole(str(name).casefold().rsplit("_", 1)[-1].removeprefix("item").lstrip("q "))
        if number is None or not 1 <= number <= most or number in given:
            raise InputError("not the number of an item", field=form.id, got=name, allowed=f"1 to {most}")
        given[number] = value
    length = most if len(form.items) == 1 else next(n for n in form.items if n >= max(given, default=1))
    return tuple(_one(form, i, given.get(i)) for i in range(1, length + 1))


def _whole(value: Any) -> int | None:
    """A whole number; a bare yes or no is none."""
    try:
        return int(float(value)) if not isinstance(value, bool) and float(value).is_integer() else None
    except (TypeError, ValueError):
        return None


TICK = {
    "yes": 1.0,
    "y": 1.0,
    "true": 1.0,
    "x": 1.0,
    "agree": 1.0,
    "no": 0.0,
    "n": 0.0,
    "false": 0.0,
    "disagree": 0.0,
}


def _one(form: Questionnaire, item: int, value: Any) -> float | None:
    """One item's answer; of several marks in one section the highest."""
    if value is None or str(value).strip() in {"", "nan", "<NA>"}:
        return None
    if isinstance(value, list | tuple | set):
        marks = [_one(form, item, each) for each in cast("Iterable[Any]", value)]
        return max((each for each in marks if each is not None), default=None)
    low, high = form.answers
    text = str(value).strip().casefold().replace(",", ".")
    try:
        number = TICK[text] if _ticks(form) and text in TICK else float(text)
    except ValueError:
        number = float("nan")
    whole = form.rule in {"single", "mean"} or number == round(number, 0)
    if not low <= number <= high or not whole:
        raise InputError(f"item {item}: the form does not have this answer", field=form.id, got=value,
                         allowed=f"{low:g} to {high:g}")  # fmt: skip
    return number


def _all(form: Questionnaire, given: Answers) -> list[float]:
    """Every answer; a rule that has no word on gaps is not stretched over them."""
    found = [each for each in given if each is not None]
    if len(found) < len(given):
        missing = [i for i, each in enumerate(given, start=1) if each is None]
        raise InputError("the rule needs every answer", field=form.id, got=f"no answer to {missing}",
                         mend="answer them, or give no score")  # fmt: skip
    return found


Scored = tuple[float, dict[str, float], str | None]


def _single(form: Questionnaire, given: Answers) -> Scored:
    return _all(form, given)[0], {}, None


def _count(form: Questionnaire, given: Answers) -> Scored:
    del form
    return float(sum(each or 0.0 for each in given)), {}, None


def _percent(form: Questionnaire, given: Answers) -> Scored:
    found = [each for each in given if each is not None]
    if not found:
        raise InputError("no section was answered", field=form.id)
    return 100 * sum(found) / (form.answers[1] * len(found)), {}, None


def _mean(form: Questionnaire, given: Answers) -> Scored:
    found = _all(form, given)
    return sum(found) / len(found), {}, None


def _sum(form: Questionnaire, given: Answers) -> Scored:
    return sum(_all(form, given)), {}, None


def _start_back(form: Questionnaire, given: Answers) -> Scored:
    found = _all(form, given)
    total, distress = sum(found), sum(found[4:])
    group = "high" if distress >= 4 else "low" if total <= 3 else "medium"
    return total, {"distress": distress}, group


SCORES: dict[str, Callable[[Questionnaire, Answers], Scored]] = {
    "single": _single,
    "count": _count,
    "percent": _percent,
    "mean": _mean,
    "sum": _sum,
    "start back": _start_back,
}


def _change(
    form: Questionnaire, total: float, before: float | None, pack: str | Path | None
) -> dict[str, Any]:
    """The change from an earlier score, against the change that people notice."""
    from needlepoint.evidence.load import load_pack

    evidence = load_pack(pack)
    row = next((each for each in evidence.instruments if each.id == form.instrument), None)
    mic = None if row is None else row.mic
    source = next((each.citation for each in evidence.sources if row and each.id == row.source), "")
    fields: dict[str, Any] = {"noticed_points": mic, "noticed_source": source if mic is not None else ""}
    if before is None:
        return fields
    if not form.low <= before <= form.high:
        raise InputError(
            "not on the scale", field="before", got=before, allowed=f"{form.low:g} to {form.high:g}"
        )
    change = total - before
    share = change / before if before > 0 else None
    noticed = None if mic is None else -change >= mic or (share is not None and -share >= NOTICED_SHARE)
    return {**fields, "before": float(before), "change": change, "change_share": share, "noticed": noticed}


NOTICED_SHARE = 0.3  # of the start: Ostelo et al. (2008), doi:10.1097/BRS.0b013e31815e3a10


def _notes(form: Questionnaire, given: Answers, total: float) -> list[str]:
    notes: list[str] = []
    missing = sum(each is None for each in given)
    if missing and form.rule == "count":
        notes.append(f"{missing} sentences have no answer and count as not ticked.")
    elif missing:
        notes.append(f"{missing} of {len(given)} have no answer; the score is that of the others.")
    if form.floor is not None and total < form.floor:
        notes.append(f"A score below {form.floor:g} leaves little room to show that you got better.")
    if form.ceiling is not None and total > form.ceiling:
        notes.append(f"A score above {form.ceiling:g} leaves little room to show that you got worse.")
    return notes
