"""Answers to safety questions in whatever shape a caller holds them: a mapping, rows, a data frame, a file."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, cast

from needlepoint.errors import InputError

__all__ = ["as_answers"]

QUESTION, ANSWER = ("question", "id", "name"), ("answer", "value")  # columns of a table with a row a question


def as_answers(data: Any) -> dict[str, Any]:
    """Question -> answer.

    Parameters
    ----------
    data
        A mapping; rows with ``question`` and ``answer``; a data frame of such rows, or of one row with a column a
        question; or the path of a JSON, TOML or CSV file of any of these.

    Raises
    ------
    InputError
        The file cannot be read, or this is no table of questions and answers.

    >>> as_answers([{"question": "fever", "answer": "no"}, {"question": "age", "answer": 45}])
    {'fever': 'no', 'age': 45}
    """
    if isinstance(data, str | Path):
        data = _file(Path(data))
    if not isinstance(data, Mapping) and (hasattr(data, "columns") or hasattr(data, "column_names")):
        data = _frame(data)
    elif not isinstance(data, Mapping) and hasattr(data, "to_dict"):
        data = data.to_dict()  # a row of a data frame
    if isinstance(data, Mapping):
        found = {str(name): value for name, value in cast("Mapping[Any, Any]", data).items()}
        inner = found.get("answers")
        return as_answers(inner) if len(found) == 1 and isinstance(inner, Mapping | list) else found
    if isinstance(data, Iterable):
        return _rows(list(cast("Iterable[Any]", data)))
    raise _no_table(data)


def _no_table(got: Any) -> InputError:
    return InputError(
        "the answers must be a table of questions and answers", field="answers", got=type(got).__name__,
        mend='write {"bladder": "no", ...}',
    )  # fmt: skip


def _file(path: Path) -> Any:
    try:
        text = path.read_bytes().decode("utf-8-sig")
        if path.suffix.casefold() in {".csv", ".tsv"}:
            return _csv(text)
        return (
            tomllib.loads(text)
            if path.suffix.casefold() == ".toml"
            else json.loads(text, object_pairs_hook=_once)
        )
    except InputError:
        raise
    except OSError as error:
        raise InputError(
            f"cannot read the answers ({error.strerror})", field="answers", got=str(path)
        ) from error
    except (ValueError, RecursionError) as error:  # not UTF-8, or not JSON or TOML
        raise InputError(
            f"cannot read the answers ({error})", field="answers", got=str(path), allowed=".json, .toml, .csv"
        ) from error


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A JSON object whose names stand once: of two answers to one question, neither may be dropped unseen.

    Raises
    ------
    InputError
        A name stands twice.
    """
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        raise InputError(
            "the question is answered twice",
            field=next(n for n in names if names.count(n) > 1),
            mend="keep one",
        )
    return found


def _csv(text: str) -> list[dict[str, Any]]:
    import csv
    import io

    first = text.splitlines()[0] if text.strip() else ""
    lines = csv.reader(io.StringIO(text), delimiter=max(",;\t", key=first.count))
    filled = [line for line in lines if any(cell.strip() for cell in line)]
    if not filled:
        return []
    head, *rows = filled
    for number, row in enumerate(rows, start=2):
        if len(row) != len(head):
            raise InputError(
                f"row {number}: {len(row)} values under {len(head)} columns",
                field="answers",
                mend="give each column its value",
            )
    return [_once(list(zip(head, row, strict=True))) for row in rows]


def _frame(data: Any) -> list[dict[str, Any]]:
    from needlepoint.columns import column, column_names

    names = column_names(data)
    values = [list(column(data, name, field=name)) for name in names]
    return [dict(zip(names, row, strict=True)) for row in zip(*values, strict=True)]


def _rows(rows: list[Any]) -> dict[str, Any]:
    """A row a question, or one row with a column a question."""
    if not rows or not all(isinstance(row, Mapping) for row in rows):
        raise _no_table(rows[0] if rows else rows)
    plain = [{str(name).strip().casefold(): value for name, value in row.items()} for row in rows]
    asks = next((name for name in QUESTION if name in plain[0]), None)
    says = next((name for name in ANSWER if name in plain[0]), None)
    if asks is None or says is None:
        if len(rows) > 1:
            raise InputError(
                "several rows, and none of them says its question",
                field="answers",
                allowed="question, answer",
            )
        return {str(name): value for name, value in rows[0].items()}
    found: dict[str, Any] = {}
    for row in plain:
        name = str(row.get(asks))
        if name in found:
            raise InputError("the question is answered twice", field=name)
        found[name] = row.get(says)
    return found
