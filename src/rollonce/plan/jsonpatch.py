"""Parts of a JSON Patch (RFC 6902): what is tested, and what is then written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

Operation = dict[str, Any]
# Of each member that is wanted: its value now, and the one that it should have; None is no member.
Members = Mapping[str, tuple[Any, Any]]


@dataclass(slots=True)
class Part:
    """Tests and writes that belong together."""

    tests: list[Operation] = field(default_factory=list)
    writes: list[Operation] = field(default_factory=list)

    def __iadd__(self, other: Part) -> Part:
        self.tests += other.tests
        self.writes += other.writes
        return self


def test(path: str, value: object) -> Operation:
    """A `test`; the value None passes where there is no such member (verified, tests/scenarios/test_api_facts.py)."""
    return {"op": "test", "path": path, "value": value}


def add(path: str, value: object) -> Operation:
    """An `add`; on a member it replaces, and unlike `replace` it also works where there is none."""
    return {"op": "add", "path": path, "value": value}


def remove(path: str) -> Operation:
    """A `remove`."""
    return {"op": "remove", "path": path}


def below(path: str, member: str) -> str:
    """The pointer of a member."""
    return f"{path}/{member.replace('~', '~0').replace('/', '~1')}"


def of_map(at: str, there: bool, members: Members) -> Part:
    """Members of the map at a pointer, which may not be there yet.

    Adding a map would wipe one that somebody else adds meanwhile, so its absence is tested.
    """
    if not there:
        fresh = _fresh(members)
        return Part([test(at, None)], [add(at, fresh)] if fresh else [])
    part = Part()
    for name, (old, new) in members.items():
        path = below(at, name)
        part.tests.append(test(path, old))
        if old != new:
            part.writes.append(remove(path) if new is None else add(path, new))
    return part


def of_maps(at: str, live: Mapping[str, object] | None, maps: Mapping[str, Members]) -> Part:
    """Members of maps that are themselves members of the object at a pointer, which may not be there yet."""
    if live is None:
        fresh = {name: inner for name, members in maps.items() if (inner := _fresh(members))}
        return Part([test(at, None)], [add(at, fresh)] if fresh else [])
    part = Part()
    for name, members in maps.items():
        part += of_map(below(at, name), live.get(name) is not None, members)
    return part


def applied(document: Any, writes: Iterable[Operation]) -> Any:
    """The document after `add`, `replace` and `remove`, each of which fits it. It is changed in place."""
    for write in writes:
        *way, last = (step.replace("~1", "/").replace("~0", "~") for step in write["path"].split("/")[1:])
        parent = document
        for step in way:
            parent = parent[int(step)] if isinstance(parent, list) else parent[step]
        value = write.get("value")
        if not isinstance(parent, list):
            _set_member(parent, last, write["op"], value)
        elif write["op"] == "remove":
            del parent[int(last)]
        elif write["op"] == "add":
            parent.insert(len(parent) if last == "-" else int(last), value)
        else:
            parent[int(last)] = value
    return document


def _set_member(parent: Operation, name: str, op: str, value: Any) -> None:
    if op == "remove":
        del parent[name]
    else:
        parent[name] = value


def _fresh(members: Members) -> dict[str, Any]:
    return {name: new for name, (_, new) in members.items() if new is not None}
