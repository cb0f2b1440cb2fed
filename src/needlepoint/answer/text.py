"""An answer as text for a terminal of 80 columns; plain when piped."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterable, Sequence

from needlepoint.answer.people import dated
from needlepoint.answer.result import Answer, ArmSummary, Cell, Estimate, Sensitivity, TrialEffect
from needlepoint.answer.scale import benefit, tells_nothing
from needlepoint.answer.words import number, ratio_end
from needlepoint.evidence.schema import Published

__all__ = [
    "answer_text",
    "certainty_dots",
    "chance_text",
    "explain_text",
    "published_text",
    "sensitivity_text",
    "shown_text",
]

WIDTH = 80
ELSEWHERE = 8  # results of other comparisons that are listed when the very question has none
FEW = 3  # comparisons with other treatments get a sentence of their own from this many trials
DOTS = {"high": "●●●●", "moderate": "●●●○", "low": "●●○○", "very low": "●○○○", "not judged": "····"}

Style = Callable[[str], str]


def plain(text: str) -> str:
    """No styling."""
    return text


def certainty_dots(certainty: str) -> str:
    """GRADE's four circles."""
    return DOTS.get(certainty, DOTS["not judged"])


def answer_text(answer: Answer, *, bold: Style = plain, dim: Style = plain) -> str:
    """The whole answer: the one sentence first, then the table, then what a reader needs beside it."""
    blocks = [
        _wrap(answer.red_flags) if answer.red_flags else "",
        _wrap(answer.headline, bold),
        _table(answer.cells, bold),
        _section("What was compared", _elsewhere(answer), bold),
        _section("What that means", _meanings(answer), bold),
        _section("How long it lasts", answer.duration, bold),
        _section("Harms", _harms(answer), bold),
        _section("What guidelines say", _guidelines(answer), bold),
        _section(
            "What else has been tried (each against its own comparison: not a ranking)", _others(answer), bold
        ),
        _section("What is missing here", answer.missing[:4], bold),
        dim(_footer(answer)),
    ]
    return "\n\n".join(block for block in blocks if block)


def _wrap(text: str, style: Style = plain, indent: str = "") -> str:
    lines = textwrap.wrap(text, WIDTH, initial_indent=indent, subsequent_indent=indent)
    return "\n".join(style(line) for line in lines)


def _section(title: str, lines: Iterable[str], bold: Style) -> str:
    body = [textwrap.fill(line, WIDTH, initial_indent="  ", subsequent_indent="    ") for line in lines]
    return "\n".join([bold(title), *body]) if body else ""


def shown_text(cell: Cell) -> str:
    """Difference with its interval in the direction of benefit: "6.1 [1.9, 10] of 100 better"."""
    if cell.shown is None or cell.scale is None:
        return "no number"
    e = cell.shown
    if tells_nothing(cell.scale, e):
        return "these trials cannot tell"
    if cell.scale.log:
        return f"{number(e.value)} times [{ratio_end(e.ci_low)}, {ratio_end(e.ci_high)}]"
    of = cell.scale.unit.removeprefix("points")
    better = benefit(cell.scale, e)
    if better.value < 0:
        return f"{number(-better.value)} [{number(-better.ci_high)}, {number(-better.ci_low)}]{of} worse"
    return f"{number(better.value)} [{number(better.ci_low)}, {number(better.ci_high)}]{of} better"


def _table(cells: Sequence[Cell], bold: Style) -> str:
    """One row a comparison and outcome, at most 80 columns wide."""
    if not cells:
        return ""
    rows = [("Compared with", "Outcome", "Difference [95%]", "Trials", "Certainty")]
    rows += [_row(c) for c in cells]
    widths = [max(len(r[i]) for r in rows) for i in range(5)]
    gaps = 2 * (len(widths) - 1)
    for column, least in ((0, 13), (1, 8)):
        overflow = sum(widths) + gaps - WIDTH
        widths[column] = max(least, widths[column] - max(0, overflow))
    lines: list[str] = []
    previous = ""
    for i, row in enumerate(rows):
        first = "" if row[0] == previous else _fit(row[0], widths[0])
        previous = row[0]
        texts = (first, _fit(row[1], widths[1]), *row[2:])
        line = "  ".join(text.ljust(w) for text, w in zip(texts, widths, strict=True)).rstrip()
        lines.append(bold(line) if i == 0 else line)
    return "\n".join([*lines, _legend(cells)])


def _fit(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 1].rstrip() + "…"


