"""``needlepoint decide``: the options side by side, in equal detail."""

from __future__ import annotations

from pathlib import Path

import click

from needlepoint.cli.as_json import echo_json, json_option
from needlepoint.cli.page_output import check_page, output_option, write_page

__all__ = ["command"]


@click.command("decide")
@output_option
@click.option(
    "--answers",
    "path",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Answers to the safety screen, as a JSON, TOML or CSV file: what they find comes first.",
)
@click.option("--duration", help="How long you have had the pain, as `needlepoint screen` asks it.")
@click.option("--country", help="How to check a practitioner in this country only.")
@click.option("--pack", help="Pack with the options: the built-in one unless told.")
@json_option
def command(
    output: Path | None,
    path: Path | None,
    duration: str | None,
    country: str | None,
    pack: str | None,
    as_json: bool,
) -> None:
    """Lay out the choice: what else there is, what helps how many, what it costs and risks. It never decides."""
    from needlepoint.person.decide import decide

    check_page(output)
    decision = decide(path, duration=duration, country=country, pack=pack)
    if output is not None:
        from needlepoint.report.decide_html import decide_html

        write_page(output, lambda: decide_html(decision))
    if as_json:
        echo_json(decision.to_dict())
    else:
        click.echo(decision.summary())
