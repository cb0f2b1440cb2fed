"""A diary in and out of other programs: CSV, JSON and FHIR (Observation and QuestionnaireResponse)."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any, cast

from needlepoint.errors import InputError
from needlepoint.person.entries import FIELDS, Entry, entry

__all__ = ["READERS", "WRITERS", "read_entries", "write_entries"]

LOINC = "http://loinc.org"
OWN = "urn:needlepoint:diary"  # for what has no code that we could confirm
QUESTIONNAIRE = "urn:needlepoint:diary:questionnaire"
# LOINC 75893-8: pain severity in the past week, 0-10 (as the chronic pain summary of cqframework/cds4cpm uses it)
CODES = {"pain_week": (LOINC, "75893-8")}
OBSERVED = {
    "pain": "Pain today, 0-10",
    "pain_week": "Pain in the past week, 0-10",
    "rmdq": "Roland-Morris, 0-24",
}


def read_entries(
    text: str, format: str, *, columns: Mapping[str, str] | None = None
) -> tuple[list[Entry], list[str]]:
    """Entries of a file's text, and notes on what was left out.

    Parameters
    ----------
    format
        "csv", "json" or "fhir".
    columns
        For CSV: our field -> the file's column, where the names differ.

    Raises
    ------
    InputError
        The text is not of that format, or a row is not valid: names the row.
    """
    if format not in READERS:
        raise InputError("no such format", field="format", got=format, allowed=", ".join(READERS))
    return READERS[format](text, columns or {})


def write_entries(entries: Sequence[Entry], format: str) -> str:
    """Entries as the text of a file; see :func:`read_entries` for the formats."""
    if format not in WRITERS:
        raise InputError("no such format", field="format", got=format, allowed=", ".join(WRITERS))
    return WRITERS[format](entries)


def _plain(each: Entry) -> dict[str, Any]:
    values = {name: value for name, value in dataclasses.asdict(each).items() if value is not None}
    return {**values, "day": each.day.isoformat()}


def _checked(rows: Sequence[tuple[int, Mapping[str, Any]]]) -> list[Entry]:
    """Entries of numbered rows; a day that stands twice is an error, for neither row is better."""
    seen: dict[date, int] = {}
    found: list[Entry] = []
    for number, row in rows:
        try:
            each = entry(row)
        except InputError as error:
            raise InputError(f"row {number}: {error}") from error
        if each.day in seen:
            raise InputError(
                f"rows {seen[each.day]} and {number} are of the same day", field="day", got=str(each.day)
            )
        seen[each.day] = number
        found.append(each)
    return found


def _read_csv(text: str, columns: Mapping[str, str]) -> tuple[list[Entry], list[str]]:
    reader = csv.DictReader(io.StringIO(text.lstrip("\ufeff")))
    header = list(reader.fieldnames or [])
    names = {field: columns.get(field, field) for field in FIELDS if columns.get(field, field) in header}
    if missing := [column for column in columns.values() if column not in header]:
        raise InputError("no such column", field=missing[0], allowed=", ".join(header))
    rows = list(enumerate(reader, start=2))
    if "index" in header:
        _check_index(rows, names.get("day", "day"))
    entries = _checked(
        [(number, {field: row[name] for field, name in names.items()}) for number, row in rows]
    )
    left = [name for name in header if name not in {*names.values(), "index"}]
    return entries, [f"columns left out: {', '.join(left)}"] if left else []


def _check_index(rows: Sequence[tuple[int, Mapping[str, Any]]], day: str) -> None:
    """A day's running number must agree with its date: one double date shifts all that follow, unseen."""
    first: int | None = None
    for number, row in rows:
        try:
            shift = date.fromisoformat(str(row[day])[:10]).toordinal() - int(row["index"])
        except (KeyError, ValueError):
            raise InputError(
                f"row {number}: the index cannot be checked against the day", field="index"
            ) from None
        first = shift if first is None else first
        if shift != first:
            mend = "correct the dates or drop the index"
            raise InputError(
                f"row {number}: index and day disagree", field="index", got=row["index"], mend=mend
            )


def _read_json(text: str, columns: Mapping[str, str]) -> tuple[list[Entry], list[str]]:
    del columns
    found: Any = _loaded(text)
    rows: Any = cast("dict[str, Any]", found).get("entries") if isinstance(found, dict) else found
    if not isinstance(rows, list):
        raise InputError(
            "no list of entries", field="entries", mend='write {"entries": [{"day": ..., "pain": ...}]}'
        )
    return _checked(list(enumerate(cast("list[Any]", rows), start=1))), []


def _loaded(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise InputError(f"not valid JSON ({error})") from error


def _write_csv(entries: Sequence[Entry]) -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, FIELDS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(_plain(each) for each in entries)
    return out.getvalue()


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


def _read_fhir(text: str, columns: Mapping[str, str]) -> tuple[list[Entry], list[str]]:
    del columns
    found: Any = _loaded(text)
    if not isinstance(found, dict) or cast("dict[str, Any]", found).get("resourceType") != "Bundle":
        raise InputError("no FHIR Bundle", field="resourceType", mend="wrap the resources in a Bundle")
    days: dict[str, dict[str, Any]] = {}
    left = 0
    for item in cast("dict[str, Any]", found).get("entry", []):
        day, values = _values(item.get("resource", {}))
        if not values:
            left += 1
            continue
        if twice := set(values) & set(days.get(day, {})):
            raise InputError("two values for one day", field=sorted(twice)[0], got=day)
        days.setdefault(day, {}).update(values)
    entries = _checked(
        [(number, {"day": day, **days[day]}) for number, day in enumerate(sorted(days), start=1)]
    )
    return entries, [f"{left} resources left out: none of the diary's codes"] if left else []


def _values(resource: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """Day and values of an Observation or of a QuestionnaireResponse to our questionnaire."""
    kind = resource.get("resourceType")
    if kind == "Observation":
        codes = {
            (each.get("system"), each.get("code")) for each in resource.get("code", {}).get("coding", [])
        }
        names = [name for name in OBSERVED if (OWN, name) in codes or CODES.get(name) in codes]
        value = resource.get("valueInteger", resource.get("valueQuantity", {}).get("value"))
        values = {names[0]: value} if names and value is not None else {}
        return str(resource.get("effectiveDateTime", ""))[:10], values
    if kind == "QuestionnaireResponse" and resource.get("questionnaire") == QUESTIONNAIRE:
        answers = {
            item["linkId"]: next(iter(item["answer"][0].values())) for item in resource.get("item", [])
        }
        return str(resource.get("authored", ""))[:10], answers
    return "", {}


Reader = Callable[[str, Mapping[str, str]], tuple[list[Entry], list[str]]]
READERS: dict[str, Reader] = {"csv": _read_csv, "json": _read_json, "fhir": _read_fhir}
WRITERS: dict[str, Callable[[Sequence[Entry]], str]] = {
    "csv": _write_csv,
    "json": _write_json,
    "fhir": _write_fhir,
}
