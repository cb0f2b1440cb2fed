"""``needlepoint score``: questionnaires scored by their published rules."""

from __future__ import annotations

import click

from needlepoint.cli.as_json import echo_json, json_option

__all__ = ["command"]


@click.command("score")
@click.argument("instrument", required=False)
@click.argument("answers", required=False)
@click.option("--before", type=float, help="An earlier score, to judge the change.")
@click.option("--pack", help="Pack with the questionnaires: the built-in one unless told.")
@json_option
def command(
    instrument: str | None, answers: str | None, before: float | None, pack: str | None, as_json: bool
) -> None:
    """Score INSTRUMENT from ANSWERS: one an item, with commas ("2,1,3,,2"), or the numbers of the ticked items.

    Without an instrument: list them, who may use them, and where to get the form.
    """
    from needlepoint.errors import InputError
    from needlepoint.person.questionnaires import score

    if instrument is None:
        rows = _forms(pack)
        echo_json(rows) if as_json else click.echo("\n\n".join(_form_text(row) for row in rows))
        return
    if answers is None:
        raise InputError(
            "no answers", field="ANSWERS", mend='give them as 2,1,3 or, for ticks, as "1,4,9" or none'
        )
    result = score(instrument, answers, before=before, pack=pack)
    echo_json(result.to_dict()) if as_json else click.echo(result.summary())


def _forms(pack: str | None) -> list[dict[str, str]]:
    from needlepoint.person.questionnaires import load_questionnaires

    names = ("id", "title", "scoring", "licence", "form")
    return [{name: getattr(form, name) for name in names} for form in load_questionnaires(pack).values()]


def _form_text(row: dict[str, str]) -> str:
    return "\n  ".join([f"{row['id']}: {row['title']}", *list(row.values())[2:]])
