"""Which of many treatments? What the pack can honestly say today; the one place where such a question arrives."""

from __future__ import annotations

from needlepoint.answer.people import alternative_sentence, guidelines_of
from needlepoint.answer.published import alternatives, best_alternatives
from needlepoint.answer.words import joined
from needlepoint.evidence.question import Question
from needlepoint.evidence.schema import Pack, Published
from needlepoint.result import record

__all__ = ["Choice", "choose"]

FIRST_LINE = 3  # treatments named in the sentence


@record
class Choice:
    """What can be said where many treatments are asked about."""

    headline: str
    rows: tuple[Published, ...]  # published results, networks of trials first
    lines: tuple[str, ...]


def choose(pack: Pack, asked: Question) -> Choice:
    """Published comparisons of many treatments first, then each treatment beside its own comparison; no ranking.

    A ranking needs trials joined in a network; until one answers for this pack, none is given.
    """
    plain = {t.id: t.plain for t in pack.terms}
    rows = alternatives(pack, "", asked.condition)
    if asked.population:
        rows = tuple(r for r in rows if r.population in {"", asked.population}) or rows
    networks = tuple(r for r in rows if "network" in r.kind)
    best = best_alternatives(pack, rows)
    ordered = (*networks, *(r for r in best if r not in networks))
    advised = _advised(pack, asked, plain)
    where = plain[asked.condition]
    if not ordered and not advised and (tried := _tried(pack, asked, plain)):
        headline = (
            f"No published result ranks treatments for {where}. Trials tried {joined(tried)}: ask about one."
        )
    elif not ordered and not advised:
        headline = f"No result on any treatment for {where} is in the pack. A doctor can say what is usual."
    else:
        first = f"No trial here ranks all treatments for {where}."
        headline = f"{first} {advised}" if advised else f"{first} Each is shown beside its own comparison."
    return Choice(
        headline=headline, rows=ordered, lines=tuple(alternative_sentence(pack, r) for r in ordered)
    )


def _tried(pack: Pack, asked: Question, plain: dict[str, str]) -> list[str]:
    """The treatments that trials of this condition have tried, most trials first."""
    here = {t.id for t in pack.trials if t.condition == asked.condition}
    kinds = {t.id for t in pack.terms if t.kind == "treatment"}
    arms = [a.treatment for a in pack.arms if a.trial in here and a.treatment in kinds]
    return [plain[i] for i in sorted(set(arms), key=lambda i: (-arms.count(i), i))][:FIRST_LINE]


def _advised(pack: Pack, asked: Question, plain: dict[str, str]) -> str:
    """The treatments that most guidelines of the pack are for."""
    counts: dict[str, int] = {}
    for t in pack.terms:
        if t.kind == "treatment":
            held = guidelines_of(pack, t.id, asked.condition)
            held = tuple(g for g in held if g.condition == asked.condition and g.status != "superseded")
            score = sum((g.position == "for") - (g.position == "against") for g in held)
            if score > 0:
                counts[t.id] = score
    most = sorted(counts, key=lambda i: -counts[i])[:FIRST_LINE]
    return f"Guidelines most often advise {joined([plain[i] for i in most])}." if most else ""
