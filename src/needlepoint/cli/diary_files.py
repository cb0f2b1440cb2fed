"""``needlepoint diary import``, ``export`` and ``calendar``: a diary in and out of other programs."""

from __future__ import annotations

from pathlib import Path

import click

from needlepoint.cli.diary_open import as_json_option, kind_option, open_diary, pairs, say

__all__ = ["calendar", "export", "import_"]

target_argument = click.argument("target", type=click.Path(dir_okay=False, path_type=Path))


@click.command("import")
@click.argument("source", type=click.Path(dir_okay=False, path_type=Path))
@kind_option
@click.option(
    "--column", "columns", multiple=True, metavar="FIELD=COLUMN", help="Where a CSV's names differ."
)
@click.option(
    "--dates", metavar="FORM", help="How a CSV writes its days where they are not 2026-03-01: %d/%m/%Y."
)
@as_json_option
@click.pass_obj
def import_(
    path: Path, source: Path, kind: str | None, columns: tuple[str, ...], dates: str | None, as_json: bool
) -> None:
    """Read days from a CSV, JSON or FHIR file: all of them or none."""
    from needlepoint.person.exchange import read_diary

    diary = open_diary(path)
    entries, notes = read_diary(source, kind, columns=pairs("--column", columns), dates=dates)
    notes = [*notes, *diary.extend(entries)]
    text = "\n".join([f"{len(entries)} days read from {source.name}.", *notes])
    say({"days": len(entries), "notes": notes}, text, as_json=as_json)


@click.command("export")
@target_argument
@kind_option
@as_json_option
@click.pass_obj
def export(path: Path, target: Path, kind: str | None, as_json: bool) -> None:
    """Write the days to a CSV, JSON or FHIR file (not encrypted)."""
    from needlepoint.person.exchange import format_of, write_entries
    from needlepoint.report.files import write_text

    entries = open_diary(path).entries()
    write_text(target, write_entries(entries, kind or format_of(target, writing=True)))
    values = {"days": len(entries), "file": str(target)}
    say(values, f"{len(entries)} days written to {target}.", as_json=as_json)


@click.command("calendar")
@target_argument
@click.option(
    "--at", default="20:00", show_default=True, metavar="HH:MM", help="When to be reminded each day."
)
@as_json_option
@click.pass_obj
def calendar(path: Path, target: Path, at: str, as_json: bool) -> None:
    """Write the plan as a calendar file (.ics): a reminder each day, the first session, the reviews."""
    from needlepoint.person.calendar import plan_calendar
    from needlepoint.report.files import write_text

    text = plan_calendar(open_diary(path).settings(), at=at)
    write_text(target, text)
    count = text.count("BEGIN:VEVENT")
    say({"events": count, "file": str(target)}, f"{count} entries written to {target}.", as_json=as_json)
