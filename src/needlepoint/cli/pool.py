"""``needlepoint pool``: a meta-analysis of a user's own table."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from needlepoint.cli.as_json import echo_json, json_option
from needlepoint.cli.own_table import AskedTable, table_options
from needlepoint.cli.page_output import write_figure

__all__ = ["command"]


@click.command("pool")
@table_options
@click.option(
    "--method", default="REML", show_default=True, help="Estimator of tau2; EE for a common effect."
)
@click.option("--test", default="HKSJ-adhoc", show_default=True, help="z, t, HKSJ, HKSJ-adhoc, KR, PL, HC.")
@click.option("--level", default=0.95, show_default=True, help="Confidence level, a fraction.")
@click.option("--mods", help='Moderators, as a formula: "~ year + alloc".')
@click.option("--tau2", type=float, help="Fix tau2 at this value.")
@click.option("--weights", metavar="COLUMN", help="Weights of your own.")
@click.option(
    "--prediction", default="t", show_default=True, help="Kind of prediction interval: t, Riley, HTS, NNF ..."
)
@click.option(
    "--tau2-interval", metavar="KIND", help="Also an interval for tau2, I2 and H2: QP, GENQ, PL, BJ, Wald."
)
@click.option("--leave-one-out", is_flag=True, help="Also the result without each study.")
@click.option(
    "--forest", type=click.Path(dir_okay=False, path_type=Path), help="Draw a forest plot: .svg .pdf .png."
)
@json_option
@click.option("--csv", "as_csv", is_flag=True, help="The coefficients as CSV on stdout.")
def command(
    asked: AskedTable,
    mods: str | None,
    weights: str | None,
    tau2_interval: str | None,
    leave_one_out: bool,
    forest: Path | None,
    as_json: bool,
    as_csv: bool,
    **fit: Any,
) -> None:
    """Pool the studies of TABLE: CSV, Excel or Parquet, of arm summaries or of yi and vi."""
    from needlepoint.pooling.api import pool

    own = asked.read()
    pooled: Any = pool(own.effects, mods=mods, weights=weights, **fit)
    parts: dict[str, Any] = {}
    if tau2_interval is not None:
        parts["tau2_interval"] = _tau2_interval(pooled, tau2_interval)
    if leave_one_out:
        parts["leave_one_out"] = _leave_one_out(pooled)
    if forest is not None:
        from needlepoint.figures.forest import forest as drawn

        write_figure(forest, drawn(pooled))
    if as_json:
        whole = pooled.to_dict() | {k: v.to_dict() for k, v in parts.items()} | {"understood": own.understood}
        echo_json(whole)
    elif as_csv:
        click.echo(pooled.to_frame("polars").write_csv(), nl=False)
    else:
        texts = [pooled.summary(), *(part.summary() for part in parts.values())]
        click.echo("\n".join(texts))


def _tau2_interval(pooled: Any, kind: Any) -> Any:
    from needlepoint.pooling.variance_intervals import variance_intervals

    return variance_intervals(pooled, kind=kind)


def _leave_one_out(pooled: Any) -> Any:
    from needlepoint.pooling.diagnostics.leave_one_out import leave_one_out

    return leave_one_out(pooled)
