"""Who owns which fields of a live object, and what of it moves to us.

Ownership belongs to a manager, its way of writing (Update or Apply) and a subresource. What a client-side apply wrote
is owned as an Update, and what an Update owns no server-side apply ever takes away: without a migration a field that
is removed from the manifest would live for ever. kubectl moves it in the same way when it turns to server-side apply
(k8s.io/client-go/util/csaupgrade). What we wrote by JSON Patch before is an Update of ours and moves along.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

import msgspec

from rollonce.model.deploy import OWN_ANNOTATIONS
from rollonce.plan import fieldset
from rollonce.plan.fieldset import Fields, Path
from rollonce.plan.jsonpatch import Operation, add, below, remove, test

OURS = "rollonce"
CLIENT_SIDE = "kubectl-client-side-apply"
LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
_LAST_APPLIED: Path = ("f:metadata", "f:annotations", f"f:{LAST_APPLIED}")
_OWN: tuple[Path, ...] = tuple(("f:metadata", "f:annotations", f"f:{name}") for name in OWN_ANNOTATIONS)
REPLICAS: Path = ("f:spec", "f:replicas")
_SERVERS = ("apiVersion", "kind", "metadata", "status")
_OURS_TO_WRITE = ("labels", "annotations", "finalizers", "ownerReferences")
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder().decode


@dataclass(frozen=True, slots=True)
class Entry:
    """One manager's fields. `whole` is the entry as the server has it."""

    manager: str
    operation: str
    subresource: str
    fields: Fields
    whole: dict[str, Any]

    @property
    def ours(self) -> bool:
        """Whether our applies own them."""
        return (self.manager, self.operation, self.subresource) == (OURS, "Apply", "")

    @property
    def moves(self) -> bool:
        """Whether they are to become those of our applies."""
        if self.operation != "Update" or self.subresource:
            return False
        return self.manager in (OURS, CLIENT_SIDE) or _LAST_APPLIED in fieldset.paths(self.fields)

    @property
    def who(self) -> str:
        """The manager, for people."""
        return f"{self.manager} (subresource {self.subresource})" if self.subresource else self.manager


def entries(thing: Any) -> tuple[Entry, ...]:
    """Those of an object, decoded."""
    return tuple(
        Entry(e.get("manager", ""), e.get("operation", ""), e.get("subresource", ""), e.get("fieldsV1") or {}, e)
        for e in thing["metadata"].get("managedFields") or ()
    )


def migration(thing: Any) -> bytes | None:
    """The JSON Patch that moves what has to move, of this very version of the object; None where nothing has to.

    It changes nothing but managedFields: no generation, no rollout.
    """
    known = entries(thing)
    moving = [entry for entry in known if entry.moves]
    if not moving:
        return None
    ours = next((entry for entry in known if entry.ours), None)
    owned = frozenset(path for entry in ([ours] if ours else []) + moving for path in fieldset.paths(entry.fields))
    # Nobody of ours writes that annotation: owned by us, the next apply would remove it under kubectl's feet.
    fields = fieldset.written(owned - {_LAST_APPLIED})
    model = (ours or moving[0]).whole
    becomes = {**model, "manager": OURS, "operation": "Apply", "fieldsV1": fields}
    left = [entry.whole for entry in known if not entry.moves and not entry.ours]
    metadata = thing["metadata"]
    return _encode(
        [
            {"op": "test", "path": "/metadata/uid", "value": metadata["uid"]},
            {"op": "replace", "path": "/metadata/managedFields", "value": [becomes, *left]},
            # Another version than the object's is refused as a conflict.
            {"op": "replace", "path": "/metadata/resourceVersion", "value": metadata["resourceVersion"]},
        ]
    )


def movers(thing: Any) -> frozenset[str]:
    """The managers whose fields move."""
    return frozenset(entry.manager for entry in entries(thing) if entry.moves)


def after_migration(answer: Any, live: Any) -> bytes | None:
    """The JSON Patch that, as a trial, tells what an apply comes to after the migration; None where that is `answer`.

    The apply takes away what only the moving entries own, defaults of the server among it, and the server puts its
    defaults in again. A trial cannot follow a trial, so this one writes the result of both.
    """
    pruned = _pruned(answer, live)
    if pruned == answer:
        return None
    metadata = live["metadata"]
    guards: list[Operation] = [
        test("/metadata/uid", metadata["uid"]),
        {"op": "replace", "path": "/metadata/resourceVersion", "value": metadata["resourceVersion"]},
    ]
    changes = [
        *_rewritten("", _without(live, _SERVERS), _without(pruned, _SERVERS)),
        *_rewritten("/metadata", _only(metadata, _OURS_TO_WRITE), _only(pruned["metadata"], _OURS_TO_WRITE)),
    ]
    return _encode([*guards, *changes])


def _without(thing: Any, names: Collection[str]) -> dict[str, Any]:
    return {name: value for name, value in thing.items() if name not in names}


def _only(thing: Any, names: Collection[str]) -> dict[str, Any]:
    return {name: value for name, value in thing.items() if name in names}


def _rewritten(at: str, old: dict[str, Any], new: dict[str, Any]) -> Iterator[Operation]:
    for name in dict.fromkeys((*old, *new)):
        if name not in new:
            yield remove(below(at, name))
        elif old.get(name) != new[name]:
            yield add(below(at, name), new[name])


def _pruned(answer: Any, live: Any) -> Any:
    """Without what only the moving entries own."""
    moving = [entry for entry in entries(live) if entry.moves]
    if not moving:
        return answer
    there = entries(answer)
    kept = frozenset(path for entry in there if not entry.moves for path in fieldset.paths(entry.fields))
    had = frozenset(path for entry in moving for path in fieldset.paths(entry.fields))
    copy = _decode(_encode(answer))
    fieldset.remove(copy, had - kept - {_LAST_APPLIED, *_OWN}, kept)
    return copy


def claims_more(answer: Any, live: Any) -> bool:
    """Whether our applies would own other fields than now; our own annotations, which come and go, do not count."""

    def owned(thing: Any) -> frozenset[Path]:
        found = (fieldset.paths(entry.fields) for entry in entries(thing) if entry.ours)
        return frozenset(path for paths in found for path in paths if path not in _OWN and path != _OWN[0][:2])

    return owned(answer) != owned(live) or any(entry.moves for entry in entries(live))


def others_with(thing: Any, path: Path) -> str:
    """A manager that owns a field and is not ours and does not become so, for people; empty without one."""
    for entry in entries(thing):
        if not entry.ours and not entry.moves and path in fieldset.paths(entry.fields):
            return entry.who
    return ""
