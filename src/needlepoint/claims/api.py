"""Check a page: the one place that walks from text to verdicts."""

from __future__ import annotations

import bisect
import dataclasses
from functools import lru_cache
from pathlib import Path

from needlepoint.claims.contradictions import contradictions_of
from needlepoint.claims.facts.extract import Extraction, extract
from needlepoint.claims.facts.standing import derived_standings
from needlepoint.claims.judge import Rows, judge
from needlepoint.claims.model import Proposer, proposals_of
from needlepoint.claims.page.page import Page, read_page
from needlepoint.claims.reading.knowledge import Knowledge, Word, read_knowledge
from needlepoint.claims.reading.lexicon import Ending, Lexicon, words_of
from needlepoint.claims.reading.plain_copy import damage_of, shadow_of
from needlepoint.claims.reading.vocabulary import Vocabulary, vocabulary_of
from needlepoint.claims.result import Check, Judged, Section, Segment
from needlepoint.claims.scorecard import missing_of, notices_of, score_card_of
from needlepoint.claims.summary import summary_of
from needlepoint.evidence.schema import Pack
from needlepoint.result import digest

__all__ = ["check", "check_page", "reader_from", "reader_of"]


@dataclasses.dataclass(frozen=True, slots=True)
class Reader:
    """A pack made ready to read pages with."""

    pack: Pack
    vocabulary: Vocabulary
    main: str  # the condition that the pack is about
    rules_digest: str
    rows: Rows


def check(
    text_or_path: str | Path,
    *,
    pack: str | Path | None = None,
    address: str = "",
    proposer: Proposer | None = None,
) -> Check:
    """Check the health claims of a page against an evidence pack.

    Parameters
    ----------
    text_or_path
        A text, or the path of a file (``.txt``, ``.html``, ``.md``, ``.pdf``), or a web address.
    pack
        Id or folder of the pack; the built-in one on low back pain unless told.
    address
        Where the page stands, for the report, when a text is given.
    proposer
        A language model that may propose further claims (:mod:`needlepoint.claims.model`); none unless given.

    Raises
    ------
    InputError
        The page cannot be read: missing, too large, not a text, an address that is not public.
    PackError
        The pack is not valid.

    Notes
    -----
    Verdicts come from a table of rules over the pack's rows (:data:`needlepoint.claims.rules.effects.RULES`), never
    from a model or from likeness. ``no_good_evidence`` means that the pack covers the topic and holds nothing in
    favour; ``not_in_evidence_base`` that it does not cover the topic.

    >>> found = check("Acupuncture has no side effects.")
    >>> found.claims[0].verdict
    'contradicted'
    """
    return check_page(read_page(text_or_path, address=address), reader_of(pack), proposer=proposer)


@lru_cache(maxsize=8)
def reader_of(pack: str | Path | None = None) -> Reader:
    """Load a pack and build its dictionary, once."""
    from needlepoint.evidence.load import load_pack, pack_folder

    loaded = load_pack(pack)
    return reader_from(loaded, read_knowledge(pack_folder(pack), pack=loaded.id, version=loaded.version))


def reader_from(pack: Pack, knowledge: Knowledge) -> Reader:
    """Make a loaded pack and its page words ready to read with."""
    joined = _join(knowledge, pack)
    main = _main_condition(pack)
    return Reader(pack, vocabulary_of(joined), main, digest(pack.digest, joined), Rows.of(pack, main))


def _main_condition(pack: Pack) -> str:
    """The condition with most trials and published rows."""
    rows = [t.condition for t in pack.trials] + [p.condition for p in pack.published]
    conditions = [t.id for t in pack.terms if t.kind == "condition"]
    return max(conditions, key=rows.count, default="")


