"""``needlepoint diagnose``: what the result of a user's own table hangs on."""

from __future__ import annotations

from typing import Any

import click

from needlepoint.cli.as_json import echo_json, json_option
from needlepoint.cli.own_table import AskedTable, table_options

__all__ = ["command"]


@click.command("diagnose")
@table_options
@click.option(
    "--method", default="REML", show_default=True, help="Estimator of tau2; EE for a common effect."
)
@click.option("--mods", help='Moderators, as a formula: "~ year + alloc".')
@click.option("--subsets", is_flag=True, help="Also the model of every subset of the studies (GOSH).")
@json_option
@click.option("--csv", "as_csv", is_flag=True, help="The diagnostics of every study as CSV on stdout.")
def command(
    asked: AskedTable,
    method: Any,
    mods: str | None,
    subsets: bool,
    as_json: bool,
    as_csv: bool,
) -> None:
    """Show which studies of TABLE are outliers, which move the result, and what changes without each."""
    from needlepoint.pooling.api import pool
    from needlepoint.pooling.influence import influence, influence_line

    own = asked.read()
    pooled = pool(own.effects, method=method, mods=mods)
    parts: dict[str, Any] = {"influence": influence(pooled)}
    if subsets:
        from needlepoint.pooling.diagnostics.gosh import gosh

        parts["subsets"] = gosh(pooled)
    if as_json:
        whole = {name: part.to_dict() for name, part in parts.items()}
        whole |= {"pooled": pooled.to_dict(), "understood": own.understood}
        echo_json(whole)
    elif as_csv:
        click.echo(parts["influence"].to_frame("polars").write_csv(), nl=False)
    else:
        texts = [influence_line(pooled), "", pooled.summary(), *(part.summary() for part in parts.values())]
        click.echo("\n".join(texts))
