"""A decision aid as one self-contained page; ``data-ipdas`` names the IPDAS items that a section meets."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from needlepoint.figures.icon_array import icon_array
from needlepoint.person.choices import Benefit, Choice, Count
from needlepoint.person.decide import Decision
from needlepoint.report.page import bullets, items, link, page
from needlepoint.report.person_page import DARK, inline_svg

__all__ = ["decide_html"]

CSS = """
article { border: 1px solid var(--line); border-radius: .6rem; padding: .9rem 1.1rem; margin: 1rem 0; }
article h3 { font-size: 1.12rem; margin-bottom: .4rem; }
dl { display: grid; grid-template-columns: 9.5rem 1fr; gap: .35rem 1rem; margin: 0; }
dt { font-weight: 600; color: var(--soft); } dd { margin: 0; } dd ul { margin: 0; padding-left: 1.1rem; }
svg.figure { width: 100%; max-width: 20rem; height: auto; display: block; margin: .3rem 0; }
td, dd, li { overflow-wrap: anywhere; } th { overflow-wrap: break-word; }
fieldset { min-width: 0; border: 1px solid var(--line); border-radius: .6rem; margin: .6rem 0; padding: .5rem 1rem; }
input[type=range] { width: 100%; accent-color: var(--blue); height: 2rem; }
.ends { display: flex; justify-content: space-between; font-size: .85rem; color: var(--soft); }
.emergency { border-left: 6px solid #b00020; background: #fdecee; padding: 1rem 1.2rem; }
@media (max-width: 42rem) {
  dl { grid-template-columns: 1fr; gap: .1rem; } dt { margin-top: .5rem; }
  tbody th { font-weight: 400; } th, td { padding: .4rem .3rem; }
}
@media print {
  html { font-size: 10.5pt; line-height: 1.4; } h2 { margin-top: 1.2rem; break-after: avoid; }
  article { break-inside: avoid; margin: .5rem 0; } input[type=range] { height: 1rem; }
  dl { grid-template-columns: 8rem 1fr; gap: .1rem .8rem; } svg.figure { max-width: 11rem; } dd p { margin: .2rem 0; }
}
"""
WHOLE = "For the whole safety check, run <code>needlepoint screen</code>."


def decide_html(decision: Decision) -> str:
    """The page; needs no network, carries no scripts, stores nothing and adds nothing up."""
    return page(decision.decision, "\n".join(_parts(decision)), CSS + DARK)


def _parts(d: Decision) -> Iterable[str]:
    yield f'<header><h1>A decision aid</h1><p class="headline" data-ipdas="2">{escape(d.decision)}</p>'
    yield f"<p>{escape(d.for_whom)}</p>{_first(d)}</header><main>"
    if d.stopped:
        yield "</main>"
        return
    yield _section(d.condition_title, bullets(d.condition) + _sources(d), "1 8", "condition")
    yield _section("What happens without treatment", _course(d), "13", "course")
    yield _section("The options side by side", _table(d), "3 11 15 16 17 18 19", "compare")
    yield _section(
        "Each option in the same detail", "".join(_card(c, d) for c in d.choices), "4 5 6 7 8", "options"
    )
    yield _section("Why guidelines disagree", _guidelines(d), "8", "guidelines")
    yield _section("Who was in the trials", _people(d), "14", "people")
    yield _section("What matters to you", _values(d), "20", "values")
    yield _section("Step by step", bullets(d.steps, "ol") + _questions(d), "21", "steps")
    yield _section("How to check a practitioner", _credentials(d), "8", "check")
    yield _section("About this aid", _about(d), "9 10 12 22", "about")
    yield "</main>"


def _section(title: str, body: str, ipdas: str, anchor: str) -> str:
    return f'<section id="{anchor}" data-ipdas="{ipdas}"><h2>{escape(title)}</h2>{body}</section>'


def _first(d: Decision) -> str:
    """Red flags come first: in general, or what the person's own answers found."""
    screening = d.screening
    if screening is None:
        return f'<p class="first" role="note">{escape(d.emergencies)} {WHOLE}</p>'
    kind = "emergency" if screening.level == "emergency now" else "first"
    findings = items(
        f"<strong>{escape(f.action)}</strong> {escape(f.statement)} "
        f"{link(f.source, f.url)} <span class=tag>{escape(f.tier)}</span>"
        for f in screening.findings
    )
    always = " ".join([*screening.notes, *screening.always])
    return (
        f'<div class="{kind}" role="alert"><strong>{escape(screening.headline)}</strong>{findings}'
        f"<p class=note>{escape(always)}</p></div>"
    )


def _sources(d: Decision) -> str:
    links = "; ".join(link(*source) for source in d.condition_sources)
    return f"<p class=note>{links}</p>"


def _course(d: Decision) -> str:
    weeks = sorted({point.weeks for point in d.course})
    head = "".join(f"<th scope=col>{_after(week)}</th>" for week in weeks)
    rows = ""
    for who in dict.fromkeys(point.who for point in d.course):
        cells = {point.weeks: point for point in d.course if point.who == who}
        values = "".join(
            f"<td>{cells[w].mean:.1f} <span class=note>({cells[w].low:.1f} to {cells[w].high:.1f})</span></td>"
            for w in weeks
        )
        rows += f"<tr><th scope=row>{escape(who)}</th>{values}</tr>"
    source = d.course[0]
    return (
        f"<p>{escape(d.course_words)}</p>"
        f"<table><thead><tr><th></th>{head}</tr></thead><tbody>{rows}</tbody></table>"
        f"<p class=note>{link(source.source, source.url)}</p>"
    )


def _after(weeks: float) -> str:
    return "At the start" if weeks == 0 else f"{weeks:.0f} weeks"


def _table(d: Decision) -> str:
    gain = d.gain[:1].upper() + d.gain[1:]
    rows = "".join(
        f'<tr><th scope=row><a href="#{c.id}">{escape(c.label)}</a></th>'
        f'<td data-label="{escape(gain)}">{_gain(c)}</td>'
        f'<td data-label="How sure">{_sure(c)}</td>'
        f'<td data-label="Unwanted effects">{_short_harm(c)}</td></tr>'
        for c in d.choices
    )
    notes = "".join(f"<p class=note>{escape(note)}</p>" for note in d.notes)
    return (
        f"<p>All counts are of 100 people after {d.weeks} weeks. “{escape(gain)}” means {d.noticed:g} points or "
        f"more on {escape(d.scale_words)}. That is a change most people notice. The span in brackets shows how sure "
        "the number is.</p><table class=answer>"
        f"<thead><tr><th scope=col>Option</th><th scope=col>{escape(gain)}</th>"
        "<th scope=col>How sure</th><th scope=col>Unwanted effects</th></tr></thead>"
        f"<tbody>{rows}</tbody></table>{notes}{_trial(d)}"
    )


def _gain(choice: Choice) -> str:
    if choice.benefit is None:
        return escape(choice.no_number)
    return _of_100(choice.benefit)


def _sure(choice: Choice) -> str:
    """What it was compared with, and the certainty."""
    b = choice.benefit
    if b is None:
        return "No number, so no judgement."
    if not b.review:
        return "The course of people in studies."
    return escape(f"Against {b.against}. Certainty: {b.certainty}.")


def _of_100(b: Benefit) -> str:
    """The count with its interval, as a gain and as a loss."""
    span = f" ({b.people_low:.0f} to {b.people_high:.0f})" if b.review else ""
    return f"{b.people:.0f} of 100{span}. The other {100 - round(b.people)} do not."


def _short_harm(choice: Choice) -> str:
    return escape(_harm(choice.harms[0])) if choice.harms else escape(choice.harm_words)


def _harm(count: Count) -> str:
    """People of 100; what is rarer also as people of 10,000."""
    rare = 0 < count.people < 1
    scale, of = (100, "10,000") if rare else (1, "100")
    span = (
        ""
        if count.low is None or count.high is None
        else f" ({count.low * scale:.0f} to {count.high * scale:.0f})"
    )
    number = f"{count.people * scale:.0f} of {of} people{span}: {count.what}."
    return f"Fewer than 1 of 100; {number}" if rare else number


def _trial(d: Decision) -> str:
    rows = "; ".join(f"{escape(label)}: {value:.0f} of 100" for label, value in d.trial_counts)
    return f"<p>{escape(d.trial_counts_words)}: {rows}. {link(*d.trial_counts_source)}</p>"


def _card(c: Choice, d: Decision) -> str:
    fields = [
        ("What it is", escape(c.what)),
        ("What it involves", escape(c.involves) + _cited(c.dose_sources)),
        ("What it feels like", escape(c.feels)),
        ("Cost", escape(c.cost)),
        ("Benefit", _benefit(c, d)),
        ("Harms", _harms(c)),
        ("For it", bullets(c.pros, "ul data-pros")),
        ("Against it", bullets(c.cons, "ul data-cons")),
        ("Guidelines", _positions(c)),
    ]
    if c.extras:
        source = f" {link(*c.extras_source)}" if c.extras_source else ""
        fields.append(("If they offer more", bullets(c.extras) + source))
    body = "".join(f"<dt>{name}</dt><dd>{value}</dd>" for name, value in fields)
    return f'<article id="{c.id}"><h3>{escape(c.label)}</h3><dl>{body}</dl></article>'


def _cited(sources: Iterable[tuple[str, str]]) -> str:
    return "".join(f" [{link(*source)}]" for source in sources)


def _benefit(c: Choice, d: Decision) -> str:
    if c.benefit is None:
        return escape(c.no_number) + (f" [{link(*c.no_number_source)}]" if c.no_number_source else "")
    b = c.benefit
    alt = f"{b.people:.0f} of 100 dots are filled: people with {d.gain} after {d.weeks} weeks."
    picture = inline_svg(icon_array(b.people), alt)
    text = f"<p>{escape(_of_100(b))}</p>"
    if not b.review:
        return picture + text + f"<p>This is the course for {escape(d.stratum_label)}.</p>"
    text += "".join(
        f"<p>{escape(_points(each, d.top))} [{_by(each)}]</p>" for each in (b, c.sham) if each is not None
    )
    return picture + text


def _by(b: Benefit) -> str:
    return link(b.review, b.url) if b.url else escape(b.review)


def _points(b: Benefit, top: float) -> str:
    trials = f" from {b.trials} trials" if b.trials else ""
    return (
        f"On average {b.points:.1f} points of {top:g} better than {b.against} "
        f"({b.points_low:.1f} to {b.points_high:.1f}{trials}; certainty: {b.certainty})."
    )


def _harms(c: Choice) -> str:
    if not c.harms:
        return escape(c.harm_words)
    return items(
        f"{escape(_harm(h))} [{link(h.source, h.url)}] <span class=tag>{escape(h.tier)}</span>"
        for h in c.harms
    )


def _positions(c: Choice) -> str:
    if not c.guidelines:
        return "No guideline of this pack speaks of it."
    return items(f"{link(issuer, url)}: {escape(where)}" for issuer, where, _, url in c.guidelines)


def _guidelines(d: Decision) -> str:
    items = "".join(
        f"<tr><th scope=row>{link(issuer, url)}</th><td data-label=Says>{escape(where)}</td>"
        f'<td data-label="In short">{escape(text)}</td></tr>'
        for issuer, where, text, url in d.guidelines
    )
    return (
        f"<p>{escape(d.why_guidelines_disagree)}</p>"
        "<table class=answer><thead><tr><th>Who</th><th>Says</th><th>In short</th></tr></thead>"
        f"<tbody>{items}</tbody></table>"
    )


def _people(d: Decision) -> str:
    if d.screening is None:
        note = "<p>The numbers speak for people like these. Run the safety check to see how you compare.</p>"
        return note + bullets(d.contents)
    people = items(
        f"{escape(p.trial)}: {escape(p.who)}. <strong>{escape(p.standing)}</strong>"
        f"{escape(' (' + '; '.join(p.because) + ')') if p.because else ''}"
        for p in d.screening.populations
    )
    return f"<p>The numbers speak for people like these, and less for others.</p>{people}"


def _values(d: Decision) -> str:
    fields = "".join(
        f'<fieldset><legend><label for="v{i}">{escape(ask)}</label></legend>'
        f'<input type=range id="v{i}" min=0 max=10 value=5 aria-label="{escape(ask, quote=True)} 0 to 10">'
        "<div class=ends><span>not at all</span><span>very much</span></div></fieldset>"
        for i, ask in enumerate(d.values)
    )
    note = "<p>Mark what counts for you. The page adds nothing up and keeps nothing. You decide.</p>"
    return f"{note}<form>{fields}</form>"


def _questions(d: Decision) -> str:
    parts = (("Ask the practitioner", "practitioner"), ("Ask your doctor", "doctor"))
    return "".join(f"<h3>{title}</h3>{bullets(d.questions[who])}" for title, who in parts)


def _credentials(d: Decision) -> str:
    return items(
        f"<strong>{escape(c.country)}.</strong> {escape(c.check)} {escape(c.statement)} [{link(c.source, c.url)}] "
        f"<span class=tag>{escape(c.tier)}</span>"
        for c in d.credentials
    )


def _about(d: Decision) -> str:
    lines = [
        f"Last updated: {d.reviewed}. Last search of the evidence: {d.searched}.",
        d.update,
        f"Who paid: {d.funding}",
        "How the counts are made: from the course without treatment, the mean difference in the trials and the spread "
        "between people. They are estimates, not promises.",
        *(f"Not done: {line}" for line in d.not_done),
        f"Evidence: {d.pack} {d.pack_version}.",
    ]
    return bullets(lines)
