"""``needlepoint diary``: a private diary on this machine, and what it shows."""

from __future__ import annotations

import json
import os
import sys
from datetime import date
from pathlib import Path
from typing import Any

import click

from needlepoint.errors import InputError
from needlepoint.person.diary import Diary, default_path
from needlepoint.person.entries import FIELDS

__all__ = ["command"]

PASSPHRASE = "NEEDLEPOINT_DIARY_PASSPHRASE"


@click.group("diary")
@click.option(
    "--file", "path", type=click.Path(path_type=Path), envvar="NEEDLEPOINT_DIARY", help="The diary's file."
)
@click.pass_context
def command(ctx: click.Context, path: Path | None) -> None:
    """Keep a diary and see what it shows. Nothing leaves this machine."""
    ctx.obj = path or default_path()


as_json_option = click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout.")


@command.command("start")
@click.option("--duration", help="How long you have had the pain, as `needlepoint screen` asks it.")
@click.option("--treatment", default="acupuncture", show_default=True)
@click.option("--baseline", type=int, help="Days to write before the first session: 28 unless told.")
@click.option("--window", type=int, help="Days in the draw of the first session: 20 unless told.")
@click.option("--from", "first", type=click.DateTime(["%Y-%m-%d"]), help="First day of the diary: today.")
@click.option("--seed", type=int, help="For a repeatable draw.")
@click.option(
    "--private", is_flag=True, help=f"Encrypt it; the passphrase is asked for, or in ${PASSPHRASE}."
)
@as_json_option
@click.pass_obj
def start(
    path: Path,
    duration: str | None,
    treatment: str,
    baseline: int | None,
    window: int | None,
    first: Any,
    seed: int | None,
    private: bool,
    as_json: bool,
) -> None:
    """Start a diary: draws the day of your first session and says what the diary can show."""
    from needlepoint.person.plan import plan
    from needlepoint.person.priors import load_priors

    load_priors().course(duration)
    made = plan(
        first.date() if first else date.today(), baseline_days=baseline, window_days=window, seed=seed
    )
    passphrase = _passphrase(confirm=True) if private else None
    Diary.start(
        path,
        passphrase=passphrase,
        treatment=treatment,
        duration=duration,
        first_day=made.first_day.isoformat(),
        baseline_days=made.baseline_days,
        window_days=len(made.start_days),
        start_day=made.start_day.isoformat(),
    )
    _say({"file": str(path), "encrypted": private, **made.to_dict()}, made.summary(), as_json=as_json)


@command.command("periods")
@click.option("--pairs", default=4, show_default=True, help="Pairs of periods, one with and one without.")
@click.option("--days", default=7, show_default=True, help="Days of each period.")
@click.option("--from", "first", type=click.DateTime(["%Y-%m-%d"]), help="First day: today.")
@click.option("--seed", type=int, help="For a repeatable draw.")
@as_json_option
@click.pass_obj
def periods(path: Path, pairs: int, days: int, first: Any, seed: int | None, as_json: bool) -> None:
    """Draw periods with and without a treatment that washes out (heat, TENS); makes the diary if there is none."""
    from needlepoint.person.periods import draw_periods

    drawn = draw_periods(first.date() if first else date.today(), pairs=pairs, days=days, seed=seed)
    diary = _open(path) if path.exists() else Diary.start(path)
    order = "".join("1" if on else "0" for on in drawn.treated)
    diary.set(first_day=drawn.first_day.isoformat(), period_days=days, treated=order)
    lines = [
        *drawn.schedule(),
        "Write down your pain each day. Do not use this for needles: their effect lasts.",
    ]
    _say({"schedule": drawn.schedule(), "treated": list(drawn.treated)}, "\n".join(lines), as_json=as_json)


@command.command("add")
@click.option("--day", default=None, help="The day, as 2026-03-01: today unless told.")
@click.option("--pain", type=float, help="Your pain today, 0 (none) to 10 (worst).")
@click.option("--session", is_flag=True, default=None, help="You had a session.")
@click.option("--medicine", type=float, help="Painkillers, counted.")
@click.option("--other", help="Another treatment.")
@click.option("--set", "more", multiple=True, metavar="FIELD=VALUE", help=f"Any of: {', '.join(FIELDS[2:])}.")
@as_json_option
@click.pass_obj
def add(path: Path, day: str | None, more: tuple[str, ...], as_json: bool, **given: Any) -> None:
    """Write down one day, or more about a day: later values replace earlier ones."""
    values: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    for each in more:
        name, sign, value = each.partition("=")
        if not sign:
            raise InputError("not FIELD=VALUE", field="--set", got=each)
        values[name] = value
    if not values:
        raise InputError("nothing to write down", mend="give --pain, --session or another value")
    entry = _open(path).add({"day": day or date.today(), **values})
    row = {name: str(v) if name == "day" else v for name in FIELDS if (v := getattr(entry, name)) is not None}
    _say(row, ", ".join(f"{name} {value}" for name, value in row.items()), as_json=as_json)


