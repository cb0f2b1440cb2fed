"""Which of the trials had people like the one who is asked about."""

from __future__ import annotations

from collections.abc import Sequence

from needlepoint.answer.result import Cell
from needlepoint.answer.words import joined
from needlepoint.evidence.question import Question
from needlepoint.evidence.schema import Pack

__all__ = ["fits"]

NAMED = 3  # trials named in a line


def fits(pack: Pack, asked: Question, cells: Sequence[Cell]) -> tuple[str, ...]:
    """One line a detail of the person: the trials of such people, or that none is known to be of them.

    A trial counts by the flag that the pack gives it; where the pack has no such flag, that is said.
    """
    labels = {t.trial: t.label for c in cells for t in c.trials}
    trials = [t for t in pack.trials if t.id in labels]
    lines: list[str] = []
    for detail in asked.person:
        such = [t for t in trials if detail.flag and detail.flag in t.flags]
        if detail.flag in pack.flags and such:
            names = joined([labels[t.id] for t in such[:NAMED]])
            more = f" and {len(such) - NAMED} more" if len(such) > NAMED else ""
            lines.append(
                f"{detail.label}: {len(such)} of {len(trials)} trials were in such people ({names}{more})"
            )
        elif detail.flag in pack.flags:
            lines.append(f"{detail.label}: none of the {len(trials)} trials was in such people only")
        else:
            lines.append(f"{detail.label}: the pack does not say which trials had such people")
    return tuple(lines)
