"""A user's table on the command line: read, understood, turned into effect sizes; what was guessed is said."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    import polars as pl

    from needlepoint.effects.guess import Guess

__all__ = ["OwnTable", "column_options", "read_own", "table_options"]


def column_options(command: Callable[..., None]) -> Callable[..., None]:
    """The table, and the options that say which of its columns is what."""
    for option in (
        click.option("--study", help="Column with the studies' names."),
        click.option(
            "--col",
            "columns",
            multiple=True,
            metavar="LETTER=NAME",
            help="Which column is what: --col m1i=mean_t.",
        ),
        click.argument("table", type=click.Path(path_type=Path)),
    ):
        command = option(command)
    return command


def table_options(command: Callable[..., None]) -> Callable[..., None]:
    """The table, its columns, and the measure of its effects."""
    measure = click.option(
        "--measure", help="MD, SMD, RR, OR, RD ...; guessed from the columns when not given."
    )
    return measure(column_options(command))


@dataclass(frozen=True, slots=True)
class OwnTable:
    """The data, its effect sizes, and what its columns were taken for."""

    data: pl.DataFrame
    effects: Any
    understood: str


def read_own(table: Path, measure: str | None, columns: tuple[str, ...], study: str | None) -> OwnTable:
    """Read a table and compute its effect sizes; ``columns`` are LETTER=NAME pairs that the user told."""
    from needlepoint.tables import read_table

    data = read_table(table)
    guess = _told(data.columns, measure, columns, study)
    click.echo(f"understood: {guess.text}", err=True)
    return OwnTable(data, _effects(data, guess), guess.text)


def _told(names: list[str], measure: str | None, columns: tuple[str, ...], study: str | None) -> Guess:
    """The user's own word on columns goes before any guess."""
    from needlepoint.effects.guess import guess_columns
    from needlepoint.errors import InputError

    told: dict[str, str] = {}
    for pair in columns:
        letter, equals, name = pair.partition("=")
        if not equals or name not in names:
            allowed = f"LETTER=NAME with one of {', '.join(names)}"
            raise InputError("no such column", field="--col", got=pair, allowed=allowed)
        told[letter.strip()] = name
    renamed = [next((letter for letter, column in told.items() if column == n), n) for n in names]
    guess = guess_columns(renamed, measure)
    back = dict(zip(renamed, names, strict=True))
    found = {letter: back[name] for letter, name in guess.columns.items()} | told
    return replace(guess, columns=found, study=study or (back[guess.study] if guess.study else None))


def _effects(data: pl.DataFrame, guess: Guess) -> Any:
    """Effect sizes of the table; printed intervals become standard errors."""
    from needlepoint.columns import numbers
    from needlepoint.effects.api import effect_sizes

    trio = guess.ratio_interval or guess.interval
    if trio is None:
        chosen: dict[str, Any] = {**guess.columns}
        return effect_sizes(data, measure=guess.measure, study=guess.study, **chosen)
    import numpy as np

    from needlepoint.stats.distributions import normal_quantile

    middle, low, high = (numbers(data, name, field=name) for name in trio)
    if guess.ratio_interval is not None:
        middle, low, high = np.log(middle), np.log(low), np.log(high)
    sei = (high - low) / (2 * normal_quantile(0.975))
    return effect_sizes(data, measure="GEN", yi=middle, sei=sei, study=guess.study)
