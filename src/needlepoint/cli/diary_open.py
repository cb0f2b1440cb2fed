"""Opening a diary from the command line: its passphrase, and saying what came of a command."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import click

from needlepoint.errors import InputError
from needlepoint.person.diary import Diary

__all__ = ["PASSPHRASE", "as_json_option", "ask_passphrase", "kind_option", "open_diary", "pairs", "say"]

PASSPHRASE = "NEEDLEPOINT_DIARY_PASSPHRASE"

as_json_option = click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout.")
kind_option = click.option(
    "--format", "kind", type=click.Choice(["csv", "json", "fhir"]), help="By the file's name unless told."
)


def open_diary(path: Path) -> Diary:
    """The diary; its passphrase from the environment, or asked for in a terminal.

    Raises
    ------
    InputError
        No diary, another kind of file, or no or a wrong passphrase.
    """
    try:
        return Diary(path, passphrase=os.environ.get(PASSPHRASE))
    except InputError as error:
        if error.problem in _NONE:
            raise InputError(error.problem, field="path", got=error.got, mend=_WHERE) from error
        if error.field != "passphrase" or os.environ.get(PASSPHRASE):
            raise
    return Diary(path, passphrase=ask_passphrase())


_NONE = ("there is no diary here", "this file is no diary")
_WHERE = "start one with `needlepoint diary start`, or name its file: `needlepoint diary --file FILE ...`"


def ask_passphrase(*, confirm: bool = False) -> str:
    """The passphrase from the environment or the terminal.

    Raises
    ------
    InputError
        There is none, and nobody to ask.
    """
    told = os.environ.get(PASSPHRASE)
    if told is not None:
        return told
    if not sys.stdin.isatty():
        raise InputError(
            "the diary is encrypted, and there is no passphrase and nobody to ask", field="passphrase",
            mend=f"set ${PASSPHRASE}, or run it in a terminal",
        )  # fmt: skip
    return click.prompt("Passphrase", hide_input=True, confirmation_prompt=confirm)


def pairs(option: str, given: tuple[str, ...]) -> dict[str, str]:
    """FIELD=VALUE, several times.

    Raises
    ------
    InputError
        One has no equals sign.
    """
    found: dict[str, str] = {}
    for each in given:
        name, sign, value = each.partition("=")
        if not sign:
            raise InputError("not FIELD=VALUE", field=option, got=each)
        found[name.strip()] = value
    return found


def say(values: dict[str, Any], text: str, *, as_json: bool) -> None:
    """The result as text for people or as one JSON object."""
    click.echo(json.dumps(values, ensure_ascii=False, default=str) if as_json else text)
