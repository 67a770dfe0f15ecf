"""A label selector in its written form, read token by token, refused in the same words
(apimachinery/pkg/labels/selector.go)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from rollonce.sim.api import names, status
from rollonce.sim.api.status import Cause

_SYMBOLS = "=!(),><"
_OPERATORS = ("in", "notin", "=", "==", "!=", "gt", "lt")
_TOKEN = re.compile(rf"[^\s{re.escape(_SYMBOLS)}]+|==|!=|[{re.escape(_SYMBOLS)}]|\S")
_WRITTEN = frozenset({"in", "notin", "=", "==", "!=", ">", "<"})
END = ""


class Unreadable(Exception):
    """What is wrong with a requirement."""


class Requirement:
    """One of them: a key, what it is held against, and how."""

    def __init__(self, key: str, operator: str, values: frozenset[str] = frozenset()) -> None:
        self.key = key
        self.operator = operator
        self.values = values

    def holds(self, found: Mapping[str, str]) -> bool:
        """Whether labels meet it."""
        value = found.get(self.key)
        match self.operator:
            case "exists":
                return value is not None
            case "!":
                return value is None
            case "in" | "=" | "==":
                return value in self.values
            case "notin" | "!=":
                return value not in self.values
        return value is not None and _compared(value, next(iter(self.values)), self.operator)

    def wrong(self) -> Iterator[Cause]:
        """What NewRequirement says."""
        yield from names.qualified(self.key, "key")
        for index, value in enumerate(sorted(self.values)):
            if self.operator in ("<", ">") and not _is_whole(value):
                yield status.bad(f"values[{index}]", value, "for 'Gt', 'Lt' operators, the value must be an integer")
        for index, value in enumerate(sorted(self.values)):
            for cause in names.labels({"k": value}, f"values[{index}]"):
                yield Cause(f"values[{index}][{self.key}]", cause.reason, cause.message)


def parse(text: str) -> list[Requirement]:
    """All requirements; a 400 where they cannot be read."""
    parser = _Parser(_TOKEN.findall(text))
    found: list[Requirement] = []
    while (word := parser.next) != END:
        if word != "!" and not _is_name(word):
            raise status.bad_request(f"found '{word}', expected: !, identifier, or 'end of string'")
        try:
            found.append(parser.requirement())
        except Unreadable as error:
            raise status.bad_request(f"unable to parse requirement: {error}") from None
        after = parser.take()
        if after not in (END, ","):
            raise status.bad_request(f"found '{after}', expected: ',' or 'end of string'")
        if after == "," and parser.next != "!" and not _is_name(parser.next):
            raise status.bad_request(f"found '{parser.next}', expected: identifier after ','")
    return found


class _Parser:
    def __init__(self, tokens: list[str]) -> None:
        self._tokens = tokens
        self._at = 0

    @property
    def next(self) -> str:
        return self._tokens[self._at] if self._at < len(self._tokens) else END

    def take(self) -> str:
        word = self.next
        self._at += 1
        return word

    def requirement(self) -> Requirement:
        key = self.take()
        absent = key == "!"
        if absent:
            key = self.take()
        if not _is_name(key):
            raise Unreadable(f"found '{key}', expected: identifier")
        _refuse(names.qualified(key, "<nil>"))
        if absent or self.next in (END, ","):
            return _checked(Requirement(key, "!" if absent else "exists"))
        operator = self.take()
        if operator not in _WRITTEN:
            raise Unreadable(f"found '{operator}', expected: {', '.join(_OPERATORS)}")
        values = self._several() if operator in ("in", "notin") else self._one()
        return _checked(Requirement(key, operator, frozenset(values)))

    def _one(self) -> list[str]:
        if self.next in (END, ","):
            return [""]
        value = self.take()
        if not _is_name(value):
            raise Unreadable(f"found '{value}', expected: identifier")
        return [value]

    def _several(self) -> list[str]:
        if (word := self.take()) != "(":
            raise Unreadable(f"found '{word}' expected: '('")
        if self.next == ")":
            self.take()
            return [""]
        if self.next != "," and not _is_name(self.next):
            raise Unreadable(f"found '{self.next}', expected: ',', ')' or identifier")
        found: list[str] = []
        while True:
            word = self.take()
            if _is_name(word):
                found.append(word)
                if self.next not in (",", ")"):
                    raise Unreadable(f"found '{self.next}', expected: ',' or ')'")
            elif word == ",":
                # Nothing before a comma, or behind it, is an empty value.
                if not found or self.next in (",", ")"):
                    found.append("")
                if self.next == ",":
                    self.take()
            else:
                raise Unreadable(f"found '{word}', expected: ',', or identifier")
            if self.next == ")":
                self.take()
                return found


def _checked(found: Requirement) -> Requirement:
    _refuse(found.wrong())
    return found


def _refuse(causes: Iterator[Cause]) -> None:
    told = (f"{cause.field}: {cause.message}" for cause in causes)
    said = [each.replace("a qualified name must", "a valid label key must") for each in dict.fromkeys(told)]
    if said:
        raise Unreadable(said[0] if len(said) == 1 else f"[{', '.join(said)}]")


def _is_name(word: str) -> bool:
    return word != END and word[0] not in _SYMBOLS


def _is_whole(text: str) -> bool:
    return re.fullmatch(r"[+-]?\d+", text, re.ASCII) is not None and -(2**63) <= int(text) < 2**63


def _compared(value: str, bound: str, operator: str) -> bool:
    if not _is_whole(value):
        return False
    return int(value) > int(bound) if operator == ">" else int(value) < int(bound)
