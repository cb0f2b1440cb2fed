"""A user's table on the command line: read, understood, turned into effect sizes; what was understood is said."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import wraps
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    import polars as pl

    from needlepoint.effects.result import EffectSizes

__all__ = ["AskedTable", "OwnTable", "column_options", "letters", "reading_options", "say", "table_options"]

_READING = ("decimal", "brackets", "sheet", "treated", "control")


@dataclass(frozen=True, slots=True)
class OwnTable:
    """The data, its effect sizes, and what its columns were taken for."""

    data: pl.DataFrame
    effects: EffectSizes
    understood: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AskedTable:
    """The table that was named, and what the user said of it."""

    table: str
    measure: str | None
    columns: tuple[str, ...]
    study: str | None
    reading: dict[str, Any]

    def read(self, measure: str | None = None) -> OwnTable:
        """Read it, compute its effect sizes (of ``measure``, or as the user said), and say what was understood."""
        from needlepoint.effects.from_table import effects_from_table

        found = effects_from_table(
            self.table,
            measure=measure or self.measure,
            columns=letters(self.columns),
            study=self.study,
            **self.reading,
        )
        say(found.understood)
        return OwnTable(found.effects.data, found.effects, found.understood)


def reading_options(command: Callable[..., None]) -> Callable[..., None]:
    """What decides where a table can be read in two ways; the command gets them as ``reading``."""

    @wraps(command)
    def read(**options: Any) -> None:
        command(reading={name: options.pop(name) for name in _READING}, **options)

    found: Callable[..., None] = read
    for option in (
        click.option("--sheet", metavar="NAME", help="Sheet of a spreadsheet; the first unless told."),
        click.option(
            "--control", metavar="ARM", help="Name of the control arm, in a column or in columns' names."
        ),
        click.option("--treated", metavar="ARM", help="Name of the treated arm."),
        click.option(
            "--brackets",
            type=click.Choice(["sd", "se", "percent", "ci", "iqr"]),
            help='What stands in brackets: "12 (3.4)".',
        ),
        click.option("--decimal", type=click.Choice(["point", "comma"]), help="What stands before decimals."),
    ):
        found = option(found)
    return found


def column_options(command: Callable[..., None]) -> Callable[..., None]:
    """The table (- for standard input) and which of its columns is what; the command gets them as ``asked``."""

    @wraps(command)
    def asking(
        table: str, columns: tuple[str, ...], study: str | None, reading: dict[str, Any], **options: Any
    ) -> None:
        command(asked=AskedTable(table, options.pop("measure", None), columns, study, reading), **options)

    found = reading_options(asking)
    for option in (
        click.option("--study", help="Column with the studies' names."),
        click.option(
            "--col",
            "columns",
            multiple=True,
            metavar="LETTER=NAME",
            help="Which column is what: --col m1i=mean_t.",
        ),
        click.argument("table"),
    ):
        found = option(found)
    return found


def table_options(command: Callable[..., None]) -> Callable[..., None]:
    """The table, its columns, and the measure of its effects."""
    measure = click.option(
        "--measure", help="MD, SMD, RR, OR, RD ...; guessed from the columns when not given."
    )
    return measure(column_options(command))


def say(understood: Iterable[str]) -> None:
    """What was understood, a line each, on standard error."""
    for line in understood:
        click.echo(f"understood: {line}", err=True)


def letters(columns: tuple[str, ...]) -> dict[str, str]:
    """LETTER=NAME pairs as a mapping."""
    from needlepoint.errors import InputError

    told: dict[str, str] = {}
    for pair in columns:
        letter, equals, name = pair.partition("=")
        if not equals:
            raise InputError("not a pair", field="--col", got=pair, allowed="LETTER=NAME")
        told[letter.strip()] = name.strip()
    return told
