"""The moderators: from a formula or a matrix to a design of full rank that can be applied to new data."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isnan
from typing import Any, cast

import numpy as np

from needlepoint.arrays import Ints, Matrix
from needlepoint.columns import column, column_names, no_column, numbers
from needlepoint.errors import InputError
from needlepoint.pooling.kernels.least_squares import pivots

LARGEST = 1e90  # cubes of numbers up to it stay finite

__all__ = ["Design", "build", "constant_factors", "full_rank", "new_rows"]

ALMOST = 1e-7  # share of a column's length below which the rest of it counts as nothing
_PLAIN = 1e-10  # share of its squared length above which it counts as something without another look

# what a formula may call beside formulaic's own transforms
_FUNCTIONS: dict[str, Any] = {
    name: getattr(np, name) for name in ("sqrt", "log", "log2", "log10", "exp", "abs")
}


@dataclass(frozen=True, slots=True)
class Design:
    """Columns of a design, and what is needed to make the same columns from new data."""

    X: Matrix
    terms: tuple[str, ...]
    spec: Any = None  # formulaic ModelSpec, None for a matrix
    intercept: bool = True
    kept: tuple[int, ...] = ()  # positions left after redundant columns are dropped
    asked: tuple[str, ...] = ()  # terms before any was dropped


def build(mods: Any, data: Any, *, k: int, intercept: bool, field: str = "mods") -> Design:
    """Design of ``mods``: None, a formula, a matrix, a vector or a mapping of name to column (NaN rows kept)."""
    if mods is None:
        if not intercept:
            raise InputError("without moderators the intercept is needed", field="intercept", got=False)
        return Design(np.ones((k, 1)), ("intercept",))
    made = _moderators(mods, data, k=k, intercept=intercept, field=field)
    if not made.terms:
        raise InputError("a model needs a coefficient", field=field, got=mods)
    if (np.abs(made.X) > LARGEST).any():
        problem, mend = "a moderator is infinite, or too large to compute with", "state it in another unit"
        raise InputError(problem, field=field, mend=mend)
    return made


def _moderators(mods: Any, data: Any, *, k: int, intercept: bool, field: str) -> Design:
    if isinstance(mods, str) and "~" in mods:
        names = _numeric_sum(mods, data)
        if names:
            return _from_columns(names, data, k, intercept, field)
        return _from_formula(mods, data, k, intercept, field)
    return _from_columns(mods, data, k, intercept, field)


def _numeric_sum(formula: str, data: Any) -> list[str]:
    """Names in a formula that only adds numeric columns: it needs no formula library (0.7 s to import)."""
    names = [part.strip() for part in formula.split("~", 1)[1].split("+")]
    known = column_names(data)
    if not all(name.isidentifier() and name in known for name in names) or len(set(names)) < len(names):
        return []
    kinds = {_plain(column(data, name, field="mods")).dtype.kind for name in names}
    return names if kinds <= set("fiu") else []


def _from_columns(mods: Any, data: Any, k: int, intercept: bool, field: str) -> Design:
    raw, terms = _columns(mods, data, field)
    x = raw.reshape(len(raw), -1)
    if len(x) != k:
        raise InputError("moderators need one row a study", field=field, got=len(x), allowed=k)
    names = terms or tuple(f"x{j + 1}" for j in range(x.shape[1]))
    if not intercept:
        return Design(x, names, intercept=False)
    return Design(np.column_stack([np.ones(k), x]), ("intercept", *names))


def _columns(mods: Any, data: Any, field: str) -> tuple[Matrix, tuple[str, ...]]:
    """Values and names of moderators given otherwise than by a formula."""
    if isinstance(mods, str):
        return numbers(data, mods, field=field), (mods,)
    if isinstance(mods, Mapping):
        return _stack(list(mods.values()), data, field), tuple(str(name) for name in mods)
    if isinstance(mods, Sequence) and mods and all(isinstance(name, str) for name in mods):
        return _stack(list(mods), data, field), tuple(str(name) for name in mods)
    return _table(mods, field), tuple(str(name) for name in getattr(mods, "columns", ()))


def _table(values: Any, field: str) -> Matrix:
    """One or two dimensions of numbers."""
    try:
        table = np.asarray(values, dtype=float)
    except (TypeError, ValueError) as error:
        raise InputError(
            "moderators are numbers, names of columns or a formula", field=field, got=str(values)[:80]
        ) from error
    if table.ndim not in {1, 2}:
        raise InputError("moderators need one row a study", field=field, got=str(values)[:80])
    return table


def _stack(values: list[Any], data: Any, field: str) -> Matrix:
    return np.column_stack([numbers(data, column_values, field=field) for column_values in values])


def _from_formula(formula: str, data: Any, k: int, intercept: bool, field: str) -> Design:
    from formulaic import Formula, model_matrix
    from formulaic.errors import FormulaicError

    right = re.sub(r"\bfactor\(", "C(", formula.split("~", 1)[1])  # R's name for the same
    try:
        parsed: Any = cast("Any", Formula)(right if intercept else f"{right} - 1")
        frame = _frame(parsed, data, field, k)
        whole = frame.notna().all(axis=1).to_numpy()
        matrix = model_matrix(parsed, frame[whole], context=_FUNCTIONS, na_action="raise")
    except (FormulaicError, SyntaxError) as error:
        raise InputError(f"the formula cannot be read: {error}", field=field, got=formula) from error
    terms = tuple("intercept" if str(name) == "Intercept" else str(name) for name in matrix.columns)
    X = np.full((len(frame), len(terms)), np.nan)
    X[whole] = np.asarray(matrix, dtype=float)
    return Design(X, terms, spec=matrix.model_spec, intercept="intercept" in terms)


def constant_factors(formula: Any, data: Any, rows: Ints) -> tuple[str, ...]:
    """Text columns of a formula that have one level among ``rows``: they make no column of a design."""
    if not (isinstance(formula, str) and "~" in formula) or data is None:
        return ()
    words = set(re.findall(r"[^\W\d]\w*", formula.split("~", 1)[1]))
    found: list[str] = []
    for name in column_names(data):
        if name in words:
            values = _plain(column(data, name, field="mods"))
            if values.dtype.kind == "O" and len(set(values[rows].tolist())) == 1:
                found.append(name)
    return tuple(found)


def _frame(parsed: Any, data: Any, field: str, rows: int) -> Any:
    """The formula's columns as pandas, which formulaic reads fastest; text stays text."""
    import pandas as pd

    if data is None:
        raise InputError("a formula needs data=", field=field)
    names = column_names(data)
    required = {str(name) for name in parsed.required_variables}
    for name in sorted(required):
        if name not in names and name not in _FUNCTIONS:
            raise no_column(name, names, field)
    words = required | set(re.findall(r"[^\W\d]\w*", str(parsed)))  # names inside transforms are not listed
    needed = [name for name in names if name in words]
    if not needed:
        return pd.DataFrame(index=range(rows))
    return pd.DataFrame({name: _plain(column(data, name, field=field)) for name in needed})


