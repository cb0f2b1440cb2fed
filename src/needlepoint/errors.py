"""The error tree.

::

    NeedlepointError
    ├── InputError            bad data, option or file: says field, study, what it got, what is allowed
    │   └── PackError         a row of an evidence pack: says file, row, column and the mend
    ├── NotEnoughStudies      the method needs more studies than there are
    ├── ConvergenceError      no trustworthy optimum was found
    ├── EvidenceError         the question has no answer in the evidence base
    └── MissingExtra          an optional dependency is not installed

Each is also the builtin that a caller would expect (``ValueError``, ``LookupError`` ...).
"""

from __future__ import annotations

__all__ = [
    "ConvergenceError",
    "EvidenceError",
    "InputError",
    "MissingExtra",
    "NeedlepointError",
    "NotEnoughStudies",
    "PackError",
]


class NeedlepointError(Exception):
    """Base of every error that needlepoint raises on purpose; its text is written for the user."""

    exit_code = 1


class InputError(NeedlepointError, ValueError):
    """The input cannot be used as it is.

    Parameters
    ----------
    problem
        What is wrong, in one sentence.
    field, study, got, allowed, mend
        The column or option; the study's label; the offending value; what is allowed; what to do.
    """

    exit_code = 2

    def __init__(
        self,
        problem: str,
        *,
        field: str | None = None,
        study: str | None = None,
        got: object = None,
        allowed: object = None,
        mend: str | None = None,
    ) -> None:
        self.problem = problem
        self.field = field
        self.study = study
        self.got = got
        self.allowed = allowed
        self.mend = mend
        parts = [problem]
        if field is not None:
            parts.append(f"field: {field}")
        if study is not None:
            parts.append(f"study: {study}")
        if got is not None:
            parts.append(f"got: {got!r}")
        if allowed is not None:
            parts.append(f"allowed: {allowed}")
        if mend is not None:
            parts.append(f"to mend: {mend}")
        super().__init__("; ".join(parts))


class PackError(InputError):
    """A row of an evidence pack is not valid: names file, row (the line in the file), column and the mend."""

    def __init__(
        self, problem: str, *, file: str, row: int | None = None, column: str | None = None, mend: str
    ) -> None:
        super().__init__(problem, mend=mend)
        self.file = file
        self.row = row
        self.column = column
        where = file
        if row is not None:
            where += f", row {row}"
        if column is not None:
            where += f", column {column}"
        self.args = (f"{where}: {problem}; to mend: {mend}",)


class NotEnoughStudies(NeedlepointError, ValueError):
    """The method needs more studies than the data hold."""

    def __init__(self, method: str, *, needs: int, got: int, hint: str = "") -> None:
        self.method = method
        self.needs = needs
        self.got = got
        super().__init__(f"{method} needs at least {needs} studies, got {got}{'; ' + hint if hint else ''}")


class ConvergenceError(NeedlepointError, ArithmeticError):
    """An iterative fit found no trustworthy optimum, also by global search."""


class EvidenceError(NeedlepointError, LookupError):
    """The evidence base cannot answer the question; the text says what is known and the closest match."""


class MissingExtra(NeedlepointError, ImportError):
    """An optional dependency is needed and not installed."""

    def __init__(self, feature: str, *, package: str, extra: str) -> None:
        super().__init__(f"{feature} needs the package {package}: pip install 'needlepoint[{extra}]'")
