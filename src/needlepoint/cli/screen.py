"""``needlepoint screen``: safety questions, emergencies first."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import click

from needlepoint.cli.as_json import echo_json, json_option
from needlepoint.cli.page_output import check_page, output_option, write_page
from needlepoint.errors import InputError
from needlepoint.person.rules import LEVELS, Question, RuleBook, load_rules
from needlepoint.person.screen import clean, evaluate, screen

__all__ = ["command"]


@click.command("screen")
@click.option(
    "--answers",
    "path",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Answers from a JSON, TOML or CSV file: question id and answer.",
)
@click.option("--pack", help="Pack with the rules: the built-in one unless told.")
@click.option("--questions", is_flag=True, help="List the questions in the order of asking, and stop.")
@output_option
@json_option
def command(path: Path | None, pack: str | None, questions: bool, output: Path | None, as_json: bool) -> None:
    """Ask the safety questions, emergencies first, and grade the answers.

    Nothing leaves this machine and nothing is stored.
    """
    check_page(output)
    book = load_rules(pack)
    if questions:
        click.echo(_listing(book, as_json=as_json))
        return
    if path is not None:
        answers = path
    elif sys.stdin.isatty():
        answers = ask(book)
    else:
        mend = "give --answers FILE, or run it in a terminal; --questions lists the questions"
        raise InputError("no answers and nobody to ask", mend=mend)
    result = screen(answers, pack=pack)
    if output is not None:
        from needlepoint.report.screen_html import screen_html

        write_page(output, lambda: screen_html(result))
    if as_json:
        echo_json(result.to_dict())
    else:
        click.echo(result.summary())


def ask(book: RuleBook) -> dict[str, Any]:
    """Ask in the terminal; stop as soon as the emergency questions have found one."""
    click.echo("Answer yes, no or not sure. Press Enter to skip a question.\n")
    answers: dict[str, Any] = {}
    for question in book.questions:
        _ask_one(book, question, answers)
        if evaluate(book, answers).level == LEVELS[0]:
            break
    return answers


def _ask_one(book: RuleBook, question: Question, answers: dict[str, Any]) -> None:
    while True:
        answer = click.prompt(_wording(question), default="", show_default=False)
        try:
            answers.update(clean(book, {question.id: answer}))
        except InputError as error:
            click.echo(f"  {error}")
        else:
            return


def _wording(question: Question) -> str:
    hint = f" {question.help}" if question.help else ""
    choices = f" ({', '.join(question.choices)})" if question.choices else ""
    return f"{question.ask}{hint}{choices}"


def _listing(book: RuleBook, *, as_json: bool) -> str:
    rows = [{"id": q.id, "ask": q.ask, "kind": q.kind, "choices": list(q.choices)} for q in book.questions]
    if as_json:
        return json.dumps(rows, ensure_ascii=False)
    return "\n".join(f"{row['id']:18} {row['ask']}" for row in rows)