def _row(cell: Cell) -> tuple[str, str, str, str, str]:
    if cell.leading is not None:
        trials = "†" if cell.leading.k is None else f"{cell.leading.k}†"
    else:
        trials = f"{cell.k}" if cell.n is None else f"{cell.k} ({cell.n:,})"
    judged = cell.certainty != "not judged"
    dots = f"{certainty_dots(cell.certainty)} {cell.certainty}" if judged else cell.certainty
    labels = cell.labels
    return labels["comparator_label"], labels["outcome_label"].lower(), shown_text(cell), trials, dots


def _legend(cells: Sequence[Cell]) -> str:
    scales = dict.fromkeys(c.scale.instrument for c in cells if c.scale is not None and c.scale.instrument)
    parts = [f"Points of {', '.join(scales)}."] if scales else []
    if any(c.scale is not None and c.scale.log for c in cells):
        parts.append("Times: how many times as many people.")
    parts.append("Trials: pooled here (people).")
    if any(c.leading for c in cells):
        parts.append("†: published by others.")
    return _wrap(" ".join(parts))


def _meanings(answer: Answer) -> list[str]:
    """Statements for the comparisons that everybody asks about; for other treatments only when asked."""
    groups = {c.group for c in answer.cells}
    asked_for_one = answer.question.comparator is not None or groups == {"active"}
    lines: list[str] = []
    for cell in answer.cells:
        if cell.group == "active" and not asked_for_one and cell.k < FEW:
            continue
        text = " ".join(part for part in (cell.statement, cell.of_100, chance_text(cell)) if part)
        if cell.lead == "published":
            text += f" ({cell.lead_why}{'; ' + cell.notes[-1] if cell.notes else ''}.)"
        elif cell.k in {1, 2} and cell.notes:
            text += f" ({cell.notes[-1]}.)"
        lines.append(f"• {text}")
    return lines


def _elsewhere(answer: Answer) -> list[str]:
    """Where the very question has no result: the results that there are."""
    if answer.cells:
        return []
    lines: list[str] = []
    wanted = answer.question.comparator
    for cell in sorted(answer.more, key=lambda c: c.key.comparator != wanted)[:ELSEWHERE]:
        labels = cell.labels
        who = (
            cell.leading.review if cell.leading is not None else f"{cell.k} trial{'s' if cell.k > 1 else ''}"
        )
        where = ", ".join(x for x in (labels["outcome"], labels["window"], labels["population"]) if x)
        lines.append(f"• against {labels['comparator']}, {where}: {shown_text(cell)} ({who}; {_sure(cell)})")
    return lines


def _sure(cell: Cell) -> str:
    return "certainty not judged" if cell.certainty == "not judged" else f"{cell.certainty} certainty"


def chance_text(cell: Cell) -> str:
    """How likely a benefit is, where our own trials lead: "Chance of any benefit: 99 in 100; ..."."""
    if cell.lead != "own" or cell.p_benefit is None:
        return ""
    text = f"Chance of any benefit, from these trials: {_in_100(cell.p_benefit)}"
    if cell.p_important is not None:
        text += f"; of an important one: {_in_100(cell.p_important)}"
    return f"{text}."


def _in_100(probability: float) -> str:
    if probability > 0.99:
        return "over 99 in 100"
    return "under 1 in 100" if probability < 0.01 else f"{100 * probability:.0f} in 100"


def _harms(answer: Answer) -> list[str]:
    led = [text for harm, text in zip(answer.harms, answer.harm_words, strict=True) if harm.lead]
    rest = len(answer.harms) - len(led)
    more = [f"({rest} more rates, with their sources: --html or --json)"] if led and rest else []
    return [f"• {text}" for text in (led or answer.harm_words)] + more


def _others(answer: Answer) -> list[str]:
    return [f"• {text}" for text in answer.alternative_words]


def _guidelines(answer: Answer) -> list[str]:
    lines = [answer.guideline_words]
    for g in answer.guidelines:
        status = "" if g.status in {"current", "unknown"} else f" [{g.status}]"
        reason = f" Why: {g.reason}" if g.reason else ""
        lines.append(f"• {dated(g)}{status}: {g.position}. {g.statement}{reason}")
    return lines


def published_text(row: Published) -> str:
    """A published number as it was printed, with who printed it."""
    if row.estimate is None:
        return f"{row.statement} ({row.review})"
    interval = "" if row.ci_low is None or row.ci_high is None else f" [{row.ci_low:g}, {row.ci_high:g}]"
    unit = f" on {row.unit}" if row.unit else ""
    stated = row.certainty not in {"", "not judged"}
    certainty = f", {row.certainty} certainty" if stated else ", certainty not stated"
    return f"{row.metric} {row.estimate:g}{interval}{unit} ({row.review}{certainty})"


