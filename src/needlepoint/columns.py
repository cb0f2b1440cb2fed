"""Columns by name from any data frame, or plain arrays: the one door for a user's data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from needlepoint.errors import InputError
from needlepoint.options import did_you_mean

if TYPE_CHECKING:
    from needlepoint.arrays import Floats, Ints

__all__ = ["column", "column_names", "groups", "labels", "library_of", "no_column", "numbers", "take"]


def column_names(data: Any) -> list[str]:
    """Names of the columns of a data frame or of a mapping of sequences; empty for None."""
    if data is None:
        return []
    if isinstance(data, Mapping):
        return [str(k) for k in data]
    import narwhals as nw

    try:
        return list(nw.from_native(data, eager_only=True).columns)
    except TypeError as error:
        raise InputError(
            "data is not a data frame that needlepoint knows",
            field="data",
            got=type(data).__name__,
            allowed="pandas, polars, pyarrow or any narwhals frame, or a mapping of column name to sequence",
        ) from error


def library_of(data: Any) -> str | None:
    """Name of the data-frame library that ``data`` comes from, to answer in kind; None for mappings."""
    if data is None or isinstance(data, Mapping):
        return None
    import narwhals as nw

    return str(nw.from_native(data, eager_only=True).implementation.value)


def column(data: Any, values: Any, *, field: str) -> Any:
    """Resolve ``values``: a column name of ``data``, or the values themselves (returned as they are)."""
    if values is not None and not hasattr(values, "__iter__") and not hasattr(values, "__array__"):
        return [values]  # one value; what needs more says so
    if not isinstance(values, str):
        return values
    if data is None:
        raise InputError("a column name needs data=", field=field, got=values, mend="give the table as data=")
    names = column_names(data)
    if values not in names:
        raise no_column(values, names, field)
    if isinstance(data, Mapping):
        return data[values]
    import narwhals as nw

    return nw.from_native(data, eager_only=True)[values].to_native()


def no_column(name: str, names: Sequence[str], field: str) -> InputError:
    """The error for a column that is not there: says which there are, and the nearest."""
    return InputError(
        f"there is no column {name!r}",
        field=field,
        got=name,
        allowed=", ".join(names) or "none",
        mend=did_you_mean(name, names) or "give the table that holds it as data=",
    )


def groups(data: Any, values: Any, *, field: str) -> Any:
    """Resolve what sorts rows into groups or clusters, as an array of objects.

    Raises
    ------
    InputError
        Nothing, or a column that is not there.
    """
    import numpy as np

    found = column(data, values, field=field)
    if found is None:
        raise InputError(f"{field}= is needed", field=field, mend="a column name, or one value a row")
    return np.asarray(found, dtype=object)


def take(data: Any, rows: Ints) -> Any:
    """The rows of ``data`` (a frame, or a mapping of sequences of one length) at the given positions."""
    if isinstance(data, Mapping):
        import numpy as np

        return {name: np.asarray(values)[rows] for name, values in data.items()}
    import narwhals as nw

    return nw.from_native(data, eager_only=True)[rows.tolist()].to_native()


def numbers(data: Any, values: Any, *, field: str) -> Floats:
    """Resolve to a 1-D float array; missing entries become NaN, text that is no number is an error.

    Raises
    ------
    InputError
        A column that is not there, or an entry that is not a number.
    """
    import numpy as np

    raw = column(data, values, field=field)
    if hasattr(raw, "to_numpy"):
        raw = raw.to_numpy()
    try:
        array = np.asarray(raw, dtype=np.float64)
    except (TypeError, ValueError):
        array = np.array([_number(v, i, field) for i, v in enumerate(raw)], dtype=np.float64)
    if array.ndim > 1:
        raise InputError("expected one value a study", field=field, got=f"shape {array.shape}")
    return np.atleast_1d(array)


def _number(value: Any, row: int, field: str) -> float:
    if value is None or (isinstance(value, str) and value.strip().upper() in {"", "NA", "NAN", "NULL"}):
        return float("nan")
    try:
        return float(value)
    except (TypeError, ValueError) as error:
        raise InputError(
            "not a number",
            field=field,
            study=f"row {row + 1}",
            got=value,
            mend="correct it, or let read_table(data) read numbers with commas, percent signs, units and brackets",
        ) from error


def labels(data: Any, values: Any, *, k: int, field: str = "study") -> tuple[str, ...]:
    """Resolve study labels; numbered "1" to "k" when there are none."""
    if values is None:
        return tuple(str(i + 1) for i in range(k))
    raw: Sequence[Any] = column(data, values, field=field)
    found = tuple(str(v) for v in raw)
    if len(found) != k:
        raise InputError("one label a study is needed", field=field, got=len(found), allowed=k)
    return found
