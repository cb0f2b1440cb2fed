"""``needlepoint many``: one meta-analysis for every group of a long table."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

__all__ = ["command"]


@click.command("many")
@click.argument("data")
@click.option("--by", required=True, help="Columns that tell groups apart: --by review,analysis.")
@click.option("--measure", default="auto", show_default=True, help="auto, or MD, SMD, RR, OR, RD ...")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Parquet file to write.")
@click.option(
    "--method", default="REML", show_default=True, help="Estimator of tau2; EE for a common effect."
)
@click.option("--test", default="HKSJ-adhoc", show_default=True, help="z, t, HKSJ, HKSJ-adhoc, KR, PL, HC.")
@click.option("--level", default=0.95, show_default=True, help="Confidence level, a fraction.")
@click.option("--prediction", default="t", show_default=True, help="Kind of prediction interval, or none.")
@click.option("--mods", help='Moderators, as a formula: "~ year + alloc".')
@click.option("--extras", default="", help="More columns: egger,rank,leave_one_out,mantel_haenszel,peto ...")
@click.option(
    "--col", "columns", multiple=True, metavar="LETTER=NAME", help="Which column is what: --col yi=lnOR."
)
@click.option("--sort", is_flag=True, help="Sort by the key first, where groups' rows do not stand together.")
@click.option("--restart", is_flag=True, help="Forget the parts of a stopped run with the same output.")
@click.option("--threads", type=int, help="Threads; all by default.")
@click.option(
    "--device", default="cpu", show_default=True, help="cpu, cuda (a GPU), or auto: a GPU if there is one."
)
@click.option("--scheduler", help="Address of a Dask scheduler: tcp://host:8786.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout.")
def command(
    data: str,
    by: str,
    measure: str,
    out: Path | None,
    prediction: str,
    extras: str,
    columns: tuple[str, ...],
    restart: bool,
    as_json: bool,
    **options: Any,
) -> None:
    """Pool every group of DATA: Parquet, CSV, or a folder of them, larger than memory if need be; or Excel, or -.

    A run that was stopped goes on when the same command is given again.
    """
    from needlepoint.bulk.api import many

    bar = _Bar()
    named: dict[str, Any] = {
        **options,
        **_pairs(columns),
        "prediction": None if prediction == "none" else prediction,
    }
    try:
        result = many(
            data,
            by=_listed(by),
            measure=measure,
            out=out,
            extras=_listed(extras),
            resume=not restart,
            progress=bar,
            **named,
        )
    finally:
        bar.close()
    if as_json:
        import json

        rows = {} if out is not None else {"rows": result.tidy()}
        click.echo(json.dumps(result.to_dict() | rows, ensure_ascii=False, default=str, indent=1))
    elif out is None:
        click.echo(result.to_frame().write_csv(), nl=False)
        click.echo(result.summary(), err=True)
    else:
        click.echo(result.summary())


def _listed(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _pairs(columns: tuple[str, ...]) -> dict[str, str]:
    from needlepoint.errors import InputError

    pairs: dict[str, str] = {}
    for pair in columns:
        letter, equals, name = pair.partition("=")
        if not equals:
            raise InputError("not a pair", field="--col", got=pair, allowed="LETTER=NAME")
        pairs[letter.strip()] = name.strip()
    return pairs


class _Bar:
    """A progress bar on stderr, only for a person at a terminal."""

    def __init__(self) -> None:
        self.bar: Any = None
        self.done = 0

    def __call__(self, done: int, total: int) -> None:
        import sys

        if not sys.stderr.isatty():
            return
        if self.bar is None:
            self.bar = click.progressbar(length=total, label="rows", file=sys.stderr, show_eta=True)
            self.bar.__enter__()
        self.bar.update(done - self.done)
        self.done = done

    def close(self) -> None:
        if self.bar is not None:
            self.bar.__exit__(None, None, None)
