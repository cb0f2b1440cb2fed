"""The first screen of an answer: at most 30 lines of 80 columns, the sentence first, every number traceable."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable

from needlepoint.answer.people import dated
from needlepoint.answer.result import Answer, Cell
from needlepoint.answer.scale import benefit, of_hundred, tells_nothing
from needlepoint.answer.text import Style, certainty_dots, plain
from needlepoint.answer.words import joined, number, ratio_end

__all__ = ["LINES", "WIDTH", "first_screen"]

WIDTH, LINES = 80, 30
COMPARISONS = 3  # rows of the small table
OUTCOMES = 2  # columns of the small table
HEADLINE = 6  # lines
MARK = 15  # width of the name before a line


def first_screen(answer: Answer, *, bold: Style = plain, dim: Style = plain) -> str:
    """The answer on one screen; an emergency is the whole of it.

    ``bold`` and ``dim`` style a line for a terminal.
    """
    if answer.emergency is not None:
        return "\n".join(_emergency(answer, bold))
    blocks = [
        _fill(_urgent(answer), 2),
        [bold(line) for line in _fill(answer.headline, HEADLINE)],
        _table(answer, bold),
    ]
    lines = [line for block in blocks if block for line in ("", *block)][1:]
    end = _fill(_next(answer), 2)
    named = _named(answer, LINES - len(lines) - len(end) - 2)
    return "\n".join([*lines, "", *named, *([""] if named else []), *(dim(line) for line in end)])


def _emergency(answer: Answer, bold: Style) -> list[str]:
    found = answer.emergency
    assert found is not None
    lines = [bold(line) for line in _fill(found.action, 3)] + _fill(found.statement, 4)
    said = f'Your words: "{found.words}".' + (f" Source: {found.source}." if found.source else "")
    return [*lines, *_fill(said, 4)]


def _fill(text: str, most: int, mark: str = "") -> list[str]:
    """Lines of at most 80 columns; a text that needs more than ``most`` lines ends in a mark of omission."""
    if not text:
        return []
    head = f"{mark:<{MARK}}" if mark else ""
    return textwrap.wrap(
        text, WIDTH, initial_indent=head, subsequent_indent=" " * len(head), max_lines=most, placeholder=" …"
    )


def _urgent(answer: Answer) -> str:
    """The first sentence of the pack's urgent signs."""
    return re.split(r"(?<=[.!?])\s", answer.red_flags, maxsplit=1)[0]


def _table(answer: Answer, bold: Style) -> list[str]:
    """Compared with what: two outcomes on 0-100, trials and people, certainty."""
    numeric = [c for c in answer.cells if c.scale is not None and not c.scale.log]
    outcomes = list(dict.fromkeys(c.key.outcome for c in numeric))[:OUTCOMES]
    rows = list(dict.fromkeys(c.key.comparator for c in numeric))[:COMPARISONS]
    if not rows:
        return []
    labels = {c.key.outcome: c.labels["outcome_label"].lower() for c in numeric}
    hundred = all(of_hundred(c.scale) is not None for c in numeric if c.scale is not None)
    unit = "points of 100" if hundred else "points"
    table = [["Compared with", *(f"{labels[o]}" for o in outcomes), "trials (people)", "certainty"]]
    for comparator in rows:
        found = {c.key.outcome: c for c in numeric if c.key.comparator == comparator}
        first = next(found[o] for o in outcomes if o in found)
        table.append(
            [
                first.labels["comparator_label"],
                *(_number(found.get(o)) for o in outcomes),
                _trials(first),
                certainty_dots(first.certainty) + " " + first.certainty,
            ]
        )
    limits = [20, *(19 for _ in outcomes), 15, 16]
    widths = [min(most, max(len(r[i]) for r in table)) for i, most in enumerate(limits)]
    lines = [
        " ".join(_fit(text, w).ljust(w) for text, w in zip(row, widths, strict=True)).rstrip()
        for row in table
    ]
    legend = f"+ better, - worse, in {unit}; in brackets the 95% interval; † published by others."
    return [bold(lines[0]), *lines[1:], *_fill(legend, 2)]


def _fit(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 1].rstrip() + "…"


def _number(cell: Cell | None) -> str:
    if cell is None or cell.shown is None or cell.scale is None:
        return "-"
    if tells_nothing(cell.scale, cell.shown):
        return "cannot tell"
    better, factor = benefit(cell.scale, cell.shown), of_hundred(cell.scale) or 1.0
    value, low, high = (_signed(factor * x) for x in (better.value, better.ci_low, better.ci_high))
    return f"{value} [{low}, {high}]"


