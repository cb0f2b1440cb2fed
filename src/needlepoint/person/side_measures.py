"""What else a diary holds beside pain: function, an unrelated symptom, the person's own judgement, unwanted events."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from needlepoint.person.entries import Entry
from needlepoint.result import record

__all__ = ["SideMeasures", "side_measures"]


@record
class SideMeasures:
    """What else the diary holds: function, the unrelated symptom, the person's own judgement, unwanted events."""

    control_change: float | None
    rmdq_change: float | None
    own_judgement: int | None
    events: tuple[str, ...]


def side_measures(entries: Sequence[Entry], sessions: Sequence[date]) -> SideMeasures:
    """What else the diary holds, newest last."""
    latest = _latest(entries)
    return SideMeasures(
        control_change=_side_change(entries, "control", sessions),
        rmdq_change=_side_change(entries, "rmdq", sessions),
        own_judgement=next((e.global_change for e in latest if e.global_change is not None), None),
        events=tuple(f"{e.day}: {e.event}" for e in reversed(latest) if e.event),
    )


def _latest(entries: Sequence[Entry]) -> list[Entry]:
    """Entries, the newest first."""
    return sorted(entries, key=lambda each: each.day, reverse=True)


def _side_change(entries: Sequence[Entry], name: str, sessions: Sequence[date]) -> float | None:
    """Change of another measure: mean before the first session against the mean of the last four entries."""
    if not sessions:
        return None
    written = sorted((e.day, getattr(e, name)) for e in entries if getattr(e, name) is not None)
    before = [value for day, value in written if day < sessions[0]]
    after = [value for day, value in written if day >= sessions[0]][-4:]
    return sum(after) / len(after) - sum(before) / len(before) if before and after else None
