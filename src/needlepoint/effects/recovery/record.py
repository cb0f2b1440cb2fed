"""A value that was not printed but derived, with how and from where."""

from __future__ import annotations

from collections.abc import Mapping

from needlepoint.errors import InputError
from needlepoint.result import Result, record

__all__ = ["Recovered", "need_positive", "need_probability"]


@record
class Recovered(Result):
    """Derived values by name; ``how`` says the derivation in words, ``source`` who published it."""

    values: Mapping[str, float]
    how: str
    source: str

    def __getitem__(self, name: str) -> float:
        return self.values[name]

    def summary(self) -> str:
        """One line: the values, and that they were derived, and how."""
        shown = ", ".join(f"{name} {value:.6g}" for name, value in self.values.items())
        return "\n".join([f"{shown} (derived: {self.how}; {self.source})", *self.notes])


def need_positive(**values: float) -> None:
    """Refuse values that are not above zero.

    Raises
    ------
    InputError
        Names the field and the value.
    """
    for field, value in values.items():
        if not value > 0:
            raise InputError("must be above zero", field=field, got=value, allowed="> 0")


def need_probability(**values: float) -> None:
    """Refuse values outside 0 to 1, both ends excluded.

    Raises
    ------
    InputError
        Names the field and the value.
    """
    for field, value in values.items():
        if not 0 < value < 1:
            raise InputError("not a probability", field=field, got=value, allowed="between 0 and 1")
