"""Server-side apply (sigs.k8s.io/structured-merge-diff merge/update.go, Updater.Apply)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from rollonce.sim.api import fieldsets, lastapplied, managed
from rollonce.sim.api.fieldsets import Path, Paths
from rollonce.sim.api.kinds import Kind
from rollonce.sim.api.managed import Owner, Share, Shares
from rollonce.sim.api.schema import PLAIN, Field, fields
from rollonce.sim.api.status import Refusal, encode
from rollonce.sim.clockwork import timestamp
from rollonce.sim.store import Object


@dataclass(frozen=True, slots=True, kw_only=True)
class Applier:
    """Who applies, through what, when; `force` takes what others own."""

    manager: str
    subresource: str
    now: float
    force: bool


def merge(kind: Kind, live: Object | None, sent: Object, by: Applier) -> Object:
    """The object after the apply, its managedFields included; a 409 where others own what changes."""
    type_ = kind.kind
    sent = _without_null(sent)
    wanted = frozenset(managed.owned(fieldsets.collect(sent, type_), by.subresource))
    owner = Owner(by.manager, "Apply", "", by.subresource)
    now = timestamp(by.now)
    if live is None:
        shares: Shares = {owner: Share(wanted, kind.api_version, now)}
        return {**sent, "metadata": {**sent["metadata"], "managedFields": managed.written(shares)}}
    shares = managed.read(live)
    last = shares.pop(owner, None)
    # Through one part, nothing is changed of the other.
    if by.subresource == "status":
        sent = {name: value for name, value in sent.items() if name != "spec"}
    else:
        sent = {name: value for name, value in sent.items() if name != "status"}
    merged: Object = _merge_map(live, sent, type_)
    if last is not None:
        merged = _pruned(merged, last.paths, [wanted, *(share.paths for share in shares.values())], type_)
    difference = fieldsets.compare(live, merged, type_)
    _check(shares, difference.taken, by, lambda: lastapplied.yielded(live, type_))
    lost = difference.taken | difference.removed
    shares = {each: Share(share.paths - lost, share.version, share.time) for each, share in shares.items()}
    # Where nothing of the object changes, the applier's time stays, and a new one gets none (managedfieldsupdater.go).
    shares[owner] = Share(wanted, kind.api_version, now if lost else last.time if last is not None else "")
    metadata = {**merged["metadata"], "managedFields": managed.written(shares)}
    merged = {**merged, "metadata": metadata}
    return lastapplied.renewed(merged, sent) if by.manager == lastapplied.KUBECTL else merged


def _check(shares: Shares, taken: set[Path], by: Applier, yielded: Callable[[], set[Path]]) -> None:
    found = [(owner, path) for owner, share in shares.items() for path in share.paths & taken]
    if found and not by.force and by.manager == lastapplied.KUBECTL:
        given = yielded()
        found = [(owner, path) for owner, path in found if path not in given]
    conflicts = sorted((_named(owner), fieldsets.shown(path)) for owner, path in found)
    if not conflicts or by.force:
        return
    causes = [
        {"reason": "FieldManagerConflict", "message": f"conflict with {name}", "field": path}
        for name, path in conflicts
    ]
    if len(conflicts) == 1:
        name, path = conflicts[0]
        message = f"Apply failed with 1 conflict: conflict with {name}: {path}"
    else:
        told = []
        for name in dict.fromkeys(name for name, _ in conflicts):
            paths = "\n".join(f"- {path}" for each, path in conflicts if each == name)
            told.append(f"conflicts with {name}:\n{paths}")
        message = f"Apply failed with {len(conflicts)} conflicts: " + "\n".join(told)
    raise Refusal(409, "Conflict", message, {"causes": causes})


def _named(owner: Owner) -> str:
    name = encode(owner.manager).decode()
    if owner.subresource:
        name += f' with subresource "{owner.subresource}"'
    return f"{name} using {owner.version}" if owner.operation == "Update" else name


def _without_null(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_null(child) for name, child in value.items() if child is not None}
    if isinstance(value, list):
        return [_without_null(each) for each in value]
    return value


def _merge_map(live: Any, sent: dict[str, Any], type_: str) -> dict[str, Any]:
    known = fields(type_)
    merged = dict(live) if isinstance(live, dict) else {}
    for name, value in sent.items():
        how = known.get(name, PLAIN)
        if fieldsets.is_list(value, how):
            merged[name] = _merge_list(merged.get(name), value, how)
        elif isinstance(value, dict) and not how.atomic:
            merged[name] = _merge_map(merged.get(name), value, how.type)
        else:
            merged[name] = value
    return merged


def _merge_list(live: Any, sent: list[Any], how: Field) -> list[Any]:
    """In the order of what is sent; what only the server has stays where it stood."""
    held = [(fieldsets.element(item, how), item) for item in live] if isinstance(live, list) else []
    before = dict(held)
    wanted = {fieldsets.element(item, how): item for item in sent}
    queue = list(wanted)
    merged: list[Any] = []
    done: set[str] = set()

    def take() -> None:
        name = queue.pop(0)
        done.add(name)
        item = wanted[name]
        merged.append(_merge_map(before.get(name), item, how.type) if isinstance(item, dict) else item)

    for name, item in held:
        if name not in wanted:
            merged.append(item)
        else:
            while name not in done:
                take()
    while queue:
        take()
    return merged


def _pruned(merged: Object, last: Paths, kept: list[Paths], type_: str) -> Object:
    """Less what the applier had and leaves out now, where nobody else has it or something within it."""
    still = {path[:depth] for paths in kept for path in paths for depth in range(1, len(path) + 1)}
    # The fields above a field go with it, and what the server has filled in beside it.
    ours = {path[:depth] for path in last for depth in range(1, len(path) + 1)}
    gone = [path for path in ours if path not in still and path != ("f:metadata",)]
    if not gone:
        return merged
    tree: dict[str, Any] = {}
    for path in sorted(gone, key=len):
        node = tree
        for step in path[:-1]:
            inner = node.setdefault(step, {})
            node = inner if inner is not None else {}
        node[path[-1]] = None
    pruned: Object = _less_map(merged, tree, type_)
    return pruned


def _less_map(value: dict[str, Any], gone: dict[str, Any], type_: str) -> dict[str, Any]:
    known = fields(type_)
    left = {}
    for name, child in value.items():
        inner = gone.get(f"f:{name}", ())
        how = known.get(name, PLAIN)
        if inner == ():
            left[name] = child
        elif inner is None:
            continue
        elif fieldsets.is_list(child, how):
            left[name] = _less_list(child, inner, how)
        elif isinstance(child, dict):
            left[name] = _less_map(child, inner, how.type)
        else:
            left[name] = child
    return left


def _less_list(items: list[Any], gone: dict[str, Any], how: Field) -> list[Any]:
    left = []
    for item in items:
        inner = gone.get(fieldsets.element(item, how), ())
        if inner == ():
            left.append(item)
        elif inner is not None:
            left.append(_less_map(item, inner, how.type) if isinstance(item, dict) else item)
    return left
