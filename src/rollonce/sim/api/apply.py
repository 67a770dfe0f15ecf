"""Server-side apply (sigs.k8s.io/structured-merge-diff merge/update.go, Updater.Apply)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from rollonce.sim.api import fieldsets, gojson, managed
from rollonce.sim.api.fieldsets import Path, Paths
from rollonce.sim.api.kinds import Kind
from rollonce.sim.api.managed import Owner, Share, Shares
from rollonce.sim.api.schema import PLAIN, Field, fields
from rollonce.sim.api.status import Refusal, encode
from rollonce.sim.clockwork import timestamp
from rollonce.sim.store import Object, is_same

KUBECTL = "kubectl"
LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


@dataclass(frozen=True, slots=True, kw_only=True)
class Applier:
    """Who applies, through what, when; `force` takes what others own."""

    manager: str
    subresource: str
    now: float
    force: bool


def merge(kind: Kind, live: Object | None, sent: Object, by: Applier) -> Object:
    """The object after the apply, its managedFields included; a 409 where others own what changes."""
    type_ = kind.type
    sent = _without_null(sent)
    wanted = frozenset(managed.owned(fieldsets.collect(sent, type_), by.subresource))
    owner = Owner(by.manager, "Apply", "", by.subresource)
    now = timestamp(by.now)
    if live is None:
        shares: Shares = {owner: Share(wanted, kind.api_version, now)}
        return {**sent, "metadata": {**sent["metadata"], "managedFields": managed.written(shares)}}
    shares = managed.read(live)
    if not shares:
        before = managed.Write("before-first-apply", kind.api_version, type_, "", by.now)
        made = managed.track(None, live, before)
        shares = managed.read({"metadata": {"managedFields": made}})
    shares = managed.comparable(shares, kind.api_version)
    last = shares.pop(owner, None)
    # Through one part, nothing is changed of the other.
    if by.subresource == "status":
        sent = {name: value for name, value in sent.items() if name != "spec"}
    else:
        sent = {name: value for name, value in sent.items() if name != "status"}
    merged: Object = _merge_map(live, sent, type_)
    if last is not None:
        merged = _pruned(merged, last.paths, wanted.union(*(share.paths for share in shares.values())), type_)
    difference = fieldsets.compare(live, merged, type_)
    _check(shares, difference.taken, by, _last_applied(live, type_) if by.manager == KUBECTL else frozenset())
    lost = difference.taken | difference.removed
    shares = {each: Share(share.paths - lost, share.version, share.time) for each, share in shares.items()}
    if is_same(live, merged):
        # Nothing was changed, nor the order of a list: a new owner has no time
        # (managedfields/internal/managedfieldsupdater.go).
        now = last.time if last is not None else ""
    shares[owner] = Share(wanted, kind.api_version, now)
    metadata = {**merged["metadata"], "managedFields": managed.written(shares)}
    if by.manager == KUBECTL and LAST_APPLIED in (metadata.get("annotations") or {}):
        told = encode(_sorted(sent)).decode() + "\n"
        metadata["annotations"] = {**metadata["annotations"], LAST_APPLIED: told}
    return {**merged, "metadata": metadata}


def _sorted(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _sorted(value[name]) for name in sorted(value)}
    return [_sorted(each) for each in value] if isinstance(value, list) else value


def _last_applied(live: Object, type_: str) -> Paths:
    """What kubectl's client-side apply has written and is still so: its server-side apply may take that
    (managedfields/internal/lastappliedmanager.go)."""
    try:
        told = gojson.read(str((live["metadata"].get("annotations") or {}).get(LAST_APPLIED, "")).encode())
        ours = fieldsets.collect(told, type_)
        changed = fieldsets.compare(live, told, type_)
    except (gojson.Broken, TypeError, AttributeError, KeyError, ValueError):
        return frozenset()
    return ours - changed.taken - changed.removed


def _check(shares: Shares, taken: set[Path], by: Applier, allowed: Paths) -> None:
    conflicts = [
        (name, fieldsets.shown(path))
        for name, share in sorted(((_named(owner), share) for owner, share in shares.items()), key=lambda each: each[0])
        for path in sorted((share.paths & taken) - allowed, key=fieldsets.order)
    ]
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
    """What only the server has stays before what it stood before (typed/merge.go, visitListItems)."""
    held = [(fieldsets.element(item, how), item) for item in live] if isinstance(live, list) else []
    wanted = [(fieldsets.element(item, how), item) for item in sent]
    before, given = dict(held), dict(wanted)
    shared = [name for name, _ in wanted if name in before]
    merged: list[Any] = []
    done: set[str] = set()
    left = right = 0

    def take() -> None:
        name, item = wanted[right]
        done.add(name)
        merged.append(_merge_map(before.get(name), item, how.type) if isinstance(item, dict) else item)

    while left < len(held) or right < len(wanted):
        if left < len(held) and right < len(wanted):
            name = held[left][0]
            if name == wanted[right][0]:
                take()
                left, right, shared = left + 1, right + 1, shared[1:]
                continue
            if name in given and shared and shared[0] != name:
                # It is shared, and not the one whose turn it is.
                left += 1
                continue
        if left < len(held):
            name, item = held[left]
            if name not in given:
                merged.append(item)
                left += 1
                continue
            if name in done:
                left += 1
        if right < len(wanted):
            take()
            shared = shared[1:] if shared and shared[0] == wanted[right][0] else shared
            right += 1
    return merged


def _pruned(merged: Object, last: Paths, managed_: Paths, type_: str) -> Object:
    """Less what the applier had and leaves out now, where nobody else has it (merge/update.go, prune)."""
    ours, everything = fieldsets.named(last, type_), fieldsets.named(fieldsets.collect(merged, type_), type_)
    left = _less(merged, ours, type_)
    kept = fieldsets.named(fieldsets.collect(left, type_), type_) | fieldsets.named(managed_, type_)
    left = _less(merged, everything - kept, type_)
    return _less(merged, (everything - fieldsets.named(fieldsets.collect(left, type_), type_)) & ours, type_)


def _less(value: Object, gone: Paths, type_: str) -> Object:
    """A copy without those fields and all in them."""
    # The server's own metadata has no owner and stays.
    gone = gone - {("f:metadata",)}
    if not gone:
        return value
    tree: dict[str, Any] = {}
    for path in sorted(gone, key=len):
        node = tree
        for step in path[:-1]:
            inner = node.setdefault(step, {})
            if inner is None:
                break
            node = inner
        else:
            node[path[-1]] = None
    return _less_map(value, tree, type_)


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


def _less_list(items: list[Any], gone: dict[str, Any], how: Field) -> list[Any] | None:
    left = []
    for item in items:
        inner = gone.get(fieldsets.element(item, how), ())
        if inner == ():
            left.append(item)
        elif inner is not None:
            left.append(_less_map(item, inner, how.type) if isinstance(item, dict) else item)
    return left or None
