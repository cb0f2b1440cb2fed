"""Long tables of any kind as one table that is read a slice at a time: frames, files, folders of files."""

from __future__ import annotations

import gzip
import hashlib
import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from needlepoint.bulk.groups import contiguous, group_starts
from needlepoint.columns import no_column
from needlepoint.errors import InputError
from needlepoint.tables.encoding import decoded
from needlepoint.tables.grid import separator_of
from needlepoint.tables.read import UserTable, read_table

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl

__all__ = ["Files", "Frame", "Source", "next_chunk", "open_source"]

_MISSING = ["", "NA", "N/A", "NaN", "nan", "NULL", "null", "."]
_TEXT = (".csv", ".tsv", ".csv.gz")
_WHOLE = (".xlsx", ".xls", ".ods", ".json")  # kinds of tables that are read at once
_SMALL = 2**21  # bytes up to which a text is looked at cell by cell
_SAMPLE = 2**16  # bytes that show how a text is written


@dataclass(frozen=True, slots=True)
class Frame:
    """A table in memory."""

    table: pl.DataFrame
    notes: tuple[str, ...] = ()  # what was understood of it

    @property
    def names(self) -> list[str]:
        """Columns."""
        return self.table.columns

    @property
    def rows(self) -> int:
        """Number of rows."""
        return self.table.height

    def read(self, start: int, stop: int, columns: Sequence[str]) -> pl.DataFrame:
        """Rows ``start`` to ``stop``."""
        return self.table.select(columns)[start:stop]

    def digest(self) -> str:
        """Changes when the data change."""
        h = hashlib.sha256(repr(self.table.schema).encode())
        h.update(self.table.hash_rows(seed=1).to_numpy().tobytes())
        return h.hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Files:
    """Parquet files, one after the other."""

    paths: tuple[Path, ...]
    offsets: tuple[int, ...]  # first row of each file, and the number of rows
    names: list[str]
    stamp: str
    notes: tuple[str, ...] = ()

    @property
    def rows(self) -> int:
        """Number of rows."""
        return self.offsets[-1]

    def read(self, start: int, stop: int, columns: Sequence[str]) -> pl.DataFrame:
        """Rows ``start`` to ``stop``, of one file or several."""
        import polars as pl

        parts: list[pl.DataFrame] = []
        for path, first, last in zip(self.paths, self.offsets[:-1], self.offsets[1:], strict=True):
            a, b = max(start, first), min(stop, last)
            if a < b:
                parts.append(pl.scan_parquet(path).select(columns).slice(a - first, b - a).collect())
        return pl.concat(parts) if parts else pl.scan_parquet(self.paths[0]).select(columns).head(0).collect()

    def digest(self) -> str:
        """Changes when a file does: names, sizes, times and the ends of every file."""
        return self.stamp


Source = Frame | Files


def open_source(data: Any, by: Any, *, sort: bool, work: Path | None) -> Source:
    """Frames as they are, with groups brought together; files as Parquet (text is converted once, in ``work``).

    Raises
    ------
    InputError
        No such file, or a kind of data that is not known.
    """
    if isinstance(data, str | Path):
        read = _as_people_write(data)
        if read is not None:
            keys = _known(_keys(by), read.data.columns)
            return Frame(contiguous(read.data, keys), read.understood)
        return _files(Path(data), by, sort=sort, work=work)
    table = _frame(data)
    keys = [by] if isinstance(by, str) else list(by)
    known = all(key in table.columns for key in keys) and keys
    return Frame(contiguous(table, keys) if known else table)


def _as_people_write(data: str | Path) -> UserTable | None:
    """A table that is read at once: spreadsheets, standard input, and small texts with more than plain numbers."""
    path = Path(data)
    if str(data) == "-" or _ending(path) in _WHOLE:
        return read_table(data)
    if _ending(path) not in {".csv", ".tsv"} or not path.is_file() or path.stat().st_size > _SMALL:
        return None
    try:
        read = read_table(path)
    except InputError:  # a slip stops its own group, not the table
        return None
    plain = all(line.startswith(("columns separated", "read as")) for line in read.understood)
    return None if plain else read


def _frame(data: Any) -> pl.DataFrame:
    import polars as pl

    if isinstance(data, pl.DataFrame):
        return data
    if isinstance(data, pl.LazyFrame):
        return data.collect()
    if isinstance(data, Mapping):
        return pl.DataFrame(dict(data))
    if hasattr(data, "fetchall") and hasattr(data, "pl"):  # a DuckDB relation
        return data.pl()
    import narwhals as nw

    try:
        return nw.from_native(data, eager_only=True).to_polars()
    except TypeError as error:
        raise InputError(
            "data of a kind that needlepoint does not know",
            field="data",
            got=type(data).__name__,
            allowed="polars, pandas, Arrow, DuckDB, a mapping of columns, or a path",
        ) from error


