"""A user's own table from a file: CSV, TSV, Excel, Parquet or JSON, by its ending."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from needlepoint.errors import InputError

if TYPE_CHECKING:
    import polars as pl

__all__ = ["ENDINGS", "read_table"]

ENDINGS = (".csv", ".tsv", ".txt", ".xlsx", ".xls", ".ods", ".parquet", ".json")
MISSING = ["", "NA", "N/A", "NaN", "nan", "NULL", "null", "."]  # what people write for "no value"


def read_table(path: str | Path) -> pl.DataFrame:
    """Read a table into a polars data frame.

    Raises
    ------
    InputError
        No such file, an ending that is not known, or content that is not what the ending says.
    """
    file = Path(path)
    ending = file.suffix.lower()
    if not file.exists():
        raise InputError(f"there is no file {file}", field="file", mend="check the path")
    if ending not in ENDINGS:
        raise InputError(
            f"cannot tell what kind of table {file.name} is",
            got=ending or "no ending",
            allowed=", ".join(ENDINGS),
        )
    try:
        table = _read(file, ending)
    except InputError:
        raise
    except Exception as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise InputError(
            f"{file.name} cannot be read as {ending}: {reason}",
            mend="save it again as CSV in UTF-8, one row a study, names in the first row",
        ) from error
    if table.width < 2 or table.height == 0:
        raise InputError(
            f"{file.name} has {table.height} rows and {table.width} columns",
            mend="one row a study, names in the first row, columns separated by commas",
        )
    return table.rename({name: name.strip() for name in table.columns})


def _read(file: Path, ending: str) -> pl.DataFrame:
    import polars as pl

    if ending in {".csv", ".tsv", ".txt"}:
        return pl.read_csv(
            file.read_bytes(),
            separator=_separator(file) if ending != ".tsv" else "\t",
            infer_schema_length=None,
            null_values=MISSING,
            encoding="utf8",
        )
    if ending == ".parquet":
        return pl.read_parquet(file)
    if ending == ".json":
        return pl.read_json(file)
    return pl.read_excel(file)


def _separator(file: Path) -> str:
    """The separator that the first line holds most of: comma, semicolon or tab."""
    with file.open("rb") as handle:
        first = handle.readline(100_000).decode("utf-8", errors="replace")
    return max((",", ";", "\t"), key=first.count)
