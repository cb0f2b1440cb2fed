"""A property that is worked out when it is first asked for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar

__all__ = ["lazy"]

T = TypeVar("T")


class lazy(Generic[T]):  # noqa: N801  # read as a decorator, like property
    """Keep what a method gives in the instance's ``__dict__``, where the next reader finds it first.

    ``functools.cached_property`` without its lock, which costs more than most answers here (Python 3.12 dropped it).
    """

    def __init__(self, method: Callable[[Any], T]) -> None:
        self._method = method
        self.__doc__ = method.__doc__

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, instance: Any, owner: type | None = None) -> T:
        found = self._method(instance)
        instance.__dict__[self._name] = found
        return found
