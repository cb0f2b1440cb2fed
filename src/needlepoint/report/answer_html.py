"""An answer as one self-contained page: the sentence, the table, a forest plot a comparison, sources everywhere."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from needlepoint.answer.people import dated
from needlepoint.answer.probability import PRIOR
from needlepoint.answer.result import Answer, Cell
from needlepoint.answer.text import (
    certainty_dots,
    chance_text,
    published_text,
    sensitivity_text,
    shown_text,
)
from needlepoint.answer.words import number
from needlepoint.evidence.schema import Guideline, Published
from needlepoint.report.forest_html import forest_html
from needlepoint.report.glance_html import glance_html
from needlepoint.report.page import bullets, items, link, page, section

__all__ = ["answer_html"]


def answer_html(answer: Answer) -> str:
    """The page; needs no network, carries no scripts."""
    return page(answer.question.text, "\n".join(part for part in _parts(answer) if part))


def _parts(answer: Answer) -> Iterable[str]:
    yield f"<header><h1>{escape(answer.question.text)}</h1>"
    if answer.red_flags:
        yield f'<p class="first" role="note">{escape(answer.red_flags)}</p>'
    yield f'<p class="headline">{escape(answer.headline)}</p></header>'
    yield "<main>"
    yield section("At a glance", glance_html(answer))
    yield section("By comparison", _table(answer))
    yield section("What that means", items(_meaning(c) for c in answer.cells))
    yield section("How long it lasts", bullets(answer.duration))
    yield section("Harms", items(_harms(answer)))
    yield section("What guidelines say", _guidelines(answer))
    note = '<p class="note">Each against its own comparison, as published by others: not a ranking.</p>'
    others = bullets(answer.alternative_words)
    every = items(_published(row, answer) for row in answer.alternatives)
    details = f"<details><summary>Every published result, with its source</summary>{every}</details>"
    yield section("What else has been tried", note + others + details if others else "")
    yield section("What is missing here", bullets(answer.missing))
    yield section("The numbers, trial by trial", "".join(_details(c, answer) for c in answer.cells))
    yield section(
        "Other times, outcomes and people", "".join(_details(c, answer, shut=True) for c in answer.more)
    )
    yield "</main>"
    yield _footer(answer)


def _anchor(cell: Cell) -> str:
    key = cell.key
    parts = (key.population, key.comparator, key.outcome, key.window)
    return "cell-" + "-".join(p.replace(" ", "_") for p in parts if p)


def _table(answer: Answer) -> str:
    if not answer.cells:
        return ""
    head = "".join(
        f'<th scope="col">{title}</th>'
        for title in ("Compared with", "Outcome", "Difference [95% interval]", "Trials (people)", "Certainty")
    )
    rows = "".join(_row(c) for c in answer.cells)
    units = dict.fromkeys(
        f"{c.labels['outcome']}: {c.scale.unit}{f' on {c.scale.instrument}' if c.scale.instrument else ''}"
        for c in answer.cells
        if c.scale is not None
    )
    note = f'<p class="note">Units: {escape("; ".join(units))}.</p>'
    return f'<table class="answer"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>{note}'


def _row(cell: Cell) -> str:
    trials = f"{cell.k}" if cell.n is None else f"{cell.k} ({cell.n:,})"
    if cell.leading is not None:
        k = "" if cell.leading.k is None else f"{cell.leading.k} trials, "
        trials = f'<span class="tag">{k}published by {escape(cell.leading.review)}</span>'
    when = f"<br><span class=note>{escape(cell.labels['window'])}</span>" if cell.labels["window"] else ""
    return (
        f'<tr><th scope="row">{escape(cell.labels["comparator"])}</th>'
        f'<td data-label="Outcome">{escape(cell.labels["outcome"])}{when}</td>'
        f'<td class="num" data-label="Difference"><a href="#{escape(_anchor(cell), quote=True)}">'
        f"{escape(shown_text(cell))}</a></td>"
        f'<td data-label="Trials">{trials}</td>'
        f'<td data-label="Certainty"><span class="dots" aria-hidden="true">{certainty_dots(cell.certainty)}</span> '
        f"{escape(cell.certainty)}</td></tr>"
    )


def _meaning(cell: Cell) -> str:
    why = f' <span class="note">({escape(cell.lead_why)})</span>' if cell.lead == "published" else ""
    counted = " ".join(part for part in (cell.of_100, chance_text(cell)) if part)
    people = f"<br>{escape(counted)}" if counted else ""
    return f"{escape(cell.statement)}{people}{why}"


def _harms(answer: Answer) -> Iterable[str]:
    for harm, text in zip(answer.harms, answer.harm_words, strict=True):
        yield f"{escape(text)} {_source(harm.source, answer)}"


def _source(source_id: str, answer: Answer) -> str:
    source = answer.sources.get(source_id)
    if source is None:
        return ""
    return f'<span class="note">({link(source.citation, source.url)}; {escape(source.kind)})</span>'


def _guidelines(answer: Answer) -> str:
    if not answer.guidelines:
        return ""
    return f"<p>{escape(answer.guideline_words)}</p>" + items(
        _guideline(g, answer) for g in answer.guidelines
    )


def _guideline(g: Guideline, answer: Answer) -> str:
    status = "" if g.status in {"current", "unknown"} else f' <span class="tag">{escape(g.status)}</span>'
    reason = f" <em>Why: {escape(g.reason)}</em>" if g.reason else ""
    return (
        f"<strong>{escape(dated(g))}</strong>{status}: {escape(g.position)}. {escape(g.statement)}{reason} "
        f"{_source(g.source, answer)}"
    )


def _published(row: Published, answer: Answer) -> str:
    name = answer.labels.get(row.treatment, row.treatment)
    against = answer.labels.get(row.comparator, row.comparator)
    outcome = answer.labels.get(row.outcome, row.outcome)
    return (
        f"<strong>{escape(name)}</strong> against {escape(against)}, {escape(outcome)}: "
        f"{escape(published_text(row))} {_source(row.source, answer)}"
    )


def _details(cell: Cell, answer: Answer, *, shut: bool = False) -> str:
    labels = cell.labels
    where = ", ".join(x for x in (labels["outcome"], labels["window"], labels["population"]) if x)
    title = f"Against {labels['comparator']}: {where} — {shown_text(cell)}"
    parts = [
        forest_html(cell, answer.sources),
        _method(cell),
        items(_sensitivities(cell)),
        _certainty(cell),
        items(f"Published by others: {_published(p, answer)}" for p in cell.published),
        items(f"Left out: {escape(e.trial)}, {escape(e.what)}: {escape(e.why)}" for e in cell.excluded),
    ]
    anchor = escape(_anchor(cell), quote=True)
    body = "\n".join(p for p in parts if p)
    return f'<details id="{anchor}"{"" if shut else " open"}><summary>{escape(title)}</summary>\n{body}\n</details>\n'


def _method(cell: Cell) -> str:
    if not cell.k or cell.estimate is None:
        return f'<p class="note">{escape(cell.lead_why)}</p>' if cell.lead_why else ""
    bits = [f"{cell.method}, {cell.measure} on the analysis scale {number(cell.estimate, 3)}"]
    if cell.i2 is not None and cell.tau2 is not None:
        bits.append(f"I² {cell.i2:.0%}, τ² {number(cell.tau2, 3)}")
    if cell.shown_pi is not None:
        bits.append(f"a new trial would find {number(cell.shown_pi[0])} to {number(cell.shown_pi[1])}")
    if cell.scale is not None and cell.scale.how:
        bits.append(cell.scale.how)
    if cell.p_benefit is not None:
        bits.append(f"chances of benefit{_credible(cell)} under a {PRIOR}")
    bits += [*cell.notes, cell.influence, cell.small_study]
    return f'<p class="note">{escape("; ".join(b for b in bits if b))}.</p>'


def _credible(cell: Cell) -> str:
    if cell.credible is None:
        return ""
    c = cell.credible
    return f" and the credible interval {number(c.value)} [{number(c.ci_low)}, {number(c.ci_high)}]"


def _sensitivities(cell: Cell) -> Iterable[str]:
    for s in cell.sensitivity:
        why = f"; {s.why}" if s.why else ""
        yield escape(f"{s.label}: {sensitivity_text(s)}{why}")


def _certainty(cell: Cell) -> str:
    if cell.grade is None:
        return ""
    rows = "".join(
        f'<tr><th scope="row">{escape(d.name)}</th>'
        f"<td>{'not judged' if d.levels is None else f'−{d.levels}' if d.levels else '0'}</td>"
        f'<td>{escape(d.rule)} <span class="note">({escape(d.number)})</span></td></tr>'
        for d in cell.grade.domains
    )
    whose = " of our own trials" if cell.lead == "published" else ""
    return f"<h3>Certainty{whose} (GRADE): {escape(cell.grade.certainty)}</h3><table>{rows}</table>"


def _footer(answer: Answer) -> str:
    notes = "".join(f"<p>{escape(n)}.</p>" for n in answer.notes)
    about = f"{answer.pack_statement} Evidence: {answer.pack} {answer.pack_version} ({answer.pack_digest})"
    if answer.searched:
        about += f", searched {answer.searched}"
    return f"<footer>{notes}<p>{escape(about)}. Not medical advice.</p></footer>"
