"""A cell in words: its informative statement, and the same as a count of people."""

from __future__ import annotations

from dataclasses import replace

from needlepoint.answer import words
from needlepoint.answer.result import ArmSummary, Cell
from needlepoint.answer.scale import benefit, pooled_sd, tells_nothing
from needlepoint.evidence.schema import Published

__all__ = ["display_sd", "finding", "with_words"]


def finding(cell: Cell) -> words.Finding | None:
    """The cell as the words need it; None where there is no number."""
    if cell.shown is None or cell.scale is None or cell.scale.log:
        return None
    better = benefit(cell.scale, cell.shown)
    return words.Finding(
        treatment=cell.labels["treatment"],
        comparator=cell.labels["comparator"],
        outcome=cell.labels["outcome"],
        when=cell.labels["window"],
        benefit=better.value,
        low=better.ci_low,
        high=better.ci_high,
        unit=cell.scale.unit,
        certainty=cell.certainty,
        mid=cell.scale.mid,
        published_by=_publisher(cell.leading),
        more="bad" if cell.labels["more"] == "bad" else "good",
        rival=cell.group == "active",
    )


def _publisher(row: Published | None) -> str:
    return "" if row is None else row.review


def with_words(cell: Cell) -> Cell:
    """The cell with its sentences, made from its numbers."""
    if cell.shown is None:
        return cell
    if cell.scale is not None and cell.scale.log:
        return replace(cell, statement=_response_statement(cell), of_100=_response_of_100(cell))
    found = finding(cell)
    assert found is not None
    sd = display_sd(cell)
    people = "" if sd is None else words.of_100_better_than_average(found, sd)
    return replace(cell, statement=words.statement(found), of_100=people)


def display_sd(cell: Cell) -> float | None:
    """The standard deviation behind the shown unit: the SMD's factor, or the pooled one of the trials' arms."""
    if cell.measure == "SMD" and cell.lead == "own" and cell.scale is not None:
        return cell.scale.factor
    if cell.leading is not None and cell.leading.metric == "SMD" and cell.scale is not None:
        return cell.scale.factor
    return pooled_sd(cell.trials) if cell.lead == "own" else None


def _response_statement(cell: Cell) -> str:
    shown, labels = cell.shown, cell.labels
    assert shown is not None
    assert cell.scale is not None
    people = _counted(cell)
    if people is not None and people[0].events == people[1].events == 0:
        return _nobody(cell, *people)
    if tells_nothing(cell.scale, shown):
        reason = "its interval is very wide" if cell.k == 1 else "they are too few, or differ too much"
        told = f"these trials cannot tell whether {labels['treatment']} changes {labels['outcome']}"
        return f"Compared with {labels['comparator']}, {told}: {reason}."
    worse_is_more = cell.scale.better == "lower"
    better = shown.ci_high < 1 if worse_is_more else shown.ci_low > 1
    unclear = shown.ci_low <= 1 <= shown.ci_high
    verdict = "not clearly different" if unclear else "in favour" if better else "against"
    interval = f"{words.ratio_end(shown.ci_low)} to {words.ratio_end(shown.ci_high)}"
    times = (
        f"{words.number(shown.value)} times as many people had {labels['outcome']} with {labels['treatment']}"
    )
    when = f" {labels['window']}" if labels["window"] else ""
    return (
        f"Compared with {labels['comparator']}, {times}{when} (95% interval {interval}; {verdict}); "
        f"{cell.certainty} certainty."
    )


def _nobody(cell: Cell, treated: ArmSummary, control: ArmSummary) -> str:
    """A ratio of nothing to nothing is a product of the continuity correction: the counts are said instead."""
    labels = cell.labels
    return (
        f"Compared with {labels['comparator']}: nobody had {labels['outcome']}, of {treated.n} people with "
        f"{labels['treatment']} and {control.n} with {labels['comparator']}; {cell.certainty} certainty."
    )


def _counted(cell: Cell) -> tuple[ArmSummary, ArmSummary] | None:
    """People and events of both groups over the trials that give counts; None where none does."""
    arms = [(t.treated, t.control) for t in cell.trials]
    pairs = [(t, c) for t, c in arms if t and c and t.events is not None and c.events is not None]
    if not pairs:
        return None
    treated, control = (
        ArmSummary(n=sum(a.n for a in side), events=sum(a.events or 0 for a in side))
        for side in zip(*pairs, strict=True)
    )
    return treated, control


def _response_of_100(cell: Cell) -> str:
    people = _counted(cell)
    if people is None or not any(arm.events for arm in people):
        return ""
    treated, control = ((arm.events or 0) / arm.n for arm in people)
    if cell.scale is not None and cell.scale.better == "lower":
        return (
            f"Of 100 people, about {round(100 * treated)} had one with {cell.labels['treatment']} and "
            f"{round(100 * control)} with {cell.labels['comparator']}."
        )
    return words.of_100_respond(cell.labels["treatment"], cell.labels["comparator"], treated, control)
