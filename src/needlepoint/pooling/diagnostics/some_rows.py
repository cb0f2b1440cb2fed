"""Some rows of effect sizes, a data frame or a mapping: what a pooling function is given again."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np

from needlepoint.columns import column_names
from needlepoint.errors import InputError

__all__ = ["labels_of", "size_of", "some_rows"]


def size_of(data: Any) -> int:
    """Number of rows."""
    if hasattr(data, "yi"):
        return len(data.yi)
    if isinstance(data, Mapping):
        sizes = {str(name): len(values) for name, values in data.items()}
        if len(set(sizes.values())) > 1:
            raise InputError("columns of different lengths", field="data", got=sizes)
        return next(iter(sizes.values()), 0)
    return len(data)


def labels_of(data: Any) -> tuple[str, ...]:
    """Study labels: the ``study`` of effect sizes or of a frame, else numbers from 1."""
    if hasattr(data, "yi") and hasattr(data, "study"):
        return tuple(data.study)
    if "study" in column_names(data):
        return tuple(str(value) for value in data["study"])
    return tuple(str(i + 1) for i in range(size_of(data)))


def some_rows(data: Any, keep: Any) -> Any:
    """The rows at positions ``keep``, in that order, as the same kind of thing."""
    if isinstance(data, Mapping):
        return {name: np.asarray(values)[keep] for name, values in data.items()}
    if dataclasses.is_dataclass(data) and not isinstance(data, type):
        rows: Any = data
        return dataclasses.replace(
            rows,
            yi=rows.yi[keep],
            vi=rows.vi[keep],
            ni=rows.ni[keep],
            study=tuple(rows.study[i] for i in keep),
            raw={name: np.asarray(values)[keep] for name, values in rows.raw.items()},
        )
    import narwhals as nw

    frame: Any = data
    return nw.from_native(frame, eager_only=True)[[int(i) for i in keep]].to_native()