def _plain(values: Any) -> Any:
    array = np.asarray(values)
    if array.dtype.kind in "OUS":
        text = [None if v is None or (isinstance(v, float) and isnan(v)) else v for v in array.tolist()]
        if all(v is None or isinstance(v, int | float) for v in text):
            return np.array([np.nan if v is None else float(v) for v in text])
        return np.array(text, dtype=object)
    return array


def new_rows(design: Design, newdata: Any) -> Matrix:
    """Rows of the same columns at new moderator values."""
    made = _matrix_rows(design, newdata) if design.spec is None else _formula_rows(design, newdata)
    if not np.isfinite(made).all():
        row = int(np.flatnonzero(~np.isfinite(made).all(axis=1))[0])
        raise InputError("a moderator value is missing or infinite", field="newdata", study=f"row {row + 1}")
    return made[:, list(design.kept)] if design.kept else made


def _formula_rows(design: Design, newdata: Any) -> Matrix:
    from formulaic.errors import FormulaicError

    try:
        frame = _frame(design.spec.formula, newdata, "newdata", 1)
        rows = design.spec.get_model_matrix(frame, context=_FUNCTIONS, na_action="raise")
        return np.asarray(rows, dtype=float)
    except (FormulaicError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"the new moderator values cannot be used: {error}", field="newdata") from error


def _matrix_rows(design: Design, newdata: Any) -> Matrix:
    names = [term for term in design.asked or design.terms if term != "intercept"]
    if isinstance(newdata, Mapping) or hasattr(newdata, "columns"):
        x = _stack(list(names), newdata, "newdata")
    else:
        x = _table(newdata, "newdata")
        x = x.reshape(-1, len(names)) if x.ndim < 2 else x
    if x.shape[1] != len(names):
        raise InputError(
            "one column a moderator is needed", field="newdata", got=x.shape[1], allowed=len(names)
        )
    return np.column_stack([np.ones(len(x)), x]) if design.intercept else x


def full_rank(X: Matrix, terms: tuple[str, ...]) -> tuple[tuple[int, ...], tuple[str, ...]]:
    """Columns to keep so that none is a linear function of those before it: (positions kept, names dropped)."""
    squares = (X.T @ X).tolist()
    if all(
        left > _PLAIN * row[j] for j, (row, left) in enumerate(zip(squares, pivots(squares), strict=True))
    ):
        return tuple(
            range(len(squares))
        ), ()  # squares tell, if by far: what each column adds to those before it
    kept: list[int] = []
    dropped: list[str] = []
    basis = np.empty((len(X), 0))
    for j in range(X.shape[1]):
        column_j = X[:, j]
        rest = column_j - basis @ (basis.T @ column_j)
        rest = rest - basis @ (basis.T @ rest)  # twice is enough
        size = float(np.linalg.norm(rest))
        if size <= ALMOST * float(np.linalg.norm(column_j)):
            dropped.append(terms[j])
        else:
            kept.append(j)
            basis = np.column_stack([basis, rest / size])
    return tuple(kept), tuple(dropped)