def _footer(answer: Answer) -> str:
    notes = [f"Note: {n}." for n in answer.notes]
    statement = (
        f"{answer.pack_statement} Evidence: {answer.pack} {answer.pack_version} ({answer.pack_digest})"
    )
    searched = f", searched {answer.searched}" if answer.searched else ""
    end = f"{statement}{searched}. Not medical advice. Every step: --explain; page with sources: --html FILE."
    return "\n".join(textwrap.fill(line, WIDTH) for line in [*notes, end])


def explain_text(answer: Answer) -> str:
    """Every step with its numbers: rows, effect sizes, pooling, certainty, what was left out and why."""
    lines = [f"Question: {answer.question.text}", f"  matched: {_matched(answer)}", ""]
    for cell in (*answer.cells, *answer.more):
        lines += [*_explain_cell(cell, answer), ""]
    return "\n".join(lines)


def _matched(answer: Answer) -> str:
    q = answer.question
    parts = {
        "treatment": q.treatment,
        "condition": q.condition,
        "population": q.population,
        "comparator": q.comparator,
        "outcome": q.outcome,
        "time": q.window,
    }
    return ", ".join(f"{k} {v}" for k, v in parts.items() if v)


def _explain_cell(cell: Cell, answer: Answer) -> list[str]:
    labels = cell.labels
    place = ", ".join(x for x in (labels["outcome"], labels["window"], labels["population"]) if x)
    lines = [f"== {labels['treatment']} against {labels['comparator']}: {place}"]
    for trial in cell.trials:
        lines += _explain_trial(trial, answer)
    if cell.estimate is not None and cell.k:
        lines.append(_explain_pooling(cell))
    if cell.scale is not None and cell.shown is not None:
        lines.append(f"   shown: {shown_text(cell)} ({cell.scale.how})")
    if cell.classical is not None and cell.scale is not None:
        lines.append(f"   classical interval: {_ends(cell.classical)} {cell.scale.unit}")
    lines += [
        f"   also: {s.label}: {sensitivity_text(s)}{'; ' + s.why if s.why else ''}" for s in cell.sensitivity
    ]
    lines += [f"   check: {text}" for text in (cell.influence, cell.small_study) if text]
    if cell.grade is not None:
        lines += [f"   {line}" for line in cell.grade.summary().splitlines()]
    if cell.lead_why:
        lines.append(f"   lead: {cell.lead_why}")
    lines += [f"   published by others: {published_text(p)}; source {p.source}" for p in cell.published]
    lines += [f"   left out: {e.trial}: {e.what}: {e.why}" for e in cell.excluded]
    return lines


def _ends(e: Estimate) -> str:
    return f"{number(e.value)} [{number(e.ci_low)}, {number(e.ci_high)}]"


def sensitivity_text(s: Sensitivity) -> str:
    """A sensitivity analysis: "-6.2 [-9.7, -2.6] points of 100 (k=5)"."""
    shown = s.shown
    value, low, high = number(shown.value), number(shown.ci_low), number(shown.ci_high)
    return f"{value} [{low}, {high}] {s.unit} (k={s.k})"


def _explain_trial(trial: TrialEffect, answer: Answer) -> list[str]:
    arms = [_arm(trial.treated, "treated"), _arm(trial.control, "control")]
    text = (
        f"   {trial.label}: {trial.instrument_label}, {trial.kind}; {'; '.join(a for a in arms if a)}; "
        f"yi {trial.yi:.4f}, vi {trial.vi:.5f}, weight {trial.weight:.1%}; rows {', '.join(trial.rows)}"
    )
    lines = [text, *(f"      derived: {how}" for how in trial.derived)]
    for source in trial.sources:
        if source in answer.sources:
            s = answer.sources[source]
            lines.append(f"      source: {s.citation} ({s.kind}) {s.url}")
    return lines


def _arm(arm: ArmSummary | None, name: str) -> str:
    if arm is None:
        return ""
    mean, sd, events, n = arm.mean, arm.sd, arm.events, arm.n
    if events is not None:
        return f"{name} {events}/{n}"
    if mean is not None:
        return f"{name} {mean:.4g} (sd {sd or 0:.4g}, n {n})"
    return f"{name} n {n}"


def _explain_pooling(cell: Cell) -> str:
    text = f"   {cell.method}: {cell.measure} {cell.estimate:.4f} [{cell.ci_low:.4f}, {cell.ci_high:.4f}], k={cell.k}"
    if cell.tau2 is not None and cell.i2 is not None and cell.q is not None and cell.q_p is not None:
        text += f", tau² {cell.tau2:.4f}, I² {cell.i2:.0%}, Q {cell.q:.2f} (p {cell.q_p:.2g})"
    if cell.pi_low is not None and cell.pi_high is not None:
        text += f", prediction [{cell.pi_low:.4f}, {cell.pi_high:.4f}]"
    return text