def _signed(value: float) -> str:
    text = f"{value:+.0f}"
    return "0" if text in {"+0", "-0"} else text


def _trials(cell: Cell) -> str:
    if cell.leading is not None:
        k, n = cell.leading.k, cell.leading.n
        return f"{k or '?'}†" + (f" ({n:,})" if n else "")
    return f"{cell.k}" + (f" ({cell.n:,})" if cell.n else "")


def _named(answer: Answer, room: int) -> list[str]:
    """The named lines under the table, as many as there is room for; what was not used is always said."""
    unused = _fill(", ".join(answer.question.unused), 1, "Not used")
    lines: list[str] = []
    for mark, text, most in (
        ("For you", "; ".join(answer.fits), 3),
        ("Of 100", _of_100(answer), 3),
        ("Harms", _harms(answer), 2),
        ("Guidelines", _guidelines(answer), 2),
        ("How long", _lasts(answer), 2),
        ("Unsure", _unsure(answer), 2),
        ("Elsewhere", _elsewhere(answer), 4),
        ("Better at all", _ratios(answer), 2),
    ):
        more = _fill(text, most, mark)
        if len(lines) + len(more) + len(unused) <= room:
            lines += more
    return [*lines, *unused]


def _guidelines(answer: Answer) -> str:
    """How many are for and against, with the newest of each."""
    current = [g for g in answer.guidelines if g.status != "superseded"]
    if not current:
        return "none in the pack" if answer.question.treatment else ""
    sides = {"for, or for some": {"for", "conditional"}, "against": {"against"}}
    parts: list[str] = []
    for name, positions in sides.items():
        side = [g for g in current if g.position in positions]
        if side:
            parts.append(f"{len(side)} {name} ({_and_so_on(dated(side[0]), len(side))})")
    return "; ".join(parts)


def _and_so_on(first: str, count: int) -> str:
    return first if count == 1 else f"newest: {first}"


def _of_100(answer: Answer) -> str:
    found = next((c.of_100 for c in answer.cells if c.of_100), "")
    return found.removeprefix("Of 100 ")


def _ratios(answer: Answer) -> str:
    found = [c for c in answer.cells if c.scale is not None and c.scale.log and c.shown is not None]
    texts: list[str] = []
    for c in found[:1]:
        assert c.shown is not None
        assert c.scale is not None
        place = f"{c.labels['outcome']}, against {c.labels['comparator']}"
        if tells_nothing(c.scale, c.shown):
            texts.append(f"{place}: these trials cannot tell")
        else:
            ends = f"{ratio_end(c.shown.ci_low)} to {ratio_end(c.shown.ci_high)}"
            texts.append(f"{place}: {number(c.shown.value)} times as many people ({ends})")
    return "; ".join(texts)


def _harms(answer: Answer) -> str:
    if answer.question.about == "safety":
        return ""  # they are the sentence
    led = [text for harm, text in zip(answer.harms, answer.harm_words, strict=True) if harm.lead]
    chosen = led or list(answer.harm_words[:2])
    if not chosen:
        return (
            ""
            if not answer.question.treatment
            else "no rate in the pack, which does not mean that there are none"
        )
    return "; ".join(_without_interval(text) for text in chosen[:2])


def _without_interval(text: str) -> str:
    return re.sub(r" \(95% interval [^)]*\)", "", text)


def _lasts(answer: Answer) -> str:
    return "" if answer.question.about == "time" or not answer.duration else answer.duration[0]


def _elsewhere(answer: Answer) -> str:
    """For a choice: published results, each against its own comparison."""
    return "; ".join(answer.alternative_words[:2]) if not answer.cells else ""


def _unsure(answer: Answer) -> str:
    weak = [c.labels["comparator"] for c in answer.cells if c.certainty in {"very low", "low", "not judged"}]
    parts = [f"the results against {joined(list(dict.fromkeys(weak))[:3])}"] if weak else []
    silent = [
        c.labels["comparator"]
        for c in answer.cells
        if c.shown and c.scale and tells_nothing(c.scale, c.shown)
    ]
    if silent:
        parts.append(f"nothing can be told against {joined(list(dict.fromkeys(silent))[:2])}")
    return "; ".join([*parts, *_read_as(answer.notes)])


def _read_as(notes: Iterable[str]) -> list[str]:
    return [n for n in notes if " is read as " in n or "read as" in n][:1]


def _next(answer: Answer) -> str:
    place = f"Evidence: {answer.pack} {answer.pack_version}."
    return f"More: --full; every step and source: --explain; a page: --html FILE. {place} Not medical advice."
