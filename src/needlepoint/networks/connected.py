"""Which treatments hang together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from needlepoint.errors import InputError

__all__ = ["parts", "refuse_disconnected"]


def parts(treatments: Sequence[str], designs: Iterable[Sequence[str]]) -> tuple[tuple[str, ...], ...]:
    """The connected parts, largest first; within a part in the order of ``treatments``.

    >>> parts(["A", "B", "C", "D"], [("A", "C"), ("B", "D")])
    (('A', 'C'), ('B', 'D'))
    """
    root = {t: t for t in treatments}

    def find(t: str) -> str:
        while root[t] != t:
            root[t] = root[root[t]]
            t = root[t]
        return t

    for design in designs:
        for other in design[1:]:
            root[find(other)] = find(design[0])
    found: dict[str, list[str]] = {}
    for t in treatments:
        found.setdefault(find(t), []).append(t)
    return tuple(tuple(part) for part in sorted(found.values(), key=len, reverse=True))


def refuse_disconnected(found: tuple[tuple[str, ...], ...]) -> None:
    """Refuse a network in more than one part.

    Raises
    ------
    InputError
        Names the parts.
    """
    if len(found) == 1:
        return
    named = "; ".join(f"({i}) {', '.join(part)}" for i, part in enumerate(found, start=1))
    raise InputError(
        f"the network falls into {len(found)} parts that no trial connects: {named}",
        field="treatment",
        mend='take one part (subset=, or part="largest"), or, where treatments share components, '
        "network_components()",
    )
