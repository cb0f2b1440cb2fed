"""``needlepoint check``: a page's health claims, judged against the evidence."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import click

from needlepoint.errors import InputError
from needlepoint.options import Verdict

if TYPE_CHECKING:
    from needlepoint.claims.result import Check

__all__ = ["command"]

_COLOURS = {
    "supported": "green",
    "supported_in_part": "cyan",
    "overstated": "yellow",
    "contradicted": "red",
    "outdated": "magenta",
    "no_good_evidence": "blue",
}
_FAILED = 1


@click.command("check")
@click.argument("pages", nargs=-1, metavar="FILE|URL|FOLDER|- ...")
@click.option("--pack", metavar="DIR", help="A pack of your own: its folder, or the id of a built-in one.")
@click.option("--json", "as_json", is_flag=True, help="JSON on stdout: one object; one line a page for many.")
@click.option("--claim-review", is_flag=True, help="schema.org ClaimReview on stdout.")
@click.option(
    "--html",
    type=click.Path(path_type=Path),
    help="Write the page with its margin of verdicts; a folder for many.",
)
@click.option(
    "--fail-on", metavar="VERDICTS", help="Exit 1 when a claim has one of these verdicts (comma between)."
)
@click.option("--jobs", type=click.IntRange(1, 64), default=2, show_default=True, help="Pages at a time.")
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Results of many pages, one line each; resumable.",
)
@click.option("--model", metavar="URL NAME", nargs=2, help="Let a language model at URL propose claims too.")
@click.option("--schema", is_flag=True, help="Print the JSON schema of the result and stop.")
def command(
    pages: tuple[str, ...],
    pack: str | None,
    as_json: bool,
    claim_review: bool,
    html: Path | None,
    fail_on: str | None,
    jobs: int,
    out: Path | None,
    model: tuple[str, str] | None,
    schema: bool,
) -> None:
    """Check the health claims of pages: each with a verdict, why, and the numbers behind it."""
    if schema:
        from needlepoint.claims import api

        click.echo(Path(api.__file__).with_name("schema.json").read_text(encoding="utf-8"), nl=False)
        return
    if not pages:
        raise click.UsageError("give a file, an address, a folder, or - for standard input")
    bad = _verdicts(fail_on)
    from needlepoint.claims.many import pages_in

    names = pages_in(pages)
    if len(names) == 1 and out is None:
        counts = _single(names[0], pack, as_json, claim_review, html, model)
    else:
        counts = _several(names, pack, as_json, html, jobs, out)
    if bad & counts:
        click.echo(f"needlepoint: found {', '.join(sorted(bad & counts))}", err=True)
        sys.exit(_FAILED)


def _verdicts(fail_on: str | None) -> set[str]:
    wanted = {v.strip().replace(" ", "_") for v in (fail_on or "").split(",") if v.strip()}
    unknown = sorted(wanted - set(get_args(Verdict)))
    if unknown:
        raise InputError(
            "unknown verdict", field="--fail-on", got=unknown[0], allowed=", ".join(get_args(Verdict))
        )
    return wanted


def _read(name: str, pack: str | None, model: tuple[str, str] | None = None) -> Check:
    import os

    from needlepoint.claims.api import check_page, reader_of
    from needlepoint.claims.model import Endpoint
    from needlepoint.claims.page.page import LARGEST_FILE, page_of_bytes, read_page

    proposer = Endpoint(*model, key=os.environ.get("NEEDLEPOINT_MODEL_KEY", "")) if model else None

    if name == "-":
        page = page_of_bytes(sys.stdin.buffer.read(LARGEST_FILE + 1))
    else:
        page = read_page(name if "://" in name else Path(name))
    return check_page(page, reader_of(pack), proposer=proposer)


def _single(
    name: str,
    pack: str | None,
    as_json: bool,
    claim_review: bool,
    html: Path | None,
    model: tuple[str, str] | None,
) -> set[str]:
    check = _read(name, pack, model)
    if html is not None:
        from needlepoint.report.check_html import write_check_html

        write_check_html(check, html)
        click.echo(f"wrote {html}", err=True)
    if claim_review:
        click.echo(json.dumps(check.claim_review(), ensure_ascii=False, indent=1))
    elif as_json:
        click.echo(json.dumps(check.to_dict(), ensure_ascii=False, indent=1))
    elif html is None:
        for line in _text(check):
            click.echo(line)
    return set(check.counts)


def _several(
    names: list[str], pack: str | None, as_json: bool, html: Path | None, jobs: int, out: Path | None
) -> set[str]:
    from needlepoint.claims.many import check_many, done_in

    done = done_in(out) if out else set[str]()
    left = [n for n in names if n not in done]
    if done & set(names):
        click.echo(f"{len(names) - len(left)} of {len(names)} pages were done before", err=True)
    found: set[str] = set()
    with click.progressbar(length=len(left), label="pages", file=sys.stderr) as bar:
        for outcome in check_many(left, pack=pack, jobs=jobs, progress=lambda n, of: bar.update(1)):
            found |= set((outcome.result or {}).get("counts", {}))
            if out:
                with out.open("a", encoding="utf-8") as file:
                    file.write(outcome.line() + "\n")
            if html is not None and outcome.result is not None:
                _write_html(outcome.page, pack, html)
            if as_json or not out:
                click.echo(
                    outcome.line() if as_json else _one_line(outcome.page, outcome.result, outcome.error)
                )
    return found


def _write_html(name: str, pack: str | None, folder: Path) -> None:
    from needlepoint.report.check_html import write_check_html

    folder.mkdir(parents=True, exist_ok=True)
    write_check_html(_read(name, pack), folder / f"{Path(name).stem or 'page'}.html")


def _one_line(page: str, result: dict[str, Any] | None, error: str) -> str:
    if result is None:
        return f"{page}: {error}"
    counts = ", ".join(f"{n} {v.replace('_', ' ')}" for v, n in sorted(result["counts"].items()))
    return f"{page}: {counts or 'no claim'}"


def _text(check: Check) -> Iterator[str]:
    """Text for people: warnings and summary first, then every claim; plain when piped."""
    colour = sys.stdout.isatty()

    def styled(text: str, **how: Any) -> str:
        return click.style(text, **how) if colour else text

    for notice in check.notices:
        yield styled(f"! {notice.text}", fg="red", bold=True)
    yield check.summary_text
    for judged in check.claims:
        claim = judged.claim
        verdict = styled(judged.verdict.replace("_", " "), fg=_COLOURS.get(judged.verdict), bold=True)
        yield f"\n{claim.id} {verdict} ({claim.kind}): {' '.join(claim.quote.split())}"
        yield from _reasons(judged, styled)
    yield from _whole(check, styled)


def _reasons(judged: Any, styled: Callable[..., str]) -> Iterator[str]:
    yield f"     {judged.why}"
    if judged.careful:
        yield f"     Better: {judged.careful}"
    if judged.issues:
        yield styled(f"     issues: {', '.join(i.replace('_', ' ') for i in judged.issues)}", dim=True)
    for support in judged.support[:1]:
        if support.url:
            yield styled(f"     {support.citation} {support.url}", dim=True)


def _whole(check: Check, styled: Callable[..., str]) -> Iterator[str]:
    direct = [p for p in check.contradictions if p.strength == "direct"]
    if direct:
        yield styled("\nThe page does not agree with itself", bold=True)
        yield from (f"  {p.a} and {p.b}: {p.why}" for p in direct)
    if check.missing:
        yield styled("\nWhat is missing or lost", bold=True)
        yield from (f"  {line}" for line in check.missing)
    yield from (styled(f"\nNote: {note}", dim=True) for note in check.notes)
