"""Ask a question in plain words; get the trials' answer with its certainty."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import cast

from needlepoint.answer import people
from needlepoint.answer.asked import first_words
from needlepoint.answer.cell import build_cell
from needlepoint.answer.choose import choose, linked_comparison
from needlepoint.answer.eligible import cell_keys
from needlepoint.answer.fits import fits
from needlepoint.answer.published import alternatives, best_alternatives, covers
from needlepoint.answer.result import Answer, Cell, CellKey
from needlepoint.answer.say import finding
from needlepoint.answer.which_pack import find_pack
from needlepoint.answer.words import Finding, headline, nothing_on_the_point, one_comparison
from needlepoint.certainty.grade import rank
from needlepoint.errors import InputError
from needlepoint.evidence.emergencies import Emergency, find_emergency
from needlepoint.evidence.load import load_pack, pack_folder, pack_ids
from needlepoint.evidence.question import Question, match_question
from needlepoint.evidence.schema import Pack, Source
from needlepoint.evidence.terms import descendants
from needlepoint.result import digest

__all__ = ["ask"]

GROUPS = ("no treatment", "usual care", "sham", "mixed", "active")  # the order in which comparisons are read


def ask(question: str | Question, *, pack: str | Path | Pack | None = None) -> Answer:
    """Answer a question from the evidence pack.

    Parameters
    ----------
    question
        In plain words ("does acupuncture help with lower back pain?"), or an already matched question.
    pack
        A loaded pack, its id, or the folder of a pack of your own; the built-in one when not given.

    Raises
    ------
    EvidenceError
        The pack does not know the treatment or the condition; says what it knows and the closest match.
    PackError
        A pack of your own has an invalid row; names file, row, column and the mend.

    Examples
    --------
    >>> answer = ask("does acupuncture help with lower back pain?")
    >>> answer.question.treatment, answer.cells[0].certainty in {"high", "moderate", "low", "very low"}
    ('acupuncture', True)
    """
    if not isinstance(cast("object", question), str | Question):
        raise InputError("a question is a sentence", field="question", got=question)
    text = question if isinstance(question, str) else question.text
    emergency = find_emergency(text, _folders(pack))
    if emergency is not None:
        return _only_this(text, emergency)
    evidence, asked = _matched(question, pack)
    if asked.about == "choose":
        return _choice(evidence, asked)
    cells = [build_cell(evidence, key) for key in _keys(evidence, asked)]
    population = asked.population or _main_population(cells)
    table, more, notes = _arrange(evidence, asked, cells, population)
    answer = _answer(evidence, asked, table, more, notes)
    if asked.comparator is None or any(c.key.comparator == asked.comparator for c in table):
        return answer
    linked = linked_comparison(evidence, asked)
    return replace(answer, headline=f"{answer.headline} {linked}") if linked else answer


def _folders(pack: str | Path | Pack | None) -> list[Path]:
    """Folders whose signs of an emergency count: the pack's own, or those of all installed packs."""
    if isinstance(pack, Pack):
        return [pack_folder(pack.id)] if pack.id in pack_ids() else []
    return [pack_folder(i) for i in pack_ids()] if pack is None else [pack_folder(pack)]


def _matched(question: str | Question, pack: str | Path | Pack | None) -> tuple[Pack, Question]:
    if isinstance(question, str) and pack is None:
        return find_pack(question)
    evidence = pack if isinstance(pack, Pack) else load_pack(pack)
    return evidence, match_question(question, evidence) if isinstance(question, str) else question


def _only_this(text: str, emergency: Emergency) -> Answer:
    """Where to go now, and nothing else."""
    said = f"{emergency.action} {emergency.statement}"
    asked = Question(text=text.strip(), treatment="", condition="", about="emergency")
    empty: tuple[str, ...] = ()
    return Answer(
        question=asked,
        headline=said,
        words=empty,
        cells=(),
        more=(),
        duration=empty,
        harms=(),
        harm_words=empty,
        alternatives=(),
        alternative_words=empty,
        guidelines=(),
        guideline_words="",
        facts=(),
        missing=empty,
        emergency=emergency,
    )


def _choice(pack: Pack, asked: Question) -> Answer:
    """An answer to "which treatment?": the seam where a network of trials will answer."""
    chosen = choose(pack, asked)
    return Answer(
        question=asked,
        headline=chosen.headline,
        words=chosen.lines,
        cells=(),
        more=(),
        duration=(),
        harms=(),
        harm_words=(),
        alternatives=chosen.rows,
        alternative_words=chosen.lines,
        guidelines=(),
        guideline_words="",
        facts=(),
        missing=pack.missing,
        sources=_sources(pack, (), chosen.rows),
        labels={t.id: t.plain for t in pack.terms},
        red_flags=pack.first,
        pack=pack.title,
        pack_id=pack.id,
        pack_version=pack.version,
        pack_digest=pack.digest,
        pack_statement=pack.statement,
        searched=pack.searched,
        input_digest=digest(pack.digest, "choose", asked.condition),
        notes=asked.notes,
    )


