"""``needlepoint evidence``: what a pack holds, where it comes from, and whether it is valid."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from needlepoint.cli.as_json import echo_json

if TYPE_CHECKING:
    from needlepoint.evidence.lookup import CellRows, TrialRecord
    from needlepoint.evidence.schema import Contrast, Measurement, Pack, Published, Source

__all__ = ["command"]


def _options(run: Callable[..., None]) -> Callable[..., None]:
    """``--pack`` and ``--json``, for every subcommand."""
    run = click.option("--json", "as_json", is_flag=True, help="JSON on stdout.")(run)
    return click.option("--pack", metavar="DIR", help="The id of a pack, or the folder of your own.")(run)


def _print(value: Any, lines: Iterator[str], as_json: bool) -> None:
    if as_json:
        echo_json(value)
        return
    for line in lines:
        click.echo(line)


@click.group("evidence")
def command() -> None:
    """What a pack of evidence holds: list, show, sources, check, template."""


# ---------------------------------------------------------------------------------------------- list


@command.command("list")
@_options
def list_(pack: str | None, as_json: bool) -> None:
    """The packs, or with --pack the words and counts of one."""
    from needlepoint.evidence.load import load_pack, pack_ids

    packs = [load_pack(name) for name in ([pack] if pack is not None else pack_ids())]
    _print([_overview(p) for p in packs], _list_lines(packs), as_json)


_TABLES = (
    "trials",
    "arms",
    "measurements",
    "contrasts",
    "published",
    "harms",
    "guidelines",
    "facts",
    "sources",
)


def _overview(pack: Pack) -> dict[str, Any]:
    kinds: dict[str, list[str]] = {}
    for t in pack.terms:
        kinds.setdefault(t.kind, []).append(t.id)
    head = {
        k: getattr(pack, k) for k in ("id", "title", "version", "date", "searched", "digest", "statement")
    }
    return head | {
        "rows": {t: len(getattr(pack, t)) for t in _TABLES},
        "terms": kinds,
        "missing": pack.missing,
    }


def _list_lines(packs: list[Pack]) -> Iterator[str]:
    for pack in packs:
        seen = _overview(pack)
        yield f"{pack.id}  {pack.title}, version {pack.version} ({pack.date}), digest {pack.digest}"
        yield "  " + ", ".join(f"{n} {name}" for name, n in seen["rows"].items())
        for kind, ids in seen["terms"].items():
            yield f"  {kind}: {', '.join(ids)}"
        yield f"  {pack.statement}"


# ---------------------------------------------------------------------------------------------- show


@command.command("show")
@click.argument("what", nargs=-1, required=True)
@_options
def show(what: tuple[str, ...], pack: str | None, as_json: bool) -> None:
    """A trial by its id, or the rows behind a question: "acupuncture vs sham for sciatica"."""
    from needlepoint.evidence.load import load_pack
    from needlepoint.evidence.lookup import cell_rows, find_trial
    from needlepoint.evidence.question import match_question

    data = load_pack(pack)
    text = " ".join(what)
    if " " not in text.strip():  # one word is the id of a trial
        record = find_trial(data, text.strip())
        _print(record, _trial_lines(record), as_json)
        return
    rows = cell_rows(data, match_question(text, data))
    _print(rows, _cell_lines(rows), as_json)


def _trial_lines(record: TrialRecord) -> Iterator[str]:
    t = record.trial
    yield f"{t.id}  {t.citation}"
    yield f"  {t.condition}, {t.population}; {t.n_randomized or '?'} {t.randomization}; {t.country}"
    for arm in record.arms:
        sham = f", {arm.sham_kind}" if arm.sham_kind else ""
        yield f"  arm {arm.id}: {arm.label} = {arm.treatment}{sham}, n = {arm.n or '?'}"
    yield from ("  " + _measurement(m) for m in record.measurements)
    yield from ("  " + _contrast(c) for c in record.contrasts)
    for r in record.risk_of_bias:
        yield f"  risk of bias, {r.domain}: {r.judgement} ({r.judged_by})"
    yield from (f"  careful: {n}" for n in record.notes)
    if t.note:
        yield f"  note: {t.note}"
    yield from ("  " + _source(s) for s in record.sources)


def _cell_lines(rows: CellRows) -> Iterator[str]:
    yield rows.question.summary()
    yield from ("  " + m.trial + "  " + _measurement(m) for m in rows.measurements)
    yield from ("  " + c.trial + "  " + _contrast(c) for c in rows.contrasts)
    yield from ("  " + _published(p) for p in rows.published)
    if not (rows.measurements or rows.contrasts or rows.published):
        yield "  the pack has no row for this question"


def _measurement(m: Measurement) -> str:
    spread = f"SD {m.sd:g}" if m.sd is not None else f"SE {m.se:g}" if m.se is not None else "no spread"
    value = f"{m.events} of {m.n}" if m.events is not None else f"{m.mean:g} ({spread}), n = {m.n or '?'}"
    return f"{m.outcome}, {m.window}, {m.instrument}, {m.arm}: {m.metric} {value}{_aside(m)}"


def _contrast(c: Contrast) -> str:
    spread = f" p = {c.p:g}" if c.p is not None else ""
    if c.ci_low is not None:
        spread = f" [{c.ci_low:g}, {c.ci_high:g}]"
    head = f"{c.outcome}, {c.window}, {c.instrument}, {c.arm} - {c.comparator}"
    return f"{head}: {c.metric} {c.estimate:g}{spread}{_aside(c)}"


def _aside(row: Measurement | Contrast) -> str:
    why = f": {row.why}" if row.why else ""
    return ("" if row.use == "main" and not why else f" [{row.use}{why}]") + f" ({row.source}, row {row.row})"


def _published(p: Published) -> str:
    head = f"{p.review}: {p.treatment} vs {p.comparator}, {p.outcome}, {p.timepoint or p.window or 'no time given'}"
    if p.estimate is None:
        return f"{head}: {p.statement} ({p.source})"
    ends = f" [{p.ci_low:g}, {p.ci_high:g}]" if p.ci_low is not None else ""
    return (
        f"{head}: {p.metric} {p.estimate:g}{ends} {p.unit}, {p.better} is better, {p.certainty} ({p.source})"
    )


# ---------------------------------------------------------------------------------------------- sources


@command.command("sources")
@click.argument("source", required=False)
@_options
def sources(source: str | None, pack: str | None, as_json: bool) -> None:
    """Every source with its address, or one by its id."""
    from needlepoint.evidence.load import load_pack
    from needlepoint.evidence.lookup import find_source

    data = load_pack(pack)
    found = [find_source(data, source)] if source else list(data.sources)
    _print(found, (_source(s) for s in found), as_json)


def _source(s: Source) -> str:
    return f"{s.id}  {s.citation} ({s.kind}) {s.url}" + (f"; {s.note}" if s.note else "")


# ---------------------------------------------------------------------------------------------- check


@command.command("check")
@click.argument("folder", required=False)
@click.option("--write-manifest", is_flag=True, help="Write the digests of the files as they are now.")
@_options
def check(folder: str | None, write_manifest: bool, pack: str | None, as_json: bool) -> None:
    """Every problem of a pack at once; exit code 2 if there is any."""
    from needlepoint.evidence import manifest
    from needlepoint.evidence.load import check_pack, pack_folder

    name = folder or pack
    if write_manifest:
        manifest.write_manifest(pack_folder(name))
    problems = check_pack(name)
    rows = [
        {"file": p.file, "row": p.row, "column": p.column, "problem": p.problem, "mend": p.mend}
        for p in problems
    ]
    lines = iter([str(p) for p in problems] or ["no problems"])
    _print({"ok": not rows, "problems": rows}, lines, as_json)
    if problems:
        raise click.exceptions.Exit(2)


@command.command("template")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="JSON on stdout.")
def template(folder: Path, as_json: bool) -> None:
    """Write a new, empty pack into FOLDER, with the meaning of every column."""
    from needlepoint.evidence.template import write_template

    files = write_template(folder)
    _print([str(f) for f in files], (f"wrote {f}" for f in files), as_json)
