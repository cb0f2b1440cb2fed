"""``needlepoint diary``: a private diary on this machine, and what it shows."""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path
from typing import Any

import click

from needlepoint.cli.diary_files import calendar, export, import_
from needlepoint.cli.diary_open import PASSPHRASE, as_json_option, ask_passphrase, open_diary, pairs, say
from needlepoint.cli.diary_report import pool, report
from needlepoint.errors import InputError
from needlepoint.person.diary import Diary, default_path
from needlepoint.person.entries import FIELDS, Entry, as_day, diary_day, entry

__all__ = ["command"]


@click.group("diary")
@click.option(
    "--file", "path", type=click.Path(path_type=Path), envvar="NEEDLEPOINT_DIARY", help="The diary's file."
)
@click.pass_context
def command(ctx: click.Context, path: Path | None) -> None:
    """Keep a diary and see what it shows. Nothing leaves this machine."""
    ctx.obj = path or default_path()


@command.command("start")
@click.option(
    "--duration", help='How long you have had the pain: "2 years", or as `needlepoint screen` asks it.'
)
@click.option("--treatment", help="What you try: the one of the built-in pack unless told.")
@click.option("--baseline", type=int, help="Days to write before the first session: 28 unless told.")
@click.option("--window", type=int, help="Days in the draw of the first session: 20 unless told.")
@click.option("--from", "first", help="First day of the diary: today.")
@click.option("--seed", type=int, help="For a repeatable draw.")
@click.option(
    "--private", is_flag=True, help=f"Encrypt it; the passphrase is asked for, or in ${PASSPHRASE}."
)
@as_json_option
@click.pass_obj
def start(
    path: Path,
    duration: str | None,
    treatment: str | None,
    baseline: int | None,
    window: int | None,
    first: str | None,
    seed: int | None,
    private: bool,
    as_json: bool,
) -> None:
    """Start a diary: draws the day of your first session and says what the diary can show."""
    from needlepoint.person.plan import plan
    from needlepoint.person.priors import load_priors

    priors = load_priors()
    known = priors.duration(duration)
    made = plan(diary_day(first or "today"), baseline_days=baseline, window_days=window, seed=seed)
    passphrase = ask_passphrase(confirm=True) if private else None
    Diary.start(
        path,
        passphrase=passphrase,
        treatment=treatment or priors.words.treatment,
        duration=known,
        first_day=made.first_day.isoformat(),
        baseline_days=made.baseline_days,
        window_days=len(made.start_days),
        start_day=made.start_day.isoformat(),
    )
    text = f"{made.summary()}\n\nYour diary is {path}."
    say({"file": str(path), "encrypted": private, "duration": known, **made.to_dict()}, text, as_json=as_json)


@command.command("periods")
@click.option(
    "--pairs", "count", default=4, show_default=True, help="Pairs of periods, one with and one without."
)
@click.option("--days", default=7, show_default=True, help="Days of each period.")
@click.option("--from", "first", help="First day: today.")
@click.option("--treatment", help="What you try: heat, TENS ...")
@click.option("--seed", type=int, help="For a repeatable draw.")
@as_json_option
@click.pass_obj
def periods(
    path: Path,
    count: int,
    days: int,
    first: str | None,
    treatment: str | None,
    seed: int | None,
    as_json: bool,
) -> None:
    """Draw periods with and without a treatment that washes out (heat, TENS); makes the diary if there is none."""
    from needlepoint.person.periods import draw_periods
    from needlepoint.person.priors import load_priors

    drawn = draw_periods(diary_day(first or "today"), pairs=count, days=days, seed=seed)
    diary = open_diary(path) if path.exists() else Diary.start(path)
    if drawn_before := {"treated", "start_day"} & set(diary.settings()):
        raise InputError(
            "this diary has a draw already, and a second one would undo the lot", field=sorted(drawn_before)[0],
            mend="keep to it, or use another file: `needlepoint diary --file FILE periods`",
        )  # fmt: skip
    order = "".join("1" if on else "0" for on in drawn.treated)
    diary.set(first_day=drawn.first_day.isoformat(), period_days=days, treated=order, treatment=treatment)
    lines = [
        *drawn.schedule(),
        f"Write down your pain each day. {load_priors().words.not_on_and_off}",
    ]
    say({"schedule": drawn.schedule(), "treated": list(drawn.treated)}, "\n".join(lines), as_json=as_json)


@command.command("add")
@click.option("--day", default="today", help="The day, as 2026-03-01 or yesterday: today unless told.")
@click.option("--pain", help="Your pain today, 0 (none) to 10 (worst).")
@click.option("--session/--no-session", default=None, help="You had a session.")
@click.option("--medicine", help="Painkillers, counted.")
@click.option("--other", help="Another treatment.")
@click.option(
    "--rmdq",
    is_flag=False,
    flag_value="ask",
    metavar="[1,4,9|none]",
    help="Roland-Morris: the numbers of the sentences you ticked on the form; asks for them if left out.",
)
@click.option("--set", "more", multiple=True, metavar="FIELD=VALUE", help=f"Any of: {', '.join(FIELDS[2:])}.")
@click.option("--clear", "cleared", multiple=True, metavar="FIELD", help="Take back a value of the day.")
@as_json_option
@click.pass_obj
def add(
    path: Path, day: str, rmdq: str | None, more: tuple[str, ...], cleared: tuple[str, ...], as_json: bool, **given: Any
) -> None:  # fmt: skip
    """Write down one day, or more about a day: later values replace earlier ones.

    Without any value, in a terminal, it asks.
    """
    values: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    values |= pairs("--set", more)
    diary, notes = open_diary(path), list[str]()
    if rmdq is not None:
        values["rmdq"], notes = _rmdq(rmdq)
    written = diary.clear(day, *cleared) if cleared else None
    if not values and written is None:
        if not sys.stdin.isatty():
            raise InputError("nothing to write down", mend="give --pain, --session or another value")
        values = _asked()
    if values or written is None:
        written = diary.add({"day": day, **values})
    if written.day > date.today():
        notes.append(f"{written.day} lies in the future.")
    row = _row(written)
    text = "\n".join([_line(row), *notes])
    say({**row, **({"notes": notes} if notes else {})}, text, as_json=as_json)