def _keys(pack: Pack, asked: Question) -> tuple[CellKey, ...]:
    """Cells that trials fill, then cells that only published results fill."""
    keys = dict.fromkeys(cell_keys(pack, asked.treatment, asked.condition))
    covered = {(k.comparator, k.outcome, k.window) for k in keys}
    covered |= {(k.comparator, k.outcome, "") for k in keys}
    only = {asked.treatment}
    if not any(p.treatment == asked.treatment and p.role == "lead" for p in pack.published):
        only = descendants(pack, asked.treatment)  # the narrower treatments, where the wider one has no row
    populations = [k.population for k in keys]
    groups = {t.id: t.group for t in pack.terms}
    common = max(set(populations), key=populations.count) if populations else ""
    for row in pack.published:
        if row.treatment not in only or row.condition != asked.condition or row.role != "lead":
            continue
        if (
            row.estimate is None
            or groups.get(row.comparator) not in GROUPS
            or (row.comparator, row.outcome, row.window) in covered
        ):
            continue
        key = CellKey(
            treatment=row.treatment,
            condition=row.condition,
            population=common
            if not row.population or covers(pack, row.population, common)
            else row.population,
            comparator=row.comparator,
            outcome=row.outcome,
            window=row.window,
        )
        keys[key] = None
    return tuple(keys)


def _main_population(cells: Sequence[Cell]) -> str:
    """The population with the most trials, said in the answer."""
    counts: dict[str, int] = {}
    for cell in cells:
        counts[cell.key.population] = counts.get(cell.key.population, 0) + max(cell.k, 1)
    return max(counts, key=counts.__getitem__, default="")


def _arrange(
    pack: Pack, asked: Question, cells: Sequence[Cell], population: str
) -> tuple[tuple[Cell, ...], tuple[Cell, ...], tuple[str, ...]]:
    """Split into the table (one time for each comparison and outcome) and the rest."""
    notes: list[str] = []
    useful = [c for c in cells if c.shown is not None]
    asked_for = [c for c in useful if _matches(pack, asked, c, population)]
    if asked.window is not None and not asked_for:
        asked_for = [c for c in useful if _matches(pack, asked, c, population, any_time=True)]
        if asked_for:
            notes.append("no result at the time you asked about; the times that trials did measure are shown")
    best: dict[tuple[str, str], Cell] = {}
    for cell in sorted(asked_for, key=lambda c: _priority(pack, c)):
        best.setdefault((cell.key.comparator, cell.key.outcome), cell)
    table = sorted(best.values(), key=lambda c: _reading_order(pack, c))
    rest = sorted((c for c in useful if c not in table), key=lambda c: _reading_order(pack, c))
    others = sorted({c.labels["population"] for c in useful if c.key.population != population} - {""})
    if asked.population is None and others and table:
        here = table[0].labels["population"]
        notes.append(
            f"the table is about {here}, where most trials are; also in the pack: {', '.join(others)}"
        )
    return tuple(table), tuple(rest), tuple(notes)


def _matches(pack: Pack, asked: Question, cell: Cell, population: str, *, any_time: bool = False) -> bool:
    groups = {t.id: t.group for t in pack.terms}
    return (
        cell.key.population == population
        and (
            asked.comparator is None
            or cell.key.comparator == asked.comparator
            or (groups.get(asked.comparator) == cell.group and asked.comparator == cell.group)
        )
        and (cell.key.outcome == asked.outcome if asked.outcome else _is_main(pack, cell.key.outcome))
        and (any_time or asked.window in {None, cell.key.window})
    )


def _is_main(pack: Pack, outcome: str) -> bool:
    """Main outcomes stand in the table; a pack that marks none shows all."""
    main = {t.id for t in pack.terms if t.kind == "outcome" and t.role == "main"}
    return not main or outcome in main


def _priority(pack: Pack, cell: Cell) -> tuple[bool, int, int]:
    """Which time stands for a comparison: one that can lead, then most trials, then the earliest."""
    order = {w.id: w.order for w in pack.windows}
    leads = cell.lead == "published" or cell.k > 1
    return not leads, -cell.k, order.get(cell.key.window, 99)


def _reading_order(pack: Pack, cell: Cell) -> tuple[int, str, int, int, str]:
    outcomes = [t.id for t in pack.terms if t.kind == "outcome"]
    windows = {w.id: w.order for w in pack.windows}
    return (
        GROUPS.index(cell.group) if cell.group in GROUPS else len(GROUPS),
        cell.key.comparator if cell.group == "active" else "",
        outcomes.index(cell.key.outcome) if cell.key.outcome in outcomes else len(outcomes),
        windows.get(cell.key.window, 99),
        cell.key.population,
    )


