"""``pack.toml`` and ``terms.toml``: the pack's name, windows, flags, and the words of the field."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import MISSING, fields
from typing import Any, get_args

from needlepoint.errors import PackError
from needlepoint.evidence.read import Report
from needlepoint.evidence.schema import Group, Term, Window

__all__ = ["KINDS", "PackHead", "read_head", "read_terms"]

KINDS = ("treatment", "condition", "comparator", "outcome", "population")
PackHead = dict[str, Any]
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_OPTIONAL = {"first"}
_HEAD: dict[str, type] = {
    "id": str,
    "title": str,
    "version": str,
    "date": str,
    "searched": str,
    "condition": str,
    "statement": str,
    "first": str,
    "missing": list,
    "window": list,
    "flags": dict,
}


def read_head(data: dict[str, Any], report: Report) -> PackHead:
    """Check ``pack.toml`` and turn its windows into records."""

    def say(problem: str, column: str, mend: str) -> None:
        report(PackError(problem, file="pack.toml", column=column, mend=mend))

    for key in data.keys() - _HEAD.keys():
        say("unknown key", key, f"use only: {', '.join(_HEAD)}")
    head: PackHead = {}
    for key, kind in _HEAD.items():
        value = data.get(key)
        if value is None and key not in _OPTIONAL:
            say("the key is missing", key, "add it")
        elif value is not None and (not isinstance(value, kind) or value == ""):
            say(f"{value!r} is no {kind.__name__}", key, f"write a {kind.__name__}")
        head[key] = value if isinstance(value, kind) else kind()
    for key in ("date", "searched"):
        if head[key] and not _DATE.fullmatch(head[key]):
            say(f"{head[key]!r} is no date", key, "write year-month-day, such as 2026-01-31")
    for key, texts in (("missing", head["missing"]), ("flags", list(head["flags"].values()))):
        if not all(isinstance(t, str) and t for t in texts):
            say("not all entries are text", key, "write text in quotation marks")
    head["window"] = list(_records(head["window"], Window, {}, "pack.toml", report))
    return head


def read_terms(data: dict[str, Any], report: Report) -> list[Term]:
    """Check ``terms.toml`` and turn it into records."""
    terms: list[Term] = []
    for kind, rows in data.items():
        if kind not in KINDS or not isinstance(rows, list):
            mend = "use only: " + ", ".join(f"[[{k}]]" for k in KINDS)
            report(PackError("unknown key", file="terms.toml", column=kind, mend=mend))
            continue
        fixed: dict[str, Any] = {"kind": kind}
        if kind == "treatment":
            fixed["group"] = "active"
        terms += _records(rows, Term, fixed, "terms.toml", report)
    return terms


def _records(
    rows: list[Any], record: type[Any], fixed: dict[str, Any], file: str, report: Report
) -> Iterator[Any]:
    known = {f.name: f for f in fields(record)}
    for entry in rows:
        if not isinstance(entry, dict):
            report(PackError(f"{entry!r} is no table", file=file, mend="write [[...]] with keys below it"))
            continue
        values = {**fixed, **entry}
        where = f"{fixed.get('kind', 'window')} {values.get('id', '(no id)')}"
        problems = [f"unknown key {k}" for k in values.keys() - known.keys()]
        problems += [
            f"the key {n} is missing" for n, f in known.items() if f.default is MISSING and n not in values
        ]
        problems += [f"{k} = {v!r} cannot be" for k, v in values.items() if not _fits(k, v)]
        for problem in problems:
            mend = f"use the keys {', '.join(k for k in known if k not in fixed)}"
            report(PackError(problem, file=file, column=where, mend=mend))
        if not problems:
            values = {k: tuple(v) if isinstance(v, list) else v for k, v in values.items()}
            yield record(**values)


def _fits(key: str, value: Any) -> bool:
    if key in ("synonyms", "unlike"):
        return isinstance(value, list) and all(isinstance(v, str) and v.strip() for v in value)
    if key == "order":
        return isinstance(value, int) and not isinstance(value, bool)
    if key in ("after", "to"):
        return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 1e4
    if key == "group":
        return value == "" or value in get_args(Group)
    if key == "role":
        return value in ("", "main", "harms")
    if key == "nature":
        return value in ("", "pharmacological", "non-pharmacological")
    if key == "more":
        return value in ("", "good", "bad")
    return isinstance(value, str) and (bool(value.strip()) or key not in ("id", "label", "plain"))
