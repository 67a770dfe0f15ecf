"""The environment of one container in a JSON Patch: a list, in which order matters and names are not keys."""

from __future__ import annotations

import re
from collections.abc import Mapping

import msgspec

from rollonce.model.workload import Container, Variable
from rollonce.plan import field
from rollonce.plan.jsonpatch import Operation, Part, add, remove, test

# https://kubernetes.io/docs/tasks/inject-data-application/define-interdependent-environment-variables/
_REFERENCE = re.compile(r"\$\(([-._a-zA-Z][-._a-zA-Z0-9]*)\)")


def part(at: str, container: Container, wants: Mapping[str, str | None]) -> Part:
    """Variables by name and wanted value, None to remove them; `at` is the pointer of the list.

    An entry is tested as a whole, at its index. Where a name is not there, or more than once, only the
    whole list shows that it still is so. Of several entries the last counts, and is the one changed.
    """
    if container.env is None:
        fresh = [_entry(name, value) for name, value in _ordered(wants)]
        return Part([test(at, None)], [add(at, fresh)] if fresh else [])
    places = {name: [i for i, entry in enumerate(container.env) if entry.name == name] for name in wants}
    if any(len(indices) != 1 for indices in places.values()):
        tests = [test(at, [msgspec.Raw(entry.raw) for entry in container.env])]
    else:
        tests = [test(f"{at}/{i}", msgspec.Raw(container.env[i].raw)) for (i,) in sorted(places.values())]
    writes: list[Operation] = []
    gone: list[int] = []
    for name, value in sorted(wants.items(), key=lambda item: item[0]):
        entry = field.last(container, name)
        if entry is None:
            continue
        if value is None:
            gone += places[name]
        elif entry.value != value:
            writes += _set(f"{at}/{places[name][-1]}", entry, value)
    # From the end, so that no index moves before its turn.
    writes += [remove(f"{at}/{i}") for i in sorted(gone, reverse=True)]
    lacking = {name: value for name, value in wants.items() if not places[name]}
    writes += [add(f"{at}/-", _entry(name, value)) for name, value in _ordered(lacking)]
    return Part(tests, writes)


def _set(at: str, entry: Variable, value: str) -> list[Operation]:
    # An entry may not have both a value and a source.
    source = [remove(f"{at}/valueFrom")] if entry.value is None else []
    return [*source, add(f"{at}/value", value)]


def _entry(name: str, value: str) -> dict[str, str]:
    return {"name": name, "value": value}


def _ordered(wants: Mapping[str, str | None]) -> list[tuple[str, str]]:
    """New variables by name, and one that another refers to as $(NAME) before that other one."""
    left = {name: value for name, value in sorted(wants.items()) if value is not None}
    ordered: list[tuple[str, str]] = []
    while left:
        free = (n for n, value in left.items() if not any(r in left and r != n for r in _REFERENCE.findall(value)))
        name = next(free, next(iter(left)))  # of a circle any one is first
        ordered.append((name, left.pop(name)))
    return ordered