@command.command("import")
@click.argument("source", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--format", "kind", type=click.Choice(["csv", "json", "fhir"]), help="By the file's name unless told."
)
@click.option(
    "--column", "columns", multiple=True, metavar="FIELD=COLUMN", help="Where a CSV's names differ."
)
@as_json_option
@click.pass_obj
def import_(path: Path, source: Path, kind: str | None, columns: tuple[str, ...], as_json: bool) -> None:
    """Read days from a CSV, JSON or FHIR file: all of them or none."""
    from needlepoint.person.exchange import read_entries

    parts = [each.partition("=") for each in columns]
    names = {name: column for name, _, column in parts}
    entries, notes = read_entries(source.read_text(encoding="utf-8"), kind or _kind(source), columns=names)
    _open(path).extend(entries)
    text = "\n".join([f"{len(entries)} days read from {source.name}.", *notes])
    _say({"days": len(entries), "notes": notes}, text, as_json=as_json)


@command.command("export")
@click.argument("target", type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--format", "kind", type=click.Choice(["csv", "json", "fhir"]), help="By the file's name unless told."
)
@as_json_option
@click.pass_obj
def export(path: Path, target: Path, kind: str | None, as_json: bool) -> None:
    """Write the days to a CSV, JSON or FHIR file (not encrypted)."""
    from needlepoint.person.exchange import write_entries

    entries = _open(path).entries()
    target.write_text(write_entries(entries, kind or _kind(target)), encoding="utf-8")
    _say(
        {"days": len(entries), "file": str(target)},
        f"{len(entries)} days written to {target}.",
        as_json=as_json,
    )


@command.command("report")
@click.option(
    "-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="An .html file instead."
)
@as_json_option
@click.pass_obj
def report(path: Path, output: Path | None, as_json: bool) -> None:
    """Say what the diary shows: your change, what is beyond the expected, how sure that is."""
    diary = _open(path)
    if "treated" in diary.settings():
        trial = diary.report_periods()
        _say(trial.to_dict(), trial.summary(), as_json=as_json)
        return
    answer = diary.report()
    if output is not None:
        from needlepoint.report.diary_html import diary_html
        from needlepoint.report.files import write_text

        write_text(output, diary_html(answer, diary.settings()))
    _say(answer.to_dict(), answer.summary(), as_json=as_json)


@command.command("delete")
@click.option("--day", help="Only this day, with its history.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@as_json_option
@click.pass_obj
def delete(path: Path, day: str | None, yes: bool, as_json: bool) -> None:
    """Delete a day or the whole diary. It is overwritten: there is no way back."""
    what = f"the entries of {day}" if day else f"the whole diary {path}"
    if not yes and not (sys.stdin.isatty() and click.confirm(f"Delete {what}?")):
        raise InputError("nothing was deleted", mend="confirm, or give --yes")
    diary = _open(path)
    count = diary.delete_day(day) if day else len(diary.entries())
    if not day:
        diary.delete()
    _say({"deleted": count, "day": day}, f"Deleted {what}.", as_json=as_json)


def _open(path: Path) -> Diary:
    try:
        return Diary(path, passphrase=os.environ.get(PASSPHRASE))
    except InputError as error:
        if error.field != "passphrase" or os.environ.get(PASSPHRASE) or not sys.stdin.isatty():
            raise
    return Diary(path, passphrase=_passphrase())


def _passphrase(*, confirm: bool = False) -> str:
    told = os.environ.get(PASSPHRASE)
    if told is not None:
        return told
    if not sys.stdin.isatty():
        raise InputError("no passphrase and nobody to ask", field="passphrase", mend=f"set ${PASSPHRASE}")
    return click.prompt("Passphrase", hide_input=True, confirmation_prompt=confirm)


def _kind(path: Path) -> str:
    return {".csv": "csv", ".json": "json", ".fhir": "fhir"}.get(path.suffix.casefold(), "csv")


def _say(values: dict[str, Any], text: str, *, as_json: bool) -> None:
    click.echo(json.dumps(values, ensure_ascii=False, default=str) if as_json else text)
