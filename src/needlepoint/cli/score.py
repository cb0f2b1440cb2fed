"""``needlepoint score``: questionnaires scored by their published rules."""

from __future__ import annotations

import json

import click

__all__ = ["command"]


@click.command("score")
@click.argument("instrument", required=False)
@click.argument("answers", required=False)
@click.option("--before", type=float, help="An earlier score, to judge the change.")
@click.option("--pack", default="low-back-pain", show_default=True, help="Pack with the questionnaires.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout.")
def command(
    instrument: str | None, answers: str | None, before: float | None, pack: str, as_json: bool
) -> None:
    """Score INSTRUMENT from ANSWERS: one an item, with commas ("2,1,3,,2"), or the numbers of the ticked items.

    Without an instrument: list them, who may use them, and where to get the form.
    """
    from needlepoint.errors import InputError
    from needlepoint.person.questionnaires import score

    if instrument is None:
        click.echo(_listing(pack, as_json=as_json))
        return
    if answers is None:
        raise InputError(
            "no answers", field="ANSWERS", mend='give them as 2,1,3 or, for ticks, as "1,4,9" or none'
        )
    result = score(instrument, answers, before=before, pack=pack)
    click.echo(json.dumps(result.to_dict(), ensure_ascii=False) if as_json else result.summary())


def _listing(pack: str, *, as_json: bool) -> str:
    from needlepoint.person.questionnaires import load_questionnaires

    names = ("id", "title", "scoring", "licence", "form")
    rows = [{name: getattr(form, name) for name in names} for form in load_questionnaires(pack).values()]
    if as_json:
        return json.dumps(rows, ensure_ascii=False)
    return "\n\n".join("\n  ".join([f"{row['id']}: {row['title']}", *list(row.values())[2:]]) for row in rows)
