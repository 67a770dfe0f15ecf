"""YAML as a small tree with lines and columns, read so that no file can bring the process down.

Built from the parser's events with a stack of our own: PyYAML's C composer recurses, and 80 KB of
nested brackets end it with a segmentation fault. Aliases share their node, so they cost nothing.
What a scalar means is in `rollonce.text.scalars`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

from rollonce.text import scalars

MAX_BYTES = 10_000_000
MAX_DEPTH = 100
MAX_ALIASES = 1_000
MAX_PLAIN_NODES = 100_000
# No key of any text has a NUL: YAML does not allow it.
_MERGE = "\0<<"


class Malformed(Exception):
    """Not YAML that we read; `line` and `column` count from 1 and are 0 where they are unknown."""

    def __init__(self, reason: str, line: int = 0, column: int = 0) -> None:
        super().__init__(reason)
        self.reason = reason
        self.line = line
        self.column = column


@dataclass(frozen=True, slots=True)
class Scalar:
    """A scalar as written; `plain` means without quotes and tag, so that it may be null, a boolean or a number.

    `tag` is an explicit one as YAML has it in full, else empty.
    """

    text: str
    plain: bool
    line: int
    column: int = 0
    tag: str = ""

    @property
    def null(self) -> bool:
        """Whether it stands for nothing."""
        return self.plain and self.text in scalars.NULL

    def boolean(self) -> bool | None:
        """Its value where it is a YAML 1.1 boolean."""
        return scalars.BOOLEANS.get(self.text) if self.plain else None

    def value(self) -> scalars.Value:
        """What kubectl's reader takes it for. Raises `Malformed`."""
        try:
            return scalars.resolve(self.text) if self.plain else scalars.tagged(self.text, self.tag)
        except ValueError as error:
            raise Malformed(str(error), self.line, self.column) from None


@dataclass(slots=True)
class Sequence:
    """A list, filled while it is parsed."""

    items: list[Node]
    line: int
    column: int = 0


@dataclass(slots=True)
class Mapping:
    """A mapping, filled while it is parsed; of a key that is there twice the last value counts."""

    fields: dict[str, Node]
    line: int
    column: int = 0


Node = Scalar | Sequence | Mapping


class _Builder:
    """Puts nodes where they belong as the events arrive."""

    def __init__(self) -> None:
        self.root: Node | None = None
        self._open: list[tuple[Sequence | Mapping, str | None]] = []
        self._keys: list[str | None] = []
        self._anchors: dict[str, Node] = {}
        self._aliases = 0
        self._merged = 0

    def enter(self, node: Sequence | Mapping, anchor: str | None) -> None:
        if len(self._open) >= MAX_DEPTH:
            raise Malformed(f"nested deeper than {MAX_DEPTH} levels", node.line, node.column)
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
                raise Malformed("a key that is not a string", node.line, node.column)
            self._keys[-1] = _MERGE if node.plain and node.text == "<<" else scalars.key(node.text, plain=node.plain)
        else:
            key, self._keys[-1] = self._keys[-1], None
            if key == _MERGE:
                self._merge(parent, node)
            else:
                parent.fields[key] = node

    def _merge(self, into: Mapping, node: Node) -> None:
        """`<<`: what the mapping, or the list of them, has and the mapping around it has not (yaml.org/type/merge)."""
        for source in node.items if isinstance(node, Sequence) else (node,):
            if not isinstance(source, Mapping):
                raise Malformed("<< wants a mapping or a list of mappings", node.line, node.column)
            self._merged += len(source.fields)
            if self._merged > MAX_PLAIN_NODES:
                raise Malformed("too large once its merges are written out", node.line, node.column)
            into.fields = {**source.fields, **into.fields}

    def alias(self, name: str, line: int) -> None:
        self._aliases += 1
        if self._aliases > MAX_ALIASES:
            raise Malformed(f"more than {MAX_ALIASES} aliases", line)
        if name not in self._anchors:
            raise Malformed(f"alias *{name} has no anchor before it", line)
        self.put(self._anchors[name], None)


def parse(content: bytes) -> Node | None:
    """The first document of the text, None where it is empty. Raises `Malformed`."""
    return next(documents(content), None)


def documents(content: bytes) -> Iterator[Node]:
    """Each document of the text, as it is read; one without content is a null. Raises `Malformed`."""
    if len(content) > MAX_BYTES:
        raise Malformed(f"larger than {MAX_BYTES // 1_000_000} MB")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Malformed("not UTF-8", content.count(b"\n", 0, error.start) + 1) from None
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    builder = _Builder()
    try:
        for event in yaml.parse(text, Loader=loader):
            if isinstance(event, yaml.DocumentEndEvent):
                if builder.root is not None:
                    yield builder.root
                builder = _Builder()
            else:
                _apply(event, builder)
    # PyYAML's own text quotes the lines around the fault, which may hold a token.
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        at = (mark.line + 1, mark.column + 1) if mark else (0, 0)
        raise Malformed(error.problem or "not YAML", *at) from None
    except yaml.YAMLError:
        raise Malformed("characters that YAML does not allow") from None


def _apply(event: Any, builder: _Builder) -> None:
    import yaml

    mark = event.start_mark
    line, column = mark.line + 1, mark.column + 1
    match event:
        case yaml.ScalarEvent(tag=tag):
            # The C parser gives an empty style to plain scalars, the other one None.
            node = Scalar(event.value, not event.style and tag is None, line, column, tag or "")
            builder.put(node, event.anchor)
        case yaml.MappingStartEvent():
            builder.enter(Mapping({}, line, column), event.anchor)
        case yaml.SequenceStartEvent():
            builder.enter(Sequence([], line, column), event.anchor)
        case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
            builder.leave()
        case yaml.AliasEvent():
            builder.alias(str(event.anchor), line)
        case _:
            pass


class Budget:
    """How many values may be written out: nested aliases could make millions of them from a few lines."""

    def __init__(self, values: int = MAX_PLAIN_NODES) -> None:
        self._left = values

    def spend(self, node: Node) -> None:
        """One value more. Raises `Malformed`."""
        self._left -= 1
        if self._left < 0:
            raise Malformed("too large once its aliases are written out", node.line, node.column)


def plain(node: Node, budget: Budget | None = None) -> object:
    """The node as JSON values. Raises `Malformed`; `budget` may be shared by several nodes."""
    return _plain(node, budget or Budget())


def _plain(node: Node, budget: Budget) -> object:
    budget.spend(node)
    match node:
        case Scalar():
            return node.value()
        case Mapping():
            return {key: _plain(value, budget) for key, value in node.fields.items()}
        case Sequence():
            return [_plain(item, budget) for item in node.items]
