"""Which of many treatments? What the pack can honestly say today; the one place where such a question arrives."""

from __future__ import annotations

from needlepoint.answer.network import PackNetwork, compare_treatments, pack_network
from needlepoint.answer.people import alternative_sentence, guidelines_of
from needlepoint.answer.published import alternatives, best_alternatives
from needlepoint.answer.words import joined
from needlepoint.errors import EvidenceError
from needlepoint.evidence.question import Question
from needlepoint.evidence.schema import Pack, Published
from needlepoint.result import record

__all__ = ["Choice", "choose", "linked_comparison"]

FIRST_LINE = 3  # treatments named in the sentence


@record
class Choice:
    """What can be said where many treatments are asked about."""

    headline: str
    rows: tuple[Published, ...]  # published results, networks of trials first
    lines: tuple[str, ...]


def choose(pack: Pack, asked: Question) -> Choice:
    """The pack's trials joined in a network, then published comparisons, each treatment beside its own.

    Nothing is called best that the trials do not separate.
    """
    plain = {t.id: t.plain for t in pack.terms}
    rows = alternatives(pack, "", asked.condition)
    if asked.population:
        rows = tuple(r for r in rows if r.population in {"", asked.population}) or rows
    networks = tuple(r for r in rows if "network" in r.kind)
    best = best_alternatives(pack, rows)
    ordered = (*networks, *(r for r in best if r not in networks))
    advised = _advised(pack, asked, plain)
    linked = _joined_trials(pack, asked)
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
        if linked:
            headline = " ".join([first, *linked[:2], *([advised] if advised else [])])
    published = (alternative_sentence(pack, r) for r in ordered)
    return Choice(headline=headline, rows=ordered, lines=(*linked[2:], *published))


def _joined_trials(pack: Pack, asked: Question) -> tuple[str, ...]:
    """What the pack's own network says: the first outcome that has one, at the time with most trials."""
    found = _networks(pack, asked)
    if not found:
        return ()
    best = max((f for f in found if f.outcome == found[0].outcome), key=lambda f: len(f.trials))
    return (*best.words[:2], *(line.rstrip(".") for line in best.words[2:]))


def linked_comparison(pack: Pack, asked: Question) -> str:
    """What a network says of two treatments that no usable trial compared; empty where none connects them."""
    both = [f for f in _networks(pack, asked) if {asked.treatment, asked.comparator} <= set(f.treatments)]
    if not both or asked.comparator is None:
        return ""
    best = max((f for f in both if f.outcome == both[0].outcome), key=lambda f: len(f.trials))
    plain = {t.id: t.plain for t in pack.terms}
    found = compare_treatments(best, pack, asked.treatment, asked.comparator)
    way = f"By way of other treatments ({plain[best.outcome]}):"
    caution = [f"Caution: {found.warning}."] if found.warning else []
    said = [way, found.words[0], *caution] if found.evidence == "indirect" else [way, *found.words]
    return " ".join(said)


def _networks(pack: Pack, asked: Question) -> list[PackNetwork]:
    """Every network of the condition's main outcomes, or of what was asked about, in the pack's order."""
    populations = [t.population for t in pack.trials if t.condition == asked.condition]
    if not populations:
        return []
    population = asked.population or max(sorted(set(populations)), key=populations.count)
    main = [t.id for t in pack.terms if t.kind == "outcome" and t.role == "main"]
    found: list[PackNetwork] = []
    for outcome in [asked.outcome] if asked.outcome else main:
        for window in [asked.window] if asked.window else [w.id for w in pack.windows]:
            try:
                one = pack_network(
                    pack, condition=asked.condition, population=population, outcome=outcome, window=window
                )
            except EvidenceError:
                continue
            found.append(one)
    return found


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
