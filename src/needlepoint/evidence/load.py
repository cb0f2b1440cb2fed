"""Load a pack: read, check every rule, and give one frozen :class:`Pack`."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from needlepoint.errors import InputError, PackError
from needlepoint.evidence.double_counting import check_double_counting
from needlepoint.evidence.manifest import check_manifest, digest
from needlepoint.evidence.packs import DEFAULT
from needlepoint.evidence.read import Rows, read_bytes, read_table, read_text, read_toml
from needlepoint.evidence.schema import Pack
from needlepoint.evidence.tables import FILES, TABLES
from needlepoint.evidence.validation import References, check_rows, check_words
from needlepoint.evidence.words import PackHead, read_head, read_terms

__all__ = ["check_pack", "load_pack", "load_words", "pack_folder", "pack_ids"]

_PACKS = Path(__file__).parent / "packs"


def pack_ids() -> tuple[str, ...]:
    """Ids of the packs that come with needlepoint."""
    return tuple(sorted(p.parent.name for p in _PACKS.glob("*/pack.toml")))


def pack_folder(path_or_id: str | Path | None = None) -> Path:
    """Folder of a pack, by its id or by a path; the default pack when nothing is named.

    Raises
    ------
    InputError
        Neither a pack's id nor a folder.
    """
    name = str(path_or_id) if path_or_id is not None else DEFAULT
    if name in pack_ids():
        return _PACKS / name
    folder = Path(name)
    if not folder.is_dir():
        raise InputError(
            "unknown pack",
            field="pack",
            got=name,
            allowed=", ".join(pack_ids()) + ", or the path of a folder",
            mend="see `needlepoint evidence list`",
        )
    return folder


def load_pack(path_or_id: str | Path | None = None) -> Pack:
    """Load an evidence pack and check every rule.

    Parameters
    ----------
    path_or_id
        Id of a pack that comes with needlepoint, or the folder of another; the default pack if left out.

    Raises
    ------
    PackError
        The first problem found: file, row, column, what is wrong, how to mend it.
    InputError
        No such pack.

    Examples
    --------
    >>> pack = load_pack("low-back-pain")
    >>> pack.title, len(pack.trials) > 100
    ('Low back pain', True)
    """
    folder = pack_folder(path_or_id)
    return _load_builtin(folder) if folder.parent == _PACKS else _load(folder)


def load_words(path_or_id: str | Path | None = None) -> Pack:
    """The words of a pack without its rows: enough to see whether a question is for it, and quick.

    Raises
    ------
    PackError
        ``pack.toml`` or ``terms.toml`` is not valid.
    InputError
        No such pack.
    """
    return _load_words(pack_folder(path_or_id))


@cache
def _load_words(folder: Path) -> Pack:
    problems: list[PackError] = []
    data = {file: read_bytes(folder, file) for file in ("pack.toml", "terms.toml")}
    words = _toml({file: read_text(raw, file) for file, raw in data.items()}, problems)
    if problems or words is None:
        raise problems[0]
    empty = {t.name: Rows(t) for t in TABLES}
    return _pack(*words, empty, digest(data))


@cache
def _load_builtin(folder: Path) -> Pack:
    return _load(folder)


def _load(folder: Path) -> Pack:
    problems: list[PackError] = []
    pack = _read(folder, problems)
    if problems:
        raise problems[0]
    assert pack is not None
    return pack


def check_pack(path_or_id: str | Path | None = None) -> list[PackError]:
    """Every problem of a pack, in the order of its files; an empty list when it is valid.

    Raises
    ------
    InputError
        No such pack.
    """
    problems: list[PackError] = []
    _read(pack_folder(path_or_id), problems)
    return problems


def _read(folder: Path, problems: list[PackError]) -> Pack | None:
    """Read and check a pack; whatever is wrong is appended to ``problems``."""
    data: dict[str, bytes] = {}
    texts: dict[str, str] = {}
    for file in FILES:
        try:
            data[file] = read_bytes(folder, file)
            texts[file] = read_text(data[file], file)
        except PackError as error:
            problems.append(error)
    problems += check_manifest(folder, data)
    if len(texts) < len(FILES):
        return None
    tables = {t.name: read_table(texts[t.file], t, problems.append) for t in TABLES}
    words = _toml(texts, problems)
    if words is None:  # without its words every row would look wrong
        return None
    head, terms = words
    problems += check_words(terms, head["window"], head["condition"])
    known = _references(head, terms, tables)
    for rows in tables.values():
        problems += check_rows(rows, known)
    problems += check_double_counting(tables["measurements"], tables["contrasts"], known.arms)
    return None if problems else _pack(head, terms, tables, digest(data))


def _toml(texts: dict[str, str], problems: list[PackError]) -> tuple[PackHead, list[Any]] | None:
    """Head and terms of a pack; None when a file is no TOML at all."""
    parsed: list[dict[str, Any]] = []
    for file in ("pack.toml", "terms.toml"):
        try:
            parsed.append(read_toml(texts[file], file))
        except PackError as error:
            problems.append(error)
    match parsed:
        case [head, terms]:
            return read_head(head, problems.append), read_terms(terms, problems.append)
        case _:
            return None


def _references(head: PackHead, terms: list[Any], tables: dict[str, Rows]) -> References:
    def ids(kinds: tuple[str, ...]) -> set[str]:
        return {t.id for t in terms if t.kind in kinds}

    def keys(name: str) -> set[str]:
        return {"/".join(key) for key in tables[name].names}

    names = {kind: ids((kind,)) for kind in ("condition", "outcome", "population")}
    names["treatment or comparator"] = ids(("treatment", "comparator"))
    names["window"] = {w.id for w in head["window"]}
    names |= {"source": keys("sources"), "trial": keys("trials"), "instrument": keys("instruments")}
    names |= {"guideline": keys("guidelines"), "arm": keys("arms")}
    return References(
        names=names,
        arms={(r.record.trial, r.record.id): r.record for r in tables["arms"].rows},
        instruments={r.record.id: r.record for r in tables["instruments"].rows},
        groups={t.id: t.group for t in terms if t.kind in ("treatment", "comparator")},
        flags=frozenset(head["flags"]),
    )


def _pack(head: PackHead, terms: list[Any], tables: dict[str, Rows], mark: str) -> Pack:
    words = ("id", "title", "version", "date", "searched", "condition", "statement", "first", "flags")
    values: dict[str, Any] = {key: head[key] for key in words}
    values |= {name: tuple(row.record for row in rows.rows) for name, rows in tables.items()}
    return Pack(
        **values,
        digest=mark,
        missing=tuple(head["missing"]),
        windows=tuple(sorted(head["window"], key=lambda w: w.order)),
        terms=tuple(terms),
    )
