"""Text of a cell -> value of a field, by the field's type."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

__all__ = ["CellError", "empty", "parsers"]

LARGEST = 1e9  # nothing in a pack is larger; more is a slip of the keyboard
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")
_FORMULA = re.compile(r"[=@]|[+-]\s*[A-Za-z(=@]")

Parser = Callable[[str], Any]


class CellError(ValueError):
    """A cell that cannot be read: the problem and the mend."""

    def __init__(self, problem: str, mend: str) -> None:
        super().__init__(problem)
        self.problem = problem
        self.mend = mend


def _text(cell: str) -> str:
    if _FORMULA.match(cell):
        raise CellError(f"formula in a cell: {cell!r}", "write the value, not the formula")
    return cell


def _number(cell: str) -> float:
    if not _NUMBER.fullmatch(cell):
        raise CellError(f"{cell!r} is no plain number", "write digits with a decimal point, such as -3.5")
    value = float(cell)
    if abs(value) > LARGEST:
        raise CellError(f"{cell} is too large", f"nothing in a pack is above {LARGEST:g}: check the digits")
    return value


def _whole(cell: str) -> int:
    value = _number(cell)
    if value != int(value) or "." in cell:
        raise CellError(f"{cell!r} is no whole number", "write a whole number")
    return int(value)


def _boolean(cell: str) -> bool:
    if cell not in ("true", "false"):
        raise CellError(f"{cell!r} is neither true nor false", 'write "true" or "false"')
    return cell == "true"


def _list(cell: str) -> tuple[str, ...]:
    return tuple(part for part in (p.strip() for p in _text(cell).split(";")) if part)


def _choice(allowed: tuple[str, ...]) -> Parser:
    def parse(cell: str) -> str:
        if cell not in allowed:
            raise CellError(
                f"{cell!r} is not allowed", "use one of: " + ", ".join(a or "(empty)" for a in allowed)
            )
        return cell

    return parse


def empty(_: str) -> Any:
    """Refuse an empty cell."""
    raise CellError("the cell is empty", "fill it in")


def _required(parse: Parser) -> Parser:
    return lambda cell: parse(cell) if cell else empty(cell)


def _optional(parse: Parser) -> Parser:
    return lambda cell: parse(cell) if cell else None


_SIMPLE: dict[Any, Parser] = {
    str: _text,
    float: _required(_number),
    int: _required(_whole),
    bool: _required(_boolean),
    tuple[str, ...]: _list,
}


def _literals(hint: Any) -> tuple[str, ...]:
    """The values of a Literal, or of a union of Literals."""
    if get_origin(hint) is Literal:
        return get_args(hint)
    return tuple(value for part in get_args(hint) for value in _literals(part))


def _parser(hint: Any) -> Parser:
    if hint in _SIMPLE:
        return _SIMPLE[hint]
    if get_origin(hint) in (Union, UnionType) and type(None) in get_args(hint):
        inner = next(a for a in get_args(hint) if a is not type(None))
        return _optional({float: _number, int: _whole}[inner])
    return _choice(_literals(hint))


@cache
def parsers(record: type[Any]) -> dict[str, Parser]:
    """Field name -> parser of its cell, for a record of the schema."""
    return {name: _parser(hint) for name, hint in get_type_hints(record).items()}
