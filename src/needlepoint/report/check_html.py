"""A checked page as one HTML file: its text with highlights, and a margin of verdicts.

The file stands alone: no script, no picture, nothing fetched. Everything that comes from the page is escaped.
Verdicts differ by sign, underline and word as well as by colour: they survive print and colour blindness.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from pathlib import Path

from needlepoint.claims.result import Check, Criterion, Judged
from needlepoint.options import Verdict
from needlepoint.report.page import link, page

__all__ = ["check_html", "write_check_html"]

# verdict -> sign, word, what it means
SIGNS: dict[Verdict, tuple[str, str, str]] = {
    "supported": ("✓", "supported", "the evidence agrees"),
    "supported_in_part": ("◐", "supported in part", "true of a part of what it says"),
    "overstated": ("▲", "overstated", "stronger than the evidence"),
    "contradicted": ("✕", "contradicted", "the evidence says otherwise"),
    "outdated": ("↺", "outdated", "was true, is no longer"),
    "no_good_evidence": ("○", "no good evidence", "looked for, nothing that shows it"),
    "not_in_evidence_base": (
        "–",
        "not in the evidence base",
        "not covered here: says nothing for or against",
    ),
    "not_checkable": ("?", "not checked", "no row speaks of it, or it is too vague or private to check"),
}
_MET = {"yes": "✓", "partly": "◐", "no": "✕", "not applicable": "–"}
_STYLE = Path(__file__).with_name("check.css")


def write_check_html(check: Check, path: str | Path) -> None:
    """Write :func:`check_html` to a file."""
    Path(path).write_text(check_html(check), encoding="utf-8")


def check_html(check: Check) -> str:
    """A checked page as a self-contained HTML document."""
    body = "\n".join(
        ['<a class="skip" href="#page">Skip to the page</a>', *_head(check), *_page(check), *_foot(check)]
    )
    return page(f"{check.title or 'Checked page'}: checked", body, _STYLE.read_text(encoding="utf-8"))


# ---------------------------------------------------------------------- top
def _head(check: Check) -> Iterator[str]:
    yield '<header class="top">'
    yield '<p class="brand">needlepoint <span>page check</span></p>'
    yield f"<h1>{escape(check.title or 'Checked page')}</h1>"
    facts = [
        check.address,
        f"page of {check.date}" if check.date else "",
        f"evidence: {check.pack} {check.pack_version}",
    ]
    yield f'<p class="facts">{escape(" · ".join(f for f in facts if f))}</p>'
    for notice in check.notices:
        source = link("source", notice.url) if notice.url else ""
        yield f'<p class="notice" role="note"><strong>Read this first.</strong> {escape(notice.text)} {source}</p>'
    yield f'<p class="summary">{escape(check.summary_text)}</p>'
    yield from _bar(check)
    yield "</header>"


def _bar(check: Check) -> Iterator[str]:
    counts = check.counts
    if not counts:
        return
    yield '<ul class="bar" aria-label="Claims by verdict">'
    for verdict, (sign, word, meaning) in SIGNS.items():
        n = counts.get(verdict, 0)
        if n:
            yield (
                f'<li class="v {verdict}" style="flex-grow:{n}" title="{meaning}"><b>{n}</b>'
                f'<span><i aria-hidden="true">{sign}</i> {word}</span></li>'
            )
    yield "</ul>"


# ---------------------------------------------------------------------- the page
def _page(check: Check) -> Iterator[str]:
    yield '<main id="page">'
    yield '<h2 class="label">The page</h2>'
    headings = {s.char_start for s in check.sections}
    asides = [(o.char_start, o.char_end) for o in check.others if o.role in {"advert", "navigation"}]
    at = 0
    for line in check.text.split("\n"):
        start, end = at, at + len(line)
        at = end + 1
        if not line.strip():
            continue
        here = [j for j in check.claims if start <= j.claim.char_start < end]
        first = start + len(line) - len(line.lstrip(" \t#•*-"))
        tag = "h3" if any(start <= h <= first for h in headings) else "p"
        quiet = not here and any(a <= first and end - 2 <= b for a, b in asides)
        body = _marked(check.text, start, end, here)
        yield f'<div class="row{" quiet" if quiet else ""}"><{tag} class="text">{body}</{tag}>'
        if here:
            yield '<div class="margin">'
            told: set[str] = set()
            for j in here:
                yield _note(j, check, fresh=j.why not in told)
                told.add(j.why)
            yield "</div>"
        yield "</div>"
    yield "</main>"


def _marked(text: str, start: int, end: int, here: Sequence[Judged]) -> str:
    parts: list[str] = []
    at = start
    for j in sorted(here, key=lambda j: j.claim.char_start):
        low, high = max(at, j.claim.char_start), min(end, j.claim.char_end)
        if low >= high:
            continue
        parts.append(escape(text[at:low]))
        sign, word, _ = SIGNS[j.verdict]
        parts.append(
            f'<mark class="v {j.verdict}">{escape(text[low:high])}</mark>'
            f'<a class="to {j.verdict}" href="#{escape(j.claim.id)}"'
            f' aria-label="{word}, see note {escape(j.claim.id)}">{sign}</a>'
        )
        at = high
    parts.append(escape(text[at:end]))
    return "".join(parts)


def _note(j: Judged, check: Check, *, fresh: bool) -> str:
    """One verdict in the margin; what is right, or was said just before, is folded away."""
    sign, word, _ = SIGNS[j.verdict]
    open_ = " open" if fresh and j.verdict not in {"supported", "not_checkable"} else ""
    label = f'<i aria-hidden="true">{sign}</i> {word}'
    body = [f'<p class="why">{escape(j.why)}</p>']
    if j.careful:
        body.append(f'<p class="careful"><b>Better:</b> {escape(j.careful)}</p>')
    pairs = [p for p in check.contradictions if j.claim.id in {p.a, p.b} and p.strength == "direct"]
    for pair in pairs[:3]:
        other = pair.b if pair.a == j.claim.id else pair.a
        body.append(
            f'<p class="clash">Clashes with <a href="#{escape(other)}">{escape(other)}</a>: {escape(pair.why)}.</p>'
        )
    body.append(_more(j))
    return (
        f'<details class="judged {j.verdict}" id="{escape(j.claim.id)}"{open_}><summary><b class="v">{label}</b> '
        f'<span class="kind">{j.claim.kind} · {escape(j.claim.id)}</span></summary>{"".join(body)}</details>'
    )


def _more(j: Judged) -> str:
    """Sources on one line; further numbers and issues folded away."""
    if not j.support and not j.issues:
        return ""
    links = dict.fromkeys(link(s.citation or "source", s.url) for s in j.support[:1])
    line = f'<p class="sources">{" · ".join(links)}</p>' if links else ""
    rows = "".join(
        f"<li>{escape(s.text)} {link('source', s.url) if s.url else ''}</li>" for s in j.support[1:]
    )
    chips = "".join(f"<li>{escape(i.replace('_', ' '))}</li>" for i in j.issues)
    folded = (f"<ul>{rows}</ul>" if rows else "") + (f'<ul class="issues">{chips}</ul>' if chips else "")
    if not folded:
        return line
    title = "numbers and issues" if rows and chips else "numbers" if rows else "issues"
    return f'{line}<details class="more"><summary>{title}</summary>{folded}</details>'


# ---------------------------------------------------------------------- below the page
def _foot(check: Check) -> Iterator[str]:
    yield '<section class="below">'
    yield from _clashes(check)
    yield from _card(check.score_card)
    yield from _damage(check)
    if check.notes:
        yield '<h2>About this check</h2><ul class="plain">'
        yield from (f"<li>{escape(note)}</li>" for note in check.notes)
        yield "</ul>"
    yield '<h2>Verdicts</h2><dl class="legend">'
    for verdict, (sign, word, meaning) in SIGNS.items():
        yield f'<div class="v {verdict}"><dt><i aria-hidden="true">{sign}</i> {word}</dt><dd>{meaning}</dd></div>'
    yield "</dl>"
    yield f'<p class="facts">Computed by rules from sourced rows. Digest of page and evidence: {escape(check.inputs)}.'
    yield " This is information on a text, not medical advice.</p></section>"


def _clashes(check: Check) -> Iterator[str]:
    """Contradictions by matter: each sentence once, then which clashes with which."""
    if not check.contradictions:
        return
    quotes = {j.claim.id: j.claim.quote for j in check.claims}
    groups: dict[tuple[str, str, str], list[tuple[str, str]]] = {}
    for p in sorted(check.contradictions, key=lambda p: p.strength):
        groups.setdefault((p.strength, p.slot, p.why), []).append((p.a, p.b))
    yield '<h2>Where the page does not agree with itself</h2><ol class="clashes">'
    for (strength, slot, why), pairs in groups.items():
        word = "contradiction" if strength == "direct" else "tension"
        yield f'<li class="{strength}"><b>{escape(slot)}</b>, {word}: {escape(why)}.'
        for claim in sorted({c for pair in pairs for c in pair}):
            yield f"<blockquote>{_back(claim, quotes)}</blockquote>"
        if len(pairs) > 1:
            yield f'<p class="facts">{escape(", ".join(f"{a} with {b}" for a, b in pairs))}</p>'
        yield "</li>"
    yield "</ol>"


def _back(claim: str, quotes: dict[str, str]) -> str:
    return f'<a href="#{escape(claim)}">{escape(claim)}</a> {escape(" ".join(quotes[claim].split()))}'


def _card(card: Sequence[Criterion]) -> Iterator[str]:
    if not card:
        return
    earned = sum(c.met == "yes" for c in card) + 0.5 * sum(c.met == "partly" for c in card)
    asked = sum(c.met != "not applicable" for c in card)
    yield f'<h2>What a good page would tell <span class="score">{earned:g} of {asked}</span></h2><table class="card">'
    heads = "".join(f'<th scope="col">{word}</th>' for word in ("Criterion", "Met", "Why"))
    yield f"<thead><tr>{heads}</tr></thead><tbody>"
    for c in card:
        yield (
            f'<tr class="m-{c.met.replace(" ", "-")}"><th scope="row">{escape(c.question)}'
            f" <small>{escape(c.after)}</small></th>"
            f'<td><i aria-hidden="true">{_MET[c.met]}</i> {escape(c.met)}</td><td>{escape(c.why)}</td></tr>'
        )
    yield "</tbody></table>"


def _damage(check: Check) -> Iterator[str]:
    if not check.damage:
        return
    yield '<h2>Broken text</h2><p>Left by extraction; nothing was taken from it as a fact.</p><ul class="plain">'
    for d in check.damage[:40]:
        shown = " ".join(check.text[max(0, d.char_start - 15) : d.char_end + 15].split())
        yield f"<li>{escape(d.kind)}: <q>{escape(shown)}</q></li>"
    yield "</ul>"
