"""``needlepoint pool``: a meta-analysis of a user's own table."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    import polars as pl

    from needlepoint.effects.guess import Guess

__all__ = ["command"]


@click.command("pool")
@click.argument("table", type=click.Path(path_type=Path))
@click.option("--measure", help="MD, SMD, RR, OR, RD ...; guessed from the columns when not given.")
@click.option(
    "--method", default="REML", show_default=True, help="Estimator of tau2; EE for a common effect."
)
@click.option("--test", default="HKSJ-adhoc", show_default=True, help="z, t, HKSJ, HKSJ-adhoc, KR, PL, HC.")
@click.option("--level", default=0.95, show_default=True, help="Confidence level, a fraction.")
@click.option("--mods", help='Moderators, as a formula: "~ year + alloc".')
@click.option(
    "--col", "columns", multiple=True, metavar="LETTER=NAME", help="Which column is what: --col m1i=mean_t."
)
@click.option("--study", help="Column with the studies' names.")
@click.option(
    "--forest", type=click.Path(dir_okay=False, path_type=Path), help="Draw a forest plot: .svg .pdf .png."
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout.")
@click.option("--csv", "as_csv", is_flag=True, help="The coefficients as CSV on stdout.")
def command(
    table: Path,
    measure: str | None,
    method: str,
    test: str,
    level: float,
    mods: str | None,
    columns: tuple[str, ...],
    study: str | None,
    forest: Path | None,
    as_json: bool,
    as_csv: bool,
) -> None:
    """Pool the studies of TABLE: CSV, Excel or Parquet, of arm summaries or of yi and vi."""
    from needlepoint.effects.guess import guess_columns
    from needlepoint.pooling.api import pool
    from needlepoint.tables import read_table

    data = read_table(table)
    guess = _told(guess_columns, data.columns, measure, columns, study)
    click.echo(f"understood: {guess.text}", err=True)
    effects = _effects(data, guess)
    pooled: Any = pool(effects, method=method, test=test, level=level, mods=mods, data=data if mods else None)  # type: ignore[arg-type]
    if forest is not None:
        _draw(pooled, forest)
    if as_json:
        import json

        click.echo(json.dumps(pooled.to_dict() | {"understood": guess.text}, ensure_ascii=False, indent=1))
    elif as_csv:
        click.echo(pooled.to_frame("polars").write_csv(), nl=False)
    else:
        click.echo(pooled.summary())
        click.echo(_as_ratio(pooled), nl=False)


def _as_ratio(pooled: Any) -> str:
    """The pooled estimate off the logarithmic scale, for ratio measures."""
    from math import exp

    from needlepoint.figures.forest import RATIOS

    if pooled.measure not in RATIOS or pooled.p > 1:
        return ""
    low, mid, high = exp(pooled.ci_low), exp(pooled.estimate), exp(pooled.ci_high)
    return f"as a ratio: {mid:.3g} [{low:.3g}, {high:.3g}]\n"


def _told(
    guess_columns: Any, names: list[str], measure: str | None, columns: tuple[str, ...], study: str | None
) -> Guess:
    """The user's own word on columns goes before any guess."""
    from dataclasses import replace

    from needlepoint.errors import InputError

    told: dict[str, str] = {}
    for pair in columns:
        letter, equals, name = pair.partition("=")
        if not equals or name not in names:
            raise InputError(
                "no such column",
                field="--col",
                got=pair,
                allowed=f"LETTER=NAME with one of {', '.join(names)}",
            )
        told[letter.strip()] = name
    renamed = [next((letter for letter, column in told.items() if column == n), n) for n in names]
    guess: Guess = guess_columns(renamed, measure)
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


def _draw(pooled: Any, path: Path) -> None:
    from needlepoint.figures.files import figure_bytes
    from needlepoint.figures.forest import forest
    from needlepoint.report.files import write_bytes

    write_bytes(path, figure_bytes(forest(pooled), path))
    click.echo(f"wrote {path}", err=True)