def _ending(path: Path) -> str:
    return ".csv.gz" if path.name.lower().endswith(".csv.gz") else path.suffix.lower()


def _listed(path: Path) -> list[Path]:
    if not path.exists():
        raise InputError(f"there is no file or folder {path}", field="data", mend="check the path")
    if path.is_file():
        found = [path]
    else:
        found = sorted(p for p in path.rglob("*") if p.is_file() and _ending(p) in {".parquet", *_TEXT})
    if not found or _ending(found[0]) not in {".parquet", *_TEXT}:
        raise InputError(f"no table in {path}", field="data", allowed=".parquet, .csv, .csv.gz, .tsv")
    return found


def _files(path: Path, by: Any, *, sort: bool, work: Path | None) -> Source:
    import polars as pl

    listed = _listed(path)
    stamp = _stamp(listed)
    if any(_ending(p) != ".parquet" for p in listed) or sort:
        if work is None:  # the answer fits in memory, and so do the data
            table = _all(listed).collect()
            return Frame(contiguous(table, _known(_keys(by), table.columns)))
        listed = [_converted(listed, by, sort=sort, work=work)]
    try:
        sizes = [pl.scan_parquet(p).select(pl.len()).collect().item() for p in listed]
        names = pl.scan_parquet(listed[0]).collect_schema().names()
    except Exception as error:
        raise InputError(f"not a Parquet file: {str(error).splitlines()[0]}", field="data") from error
    offsets = [0]
    for size in sizes:
        offsets.append(offsets[-1] + int(size))
    return Files(tuple(listed), tuple(offsets), names, stamp)


def _keys(by: Any) -> list[str]:
    return [by] if isinstance(by, str) else list(by)


def _known(keys: list[str], names: list[str]) -> list[str]:
    """The keys, which must be columns."""
    for key in keys:
        if key not in names:
            raise no_column(key, names, "by")
    return keys


def _all(listed: list[Path]) -> pl.LazyFrame:
    """The files one below the other."""
    import polars as pl

    return pl.concat([_scan(path) for path in listed])


def _scan(path: Path) -> pl.LazyFrame:
    import polars as pl

    if _ending(path) == ".parquet":
        return pl.scan_parquet(path)
    text, encoding = decoded(_sample(path), path.name)
    how: dict[str, Any] = {
        "infer_schema_length": None,
        "null_values": _MISSING,
        "separator": separator_of(text),
    }
    if encoding is None:
        return pl.scan_csv(path, **how)
    whole, _ = decoded(path.read_bytes(), path.name)
    return pl.read_csv(io.StringIO(whole), **how).lazy()


def _sample(path: Path) -> bytes:
    """The first lines of a file of text."""
    with gzip.open(path) if path.name.lower().endswith(".gz") else path.open("rb") as file:
        start = file.read(_SAMPLE)
    if len(start) < _SAMPLE or b"\0" in start:
        return start
    return start[: start.rfind(b"\n") + 1] or start


def _converted(listed: list[Path], by: Any, *, sort: bool, work: Path) -> Path:
    """The whole source as one Parquet file in ``work``, streamed; sorted by key if asked."""
    import os

    target = work / "source.parquet"
    if not target.exists():
        whole = _all(listed)
        if sort:
            whole = whole.sort(_known(_keys(by), whole.collect_schema().names()), maintain_order=True)
        unfinished = target.with_suffix(".unfinished")
        whole.sink_parquet(unfinished, maintain_order=True)
        os.replace(unfinished, target)
    return target


def _stamp(paths: Sequence[Path]) -> str:
    h = hashlib.sha256()
    for path in paths:
        facts = path.stat()
        h.update(f"{path.name} {facts.st_size} {facts.st_mtime_ns}".encode())
        with path.open("rb") as file:
            h.update(file.read(65536))
            file.seek(max(0, facts.st_size - 65536))
            h.update(file.read())
    return h.hexdigest()[:16]


def next_chunk(
    source: Source, start: int, size: int, columns: Sequence[str], by: Sequence[str]
) -> pl.DataFrame:
    """Whole groups from row ``start`` on, about ``size`` rows: depends on the data only, not on the run."""
    while True:
        stop = min(start + size, source.rows)
        table = source.read(start, stop, columns)
        if stop == source.rows:
            return table
        starts = group_starts(table, by)
        if len(starts) > 2:
            return table[: int(starts[-2])]
        size *= 2  # one group larger than the chunk