QUESTIONS = {
    "pain": "Your pain today, 0 (none) to 10 (worst)",
    "session": "Did you have a session today? (yes, no)",
    "medicine": "Painkillers today, how many",
}


def _asked() -> dict[str, Any]:
    """One day in the terminal; Enter skips a question."""
    found: dict[str, Any] = {}
    for name, question in QUESTIONS.items():
        while True:
            said = click.prompt(question, default="", show_default=False)
            try:
                entry({"day": date.today(), name: said})
            except InputError as error:
                click.echo(f"  {error}")
            else:
                break
        if said.strip():
            found[name] = said
    if not found:
        raise InputError("nothing to write down", mend="answer at least one question")
    return found


def _rmdq(ticked: str) -> tuple[int, list[str]]:
    """Score of the Roland-Morris form, from the numbers of the ticked sentences, and what to know about it."""
    from needlepoint.person.questionnaires import load_questionnaires, score

    if ticked == "ask":
        form = load_questionnaires()["rmdq"].form
        if not sys.stdin.isatty():
            raise InputError(
                "no numbers and nobody to ask",
                field="--rmdq",
                mend=f"give --rmdq=1,4,9 or --rmdq=none. {form}",
            )
        click.echo(f"{form}\nTick the sentences that fit you today.")
        ticked = click.prompt("Numbers of the ticked sentences, with commas; Enter for none", default="none",
                              show_default=False)  # fmt: skip
        ticked = f"{ticked}," if ticked.strip().isdigit() else ticked  # asked for numbers: no total is meant
    found = score("rmdq", ticked)
    return int(found.score), list(found.notes)


def _row(each: Entry) -> dict[str, Any]:
    return {name: str(v) if name == "day" else v for name in FIELDS if (v := getattr(each, name)) is not None}


def _line(row: dict[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in row.items())


@command.command("show")
@click.option("--day", help="One day, with every value that was ever written for it.")
@click.option(
    "--last", default=14, show_default=True, type=click.IntRange(1), help="How many of the last days."
)
@as_json_option
@click.pass_obj
def show(path: Path, day: str | None, last: int, as_json: bool) -> None:
    """Show what stands in the diary, the days without an entry, and what comes next in the plan."""
    from needlepoint.person.plan import next_step

    diary = open_diary(path)
    if day is not None:
        records = diary.history(as_day(day))
        text = "\n".join(_line(record) for record in records) or f"Nothing is written for {as_day(day)}."
        say({"day": str(as_day(day)), "records": list(records)}, text, as_json=as_json)
        return
    entries = diary.entries()
    rows = [_row(each) for each in entries[-last:]]
    missing = _missing(entries[-last:])
    lines = [_line(row) for row in rows] or ["Nothing is written yet."]
    if missing:
        lines.append(f"No entry: {', '.join(missing)}. Gaps are normal.")
    step = next_step(diary.settings(), entries, date.today())
    say({"days": len(entries), "entries": rows, "missing": missing, "next": step},
        "\n".join([*lines, *([step] if step else [])]), as_json=as_json)  # fmt: skip


def _missing(entries: tuple[Entry, ...]) -> list[str]:
    """Days between the first and the last of these without an entry; none where they are too many to list."""
    if not entries:
        return []
    written = {each.day for each in entries}
    first, last = entries[0].day.toordinal(), entries[-1].day.toordinal()
    if last - first > 60:
        return []
    days = (date.fromordinal(each) for each in range(first, last))
    return [str(each) for each in days if each not in written]


@command.command("delete")
@click.option("--day", help="Only this day, with its history.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@as_json_option
@click.pass_obj
def delete(path: Path, day: str | None, yes: bool, as_json: bool) -> None:
    """Delete a day or the whole diary. It is overwritten: there is no way back."""
    if day is not None:
        day = as_day(day).isoformat()
    what = f"the entries of {day}" if day else f"the whole diary {path}"
    if not path.is_file():
        open_diary(path)  # says that there is none
    if not yes and not (sys.stdin.isatty() and click.confirm(f"Delete {what}?")):
        raise InputError("nothing was deleted", mend="confirm, or give --yes")
    if day is None:
        Diary.erase(
            path
        )  # without the passphrase too: it is forgotten more easily than the wish to be rid of it
        say({"deleted": str(path), "day": None}, f"Deleted {what}.", as_json=as_json)
        return
    count = open_diary(path).delete_day(day)
    if not count:
        raise InputError(
            "nothing is written for that day", field="day", got=day, mend="see `needlepoint diary show`"
        )
    say({"deleted": count, "day": day}, f"Deleted {what}.", as_json=as_json)


for each in (import_, export, calendar, report, pool):
    command.add_command(each)
