"""A diary in and out of other programs: CSV, JSON and FHIR (Observation and QuestionnaireResponse)."""

from __future__ import annotations

import codecs
import csv
import dataclasses
import io
import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, cast

from needlepoint.errors import InputError
from needlepoint.person.entries import FIELDS, TEXTS, Entry, as_day
from needlepoint.person.rows import checked, name_columns

__all__ = ["READERS", "WRITERS", "format_of", "read_diary", "read_entries", "write_entries"]

LOINC = "http://loinc.org"
OWN = "urn:needlepoint:diary"  # for what has no code that we could confirm
QUESTIONNAIRE = "urn:needlepoint:diary:questionnaire"
# LOINC 75893-8: pain severity in the past week, 0-10; 91147-9: mean PEG score (as the chronic pain summary of
# cqframework/cds4cpm uses them)
CODES = {"pain_week": (LOINC, "75893-8"), "peg": (LOINC, "91147-9")}
NOTHING = frozenset(["", "na", "nan", "null", "none", "-"])
OBSERVED = {
    "pain": "Pain today, 0-10",
    "pain_week": "Pain in the past week, 0-10",
    "rmdq": "Roland-Morris, 0-24",
    "peg": "PEG, mean of three items, 0-10",
}


def read_diary(
    path: str | Path,
    format: str | None = None,
    *,
    columns: Mapping[str, str] | None = None,
    dates: str | None = None,
) -> tuple[list[Entry], list[str]]:
    """Entries of a file and notes on what was left out; the format by the file's name unless told.

    Raises
    ------
    InputError
        The file is not there or is no text, or what :func:`read_entries` refuses.
    """
    where = Path(path)
    try:
        raw = where.read_bytes()
    except OSError as error:
        raise InputError(
            f"cannot read the file ({error.strerror})", field="path", got=str(path), mend="check its name"
        ) from error
    return read_entries(_decoded(raw), format or format_of(where), columns=columns, dates=dates)


def format_of(path: Path, *, writing: bool = False) -> str:
    """Format by a file's name; what is read and has another name is taken for CSV.

    Raises
    ------
    InputError
        Nothing says how to write such a file.
    """
    known = path.suffix.casefold().removeprefix(".")
    if known in READERS or not writing:
        return known if known in READERS else "csv"
    raise InputError(
        "cannot tell the kind of file",
        field="format",
        got=path.name,
        allowed=", ".join(f".{each}" for each in WRITERS),
        mend="name it so, or give the format",
    )


def _decoded(raw: bytes) -> str:
    """Text as UTF-8, or as UTF-16 where a byte-order mark says so (spreadsheets write it)."""
    coding = "utf-16" if raw[:2] in {codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE} else "utf-8-sig"
    try:
        return raw.decode(coding)
    except UnicodeDecodeError as error:
        raise InputError("the file is not UTF-8 text", field="path", mend="save it as UTF-8") from error


def read_entries(
    text: str, format: str, *, columns: Mapping[str, str] | None = None, dates: str | None = None
) -> tuple[list[Entry], list[str]]:
    """Entries of a file's text, and notes on what was left out.

    Parameters
    ----------
    format
        "csv", "json" or "fhir".
    columns
        For CSV: our field -> the file's column, where the names differ.
    dates
        For CSV: how the file writes its days, as ``strptime`` has it: "%d/%m/%Y".

    Raises
    ------
    InputError
        The text is not of that format, it holds no day, or a row is not valid: names the row.
    """
    if format not in READERS:
        raise InputError("no such format", field="format", got=format, allowed=", ".join(READERS))
    return READERS[format](text, columns or {}, dates)


def write_entries(entries: Sequence[Entry], format: str) -> str:
    """Entries as the text of a file; see :func:`read_entries` for the formats."""
    if format not in WRITERS:
        raise InputError("no such format", field="format", got=format, allowed=", ".join(WRITERS))
    return WRITERS[format](entries)


def _plain(each: Entry) -> dict[str, Any]:
    values = {name: value for name, value in dataclasses.asdict(each).items() if value is not None}
    return {**values, "day": each.day.isoformat()}


