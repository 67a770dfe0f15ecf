"""A value that is worked out when somebody asks for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

# A chain of values, each worked out from the one before, is worked out when it gets this long.
LONGEST = 50


class Deferred:
    """Who owns which fields after a write: most objects are written several times before anybody reads that.

    It stands where the value will stand, in an object that nobody changes, and is told apart by its type alone.
    """

    __slots__ = ("_made", "_make", "length")

    def __init__(self, make: Callable[[], Any], after: object = None) -> None:
        """`make` is called once at most; `after` is what the value begins with, where that may be deferred too."""
        self._make: Callable[[], Any] | None = make
        self._made: Any = None
        self.length: int = 1 + (after.length if isinstance(after, Deferred) else 0)
        if self.length >= LONGEST:
            self.value()

    def __eq__(self, other: object) -> bool:
        """As the values are."""
        return bool(self.value() == known(other))

    def value(self) -> Any:
        """What `make` gives."""
        if self._make is not None:
            self._made = self._make()
            self._make = None
            self.length = 0
        return self._made


def known(value: Any) -> Any:
    """The value itself, worked out where it was deferred."""
    return value.value() if isinstance(value, Deferred) else value
