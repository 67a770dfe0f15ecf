"""YAML as a small tree with line numbers, read so that no file can bring the process down.

Built from the parser's events with a stack of our own: PyYAML's C composer recurses, and 80 KB of
nested brackets end it with a segmentation fault. Aliases share their node, so they cost nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_BYTES = 10_000_000
MAX_DEPTH = 100
MAX_ALIASES = 1_000
MAX_PLAIN_NODES = 100_000

_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_TRUE = frozenset({"true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON"})
_FALSE = frozenset({"false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF"})
_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]*)")
_FLOAT = re.compile(r"[-+]?[0-9]+\.[0-9]*([eE][-+]?[0-9]+)?")


class Malformed(Exception):
    """Not YAML that we read; `line` counts from 1 and is 0 where it is unknown."""

    def __init__(self, reason: str, line: int = 0) -> None:
        super().__init__(reason)
        self.reason = reason
        self.line = line


@dataclass(frozen=True, slots=True)
class Scalar:
    """A scalar as written; `plain` means without quotes, so that it may be null or a boolean."""

    text: str
    plain: bool
    line: int

    @property
    def null(self) -> bool:
        """Whether it stands for nothing."""
        return self.plain and self.text in _NULL

    def boolean(self) -> bool | None:
        """Its value where it is a YAML 1.1 boolean."""
        if self.plain and self.text in _TRUE:
            return True
        return False if self.plain and self.text in _FALSE else None


@dataclass(slots=True)
class Sequence:
    """A list, filled while it is parsed."""

    items: list[Node]
    line: int


@dataclass(slots=True)
class Mapping:
    """A mapping, filled while it is parsed; of a key that is there twice the last value counts."""

    fields: dict[str, Node]
    line: int


Node = Scalar | Sequence | Mapping


class _Builder:
    """Puts nodes where they belong as the events arrive."""

    def __init__(self) -> None:
        self.root: Node | None = None
        self._open: list[tuple[Sequence | Mapping, str | None]] = []
        self._keys: list[str | None] = []
        self._anchors: dict[str, Node] = {}
        self._aliases = 0

    def enter(self, node: Sequence | Mapping, anchor: str | None) -> None:
        if len(self._open) >= MAX_DEPTH:
            raise Malformed(f"nested deeper than {MAX_DEPTH} levels", node.line)
        self._open.append((node, anchor))
        self._keys.append(None)

    def leave(self) -> None:
        node, anchor = self._open.pop()
        self._keys.pop()
        self.put(node, anchor)

    def put(self, node: Node, anchor: str | None) -> None:
        # Known only once complete, so that no node can contain itself.
        if anchor is not None:
            self._anchors[anchor] = node
        if not self._open:
            self.root = node
            return
        parent, _ = self._open[-1]
        if isinstance(parent, Sequence):
            parent.items.append(node)
        elif self._keys[-1] is None:
            if not isinstance(node, Scalar):
                raise Malformed("a key that is not a string", node.line)
            self._keys[-1] = node.text
        else:
            parent.fields[self._keys[-1]] = node
            self._keys[-1] = None

    def alias(self, name: str, line: int) -> None:
        self._aliases += 1
        if self._aliases > MAX_ALIASES:
            raise Malformed(f"more than {MAX_ALIASES} aliases", line)
        if name not in self._anchors:
            raise Malformed(f"alias *{name} has no anchor before it", line)
        self.put(self._anchors[name], None)


def parse(content: bytes) -> Node | None:
    """The first document of the text, None where it is empty. Raises `Malformed`."""
    if len(content) > MAX_BYTES:
        raise Malformed(f"larger than {MAX_BYTES // 1_000_000} MB")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Malformed("not UTF-8", content.count(b"\n", 0, error.start) + 1) from None
    import yaml

    builder = _Builder()
    try:
        for event in _first_document(text):
            _apply(event, builder)
    # PyYAML's own text quotes the lines around the fault, which may hold a token.
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        raise Malformed(error.problem or "not YAML", mark.line + 1 if mark else 0) from None
    except yaml.YAMLError:
        raise Malformed("characters that YAML does not allow") from None
    return builder.root


def _first_document(text: str) -> Iterator[Any]:
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    for event in yaml.parse(text, Loader=loader):
        if isinstance(event, yaml.DocumentEndEvent):
            return
        yield event


def _apply(event: Any, builder: _Builder) -> None:
    import yaml

    line = event.start_mark.line + 1
    match event:
        case yaml.ScalarEvent():
            # The C parser gives an empty style to plain scalars, the other one None.
            builder.put(Scalar(event.value, not event.style and event.tag is None, line), event.anchor)
        case yaml.MappingStartEvent():
            builder.enter(Mapping({}, line), event.anchor)
        case yaml.SequenceStartEvent():
            builder.enter(Sequence([], line), event.anchor)
        case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
            builder.leave()
        case yaml.AliasEvent():
            builder.alias(str(event.anchor), line)
        case _:
            pass


def plain(node: Node) -> object:
    """The node as JSON values: for subtrees that are handed on as they are. Raises `Malformed`."""
    return _plain(node, [MAX_PLAIN_NODES])


def _plain(node: Node, budget: list[int]) -> object:
    # Shared nodes are written out here, so that a few nested aliases could become millions of values.
    budget[0] -= 1
    if budget[0] < 0:
        raise Malformed("too large once its aliases are written out", node.line)
    match node:
        case Mapping():
            return {key: _plain(value, budget) for key, value in node.fields.items()}
        case Sequence():
            return [_plain(item, budget) for item in node.items]
        case Scalar():
            return _scalar(node)


def _scalar(node: Scalar) -> object:
    if node.null:
        return None
    if (flag := node.boolean()) is not None:
        return flag
    if node.plain and len(node.text) < 30:
        if _INTEGER.fullmatch(node.text):
            return int(node.text)
        if _FLOAT.fullmatch(node.text):
            return float(node.text)
    return node.text