def _answer(
    pack: Pack, asked: Question, table: tuple[Cell, ...], more: tuple[Cell, ...], notes: tuple[str, ...]
) -> Answer:
    labels = {t.id: t.plain for t in pack.terms}
    harms = people.harms_of(pack, asked.treatment)
    guidelines = people.guidelines_of(pack, asked.treatment, asked.condition)
    other = alternatives(pack, asked.treatment, asked.condition)
    duration = people.duration(pack, (*table, *more), table)
    first = first_words(pack, asked, _first_sentence(pack, asked, table, more, labels), duration)
    inputs = digest(pack.digest, asked.treatment, asked.condition, *(c.key for c in (*table, *more)))
    return Answer(
        question=asked,
        headline=first,
        words=tuple(c.statement for c in table if c.statement),
        cells=table,
        more=more,
        duration=duration,
        harms=harms,
        harm_words=tuple(people.harm_sentence(h) for h in harms),
        alternatives=other,
        alternative_words=tuple(
            people.alternative_sentence(pack, row) for row in best_alternatives(pack, other)
        ),
        guidelines=guidelines,
        guideline_words=people.guideline_sentence(guidelines),
        facts=people.facts_of(pack),
        missing=people.missing(pack, table),
        sources=_sources(pack, (*table, *more), [*harms, *guidelines, *other]),
        labels=labels,
        red_flags=pack.first,
        pack=pack.title,
        pack_id=pack.id,
        pack_version=pack.version,
        pack_digest=pack.digest,
        pack_statement=pack.statement,
        searched=pack.searched,
        input_digest=inputs,
        fits=fits(pack, asked, (*table, *more)),
        notes=(*getattr(asked, "notes", ()), *notes),
    )


def _first_sentence(
    pack: Pack, asked: Question, table: Sequence[Cell], more: Sequence[Cell], labels: dict[str, str]
) -> str:
    treatment, condition = labels[asked.treatment], labels[asked.condition]
    if table and table[0].key.treatment != asked.treatment:  # a narrower treatment answers for the wider one
        treatment = table[0].labels["treatment"]
    if asked.comparator is None and (asked.about == "safety" or _is_about_harms(pack, asked)):
        return people.harms_headline(treatment, people.harms_of(pack, asked.treatment))
    if not table and more:
        comparator = labels.get(asked.comparator or "", "")
        return nothing_on_the_point(treatment, condition, comparator, labels.get(asked.outcome or "", ""))
    if asked.comparator is None:
        return headline(treatment, condition, *_leading_findings(pack, asked, table))
    if table and finding(table[0]) is None:
        return table[0].statement
    found = finding(table[0]) if table else None
    return one_comparison(treatment, labels[asked.comparator], condition, found)


def _is_about_harms(pack: Pack, asked: Question) -> bool:
    return any(t.id == asked.outcome and t.role == "harms" for t in pack.terms)


def _leading_findings(
    pack: Pack, asked: Question, table: Sequence[Cell]
) -> tuple[Finding | None, Finding | None, Finding | None]:
    """The comparisons that the first sentence is about: nothing special, sham, another treatment."""
    outcomes = [t.id for t in pack.terms if t.kind == "outcome"]
    primary = asked.outcome or next((o for o in outcomes if any(c.key.outcome == o for c in table)), "")
    main = [c for c in table if c.key.outcome == primary]
    by_group = {
        group: next((f for c in main if c.group == group and (f := finding(c)) is not None), None)
        for group in GROUPS
    }
    nothing, usual = by_group["no treatment"], by_group["usual care"]
    if nothing is None or (usual is not None and rank(usual.certainty) > rank(nothing.certainty)):
        nothing = usual
    return nothing, by_group["sham"], _best_active(main)


def _best_active(cells: Sequence[Cell]) -> Finding | None:
    """The comparison with another treatment, or with mixed controls, that rests on most trials."""
    active = [c for c in cells if c.group in {"mixed", "active"}]
    return finding(max(active, key=lambda c: c.k)) if active else None


def _sources(pack: Pack, cells: Iterable[Cell], rows: Iterable[object]) -> dict[str, Source]:
    ids: dict[str, None] = {}
    for cell in cells:
        for trial in cell.trials:
            ids.update(dict.fromkeys(trial.sources))
        ids.update(dict.fromkeys(p.source for p in cell.published))
        if cell.scale is not None and cell.scale.mid_source:
            ids[cell.scale.mid_source] = None
    for row in rows:
        ids[str(getattr(row, "source", ""))] = None
    known = {s.id: s for s in pack.sources}
    return {i: known[i] for i in ids if i in known}
