"""Whether a text has a shape: every fault of it with its place and, where it can be told, what was meant."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import assert_never

from rollonce.fleetfile.mark import Mark
from rollonce.fleetfile.shape import Choice, Count, Either, Fault, Fields, Flag, Items, Shape, Table, Text, Version
from rollonce.model.nearest import nearest
from rollonce.text.document import Key, Malformed, Mapping, Node, Scalar, Sequence

_COUNT = re.compile(r"[1-9]\d{0,5}")


@dataclass(frozen=True, slots=True)
class Finding:
    """A fault and where it is."""

    at: Mark
    fault: Fault


class Checker:
    """Checks nodes of one text, whose name is `source`."""

    def __init__(self, source: str) -> None:
        self._source = source

    def faults(self, node: Node, shape: Shape, what: str) -> Iterator[Finding]:
        """All faults, in the order of the text; `what` is how they call the node."""
        match shape:
            case Text():
                yield from self._text(node, shape, what)
            case Choice():
                yield from self._choice(node, shape, what)
            case Flag():
                if not isinstance(node, Scalar) or node.boolean() is None:
                    yield self._at(node, f"{what} is true or false", "")
            case Version():
                yield from self._version(node, shape, what)
            case Count():
                if not isinstance(node, Scalar) or not _COUNT.fullmatch(node.text):
                    yield self._at(node, f"{what} is a whole number from 1 on", shape.about)
            case Items():
                yield from self._items(node, shape, what)
            case Fields():
                yield from self._fields(node, shape, what)
            case Table():
                yield from self._table(node, shape, what)
            case Either():
                chosen = shape.items if isinstance(node, Sequence) else shape.fields
                if isinstance(node, Scalar):
                    yield self._at(node, f"{what} is a list or a mapping", shape.about)
                else:
                    yield from self.faults(node, chosen, what)
            case _ as never:
                assert_never(never)

    def mark(self, node: Node | Key) -> Mark:
        """The place of a node."""
        return Mark(self._source, node.line, node.column)

    def _at(self, node: Node | Key, words: str, guess: str) -> Finding:
        return Finding(self.mark(node), Fault(words, guess))

    def _scalar(self, node: Node, what: str, example: str) -> Iterator[Finding]:
        """Nothing where the node is a text that says something."""
        if not isinstance(node, Scalar):
            yield self._at(node, f"{what} is a text, not a {_form(node)}", example)
        elif node.null or not node.text:
            yield self._at(node, f"{what} is empty", example)

    def _text(self, node: Node, shape: Text, what: str) -> Iterator[Finding]:
        unfit = list(self._scalar(node, what, shape.about))
        if unfit or not isinstance(node, Scalar):
            yield from unfit
        elif fault := _text_fault(node.text, shape):
            yield Finding(self.mark(node), fault)

    def _choice(self, node: Node, shape: Choice, what: str) -> Iterator[Finding]:
        unfit = list(self._scalar(node, what, f"it is one of: {', '.join(shape.words)}"))
        if unfit or not isinstance(node, Scalar):
            yield from unfit
        elif node.text not in shape.words:
            yield self._at(node, f"{what} has no {node.text!r}", _guess(node.text, shape.words))

    def _version(self, node: Node, shape: Version, what: str) -> Iterator[Finding]:
        try:
            value = node.value() if isinstance(node, Scalar) else None
        except Malformed:
            value = None
        if value is not None and not isinstance(value, bool) and value == shape.number:
            return
        given = repr(node.text) if isinstance(node, Scalar) else f"a {_form(node)}"
        yield self._at(node, f"{what} is {given}; this rollonce reads version {shape.number}", "")

    def _items(self, node: Node, shape: Items, what: str) -> Iterator[Finding]:
        if not isinstance(node, Sequence):
            yield self._at(node, f"{what} is a list, not a {_form(node)}", shape.about)
            return
        if not node.items and not shape.may_be_empty:
            yield self._at(node, f"{what} has nothing in it", shape.about)
        first: dict[str, Node] = {}
        for item in node.items:
            yield from self.faults(item, shape.of, f"an item of {what}")
            if isinstance(item, Scalar) and first.setdefault(item.text, item) is not item:
                yield self._at(item, f"{item.text!r} stands in {what} twice", f"first in line {first[item.text].line}")

    def _fields(self, node: Node, shape: Fields, what: str) -> Iterator[Finding]:
        if not shape.required and isinstance(node, Scalar) and node.null:
            return
        if not isinstance(node, Mapping):
            yield self._at(node, f"{what} is a mapping, not a {_form(node)}", f"its keys are {', '.join(shape.fields)}")
            return
        yield from self._repeated(node, what)
        for key in node.all_keys():
            if key.name not in shape.fields:
                yield self._at(key, f"{what} has no key {key.name!r}", _guess(key.name, shape.fields))
        for name, inner in shape.fields.items():
            if name in node.fields:
                yield from self.faults(node.fields[name], inner, name)
        for name in shape.required:
            if name not in node.fields:
                yield self._at(node, f"{what} lacks the key {name!r}", "")
        for group in shape.exclusive:
            keys = [key for key in node.all_keys() if key.name in group]
            for key in keys[1:]:
                if key.name != keys[0].name:
                    yield self._at(key, f"{what} has {keys[0].name} and {key.name}, which exclude each other", "")

    def _table(self, node: Node, shape: Table, what: str) -> Iterator[Finding]:
        if not isinstance(node, Mapping):
            yield self._at(node, f"{what} is a mapping, not a {_form(node)}", shape.about)
            return
        if not node.fields:
            yield self._at(node, f"{what} has nothing in it", shape.about)
        yield from self._repeated(node, what)
        for key in node.all_keys():
            if fault := _text_fault(key.name, shape.key):
                yield Finding(self.mark(key), fault)
        for name, value in node.fields.items():
            yield from self.faults(value, shape.value, f"{what} {name}")

    def _repeated(self, node: Mapping, what: str) -> Iterator[Finding]:
        first: dict[str, Key] = {}
        for key in node.keys:
            if first.setdefault(key.name, key) is not key:
                yield self._at(key, f"{what} has {key.name!r} twice", f"first in line {first[key.name].line}")


def _text_fault(text: str, shape: Text) -> Fault | None:
    if shape.check is not None:
        return shape.check(text)
    return None if not shape.pattern or re.fullmatch(shape.pattern, text) else Fault(f"{text!r} is not allowed here")


def _form(node: Node) -> str:
    match node:
        case Scalar():
            return "text" if not node.null else "null"
        case Sequence():
            return "list"
        case Mapping():
            return "mapping"


def _guess(wanted: str, known: Collection[str]) -> str:
    close = nearest(wanted, known)
    return f'did you mean "{close}"?' if close else f"known are: {', '.join(known)}"
