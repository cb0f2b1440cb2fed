"""What every call promises: a right answer, a note, or a refusal in the house's shape; nothing else."""

from __future__ import annotations

import dataclasses
import json
import warnings

import numpy as np

from needlepoint import NeedlepointError
from needlepoint.result import Result

# said in the docstrings: nobody is outside at the last step of a forward search; a study's size may be unknown
DOCUMENTED = {"outside", "ni"}


def missing_numbers(value, path="", notes=()):
    """Where a result holds NaN although neither it nor the part that holds it has a note."""
    notes = (*notes, *getattr(value, "notes", ()))
    if notes:
        return
    if isinstance(value, float):
        if value != value:
            yield path
    elif isinstance(value, np.ndarray):
        if value.dtype.kind == "f" and np.isnan(value).any():
            yield path
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        for field in dataclasses.fields(value):
            if field.repr and field.name not in DOCUMENTED:
                yield from missing_numbers(getattr(value, field.name), f"{path}.{field.name}")
    elif isinstance(value, tuple | list):
        for i, part in enumerate(value):
            yield from missing_numbers(part, f"{path}[{i}]")
    elif isinstance(value, dict):
        for key, part in value.items():
            yield from missing_numbers(part, f"{path}[{key}]")


def kept(call):
    """The answer of ``call``, or None for a refusal; fails on any other exception, a warning, or NaN without a note."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            found = call()
        except NeedlepointError:
            return None
        if isinstance(found, Result):
            assert str(found)
            json.dumps(found.to_dict(), allow_nan=False)
            found.to_frame()
            assert found == found
            hash(found)
    assert not list(missing_numbers(found))
    return found