def _read_csv(text: str, columns: Mapping[str, str], dates: str | None) -> tuple[list[Entry], list[str]]:
    """Comma, semicolon or tab between the columns, whichever the header has most of."""
    plain = text.removeprefix("\ufeff")
    first = next((line for line in plain.splitlines() if line.strip()), "")
    if not first:
        raise InputError("the file is empty", mend="a first line with day,pain and a line a day are needed")
    between = max(",;\t", key=first.count)
    reader = csv.DictReader(io.StringIO(plain, newline=None), delimiter=between)
    header = list(reader.fieldnames or [])
    names, left = name_columns(header, columns)
    rows = list(enumerate(reader, start=2))
    for number, row in rows:
        if None in row:  # DictReader's key for what has no column
            mend = "put text with a separator in quotes, or use semicolons beside decimal commas"
            raise InputError(f"row {number}: more values than columns", got=row[None], mend=mend)  # pyright: ignore[reportArgumentType]
    if "index" in header:
        _check_index(rows, names["day"])
    entries = checked(
        (number, {field: _cell(field, row[name], dates, number) for field, name in names.items()})
        for number, row in rows
    )
    notes = [name for name in left if name != "index"]
    return entries, [f"columns left out: {', '.join(notes)}"] if notes else []


def _cell(field: str, value: str | None, dates: str | None, number: int) -> Any:
    """One value of a CSV; what other programs write for nothing is nothing, but for a person's own words."""
    if value is None or (field not in TEXTS and value.strip().casefold() in NOTHING):
        return None
    if field != "day" or dates is None:
        return armed(value) if field in TEXTS else value
    try:
        return datetime.strptime(value.strip(), dates).date()
    except ValueError as error:
        raise InputError(f"row {number}: not a date of the form {dates}", field="day", got=value) from error


def _check_index(rows: Sequence[tuple[int, Mapping[str, Any]]], day: str) -> None:
    """A day's running number must agree with its date: one double date shifts all that follow, unseen."""
    first: int | None = None
    for number, row in rows:
        try:
            shift = as_day(row[day]).toordinal() - int(row["index"])
        except (TypeError, ValueError):
            raise InputError(
                f"row {number}: the index cannot be checked against the day", field="index"
            ) from None
        first = shift if first is None else first
        if shift != first:
            mend = "correct the dates or drop the index"
            raise InputError(
                f"row {number}: index and day disagree", field="index", got=row["index"], mend=mend
            )


def _read_json(text: str, columns: Mapping[str, str], dates: str | None) -> tuple[list[Entry], list[str]]:
    del columns, dates
    found: Any = _loaded(text)
    rows: Any = cast("dict[str, Any]", found).get("entries") if isinstance(found, dict) else found
    if not isinstance(rows, list):
        raise InputError(
            "no list of entries", field="entries", mend='write {"entries": [{"day": ..., "pain": ...}]}'
        )
    return checked(enumerate(cast("list[Any]", rows), start=1)), []


def _loaded(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InputError(f"not valid JSON ({error})") from error


def _write_csv(entries: Sequence[Entry]) -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, FIELDS, lineterminator="\n")
    writer.writeheader()
    writer.writerows({n: disarmed(v) for n, v in _plain(each).items()} for each in entries)
    return out.getvalue()


_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def disarmed(value: Any) -> Any:
    """A person's own words as a spreadsheet shows them rather than runs them: an apostrophe before a formula.

    >>> disarmed("=1+1"), armed("'=1+1"), disarmed("'tis better")
    ("'=1+1", '=1+1', "'tis better")
    """
    return f"'{value}" if isinstance(value, str) and value.lstrip("'").startswith(_FORMULA) else value


def armed(text: str) -> str:
    """:func:`disarmed` taken back."""
    return text[1:] if text.startswith("'") and text.lstrip("'").startswith(_FORMULA) else text


def _write_json(entries: Sequence[Entry]) -> str:
    return json.dumps({"entries": [_plain(each) for each in entries]}, ensure_ascii=False, indent=1) + "\n"


def _write_fhir(entries: Sequence[Entry]) -> str:
    resources: list[dict[str, Any]] = []
    for each in entries:
        values = _plain(each)
        day = values.pop("day")
        resources += [_observation(name, values.pop(name), day) for name in OBSERVED if name in values]
        if values:
            resources.append(_response(values, day))
    bundle = {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [{"resource": each} for each in resources],
    }
    return json.dumps(bundle, ensure_ascii=False, indent=1) + "\n"


