"""Where something is said."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Mark:
    """A place in a text; `line` and `column` count from 1, and are 0 where they are unknown."""

    source: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        """As compilers write it, so that editors find it."""
        return f"{self.source}:{self.line}:{self.column}" if self.line else self.source


@dataclass(frozen=True, slots=True)
class Said(Generic[T]):
    """A value and where it is said."""

    value: T
    at: Mark
