"""Text -> mentions of a pack's terms: longest phrase first, then close spellings."""

from __future__ import annotations

import difflib
import re
import unicodedata
from dataclasses import dataclass

from needlepoint.evidence.schema import Pack

__all__ = ["FILLER", "Mention", "Phrases", "find_mentions", "phrases", "tokens"]

CLOSE = 0.83  # likeness of a misspelling; "homeopathy" is 0.80 like "osteopathy", "ibuprophen" 0.84 like "ibuprofen"
SHORTEST = 5  # letters; shorter words differ too little from each other
Span = tuple[str, ...]

# words of the language, not of a field: never a treatment or a condition by themselves
_FILLER = """
a about actually adult adults after again against all alone also alternative am an and any anybody
anyone anything are around as ask asked at away bad be beat beats because been before being best better
between big but by can chance choice come compare compared comparing comparison could cure cured cures
curing d day days did difference do does doing done dont down each ease eases easing effect effective
effectively effectiveness effects efficacy else even ever every evidence feel few find first fix fixes
follow followup for found from gave get gets getting give given gives go going good got great had happen
has have having he heal healing heals help helped helpful helping helps her here him his how i if im
improve improved improves improving in inferior instead is it its ive just kind know later less like
likely little ll long lot m make makes many may maybe me mean mine month months more most much my myself
need never new no not now of off ok on one only option or other our out over patient patients people
person please proof prove proven quick quickly rather re real reality really recommend recommended
reduce reduced reduces reducing relief relieve relieved relieves relieving research results s same say
says science scientific see severe she should show shown shows side since so some someone something
still stop stops studies study such suffer sufferers suffering suffers superior sure t take taking tell
terrible than thank thanks that the their them then therapies therapy there these they thing things
think this those to too treat treated treating treatment treatments trial trials true try trying up us
use used useful using usually v ve versus very vs want was way we week weeks well were what whats when
where whether which while who whom why will with within without work worked working works worse worth
would year years yet you your youre
mum mums mom moms mother mothers dad dads father fathers sister sisters brother brothers aunt uncle gran granny
grandma grandpa grandmother grandfather wife husband partner friend son daughter neighbour neighbor nan
reader readers hi hello dear doctor hurt hurts old today morning night course courses session sessions serious
"""
FILLER = frozenset(_FILLER.split())


@dataclass(frozen=True, slots=True)
class Mention:
    """A span of tokens that names a term; ``typed`` is set where the spelling was only close."""

    kind: str
    id: str
    start: int
    end: int
    typed: str = ""


@dataclass(frozen=True, slots=True)
class Phrases:
    """Every phrase of a pack, as tokens, with what it may name."""

    exact: dict[Span, tuple[tuple[str, str], ...]]
    longest: int


def tokens(text: str) -> list[str]:
    """Words in lower case, without accents, apostrophes and hyphens."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    plain = "".join(c for c in plain if not unicodedata.combining(c))
    return re.findall(r"[^\W_]+", re.sub(r"['’]", "", plain))


def phrases(pack: Pack) -> Phrases:
    """The phrases of a pack; built once for each content."""
    if pack.digest not in _BUILT:
        _BUILT[pack.digest] = _build(pack)
    return _BUILT[pack.digest]


_BUILT: dict[str, Phrases] = {}


def _build(pack: Pack) -> Phrases:
    found: dict[Span, dict[tuple[str, str], None]] = {}
    named = [(t.kind, t.id, (t.id, t.label, t.plain, *t.synonyms)) for t in pack.terms]
    named += [("unlike", t.id, t.unlike) for t in pack.terms]
    named += [("window", w.id, (w.id, w.label, *w.synonyms)) for w in pack.windows]
    for kind, id_, words in named:
        for word in words:
            span = tuple(tokens(word))
            if span:
                found.setdefault(span, {})[(kind, id_)] = None
    return Phrases({s: tuple(names) for s, names in found.items()}, max(map(len, found), default=0))


def find_mentions(words: list[str], index: Phrases, claimed: frozenset[int] = frozenset()) -> list[Mention]:
    """Mentions in the order of the text; a longer phrase beats the shorter ones inside it.

    ``claimed`` words say something else already ("cover" is no "recover"): only exact phrases are read from them.
    """
    taken = [False] * len(words)
    found: list[Mention] = []
    for length in range(min(index.longest, len(words)), 0, -1):
        for start in range(len(words) - length + 1):
            names = index.exact.get(tuple(words[start : start + length]))
            if names and not any(taken[start : start + length]):
                taken[start : start + length] = [True] * length
                found += [Mention(kind, id_, start, start + length) for kind, id_ in names]
    taken = [t or at in claimed for at, t in enumerate(taken)]
    found += _misspelt(words, taken, index)
    return sorted(found, key=lambda m: m.start)


def _misspelt(words: list[str], taken: list[bool], index: Phrases) -> list[Mention]:
    """Close spellings among the words that nothing has claimed."""
    found: list[Mention] = []
    joined = {" ".join(span): names for span, names in index.exact.items()}
    for length in (3, 2, 1):
        for start in range(len(words) - length + 1):
            part = words[start : start + length]
            text = " ".join(part)
            if any(taken[start : start + length]) or len(text) < SHORTEST or set(part) & FILLER:
                continue
            solid = text.replace(" ", "")
            near = [p for p in joined if p.count(" ") == length - 1 or p.replace(" ", "") == solid]
            near = [p for p in near if abs(len(p) - len(text)) <= 3 and len(p) >= SHORTEST]
            close = difflib.get_close_matches(text, near, n=1, cutoff=CLOSE)
            if close:
                taken[start : start + length] = [True] * length
                found += [Mention(k, i, start, start + length, text) for k, i in joined[close[0]]]
    return found
