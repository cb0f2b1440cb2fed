"""``needlepoint rare``: sparse counts of a user's own table, by every method side by side."""

from __future__ import annotations

from pathlib import Path

import click

__all__ = ["command"]


@click.command("rare")
@click.argument("table", type=click.Path(path_type=Path))
@click.option("--level", default=0.95, show_default=True, help="Confidence level, a fraction.")
@click.option(
    "--col", "columns", multiple=True, metavar="LETTER=NAME", help="Which column is what: --col ai=events_t."
)
@click.option("--study", help="Column with the studies' names.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout.")
@click.option("--csv", "as_csv", is_flag=True, help="One row a method as CSV on stdout.")
def command(
    table: Path, level: float, columns: tuple[str, ...], study: str | None, as_json: bool, as_csv: bool
) -> None:
    """Odds ratios of the events in TABLE (CSV, Excel or Parquet) by every method for rare events."""
    from needlepoint.cli.own_table import read_own
    from needlepoint.pooling.rare_events import rare_events

    own = read_own(table, "OR", columns, study)
    res = rare_events(own.effects, level=level)
    if as_json:
        import json

        click.echo(json.dumps(res.to_dict() | {"understood": own.understood}, ensure_ascii=False, indent=1))
    elif as_csv:
        click.echo(res.to_frame("polars").drop("notes").write_csv(), nl=False)
    else:
        click.echo(res.summary())
