"""``needlepoint network``: many treatments of a user's own table at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from needlepoint.cli.as_json import echo_json, json_option
from needlepoint.cli.page_output import write_figure

__all__ = ["command"]

_DRAWN = click.Path(dir_okay=False, path_type=Path)


@click.command("network")
@click.argument("table")
@click.option("--measure", help="OR, RR, RD, MD, SMD, ROM, IRR ... of arm rows.")
@click.option("--study", metavar="COLUMN", help="The trial that a row belongs to.")
@click.option("--treatment", metavar="COLUMN", help="The arm's treatment (one row an arm).")
@click.option("--treat1", metavar="COLUMN", help="First treatment of a contrast.")
@click.option("--treat2", metavar="COLUMN", help="Second treatment of a contrast.")
@click.option(
    "-c",
    "--column",
    "columns",
    multiple=True,
    metavar="LETTER=COLUMN",
    help="xi, ni, ti, mi, sdi, yi, sei or vi.",
)
@click.option("--reference", help="The treatment that others are shown against.")
@click.option("--method", default="REML", show_default=True, help="Estimator of tau2; EE for common effects.")
@click.option("--test", default="HKSJ-adhoc", show_default=True, help="z, t, HKSJ, HKSJ-adhoc, KR.")
@click.option("--level", default=0.95, show_default=True, help="Confidence level, a fraction.")
@click.option("--tau2", type=float, help="Fix tau2 at this value.")
@click.option(
    "--part", type=click.Choice(["largest"]), help="Take the largest part of a network that falls apart."
)
@click.option(
    "--better", type=click.Choice(["lower", "higher"]), help="Which values are better: adds the ranking."
)
@click.option("--minimal-difference", default=0.0, help="Smallest difference that matters, for the ranking.")
@click.option("--split", is_flag=True, help="Also direct against indirect evidence.")
@click.option("--league", is_flag=True, help="Also every treatment against every other.")
@click.option("--graph", type=_DRAWN, help="Draw the network: .svg .pdf .png.")
@click.option("--forest", type=_DRAWN, help="Draw every treatment against the reference.")
@json_option
@click.option("--csv", "as_csv", is_flag=True, help="The effects against the reference as CSV on stdout.")
def command(
    table: str,
    columns: tuple[str, ...],
    better: Any,
    minimal_difference: float,
    split: bool,
    league: bool,
    graph: Path | None,
    forest: Path | None,
    as_json: bool,
    as_csv: bool,
    **options: Any,
) -> None:
    """Compare many treatments at once: TABLE holds one row an arm, one row a trial, or contrasts."""
    from needlepoint.cli.own_table import letters
    from needlepoint.networks.api import network
    from needlepoint.tables.read import read_table

    read = read_table(table)
    asked: dict[str, Any] = {**options, **letters(columns)}
    fit = network(read.data, **asked)
    parts = _parts(fit, better, minimal_difference, split, league)
    if graph is not None:
        from needlepoint.figures.network_graph import network_graph

        write_figure(graph, network_graph(fit))
    if forest is not None:
        from needlepoint.figures.network_forest import network_forest

        write_figure(forest, network_forest(fit))
    if as_json:
        echo_json(fit.to_dict() | {name: part.to_dict() for name, part in parts.items()})
    elif as_csv:
        click.echo(fit.to_frame("polars").write_csv(), nl=False)
    else:
        click.echo("\n\n".join([fit.summary(), *(part.summary() for part in parts.values())]))


def _parts(fit: Any, better: Any, minimal_difference: float, split: bool, league: bool) -> dict[str, Any]:
    parts: dict[str, Any] = {}
    if better is not None:
        from needlepoint.networks.ranking import p_scores

        parts["ranking"] = p_scores(fit, better=better, minimal_difference=minimal_difference)
    if split:
        from needlepoint.networks.node_splitting import node_splitting

        parts["split"] = node_splitting(fit)
    if league:
        from needlepoint.networks.result import relative_effects

        parts["league"] = relative_effects(fit)
    return parts
