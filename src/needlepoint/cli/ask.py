"""``needlepoint ask``: a question in plain words, the trials' answer."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from needlepoint.cli.as_json import echo_json, json_option

if TYPE_CHECKING:
    from needlepoint.answer.result import Answer

__all__ = ["command"]


@click.command("ask")
@click.argument("question", nargs=-1, required=True)
@click.option("--pack", metavar="DIR", help="A pack of your own: its folder, or the id of a built-in one.")
@json_option
@click.option(
    "--html", type=click.Path(dir_okay=False, path_type=Path), help="Write one self-contained page."
)
@click.option("--explain", is_flag=True, help="Every step with its numbers and sources.")
def command(
    question: tuple[str, ...], pack: str | None, as_json: bool, html: Path | None, explain: bool
) -> None:
    """Answer QUESTION from the trials: "does acupuncture help with lower back pain?"."""
    from needlepoint.answer.api import ask

    answer = ask(" ".join(question), pack=pack)
    if html is not None:
        from needlepoint.report.answer_html import answer_html
        from needlepoint.report.files import write_text

        write_text(html, answer_html(answer))
        click.echo(f"wrote {html}", err=True)
    if as_json:
        echo_json(answer.to_dict())
    elif explain:
        from needlepoint.report.answer_text import explain_text

        click.echo(explain_text(answer))
    elif html is None:
        click.echo(_text(answer))


def _text(answer: Answer) -> str:
    import sys

    from needlepoint.report.answer_text import answer_text

    if not sys.stdout.isatty():
        return answer_text(answer)
    return answer_text(
        answer,
        bold=lambda text: click.style(text, bold=True),
        dim=lambda text: click.style(text, dim=True),
    )
