"""What is settled about a treatment for a condition: given by the pack, or worked out from its published rows."""

from __future__ import annotations

from collections.abc import Iterable

from needlepoint.claims.reading.knowledge import Benefit, Standing
from needlepoint.claims.reading.vocabulary import Vocabulary
from needlepoint.evidence.schema import Pack, Published

__all__ = ["derived_standings", "find_standing", "is_covered"]

_RATIOS = frozenset({"RR", "OR", "HR"})
_ABSOLUTE = frozenset({"MD", "SMD", "WMD", "RD"})
_LARGE_SMD, _LARGE_POINTS = (
    0.5,
    15.0,
)  # Cohen's middle; the important change of a 0-100 pain scale (Ostelo 2008)


def find_standing(
    vocabulary: Vocabulary, treatment: str, conditions: Iterable[str], *, main: str
) -> Standing | None:
    """The row for a treatment (or what it is a kind of) and a condition (or what it is a kind of)."""
    rows = vocabulary.tables.standings
    wanted = list(conditions) or [main]
    for condition in wanted:
        for c in vocabulary.lineage(condition):
            for t in vocabulary.lineage(treatment):
                found = rows.get((t, c)) or rows.get((t, "*"))
                if found is not None:
                    return found
    return None


def is_covered(vocabulary: Vocabulary, treatment: str, conditions: Iterable[str], *, main: str) -> bool:
    """True where treatment and condition belong to what the pack is about."""
    known = treatment in vocabulary.terms
    covers = {main, *vocabulary.knowledge.covers}
    return known and all(covers & set(vocabulary.lineage(c)) for c in conditions)


def derived_standings(pack: Pack, given: Iterable[Standing]) -> list[Standing]:
    """One row for each treatment and condition with published results that the pack does not judge itself."""
    judged = {(s.treatment, s.condition) for s in given}
    groups: dict[tuple[str, str], list[Published]] = {}
    for row in pack.published:
        if row.role != "check":
            groups.setdefault((row.treatment, row.condition), []).append(row)
    sources = {s.id: s for s in pack.sources}
    kinds = {t.id: t.group or t.id for t in pack.terms}
    found: list[Standing] = []
    for (treatment, condition), rows in groups.items():
        if (treatment, condition) in judged:
            continue
        lead = min(rows, key=lambda r: (r.role != "lead", r.estimate is None, -(r.year or 0)))
        source = sources.get(lead.source)
        found.append(
            Standing(
                id=f"derived:{lead.id}",
                treatment=treatment,
                condition=condition,
                benefit=_benefit(rows, kinds),
                text=published_text(lead),
                careful="",
                url=source.url if source else "",
                citation=lead.review,
            )
        )
    return found


def published_text(row: Published) -> str:
    """A published result as one phrase, as its authors printed it."""
    if row.estimate is None:
        return row.statement or row.note
    interval = (
        f" ({row.ci_low:g} to {row.ci_high:g})" if row.ci_low is not None and row.ci_high is not None else ""
    )
    unit = f" [{row.unit}]" if row.unit and row.unit != "SD" else ""
    what = f"{row.review}: {row.treatment} against {row.comparator}, {row.outcome}"
    return f"{what}: {row.metric} {row.estimate:g}{interval}{unit}"


def _benefit(rows: list[Published], groups: dict[str, str]) -> Benefit:
    """Sham-controlled rows decide first: what remains there is the specific effect."""
    sham = [r for r in rows if groups.get(r.comparator) == "sham" or r.comparator in {"sham", "placebo"}]
    for rows_of in (sham, [r for r in rows if r not in sham]):
        signs = [s for r in rows_of if (s := _favours(r)) is not None]
        if not signs:
            continue
        better = sum(signs)
        if better == 0:
            return "none"
        if better < len(signs) / 2:
            return "mixed"
        large = any(_is_large(r) for r in rows_of if _favours(r))
        return "modest" if large or rows_of is not sham else "small"
    return "insufficient"


def _favours(row: Published) -> bool | None:
    """True where the interval excludes no effect in the treatment's favour; None where it cannot be told."""
    if row.ci_low is None or row.ci_high is None or row.better == "":
        return None
    null = 1.0 if row.metric in _RATIOS else 0.0
    if row.metric not in _RATIOS | _ABSOLUTE:
        return None
    return row.ci_high < null if row.better == "lower" else row.ci_low > null


def _is_large(row: Published) -> bool:
    size = abs(row.estimate or 0.0)
    return size >= (_LARGE_SMD if row.metric == "SMD" else _LARGE_POINTS)
