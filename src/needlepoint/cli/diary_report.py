"""``needlepoint diary report`` and ``pool``: what a diary shows, and what several show together."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from needlepoint.cli.diary_open import as_json_option, open_diary, say
from needlepoint.cli.page_output import check_page, output_option, write_page
from needlepoint.errors import InputError

if TYPE_CHECKING:
    from needlepoint.person.diary_answer import DiaryAnswer

__all__ = ["pool", "report"]


@click.command("report")
@output_option
@as_json_option
@click.pass_obj
def report(path: Path, output: Path | None, as_json: bool) -> None:
    """Say what the diary shows: your change, what is beyond the expected, how sure that is."""
    check_page(output)
    diary = open_diary(path)
    settings = diary.settings()
    if "treated" in settings:
        from needlepoint.report.periods_html import periods_html

        trial = diary.report_periods()
        write_page(output, lambda: periods_html(trial, settings))
        say(trial.to_dict(), trial.summary(), as_json=as_json)
        return
    from needlepoint.report.diary_html import diary_html

    answer = diary.report()
    write_page(output, lambda: diary_html(answer, settings))
    say(answer.to_dict(), answer.summary(), as_json=as_json)


@click.command("pool")
@click.argument(
    "files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
@click.option("--duration", help="How long they have had the pain; for exported files that do not say it.")
@output_option
@as_json_option
def pool(files: tuple[Path, ...], duration: str | None, output: Path | None, as_json: bool) -> None:
    """Several people's diaries together: FILES are diaries, or their exports, one a person."""
    from needlepoint.person.series import describe_people
    from needlepoint.report.people_html import people_html

    check_page(output)
    answers = [_answer(file, duration) for file in files]
    people = describe_people(answers, labels=[file.stem for file in files])
    write_page(output, lambda: people_html(people))
    say(people.to_dict(), people.summary(), as_json=as_json)


def _answer(file: Path, duration: str | None) -> DiaryAnswer:
    from needlepoint.person.nof1 import analyse_diary

    try:
        if file.suffix.casefold() in {".csv", ".json", ".fhir"}:
            return analyse_diary(file, duration=duration, sensitivity=False)
        return open_diary(file).report(sensitivity=False)
    except InputError as error:
        raise InputError(f"{file.name}: {error}") from error
