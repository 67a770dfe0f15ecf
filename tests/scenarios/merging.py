"""The patches that kubectl computes on its side before it sends them.

apimachinery/pkg/util/strategicpatch/patch.go and client-go/util/csaupgrade/upgrade.go, as far as the objects of the
scenarios need it: lists merged by key, no primitive lists.
"""

from __future__ import annotations

from typing import Any

Object = dict[str, Any]
# Lists of a pod template that are merged, by what; all others are replaced.
MERGE_KEYS = {
    "containers": "name",
    "initContainers": "name",
    "volumes": "name",
    "env": "name",
    "ports": "containerPort",
    "volumeMounts": "mountPath",
}
# Whose members exclude each other: the patch names those that stay.
RETAINED = {"strategy"}


def two_way(old: Object, new: Object) -> Object:
    """What makes `new` of `old`."""
    return _changes(old, new) | dict.fromkeys(old.keys() - new.keys())


def three_way(original: Object, modified: Object, current: Object) -> Object:
    """What `modified` changes of `current`, and what it leaves out of what was applied before."""
    return _merged(_changes(current, modified), _deletions(original, modified))


def _changes(old: Object, new: Object) -> Object:
    """Changes and additions."""
    patch: Object = {}
    for name, wanted in new.items():
        had = old.get(name)
        if name in old and isinstance(had, dict) and isinstance(wanted, dict):
            inner = _changes(had, wanted)
            if name in RETAINED and (inner or had.keys() != wanted.keys()):
                inner["$retainKeys"] = sorted(wanted)
            if inner:
                patch[name] = inner
        elif name in old and name in MERGE_KEYS and isinstance(had, list) and isinstance(wanted, list):
            patch |= _list_changes(name, had, wanted)
        elif name not in old or had != wanted:
            patch[name] = wanted
    return patch


def _list_changes(name: str, old: list[Object], new: list[Object]) -> Object:
    key = MERGE_KEYS[name]
    before = {item[key]: item for item in old}
    changed = []
    for item in new:
        if item[key] not in before:
            changed.append(item)
        elif inner := _changes(before[item[key]], item):
            changed.append({**inner, key: item[key]})
    common = [item[key] for item in old if any(other[key] == item[key] for other in new)]
    in_order = common == [item[key] for item in new if item[key] in before]
    if not changed and in_order:
        return {}
    return {f"$setElementOrder/{name}": [{key: item[key]} for item in new]} | ({name: changed} if changed else {})


def _deletions(old: Object, new: Object) -> Object:
    patch: Object = {}
    for name, had in old.items():
        if name not in new:
            patch[name] = None
        elif isinstance(had, dict) and isinstance(new[name], dict):
            if inner := _deletions(had, new[name]):
                patch[name] = inner
        elif name in MERGE_KEYS:
            key = MERGE_KEYS[name]
            left = {item[key] for item in new[name]}
            if gone := [{"$patch": "delete", key: item[key]} for item in had if item[key] not in left]:
                patch[name] = gone
    return patch


def _merged(one: Object, other: Object) -> Object:
    merged = dict(one)
    for name, value in other.items():
        if name not in merged:
            merged[name] = value
        elif isinstance(value, dict):
            merged[name] = _merged(merged[name], value)
        else:
            merged[name] = [*merged[name], *value]
    return merged


def migrated(managed: list[Object], client_side: str, server_side: str) -> list[Object] | None:
    """managedFields in which the server-side applier has what the client-side one had; None where that is nothing."""
    theirs = [m for m in managed if m["manager"] == client_side and m["operation"] == "Update"]
    if not theirs:
        return None
    fields: Object = {}
    for entry in [m for m in managed if m["manager"] == server_side and m["operation"] == "Apply"] + theirs:
        fields = _united(fields, entry["fieldsV1"])
    kept = []
    for entry in managed:
        if entry in theirs:
            continue
        mine = entry["manager"] == server_side and entry["operation"] == "Apply"
        kept.append({**entry, "fieldsV1": fields} if mine else entry)
    return kept


def _united(one: Object, other: Object) -> Object:
    return {name: _united(one.get(name, {}), other.get(name, {})) for name in dict.fromkeys((*one, *other))}
