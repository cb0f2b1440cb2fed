"""What the rows of a pack must satisfy together: each rule names the row, the column and the mend."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from needlepoint.errors import PackError
from needlepoint.evidence.read import Rows
from needlepoint.evidence.schema import (
    Arm,
    Contrast,
    Fact,
    Guideline,
    Harm,
    Instrument,
    Judgement,
    Measurement,
    Published,
    Source,
    Term,
    Trial,
    Window,
)
from needlepoint.result import record

__all__ = ["References", "check_rows", "check_words"]

Problem = tuple[str, str, str]  # column, problem, mend
YEARS = range(1900, 2101)
RATIOS = ("RR", "OR", "HR")


@record
class References:
    """The names that rows may refer to, and the records that rules look up."""

    names: dict[str, set[str]]
    arms: dict[tuple[str, str], Arm]
    instruments: dict[str, Instrument]
    groups: dict[str, str]  # treatment or comparator -> group
    flags: frozenset[str]


def check_words(terms: list[Term], windows: list[Window], condition: str) -> Iterator[PackError]:
    """Rules of terms and windows: ids once, parents known and not circular, synonyms naming one thing."""
    for term, problem, mend in _term_problems(terms):
        yield PackError(problem, file="terms.toml", column=f"{term.kind} {term.id}", mend=mend)
    if condition and condition not in {t.id for t in terms if t.kind == "condition"}:
        yield PackError(
            f"unknown condition {condition!r}",
            file="pack.toml",
            column="condition",
            mend="use a condition's id",
        )
    for window, problem, mend in _window_problems(windows):
        yield PackError(problem, file="pack.toml", column=f"window {window.id}", mend=mend)


def _term_problems(terms: list[Term]) -> Iterator[tuple[Term, str, str]]:
    parents = {(t.kind, t.id): t.parent for t in terms}
    ids: set[str] = set()
    owner: dict[tuple[str, str], str] = {}
    populations = {t.id for t in terms if t.kind == "population"}
    for t in terms:
        family = "treatment" if t.kind == "comparator" else t.kind
        if t.id in ids:
            yield t, f"{t.id!r} stands twice", "let each id name one term, of one kind"
        ids.add(t.id)
        if t.parent and (t.kind, t.parent) not in parents:
            yield t, f"unknown parent {t.parent!r}", f"use the id of a {t.kind}"
        if _circular(t, parents):
            yield t, "the term is its own ancestor", "correct the parent"
        if t.implies and t.implies not in populations:
            yield t, f"implies the unknown population {t.implies!r}", "use the id of a population"
        if t.kind == "comparator" and not t.group:
            yield t, "a comparator needs a group", "no treatment, usual care, sham, active or mixed"
        for word in dict.fromkeys((t.id, t.label, t.plain, *t.synonyms)):
            other = owner.setdefault((family, word.casefold()), t.id)
            if other != t.id:
                yield t, f"{word!r} also names {other!r}", "let each word name one thing"


def _circular(term: Term, parents: dict[tuple[Any, str], str]) -> bool:
    seen, at = {term.id}, term.parent
    while at:
        if at in seen:
            return True
        seen.add(at)
        at = parents.get((term.kind, at), "")
    return False


def _window_problems(windows: list[Window]) -> Iterator[tuple[Window, str, str]]:
    ids: set[str] = set()
    orders: set[int] = set()
    for w in windows:
        if w.id in ids or w.order in orders:
            yield w, "id or order stands twice", "give each window its own"
        ids.add(w.id)
        orders.add(w.order)
        if w.after is not None and w.to is not None and w.after >= w.to:
            yield w, "after is not below to", "exchange them"


# -------------------------------------------------------------------------------------------- rows


def check_rows(rows: Rows, known: References) -> Iterator[PackError]:
    """Every rule of one table, row by row, then the rules between rows."""
    table = rows.table
    rule = RULES.get(table.record)
    for row in rows.rows:
        for column, problem, mend in _reference_problems(row.record, table.refs, known):
            yield PackError(problem, file=table.file, row=row.line, column=column, mend=mend)
        if rule is not None:
            for column, problem, mend in rule(row.record, known):
                yield PackError(problem, file=table.file, row=row.line, column=column, mend=mend)


def _reference_problems(record: Any, refs: dict[str, str], known: References) -> Iterator[Problem]:
    for column, target in refs.items():
        value = getattr(record, column)
        if not value:
            continue
        if target == "arm":
            if f"{record.trial}/{value}" not in known.names["arm"]:
                yield column, f"unknown arm {value!r} of trial {record.trial!r}", "use an id of arms.csv"
        elif value not in known.names[target]:
            yield column, f"unknown {target} {value!r}", _where(target)


def _where(target: str) -> str:
    files = {"source": "sources.csv", "trial": "trials.csv", "instrument": "instruments.csv"}
    if target in files:
        return f"use an id of {files[target]}"
    if target == "guideline":
        return "use an id of guidelines.csv"
    return "use an id of pack.toml" if target == "window" else "use an id of terms.toml"


def _positive(record: Any, *columns: str) -> Iterator[Problem]:
    for column in columns:
        value = getattr(record, column)
        if value is not None and value <= 0:
            yield column, f"{value:g} is not above zero", "check it; leave the cell empty if it is unknown"


def _interval(estimate: float | None, low: float | None, high: float | None) -> Iterator[Problem]:
    if (low is None) != (high is None):
        yield "ci_low", "one end of the interval is missing", "give both ends or none"
    elif low is not None and high is not None and low > high:
        yield "ci_low", f"{low:g} is above ci_high {high:g}", "exchange them"
    elif low is not None and high is not None and estimate is not None and not low <= estimate <= high:
        yield "estimate", f"{estimate:g} is outside its interval {low:g} to {high:g}", "check sign and digits"


def _year(year: int | None) -> Iterator[Problem]:
    if year is not None and year not in YEARS:
        yield "year", f"{year} is no year of a trial", f"use {YEARS.start} to {YEARS.stop - 1}"


def _source(s: Source, known: References) -> Iterator[Problem]:
    if not s.url.startswith(("http://", "https://")) or " " in s.url:
        yield "url", f"{s.url!r} is no address", "start it with https://"


def _instrument(i: Instrument, known: References) -> Iterator[Problem]:
    yield from _positive(i, "mic", "reference_sd")
    if i.low is not None and i.high is not None and i.low >= i.high:
        yield "low", f"{i.low:g} is not below high {i.high:g}", "exchange them"
    if i.mic is not None and not i.source:
        yield "source", "the minimal important change has no source", "give one"
    if i.reference_sd is not None and not i.sd_source:
        yield "sd_source", "the reference SD has no source", "give one"


def _trial(t: Trial, known: References) -> Iterator[Problem]:
    yield from _year(t.year)
    yield from _positive(t, "n_randomized")
    for flag in t.flags:
        if flag not in known.flags:
            yield "flags", f"unknown flag {flag!r}", "explain it in pack.toml [flags]"
    if not any(trial == t.id for trial, _ in known.arms):
        yield "id", f"trial {t.id!r} has no arms", "add its arms to arms.csv"


def _arm(a: Arm, known: References) -> Iterator[Problem]:
    yield from _positive(a, "n")
    if a.sham_kind and known.groups.get(a.treatment) != "sham":
        yield "sham_kind", f"{a.treatment!r} is no sham", "leave the cell empty"


def _use(record: Measurement | Contrast) -> Iterator[Problem]:
    if record.use != "main" and not record.why:
        yield "why", f"use is {record.use!r} without a reason", "say why"


def _measurement(m: Measurement, known: References) -> Iterator[Problem]:
    yield from _positive(m, "n", "sd", "se")
    yield from _use(m)
    if m.metric == "events":
        yield from _events(m)
    else:
        yield from _mean(m, known.instruments.get(m.instrument))
    if m.use == "main" and m.metric in ("median", "percent"):
        yield "use", f"a {m.metric} cannot be pooled", 'use "never" and say why'


def _events(m: Measurement) -> Iterator[Problem]:
    if m.events is None:
        yield "events", "events are missing", "give the count"
    elif m.events < 0 or (m.n is not None and m.events > m.n):
        yield "events", f"{m.events} events of {m.n} patients", "check both"
    if m.mean is not None or m.sd is not None or m.se is not None:
        yield "mean", "a count with a mean or spread", "leave mean, sd and se empty"
    if m.use == "main" and m.n is None:
        yield "n", "a count without n cannot be pooled", 'give n, or use "never" and say why'


def _mean(m: Measurement, scale: Instrument | None) -> Iterator[Problem]:
    if m.mean is None:
        yield "mean", "the mean is missing", "give it"
    if m.events is not None:
        yield "events", f"events beside a {m.metric}", "leave events empty"
    if (
        m.use == "main"
        and m.metric in ("mean", "change")
        and (m.n is None or (m.sd is None and m.se is None))
    ):
        yield "sd", "a mean without n and spread cannot be pooled", 'give them, or use "never" and say why'
    if scale is None or m.mean is None or m.metric == "percent":
        return
    low, high = scale.low, scale.high
    if m.metric == "change":
        low, high = (-(high - low), high - low) if low is not None and high is not None else (None, None)
    if (low is not None and m.mean < low) or (high is not None and m.mean > high):
        yield "mean", f"{m.mean:g} is outside the scale {scale.label}", "check the mean, or the instrument"
    if low is not None and high is not None and m.sd is not None and m.sd > high - low:
        yield "sd", f"{m.sd:g} is wider than the scale {scale.label}", "check the sd, or the instrument"


def _contrast(c: Contrast, known: References) -> Iterator[Problem]:
    yield from _interval(c.estimate, c.ci_low, c.ci_high)
    yield from _positive(c, "se", "n_arm", "n_comparator")
    yield from _use(c)
    if c.arm == c.comparator:
        yield "comparator", "an arm against itself", "name the other arm"
    if c.p is not None and not 0 < c.p <= 1:
        yield "p", f"{c.p:g} is no p-value", "use a number above 0, at most 1"
    yield from _metric(c, known.instruments.get(c.instrument))
    if c.use == "main" and c.se is None and c.ci_low is None and c.p is None:
        yield (
            "ci_low",
            "a difference without spread cannot be pooled",
            'give se, interval or p, or use "never"',
        )


def _metric(c: Contrast, scale: Instrument | None) -> Iterator[Problem]:
    if c.metric in RATIOS and (c.estimate <= 0 or (c.ci_low is not None and c.ci_low <= 0)):
        yield "estimate", f"a {c.metric} is above zero", "check it"
    if c.metric == "RD" and abs(c.estimate) > 1:
        yield "estimate", f"a risk difference of {c.estimate:g}", "write 0.12 for 12 percentage points"
    if c.metric == "median difference" and c.use == "main":
        yield "use", "a difference of medians cannot be pooled", 'use "never" and say why'
    if c.metric == "MD" and scale is not None and scale.low is not None and scale.high is not None:
        width = scale.high - scale.low
        if abs(c.estimate) > width:
            yield "estimate", f"{c.estimate:g} is wider than the scale {scale.label}", "check the instrument"


def _published(p: Published, known: References) -> Iterator[Problem]:
    yield from _year(p.year)
    yield from _interval(p.estimate, p.ci_low, p.ci_high)
    yield from _positive(p, "k", "n")
    if p.i2 is not None and not 0 <= p.i2 <= 1:
        yield "i2", f"{p.i2:g} is no fraction", "write 0.25 for 25%"
    if p.metric in RATIOS and p.estimate is not None and p.estimate <= 0:
        yield "estimate", f"a {p.metric} is above zero", "check it"
    if p.metric == "narrative":
        if not p.statement:
            yield "statement", "a narrative row says nothing", "write it in your own words"
    elif p.estimate is None:
        yield "estimate", "the estimate is missing", 'give it, or use metric "narrative"'
    if p.role == "lead" and (p.estimate is None or p.ci_low is None or not p.better):
        yield "role", "a leading row needs estimate, interval and better", 'give them, or use role "support"'


def _harm(h: Harm, known: References) -> Iterator[Problem]:
    yield from _positive(h, "denominator")
    if h.rate is not None and not 0 <= h.rate <= 1:
        yield "rate", f"{h.rate:g} is no fraction", "write 0.0931 for 9.31%"
    for column, problem, mend in _interval(h.rate, h.ci_low, h.ci_high):
        yield {"estimate": "rate"}.get(column, column), problem, mend
    if h.events is None:
        return
    if not h.denominator or not 0 <= h.events <= h.denominator:
        yield "events", f"{h.events} events of {h.denominator}", "check both"
    elif h.rate is not None and abs(h.rate - h.events / h.denominator) > 0.02 * h.rate:
        yield "rate", f"{h.rate:g} is not {h.events} of {h.denominator}", "check all three"


def _guideline(g: Guideline, known: References) -> Iterator[Problem]:
    yield from _year(g.year)
    if (g.status == "superseded") != bool(g.superseded_by):
        yield (
            "superseded_by",
            f"status is {g.status!r}",
            "name the guideline that came after, or change status",
        )


def _fact(f: Fact, known: References) -> Iterator[Problem]:
    for column, problem, mend in _interval(f.value, f.low, f.high):
        yield {"ci_low": "low", "estimate": "value"}[column], problem, mend


def _judgement(j: Judgement, known: References) -> Iterator[Problem]:
    if j.levels not in (0, 1, 2):
        yield "levels", f"{j.levels} levels", "use 0, 1 or 2"


RULES: dict[type[Any], Callable[[Any, References], Iterator[Problem]]] = {
    Source: _source,
    Instrument: _instrument,
    Trial: _trial,
    Arm: _arm,
    Measurement: _measurement,
    Contrast: _contrast,
    Published: _published,
    Harm: _harm,
    Guideline: _guideline,
    Fact: _fact,
    Judgement: _judgement,
}