def _observation(name: str, value: float, day: str) -> dict[str, Any]:
    coding = [{"system": OWN, "code": name}]
    if name in CODES:
        coding.insert(0, dict(zip(("system", "code"), CODES[name], strict=True)))
    number = {"valueInteger": int(value)} if value == int(value) else {"valueQuantity": {"value": value}}
    return {
        "resourceType": "Observation",
        "status": "final",
        "code": {"coding": coding, "text": OBSERVED[name]},
        "effectiveDateTime": day,
        **number,
    }


def _response(values: Mapping[str, Any], day: str) -> dict[str, Any]:
    return {
        "resourceType": "QuestionnaireResponse",
        "questionnaire": QUESTIONNAIRE,
        "status": "completed",
        "authored": day,
        "item": [{"linkId": name, "answer": [_answer(value)]} for name, value in values.items()],
    }


def _answer(value: Any) -> dict[str, Any]:
    kinds = {bool: "valueBoolean", int: "valueInteger", float: "valueDecimal", str: "valueString"}
    return {kinds[cast("type[Any]", type(value))]: value}


def _read_fhir(text: str, columns: Mapping[str, str], dates: str | None) -> tuple[list[Entry], list[str]]:
    del columns, dates
    bundle = _mapping(_loaded(text))
    if bundle.get("resourceType") != "Bundle":
        raise InputError("no FHIR Bundle", field="resourceType", mend="wrap the resources in a Bundle")
    days: dict[str, dict[str, Any]] = {}
    left = 0
    for item in _list(bundle.get("entry")):
        day, values = _values(_mapping(_mapping(item).get("resource")))
        if not values:
            left += 1
            continue
        if twice := set(values) & set(days.get(day, {})):
            raise InputError("two values for one day", field=sorted(twice)[0], got=day)
        days.setdefault(day, {}).update(values)
    entries = checked((number, {"day": day, **days[day]}) for number, day in enumerate(sorted(days), start=1))
    return entries, [f"{left} resources left out: none of the diary's codes"] if left else []


def _mapping(value: Any) -> Mapping[str, Any]:
    """The value, where it is an object; an empty one otherwise, so that a faulty resource counts as left out."""
    return cast("Mapping[str, Any]", value) if isinstance(value, Mapping) else {}


def _list(value: Any) -> list[Any]:
    return cast("list[Any]", value) if isinstance(value, list) else []


def _values(resource: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """Day and values of an Observation or of a QuestionnaireResponse to our questionnaire."""
    kind = resource.get("resourceType")
    if kind == "Observation":
        codings = [_mapping(each) for each in _list(_mapping(resource.get("code")).get("coding"))]
        codes = {(str(each.get("system")), str(each.get("code"))) for each in codings}
        names = [name for name in OBSERVED if (OWN, name) in codes or CODES.get(name) in codes]
        value = resource.get("valueInteger", _mapping(resource.get("valueQuantity")).get("value"))
        values = {names[0]: value} if names and value is not None else {}
        return str(resource.get("effectiveDateTime", ""))[:10], values
    if kind == "QuestionnaireResponse" and resource.get("questionnaire") == QUESTIONNAIRE:
        items = [_mapping(each) for each in _list(resource.get("item"))]
        found = {str(each.get("linkId")): _answered(each) for each in items}
        return str(resource.get("authored", ""))[:10], {n: v for n, v in found.items() if v is not None}
    return "", {}


def _answered(item: Mapping[str, Any]) -> Any:
    """The first answer of an item; None without one."""
    answers = _list(item.get("answer"))
    return next(iter(_mapping(answers[0]).values()), None) if answers else None


Reader = Callable[[str, Mapping[str, str], str | None], tuple[list[Entry], list[str]]]
READERS: dict[str, Reader] = {"csv": _read_csv, "json": _read_json, "fhir": _read_fhir}
WRITERS: dict[str, Callable[[Sequence[Entry]], str]] = {
    "csv": _write_csv,
    "json": _write_json,
    "fhir": _write_fhir,
}
