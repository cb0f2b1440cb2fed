"""What every result has in common: a frozen record that a program, a data frame and a person can read."""

from __future__ import annotations

import dataclasses
import hashlib
import math
from collections.abc import Iterable, Mapping
from typing import Any

__all__ = ["Result", "digest", "frame", "jsonable", "p_text", "rows_of", "without_notes"]


def jsonable(value: Any) -> Any:
    """Turn a result's value into what ``json.dumps`` writes: arrays to lists, NaN and infinity to None."""
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(k): jsonable(v) for k, v in value.items()}
    if isinstance(value, tuple | list | set | frozenset):
        return [jsonable(v) for v in value]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return jsonable({f.name: getattr(value, f.name) for f in dataclasses.fields(value) if f.repr})
    tolist: Any = getattr(value, "tolist", None)
    if tolist is not None:  # numpy arrays and scalars, without importing numpy
        return jsonable(tolist())
    return str(value)


def digest(*values: Any) -> str:
    """Twelve hexadecimal digits that change when any of the inputs changes (arrays by their bytes)."""
    h = hashlib.sha256()
    for value in values:
        h.update(value.tobytes() if hasattr(value, "tobytes") else repr(value).encode())
        h.update(b"\0")
    return h.hexdigest()[:12]


def frame(rows: list[dict[str, Any]], library: str | None = None) -> Any:
    """Make a data frame of ``rows`` in ``library`` ("polars", "pandas", "pyarrow"); polars unless told."""
    import narwhals as nw

    columns: dict[str, list[Any]] = {}
    for key in {k: None for row in rows for k in row}:
        columns[key] = [row.get(key) for row in rows]
    backend: Any = library or "polars"
    return nw.from_dict(columns, backend=backend).to_native()


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """Base of every result: frozen, with the notes that a reader must see.

    Subclasses are frozen, slotted, keyword-only dataclasses. Fields declared with ``repr=False`` (raw arrays,
    cached designs) stay out of ``to_dict``. ``tidy`` gives rows, ``to_frame`` a data frame, ``summary`` text.
    """

    notes: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Every public field as plain JSON types; the keys are those of the command line's ``--json``."""
        return jsonable(self)

    def tidy(self) -> list[dict[str, Any]]:
        """Rows of a table: one row here; results over studies or coefficients give one row for each."""
        return [self.to_dict()]

    def to_frame(self, library: str | None = None) -> Any:
        """``tidy()`` as a data frame of the named library ("polars", "pandas", "pyarrow")."""
        return frame(self.tidy(), library)

    def summary(self) -> str:
        """Text for people."""
        return "\n".join(f"{k}: {v}" for k, v in self.to_dict().items())

    def __str__(self) -> str:
        return self.summary()


def p_text(value: float) -> str:
    """A p-value for people, which is never shown as zero.

    >>> p_text(0.04123), p_text(2e-9)
    ('p = 0.0412', 'p < 0.0001')
    """
    return "p < 0.0001" if value < 0.0001 else f"p = {value:.4f}"


def rows_of(result: Result, names: Iterable[str]) -> list[dict[str, Any]]:
    """One row an entry of the fields ``names``, which hold sequences of one length; NaN becomes None."""
    columns = {name: jsonable(getattr(result, name)) for name in names}
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def without_notes(results: Iterable[Result]) -> list[dict[str, Any]]:
    """One row a result, without its notes: those belong to the whole that the rows are part of."""
    return [{key: value for key, value in r.to_dict().items() if key != "notes"} for r in results]
