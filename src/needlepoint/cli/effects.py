"""``needlepoint effects``: effect sizes of a user's own table."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from needlepoint.cli.as_json import echo_json, json_option

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
@click.argument("table", type=click.Path(path_type=Path))
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
    table: Path,
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
    from needlepoint.effects.api import effect_sizes
    from needlepoint.tables import read_table

    data = read_table(table)
    told = {letter: column for letter, column in letters.items() if column is not None}
    columns, study = _columns(data.columns, measure, told, study)
    named = ", ".join(f"{letter} = {column}" for letter, column in columns.items())
    click.echo(f"understood: {named}{f', study = {study}' if study else ''}", err=True)
    options: dict[str, Any] = {**columns}
    found = effect_sizes(
        data,
        measure=measure,
        study=study,
        vtype=vtype,
        add=_number(add),
        to=to,
        drop00=drop00,
        correct=not uncorrected,
        **options,
    )
    _write(found, level, out, as_json)


def _columns(
    names: list[str], measure: str, told: dict[str, str], study: str | None
) -> tuple[dict[str, str], str | None]:
    """The user's word first, then columns named by their letter, then a guess from plain names."""
    from needlepoint.effects.guess import guess_columns
    from needlepoint.effects.measures import MEASURES
    from needlepoint.errors import InputError
    from needlepoint.options import Measure, check

    check(measure, Measure, field="measure")
    alternatives = MEASURES[measure].alternatives
    wanted = {letter for alternative in alternatives for letter in alternative}
    columns = {letter: letter for letter in LETTERS if letter in wanted and letter in names} | told
    if not any(set(alternative) <= set(columns) for alternative in alternatives):
        try:
            guess = guess_columns(names, measure)
        except InputError:
            return columns, study  # effect_sizes says what the measure takes
        columns = guess.columns | columns
        study = study or guess.study
    if study is None:
        study = next((name for name in names if name.lower() in ("study", "trial", "author")), None)
    return columns, study


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
