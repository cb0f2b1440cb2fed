"""``needlepoint rare``: sparse counts of a user's own table, by every method side by side."""

from __future__ import annotations

import click

from needlepoint.cli.as_json import echo_json, json_option
from needlepoint.cli.own_table import AskedTable, column_options

__all__ = ["command"]


@click.command("rare")
@column_options
@click.option("--level", default=0.95, show_default=True, help="Confidence level, a fraction.")
@json_option
@click.option("--csv", "as_csv", is_flag=True, help="One row a method as CSV on stdout.")
def command(asked: AskedTable, level: float, as_json: bool, as_csv: bool) -> None:
    """Odds ratios of the events in TABLE (CSV, Excel or Parquet) by every method for rare events."""
    from needlepoint.pooling.counts.rare_events import rare_events

    own = asked.read("OR")
    res = rare_events(own.effects, level=level)
    if as_json:
        echo_json(res.to_dict() | {"understood": own.understood})
    elif as_csv:
        click.echo(res.to_frame("polars").drop("notes").write_csv(), nl=False)
    else:
        click.echo(res.summary())
