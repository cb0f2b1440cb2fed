"""What every result has in common: a frozen record that a program, a data frame and a person can read."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar, cast, dataclass_transform

__all__ = [
    "Result",
    "digest",
    "frame",
    "jsonable",
    "p_text",
    "record",
    "rows_of",
    "table_lines",
    "without_notes",
]

T = TypeVar("T")


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(dataclasses.field,))
def record(cls: type[T]) -> type[T]:
    """A frozen, slotted, keyword-only dataclass; one that inherits an equality keeps it."""
    inherits = any("__eq__" in vars(base) for base in cls.__mro__[1:-1])
    return dataclasses.dataclass(frozen=True, slots=True, kw_only=True, eq=not inherits)(cls)


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
        columns[key] = _of_one_kind([row.get(key) for row in rows])
    backend: Any = library or "polars"
    return nw.from_dict(columns, backend=backend).to_native()


def _of_one_kind(values: list[Any]) -> list[Any]:
    """A column as it is; as text where text stands beside other kinds, as JSON where lists hold more than one kind."""
    told = [v for v in values if v is not None]
    kinds = {type(part) for v in told if isinstance(v, list) for part in cast("list[Any]", v)} - {type(None)}
    if kinds - {int, float} and (len(kinds) > 1 or kinds & {list, dict}):
        return [v if v is None or isinstance(v, str) else json.dumps(jsonable(v)) for v in values]
    if any(isinstance(v, str) for v in told) and not all(isinstance(v, str) for v in told):
        return [None if v is None else str(v) for v in values]
    return values


def _value(x: Any) -> Any:
    """What two equal values have in common, hashable: arrays by their numbers, records by their fields."""
    if dataclasses.is_dataclass(x) and not isinstance(x, type):
        return (type(x), *(_value(getattr(x, f.name)) for f in dataclasses.fields(x) if f.compare))
    if isinstance(x, float):
        return "nan" if math.isnan(x) else x
    if isinstance(x, tuple | list):
        return tuple(_value(v) for v in x)
    if isinstance(x, Mapping):
        return frozenset((k, _value(v)) for k, v in x.items())
    tolist: Any = getattr(x, "tolist", None)
    if tolist is not None:  # an array, or a scalar of one
        return _value(tolist())
    try:
        hash(x)
    except TypeError:
        return id(x)
    return x


class _Values:
    """Equality and hash of results: the same kind with the same values, arrays included."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and (self is other or _value(self) == _value(other))

    def __hash__(self) -> int:
        return hash(_value(self))


@record
class Result(_Values):
    """Base of every result: frozen, with the notes that a reader must see.

    Subclasses are records. Fields declared with ``repr=False`` (raw arrays, cached designs) stay out of ``to_dict``.
    ``tidy`` gives rows, ``to_frame`` a data frame, ``summary`` text, ``plot`` a figure and ``report`` a page. Results
    are values: two of a kind are equal when their fields are (fields with ``compare=False``, such as the user's own
    table, do not count).
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
        """Text for people: the rows of ``tidy`` as an aligned table, then the notes."""
        return "\n".join([*table_lines(self.tidy()), *(f"note: {note}" for note in self.notes)])

    def plot(self, **options: Any) -> Any:
        """The figure of this kind of result (:mod:`needlepoint.figures`); ``figure.savefig("it.svg")`` writes it.

        Raises
        ------
        InputError
            A kind of result that has no figure.
        """
        from needlepoint.doors import draw

        return draw(self, **options)

    def report(self, **options: Any) -> str:
        """The page of this kind of result: self-contained HTML, as text.

        Raises
        ------
        InputError
            A kind of result that has no page.
        """
        from needlepoint.doors import write_page

        return write_page(self, **options)

    def __str__(self) -> str:
        return self.summary()


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, list):
        return ", ".join(_cell(v) for v in value[:6]) + (", ..." if len(value) > 6 else "")
    return str(value)


def table_lines(rows: list[dict[str, Any]], most: int = 40) -> list[str]:
    """Rows as lines of aligned columns, numbers to 4 digits; one row alone stands as name and value, a line each."""
    if len(rows) == 1:
        plain = {k: v for k, v in rows[0].items() if k != "notes" and not isinstance(v, dict)}
        width = max(map(len, plain), default=0)
        return [f"{k:<{width}}  {_cell(jsonable(v))}" for k, v in plain.items()]
    names = [k for k in dict.fromkeys(k for row in rows for k in row) if k != "notes"]
    cells = [[_cell(jsonable(row.get(name))) for name in names] for row in rows[:most]]
    widths = [max(len(name), *(len(row[j]) for row in cells), 0) for j, name in enumerate(names)]
    numeric = [all(isinstance(row.get(name), int | float | None) for row in rows) for name in names]

    def line(row: list[str]) -> str:
        padded = (
            f"{c:>{w}}" if right else f"{c:<{w}}" for c, w, right in zip(row, widths, numeric, strict=True)
        )
        return "  ".join(padded).rstrip()

    more = [f"... and {len(rows) - most} more rows"] if len(rows) > most else []
    return [line(names), *map(line, cells), *more] if rows else []


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
