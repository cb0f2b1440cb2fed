"""``needlepoint ask``: a question in plain words, the trials' answer."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from needlepoint.cli.as_json import echo_json, json_option

if TYPE_CHECKING:
    from needlepoint.answer.result import Answer

__all__ = ["EMERGENCY", "command"]

EMERGENCY = 3  # exit code of a question that holds words of an emergency


@click.command("ask")
@click.argument("question", nargs=-1, required=True)
@click.option("--pack", metavar="DIR", help="A pack of your own: its folder, or the id of a built-in one.")
@json_option
@click.option(
    "--html", type=click.Path(dir_okay=False, path_type=Path), help="Write one self-contained page."
)
@click.option("--full", is_flag=True, help="The whole answer, not the first screen alone.")
@click.option("--explain", is_flag=True, help="Every step with its numbers and sources.")
def command(
    question: tuple[str, ...], pack: str | None, as_json: bool, html: Path | None, full: bool, explain: bool
) -> None:
    """Answer QUESTION from the trials: "does acupuncture help with lower back pain?".

    Words of an emergency are answered with where to go now and nothing else; the exit code is then 3.
    """
    from needlepoint.answer.api import ask

    answer = ask(" ".join(question), pack=pack)
    if answer.emergency is not None:
        if as_json:
            echo_json(answer.to_dict())
        else:
            click.echo(answer.summary())
        raise click.exceptions.Exit(EMERGENCY)
    if html is not None:
        from needlepoint.report.answer_html import answer_html
        from needlepoint.report.files import write_text

        write_text(html, answer_html(answer))
        click.echo(f"wrote {html}", err=True)
    if as_json:
        echo_json(answer.to_dict())
    elif explain:
        from needlepoint.answer.text import explain_text

        click.echo(explain_text(answer))
    elif html is None:
        click.echo(_text(answer, full=full))


def _text(answer: Answer, *, full: bool) -> str:
    import sys

    from needlepoint.answer.first_screen import first_screen
    from needlepoint.answer.text import answer_text

    write = answer_text if full else first_screen
    if not sys.stdout.isatty():
        return write(answer)
    return write(
        answer,
        bold=lambda text: click.style(text, bold=True),
        dim=lambda text: click.style(text, dim=True),
    )
