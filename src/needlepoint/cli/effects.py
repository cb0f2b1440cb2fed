"""``needlepoint effects``: effect sizes of a user's own table."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from needlepoint.cli.as_json import echo_json, json_option
from needlepoint.cli.own_table import reading_options, say

if TYPE_CHECKING:
    from needlepoint.effects.result import EffectSizes

__all__ = ["command"]

# the letters that any measure reads; a test holds this list against MEASURES, which the help need not import
LETTERS = (
    *("ai", "bi", "ci", "di", "n1i", "n2i", "x1i", "x2i", "t1i", "t2i", "m1i", "m2i", "sd1i", "sd2i"),
    *("xi", "mi", "ri", "ti", "fi", "pi", "sdi", "r2i", "ni", "yi", "vi", "sei"),
)


def _letters(function: Callable[..., None]) -> Callable[..., None]:
    for letter in reversed(LETTERS):
        option = click.option(f"--{letter}", metavar="COLUMN", help=f"Column that holds {letter}.")
        function = option(function)
    return function


@click.command("effects")
@click.argument("table")
@reading_options
@click.option("--measure", required=True, help="MD, SMD, RR, OR, RD, IRR, ZCOR, PLO ... (87 of them).")
@click.option("--study", metavar="COLUMN", help="Column with the studies' names.")
@click.option(
    "--vtype", help="Kind of sampling variance: LS, UB, AV ...; what there is hangs on the measure."
)
@click.option("--add", help="Constant for zero cells: a number, treatment-arm or empirical.")
@click.option("--to", default="only0", show_default=True, help="Where it goes: only0, all, if0all, none.")
@click.option("--drop00", is_flag=True, help="No value for studies without events in both arms.")
@click.option("--uncorrected", is_flag=True, help="Without small-sample corrections (d instead of g).")
@click.option("--level", default=0.95, show_default=True, help="Confidence level, a fraction.")
@click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), help="Write the rows to this CSV file."
)
@json_option
@_letters
def command(
    table: str,
    reading: dict[str, Any],
    measure: str,
    study: str | None,
    vtype: str | None,
    add: str | None,
    to: str,
    drop00: bool,
    uncorrected: bool,
    level: float,
    out: Path | None,
    as_json: bool,
    **letters: str | None,
) -> None:
    """Effect sizes of the studies in TABLE (CSV, Excel, Parquet, JSON).

    Columns that are named by their letter (ai, m1i, ...) or plainly (mean_t, sd_control, events_1) need no
    option.
    """
    from needlepoint.effects.from_table import effects_from_table
    from needlepoint.options import Measure, check

    check(measure, Measure, field="measure")
    told = {letter: column for letter, column in letters.items() if column is not None}
    found = effects_from_table(
        table,
        measure=measure,
        columns=told,
        study=study,
        options={"vtype": vtype, "add": _number(add), "to": to, "drop00": drop00, "correct": not uncorrected},
        **reading,
    )
    say(found.understood)
    _write(found.effects, level, out, as_json)


def _number(add: str | None) -> float | str | None:
    if add is None:
        return None
    try:
        return float(add)
    except ValueError:
        return add


def _write(found: EffectSizes, level: float, out: Path | None, as_json: bool) -> None:
    if out is not None:
        from needlepoint.result import frame

        frame(found.tidy(level), "polars").write_csv(out)
        click.echo(f"wrote {out}", err=True)
    if as_json:
        rows = found.tidy(level)
        body = {
            "measure": found.measure,
            "level": level,
            "effects": rows,
            "notes": found.notes,
            "derived": found.derived,
        }
        echo_json(body)
    elif out is None:
        click.echo(found.summary(level))