def _join(knowledge: Knowledge, pack: Pack) -> Knowledge:
    """The pack's own terms and published rows beside those written for reading pages.

    A phrase that the page words give to one term is not given to another; ignored phrases are left out.
    """
    words = {w.id: w for w in knowledge.words}
    own = Lexicon([(p, w.id) for w in knowledge.words for p in (*w.words, *w.parts)], tuple)
    for term in pack.terms:
        named = dict.fromkeys(_phrase(p) for p in (term.label, term.plain, *term.synonyms) if p)
        free = tuple(n for n in named if n not in knowledge.ignore and not _covered(own, n))
        word = words.get(term.id)
        if word is None:
            word = Word(id=term.id, kind=term.kind, plain=term.plain, words=free, parent=term.parent)
        else:
            word = dataclasses.replace(word, words=(*word.words, *free))
        words[term.id] = word
    standings = (*knowledge.standings, *derived_standings(pack, knowledge.standings))
    covers = tuple(t.id for t in pack.terms if t.kind == "condition")
    return dataclasses.replace(knowledge, words=tuple(words.values()), standings=standings, covers=covers)


def _covered(own: Lexicon[tuple[Ending, ...]], phrase: str) -> bool:
    """True where one pattern of the page words reads the whole phrase."""
    words = phrase.split()
    end = len(words) - 1
    return any((first, last) == (0, end) for _, first, last in own.hits(own.letters(words), 0, end))


def _phrase(text: str) -> str:
    """A term as a pattern: its words as the reader of pages sees them."""
    return " ".join(words_of(shadow_of(text)).text)


def check_page(page: Page, reader: Reader, *, proposer: Proposer | None = None) -> Check:
    """Check a page that has been read, with a pack that has been loaded."""
    shadow = shadow_of(page.text, markdown=page.kind == "md")
    proposals, told = proposals_of(page.text, proposer) if proposer else ([], ())
    found = extract(shadow, reader.vocabulary, reader.main, proposals)
    sections = _sections(found, page)
    starts = [s.char_start for s in sections]
    judged = [
        judge(case, f"C{n:03d}", page.text, _section_at(sections, starts, case.unit.start), reader.rows)
        for n, case in enumerate(found.cases, 1)
    ]
    pairs = contradictions_of(found.cases, [j.claim.id for j in judged])
    damage = damage_of(shadow, found.words)
    clashing = {claim for p in pairs if p.strength == "direct" for claim in (p.a, p.b)}
    broken = [d.char_start for d in damage]
    judged = [_with_issues(j, clashing, broken) for j in judged]
    others = [
        Segment(
            char_start=u.start,
            char_end=u.end,
            quote=page.text[u.start : u.end],
            role=role,
            section=_section_at(sections, starts, u.start),
        )
        for u, role in found.others
    ]
    card = score_card_of(found, judged, page)
    return Check(
        title=page.title or (sections[0].title if sections else ""),
        address=page.address,
        language=page.language,
        date=page.date,
        pack=reader.pack.id,
        pack_version=reader.pack.version,
        inputs=digest(page.text, reader.rules_digest),
        summary_text=summary_of(judged, pairs, card, page),
        notices=notices_of(judged),
        claims=tuple(judged),
        contradictions=tuple(pairs),
        missing=missing_of(card),
        score_card=card,
        damage=damage,
        sections=sections,
        others=tuple(others),
        text=page.text,
        notes=(*page.notes, *told, reader.pack.statement),
    )


def _sections(found: Extraction, page: Page) -> tuple[Section, ...]:
    heads = found.headings
    ends = [h.start for h in heads[1:]] + [len(page.text)] * bool(heads)
    return tuple(
        Section(title=page.text[h.start : h.end].strip(), char_start=h.start, char_end=end)
        for h, end in zip(heads, ends, strict=True)
    )


def _section_at(sections: tuple[Section, ...], starts: list[int], at: int) -> str:
    n = bisect.bisect_right(starts, at)
    return sections[n - 1].title if n else ""


def _with_issues(judged: Judged, clashing: set[str], broken: list[int]) -> Judged:
    """Add what only the whole page shows: a contradiction elsewhere, broken text."""
    claim = judged.claim
    extra: list[str] = []
    if claim.id in clashing:
        extra.append("internal_contradiction")
    if bisect.bisect_left(broken, claim.char_end) > bisect.bisect_left(broken, claim.char_start):
        extra.append("extraction_damage")
    if not extra:
        return judged
    return dataclasses.replace(judged, issues=tuple(dict.fromkeys([*judged.issues, *extra])))
