"""One paragraph on a page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from needlepoint.claims.page.page import Page
from needlepoint.claims.result import Contradiction, Criterion, Judged

__all__ = ["summary_of"]

_ORDER = (
    ("supported", "supported"),
    ("supported_in_part", "supported in part"),
    ("overstated", "overstated"),
    ("contradicted", "contradicted by the evidence"),
    ("outdated", "outdated"),
    ("no_good_evidence", "without good evidence"),
    ("not_in_evidence_base", "outside the evidence base"),
    ("not_checkable", "not checked"),
)

_LACKS = {  # criterion -> what is not said
    "comparator": "compared with what the treatment helps",
    "size_of_benefit": "how large the benefit is",
    "harms": "what the risks are",
    "rate_of_harms": "how often harm happens",
    "red_flags": "which signs need a doctor at once",
    "no_treatment": "what happens without treatment",
    "alternatives": "what else there is",
    "uncertainty": "what is not known",
    "sources": "where its statements come from",
    "cost": "what it costs",
}


def summary_of(
    judged: Sequence[Judged], pairs: Sequence[Contradiction], card: Sequence[Criterion], page: Page
) -> str:
    """What a reader should know before reading the page."""
    if not judged:
        return "No checkable health claim was found on this page."
    counts = Counter(j.verdict for j in judged)
    parts = [f"{counts[name]} {words}" for name, words in _ORDER if counts[name]]
    text = f"{len(judged)} claim{'s' * (len(judged) != 1)}: {_listed(parts)}."
    worst = next((j for j in judged if j.verdict == "contradicted"), None)
    if worst is not None:
        text += f" Most plainly wrong: “{_short(worst.claim.quote)}”: {_lower_first(worst.why)}"
    direct = sum(p.strength == "direct" for p in pairs)
    if direct:
        text += f" The page contradicts itself in {direct} place{'s' * (direct != 1)}."
    lacks = [_LACKS[c.id] for c in card if c.met == "no" and c.char_start is None and c.id in _LACKS]
    if lacks:
        text += f" It does not say {_listed(lacks[:4])}."
    return text


def _listed(parts: Sequence[str]) -> str:
    if len(parts) < 2:
        return "".join(parts)
    return f"{', '.join(parts[:-1])} and {parts[-1]}"


def _short(quote: str, limit: int = 90) -> str:
    words = " ".join(quote.split())
    return words if len(words) <= limit else words[:limit].rsplit(" ", 1)[0] + " …"


def _lower_first(text: str) -> str:
    return text if text[:2].isupper() else text[:1].lower() + text[1:]
